//! LISTEN and NOTIFY, on a connection of their own.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{AsyncMessage, Client, Config, Connection, NoTls, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::error::Error;
use crate::postgres::failure;
use crate::postgres::pool::{self, Tls};

type Message = Option<Result<AsyncMessage, tokio_postgres::Error>>;

/// Asks a connection, whatever it runs over, for its next message.
type Messages = Box<dyn FnMut(&mut Context<'_>) -> Poll<Message> + Send>;

/// A connection that hears what is said on one channel. It is heard only while somebody waits for it.
pub(crate) struct Notices {
    /// The server ends the connection when this is dropped.
    client: Client,
    messages: Messages,
    heard: VecDeque<String>,
}

impl Notices {
    /// Connects and listens.
    pub(crate) async fn open(config: &Config, channel: &str) -> Result<Self, Error> {
        let mut notices = match pool::tls(config)? {
            Tls::Off => Self::connect(config, NoTls).await?,
            Tls::On(tls) => Self::connect(config, MakeRustlsConnect::new(*tls)).await?,
        };
        notices.listen(channel).await?;
        Ok(notices)
    }

    async fn connect<T>(config: &Config, tls: T) -> Result<Self, Error>
    where
        T: MakeTlsConnect<Socket>,
        T::Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let connected = config.connect(tls).await;
        let (client, connection): (Client, Connection<Socket, T::Stream>) =
            connected.map_err(|error| failure::error("CONNECT", &error))?;
        let mut connection = connection;
        Ok(Self {
            client,
            messages: Box::new(move |context| connection.poll_message(context)),
            heard: VecDeque::new(),
        })
    }

    async fn listen(&mut self, channel: &str) -> Result<(), Error> {
        let statement = format!("LISTEN {channel}");
        let mut listening = std::pin::pin!(self.client.batch_execute(&statement));
        loop {
            tokio::select! {
                result = &mut listening => {
                    return result.map_err(|error| failure::error("LISTEN", &error));
                }
                // The connection does its work only while it is asked for messages.
                message = poll_fn(&mut self.messages) => keep(message, &mut self.heard)?,
            }
        }
    }

    /// The next thing that is said.
    pub(crate) async fn next(&mut self) -> Result<String, Error> {
        loop {
            if let Some(heard) = self.heard.pop_front() {
                return Ok(heard);
            }
            let message = poll_fn(&mut self.messages).await;
            keep(message, &mut self.heard)?;
        }
    }
}

fn keep(message: Message, heard: &mut VecDeque<String>) -> Result<(), Error> {
    match message {
        Some(Ok(AsyncMessage::Notification(notification))) => {
            heard.push_back(notification.payload().to_owned());
            Ok(())
        }
        // What the server remarks beside is of no interest.
        Some(Ok(_)) => Ok(()),
        Some(Err(error)) => Err(failure::error("LISTEN", &error)),
        None => Err(Error::Unavailable("the connection ended".to_owned())),
    }
}
