//! Who may come in: the right host, the right origin, the token; and the headers that every answer carries.

use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::serve::failure::Failure;
use crate::serve::state::Shared;

/// The header that carries the token where a request changes something.
pub const TOKEN_HEADER: &str = "x-clinreg-token";

/// What the page itself may do: its own files and addresses, and nothing else.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; \
                      font-src 'self'; connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";

/// What a report may do, which has its style and pictures inside: nothing runs in it.
pub const REPORT_POLICY: &str = "sandbox allow-popups; default-src 'none'; style-src 'unsafe-inline'; img-src data:; \
                                 base-uri 'none'; form-action 'none'; frame-ancestors 'self'";

/// Headers of every answer, refusals included.
const HEADERS: [(HeaderName, &str); 8] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_FRAME_OPTIONS, "SAMEORIGIN"),
    (header::CACHE_CONTROL, "no-store"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=(), payment=(), usb=(), interest-cohort=()",
    ),
];

/// Whether the request carries the token, in its cookie or header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// It does.
    Yes,
    /// It does not.
    No,
}

impl FromRequestParts<Shared> for Known {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, shared: &Shared) -> Result<Known, Failure> {
        let known = in_header(&parts.headers, shared) || in_cookie(&parts.headers, shared);
        Ok(if known { Known::Yes } else { Known::No })
    }
}

/// Every request passes here first: 1. host and origin are this server's own; 2. `/api` has the token, in the header
/// where something changes; 3. whatever the answer, it carries the headers.
pub async fn check(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    let mut response = match refused(&request, &shared) {
        Some(refusal) => refusal.into_response(),
        None => next.run(request).await,
    };
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

fn refused(request: &Request, shared: &Shared) -> Option<Failure> {
    if !is_own_host(request, shared) {
        return Some(Failure::foreign("this server answers to its own address only"));
    }
    if !is_own_origin(request.headers(), shared) {
        return Some(Failure::foreign("this server answers to its own page only"));
    }
    if !request.uri().path().starts_with("/api") {
        return None;
    }
    let by_header = in_header(request.headers(), shared);
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD);
    if by_header || (!changes && in_cookie(request.headers(), shared)) {
        return None;
    }
    Some(Failure::locked())
}

/// Exactly one Host, `127.0.0.1:PORT` or `localhost:PORT`: a foreign name that points here (DNS rebinding) is refused.
fn is_own_host(request: &Request, shared: &Shared) -> bool {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let own = |value: &HeaderValue| shared.hosts.iter().any(|host| value.as_bytes() == host.as_bytes());
    let one = hosts.next().is_some_and(own) && hosts.next().is_none();
    let whole_address = request.uri().authority();
    one && whole_address.is_none_or(|a| shared.hosts.iter().any(|host| a.as_str() == host))
}

/// No Origin (a navigation, a script of this page) or this server's; and no request that a browser says is another
/// site's, save that somebody followed a link to the page.
fn is_own_origin(headers: &HeaderMap, shared: &Shared) -> bool {
    let own = |value: &HeaderValue| {
        shared.hosts.iter().any(|host| value.as_bytes() == format!("http://{host}").as_bytes())
    };
    let text = |name: &str| headers.get(name).map(HeaderValue::as_bytes);
    let site = text("sec-fetch-site");
    let followed = text("sec-fetch-mode") == Some(b"navigate") && text("sec-fetch-dest") == Some(b"document");
    let same_site = site.is_none_or(|s| s == b"same-origin" || s == b"none") || followed;
    headers.get_all(header::ORIGIN).iter().all(own) && same_site
}

fn in_header(headers: &HeaderMap, shared: &Shared) -> bool {
    headers.get(TOKEN_HEADER).is_some_and(|value| is_token(value.as_bytes(), shared))
}

fn in_cookie(headers: &HeaderMap, shared: &Shared) -> bool {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .any(|(name, value)| name == shared.cookie && is_token(value.as_bytes(), shared))
}

/// Compares all bytes, however early they differ.
pub fn is_token(given: &[u8], shared: &Shared) -> bool {
    let token = shared.token.as_bytes();
    given.len() == token.len() && given.iter().zip(token).fold(0, |all, (a, b)| all | (a ^ b)) == 0
}

/// The printed address: takes the token out of it and into a cookie that scripts cannot read.
pub fn enter(given: &str, shared: &Shared) -> Option<Response> {
    if !is_token(given.as_bytes(), shared) {
        return None;
    }
    let cookie = format!("{}={}; HttpOnly; SameSite=Strict; Path=/", shared.cookie, shared.token);
    let headers = [(header::LOCATION, "/".to_string()), (header::SET_COOKIE, cookie)];
    Some((StatusCode::SEE_OTHER, headers).into_response())
}
