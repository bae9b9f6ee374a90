//! Words beside the ends of curves: moved apart until none covers another, each as near to its curve as can be.

/// Heights for words that want to stand at `wanted`: in the same order, at least `apart` from each other, within
/// `range` where there is room for all (else evenly over it). Those that want no finite height stand at the top.
///
/// Neighbours that are too near form a group that keeps the mean of what its members want (least squares).
pub fn spread(wanted: &[f64], apart: f64, range: (f64, f64)) -> Vec<f64> {
    let n = wanted.len();
    let apart = if n > 1 { apart.min((range.1 - range.0) / (n - 1) as f64) } else { apart };
    let wish = |k: usize| if wanted[k].is_finite() { wanted[k] } else { range.0 };
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|a, b| wish(*a).total_cmp(&wish(*b)));
    // Less its rank's distance, every height must be no lower than the one before: group means do that.
    let mut groups: Vec<(f64, usize)> = Vec::new(); // mean and number
    for (rank, &k) in order.iter().enumerate() {
        let shifted = (wish(k) - rank as f64 * apart).clamp(range.0, range.1 - (n - 1) as f64 * apart);
        groups.push((shifted, 1));
        while let [.., before, last] = groups.as_slice()
            && before.0 > last.0
        {
            let (number, sum) = (before.1 + last.1, before.0 * before.1 as f64 + last.0 * last.1 as f64);
            groups.truncate(groups.len() - 2);
            groups.push((sum / number as f64, number));
        }
    }
    let mut heights = vec![0.0; n];
    let shifted = groups.iter().flat_map(|&(mean, number)| std::iter::repeat_n(mean, number));
    for ((rank, &k), height) in order.iter().enumerate().zip(shifted) {
        heights[k] = height + rank as f64 * apart;
    }
    heights
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn words_with_room_stay_where_they_want_to_be() {
        assert_eq!(spread(&[300.0, 100.0, 200.0], 30.0, (0.0, 500.0)), [300.0, 100.0, 200.0]);
    }

    #[test]
    fn two_at_one_height_stand_evenly_above_and_below() {
        assert_eq!(spread(&[100.0, 100.0], 30.0, (0.0, 500.0)), [85.0, 115.0]);
        assert_eq!(spread(&[0.0, 0.0], 30.0, (0.0, 500.0)), [0.0, 30.0]);
    }

    proptest! {
        #[test]
        fn none_covers_another_and_all_stay_inside(wanted in prop::collection::vec(-900.0..900.0f64, 0..30)) {
            let range = (0.0, 600.0);
            let mut heights = spread(&wanted, 20.0, range);
            heights.sort_by(f64::total_cmp);
            prop_assert!(heights.windows(2).all(|w| w[1] - w[0] > 20.0 - 1e-6));
            prop_assert!(heights.iter().all(|h| (-1e-6..=600.0 + 1e-6).contains(h)));
        }
    }
}
