//! How a connection comes about when addresses or name services do not answer. Time is tokio's and stands still until
//! everybody waits, so none of these tests waits for real.

use std::time::Duration;

use base::outgoing::{AddressPolicy, OutgoingError, Request};
use tokio::time::Instant;

use crate::raw_server::RawServer;
use crate::scripted_network::{Names, Road, ScriptedNetwork, lead_for};

const URL: &str = "https://partner.example/";

/// The failure of a request to [`URL`], and how long it took.
async fn fail(network: &ScriptedNetwork, deadline: Duration) -> (OutgoingError, Duration) {
    let outgoing = network.outgoing(AddressPolicy::PublicOnly);
    let request = Request {
        deadline,
        ..lead_for(URL)
    };
    let began = Instant::now();
    let error = outgoing.send(request).await.unwrap_err();
    assert!(matches!(error, OutgoingError::Connect(_)), "{error}");
    assert!(error.was_not_sent());
    (error, began.elapsed())
}

fn assert_about(took: Duration, expected: Duration) {
    let tolerance = Duration::from_millis(5);
    assert!(took >= expected && took < expected + tolerance, "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn an_address_that_refuses_is_followed_by_the_next_one_at_once() {
    let network = ScriptedNetwork::new();
    network.answers("partner.example", &["1.1.1.1", "2.2.2.2", "3.3.3.3"]);
    let (error, took) = fail(&network, Duration::from_secs(15)).await;
    assert_about(took, Duration::ZERO);
    let dialled = ["1.1.1.1:443", "2.2.2.2:443", "3.3.3.3:443"];
    assert_eq!(network.dialled(), dialled);
    assert!(
        error
            .to_string()
            .contains("3.3.3.3:443: connection refused")
    );
}

#[tokio::test(start_paused = true)]
async fn an_address_that_is_silent_gets_a_head_start_of_a_quarter_second() {
    let network = ScriptedNetwork::new();
    network.answers("partner.example", &["1.1.1.1", "2.2.2.2", "3.3.3.3"]);
    network.road("1.1.1.1:443", Road::Silent);
    network.road("2.2.2.2:443", Road::Silent);
    let (_, took) = fail(&network, Duration::from_millis(499)).await;
    assert_about(took, Duration::from_millis(499));
    assert_eq!(network.dialled(), ["1.1.1.1:443", "2.2.2.2:443"]);
    let (_, took) = fail(&network, Duration::from_millis(501)).await;
    assert_about(took, Duration::from_millis(501));
    assert_eq!(network.dialled().len(), 5, "the third was dialled as well");
}

#[tokio::test]
async fn the_first_address_that_answers_is_used_whatever_its_place() {
    let server = RawServer::obliging().await;
    let network = ScriptedNetwork::new();
    network.road("127.0.0.1:80", Road::Silent);
    network.road("[::1]:80", Road::To(server.address));
    let outgoing = network.outgoing(AddressPolicy::PublicAndLoopback);
    let answer = outgoing.send(lead_for("http://localhost/")).await;
    assert_eq!(answer.unwrap().status, 200);
    assert_eq!(network.dialled(), ["127.0.0.1:80", "[::1]:80"]);
}

#[tokio::test(start_paused = true)]
async fn families_take_turns_so_that_one_without_a_route_costs_one_head_start() {
    let network = ScriptedNetwork::new();
    let addresses = ["2606::1", "2606::2", "2606::3", "1.1.1.1", "2.2.2.2"];
    network.answers("partner.example", &addresses);
    fail(&network, Duration::from_secs(15)).await;
    let dialled = network.dialled();
    let turns: Vec<&str> = dialled.iter().map(String::as_str).collect();
    let expected = [
        "[2606::1]:443",
        "1.1.1.1:443",
        "[2606::2]:443",
        "2.2.2.2:443",
        "[2606::3]:443",
    ];
    assert_eq!(turns, expected);
}

#[tokio::test(start_paused = true)]
async fn a_name_with_a_hundred_addresses_costs_eight_dials() {
    let network = ScriptedNetwork::new();
    let addresses: Vec<String> = (1..=100).map(|last| format!("9.9.9.{last}")).collect();
    let addresses: Vec<&str> = addresses.iter().map(String::as_str).collect();
    network.answers("partner.example", &addresses);
    fail(&network, Duration::from_secs(15)).await;
    assert_eq!(network.dialled().len(), 8);
}

#[tokio::test(start_paused = true)]
async fn a_silent_name_service_and_silent_addresses_are_given_up_after_five_seconds() {
    let silent_names = ScriptedNetwork::new();
    silent_names.says("partner.example", Names::Silent);
    let silent_addresses = ScriptedNetwork::new();
    silent_addresses.answers("partner.example", &["1.1.1.1"]);
    silent_addresses.other_roads(Road::Silent);
    for network in [silent_names, silent_addresses] {
        let (error, took) = fail(&network, Duration::from_secs(15)).await;
        assert_about(took, Duration::from_secs(5));
        assert!(error.to_string().ends_with("none was made within 5 s"));
        let (error, took) = fail(&network, Duration::from_millis(50)).await;
        assert_about(took, Duration::from_millis(50));
        assert!(error.to_string().ends_with("none was made within 0.05 s"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_deadline_of_nothing_or_of_for_ever_ends_as_well() {
    let network = ScriptedNetwork::new();
    network.says("partner.example", Names::Silent);
    let (_, took) = fail(&network, Duration::ZERO).await;
    assert_about(took, Duration::ZERO);
    let (_, took) = fail(&network, Duration::MAX).await;
    assert_about(took, Duration::from_secs(5));
}
