//! TLS: the certificate is for the name in the URL, and nothing of a request goes out before it was checked.

use std::sync::Arc;

use base::outgoing::{AddressPolicy, OutgoingError};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio_rustls::TlsAcceptor;

use crate::raw_server::{OK, RawServer, oblige};
use crate::scripted_network::{Road, ScriptedNetwork, lead_for, urgent_lead_for};

const AUTHORITY: &[u8] = include_bytes!("certificates/authority.pem");
const PARTNER: &[u8] = include_bytes!("certificates/partner.pem");
const PARTNER_KEY: &[u8] = include_bytes!("certificates/partner.key.pem");

/// What the tests' own servers are trusted by.
pub(crate) fn trusting_the_test_authority() -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(AUTHORITY).unwrap())
        .unwrap();
    ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth()
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// The TLS of the tests' own servers.
pub(crate) fn acceptor() -> TlsAcceptor {
    let config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![CertificateDer::from_pem_slice(PARTNER).unwrap()],
            PrivateKeyDer::from_pem_slice(PARTNER_KEY).unwrap(),
        )
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

/// `partner.example` and `other.example` lead to this server.
fn network(server: &RawServer) -> ScriptedNetwork {
    let network = ScriptedNetwork::new();
    for name in ["partner.example", "partner.example.", "other.example"] {
        network.answers(name, &["93.184.216.34"]);
    }
    network.other_roads(Road::To(server.address));
    network
}

#[tokio::test]
async fn a_certificate_for_the_name_is_asked_for_and_accepted() {
    let server = RawServer::start_tls(oblige).await;
    let network = network(&server);
    let outgoing = network.outgoing(AddressPolicy::PublicOnly);
    for url in [
        "https://partner.example/v1/lead",
        "https://partner.example./v1/lead",
    ] {
        assert_eq!(outgoing.send(lead_for(url)).await.unwrap().status, 200);
    }
    let name = Some("partner.example".to_owned());
    assert_eq!(server.seen().server_names, [name.clone(), name]);
}

#[tokio::test]
async fn a_certificate_for_a_literal_address_is_accepted_too() {
    let server = RawServer::start_tls(oblige).await;
    let outgoing = network(&server).outgoing(AddressPolicy::PublicAndLoopback);
    let url = format!("https://{}/", server.address);
    assert_eq!(outgoing.send(lead_for(&url)).await.unwrap().status, 200);
    assert_eq!(server.seen().server_names, [None]);
}

#[tokio::test]
async fn nothing_is_sent_to_a_server_with_the_certificate_of_another() {
    let server = RawServer::start_tls(oblige).await;
    let outgoing = network(&server).outgoing(AddressPolicy::PublicOnly);
    let error = outgoing.send(lead_for("https://other.example/")).await;
    assert_not_connected(&error.unwrap_err(), "not valid for name");
    server.wait_closed(1).await;
    assert!(server.seen().requests.is_empty());
}

#[tokio::test]
async fn nothing_is_sent_to_a_server_whose_authority_is_unknown() {
    let server = RawServer::start_tls(oblige).await;
    // The machine's own authorities, over the real network of loopback.
    let outgoing = base::Outgoing::new(AddressPolicy::PublicAndLoopback).unwrap();
    let url = format!("https://{}/", server.address);
    let error = outgoing.send(lead_for(&url)).await.unwrap_err();
    assert_not_connected(&error, "UnknownIssuer");
    server.wait_closed(1).await;
    assert!(server.seen().requests.is_empty());
}

#[tokio::test]
async fn what_does_not_speak_tls_ends_before_anything_was_sent() {
    let garbage = RawServer::start(|mut visit| async move {
        visit.say(OK).await;
        visit.wait_for_the_end().await;
    });
    let garbage = garbage.await;
    let outgoing = network(&garbage).outgoing(AddressPolicy::PublicOnly);
    let error = outgoing.send(lead_for("https://partner.example/")).await;
    assert_not_connected(&error.unwrap_err(), "TLS failed");

    let closing = RawServer::start(|_| async {}).await;
    let outgoing = network(&closing).outgoing(AddressPolicy::PublicOnly);
    let error = outgoing.send(lead_for("https://partner.example/")).await;
    assert_not_connected(&error.unwrap_err(), "TLS failed");
}

#[tokio::test]
async fn a_handshake_that_never_ends_is_no_connection() {
    let server = RawServer::start(|mut visit| async move { visit.wait_for_the_end().await }).await;
    let outgoing = network(&server).outgoing(AddressPolicy::PublicOnly);
    let request = urgent_lead_for("https://partner.example/");
    let error = outgoing.send(request).await.unwrap_err();
    assert_not_connected(&error, "none was made within 0.15 s");
    server.wait_closed(1).await;
}

#[tokio::test]
async fn a_connection_behind_tls_is_used_again() {
    let server = RawServer::start_tls(oblige).await;
    let outgoing = network(&server).outgoing(AddressPolicy::PublicOnly);
    for _ in 0..3 {
        let answer = outgoing.send(lead_for("https://partner.example/")).await;
        assert_eq!(answer.unwrap().body, b"ok");
    }
    assert_eq!(server.seen().opened, 1);
    assert_eq!(server.seen().requests.len(), 3);
}

/// An answer whose end only the end of the connection tells could have been cut off by anybody, unless TLS says that it
/// was ended by the server.
#[tokio::test]
async fn an_answer_that_was_cut_off_under_tls_is_not_taken_for_a_whole_one() {
    let server = RawServer::start_tls(|mut visit| async move {
        visit.request().await;
        visit.say("HTTP/1.1 200 OK\r\n\r\nhalf of").await;
    });
    let server = server.await;
    let outgoing = network(&server).outgoing(AddressPolicy::PublicOnly);
    let error = outgoing.send(lead_for("https://partner.example/")).await;
    let error = error.unwrap_err();
    assert!(matches!(error, OutgoingError::Broken(_)), "{error}");
}

fn assert_not_connected(error: &OutgoingError, reason: &str) {
    assert!(matches!(error, OutgoingError::Connect(_)), "{error}");
    assert!(error.was_not_sent());
    assert!(error.to_string().contains(reason), "{error}");
}
