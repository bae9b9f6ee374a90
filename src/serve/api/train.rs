//! Training: begin, look, steer, follow live, report.

use std::convert::Infallible;
use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio_stream::wrappers::ReceiverStream;

use crate::fit::frame::{Dependent, Frame};
use crate::fit::prepare::prepare;
use crate::serve::api::{computed, data};
use crate::serve::body;
use crate::serve::failure::{Answer, Failure};
use crate::serve::guard::REPORT_POLICY;
use crate::serve::spanish::with_spanish;
use crate::serve::state::Shared;
use crate::serve::train::events::follow;
use crate::serve::train::request::{Wish, check_size};
use crate::serve::train::run::Lever;
use crate::serve::train::{ending, report, runs, work};

/// `POST /api/formula`: what a fit would use, without fitting.
pub async fn formula(State(shared): State<Shared>, headers: HeaderMap, body: Body) -> Answer<Json<Value>> {
    let wish: Wish = body::json(&headers, body, &shared).await?;
    let source = data::source(&shared, &wish.data)?;
    computed(&shared, move || {
        let spec = wish.spec()?;
        wish.question(&spec, &source)?;
        check_size(&spec, &source)?;
        let prepared = prepare(&spec, &source)?;
        let frame = Frame::new(&prepared, Dependent::LeftOut);
        let names: Vec<&str> = prepared.encoded.terms.iter().map(|t| t.name.as_str()).collect();
        let left_out: Vec<Value> = (names.iter().zip(&frame.independent.aliased))
            .filter_map(|(name, why)| why.as_ref().map(|why| json!({"column": name, "why": why})))
            .collect();
        let ledger = &prepared.ledger;
        let missing: Vec<Value> =
            ledger.missing.iter().map(|(name, rows)| json!({"variable": name, "rows": rows})).collect();
        let otherwise: Vec<Value> =
            ledger.dropped_otherwise.iter().map(|(why, rows)| json!({"why": why, "rows": rows})).collect();
        let mut outcome = ending::outcome(&prepared.chosen.outcome);
        if prepared.chosen.outcome.event.is_some() {
            outcome["events"] = json!(frame.memory().y.sum());
        }
        Ok(Json(with_spanish(json!({
            "formula": prepared.formula.to_string(), "family": work::family_name(prepared.chosen.family),
            "outcome": outcome, "columns": names, "variables": prepared.formula.variables(),
            "rows_read": ledger.rows_read, "rows_used": ledger.rows_used, "missing": missing,
            "dropped_otherwise": otherwise, "notices": ledger.notices, "left_out": left_out,
        }))))
    })
    .await
}

/// `POST /api/train`.
pub async fn begin(
    State(shared): State<Shared>,
    headers: HeaderMap,
    body: Body,
) -> Answer<(StatusCode, Json<Value>)> {
    let wish: Wish = body::json(&headers, body, &shared).await?;
    let source = data::source(&shared, &wish.data)?;
    let spec = wish.spec()?;
    wish.question(&spec, &source)?;
    let run = runs::begin(&shared, wish, source)?;
    Ok((StatusCode::CREATED, Json(json!({"id": run.id}))))
}

/// `GET /api/train`.
pub async fn list(State(shared): State<Shared>) -> Json<Value> {
    let all: Vec<Value> = runs::all(&shared)
        .iter()
        .map(|run| {
            let mut status = run.status();
            if let Some(end) = status["end"].as_object_mut() {
                end.retain(|key, _| matches!(key.as_str(), "converged" | "reason" | "iterations"));
            }
            status
        })
        .collect();
    Json(json!({"runs": all}))
}

/// `GET /api/train/ID`.
pub async fn show(State(shared): State<Shared>, Path(id): Path<String>) -> Answer<Json<Value>> {
    Ok(Json(runs::find(&shared, &id)?.status()))
}

/// `DELETE /api/train/ID`.
pub async fn forget(State(shared): State<Shared>, Path(id): Path<String>) -> Answer<StatusCode> {
    runs::forget(&shared, &id).map(|()| StatusCode::NO_CONTENT)
}

/// `POST /api/train/ID/control`.
pub async fn control(
    State(shared): State<Shared>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Answer<Json<Value>> {
    let run = runs::find(&shared, &id)?;
    let lever: Lever = body::json(&headers, body, &shared).await?;
    let state = run.pull(lever)?;
    Ok(Json(json!({"state": state.word()})))
}

/// `GET /api/train/ID/events`.
pub async fn events(State(shared): State<Shared>, Path(id): Path<String>) -> Answer<Response> {
    const WAITING: usize = 2; // events that may wait for a slow page; what comes meanwhile is thinned
    const SIGN_OF_LIFE: Duration = Duration::from_secs(10);
    let run = runs::find(&shared, &id)?;
    let Ok(place) = std::sync::Arc::clone(&shared.streams).try_acquire_owned() else {
        return Err(Failure::too_many("too many live streams at once"));
    };
    let (sender, receiver) = tokio::sync::mpsc::channel::<Result<Event, Infallible>>(WAITING);
    tokio::spawn(async move {
        let _place = place;
        follow(&run, &sender).await;
    });
    let alive = KeepAlive::new().interval(SIGN_OF_LIFE);
    Ok(Sse::new(ReceiverStream::new(receiver)).keep_alive(alive).into_response())
}

/// `POST /api/train/ID/report`.
pub async fn write_report(State(shared): State<Shared>, Path(id): Path<String>) -> Answer<Json<Value>> {
    let run = runs::find(&shared, &id)?;
    let folder = shared.clone();
    let files = computed(&shared, move || report::written(&run, &folder)).await?;
    Ok(Json(json!({"files": files})))
}

/// `GET /api/train/ID/files`.
pub async fn files(state: State<Shared>, id: Path<String>) -> Answer<Json<Value>> {
    write_report(state, id).await
}

/// `GET /api/train/ID/files/NAME`.
pub async fn file(
    State(shared): State<Shared>,
    Path((id, name)): Path<(String, String)>,
) -> Answer<Response> {
    let run = runs::find(&shared, &id)?;
    let folder = shared.clone();
    let (listed, bytes) = computed(&shared, move || report::read(&run, &folder, &name)).await?;
    let save = format!("attachment; filename=\"{}\"", listed.name); // a name of the report's own list
    let headers = [
        (header::CONTENT_TYPE, listed.kind.to_string()),
        (header::CONTENT_DISPOSITION, save),
        (header::CONTENT_SECURITY_POLICY, REPORT_POLICY.to_string()),
    ];
    Ok((headers, bytes).into_response())
}

/// `GET /api/train/ID/report.html`: the page of the report, in which nothing can run.
pub async fn page(State(shared): State<Shared>, Path(id): Path<String>) -> Answer<Response> {
    let run = runs::find(&shared, &id)?;
    let folder = shared.clone();
    let bytes = computed(&shared, move || {
        report::written(&run, &folder)?;
        report::read(&run, &folder, "report.html").map(|(_, bytes)| bytes)
    })
    .await?;
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, REPORT_POLICY),
    ];
    Ok((headers, bytes).into_response())
}
