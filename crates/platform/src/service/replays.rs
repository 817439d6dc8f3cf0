//! Replays: sending a partner again what died (protocol §4.5), by jobs that go on by themselves.

use database::{Error, Op, Tx};
use delivery::replay::{self, NewReplay, Rate, ReplayView, Span, Stopped, Survey};
use jiff::Timestamp;
use protocol::id::{PartnerId, ReplayId};
use serde_json::json;

use crate::core::Core;
use crate::service::idempotency::{Answer, KeyedRequest, Once, OnceError};
use crate::service::partner::PartnerError;
use crate::service::{ids, operator_audit};
use crate::store::partner;

/// What is to be replayed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) partner_id: PartnerId,
    /// When it died, at the earliest.
    pub(crate) since: Timestamp,
    /// When it died, at the latest; until now unless told.
    pub(crate) until: Option<Timestamp>,
    pub(crate) rate: Rate,
}

impl Wanted {
    /// What is to come cannot have died.
    fn span(&self, now: Timestamp) -> Span {
        Span {
            endpoint_id: self.partner_id.into(),
            since: self.since,
            until: self.until.map_or(now, |until| until.min(now)),
        }
    }
}

/// How much a replay would mean. Changes nothing.
pub(crate) async fn survey(core: &Core, wanted: &Wanted) -> Result<(Span, Survey), PartnerError> {
    let mut scanner = core.db.scanner();
    if partner::find(&mut scanner, wanted.partner_id)
        .await?
        .is_none()
    {
        return Err(PartnerError::UnknownPartner);
    }
    let span = wanted.span(core.clock.now());
    let survey = replay::survey(&mut scanner, &span).await?;
    Ok((span, survey))
}

/// Begins a replay; a small one is over at once.
pub(crate) async fn start(
    core: &Core,
    wanted: &Wanted,
    request: Option<KeyedRequest>,
    answer: fn(&ReplayView) -> Answer,
) -> Result<Answer, OnceError<PartnerError>> {
    let (span, survey) = survey(core, wanted).await.map_err(OnceError::Refused)?;
    let new = NewReplay {
        replay_id: ids::next(&core.ids, ReplayId::from_i64),
        span,
        survey,
        rate: wanted.rate,
        created_at: core.clock.now(),
    };
    let op = Start {
        core: core.clone(),
        partner_id: wanted.partner_id,
        new,
    };
    let started = Once {
        core: core.clone(),
        request,
        op,
        answer,
    };
    let answer = core.db.write(started).await?;
    core.deliveries.wake();
    Ok(answer)
}

/// At most `limit` replays after this one, newest first; of one partner, or of all.
pub(crate) async fn list(
    core: &Core,
    partner_id: Option<PartnerId>,
    after: Option<ReplayId>,
    limit: usize,
) -> Result<Vec<ReplayView>, Error> {
    let endpoint = partner_id.map(Into::into);
    replay::list(&mut core.db.reader(), endpoint, after, limit).await
}

/// One replay.
pub(crate) async fn find(core: &Core, replay_id: ReplayId) -> Result<Option<ReplayView>, Error> {
    replay::find(&mut core.db.reader(), replay_id).await
}

/// Stops a replay.
pub(crate) async fn cancel(core: &Core, replay_id: ReplayId) -> Result<Stopped, Error> {
    let core = core.clone();
    let db = core.db.clone();
    db.write(Cancel { core, replay_id }).await
}

struct Start {
    core: Core,
    partner_id: PartnerId,
    new: NewReplay,
}

impl Op for Start {
    type Out = ReplayView;
    type Error = PartnerError;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<ReplayView, PartnerError> {
        let made = replay::create(tx, &self.new).await?;
        let detail = json!({
            "partner_id": self.partner_id,
            "replay_id": made.replay_id,
            "since": made.span.since.to_string(),
            "until": made.span.until.to_string(),
            "rate_per_second": made.rate.per_second(),
        });
        operator_audit::record(tx, &self.core, "partner.replayed", None, &detail).await?;
        Ok(made)
    }
}

struct Cancel {
    core: Core,
    replay_id: ReplayId,
}

impl Op for Cancel {
    type Out = Stopped;
    type Error = Error;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<Stopped, Error> {
        let stopped = replay::cancel(tx, self.replay_id, self.core.clock.now()).await?;
        if matches!(stopped, Stopped::Now(_)) {
            let detail = json!({"replay_id": self.replay_id});
            operator_audit::record(tx, &self.core, "replay.cancelled", None, &detail).await?;
        }
        Ok(stopped)
    }
}
