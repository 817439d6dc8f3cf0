//! HTTP by hand, for requests that no library would send.

use tokio::net::TcpStream;

/// An answer as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawReply {
    /// The status code; 0 if the answer was none.
    pub status: u16,
    /// The status line and the header fields, in lower case.
    pub head: String,
    /// The body.
    pub body: String,
}

/// Sends `request` and reads until the other side closes, so it should ask for `Connection: close`.
///
/// # Panics
/// If nobody listens at `url`, which is an origin with a port.
pub async fn send(url: &str, request: &[u8]) -> RawReply {
    let address = url.trim_start_matches("http://");
    let stream = TcpStream::connect(address).await.expect("a connection");
    let mut sent = 0;
    while sent < request.len() {
        stream.writable().await.expect("a socket that can be asked");
        match stream.try_write(&request[sent..]) {
            Ok(count) => sent += count,
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(_) => break,
        }
    }
    let mut received = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        stream.readable().await.expect("a socket that can be asked");
        match stream.try_read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => received.extend_from_slice(&buffer[..count]),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(_) => break,
        }
    }
    let text = String::from_utf8_lossy(&received).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
    RawReply {
        status: status.unwrap_or(0),
        head: head.to_ascii_lowercase(),
        body: body.to_owned(),
    }
}
