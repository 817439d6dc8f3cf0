//! `corkboard deliveries …` as an operator uses it: the real program against a platform.

use serde_json::{Value, json};
use testkit::Answer;
use testkit::world::OPERATOR_KEY;

use crate::operator_desk::{Desk, with_names};

#[tokio::test]
async fn a_delivery_that_failed_and_went_is_told_in_order() {
    let desk = Desk::new().await;
    let market = &desk.market;
    let away = Answer::json(503, &json!({"error": "\u{1b}[31mthe database is away"}));
    for _ in 0..2 {
        market.partner.answer_next_at("/v1/lead", away.clone());
    }
    let lead = market.lead().await;
    market.write(&lead, "Are you there?").await;
    market.world.drain().await;
    market.pass(1.5).await;
    let (id, message) = (
        market.delivery_of(&lead, "lead").await,
        market.delivery_of(&lead, "message").await,
    );
    let partner_url = market.partner.url().to_owned();
    let business = market.world.business(0, 0);
    let names: Vec<(&str, &str)> = vec![
        (&id, "DELIVERY"),
        (&message, "MESSAGE"),
        (&lead.lead_id, "LEAD"),
        (&business, "BUSINESS"),
        (&market.partner_id, "PARTNER"),
        (&partner_url, "http://partner"),
    ];
    let shown = desk.shown(&format!("deliveries show {id}")).await;
    let shown = with_names(&shown, &names);
    // The second delay is 3 s and varies by a tenth.
    let (before, next) = shown.split_once("attempt 3 in ").expect(&shown);
    assert_eq!(
        before,
        "\
lead DELIVERY  pending
  lead      LEAD
  business  BUSINESS
  partner   PARTNER  Demo CRM
  goes to   POST http://partner/v1/lead

  2026-09-21 UTC
  14:13:20.000       1.5 s ago  recorded
  14:13:20.000       1.5 s ago  attempt 1  503 after 0 ms: the endpoint fails
                                  │ {\"error\":\"\\u001b[31mthe database is away\"}
  14:13:21.500             now  attempt 2  503 after 0 ms: the endpoint fails, with the same answer

  next      "
    );
    let (_, rest) = next.split_once('\n').unwrap();
    assert!(
        rest.starts_with("            corkboard deliveries retry DELIVERY\n"),
        "{rest}"
    );
    assert!(rest.contains("  corkboard deliveries body DELIVERY --output body.json\n"));
    assert!(rest.contains("  PASSWORD='…' curl --include "), "{rest}");
    let shown = desk.shown(&format!("deliveries show {message}")).await;
    let waits = "next      It waits for the lead DELIVERY, which goes first.";
    assert!(with_names(&shown, &names).contains(waits), "{shown}");
    market.pass(4.0).await;
    let shown = desk.shown(&format!("deliveries show {id}")).await;
    let shown = with_names(&shown, &names);
    assert!(shown.starts_with("lead DELIVERY  delivered\n"), "{shown}");
    let end = "attempt 3  200 after 0 ms: delivered
  14:13:25.500             now  delivered

  next      It was delivered.
  body      The body was kept until it was delivered, at 2026-09-21T14:13:25.5Z.
";
    assert!(shown.ends_with(end), "{shown}");
}

#[tokio::test]
async fn a_long_log_is_cut_in_the_middle_and_json_has_all_of_it() {
    let desk = Desk::new().await;
    let market = &desk.market;
    market.partner.answer_always(500);
    let lead = market.lead().await;
    for _ in 0..40 {
        market.pass(60.0).await;
    }
    let id = market.delivery_of(&lead, "lead").await;
    let shown = desk.shown(&format!("deliveries show {id}")).await;
    let answer = desk.answer(&format!("deliveries show {id}")).await;
    let attempts = answer["attempt_log"].as_array().unwrap().len();
    assert!(attempts > 24, "{attempts}");
    let left_out = format!("… {} attempts more", attempts - 24);
    assert!(shown.contains(&left_out), "{shown}");
    assert_eq!(shown.matches("0 ms: the endpoint fails").count(), 24);
    assert!(shown.contains("Next probe in "), "{shown}");
}

#[tokio::test]
async fn lists_are_aligned_and_narrowed() {
    let desk = Desk::new().await;
    let market = &desk.market;
    let none = desk.run("deliveries list").await;
    assert_eq!(
        (none.code, none.shown.as_str(), none.noted.as_str()),
        (Some(0), "", "no deliveries\n")
    );
    let dead = market.dead_leads(2).await;
    let delivered = market.lead().await;
    market.world.drain().await;
    market.partner.stop();
    let failing = market.lead().await;
    market.write(&failing, "Hello").await;
    market.world.drain().await;
    let shown = desk.shown("deliveries list").await;
    let lines: Vec<&str> = shown.lines().collect();
    assert_eq!(lines.len(), 6, "{shown}");
    let column = lines[0].find("STATE").expect("a heading");
    let states: Vec<&str> = lines[1..]
        .iter()
        .filter_map(|line| line.get(column..)?.split(' ').next())
        .collect();
    assert_eq!(states, ["pending", "pending", "delivered", "dead", "dead"]);
    assert!(
        lines[1].contains("waits") && lines[2].contains("no answer"),
        "{shown}"
    );
    assert!(!shown.contains('\u{1b}'), "no colours where no terminal is");
    assert!(!lines[0].contains("PARTNER"), "all are one partner's");
    for (flags, count) in [
        ("--failed".to_owned(), 3),
        ("--state dead".to_owned(), 2),
        ("--kind message".to_owned(), 1),
        (format!("--lead {}", delivered.lead_id), 1),
        (format!("--partner {}", market.partner_id), 5),
        (format!("--business {}", market.world.business(0, 0)), 5),
        (format!("--since {}", market.world.clock.now()), 3),
        (format!("--until {}", market.world.clock.now()), 2),
        ("--limit 2".to_owned(), 2),
    ] {
        let answer = desk.answer(&format!("deliveries list {flags}")).await;
        assert_eq!(answer["data"].as_array().unwrap().len(), count, "{flags}");
    }
    let cut = desk.run("deliveries list --limit 2").await;
    assert!(cut.noted.contains("there are more"), "{}", cut.noted);
    assert!(shown.contains(&dead[0].lead_id));
}

#[tokio::test]
async fn deliveries_are_tried_again_and_called_off() {
    let desk = Desk::new().await;
    let market = &desk.market;
    let dead = market.dead_leads(2).await;
    let [one, other] = [&dead[0], &dead[1]];
    let (one, other) = (
        market.delivery_of(one, "lead").await,
        market.delivery_of(other, "lead").await,
    );
    let shown = desk.shown(&format!("deliveries retry {one} {other}")).await;
    assert_eq!(shown, format!("{one} due again\n{other} due again\n"));
    let shown = desk.shown(&format!("deliveries cancel {other}")).await;
    assert_eq!(shown, format!("{other} cancelled\n"));
    market.world.drain().await;
    assert_eq!(market.came().len(), 1);
    let told = desk.run(&format!("deliveries retry {one} {other} 5")).await;
    assert!(
        told.shown.contains(&format!("{other} due again")),
        "the others go on"
    );
    let noted = told.badly();
    assert!(
        noted.contains(&format!("delivery {one}: The delivery has been delivered.")),
        "{noted}"
    );
    assert!(
        noted.contains("error: delivery 5: There is no delivery with this id."),
        "{noted}"
    );
}

#[tokio::test]
async fn all_that_waits_is_called_off_only_if_it_is_meant() {
    let desk = Desk::new().await;
    let market = &desk.market;
    let partner = &market.partner_id;
    let paused = desk.shown(&format!("deliveries pause {partner}")).await;
    assert!(paused.contains("paused"), "{paused}");
    for _ in 0..3 {
        market.lead().await;
    }
    let asked = desk
        .run(&format!("deliveries cancel --partner {partner}"))
        .await;
    let asked = asked.badly();
    assert!(
        asked.contains("3 deliveries wait") && asked.contains("--yes"),
        "{asked}"
    );
    assert_eq!(market.deliveries("state=pending").await.len(), 3);
    let line = format!(
        "deliveries cancel --partner {partner} --business {} --yes",
        market.world.business(0, 1)
    );
    assert_eq!(desk.shown(&line).await, "0 deliveries cancelled\n");
    let line = format!("deliveries cancel --partner {partner} --yes");
    assert_eq!(desk.shown(&line).await, "3 deliveries cancelled\n");
    for wrong in [
        "deliveries cancel",
        "deliveries cancel 5 --partner 6",
        "deliveries cancel 5 --business 6",
    ] {
        let told = desk.run(wrong).await;
        assert_eq!((told.code, told.shown.as_str()), (Some(1), ""), "{wrong}");
    }
}

#[tokio::test]
async fn the_body_is_printed_or_written_for_its_reader_only() {
    let desk = Desk::new().await;
    let market = &desk.market;
    market.partner.answer_next(500);
    let lead = market.lead().await;
    market.world.drain().await;
    let sent = market.partner.take()[0].body.clone();
    let id = market.delivery_of(&lead, "lead").await;
    assert_eq!(desk.shown(&format!("deliveries body {id}")).await, sent);
    let path = desk.path("body.json");
    let line = format!("deliveries body {id} --output {path}");
    let told = desk.run(&line).await;
    assert!(told.noted.contains("a customer's"), "{}", told.noted);
    assert_eq!(told.well(), "");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), sent);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    desk.run(&line).await.badly();
    assert_eq!(market.audited("delivery.body_read").await.len(), 3);
    market.pass(2.0).await;
    let gone = desk.run(&format!("deliveries body {id}")).await.badly();
    assert!(gone.contains("until it was delivered"), "{gone}");
}

