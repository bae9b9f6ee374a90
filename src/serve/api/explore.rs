//! Descents on a surface: a teaching formula, or the loss of a real fit over two of its coefficients.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::data::csv::Source;
use crate::error::{Error, Result};
use crate::explore::exploration::{Exploration, run};
use crate::explore::pair::{Model, Others, Units};
use crate::explore::preset;
use crate::explore::request::{Request, RunRequest};
use crate::explore::surface::Surface;
use crate::fit::spec::Spec;
use crate::serve::api::{computed, data};
use crate::serve::body;
use crate::serve::failure::{Answer, Failure};
use crate::serve::spanish::with_spanish;
use crate::serve::state::Shared;

/// Rows times updates of all runs together that one request may ask for: about a second of work.
const MOST_VISITS: usize = 200_000_000;
/// Characters of a formula.
const LONGEST_FORMULA: usize = 4_000;

/// What the page asks for: `surface` (and `condition`), or `data` and `formula` of a fit.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wish {
    surface: Option<String>,
    condition: Option<f64>,
    data: Option<String>,
    formula: Option<String>,
    event: Option<String>,
    /// The two coefficients; the first two slopes, or intercept and slope, if they are not said.
    over: Option<[String; 2]>,
    #[serde(default)]
    others: Rest,
    #[serde(default)]
    scale: Scale,
    runs: Vec<RunRequest>,
}

/// The answer: the descents, and the Spanish of the surface's words.
#[derive(Debug, Serialize)]
pub struct Told {
    #[serde(flatten)]
    exploration: Exploration,
    spanish: Value,
}

impl Told {
    fn of(exploration: Exploration) -> Told {
        let spanish = with_spanish(json!({"text": exploration.surface.text}))["spanish"].take();
        Told { exploration, spanish }
    }
}

/// What becomes of the coefficients that are not shown.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Rest {
    #[default]
    Held,
    Profiled,
}

/// In which scale the two coefficients are shown.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Scale {
    #[default]
    Standardised,
    Raw,
}

/// `POST /api/explore`.
pub async fn explore(State(shared): State<Shared>, headers: HeaderMap, content: Body) -> Answer<Json<Told>> {
    let wish: Wish = body::json(&headers, content, &shared).await?;
    let source = match (&wish.surface, wish.data()) {
        (Some(_), None) => None,
        (None, Some(id)) => Some(data::source(&shared, id)?),
        _ => return Err(Failure::usage("either a surface or data with a formula")),
    };
    computed(&shared, move || Ok(Json(Told::of(wish.explore(source.as_deref())?)))).await
}

/// `GET /api/explore/presets`: the lessons of the teaching page.
pub async fn presets() -> Json<Value> {
    let all = preset::all().into_iter().map(|preset| {
        let (en, es) = preset.lesson;
        json!({"name": preset.name, "lesson": {"en": en, "es": es}, "request": preset.request})
    });
    Json(all.collect())
}

impl Wish {
    /// The id of the data set, if it is about a fit.
    pub fn data(&self) -> Option<&str> {
        self.data.as_deref()
    }

    /// The descents that are asked for; `source` is the data set of a fit.
    ///
    /// # Errors
    /// Usage, formula and data, as the explorer says.
    pub fn explore(self, source: Option<&Source>) -> Result<Exploration> {
        if let Some(source) = source {
            return self.on_a_fit(source);
        }
        let surface = self.surface.unwrap_or_default();
        crate::explore::explore(&Request { surface, condition: self.condition, runs: self.runs })
    }

    /// The descents on the loss of a fit.
    fn on_a_fit(&self, source: &Source) -> Result<Exploration> {
        let formula = self.formula.as_deref().unwrap_or_default();
        if formula.chars().count() > LONGEST_FORMULA {
            return Err(Error::usage(format!("a formula has at most {LONGEST_FORMULA} characters")));
        }
        let usual = RunRequest::default();
        let updates: usize =
            self.runs.iter().map(|r| r.max_iterations.or(usual.max_iterations).unwrap_or(200)).sum();
        if source.n_rows.saturating_mul(updates) > MOST_VISITS {
            let hint = format!("at most {} updates on these rows", MOST_VISITS / source.n_rows.max(1));
            return Err(
                Error::usage(format!("{updates} updates on {} rows take too long", source.n_rows)).hint(hint)
            );
        }
        let spec = Spec { event: self.event.clone(), ..Spec::new(formula) };
        let model = Model::read(&spec, source)?;
        let terms = model.terms();
        let first = terms.len().saturating_sub(2).min(1);
        let over = match (&self.over, terms.get(first..first + 2)) {
            (Some([a, b]), _) => [a.as_str(), b.as_str()],
            (None, Some(&[a, b])) => [a, b],
            _ => {
                return Err(Error::usage("a surface needs two coefficients and the model has one")
                    .hint("add a predictor to the formula"));
            }
        };
        let others = match self.others {
            Rest::Held => Others::Held,
            Rest::Profiled => Others::Profiled,
        };
        let units = match self.scale {
            Scale::Standardised => Units::Standardised,
            Scale::Raw => Units::Raw,
        };
        run(&Surface::Pair(Box::new(model.pair(over, others, units)?)), &self.runs)
    }
}
