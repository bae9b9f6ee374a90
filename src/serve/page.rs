//! The page's files, embedded: what the browser gets is what was compiled, and no path of a request is ever opened.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::serve::guard::Known;
use crate::serve::state::Shared;

const INDEX: &str = include_str!("page/index.html");
const PLACE_OF_THE_TOKEN: &str = "{{token}}";

/// The files that the page asks for: name, content.
const FILES: [(&str, &str); 38] = [
    ("parts.css", include_str!("page/parts.css")),
    ("style.css", include_str!("page/style.css")),
    ("api.js", include_str!("page/api.js")),
    ("axes.js", include_str!("page/axes.js")),
    ("canvas.js", include_str!("page/canvas.js")),
    ("contour.js", include_str!("page/contour.js")),
    ("data_card.js", include_str!("page/data_card.js")),
    ("dial.js", include_str!("page/dial.js")),
    ("dom.js", include_str!("page/dom.js")),
    ("en.js", include_str!("page/en.js")),
    ("es.js", include_str!("page/es.js")),
    ("exhibit.js", include_str!("page/exhibit.js")),
    ("explore.js", include_str!("page/explore.js")),
    ("explore_state.js", include_str!("page/explore_state.js")),
    ("figure.js", include_str!("page/figure.js")),
    ("formula.js", include_str!("page/formula.js")),
    ("i18n.js", include_str!("page/i18n.js")),
    ("lanes.js", include_str!("page/lanes.js")),
    ("learn.js", include_str!("page/learn.js")),
    ("lessons_en.js", include_str!("page/lessons_en.js")),
    ("lessons_es.js", include_str!("page/lessons_es.js")),
    ("lines.js", include_str!("page/lines.js")),
    ("main.js", include_str!("page/main.js")),
    ("model_card.js", include_str!("page/model_card.js")),
    ("numbers.js", include_str!("page/numbers.js")),
    ("options_card.js", include_str!("page/options_card.js")),
    ("outcome.js", include_str!("page/outcome.js")),
    ("player.js", include_str!("page/player.js")),
    ("run.js", include_str!("page/run.js")),
    ("run_controls.js", include_str!("page/run_controls.js")),
    ("said.js", include_str!("page/said.js")),
    ("section.js", include_str!("page/section.js")),
    ("solid.js", include_str!("page/solid.js")),
    ("surface_card.js", include_str!("page/surface_card.js")),
    ("terrain.js", include_str!("page/terrain.js")),
    ("train.js", include_str!("page/train.js")),
    ("transport.js", include_str!("page/transport.js")),
    ("yardstick.js", include_str!("page/yardstick.js")),
];

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
