//! The addresses of the page: which request goes where.

mod data;
pub mod explore;
mod learn;
mod train;

use axum::Router;
use axum::extract::{Query, State};
use axum::http::{Method, Uri};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;

use crate::serve::failure::{Answer, Failure};
use crate::serve::guard::{self, Known};
use crate::serve::page;
use crate::serve::state::Shared;

/// All addresses, behind the guard.
pub fn router(shared: &Shared) -> Router {
    Router::new()
        .route("/", get(home))
        .route("/api/datasets", get(data::list))
        .route("/api/data", post(data::upload))
        .route("/api/data/{id}", get(data::show).delete(data::forget))
        .route("/api/explore", post(explore::explore))
        .route("/api/explore/presets", get(explore::presets))
        .route("/api/learn/steps", get(learn::steps))
        .route("/api/learn/check", post(learn::check))
        .route("/api/formula", post(train::formula))
        .route("/api/train", get(train::list).post(train::begin))
        .route("/api/train/{id}", get(train::show).delete(train::forget))
        .route("/api/train/{id}/control", post(train::control))
        .route("/api/train/{id}/events", get(train::events))
        .route("/api/train/{id}/report", post(train::write_report))
        .route("/api/train/{id}/report.html", get(train::page))
        .route("/api/train/{id}/files", get(train::files))
        .route("/api/train/{id}/files/{name}", get(train::file))
        .fallback(other)
        .method_not_allowed_fallback(not_allowed)
        .layer(middleware::from_fn_with_state(shared.clone(), guard::check))
        .with_state(shared.clone())
}

/// What the printed address carries.
#[derive(Debug, Deserialize)]
struct Entrance {
    token: Option<String>,
}

async fn home(state: State<Shared>, known: Known, Query(entrance): Query<Entrance>) -> Response {
    let entered = entrance.token.and_then(|token| guard::enter(&token, &state));
    match entered {
        Some(response) => response,
        None => page::index(state, known).await,
    }
}

async fn other(method: Method, uri: Uri) -> Response {
    let file = if method == Method::GET { page::file(uri.path()) } else { None };
    file.unwrap_or_else(|| Failure::unknown("address").into_response())
}

async fn not_allowed() -> Failure {
    Failure::new(axum::http::StatusCode::METHOD_NOT_ALLOWED, "usage", "not by this method")
}

/// Runs a computation on a thread of its own; a panic in it is told as a bug and ends nothing else.
pub(crate) async fn computed<T: Send + 'static>(
    shared: &Shared,
    work: impl FnOnce() -> Answer<T> + Send + 'static,
) -> Answer<T> {
    let Ok(_place) = shared.computations.acquire().await else {
        return Err(Failure::not_now("the server is ending"));
    };
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|_| Err(bug()))
}

/// A panic is a bug of the program.
pub(crate) fn bug() -> Failure {
    Failure::new(
        axum::http::StatusCode::INTERNAL_SERVER_ERROR,
        "bug",
        "this is a bug in clinreg, not in your data; the terminal says where",
    )
}
