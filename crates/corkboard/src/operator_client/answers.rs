//! The answers of the operator API, as much of them as people are shown (protocol §8.4, §8.7).

use jiff::Timestamp;
use serde::Deserialize;

/// A delivery in a list.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Delivery {
    pub(crate) delivery_id: String,
    pub(crate) kind: String,
    #[serde(rename = "leadID")]
    pub(crate) lead_id: Option<String>,
    pub(crate) business_id: String,
    pub(crate) partner_id: String,
    pub(crate) state: String,
    pub(crate) attempts: u32,
    pub(crate) next_attempt_at: Option<Timestamp>,
    pub(crate) last_status: Option<u32>,
    pub(crate) last_error: Option<String>,
    pub(crate) created_at: Timestamp,
    pub(crate) finished_at: Option<Timestamp>,
}

/// A delivery with all that is known of it.
#[derive(Debug, Deserialize)]
pub(crate) struct Dossier {
    #[serde(flatten)]
    pub(crate) delivery: Delivery,
    pub(crate) partner_name: Option<String>,
    pub(crate) next: Next,
    pub(crate) attempt_log: Vec<Attempt>,
    pub(crate) method: Option<String>,
    pub(crate) url: Option<String>,
    pub(crate) curl: Option<String>,
    pub(crate) body: Body,
    pub(crate) as_of: Timestamp,
}

/// What comes next.
#[derive(Debug, Deserialize)]
pub(crate) struct Next {
    pub(crate) waits_for: String,
    pub(crate) at: Option<Timestamp>,
    pub(crate) explanation: String,
}

/// One request that was made.
#[derive(Debug, Deserialize)]
pub(crate) struct Attempt {
    pub(crate) attempt: u32,
    pub(crate) started_at: Timestamp,
    pub(crate) ended_at: Timestamp,
    pub(crate) class: String,
    pub(crate) status: Option<u32>,
    pub(crate) error: Option<String>,
    pub(crate) answer: Option<String>,
}

/// Whether the bytes are still there.
#[derive(Debug, Deserialize)]
pub(crate) struct Body {
    pub(crate) kept: bool,
    pub(crate) explanation: String,
}

/// How it stands with a partner's deliveries.
#[derive(Debug, Deserialize)]
pub(crate) struct Health {
    pub(crate) partner_id: String,
    pub(crate) name: String,
    pub(crate) state: String,
    pub(crate) explanation: String,
    pub(crate) what_to_do: Vec<String>,
    pub(crate) kinds_off: Vec<String>,
    pub(crate) hold: Option<Hold>,
    pub(crate) pending: u64,
    pub(crate) has_more_pending: bool,
    pub(crate) oldest_pending_at: Option<Timestamp>,
    pub(crate) dead: u64,
    pub(crate) has_more_dead: bool,
    pub(crate) as_of: Timestamp,
    pub(crate) running_replays: Vec<String>,
}

/// Since when everything waits, and when the next probe is.
#[derive(Debug, Deserialize)]
pub(crate) struct Hold {
    pub(crate) since: Timestamp,
    pub(crate) probes: u32,
    pub(crate) next_probe_at: Timestamp,
}

/// A partner in a list.
#[derive(Debug, Deserialize)]
pub(crate) struct Partner {
    pub(crate) partner_id: String,
    pub(crate) name: String,
}

/// How much a replay would be.
#[derive(Debug, Deserialize)]
pub(crate) struct Survey {
    pub(crate) since: Timestamp,
    pub(crate) until: Timestamp,
    pub(crate) rate_per_second: u64,
    pub(crate) total: u64,
}

/// A replay.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Replay {
    pub(crate) replay_id: String,
    pub(crate) partner_id: String,
    pub(crate) state: String,
    pub(crate) since: Timestamp,
    pub(crate) until: Timestamp,
    pub(crate) rate_per_second: u64,
    pub(crate) total: u64,
    pub(crate) replayed: u64,
    pub(crate) created_at: Timestamp,
    pub(crate) finished_at: Option<Timestamp>,
}
