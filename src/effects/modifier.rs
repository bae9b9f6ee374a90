//! The effect over the range of a variable that the treatment interacts with.

use ndarray::Array1;

use crate::data::table::{Column, Values};
use crate::design::matrix::VariableKind;
use crate::effects::arms::{Arms, Cell, with_column};
use crate::effects::measure::{Effect, Measure};
use crate::effects::result::{ByModifier, ModifierPoint};
use crate::effects::standardise::{Mean, Model, Predicted};
use crate::error::Result;

/// Points on the range of a number, at most.
const POINTS: usize = 25;
/// The range goes from this share of the patients to the same from above: no effect is shown where nobody was.
const TAIL: f64 = 0.025;

/// A value of a modifier that everyone is given.
#[derive(Debug, Clone, PartialEq)]
pub struct Given {
    /// As text.
    pub text: String,
    /// As a number, where it is one.
    pub number: Option<f64>,
    /// What stands in its column.
    pub cell: Cell,
}

/// The standardised effect at each of some values of a modifier: everyone has that value, all else is as observed.
///
/// `alone`: the treatment interacts with this variable only, so that the conditional odds ratio depends on nothing else. `at`: the values
/// of a number, where they are those of another data set.
///
/// # Errors
/// As the design's rebuilding says.
pub fn by_modifier(
    model: &Model<'_>,
    arms: &Arms,
    variable: &str,
    alone: bool,
    at: Option<&[f64]>,
) -> Result<ByModifier> {
    let table = &model.prepared.used;
    let column = table.column(variable);
    let mut points = Vec::new();
    for given in column.map(|column| values(model, column, at)).unwrap_or_default() {
        let changed = with_column(table, variable, &given.cell);
        let predicted: Vec<Predicted> = (0..arms.len())
            .map(|arm| model.predict(&arms.everyone_in(arm, &changed)))
            .collect::<Result<_>>()?;
        let means: Vec<Mean> = predicted.iter().map(|p| model.mean(p, |_| true)).collect();
        points.extend(at_value(model, arms, &given, &means, &steps(&predicted, alone)));
    }
    Ok(ByModifier { variable: variable.to_string(), points })
}

/// How the first row of the design moves from the reference arm to each, where every row moves so: with one modifier, held fixed.
pub fn steps(predicted: &[Predicted], alone: bool) -> Option<Vec<Array1<f64>>> {
    alone.then(|| predicted.iter().map(|arm| &arm.x.row(0) - &predicted[0].x.row(0)).collect())
}

/// All contrasts at one value. means: one an arm; steps: likewise, where all rows have the same effect on the scale of the model.
pub fn at_value(
    model: &Model<'_>,
    arms: &Arms,
    given: &Given,
    means: &[Mean],
    steps: &Option<Vec<Array1<f64>>>,
) -> Vec<ModifierPoint> {
    let point = |arm: usize| ModifierPoint {
        level: arms.levels[arm].clone(),
        value: given.text.clone(),
        number: given.number,
        reference_mean: means[0].value,
        arm_mean: means[arm].value,
        marginal: model.effects(&means[arm], &means[0]),
        conditional: steps.as_ref().and_then(|steps| model.effect_of_step(&steps[arm])),
    };
    (1..arms.len()).map(point).collect()
}

/// The values of a modifier whose column of the rows used this is. A number: its own values if it has at most 25, else 10 to 25 round ones
/// from its 2.5th to its 97.5th percentile. A factor: its levels.
pub fn values(model: &Model<'_>, column: &Column, at: Option<&[f64]>) -> Vec<Given> {
    match &column.values {
        Values::Number(v) | Values::Date(v) => {
            let is_date = matches!(column.values, Values::Date(_));
            let cell = |x: f64| if is_date { Cell::Date(x) } else { Cell::Number(x) };
            at.map_or_else(|| grid(v, &|row| model.weight(row)), <[f64]>::to_vec)
                .into_iter()
                .map(|x| Given { text: x.to_string(), number: Some(x), cell: cell(x) })
                .collect()
        }
        Values::Category { levels, .. } => {
            let frozen = model.prepared.frozen.variables.iter().find(|(name, _)| *name == column.name);
            let Some((_, VariableKind::Category(used))) = frozen else { return Vec::new() };
            let given = |level: &String| Given {
                text: level.clone(),
                number: None,
                cell: Cell::of_level(level, levels),
            };
            used.iter().map(given).collect()
        }
    }
}

/// The values at which the effect is worked out, ascending.
fn grid(v: &[f64], weight: &dyn Fn(usize) -> f64) -> Vec<f64> {
    let mut order: Vec<usize> = (0..v.len()).collect();
    order.sort_by(|a, b| v[*a].total_cmp(&v[*b]));
    let mut distinct: Vec<f64> = order.iter().map(|row| v[*row]).collect();
    distinct.dedup_by(|a, b| a == b);
    if distinct.len() <= POINTS {
        return distinct;
    }
    let total: f64 = order.iter().map(|row| weight(*row)).sum();
    let at = |share: f64| {
        let mut sum = 0.0;
        let reached = order.iter().find(|row| {
            sum += weight(**row);
            sum >= share * total
        });
        reached.or(order.last()).map_or(f64::NAN, |row| v[*row])
    };
    round_values(at(TAIL), at(1.0 - TAIL))
}

/// The multiples of 1, 2 or 5 times a power of ten from low to high: the finest that are not too many.
fn round_values(low: f64, high: f64) -> Vec<f64> {
    let mut exponent = ((high - low) / POINTS as f64).log10().floor() as i32;
    for digit in [1.0, 2.0, 5.0].iter().cycle().take(9) {
        let multiple = |k: f64| {
            // Divided rather than multiplied by 10^-n, so that 3 * 0.1 is 0.3.
            if exponent < 0 { k * digit / 10_f64.powi(-exponent) } else { k * digit * 10_f64.powi(exponent) }
        };
        let step = multiple(1.0);
        let (first, last) = ((low / step).ceil(), (high / step).floor());
        let count = last - first + 1.0;
        if count >= 1.0 && count <= POINTS as f64 {
            return (0..count as usize).map(|k| multiple(first + k as f64)).collect();
        }
        if *digit == 5.0 {
            exponent += 1;
        }
    }
    vec![low, high]
}

/// The measure that a conditional effect is: an odds ratio, or a difference.
pub fn conditional_measure(model: &Model<'_>) -> Measure {
    match model.measures() {
        [Measure::Difference] => Measure::Difference,
        _ => Measure::OddsRatio,
    }
}

impl Model<'_> {
    /// exp(step.b) or step.b with its interval, `step` the difference of two rows of the design.
    pub fn effect_of_step(&self, step: &Array1<f64>) -> Option<Effect> {
        conditional_measure(self).effect(step.dot(&self.beta), self.std_error(step), &self.wald)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_round_and_lie_in_the_range() {
        assert_eq!(round_values(37.69, 82.16), (19..=41).map(|k| f64::from(2 * k)).collect::<Vec<_>>());
        let tenths = round_values(0.04, 2.13);
        assert_eq!((tenths[0], tenths[2], tenths.len()), (0.1, 0.3, 21));
        let thousands = round_values(-1200.0, 23_000.0);
        assert_eq!((thousands[0], thousands[1], thousands.len()), (-1000.0, 0.0, 25));
    }

    #[test]
    fn few_values_are_taken_as_they_are() {
        assert_eq!(grid(&[1.0, 0.0, 1.0, 2.5], &|_| 1.0), [0.0, 1.0, 2.5]);
    }
}
