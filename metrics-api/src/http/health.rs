//! `/healthz`: the process answers. `/readyz`: its figures can be relied on.

use axum::extract::State;

use super::problem::Problem;
use super::serving::Serving;

pub(super) async fn healthz() -> &'static str {
    "ok\n"
}

/// 503 with a reason until the first snapshot, while figures stand still, and when a feed has stopped.
pub(super) async fn readyz(State(serving): State<Serving>) -> Result<&'static str, Problem> {
    if let Some(reason) = serving.parts.machinery.stopped() {
        return Err(not_ready(
            format!("a feed has stopped: {reason}"),
            "mend the cause, see 'homeward quarantine list', then start the process again",
        ));
    }
    let snapshot = serving.snapshot()?;
    if serving.is_stale(&snapshot) {
        return Err(not_ready(
            format!("the figures stand still at {}", snapshot.as_of().to_rfc3339()),
            "see the log of the transform role",
        ));
    }
    Ok("ready\n")
}

fn not_ready(detail: String, mend: &str) -> Problem {
    Problem { mend: mend.to_owned(), ..Problem::not_ready(detail) }
}
