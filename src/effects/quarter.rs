//! The effect by quarter of baseline risk: a constant odds ratio is a small gain for some and a large one for others.

use crate::effects::arms::Arms;
use crate::effects::result::{Quarter, QuarterContrast};
use crate::effects::standardise::{Mean, Model};
use crate::error::Result;

/// How many parts the patients are put in.
pub const QUARTERS: usize = 4;

/// The standardised effect within each quarter of the patients, ordered by what the model predicts for them in the
/// reference arm; rows of equal prediction stay together, and a quarter without patients is left out.
///
/// baseline: that prediction, one a row. `means`: the means of all arms, the reference first, in each of the quarters that rows are
/// in (one number a row). Source: Kent et al. 2020 (PATH), Annals of Internal Medicine 172:35-45.
///
/// # Errors
/// Those of `means`.
pub fn by_baseline(
    model: &Model<'_>,
    arms: &Arms,
    baseline: &[f64],
    means: impl FnOnce(&[u8]) -> Result<Vec<Vec<Mean>>>,
) -> Result<Vec<Quarter>> {
    let of_row = quarters(baseline, &|row| model.weight(row), QUARTERS);
    let all = all_quarters(model, arms, baseline, &of_row);
    let means = means(&of_row)?;
    let told = all.into_iter().zip(&means).filter(|(quarter, _)| quarter.n > 0.0);
    Ok(told.map(|(quarter, means)| with_means(quarter, model, arms, means)).collect())
}

/// What is known of each quarter by its rows alone.
fn all_quarters(model: &Model<'_>, arms: &Arms, baseline: &[f64], of_row: &[u8]) -> Vec<Quarter> {
    let nobody = |quarter: usize| Quarter {
        quarter,
        range: (f64::INFINITY, f64::NEG_INFINITY),
        n: 0.0,
        baseline: f64::NAN,
        observed: arms.levels.iter().map(|level| (level.clone(), 0.0, 0.0)).collect(),
        contrasts: Vec::new(),
    };
    let mut all: Vec<Quarter> = (1..=QUARTERS).map(nobody).collect();
    let y = &model.prepared.chosen.y;
    for (row, (risk, q)) in baseline.iter().zip(of_row).enumerate() {
        let quarter = &mut all[usize::from(*q)];
        let weight = model.weight(row);
        quarter.range = (quarter.range.0.min(*risk), quarter.range.1.max(*risk));
        quarter.n += weight;
        let (_, n, events) = &mut quarter.observed[usize::from(arms.of_row[row])];
        *n += weight;
        *events += weight * y[row];
    }
    all
}

fn with_means(quarter: Quarter, model: &Model<'_>, arms: &Arms, means: &[Mean]) -> Quarter {
    let contrast = |arm: usize| QuarterContrast {
        level: arms.levels[arm].clone(),
        arm_mean: means[arm].value,
        marginal: model.effects(&means[arm], &means[0]),
    };
    Quarter { baseline: means[0].value, contrasts: (1..arms.len()).map(contrast).collect(), ..quarter }
}

/// Which part of so many each row falls into by the middle of its rank; weights count as repeated rows.
fn quarters(values: &[f64], weight: &dyn Fn(usize) -> f64, parts: usize) -> Vec<u8> {
    let mut order: Vec<u32> = (0..values.len() as u32).collect();
    let value = |row: &u32| values[*row as usize];
    order.sort_by(|a, b| value(a).total_cmp(&value(b)));
    let total: f64 = order.iter().map(|row| weight(*row as usize)).sum();
    let mut of_row = vec![0; values.len()];
    let (mut start, mut before) = (0, 0.0);
    while start < order.len() {
        let tied = order[start..].iter().take_while(|row| value(row) == value(&order[start])).count();
        let block = &order[start..start + tied];
        let own: f64 = block.iter().map(|row| weight(*row as usize)).sum();
        let middle = (before + 0.5 * own) / total;
        let part = ((middle * parts as f64) as usize).min(parts - 1) as u8;
        block.iter().for_each(|row| of_row[*row as usize] = part);
        before += own;
        start += tied;
    }
    of_row
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quarters_are_even_keep_ties_together_and_know_weights() {
        let values: Vec<f64> = (0..12).map(f64::from).collect();
        assert_eq!(quarters(&values, &|_| 1.0, 4), [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]);
        assert_eq!(quarters(&[0.2; 5], &|_| 1.0, 4), [2; 5]);
        let weighted = quarters(&[0.1, 0.2, 0.3], &|row| [3.0, 3.0, 6.0][row], 4);
        let repeated = quarters(&[0.1, 0.1, 0.1, 0.2, 0.2, 0.2, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3], &|_| 1.0, 4);
        assert_eq!(weighted, [repeated[0], repeated[3], repeated[6]]);
    }
}
