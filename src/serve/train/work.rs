//! A run from its beginning to its end: the answer first, then the descent that the page watches.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::data::csv::Source;
use crate::effects;
use crate::error::{Error, Result};
use crate::fit::analysis::Analysis;
use crate::fit::descent::{FRICTION, MAX_EPOCHS_FULL, MAX_EPOCHS_MINI, method_name};
use crate::fit::spec::{Family, LearningRate, MethodName, Schedule, Spec, Start};
use crate::fit::yardstick::Yardstick;
use crate::fit::{analyse, apparent};
use crate::optimise::history::Record;
use crate::optimise::method::{Method, Rate};
use crate::optimise::verdict::{short, stable_limit};
use crate::optimise::watch::{Signal, Watcher};
use crate::report::{Context, command, gather};
use crate::serve::api::bug;
use crate::serve::failure::Failure;
use crate::serve::state::Limits;
use crate::serve::train::ending;
use crate::serve::train::live::{Aim, Live, took_longer};
use crate::serve::train::places::Places;
use crate::serve::train::request::check_size;
use crate::serve::train::run::{Concluded, Run, State};

/// Trains and tells the end, whatever it is.
pub fn train(run: &Arc<Run>, places: &Arc<Places>, source: &Source, limits: &Limits) {
    places.take(&|| run.is_stopped());
    let worked = catch_unwind(AssertUnwindSafe(|| descend(run, places, source, limits)));
    places.leave();
    let failure = match worked {
        Ok(Ok(concluded)) => {
            let told = ending::told(&concluded);
            run.change(|inner| {
                inner.concluded = Some(Arc::new(concluded));
                inner.end = Some(told);
                inner.state = Some(State::Ended);
            });
            return;
        }
        Ok(Err(error)) => Failure::from(error),
        Err(_) => bug(),
    };
    run.change(|inner| {
        inner.end = Some(failure.json());
        inner.state = Some(State::Failed);
    });
}

/// 1. The answer by `auto`, which is the yardstick; 2. the descent, watched; 3. what its report says beyond it.
fn descend(run: &Arc<Run>, places: &Arc<Places>, source: &Source, limits: &Limits) -> Result<Concluded> {
    let began = Instant::now();
    run.change(|inner| inner.state = Some(State::Preparing));
    let spec = run.wish.spec()?;
    let question = run.wish.question(&spec, source)?;
    check_size(&spec, source)?;
    let mut stopped = UntilStopped { run, began, limit: limits.run };
    let auto = analyse(&by_auto(&spec), source, &mut stopped)?; // 1
    if run.is_stopped() {
        return Err(Error::data("stopped before it began"));
    }
    if stopped.is_late() {
        return Err(Error::data(took_longer(limits.run)).hint("train on fewer rows or with fewer terms"));
    }
    let yardstick = Yardstick::of(&auto, &spec);
    let plan = plan(&auto, &yardstick, &spec);
    drop(auto);
    run.change(|inner| inner.state = Some(State::Running));
    let mut live = Live::new(Arc::clone(run), Arc::clone(places), Aim { yardstick, plan }, *limits);
    let analysis = analyse(&spec, source, &mut live); // 2
    live.finish();
    let mut analysis = analysis?;
    run.change(|inner| inner.state = Some(State::Concluding));
    say_what_was_changed(&mut analysis, &live);
    let effects = question.as_ref().map(|q| effects::estimate(q, &analysis, &|| false)).transpose()?; // 3
    let apparent = gather::measured(&mut analysis);
    let ranges = apparent::ranges(&analysis);
    let table_one = gather::patients(
        question.as_ref(),
        &mut analysis.fit,
        &analysis.prepared,
        gather::Patients::All(source),
    );
    let recorded = run.wish.command(&source.file);
    let context = Context {
        command: command::line(recorded.iter().cloned()),
        recorded,
        seconds: began.elapsed().as_secs_f64(),
        effects,
        apparent,
        ranges,
        table_one,
        gaps: Some(analysis.prepared.gaps),
        ..Context::default()
    };
    Ok(Concluded { fit: analysis.fit, context, stopped_by: live.stopped_by })
}

