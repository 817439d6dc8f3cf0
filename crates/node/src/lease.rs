//! The number under which this process makes ids (protocol D1): leased, so that no two processes use one.
//!
//! A process takes a number before it makes its first id and renews it while it lives. One that could not renew in time
//! must stop: another process may have the number by then. What a process that is frozen past its lease still makes
//! could only collide within the same 1,024 ns, and then the primary key refuses it.

use std::time::Duration;

use base::{Clock, Entropy};
use database::{Db, Engine, Op, Tx};
use jiff::{SignedDuration, Timestamp};
use protocol::id::NODES;
use thiserror::Error;

use crate::store;

/// How long a number is held without being renewed.
const LEASE: SignedDuration = SignedDuration::from_secs(60);

/// How often it is renewed: two renewals may fail before the lease ends.
pub(crate) const RENEWAL: Duration = Duration::from_secs(20);

/// A number that this process holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeLease {
    node: u8,
    owner: String,
}

impl NodeLease {
    /// The name of this process among those that live, for its other leases.
    pub fn owner(&self) -> &str {
        &self.owner
    }

    /// The number, for [`base::IdMaker::new`].
    pub fn number(&self) -> u8 {
        self.node
    }
}

/// Why no number could be taken.
#[derive(Debug, Error)]
pub enum NodeError {
    /// All of them are held.
    #[error("all {NODES} node numbers are held; those of dead processes fall free after a minute")]
    NoneFree,
    /// The database.
    #[error("no node number could be leased")]
    Database(#[from] database::Error),
}

/// The name under which this process holds leases: the one that it was given, if any. A SQLite database has one process,
/// which goes on with what it held when it was killed; of several on PostgreSQL each gets a random name.
pub fn process_name(db: &Db, given: Option<&str>, entropy: &Entropy) -> String {
    match (given, db.engine()) {
        (Some(name), _) => name.to_owned(),
        (None, Engine::Sqlite) => "the only process".to_owned(),
        (None, Engine::Postgres) => entropy.secret::<16>().expose().to_owned(),
    }
}

/// Takes the number that a process of this name holds already, else the lowest that is free.
///
/// # Errors
/// See [`NodeError`].
pub async fn take(db: &Db, clock: &Clock, owner: String) -> Result<NodeLease, NodeError> {
    let now = clock.now();
    db.write(Take { owner, now }).await
}

/// Holds the number for another while; `false` if it was lost.
pub async fn renew(db: &Db, clock: &Clock, lease: &NodeLease) -> Result<bool, database::Error> {
    db.write(Renew {
        lease: lease.clone(),
        now: clock.now(),
    })
    .await
}

/// Gives the number back at the end of the process, so that its next start finds it free.
pub async fn release(db: &Db, lease: NodeLease) -> Result<(), database::Error> {
    db.write(Release { lease }).await
}

struct Take {
    owner: String,
    now: Timestamp,
}

impl Op for Take {
    type Out = NodeLease;
    type Error = NodeError;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<NodeLease, NodeError> {
        let owner = self.owner.clone();
        if let Some(node) = store::of_owner(tx, &self.owner).await? {
            store::renew(tx, node.into(), &self.owner, end(self.now)).await?;
            return Ok(NodeLease { node, owner });
        }
        let taken = store::taken(tx, self.now).await?;
        let free = (0..NODES).filter(|node| !taken.contains(&u32::from(*node)));
        for node in free {
            // Another process may have been faster with this one.
            if store::take(tx, node.into(), &self.owner, self.now, end(self.now)).await? {
                return Ok(NodeLease { node, owner });
            }
        }
        Err(NodeError::NoneFree)
    }
}

struct Renew {
    lease: NodeLease,
    now: Timestamp,
}

impl Op for Renew {
    type Out = bool;
    type Error = database::Error;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<bool, database::Error> {
        store::renew(tx, self.lease.node.into(), &self.lease.owner, end(self.now)).await
    }
}

struct Release {
    lease: NodeLease,
}

impl Op for Release {
    type Out = ();
    type Error = database::Error;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<(), database::Error> {
        store::release(tx, self.lease.node.into(), &self.lease.owner).await
    }
}

fn end(now: Timestamp) -> Timestamp {
    now.saturating_add(LEASE).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use database::on_both_databases;

    use super::*;
    use crate::MIGRATIONS;

    fn clock() -> Clock {
        Clock::manual(Timestamp::UNIX_EPOCH)
    }

    async fn take_as(db: &Db, clock: &Clock, owner: impl ToString) -> Result<NodeLease, NodeError> {
        take(db, clock, owner.to_string()).await
    }

    on_both_databases!(
        no_two_processes_have_one_number,
        &[MIGRATIONS],
        |db| async move {
            let clock = clock();
            let mut numbers = BTreeSet::new();
            for owner in 0..NODES {
                let lease = take_as(&db, &clock, owner).await.unwrap();
                assert!(numbers.insert(lease.number()));
            }
            let refused = take_as(&db, &clock, "one too many").await;
            assert!(matches!(refused, Err(NodeError::NoneFree)));
        }
    );

    on_both_databases!(
        a_process_of_the_same_name_goes_on_with_its_number,
        &[MIGRATIONS],
        |db| async move {
            let clock = clock();
            let before = take_as(&db, &clock, "a").await.unwrap();
            take_as(&db, &clock, "b").await.unwrap();
            assert_eq!(take_as(&db, &clock, "a").await.unwrap(), before);
        }
    );

    on_both_databases!(
        a_number_falls_free_when_it_is_not_renewed,
        &[MIGRATIONS],
        |db| async move {
            let clock = clock();
            let one = take_as(&db, &clock, 1).await.unwrap();
            let other = take_as(&db, &clock, 2).await.unwrap();
            clock.advance(Duration::from_mins(1));
            assert!(renew(&db, &clock, &one).await.unwrap());
            clock.advance(Duration::from_millis(1));
            let third = take_as(&db, &clock, 3).await.unwrap();
            assert_eq!(third.number(), other.number());
            // The one who lost it is told, and cannot take it from its new holder.
            assert!(!renew(&db, &clock, &other).await.unwrap());
            release(&db, other).await.unwrap();
            assert!(renew(&db, &clock, &third).await.unwrap());
        }
    );

    on_both_databases!(
        a_number_that_was_given_back_is_free_at_once,
        &[MIGRATIONS],
        |db| async move {
            let clock = clock();
            let lease = take_as(&db, &clock, 1).await.unwrap();
            let number = lease.number();
            release(&db, lease).await.unwrap();
            assert_eq!(take_as(&db, &clock, 2).await.unwrap().number(), number);
        }
    );
}
