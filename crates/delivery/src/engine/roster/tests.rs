//! Whose turn it is when places are short.

use std::collections::HashMap;

use protocol::id::{BusinessId, DeliveryId};

use super::*;
use crate::engine::window::Found;
use crate::id::ConversationId;
use crate::model::Limits;
use crate::moment;
use crate::policy::breaker::Breaker;
use crate::store::endpoint::Endpoint;
use crate::store::pending::Head;

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fn endpoint(number: i64, limits: Limits) -> Endpoint {
    Endpoint {
        id: EndpointId::new(number),
        paused: false,
        gone: false,
        kinds_off: Vec::new(),
        breaker: Breaker::Closed { failures: 0 },
        version: 0,
        limits,
    }
}

/// A head that has been due for so many seconds.
fn head(number: i64, seconds: u64) -> Head {
    let due_at = moment::before(NOW, std::time::Duration::from_secs(seconds));
    Head {
        delivery_id: DeliveryId::from_i64(number).unwrap(),
        conversation_id: ConversationId::new(number),
        business_id: BusinessId::from_i64(1).unwrap(),
        kind: "lead".to_owned(),
        attempts: 0,
        created_at: due_at,
        due_at,
    }
}

/// Adds an endpoint with so many heads that have been due for these seconds.
fn add(roster: &mut Roster, endpoint: Endpoint, heads: impl Iterator<Item = u64>) {
    let (id, settings) = (endpoint.id, Settings::new("test"));
    let overview = Overview {
        endpoint,
        epoch: 1,
        first_due: NOW,
    };
    roster.learn(overview, NOW);
    let heads = (1..).zip(heads);
    let heads = heads
        .map(|(number, seconds)| head(number, seconds))
        .collect();
    let found = Found {
        heads,
        fresh_after: moment::before(NOW, settings.fresh_for),
        has_more_fresh: false,
        has_more_backlog: false,
    };
    roster.desk(id).unwrap().fill(found, NOW);
    roster.sort(id, &settings, NOW);
}

/// How many attempts each endpoint may begin.
fn picked(roster: &mut Roster, settings: &Settings) -> HashMap<i64, usize> {
    let mut counts = HashMap::new();
    for ticket in roster.pick(settings, |_, _| true, NOW) {
        *counts
            .entry(ticket.addressee.endpoint_id.get())
            .or_default() += 1;
    }
    counts
}

fn fresh(count: usize) -> impl Iterator<Item = u64> {
    std::iter::repeat_n(1, count)
}

fn old(count: usize) -> impl Iterator<Item = u64> {
    std::iter::repeat_n(3_600, count)
}

#[test]
fn an_endpoint_gets_its_limit_while_places_are_plenty() {
    let mut roster = Roster::default();
    add(&mut roster, endpoint(1, Limits::default()), fresh(20));
    let small = Limits {
        max_in_flight: Some(2),
        ..Limits::default()
    };
    add(&mut roster, endpoint(2, small), fresh(20));
    let counts = picked(&mut roster, &Settings::new("test"));
    assert_eq!(counts, HashMap::from([(1, 8), (2, 2)]));
    assert_eq!(roster.in_flight(), 10);
}

#[test]
fn however_many_endpoints_are_slow_there_is_a_place_for_one_more() {
    let mut roster = Roster::default();
    for number in 1..=200 {
        add(&mut roster, endpoint(number, Limits::default()), fresh(20));
    }
    let settings = Settings::new("test");
    let counts = picked(&mut roster, &settings);
    // All of them began something, and not all places are taken.
    assert_eq!(counts.len(), 200);
    assert!(roster.in_flight() < settings.max_in_flight);
    add(&mut roster, endpoint(201, Limits::default()), fresh(20));
    assert_eq!(picked(&mut roster, &settings).get(&201), Some(&1));
}

#[test]
fn the_backlog_gets_half_of_the_places_and_leaves_the_rest_to_what_comes() {
    let mut roster = Roster::default();
    add(&mut roster, endpoint(1, Limits::default()), old(20));
    let settings = Settings::new("test");
    assert_eq!(picked(&mut roster, &settings), HashMap::from([(1, 4)]));
    // Of all places, too.
    for number in 2..=200 {
        add(&mut roster, endpoint(number, Limits::default()), old(20));
    }
    picked(&mut roster, &settings);
    assert_eq!(roster.in_flight(), settings.max_in_flight / 2);
    add(&mut roster, endpoint(201, Limits::default()), fresh(20));
    assert_eq!(picked(&mut roster, &settings), HashMap::from([(201, 8)]));
}

#[test]
fn the_backlog_of_an_endpoint_keeps_to_its_rate() {
    let mut roster = Roster::default();
    let slow = Limits {
        backlog_per_second: Some(10),
        ..Limits::default()
    };
    add(&mut roster, endpoint(1, slow), old(20));
    let settings = Settings::new("test");
    assert_eq!(picked(&mut roster, &settings), HashMap::from([(1, 1)]));
    let tenth = std::time::Duration::from_millis(100);
    assert_eq!(roster.next_timer(), Some(moment::after(NOW, tenth)));
}

#[test]
fn who_weighs_more_gets_more_where_places_are_short() {
    let mut roster = Roster::default();
    let heavy = Limits {
        weight: 3,
        ..Limits::default()
    };
    add(&mut roster, endpoint(1, Limits::default()), fresh(20));
    add(&mut roster, endpoint(2, heavy), fresh(20));
    let settings = Settings {
        max_in_flight: 16,
        ..Settings::new("test")
    };
    let counts = picked(&mut roster, &settings);
    assert_eq!(counts, HashMap::from([(1, 1), (2, 4)]));
}

#[test]
fn turns_go_round() {
    let mut roster = Roster::default();
    for number in 1..=4 {
        add(&mut roster, endpoint(number, Limits::default()), fresh(20));
    }
    let settings = Settings {
        max_in_flight: 2,
        ..Settings::new("test")
    };
    let mut served = Vec::new();
    for _ in 0..4 {
        let tickets = roster.pick(&settings, |_, _| true, NOW);
        for ticket in tickets {
            served.push(ticket.addressee.endpoint_id.get());
            let finish = Finish::RestUntil(NOW);
            roster.ended(&ticket, finish, &settings, NOW);
        }
    }
    assert_eq!(served, [1, 2, 3, 4, 1, 2, 3, 4]);
}
