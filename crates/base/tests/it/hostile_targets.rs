//! Targets that must not be reached, in every spelling and through every answer of a name service: none is dialled.
//! The dialler of these tests writes down what it is asked and opens nothing.

use base::outgoing::{AddressPolicy, OutgoingError};
use url::Url;

use crate::raw_server::RawServer;
use crate::scripted_network::{Names, Road, ScriptedNetwork, lead_for};

const PUBLIC: &str = "93.184.216.34";

/// Hosts that mean this machine.
const LOOPBACK: [&str; 26] = [
    "127.0.0.1",
    "127.0.0.1.",
    "127.255.255.254",
    "127.1",
    "127.0.1",
    "2130706433",
    "0x7f000001",
    "0X7F.0x0.0x0.0x1",
    "0x7f.1",
    "017700000001",
    "0177.0.0.01",
    "0000177.0.0.1",
    "%31%32%37.0.0.1",
    "127%2e0%2e0%2e1",
    "127。0。0。1",
    "127．0．0．1",
    "１２７.0.0.1",
    "①②⑦.0.0.1",
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "localhost",
    "LOCALHOST.",
    "ｌocalhost",
    "a.b.LocalHost",
];

/// Hosts that are literal addresses of no public server.
const LITERALS: [&str; 60] = [
    // This network, and what the operating system takes for loopback.
    "0.0.0.0",
    "0",
    "0x0",
    "0.255.1.2",
    "[::]",
    // Private and shared networks.
    "10.0.0.1",
    "0xa000001",
    "10.255.255.255",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.0.1",
    "192.168.257",
    "3232235521",
    "100.64.0.1",
    "100.127.255.254",
    "[fc00::1]",
    "[fd12:3456:789a::1]",
    // Link-local, metadata services among them.
    "169.254.169.254",
    "0xa9fea9fe",
    "0251.0376.0251.0376",
    "2852039166",
    "169.254.170.2",
    "100.100.100.200",
    "192.0.0.192",
    "168.63.129.16",
    "[fd00:ec2::254]",
    "[fe80::1]",
    "[FE80::a9fe:a9fe]",
    "[fec0::1]",
    // Multicast, broadcast, reserved, benchmarks, documentation.
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "4294967295",
    "192.0.0.1",
    "192.0.2.1",
    "192.88.99.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.7",
    "203.0.113.7",
    "[ff02::1]",
    "[ff0e::1]",
    "[100::1]",
    "[2001:db8::1]",
    "[3fff::1]",
    "[5f00::1]",
    "[2001:2::1]",
    // IPv4 inside IPv6: mapped, compatible, translated, NAT64, 6to4, Teredo, ISATAP. What is inside would be refused,
    // and most of these forms are refused whatever is inside.
    "[::ffff:10.0.0.1]",
    "[::ffff:a9fe:a9fe]",
    "[::ffff:8.8.8.8]",
    "[::127.0.0.1]",
    "[::ffff:0:127.0.0.1]",
    "[64:ff9b::127.0.0.1]",
    "[64:ff9b::a9fe:a9fe]",
    "[64:ff9b:1::8.8.8.8]",
    "[2002:7f00:1::]",
    "[2001:0:7f00:1::1]",
    "[2607:f8b0::5efe:10.0.0.1]",
    "[2607:f8b0::200:5efe:7f00:1]",
];

/// What a name service may answer, each with an address that gets the name refused.
const ANSWERS: [&[&str]; 31] = [
    &["127.0.0.1"],
    &["127.0.0.53", "127.0.0.1"],
    &["::1"],
    &["::ffff:127.0.0.1"],
    &["::127.0.0.1"],
    &["0.0.0.0"],
    &["0.1.2.3"],
    &["::"],
    &["10.1.2.3"],
    &["172.20.0.10"],
    &["192.168.178.1"],
    &["100.64.3.4"],
    &["169.254.169.254"],
    &["168.63.129.16"],
    &["fd00:ec2::254"],
    &["fe80::5054:ff:fe12:3456"],
    &["fec0::1"],
    &["224.0.0.251"],
    &["255.255.255.255"],
    &["240.1.2.3"],
    &["198.18.7.7"],
    &["203.0.113.9"],
    &["ff02::fb"],
    &["2001:db8::7"],
    &["64:ff9b::10.0.0.1"],
    &["2002:a00:1::1"],
    &["2001:0:4136:e378:8000:63bf:3fff:fdd2"],
    // Public ones beside it change nothing, wherever they stand.
    &[PUBLIC, "127.0.0.1"],
    &["10.0.0.1", PUBLIC],
    &[PUBLIC, "2606:2800:220:1::1", "1.1.1.1", "::1"],
    &["2606:2800:220:1::1", "::ffff:192.168.0.1", PUBLIC],
];

