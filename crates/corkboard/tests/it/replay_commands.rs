//! `corkboard replay …` as an operator uses it: the real program against a platform.

use std::collections::HashSet;
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::Child;
use std::time::Duration;

use serde_json::{Value, json};
use testkit::Receiver;
use testkit::process::{PlatformFiles, PlatformServer, free_port};

use crate::marketplace::text;
use crate::operator_desk::{Desk, Told};
use crate::program::{new_lead, program};

/// A desk with so many dead leads, and a time before they were recorded.
async fn desk_with_dead(count: usize) -> (Desk, String) {
    let desk = Desk::new().await;
    let since = desk.market.world.clock.now().to_string();
    desk.market.dead_leads(count).await;
    (desk, since)
}

/// Time passes and everybody works, until a command that was started has ended.
async fn work_until_it_ends(desk: &Desk, child: Child) -> Told {
    let waiting = tokio::task::spawn_blocking(move || child.wait_with_output().unwrap());
    let real = base::Clock::system();
    while !waiting.is_finished() {
        desk.market.pass(0.25).await;
        real.sleep(Duration::from_millis(10)).await;
    }
    Told::of(&waiting.await.unwrap())
}

#[tokio::test]
async fn a_replay_is_looked_at_begun_and_followed() {
    let (desk, since) = desk_with_dead(6).await;
    let partner = &desk.market.partner_id;
    let dry = desk
        .shown(&format!("replay start --since {since} --rate 2 --dry-run"))
        .await;
    assert!(
        dry.starts_with("6 deliveries died from 2026-09-21 "),
        "{dry}"
    );
    assert!(
        dry.ends_with("at 2 a second they are on their way again in about 3.0 s\n"),
        "{dry}"
    );
    let none = desk.run("replay list").await;
    assert_eq!((none.code, none.noted.as_str()), (Some(0), "no replays\n"));
    let begun = desk
        .shown(&format!("replay start {partner} --since {since} --rate 2"))
        .await;
    let list = desk.answer("replay list").await;
    let id = text(&list["data"][0]["replay_id"]);
    assert!(
        begun.starts_with(&format!("replay {id}  running\n")),
        "{begun}"
    );
    for part in [
        &format!("  partner   {partner}\n") as &str,
        "  rate      at most 2 a second\n",
        "  done      2 of 6 on their way again\n",
        &format!("corkboard replay status {id} --wait\n"),
    ] {
        assert!(begun.contains(part), "{part} in {begun}");
    }
    let table = desk
        .shown(&format!("replay list --partner {partner}"))
        .await;
    assert!(
        table.contains("running") && table.contains("2 of 6"),
        "{table}"
    );
    let child = desk.start(&format!("replay status {id} --wait"));
    let told = work_until_it_ends(&desk, child).await;
    let first = told.noted.lines().next().unwrap_or_default();
    assert!(first.contains(" of 6 on their way again, "), "{first}");
    assert!(
        told.noted.ends_with("6 of 6 on their way again, done\n"),
        "{}",
        told.noted
    );
    assert!(
        !told.noted.contains('\u{1b}'),
        "plain lines where no terminal is"
    );
    let shown = told.well();
    assert!(
        shown.starts_with(&format!("replay {id}  done\n")),
        "{shown}"
    );
    assert!(shown.contains("  ended     "), "{shown}");
    desk.market.world.drain().await;
    assert_eq!(desk.market.came().len(), 6);
}

#[tokio::test]
async fn a_small_replay_is_over_at_once() {
    let (desk, since) = desk_with_dead(2).await;
    let line = format!("replay start --since {since} --wait");
    let answer = desk.answer(&line).await;
    assert_eq!(
        (&answer["state"], &answer["replayed"]),
        (&json!("done"), &json!(2))
    );
    let nothing = desk.shown(&line).await;
    assert!(
        nothing.contains("  done      0 of 0 on their way again\n"),
        "{nothing}"
    );
}

#[tokio::test]
async fn whoever_follows_it_with_json_gets_one_document() {
    let (desk, since) = desk_with_dead(4).await;
    let child = desk.start(&format!(
        "replay start --since {since} --rate 1 --wait --json"
    ));
    let told = work_until_it_ends(&desk, child).await;
    let answer: Value = serde_json::from_str(&told.well()).unwrap();
    assert_eq!(
        (&answer["state"], &answer["replayed"]),
        (&json!("done"), &json!(4))
    );
}

#[cfg(unix)]
#[tokio::test]
async fn an_interrupt_stops_following_and_leaves_the_replay() {
    let (desk, since) = desk_with_dead(3).await;
    let mut child = desk.start(&format!("replay start --since {since} --rate 1 --wait"));
    let mut noted = BufReader::new(child.stderr.take().unwrap());
    let (child, noted) = tokio::task::spawn_blocking(move || {
        let mut text = String::new();
        noted.read_line(&mut text).unwrap();
        let pid = child.id().to_string();
        let mut kill = std::process::Command::new("kill");
        assert!(kill.args(["-INT", &pid]).status().unwrap().success());
        noted.read_to_string(&mut text).unwrap();
        (child.wait_with_output().unwrap(), text)
    })
    .await
    .unwrap();
    assert_eq!(child.status.code(), Some(1), "{noted}");
    let list = desk.answer("replay list").await;
    let id = text(&list["data"][0]["replay_id"]);
    assert!(
        noted.contains(&format!("stopped watching; replay {id} goes on, 1 of 3 ")),
        "{noted}"
    );
    assert!(
        noted.contains(&format!(
            "hint: `corkboard replay status {id} --wait` watches again"
        )),
        "{noted}"
    );
    assert_eq!(list["data"][0]["state"], "running");
    for _ in 0..3 {
        desk.market.pass(1.0).await;
    }
    let after = desk.answer(&format!("replay status {id}")).await;
    assert_eq!(
        (&after["state"], &after["replayed"]),
        (&json!("done"), &json!(3))
    );
}

