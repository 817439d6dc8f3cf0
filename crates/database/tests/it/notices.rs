//! What processes say to each other through the database.

use std::time::Duration;

use database::test_db::TestDb;

use crate::actors::cut_off_others;

/// Far longer than a message takes; only a failing test waits for it.
const PATIENCE: Duration = Duration::from_secs(20);

#[tokio::test]
async fn what_is_said_on_a_channel_is_heard_by_all_who_listen_to_it_in_order() {
    let db = TestDb::postgres(&[]).await;
    let mut first = db.listen("one_channel").await.unwrap().unwrap();
    let mut second = db.listen("one_channel").await.unwrap().unwrap();
    let mut other = db.listen("another").await.unwrap().unwrap();
    db.notify("one_channel", "17 42").await.unwrap();
    db.notify("one_channel", "it's").await.unwrap();
    db.notify("another", "else").await.unwrap();
    let heard = async {
        for notices in [&mut first, &mut second] {
            assert_eq!(notices.next().await.unwrap(), "17 42");
            assert_eq!(notices.next().await.unwrap(), "it's");
        }
        assert_eq!(other.next().await.unwrap(), "else");
    };
    tokio::time::timeout(PATIENCE, heard).await.unwrap();
}

#[tokio::test]
async fn a_lost_connection_is_an_error_and_not_silence() {
    let db = TestDb::postgres(&[]).await;
    let mut notices = db.listen("one_channel").await.unwrap().unwrap();
    let ended = async {
        let (heard, _ended) = tokio::join!(notices.next(), cut_off_others(&db));
        assert!(heard.unwrap_err().is_unavailable());
    };
    tokio::time::timeout(PATIENCE, ended).await.unwrap();
}

#[tokio::test]
async fn with_sqlite_there_is_nobody_to_listen_to() {
    let db = TestDb::sqlite(&[]).await;
    assert!(db.listen("one_channel").await.unwrap().is_none());
    db.notify("one_channel", "17").await.unwrap();
}
