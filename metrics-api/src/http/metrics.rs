//! `/metrics`, for whoever brings the token when one is configured.

use std::hint::black_box;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::problem::Problem;
use super::serving::Serving;
use crate::config::Secret;
use crate::prometheus::CONTENT_TYPE;

pub(super) async fn metrics(State(serving): State<Serving>, headers: HeaderMap) -> Result<Response, Problem> {
    if !admits(serving.parts.config.metrics_bearer_token.as_ref(), &headers) {
        return Ok(refusal());
    }
    let policy = serving.policy(None)?;
    let snapshot = serving.snapshot_if_any();
    let machinery = serving.parts.machinery.machinery(serving.parts.clock.now(), snapshot.as_deref());
    let text = serving
        .exposition
        .render(snapshot.as_deref(), &serving.parts.catalogue, |snapshot| serving.reading(snapshot, policy), &machinery)
        .map_err(|error| Problem::internal(error.to_string()))?;
    Ok(([(header::CONTENT_TYPE, CONTENT_TYPE)], text).into_response())
}

/// True when no token is asked for, or the right one is brought.
fn admits(token: Option<&Secret>, headers: &HeaderMap) -> bool {
    let Some(token) = token else { return true };
    let brought = headers.get(header::AUTHORIZATION).map(|value| value.as_bytes());
    let brought = brought.and_then(|value| {
        let (scheme, rest) = value.split_at_checked(7)?;
        scheme.eq_ignore_ascii_case(b"bearer ").then(|| rest.trim_ascii())
    });
    brought.is_some_and(|brought| equal_in_constant_time(token.expose(), brought))
}

/// Compares every byte whatever the first difference: the time an answer takes tells nothing about the token but its
/// length.
fn equal_in_constant_time(one: &[u8], other: &[u8]) -> bool {
    let difference = one.iter().zip(other).fold(0, |sum, (left, right)| black_box(sum | (left ^ right)));
    one.len() == other.len() && difference == 0
}

fn refusal() -> Response {
    let problem = Problem::new(
        StatusCode::UNAUTHORIZED,
        "unauthorised",
        "/metrics asks for the token of [serve] metrics_bearer_token_file",
        "send it as 'Authorization: Bearer TOKEN'; in Prometheus: authorization: {credentials_file: ...}",
    );
    ([(header::WWW_AUTHENTICATE, "Bearer")], problem).into_response()
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn brings(value: &str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, HeaderValue::from_str(value).unwrap());
        admits(Some(&Secret::new(b"0123456789abcdef".to_vec())), &headers)
    }

    #[test]
    fn only_the_whole_token_opens() {
        assert!(brings("Bearer 0123456789abcdef"));
        assert!(brings("bearer  0123456789abcdef "));
        for wrong in [
            "Bearer 0123456789abcdeg",
            "Bearer 0123456789abcde",
            "Bearer 0123456789abcdef0",
            "Bearer ",
            "Bearer",
            "Basic 0123456789abcdef",
            "0123456789abcdef",
        ] {
            assert!(!brings(wrong), "{wrong}");
        }
        assert!(!admits(Some(&Secret::new(b"0123456789abcdef".to_vec())), &HeaderMap::new()));
        assert!(admits(None, &HeaderMap::new()));
    }

    #[test]
    fn a_refusal_says_what_to_send() {
        let response = refusal();
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(response.headers()[header::WWW_AUTHENTICATE], "Bearer");
    }
}