#[tokio::test]
async fn health_says_what_is_the_matter_and_with_which_command_to_go_on() {
    let desk = Desk::new().await;
    let market = &desk.market;
    let partner = market.partner_id.clone();
    let well = desk.shown(&format!("deliveries health {partner}")).await;
    assert!(
        well.starts_with(&format!("Demo CRM  partner {partner}  ok\n")),
        "{well}"
    );
    market.dead_leads(1).await;
    market.partner.answer_always(401);
    market.lead().await;
    market.world.drain().await;
    let shown = desk.shown(&format!("deliveries health {partner}")).await;
    for part in [
        "  credentials\n",
        "refuses the user name and password",
        "  since     2026-09-21 ",
        "  probe     2026-09-21 ",
        "  pending   1, the oldest recorded ",
        "  dead      1\n",
        "  → Ask the partner for the user name and password",
        &format!("    corkboard deliveries list --failed --partner {partner}\n"),
        &format!("    corkboard replay start {partner} --since 24h --dry-run\n"),
    ] {
        assert!(shown.contains(part), "{part} in {shown}");
    }
    let paused = desk.shown(&format!("deliveries pause {partner}")).await;
    assert!(
        paused.contains(&format!("corkboard deliveries resume {partner}")),
        "{paused}"
    );
    let all = desk.shown("deliveries health").await;
    let lines: Vec<&str> = all.lines().collect();
    assert_eq!(lines.len(), 2, "{all}");
    assert!(
        lines[0].starts_with("PARTNER") && lines[1].contains("paused"),
        "{all}"
    );
    let answer = desk.answer(&format!("deliveries resume {partner}")).await;
    assert_eq!(
        (&answer["state"], &answer["paused"]),
        (&json!("credentials"), &json!(false))
    );
    let all = desk.answer("deliveries health").await;
    assert_eq!(all["data"][0]["partner_id"], json!(partner));
}