/// The same model, fitted as well as it can be.
fn by_auto(spec: &Spec) -> Spec {
    Spec {
        method: MethodName::Auto,
        batch_size: None,
        learning_rate: LearningRate::Auto,
        schedule: None,
        max_epochs: None,
        tolerance: None,
        start: Start::Zero,
        raw_scale: false,
        ..spec.clone()
    }
}

/// What the page is told before the first frame.
fn plan(auto: &Analysis, yardstick: &Yardstick, spec: &Spec) -> Value {
    let fit = &auto.fit;
    let n = auto.prepared.used.n_rows;
    let batch = spec.batch_size.filter(|b| *b < n && spec.method != MethodName::Auto);
    let method = match spec.method {
        MethodName::Auto => Method::Auto,
        MethodName::GradientDescent => Method::GradientDescent(Rate::Fixed(1.0)),
        MethodName::Momentum => Method::Momentum { rate: 1.0, friction: FRICTION },
        MethodName::Nesterov => Method::Nesterov { rate: 1.0 },
        MethodName::Adam => Method::Adam { rate: 1.0 },
    };
    let schedule = match (spec.schedule, batch) {
        (Some(Schedule::Constant), _) | (None, None) => "constant",
        (Some(Schedule::InverseTime), _) | (None, Some(_)) => "inverse-time",
        (Some(Schedule::Cosine), _) => "cosine",
    };
    let epochs = if batch.is_some() { MAX_EPOCHS_MINI } else { MAX_EPOCHS_FULL };
    let separated = fit.convergence.separation.as_ref().map(|s| s.terms.clone());
    let missing: Vec<Value> =
        fit.ledger.missing.iter().map(|(name, rows)| json!({"variable": name, "rows": rows})).collect();
    json!({
        "columns": yardstick.columns, "estimate": ending::finite(&yardstick.estimate),
        "estimate_standardised": ending::finite(&yardstick.in_descent), "std_error": yardstick.std_error,
        "optimum": fit.optimum, "family": family_name(fit.family), "formula": fit.formula,
        "outcome": ending::outcome(&fit.outcome), "rows_read": fit.ledger.rows_read,
        "rows_used": fit.ledger.rows_used, "missing": missing, "notices": fit.ledger.notices,
        "method": method_name(spec.method), "rate_is_auto": spec.learning_rate == LearningRate::Auto,
        "batch": batch, "max_epochs": spec.max_epochs.unwrap_or(epochs), "schedule": schedule,
        "standardised": !spec.raw_scale, "separated": separated,
        "largest_curvature": ending::number(yardstick.largest_curvature),
        "smallest_curvature": ending::number(yardstick.smallest_curvature),
        "rate_limit": stable_limit(&method, yardstick.largest_curvature).and_then(ending::number),
    })
}

/// `linear` or `logistic`.
pub fn family_name(family: Family) -> &'static str {
    match family {
        Family::Linear => "linear",
        Family::Logistic => "logistic",
    }
}

/// How the notice begins on a descent that was steered.
pub const BY_HAND: &str = "the learning rate was changed by hand";

/// What the page did to the descent stands in the ledger, for the command alone does not tell it.
fn say_what_was_changed(analysis: &mut Analysis, live: &Live) {
    let notices = &mut analysis.fit.ledger.notices;
    notices.extend(
        live.changes
            .iter()
            .map(|change| format!("{BY_HAND} to {} after update {}", short(change.rate), change.iteration)),
    );
    notices.extend(live.stopped_by.as_ref().map(|why| format!("the descent was stopped: {why}")));
}

/// Watches nothing but the wish to stop and the clock.
struct UntilStopped<'a> {
    run: &'a Run,
    began: Instant,
    limit: Duration,
}

impl UntilStopped<'_> {
    fn is_late(&self) -> bool {
        self.began.elapsed() > self.limit
    }
}

impl Watcher for UntilStopped<'_> {
    fn seconds(&self) -> f64 {
        0.0
    }

    fn seen(&mut self, _record: &Record, _tolerance: f64) -> Signal {
        if self.run.is_stopped() || self.is_late() { Signal::Stop } else { Signal::Continue }
    }
}
