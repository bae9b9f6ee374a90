//! The lessons: their figures and numbers, and the judgement of an answer.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::serve::api::computed;
use crate::serve::body;
use crate::serve::failure::{Answer, Failure};
use crate::serve::learn::{LESSONS, Lesson};
use crate::serve::state::Shared;

/// An answer to a lesson's question.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answered {
    step: String,
    answer: Value,
    #[serde(default)]
    given: Option<Value>,
}

/// `GET /api/learn/steps`.
pub async fn steps(State(shared): State<Shared>) -> Answer<Json<Value>> {
    computed(&shared, || Ok(Json(LESSONS.iter().map(Lesson::shown).collect::<Result<Value, _>>()?))).await
}

/// `POST /api/learn/check`.
pub async fn check(State(shared): State<Shared>, headers: HeaderMap, content: Body) -> Answer<Json<Value>> {
    let answered: Answered = body::json(&headers, content, &shared).await?;
    let lesson = LESSONS.iter().find(|lesson| lesson.id == answered.step);
    let lesson = lesson.ok_or_else(|| Failure::unknown("lesson"))?;
    computed(&shared, move || {
        Ok(Json(lesson.judge(&answered.answer, &answered.given.unwrap_or_else(|| json!({})))?))
    })
    .await
}
