//! Data sets: the list, an upload, its columns, forgetting it.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::data::builtin;
use crate::data::csv::Source;
use crate::serve::api::{bug, computed};
use crate::serve::failure::{Answer, Failure};
use crate::serve::shelf::{self, Upload, Wanted};
use crate::serve::spanish::with_spanish;
use crate::serve::state::{Shared, lock};
use crate::serve::{body, columns};

/// A first formula for each built-in set, and its treatment.
const EXAMPLES: [(&str, &str, Option<&str>); 6] = [
    (
        "@treatment_effectiveness",
        "effectiveness ~ treatment * baseline_severity + age + sex + log(biomarker) + adherence + site",
        Some("treatment"),
    ),
    ("@masks_patients", "masks ~ patients", None),
    ("@diabetes", "progression ~ .", None),
    ("@winequality", "quality ~ alcohol + volatile_acidity + sulphates", None),
    ("@iris", "petal_width ~ petal_length + species", None),
    ("@linnerud", "pulse ~ chins + situps + jumps", None),
];

/// The longest name of a file that is kept.
const LONGEST_NAME: usize = 120;

/// `GET /api/datasets`.
pub async fn list(State(shared): State<Shared>) -> Answer<Json<Value>> {
    let mut sets: Vec<Value> = builtin::list()?
        .into_iter()
        .map(|set| {
            let example = EXAMPLES
                .iter()
                .find(|(id, ..)| *id == set.name)
                .map(|(_, formula, treatment)| json!({"formula": formula, "treatment": treatment}));
            json!({"id": set.name, "name": set.name, "description": set.description, "rows": set.n_rows,
                   "columns": set.columns, "example": example, "uploaded": false})
        })
        .collect();
    let uploads = lock(&shared.shelf);
    sets.extend(uploads.all().map(|upload| {
        json!({"id": upload.id, "name": upload.source.file, "rows": upload.source.n_rows,
               "columns": upload.source.header, "example": null, "uploaded": true})
    }));
    Ok(Json(json!(sets)))
}

/// What an upload is called.
#[derive(Debug, Deserialize)]
pub struct Named {
    name: Option<String>,
}

/// `POST /api/data?name=x.csv`: the body is the file.
pub async fn upload(
    State(shared): State<Shared>,
    Query(named): Query<Named>,
    headers: HeaderMap,
    body: Body,
) -> Answer<(StatusCode, Json<Value>)> {
    let Ok(_place) = tokio::time::timeout(shared.limits.body, shared.uploads.acquire()).await else {
        return Err(Failure::too_many("too many files are being sent at once"));
    };
    let bytes = body::bytes(&headers, body, shared.limits.upload, &shared).await?;
    let name = plain(&named.name.unwrap_or_default());
    let size = bytes.len();
    let read = move || -> Answer<(Source, Vec<Value>)> {
        let source = Source::from_bytes(&name, bytes)?;
        let shown = columns::overview(&source);
        Ok((source, shown))
    };
    let (source, shown) = tokio::task::spawn_blocking(read).await.unwrap_or_else(|_| Err(bug()))?;
    let Upload { id, source, .. } = lock(&shared.shelf).put(source, size);
    Ok((StatusCode::CREATED, Json(described(&id, &source, &shown))))
}

/// `GET /api/data/ID`.
pub async fn show(State(shared): State<Shared>, Path(id): Path<String>) -> Answer<Json<Value>> {
    let source = source(&shared, &id)?;
    computed(&shared, move || {
        let shown = columns::overview(&source);
        Ok(Json(described(&id, &source, &shown)))
    })
    .await
}

/// `DELETE /api/data/ID`.
pub async fn forget(State(shared): State<Shared>, Path(id): Path<String>) -> Answer<StatusCode> {
    if lock(&shared.shelf).remove(&id) {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Failure::unknown("data set"))
    }
}

/// The data set of that id: an upload, or one of the fixed list of built-in ones.
///
/// # Errors
/// 404.
pub fn source(shared: &Shared, id: &str) -> Answer<Arc<Source>> {
    match shelf::wanted(id) {
        Wanted::BuiltIn(name) => {
            shelf::built_in(name).map(Arc::new).map_err(|_| Failure::unknown("built-in data set"))
        }
        Wanted::Uploaded(id) => lock(&shared.shelf)
            .get(id)
            .map(|upload| Arc::clone(&upload.source))
            .ok_or_else(|| Failure::unknown("data set").hint("it may be gone: upload the file again")),
    }
}

fn described(id: &str, source: &Source, shown: &[Value]) -> Value {
    with_spanish(
        json!({"id": id, "name": source.file, "rows": source.n_rows, "notices": source.notices, "columns": shown}),
    )
}

/// The name of a file without its folders and without characters that do not show. It is only shown, never opened.
fn plain(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let text: String = last.chars().filter(|c| !c.is_control()).take(LONGEST_NAME).collect();
    let text = text.trim().trim_start_matches('@');
    if text.is_empty() { "data.csv".to_string() } else { text.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_shown_without_folders() {
        assert_eq!(plain("../../etc/passwd"), "passwd");
        assert_eq!(plain("C:\\x\\trial.csv"), "trial.csv");
        assert_eq!(plain(" \u{7}@diabetes"), "diabetes");
        assert_eq!(plain("a/"), "data.csv");
    }
}
