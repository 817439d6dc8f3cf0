//! Pausing the targeting of businesses while what is sent to their partner does not arrive (protocol §4.5; the Terms' "API
//! impairment"), if the operator wants that.
//!
//! A pause lies over what pros and partners switched and does not touch it. It comes when every partner through which a
//! business receives leads is impaired, one of them for longer than the operator said, and it goes with that. A pro or the
//! operator who switches the business by hand meanwhile has spoken: the pause ends, and that impairment never brings it
//! back. A partner's program that switches is heard, and takes effect after the pause, since it may do so every evening.
//!
//! Every step is a small transaction that holds the impairment's row, so any number of processes may take it.

use std::time::Duration;

use database::{Error, Op, Tx};
use jiff::{SignedDuration, Timestamp};
use protocol::id::{BusinessId, ImpairmentId};
use serde_json::json;

use crate::core::Core;
use crate::domain::impairment::{Impairment, PausedTargeting};
use crate::store::audit::{self, Actor, Entry};
use crate::store::targeting_pause::{self as pauses, HeldBack, PauseEnd};
use crate::store::{event, impairment};

/// So many businesses are paused or freed in one transaction.
const BATCH: usize = 100;

/// Holds back the businesses that depend on partners whose impairment has lasted for `after`; answers how many.
pub(crate) async fn pause_lasting(
    core: &Core,
    open: &[Impairment],
    after: Duration,
) -> Result<usize, Error> {
    let after = SignedDuration::try_from(after).unwrap_or(SignedDuration::MAX);
    let now = core.clock.now();
    let lasting = |one: &&Impairment| one.is_told() && one.has_lasted(after, now);
    let mut paused = 0;
    for impairment in open.iter().filter(lasting) {
        paused += pause_dependent(core, impairment.impairment_id).await?;
    }
    Ok(paused)
}

/// Frees the businesses that need not be held back any more; answers how many. What was freed when an endpoint recovered is
/// not among them.
pub(crate) async fn free_needless(core: &Core) -> Result<usize, Error> {
    let mut freed = 0;
    for impairment_id in pauses::pausing(&mut core.db.reader()).await? {
        let rest = FreeRest {
            core: core.clone(),
            impairment_id,
        };
        loop {
            let count = core.db.write(rest.clone()).await?;
            freed += count;
            if count < BATCH {
                break;
            }
        }
        freed += free_rerouted(core, impairment_id).await?;
    }
    Ok(freed)
}

/// Who might depend on the partner is looked for outside of the transactions, in which each one is judged.
async fn pause_dependent(core: &Core, impairment_id: ImpairmentId) -> Result<usize, Error> {
    let (mut after, mut paused) = (0, 0);
    loop {
        let mut scanner = core.db.scanner();
        let found = pauses::candidates(&mut scanner, impairment_id, after, limit()).await?;
        let Some(last) = found.last() else {
            return Ok(paused);
        };
        after = last.get();
        let batch = PauseBatch {
            core: core.clone(),
            impairment_id,
            candidates: found,
        };
        paused += core.db.write(batch).await?;
    }
}

/// The same the other way round. Somebody else may free them meanwhile: then there is nothing left to do here.
async fn free_rerouted(core: &Core, impairment_id: ImpairmentId) -> Result<usize, Error> {
    let mut total = 0;
    loop {
        let mut scanner = core.db.scanner();
        let candidates = pauses::needless_of(&mut scanner, impairment_id, limit()).await?;
        if candidates.is_empty() {
            return Ok(total);
        }
        let batch = FreeRerouted {
            core: core.clone(),
            impairment_id,
            candidates,
        };
        let freed = core.db.write(batch).await?;
        if freed == 0 {
            return Ok(total);
        }
        total += freed;
    }
}

/// Frees the first businesses of an impairment that is over, and notes on it when they were the last.
pub(crate) async fn free_some<T: Tx>(
    tx: &mut T,
    over: &mut Impairment,
    now: Timestamp,
) -> Result<Vec<HeldBack>, Error> {
    let Some(targeting) = &mut over.targeting else {
        return Ok(Vec::new());
    };
    // One more than a batch, to see whether it is the last.
    let mut found = pauses::standing_of(tx, over.impairment_id, limit() + 1).await?;
    let is_rest = found.len() <= BATCH;
    found.truncate(BATCH);
    let mut freed = Vec::new();
    for held_back in found {
        let (business_id, end) = (held_back.business_id, PauseEnd::Recovered);
        if pauses::resume(tx, business_id, over.impairment_id, end, now).await? {
            freed.push(held_back);
        }
    }
    if is_rest {
        targeting.resumed_at = Some(now);
    }
    Ok(freed)
}

/// Tells of businesses that are free because the impairment is over.
pub(crate) async fn tell_freed<T: Tx>(
    tx: &mut T,
    core: &Core,
    impairment: &Impairment,
    freed: &[HeldBack],
    now: Timestamp,
) -> Result<(), Error> {
    let told = Told {
        core,
        impairment,
        actor: Actor::Platform,
        now,
    };
    for held_back in freed {
        told.resumed(tx, *held_back, PauseEnd::Recovered).await?;
    }
    Ok(())
}

