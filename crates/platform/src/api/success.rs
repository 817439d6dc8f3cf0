//! The one answer to whatever a partner does with effect: `{"status": "success"}`, and exactly 200 (protocol D2).

use axum::Json;
use serde::Serialize;

/// The answer.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Success {
    status: &'static str,
}

/// It was done, and is durable.
pub(super) const fn success() -> Json<Success> {
    Json(Success { status: "success" })
}
