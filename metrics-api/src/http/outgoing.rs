//! The only JSON body of a good answer: something released.

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use homeward_transform::release::Released;
use serde::Serialize;

use super::problem::Problem;

/// A JSON answer.
pub(super) struct Outgoing<T>(pub(super) Released<T>);

impl<T: Serialize> IntoResponse for Outgoing<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(body) => {
                let mut response = body.into_response();
                let headers = response.headers_mut();
                headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
                headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
                response
            }
            Err(error) => {
                Problem::internal(format!("the answer could not be written as JSON: {error}")).into_response()
            }
        }
    }
}
