//! Bodies of requests: bounded in bytes, time and depth before anything looks at them.

use axum::body::Body;
use axum::http::{HeaderMap, header};
use serde::de::DeserializeOwned;

use crate::serve::failure::{Answer, Failure};
use crate::serve::state::{JSON_BYTES, Shared};

/// Brackets inside brackets.
const DEPTH: usize = 16;

/// The bytes of a body.
///
/// # Errors
/// 413, when there are more than `most`; 408, when they take too long; 400, when the connection breaks.
pub async fn bytes(headers: &HeaderMap, body: Body, most: usize, shared: &Shared) -> Answer<Vec<u8>> {
    let too_large = || Failure::too_large(format!("more than {} are not taken", in_words(most)));
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|n| n.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|n| n > most) {
        return Err(too_large());
    }
    let all = axum::body::to_bytes(body, most);
    match tokio::time::timeout(shared.limits.body, all).await {
        Ok(Ok(bytes)) => Ok(bytes.into()),
        Ok(Err(cause)) if is_length(&cause) => Err(too_large()),
        Ok(Err(_)) => Err(Failure::usage("the body of the request is broken")),
        Err(_) => Err(Failure::new(
            axum::http::StatusCode::REQUEST_TIMEOUT,
            "limit",
            "the body of the request took too long",
        )),
    }
}

/// A body that is JSON.
///
/// # Errors
/// As [`bytes`]; 415, when it does not say that it is JSON; 400, when it is not what was asked for.
pub async fn json<T: DeserializeOwned>(headers: &HeaderMap, body: Body, shared: &Shared) -> Answer<T> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if kind.split(';').next().map(str::trim) != Some("application/json") {
        return Err(Failure::new(
            axum::http::StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "usage",
            "the body must be `application/json`",
        ));
    }
    let bytes = bytes(headers, body, JSON_BYTES, shared).await?;
    if depth(&bytes) > DEPTH {
        return Err(Failure::usage(format!("brackets inside brackets go {DEPTH} deep at most")));
    }
    serde_json::from_slice(&bytes).map_err(|cause| Failure::usage(format!("not as expected: {cause}")))
}

fn is_length(cause: &axum::Error) -> bool {
    let mut source: Option<&dyn std::error::Error> = Some(cause);
    while let Some(error) = source {
        if error.to_string().contains("length limit exceeded") {
            return true;
        }
        source = error.source();
    }
    false
}

/// How deep the brackets go, those inside strings apart.
fn depth(json: &[u8]) -> usize {
    let (mut depth, mut deepest, mut in_text, mut escaped) = (0_usize, 0, false, false);
    for byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b'[' | b'{' if !in_text => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// `64 MB`, `64 kB`, `10 bytes`.
fn in_words(bytes: usize) -> String {
    match bytes {
        b if b >= 1 << 20 => format!("{} MB", b >> 20),
        b if b >= 1 << 10 => format!("{} kB", b >> 10),
        b => format!("{b} bytes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_inside_text_are_not_counted() {
        assert_eq!(depth(br#"{"a": [1, {"b": "[[[[\"[["}]}"#), 3);
        assert_eq!(depth(b"[[[[[[[[[["), 10);
    }
}