/// Lets what a pro or the operator switched by hand go before all pauses of the business. The caller holds the business and
/// has switched it to `targeting`.
pub(crate) async fn overrule<T: Tx>(
    tx: &mut T,
    core: &Core,
    held_back: HeldBack,
    (end, actor): (PauseEnd, Actor<'_>),
    now: Timestamp,
) -> Result<(), Error> {
    let overruled = pauses::overrule(tx, held_back.business_id, end, now).await?;
    let Some(impairment_id) = overruled else {
        return Ok(());
    };
    // It cannot be missing: the pause refers to it.
    if let Some(impairment) = impairment::find(tx, impairment_id).await? {
        let told = Told {
            core,
            impairment: &impairment,
            actor,
            now,
        };
        told.resumed(tx, held_back, end).await?;
    }
    Ok(())
}

fn limit() -> i64 {
    i64::try_from(BATCH).unwrap_or(i64::MAX)
}

/// What is told of a pause.
struct Told<'a> {
    core: &'a Core,
    impairment: &'a Impairment,
    actor: Actor<'a>,
    now: Timestamp,
}

impl Told<'_> {
    async fn paused<T: Tx>(&self, tx: &mut T, business_id: BusinessId) -> Result<(), Error> {
        self.publish(tx, "targeting.paused", business_id, false, "impairment")
            .await
    }

    async fn resumed<T: Tx>(
        &self,
        tx: &mut T,
        held_back: HeldBack,
        end: PauseEnd,
    ) -> Result<(), Error> {
        let (business_id, enabled) = (held_back.business_id, held_back.targeting);
        self.publish(tx, "targeting.resumed", business_id, enabled, end.as_str())
            .await
    }

    /// `enabled`: whether customers are offered the business from now on.
    async fn publish<T: Tx>(
        &self,
        tx: &mut T,
        kind: &str,
        business_id: BusinessId,
        enabled: bool,
        reason: &str,
    ) -> Result<(), Error> {
        let content = json!({
            "impairment_id": self.impairment.impairment_id,
            "partner_id": self.impairment.partner_id,
            "businessID": business_id,
            "enabled": enabled,
            "reason": reason,
        })
        .to_string();
        let entry = Entry {
            audit_id: self.core.ids.next_id(),
            kind,
            actor: self.actor,
            business_id: Some(business_id),
            detail: &content,
            at: self.now,
        };
        audit::record(tx, &entry).await?;
        event::append(tx, kind, Some(business_id), &content, self.now).await?;
        Ok(())
    }
}

/// Holds back those of some businesses that depend on the partner.
struct PauseBatch {
    core: Core,
    impairment_id: ImpairmentId,
    candidates: Vec<BusinessId>,
}

impl Op for PauseBatch {
    type Out = usize;
    type Error = Error;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<usize, Error> {
        let now = self.core.clock.now();
        let found = impairment::lock(tx, self.impairment_id).await?;
        let Some(mut impairment) = found.filter(Impairment::is_open) else {
            return Ok(0);
        };
        let mut paused = Vec::new();
        for business_id in &self.candidates {
            if pauses::pause(tx, *business_id, self.impairment_id, now).await? {
                paused.push(*business_id);
            }
        }
        if !paused.is_empty() && impairment.targeting.is_none() {
            impairment.targeting = Some(PausedTargeting {
                paused_at: now,
                resumed_at: None,
            });
            impairment::save(tx, &impairment).await?;
        }
        let told = Told {
            core: &self.core,
            impairment: &impairment,
            actor: Actor::Platform,
            now,
        };
        for business_id in &paused {
            told.paused(tx, *business_id).await?;
        }
        Ok(paused.len())
    }
}

/// Frees some of the businesses that an impairment still holds back although it is over.
#[derive(Clone)]
struct FreeRest {
    core: Core,
    impairment_id: ImpairmentId,
}

impl Op for FreeRest {
    type Out = usize;
    type Error = Error;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<usize, Error> {
        let now = self.core.clock.now();
        let found = impairment::lock(tx, self.impairment_id).await?;
        let Some(mut over) = found.filter(|impairment| !impairment.is_open()) else {
            return Ok(0);
        };
        let freed = free_some(tx, &mut over, now).await?;
        impairment::save(tx, &over).await?;
        tell_freed(tx, &self.core, &over, &freed, now).await?;
        Ok(freed.len())
    }
}

/// Frees those of some businesses that do not depend on the partner any more, while its impairment lasts.
struct FreeRerouted {
    core: Core,
    impairment_id: ImpairmentId,
    candidates: Vec<HeldBack>,
}

impl Op for FreeRerouted {
    type Out = usize;
    type Error = Error;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<usize, Error> {
        let now = self.core.clock.now();
        let found = impairment::lock(tx, self.impairment_id).await?;
        let Some(impairment) = found.filter(Impairment::is_open) else {
            return Ok(0);
        };
        let mut freed = Vec::new();
        for held_back in &self.candidates {
            if pauses::resume_needless(tx, held_back.business_id, self.impairment_id, now).await? {
                freed.push(*held_back);
            }
        }
        let told = Told {
            core: &self.core,
            impairment: &impairment,
            actor: Actor::Platform,
            now,
        };
        for held_back in &freed {
            told.resumed(tx, *held_back, PauseEnd::Rerouted).await?;
        }
        Ok(freed.len())
    }
}

#[cfg(test)]
mod tests;
