//! The token keeper when all goes well, or nearly: refreshing ahead, and answers that get lost.

use std::time::Duration;

use base::Secret;
use client::{KeepError, ReconnectReason};

use crate::keeper_setup::{CONNECTION, Setup, assert_token, pair};
use crate::scripted_platform::Reply;

const HALF_A_SECOND: Duration = Duration::from_millis(500);

#[tokio::test]
async fn a_fresh_token_is_handed_out_without_asking_the_platform() {
    let setup = Setup::new([]).await;
    setup.at_second(3_539);
    assert_token(setup.access_token().await, "first");
    assert!(setup.platform.received().is_empty());
}

#[tokio::test]
async fn a_token_is_refreshed_a_minute_ahead_of_its_end_and_saved() {
    let setup = Setup::new([Reply::ok(&pair("second"))]).await;
    setup.at_second(3_540);
    assert_token(setup.access_token().await, "second");
    assert_token(setup.access_token().await, "second");
    assert_eq!(setup.shown(), ["first-refresh"]);
    let stored = setup.stored().await;
    assert_eq!(stored.version, 2);
    assert_eq!(stored.tokens.refresh_token.expose(), "second-refresh");
    assert_eq!(stored.tokens.expires_at.as_second(), 3_540 + 3_600);
}

#[tokio::test]
async fn a_null_answer_is_asked_again_with_the_same_refresh_token() {
    let setup = Setup::new([Reply::ok("null"), Reply::ok(&pair("second"))]).await;
    setup.at_second(3_600);
    let kept = setup
        .while_time_passes(HALF_A_SECOND, setup.access_token())
        .await;
    assert_token(kept, "second");
    assert_eq!(setup.shown(), ["first-refresh", "first-refresh"]);
    assert_eq!(setup.clock.now().as_millisecond(), 3_600_500);
}

#[tokio::test]
async fn a_lost_answer_is_asked_again_with_the_same_refresh_token() {
    let setup = Setup::new([
        Reply::HangUp,
        Reply::status(503, ""),
        Reply::status(500, ""),
        Reply::ok(&pair("second")),
    ])
    .await;
    setup.at_second(3_600);
    let kept = setup
        .while_time_passes(HALF_A_SECOND, setup.access_token())
        .await;
    assert_token(kept, "second");
    assert_eq!(setup.shown(), ["first-refresh"; 4]);
    assert_eq!(setup.clock.now().as_millisecond(), 3_603_500);
}

#[tokio::test]
async fn after_four_lost_answers_the_platform_is_left_alone_for_a_while() {
    let script = (0..4)
        .map(|_| Reply::HangUp)
        .chain([Reply::ok(&pair("second"))]);
    let setup = Setup::new(script).await;
    setup.at_second(3_600);
    let kept = setup
        .while_time_passes(HALF_A_SECOND, setup.access_token())
        .await;
    assert!(matches!(kept, Err(KeepError::Later { .. })));
    assert!(matches!(
        setup.access_token().await,
        Err(KeepError::Later { .. })
    ));
    assert_eq!(setup.shown().len(), 4);
    setup.clock.advance(Duration::from_secs(5));
    assert_token(setup.access_token().await, "second");
    assert_eq!(setup.shown(), ["first-refresh"; 5]);
}

#[tokio::test]
async fn a_rejected_token_is_replaced_once() {
    let setup = Setup::new([Reply::ok(&pair("second"))]).await;
    let rejected = Secret::new("first-access");
    let refresh = || setup.keeper.refresh_now(&CONNECTION, &rejected);
    let (one, other) = tokio::join!(refresh(), refresh());
    assert_token(one, "second");
    assert_token(other, "second");
    assert_token(refresh().await, "second");
    assert_eq!(setup.shown(), ["first-refresh"]);
}

#[tokio::test]
async fn thirty_days_without_a_refresh_end_the_connection_where_people_see_it() {
    let setup = Setup::new([]).await;
    setup.at_second(720 * 3_600);
    let reason = ReconnectReason::RefreshTokenExpired;
    for _ in 0..2 {
        let kept = setup.access_token().await;
        assert!(matches!(kept, Err(KeepError::ReconnectNeeded(told)) if told == reason));
    }
    assert_eq!(setup.stored().await.reconnect, Some(reason));
    assert!(setup.platform.received().is_empty());
}

#[tokio::test]
async fn a_second_before_the_thirty_days_are_over_the_connection_is_saved() {
    let setup = Setup::new([Reply::ok(&pair("second"))]).await;
    setup.at_second(720 * 3_600 - 1);
    assert_token(setup.access_token().await, "second");
}

#[tokio::test]
async fn an_unknown_connection_is_named_so() {
    let setup = Setup::new([]).await;
    setup.store.remove(&CONNECTION);
    let rejected = Secret::new("first-access");
    for kept in [
        setup.access_token().await,
        setup.keeper.refresh_now(&CONNECTION, &rejected).await,
    ] {
        assert!(matches!(kept, Err(KeepError::UnknownConnection)));
    }
}
