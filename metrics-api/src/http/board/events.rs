//! `/events`: tells open boards that there is a newer snapshot, or that there still is none.
//!
//! Bounds: [`LISTENERS_MAX`] listeners; one event a [`EVENT_PAUSE`] at most, because snapshots that come between are
//! one event; what waits for a slow reader is the newest state alone. A listener holds no figure, only the instant
//! that they speak for. A thousand boards then ask for one rendering that is made once.

use std::convert::Infallible;
use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use futures::Stream;
use futures::stream::unfold;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use super::super::problem::Problem;
use super::super::serving::Serving;
use crate::house::Snapshots;

/// Most boards that listen at a time; the next ones poll.
pub(in crate::http) const LISTENERS_MAX: usize = 2_000;

/// Shortest time between two events of one listener.
const EVENT_PAUSE: Duration = Duration::from_secs(1);

/// Longest time without a sign of life.
const BEAT: Duration = Duration::from_secs(5);

/// A browser that lost the stream asks again after so long.
const RETRY: Duration = Duration::from_secs(2);

/// The server is closing: streams end, so that it can.
#[derive(Debug, Clone)]
pub(in crate::http) struct Closing(pub(in crate::http) CancellationToken);

pub(in crate::http) async fn listen(State(serving): State<Serving>, closing: Option<Extension<Closing>>) -> Response {
    let Ok(permit) = serving.listeners.clone().try_acquire_owned() else {
        let detail = format!("{LISTENERS_MAX} boards listen already");
        let mend = "the board asks for the page itself every few seconds instead";
        return Problem::new(StatusCode::SERVICE_UNAVAILABLE, "too many listeners", detail, mend).into_response();
    };
    let closing = closing.map_or_else(CancellationToken::new, |Extension(Closing(token))| token);
    let snapshots = serving.parts.snapshots.clone();
    let beat = BEAT.min(Duration::from_secs(serving.quiet_seconds()) / 3);
    let listener = Listener { serving, snapshots, closing, beat, told_at: None, _permit: permit };
    let mut response = Sse::new(events(listener)).into_response();
    // A proxy that gathers the stream before passing it on would silence the board.
    response.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

struct Listener {
    serving: Serving,
    snapshots: Snapshots,
    closing: CancellationToken,
    beat: Duration,
    told_at: Option<Instant>,
    _permit: OwnedSemaphorePermit,
}

fn events(listener: Listener) -> impl Stream<Item = Result<Event, Infallible>> {
    unfold(listener, |mut listener| async move {
        let event = listener.next().await?;
        Some((Ok(event), listener))
    })
}

impl Listener {
    /// The next event; none when the server closes or no snapshot will come any more.
    async fn next(&mut self) -> Option<Event> {
        let closing = self.closing.clone();
        let mut name = "snapshot";
        if let Some(told_at) = self.told_at {
            let wait = async {
                sleep_until(told_at + EVENT_PAUSE.min(self.beat)).await;
                tokio::select! {
                    changed = self.snapshots.changed() => changed.ok().map(|()| "snapshot"),
                    () = sleep(self.beat) => Some("beat"),
                }
            };
            name = closing.run_until_cancelled(wait).await??;
        }
        let first = self.told_at.replace(Instant::now()).is_none();
        let event = Event::default().event(name).data(self.state());
        Some(if first { event.retry(RETRY) } else { event })
    }

    /// The newest state, whatever came between. No figure is in it, so no policy need see it.
    fn state(&mut self) -> String {
        let Some(snapshot) = self.snapshots.borrow_and_update().clone() else {
            return "{\"tag\":null,\"as_of\":null,\"stale\":true}".to_owned();
        };
        let stale = self.serving.is_stale(&snapshot);
        let tag = super::tag(&snapshot, stale);
        format!("{{\"tag\":\"{tag}\",\"as_of\":\"{}\",\"stale\":{stale}}}", snapshot.as_of().to_rfc3339())
    }
}