#[tokio::test]
async fn the_platform_is_named_by_flags_or_by_a_ready_file() {
    let desk = Desk::new().await;
    let url = desk.market.world.platform_url.clone();
    let (key, wrong) = (desk.path("operator.key"), desk.path("wrong.key"));
    std::fs::write(&key, format!("{OPERATOR_KEY}\n")).unwrap();
    std::fs::write(&wrong, "another-key-0123456789").unwrap();
    let list = |more: &[&str]| -> Vec<String> {
        let words = ["deliveries", "list", "--json"].iter().chain(more);
        words.map(ToString::to_string).collect()
    };
    let told = desk
        .run_words(list(&["--platform-url", &url, "--operator-key-file", &key]))
        .await;
    let empty: Value = serde_json::from_str(&told.well()).unwrap();
    assert_eq!(empty, json!({"data": [], "next": null}));
    // Flags may stand before the command, and a last slash does no harm.
    let words = [
        "deliveries",
        "--platform-url",
        &format!("{url}/"),
        "--operator-key-file",
        &key,
        "list",
    ];
    desk.run_words(words.map(str::to_owned).to_vec())
        .await
        .well();
    // A settings file has a table for them.
    let settings = desk.path("settings.toml");
    let table = format!("[operator]\nplatform-url = \"{url}\"\noperator-key-file = \"{key}\"\n");
    std::fs::write(&settings, table).unwrap();
    desk.run_words(list(&["--config", &settings])).await.well();
    let nowhere = "http://127.0.0.1:1";
    for (flags, part) in [
        (&[][..], "--platform-url is missing"),
        (&["--platform-url", &url], "--operator-key-file is missing"),
        (
            &["--platform-url", &url, "--operator-key-file", &wrong],
            "does not accept the operator key",
        ),
        (
            &["--platform-url", &url, "--operator-key-file", "/nowhere"],
            "--operator-key-file: /nowhere cannot be read",
        ),
        (
            &["--platform-url", nowhere, "--operator-key-file", &key],
            "does not answer",
        ),
        (
            &["--platform-url", "ftp://x", "--operator-key-file", &key],
            "no http or https address",
        ),
        (
            &[
                "--platform-url",
                desk.market.partner.url(),
                "--operator-key-file",
                &key,
            ],
            "no Corkboard platform",
        ),
        (&["--ready-file", "/nowhere"], "no ready file"),
        (&["--ready-file", &key], "no ready file"),
    ] {
        let noted = desk.run_words(list(flags)).await.badly();
        assert!(noted.contains(part), "{flags:?}: {noted}");
        assert!(!noted.contains(OPERATOR_KEY), "{noted}");
    }
}

#[tokio::test]
async fn what_is_no_id_or_no_time_is_explained_before_anything_is_asked() {
    let desk = Desk::new().await;
    for (line, part) in [
        ("deliveries show x", "must be an id in decimal digits"),
        (
            "deliveries list --lead 0",
            "must be an id without leading zeros",
        ),
        ("deliveries list --since yesterday", "expected how long ago"),
        ("deliveries list --state lost", "pending"),
        ("deliveries list --limit 0", "1..=10000"),
        ("deliveries retry", "<DELIVERY>"),
        ("deliveries", "list"),
    ] {
        let told = desk.run(line).await;
        assert_eq!((told.code, told.shown.as_str()), (Some(1), ""), "{line}");
        assert!(told.noted.contains(part), "{line}: {}", told.noted);
    }
    let unknown = desk.run("deliveries show 5").await.badly();
    assert!(
        unknown.contains("There is no delivery with this id."),
        "{unknown}"
    );
}
