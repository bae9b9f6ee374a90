//! The effect by quarter of baseline risk: a constant odds ratio is a small gain for some and a large one for others.

use std::ops::Range;

use crate::effects::arms::Arms;
use crate::effects::result::{Quarter, QuarterContrast};
use crate::effects::standardise::{Mean, Model, Predicted};

/// The standardised effect within each quarter of the patients, ordered by what the model predicts for them in the
/// reference arm; rows of equal prediction stay together, and a quarter without patients is left out.
///
/// predicted: one an arm, the reference first. Source: Kent et al. 2020 (PATH), Annals of Internal Medicine 172:35-45.
pub fn by_baseline(model: &Model<'_>, arms: &Arms, predicted: &[Predicted]) -> Vec<Quarter> {
    const QUARTERS: usize = 4;
    let baseline = &predicted[0].mean;
    let of_row = quarters(baseline, &|row| model.weight(row), QUARTERS);
    (0..QUARTERS).filter(|q| of_row.contains(q)).map(|q| one(model, arms, predicted, &of_row, q)).collect()
}

fn one(model: &Model<'_>, arms: &Arms, predicted: &[Predicted], of_row: &[usize], q: usize) -> Quarter {
    let members: Vec<usize> = (0..of_row.len()).filter(|row| of_row[*row] == q).collect();
    let means: Vec<Mean> = predicted.iter().map(|p| model.mean(p, |row| of_row[row] == q)).collect();
    let at = |row: &usize| predicted[0].mean[*row];
    let y = &model.analysis.prepared.chosen.y;
    let observed = arms.levels.iter().enumerate().map(|(arm, level)| {
        let in_arm = || members.iter().filter(|row| arms.of_row[**row] == arm);
        let n: f64 = in_arm().map(|row| model.weight(*row)).sum();
        let events: f64 = in_arm().map(|row| model.weight(*row) * y[*row]).sum();
        (level.clone(), n, events)
    });
    Quarter {
        quarter: q + 1,
        range: (
            members.iter().map(at).fold(f64::INFINITY, f64::min),
            members.iter().map(at).fold(f64::NEG_INFINITY, f64::max),
        ),
        n: members.iter().map(|row| model.weight(*row)).sum(),
        baseline: means[0].value,
        observed: observed.collect(),
        contrasts: further(arms)
            .map(|arm| QuarterContrast {
                level: arms.levels[arm].clone(),
                arm_mean: means[arm].value,
                marginal: model.effects(&means[arm], &means[0]),
            })
            .collect(),
    }
}

fn further(arms: &Arms) -> Range<usize> {
    1..arms.levels.len()
}

/// Which part of so many each row falls into by the middle of its rank; weights count as repeated rows.
fn quarters(values: &[f64], weight: &dyn Fn(usize) -> f64, parts: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let total: f64 = order.iter().map(|row| weight(*row)).sum();
    let mut of_row = vec![0; values.len()];
    let (mut start, mut before) = (0, 0.0);
    while start < order.len() {
        let tied = order[start..].iter().take_while(|row| values[**row] == values[order[start]]).count();
        let block = &order[start..start + tied];
        let own: f64 = block.iter().map(|row| weight(*row)).sum();
        let middle = (before + 0.5 * own) / total;
        let part = ((middle * parts as f64) as usize).min(parts - 1);
        block.iter().for_each(|row| of_row[*row] = part);
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
