//! How far the model hangs on single rows and on the sample: the pictures of influence and instability.

use crate::error::Result;
use crate::fit::result::Fit;
use crate::fit::spec::Family;
use crate::plot::influence::Influence;
use crate::plot::instability::Instability;
use crate::report::figures::{Drawn, Studio};
use crate::report::numbers::{brief, count};
use crate::report::words::plural;
use crate::report::{Context, validation};

/// Leverage against residual with Cook's distance; `None` where the fit has no information to measure them in.
pub(super) fn influence(studio: &Studio<'_>, fit: &Fit) -> Result<Option<Drawn>> {
    let Some(found) = &fit.influence else { return Ok(None) };
    let n = found.n_rows as f64;
    let notable = 4.0 / n;
    let at = |cook: f64| (cook, found.leverage_edges.iter().map(|h| found.residual_at(cook, *h)).collect());
    let contours: Vec<(f64, Vec<f64>)> = [notable, 0.5, 1.0].into_iter().map(at).collect();
    let high_leverage = 2.0 * found.n_coefficients as f64 / n;
    let figure = Influence {
        headings: studio.headings(),
        leverage_edges: &found.leverage_edges,
        residual_edges: &found.residual_edges,
        rows: &found.rows,
        contours: &contours,
        high_leverage,
    };
    let alone = match found.alone {
        0 => String::new(),
        k => format!(
            " {} with leverage 1, the only ones of their kind, are not drawn.",
            plural(k as f64, "row")
        ),
    };
    let caption = format!(
        "How many rows have which leverage and standardised residual. Of {} rows, {} have a Cook's distance above 4/n \
         ({}), {} above 0.5 and {} above 1 (the largest is {}); {} have more than twice the mean leverage.{alone} A row \
         beyond 1 moves the fit by itself: look it up with `--save-fitted`, and check it before anything else.",
        count(n),
        count(found.cook_above[0] as f64),
        brief(notable),
        count(found.cook_above[1] as f64),
        count(found.cook_above[2] as f64),
        brief(found.largest_cook),
        count(found.leverage_above as f64)
    );
    studio.draw(&figure, "influence", ("Influence", caption.replace('`', ""))).map(Some)
}

/// How far predictions move when the model is developed on resamples.
pub(super) fn instability(title: &str, fit: &Fit, context: &Context) -> Result<Option<Drawn>> {
    let Some(validation) = &context.validation else { return Ok(None) };
    let Some(found) = &validation.instability else { return Ok(None) };
    let is_risk = fit.family == Family::Logistic;
    let prediction: Vec<f64> = found.groups.iter().map(|g| g.mean_prediction).collect();
    let quantiles: [Vec<f64>; 5] =
        std::array::from_fn(|k| found.groups.iter().map(|g| g.mean_prediction + g.quantiles[k]).collect());
    let subtitle = validation::title(validation);
    let studio = Studio { title, subtitle: &subtitle, svg: context.svg };
    let name = if is_risk { "Risk" } else { "Prediction" };
    let figure = Instability {
        headings: studio.headings(),
        prediction: &prediction,
        quantiles: &quantiles,
        name,
        is_risk,
    };
    let caption = format!(
        "What models developed on resamples predict for the patients of each tenth of the prediction. A patient's \
         prediction moves by {} on average. Wide bands mean that other patients of the same kind would have given \
         another model.",
        brief(found.mean_absolute_error)
    );
    studio.draw(&figure, "instability", ("Instability", caption)).map(Some)
}
