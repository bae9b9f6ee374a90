//! The page's files, embedded: what the browser gets is what was compiled, and no path of a request is ever opened.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::serve::guard::Known;
use crate::serve::state::Shared;

const INDEX: &str = include_str!("page/index.html");
const PLACE_OF_THE_TOKEN: &str = "{{token}}";

/// The files that the page asks for: name, content.
const FILES: [(&str, &str); 2] =
    [("style.css", include_str!("page/style.css")), ("main.js", include_str!("page/main.js"))];

/// What those see who come without the token.
const LOCKED: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>clinreg: locked</title>\
<h1>This page is locked</h1><p>Open the whole address that <code>clinreg serve</code> printed in its terminal, from \
<code>http://</code> to the end of the token.</p><p lang=\"es\">Abra la direcci\u{f3}n completa que \
<code>clinreg serve</code> escribi\u{f3} en su terminal, desde <code>http://</code> hasta el final del token.</p></html>";

/// The page, with the token that its requests need; a locked one for those who have no cookie.
pub async fn index(State(shared): State<Shared>, known: Known) -> Response {
    if known == Known::No {
        return (StatusCode::UNAUTHORIZED, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], LOCKED)
            .into_response();
    }
    let page = INDEX.replace(PLACE_OF_THE_TOKEN, &shared.token);
    ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response()
}

/// One of the page's files, by its exact name. They hold nothing private: modules load them without the token.
pub fn file(path: &str) -> Option<Response> {
    let name = path.strip_prefix('/')?;
    let (_, text) = FILES.iter().find(|(known, _)| *known == name)?;
    let kind = match name.rsplit('.').next() {
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "text/javascript; charset=utf-8",
    };
    Some(([(header::CONTENT_TYPE, kind)], *text).into_response())
}
