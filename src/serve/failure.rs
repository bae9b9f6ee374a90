//! What a request gets that cannot be answered: a status, the words, the hint, the place in a formula.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::error::{Error, Kind};
use crate::serve::spanish::with_spanish;

/// A refusal or an error, as the page is told of it.
#[derive(Debug, Clone)]
pub struct Failure {
    /// The status of the answer.
    pub status: StatusCode,
    kind: &'static str,
    message: String,
    hint: Option<String>,
    characters: Option<(usize, usize)>,
}

/// What a request of the page ends in.
pub type Answer<T> = Result<T, Failure>;

impl Failure {
    /// A failure with a status and a word for its kind.
    pub fn new(status: StatusCode, kind: &'static str, message: impl Into<String>) -> Failure {
        Failure { status, kind, message: message.into(), hint: None, characters: None }
    }

    /// The same with the next thing to try.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Failure {
        self.hint = Some(hint.into());
        self
    }

    /// 400: the request asks for what does not exist or contradicts itself.
    pub fn usage(message: impl Into<String>) -> Failure {
        Failure::new(StatusCode::BAD_REQUEST, "usage", message)
    }

    /// 403: it comes from elsewhere.
    pub fn foreign(message: impl Into<String>) -> Failure {
        Failure::new(StatusCode::FORBIDDEN, "foreign", message)
    }

    /// 401: it has no token.
    pub fn locked() -> Failure {
        Failure::new(StatusCode::UNAUTHORIZED, "token", "this needs the token of the page")
            .hint("open the address that `clinreg serve` printed")
    }

    /// 404.
    pub fn unknown(what: &str) -> Failure {
        Failure::new(StatusCode::NOT_FOUND, "unknown", format!("there is no such {what}"))
    }

    /// 409: it cannot be done in this state.
    pub fn not_now(message: impl Into<String>) -> Failure {
        Failure::new(StatusCode::CONFLICT, "state", message)
    }

    /// 413.
    pub fn too_large(message: impl Into<String>) -> Failure {
        Failure::new(StatusCode::PAYLOAD_TOO_LARGE, "limit", message)
    }

    /// 429.
    pub fn too_many(message: impl Into<String>) -> Failure {
        Failure::new(StatusCode::TOO_MANY_REQUESTS, "limit", message)
    }

    /// The body of the answer.
    pub fn json(&self) -> Value {
        let position = self.characters.map(|(start, end)| json!({"start": start, "end": end}));
        with_spanish(
            json!({"error": self.message, "hint": self.hint, "kind": self.kind, "position": position}),
        )
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        let (status, kind) = match error.kind {
            Kind::Data => (StatusCode::BAD_REQUEST, "data"),
            Kind::Formula => (StatusCode::BAD_REQUEST, "formula"),
            Kind::Usage => (StatusCode::BAD_REQUEST, "usage"),
            Kind::Model => (StatusCode::BAD_REQUEST, "model"),
            Kind::Io => (StatusCode::INTERNAL_SERVER_ERROR, "io"),
        };
        Failure { status, kind, message: error.message, hint: error.hint, characters: error.characters }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        (self.status, Json(self.json())).into_response()
    }
}