/// Refused, with a reason, and nobody was asked or dialled.
async fn assert_refused_unasked(policy: AddressPolicy, url: &str) {
    let network = ScriptedNetwork::new();
    let error = network.outgoing(policy).send(lead_for(url)).await;
    let error = error.unwrap_err();
    assert!(matches!(error, OutgoingError::Refused(_)), "{url}: {error}");
    assert!(error.was_not_sent());
    let reason = error.to_string();
    assert!(reason.ends_with("is not a public one"), "{url}: {reason}");
    assert!(network.looked_up().is_empty(), "{url} was looked up");
    assert!(network.dialled().is_empty(), "{url} was dialled");
}

#[tokio::test]
async fn no_spelling_of_loopback_is_dialled() {
    for host in LOOPBACK {
        for port in ["", ":8443"] {
            let url = format!("https://{host}{port}/v1/lead");
            assert_refused_unasked(AddressPolicy::PublicOnly, &url).await;
        }
    }
}

#[tokio::test]
async fn no_literal_address_of_another_special_network_is_dialled_not_even_by_the_sandbox() {
    for host in LITERALS {
        for policy in [AddressPolicy::PublicOnly, AddressPolicy::PublicAndLoopback] {
            assert_refused_unasked(policy, &format!("https://{host}/v1/lead")).await;
            assert_refused_unasked(policy, &format!("http://{host}/v1/lead")).await;
        }
    }
}

#[tokio::test]
async fn no_name_with_a_hostile_address_among_its_addresses_is_dialled() {
    for addresses in ANSWERS {
        let network = ScriptedNetwork::new();
        network.answers("partner.example", addresses);
        let outgoing = network.outgoing(AddressPolicy::PublicOnly);
        let error = outgoing.send(lead_for("https://partner.example/")).await;
        let error = error.unwrap_err();
        let is_refused = matches!(error, OutgoingError::Refused(_)) && error.was_not_sent();
        assert!(is_refused, "{addresses:?}: {error}");
        assert!(error.to_string().ends_with("is not a public one"));
        assert_eq!(network.looked_up(), ["partner.example"]);
        assert!(network.dialled().is_empty(), "{addresses:?} was dialled");
    }
}

#[tokio::test]
async fn what_is_no_host_at_all_does_not_even_become_a_url() {
    for host in [
        "127.0.0.1.5",
        "256.256.256.256",
        "0x7f.0.0.0x1ff",
        "[fe80::1%25eth0]",
        "[::1%lo]",
        "[::ffff:127.0.0.1.5]",
        "1.2.3.4.0x7f",
        "127.0.0.1%00.partner.example",
        "localhost%09",
        "a b.example",
    ] {
        assert!(Url::parse(&format!("https://{host}/")).is_err(), "{host}");
    }
}

#[tokio::test]
async fn user_information_other_schemes_and_http_to_a_name_are_refused_unasked() {
    for (url, reason) in [
        ("https://partner.example@127.0.0.1/", "user name"),
        ("https://user:password@partner.example/", "user name"),
        ("http://partner.example/", "use https"),
        ("http://93.184.216.34/", "use https"),
        ("ftp://partner.example/", "scheme"),
        ("file:///etc/passwd", "scheme"),
        ("ws://partner.example/", "scheme"),
        ("gopher://127.0.0.1:25/", "scheme"),
    ] {
        let network = ScriptedNetwork::new();
        let outgoing = network.outgoing(AddressPolicy::PublicAndLoopback);
        let error = outgoing.send(lead_for(url)).await.unwrap_err();
        assert!(matches!(error, OutgoingError::Refused(_)), "{url}: {error}");
        assert!(error.to_string().contains(reason), "{url}: {error}");
        assert!(network.looked_up().is_empty() && network.dialled().is_empty());
    }
}

#[tokio::test]
async fn a_name_without_addresses_or_without_an_answer_is_no_connection() {
    let network = ScriptedNetwork::new();
    network.answers("empty.example", &[]);
    let outgoing = network.outgoing(AddressPolicy::PublicOnly);
    for (url, reason) in [
        ("https://empty.example/", "the name has no address"),
        ("https://unknown.example/", "could not be looked up"),
    ] {
        let error = outgoing.send(lead_for(url)).await.unwrap_err();
        assert!(matches!(error, OutgoingError::Connect(_)), "{error}");
        assert!(error.was_not_sent() && error.to_string().contains(reason));
    }
    assert!(network.dialled().is_empty());
}

/// Rebinding: the address that was vetted is the one that is dialled, and the next connection is vetted again.
#[tokio::test]
async fn a_name_that_turns_to_loopback_is_looked_up_once_per_connection_and_then_refused() {
    let network = ScriptedNetwork::new();
    network.answers("rebinding.example", &[PUBLIC]);
    network.answers("rebinding.example", &["127.0.0.1"]);
    let outgoing = network.outgoing(AddressPolicy::PublicOnly);
    let send = || outgoing.send(lead_for("https://rebinding.example/"));

    let error = send().await.unwrap_err();
    assert!(matches!(error, OutgoingError::Connect(_)), "{error}");
    assert_eq!(network.looked_up().len(), 1);
    let error = send().await.unwrap_err();
    assert!(matches!(error, OutgoingError::Refused(_)), "{error}");
    assert_eq!(network.dialled(), ["93.184.216.34:443"]);
}

