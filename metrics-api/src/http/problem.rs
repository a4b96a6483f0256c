//! Errors as JSON problems (RFC 9457 with one more member, `mend`).

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// What went wrong, and what the caller can do about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// HTTP status, repeated so that a saved body explains itself.
    pub status: u16,
    /// The kind of problem, in a few words.
    pub title: String,
    /// What and where.
    pub detail: String,
    /// What to do instead.
    pub mend: String,
}

impl Problem {
    /// A problem of the given status.
    pub fn new(status: StatusCode, title: &str, detail: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { status: status.as_u16(), title: title.to_owned(), detail: detail.into(), mend: mend.into() }
    }

    /// The caller's parameter is at fault.
    pub fn bad_request(detail: impl Into<String>, mend: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad request", detail, mend)
    }

    /// There is no such thing.
    pub fn not_found(detail: impl Into<String>, mend: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not found", detail, mend)
    }

    /// No figures yet.
    pub fn not_ready(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "not ready", detail, "try again in a few seconds; /readyz says when")
    }

    /// The process cannot do what it should.
    pub fn internal(detail: impl Into<String>) -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal error",
            detail,
            "this is a defect: see the log of the process",
        )
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(self)).into_response();
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/problem+json"));
        response
    }
}
