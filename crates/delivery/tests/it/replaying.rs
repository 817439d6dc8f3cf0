//! What tests of replays do: make one, let it go on, look at it.

use database::{Error, Op, Tx};
use delivery::replay::{self, Advanced, NewReplay, Rate, ReplayView, Span, Stopped, Survey};
use delivery::{EndpointId, Engine};
use jiff::Timestamp;
use protocol::id::ReplayId;

use crate::receiver::Reply;
use crate::world::{ENDPOINT, Routes, World};

pub(crate) fn replay_id(number: i64) -> ReplayId {
    ReplayId::from_i64(number).unwrap()
}

struct Create(NewReplay);

impl Op for Create {
    type Out = ReplayView;
    type Error = Error;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<ReplayView, Error> {
        replay::create(tx, &self.0).await
    }
}

/// Creates a replay in a transaction that comes to nothing.
pub(crate) struct CreateAndFail(pub(crate) NewReplay);

impl Op for CreateAndFail {
    type Out = ();
    type Error = Error;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<(), Error> {
        replay::create(tx, &self.0).await?;
        Err(Error::NoRow)
    }
}

/// Stops a replay.
struct Cancel(i64, Timestamp);

impl Op for Cancel {
    type Out = Stopped;
    type Error = Error;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<Stopped, Error> {
        replay::cancel(tx, replay_id(self.0), self.1).await
    }
}

impl World {
    pub(crate) async fn survey(&self, endpoint: EndpointId, since: Timestamp) -> (Span, Survey) {
        let span = Span {
            endpoint_id: endpoint,
            since,
            until: self.clock.now(),
        };
        let survey = replay::survey(&mut self.db.scanner(), &span).await;
        (span, survey.unwrap())
    }

    pub(crate) async fn new_replay(&self, id: i64, since: Timestamp, per_second: u64) -> NewReplay {
        let (span, survey) = self.survey(ENDPOINT, since).await;
        NewReplay {
            replay_id: replay_id(id),
            span,
            survey,
            rate: Rate::new(per_second).unwrap(),
            created_at: self.clock.now(),
        }
    }

    pub(crate) async fn replay(&self, id: i64, since: Timestamp, per_second: u64) -> ReplayView {
        let new = self.new_replay(id, since, per_second).await;
        self.db.write(Create(new)).await.unwrap()
    }

    pub(crate) async fn advance_replays(&self, owner: &str) -> Advanced {
        let now = self.clock.now();
        replay::advance(&self.db, owner, now).await.unwrap()
    }

    pub(crate) async fn stop_replay(&self, id: i64) -> Stopped {
        let now = self.clock.now();
        self.db.write(Cancel(id, now)).await.unwrap()
    }

    pub(crate) async fn found(&self, id: i64) -> ReplayView {
        let found = replay::find(&mut self.db.reader(), replay_id(id)).await;
        found.unwrap().expect("the replay is there")
    }

    /// Everything that is pending is refused until it is dead.
    pub(crate) async fn let_all_die(&self, engine: &Engine<Routes>) {
        self.receiver.answers(|_| Reply::Status(400));
        for _ in 0..8 {
            engine.drain().await.unwrap();
            self.advance(1);
        }
        self.receiver.answers(|_| Reply::Status(200));
    }

    /// So many leads that are dead, from this number on.
    pub(crate) async fn dead_leads(&self, engine: &Engine<Routes>, first: i64, count: i64) {
        for lead in first..first + count {
            self.record(lead, "lead", lead).await;
        }
        self.let_all_die(engine).await;
    }
}