#[tokio::test]
async fn a_connection_that_ends_up_on_this_machine_is_given_up_before_a_byte_is_written() {
    let server = RawServer::start(|mut visit| async move {
        let mut first = [0];
        let read = tokio::io::AsyncReadExt::read(&mut visit.stream, &mut first).await;
        assert_eq!(read.unwrap(), 0, "nothing comes but the end");
    });
    let server = server.await;
    let network = ScriptedNetwork::new();
    network.answers("partner.example", &[PUBLIC]);
    network.other_roads(Road::Astray(server.address));
    let outgoing = network.outgoing(AddressPolicy::PublicOnly);
    let error = outgoing.send(lead_for("https://partner.example/")).await;
    let error = error.unwrap_err();
    assert!(matches!(error, OutgoingError::Refused(_)), "{error}");
    server.wait(|seen| seen.closed == 1).await;

    // Where loopback may be reached, it still is not what was dialled.
    let outgoing = network.outgoing(AddressPolicy::PublicAndLoopback);
    let error = outgoing.send(lead_for("https://partner.example/")).await;
    let error = error.unwrap_err();
    assert!(matches!(error, OutgoingError::Connect(_)), "{error}");
    server.wait(|seen| seen.closed == 2).await;
}

#[tokio::test]
async fn a_redirect_to_this_machine_is_an_answer_and_nothing_more() {
    let victim = RawServer::obliging().await;
    let location = victim.url("/operator/v1/leads");
    let server = RawServer::start_tls(move |mut visit| {
        let location = location.clone();
        async move {
            visit.request().await;
            let answer =
                format!("HTTP/1.1 302 Found\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n");
            visit.say(&answer).await;
            visit.wait_for_the_end().await;
        }
    });
    let server = server.await;
    let network = ScriptedNetwork::new();
    network.answers("partner.example", &[PUBLIC]);
    network.other_roads(Road::To(server.address));
    let outgoing = network.outgoing(AddressPolicy::PublicAndLoopback);
    let answer = outgoing.send(lead_for("https://partner.example/")).await;
    assert_eq!(answer.unwrap().status, 302);
    assert_eq!(network.dialled(), ["93.184.216.34:443"]);
    assert_eq!(victim.seen().opened, 0);
}

#[tokio::test]
async fn public_addresses_are_dialled_as_they_are() {
    for (url, addresses, dialled) in [
        ("https://8.8.8.8/", &[][..], "8.8.8.8:443"),
        ("https://134744072:8443/", &[], "8.8.8.8:8443"),
        ("https://172.32.0.1/", &[], "172.32.0.1:443"),
        ("https://100.128.0.1/", &[], "100.128.0.1:443"),
        ("https://[2606:4700::1]/", &[], "[2606:4700::1]:443"),
        // NAT64: how a network without IPv4 reaches the public part of it.
        ("https://[64:ff9b::8.8.8.8]/", &[], "[64:ff9b::808:808]:443"),
        ("https://partner.example/", &[PUBLIC], "93.184.216.34:443"),
        (
            "https://PARTNER.example:8443/",
            &[PUBLIC],
            "93.184.216.34:8443",
        ),
        ("https://münchen.example/", &[PUBLIC], "93.184.216.34:443"),
    ] {
        let network = ScriptedNetwork::new();
        network.answers("partner.example", addresses);
        network.answers("xn--mnchen-3ya.example", addresses);
        let outgoing = network.outgoing(AddressPolicy::PublicOnly);
        let error = outgoing.send(lead_for(url)).await.unwrap_err();
        assert!(matches!(error, OutgoingError::Connect(_)), "{url}: {error}");
        assert_eq!(network.dialled(), [dialled], "{url}");
    }
}

#[tokio::test]
async fn the_sandbox_dials_loopback_and_never_asks_for_the_address_of_localhost() {
    for (url, dialled) in [
        ("http://127.0.0.1:8400/", &["127.0.0.1:8400"][..]),
        ("http://[::1]:8400/", &["[::1]:8400"]),
        ("http://[::ffff:127.0.0.1]:1/", &["[::ffff:127.0.0.1]:1"]),
        ("http://localhost:1/", &["127.0.0.1:1", "[::1]:1"]),
        ("https://Any.LOCALHOST./", &["127.0.0.1:443", "[::1]:443"]),
    ] {
        let network = ScriptedNetwork::new();
        network.says("localhost", Names::Addresses(vec![PUBLIC.parse().unwrap()]));
        let outgoing = network.outgoing(AddressPolicy::PublicAndLoopback);
        let error = outgoing.send(lead_for(url)).await.unwrap_err();
        assert!(matches!(error, OutgoingError::Connect(_)), "{url}: {error}");
        assert_eq!(network.dialled(), dialled, "{url}");
        assert!(network.looked_up().is_empty(), "{url} was looked up");
    }
}