#[tokio::test]
async fn a_replay_is_stopped() {
    let (desk, since) = desk_with_dead(3).await;
    desk.shown(&format!("replay start --since {since} --rate 1"))
        .await;
    let id = text(&desk.answer("replay list").await["data"][0]["replay_id"]);
    for _ in 0..2 {
        let shown = desk.shown(&format!("replay cancel {id}")).await;
        assert!(
            shown.starts_with(&format!("replay {id}  cancelled\n")),
            "{shown}"
        );
        assert!(
            shown.contains("  done      1 of 3 on their way again\n"),
            "{shown}"
        );
    }
    desk.shown(&format!("replay start --since {since}")).await;
    let id = text(&desk.answer("replay list").await["data"][0]["replay_id"]);
    let done = desk.run(&format!("replay cancel {id}")).await.badly();
    assert!(done.contains("The replay is done."), "{done}");
}

#[tokio::test]
async fn where_there_are_several_partners_one_is_to_be_named() {
    let desk = Desk::new().await;
    let other = desk
        .market
        .order("partners", &json!({"name": "Other\u{202e}CRM"}))
        .await;
    let other = text(&other.expect_status(201).json()["partner_id"]);
    let noted = desk.run("replay start --since 1h").await.badly();
    assert!(noted.contains("which partner? there are 2"), "{noted}");
    assert!(
        noted.contains(&format!("{other} (Other\\u{{202e}}CRM)")),
        "{noted}"
    );
    let shown = desk
        .shown(&format!("replay start {other} --since 1h"))
        .await;
    assert!(shown.contains("  done\n"), "{shown}");
}

#[tokio::test]
async fn what_is_wrong_is_told_with_what_to_do() {
    let desk = Desk::new().await;
    for (line, part) in [
        ("replay status 5", "There is no replay with this id."),
        ("replay cancel 5", "There is no replay with this id."),
        (
            "replay start 5 --since 1h",
            "There is no partner with this id.",
        ),
        (
            "replay start --since 1h --until 2h",
            "/until must not be before /since",
        ),
    ] {
        let noted = desk.run(line).await.badly();
        assert!(noted.contains(part), "{line}: {noted}");
    }
    for (line, part) in [
        ("replay start", "--since"),
        ("replay start --since soon", "expected how long ago"),
        ("replay start --since 1h --rate 0", "1..=1000"),
        ("replay start --since 1h --rate 1001", "1..=1000"),
        (
            "replay start --since 1h --dry-run --wait",
            "cannot be used with",
        ),
        ("replay status x", "must be an id"),
    ] {
        let told = desk.run(line).await;
        assert_eq!((told.code, told.shown.as_str()), (Some(1), ""), "{line}");
        assert!(told.noted.contains(part), "{line}: {}", told.noted);
    }
}

/// A real process with a partner at `receiver`; the partner's id, and a lead for its business.
async fn set_up(server: &PlatformServer, receiver: &Receiver) -> (String, Value) {
    let operator = server.operator();
    let make = async |path: &str, body: Value| {
        let made = operator.post(&format!("/operator/v1/{path}"), &body).await;
        made.expect_status(201).json()
    };
    let partner = json!({
        "name": "CRM", "lead_url": format!("{}/lead", receiver.url()), "username": "platform",
        "password": "a password",
    });
    let partner = text(&make("partners", partner).await["partner_id"]);
    let pro = json!({"email": "pro@pros.example", "password": "a good password", "name": "Pro"});
    let account = make("pros", pro).await["account_id"].clone();
    let business = json!({"account_id": account, "name": "Business", "categories": ["Plumbing"]});
    let business = text(&make("businesses", business).await["business_id"]);
    let path = format!("/operator/v1/partners/{partner}/businesses/{business}");
    operator.put(&path, &json!({})).await.expect_status(200);
    (partner, new_lead(&business, "Plumbing", "A tap drips"))
}

#[tokio::test]
async fn a_replay_outlives_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let database = format!("sqlite:{}", folder.path().join("platform.db").display());
    let files = PlatformFiles::new(program(), &database);
    let mut server = files.serve("a", free_port()).await;
    let receiver = Receiver::start().await;
    let (partner, lead) = set_up(&server, &receiver).await;
    receiver.answer_always(422);
    for _ in 0..6 {
        let posted = server.operator().post("/operator/v1/leads", &lead).await;
        posted.expect_status(201);
    }
    let pending = "/operator/v1/deliveries?state=pending";
    server.operator().wait_for_empty(pending).await;
    receiver.answer_always(200);
    receiver.take();
    let order = json!({"since": "2026-01-01T00:00:00Z", "rate_per_second": 2});
    let path = format!("/operator/v1/partners/{partner}/replay");
    let begun = server.operator().post(&path, &order).await;
    let begun = begun.expect_status(202).json();
    assert_eq!(
        (&begun["total"], &begun["replayed"]),
        (&json!(6), &json!(2))
    );
    server.kill();
    let server = files.serve("a", free_port()).await;
    let dead = "/operator/v1/deliveries?state=dead";
    server.operator().wait_for_empty(dead).await;
    server.operator().wait_for_empty(pending).await;
    let path = format!("/operator/v1/replays/{}", text(&begun["replay_id"]));
    let done = server.operator().get(&path).await.expect_status(200).json();
    assert_eq!(
        (&done["state"], &done["replayed"]),
        (&json!("done"), &json!(6))
    );
    let came: HashSet<String> = receiver
        .take()
        .iter()
        .map(|request| request.header("webhook-id").to_owned())
        .collect();
    assert_eq!(came.len(), 6);
}
