//! Pros' messages on both databases: durable once, only to the own business's open leads, and never from a test client.

use database::on_both_databases;
use serde_json::Value;

use super::*;
use crate::service::access;
use crate::service::disconnect::{Disconnector, disconnect};
use crate::service::idempotency::IdempotencyError;
use crate::service::{customer_message, enablement, event_feed, lead as leads};
use crate::testing::MIGRATIONS;
use crate::testing::market::Market;
use crate::testing::{OWN, TEST};
use protocol::optional_fields::OptionalFields;

fn message(market: &Market, lead_id: LeadId, text: &str) -> NewProMessage {
    NewProMessage {
        business_id: market.bench.business_id,
        lead_id,
        text: MessageText::parse(text).unwrap(),
    }
}

async fn client(market: &Market, client_id: &str) -> Sender {
    let pair = market.bench.connect(client_id).await;
    let access = access::check(&market.bench.core, &pair.access_token).await;
    Sender::Client(access.unwrap())
}

async fn say(market: &Market, sender: &Sender, lead_id: LeadId) -> Result<(), ProMessageError> {
    let sent = send(
        &market.bench.core,
        sender.clone(),
        message(market, lead_id, "Yes"),
        None,
    )
    .await;
    sent.map_err(|error| match error {
        OnceError::Refused(error) => error,
        OnceError::Idempotency(error) => panic!("{error}"),
    })
}

async fn kept(market: &Market) -> i64 {
    market
        .bench
        .count("SELECT count(*) AS total FROM message", &[])
        .await
}

on_both_databases!(
    a_message_is_stored_and_the_marketplace_is_told_in_one_step,
    MIGRATIONS,
    |db| async move {
        let market = Market::new(&db).await;
        let sender = client(&market, OWN).await;
        let lead_id = market.make_lead().await;
        say(&market, &sender, lead_id).await.unwrap();
        let lines = customer_message::list(&market.bench.core, lead_id, 0, 10)
            .await
            .unwrap();
        assert_eq!(
            (lines[0].side.as_str(), lines[0].text.as_str()),
            ("pro", "Yes")
        );
        let events = event_feed::wait_after(&market.bench.core, 0, 100, 0)
            .await
            .unwrap();
        let told = events
            .iter()
            .find(|event| event.kind == MESSAGE_SENT)
            .unwrap();
        let content: Value = serde_json::from_str(&told.content).unwrap();
        assert_eq!(content["leadID"], json!(lead_id));
        assert_eq!(content["message"]["text"], "Yes");
        assert_eq!(content["message"]["messageID"], json!(lines[0].message_id));
    },
);

on_both_databases!(
    a_repeated_message_is_stored_once_and_its_key_serves_no_other,
    MIGRATIONS,
    |db| async move {
        let market = Market::new(&db).await;
        let sender = client(&market, OWN).await;
        let lead_id = market.make_lead().await;
        let try_it = async |body: &str| {
            let request = Some(KeyedRequest::new("client:own", "key", body));
            send(
                &market.bench.core,
                sender.clone(),
                message(&market, lead_id, "Yes"),
                request,
            )
            .await
        };
        try_it("a").await.unwrap();
        try_it("a").await.unwrap();
        assert_eq!(kept(&market).await, 1);
        let other = try_it("b").await;
        assert!(matches!(
            other,
            Err(OnceError::Idempotency(IdempotencyError::OtherRequest))
        ));
        assert_eq!(market.bench.published(MESSAGE_SENT).await, 1);
    },
);

on_both_databases!(
    a_test_client_succeeds_and_leaves_no_trace,
    MIGRATIONS,
    |db| async move {
        let market = Market::new(&db).await;
        let sender = client(&market, TEST).await;
        let lead_id = market.make_lead().await;
        say(&market, &sender, lead_id).await.unwrap();
        let request = Some(KeyedRequest::new("client:test", "key", "body"));
        let sent = send(
            &market.bench.core,
            sender,
            message(&market, lead_id, "Yes"),
            request,
        )
        .await;
        sent.unwrap();
        assert_eq!(kept(&market).await, 0);
        assert_eq!(market.bench.published(MESSAGE_SENT).await, 0);
        assert_eq!(
            market
                .bench
                .count("SELECT count(*) AS total FROM idempotency", &[])
                .await,
            0
        );
    },
);

on_both_databases!(
    unknown_foreign_and_closed_leads_take_no_message,
    MIGRATIONS,
    |db| async move {
        let market = Market::new(&db).await;
        let sender = client(&market, OWN).await;
        let lead_id = market.make_lead().await;
        let unknown = LeadId::from_i64(5).unwrap();
        let refused = say(&market, &sender, unknown).await;
        assert!(matches!(refused, Err(ProMessageError::UnknownLead)));
        let mut foreign = message(&market, lead_id, "Yes");
        foreign.business_id = BusinessId::from_i64(5).unwrap();
        let refused = send(&market.bench.core, sender.clone(), foreign, None).await;
        assert!(matches!(
            refused,
            Err(OnceError::Refused(ProMessageError::UnknownLead))
        ));
        leads::close(&market.bench.core, lead_id).await.unwrap();
        let refused = say(&market, &sender, lead_id).await;
        assert!(matches!(refused, Err(ProMessageError::Closed)));
        assert_eq!(kept(&market).await, 0);
    },
);

on_both_databases!(
    after_a_disconnect_neither_token_nor_password_sends,
    MIGRATIONS,
    |db| async move {
        let market = Market::new(&db).await;
        let by_token = client(&market, OWN).await;
        let by_password = Sender::Partner(market.bench.partner_id);
        let lead_id = market.make_lead().await;
        say(&market, &by_token, lead_id).await.unwrap();
        say(&market, &by_password, lead_id).await.unwrap();
        disconnect(
            &market.bench.core,
            Disconnector::Client,
            OWN,
            market.bench.business_id,
        )
        .await
        .unwrap();
        let refused = say(&market, &by_token, lead_id).await;
        assert!(matches!(
            refused,
            Err(ProMessageError::Access(AccessError::Ended))
        ));
        let refused = say(&market, &by_password, lead_id).await;
        assert!(matches!(refused, Err(ProMessageError::Disconnected)));
        assert_eq!(kept(&market).await, 2);
    },
);

on_both_databases!(
    a_password_sends_for_enabled_businesses_only,
    MIGRATIONS,
    |db| async move {
        let market = Market::new(&db).await;
        let lead_id = market.make_lead().await;
        let stranger = Sender::Partner(market.bench.partner_id);
        let refused = say(&market, &stranger, lead_id).await;
        assert!(matches!(refused, Err(ProMessageError::UnknownLead)));
        // A test client's connection gives its partner nothing.
        market.bench.connect(TEST).await;
        let refused = say(&market, &stranger, lead_id).await;
        assert!(matches!(refused, Err(ProMessageError::UnknownLead)));
        let partner_id = market.add_partner("second", OptionalFields::NONE).await;
        let enabled = Sender::Partner(partner_id);
        say(&market, &enabled, lead_id).await.unwrap();
        enablement::disable(&market.bench.core, partner_id, market.bench.business_id)
            .await
            .unwrap();
        let refused = say(&market, &enabled, lead_id).await;
        assert!(matches!(refused, Err(ProMessageError::UnknownLead)));
    },
);
