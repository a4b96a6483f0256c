//! HTTP: the live board, the JSON API, health and `/metrics`.
//!
//! Every answer that holds figures is made from [`Released`] values; [`outgoing::Outgoing`] takes nothing
//! else. The default address is this machine only: whoever reaches `/metrics` sees everything.

mod api;
mod board;
mod data_quality;
mod health;
mod metrics;
mod months;
mod outgoing;
mod problem;
mod reconciliation;
mod serving;
mod virtual_wards;

use std::net::SocketAddr;

use axum::routing::get;
use axum::{Extension, Router};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

pub use problem::Problem;
pub use serving::{MachineryView, Serving, ServingParts};

/// An address could not be served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address is taken or not ours.
    #[error(
        "{address} cannot be served: {source}; choose another address in [serve] of homeward.toml, \
         or end the process that holds it"
    )]
    Bind {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// The listener failed while serving.
    #[error("serving {address} failed: {source}")]
    Serve {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
}

/// Page, API and health, and `/metrics` as well unless it has an address of its own.
pub fn router(serving: Serving, with_metrics: bool) -> Router {
    let router = Router::new()
        .route("/", get(board::front))
        .route("/area/{level}/{code}", get(board::area))
        .route("/months", get(board::months))
        .route("/area/{level}/{code}/months", get(board::area_months))
        .route("/virtual-wards", get(board::wards))
        .route("/area/{level}/{code}/virtual-wards", get(board::area_wards))
        .route("/days-at-home", get(board::at_home))
        .route("/area/{level}/{code}/days-at-home", get(board::area_at_home))
        .route("/data-quality", get(board::qualities))
        .route("/data-quality/{provider}", get(board::quality))
        .route("/indicator/{id}", get(board::indicator))
        .route("/indicator/{id}/revisions", get(board::revisions))
        .route("/reconciliation", get(board::reconciliations))
        .route("/reconciliation/{provider}/{month}", get(board::reconciliation))
        .route("/events", get(board::listen))
        .route("/board.js", get(board::script))
        .route("/board.css", get(board::style))
        .route("/icon.svg", get(board::icon))
        .route("/api/v1/figures", get(api::figures))
        .route("/api/v1/indicators", get(api::indicators))
        .route("/api/v1/indicators/{id}", get(api::indicator))
        .route("/api/v1/revisions", get(api::revisions))
        .route("/api/v1/data-quality", get(data_quality::data_quality))
        .route("/api/v1/reconciliation", get(reconciliation::reconciliation))
        .route("/api/v1/virtual-ward-reconciliation", get(virtual_wards::virtual_wards))
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .fallback(fallback);
    let router = if with_metrics { router.route("/metrics", get(metrics::metrics)) } else { router };
    router.with_state(serving)
}

/// `/metrics` and health alone.
pub fn metrics_router(serving: Serving) -> Router {
    Router::new()
        .route("/metrics", get(metrics::metrics))
        .route("/healthz", get(health::healthz))
        .fallback(fallback)
        .with_state(serving)
}

/// Takes an address.
///
/// # Errors
/// When it is taken or not ours.
pub async fn bind(address: SocketAddr) -> Result<TcpListener, ServeError> {
    TcpListener::bind(address).await.map_err(|source| ServeError::Bind { address, source })
}

/// Serves until `shutdown`, then lets the requests at hand finish.
///
/// # Errors
/// When the listener fails.
pub async fn serve(listener: TcpListener, router: Router, shutdown: CancellationToken) -> Result<(), ServeError> {
    let address = listener.local_addr().unwrap_or_else(|_| SocketAddr::from(([0, 0, 0, 0], 0)));
    // Open event streams end with the server; otherwise it would wait for every board to go away.
    let router = router.layer(Extension(board::Closing(shutdown.clone())));
    axum::serve(listener, router)
        .with_graceful_shutdown(async move { shutdown.cancelled().await })
        .await
        .map_err(|source| ServeError::Serve { address, source })
}

async fn fallback(uri: axum::http::Uri) -> Problem {
    Problem::not_found(
        format!("there is nothing at {}", uri.path()),
        "use /, /area/{level}/{code}, /months, /virtual-wards, /days-at-home, /indicator/{id}, /data-quality, /reconciliation, /events, /metrics, /healthz, /readyz, /api/v1/data-quality, /api/v1/figures, /api/v1/indicators, /api/v1/reconciliation, /api/v1/revisions or /api/v1/virtual-ward-reconciliation",
    )
}

#[cfg(test)]
mod tests;
