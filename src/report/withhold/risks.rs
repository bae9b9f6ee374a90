//! What is told of the predicted risks: no part of the rows between two cuts of the risk has a few events or non-events.

use crate::performance::distribution::RiskDistribution;
use crate::performance::linear::LinearPerformance;
use crate::performance::logistic::LogisticPerformance;
use crate::performance::roc::RocPoint;
use crate::report::words::plural;

/// The rows with a risk beyond a cut: non-events, events.
type Beyond = [f64; 2];

/// Cuts of the risk, at all of which the rows beyond may be told.
///
/// Whatever a table or picture of risks says - the points of a ROC curve, the net benefit and the classification at a
/// threshold, groups and bins of neighbouring risks - follows from the events and non-events beyond some cuts. Between any two
/// of these cuts lie no non-events or at least `below`, and no events or at least `below`: so no difference of what is
/// told is a few patients.
struct Cuts {
    below: f64,
    /// Rising.
    beyond: Vec<Beyond>,
}

/// Sums of weights are equal to this.
const ROUNDING: f64 = 1e-6;

fn is_same(a: Beyond, b: Beyond) -> bool {
    a.iter().zip(b).all(|(a, b)| (a - b).abs() < ROUNDING)
}

impl Cuts {
    /// The cuts beyond which lie no rows and all rows.
    fn new(all: Beyond, below: usize) -> Cuts {
        Cuts { below: below as f64, beyond: vec![[0.0; 2], all] }
    }

    /// Whether so many rows can lie between two cuts.
    fn may_lie_between(&self, a: Beyond, b: Beyond) -> bool {
        a.iter().zip(b).all(|(a, b)| {
            let rows = b - a;
            rows.abs() < ROUNDING || rows > self.below - ROUNDING
        })
    }

    /// Cuts at some more places, each where that leaves no few rows between it and another cut.
    fn add(&mut self, places: impl IntoIterator<Item = Beyond>) {
        for place in places {
            let next = self.beyond.partition_point(|cut| cut[0] + cut[1] < place[0] + place[1] - ROUNDING);
            let around = (next.checked_sub(1).map(|k| self.beyond[k]), self.beyond.get(next));
            if let (Some(before), Some(after)) = around
                && !is_same(place, *after)
                && self.may_lie_between(before, place)
                && self.may_lie_between(place, *after)
            {
                self.beyond.insert(next, place);
            }
        }
    }

    /// Whether what lies beyond a place may be told.
    fn has(&self, place: Beyond) -> bool {
        self.beyond.iter().any(|cut| is_same(*cut, place))
    }

    /// Which of neighbouring parts, from the one of highest risk on, lie between cuts.
    fn whole(&self, parts: &[Beyond]) -> Vec<bool> {
        let ends = sums(parts);
        ends.windows(2).map(|ends| self.has(ends[0]) && self.has(ends[1])).collect()
    }
}

/// The rows beyond each end of neighbouring parts.
fn sums(parts: &[Beyond]) -> Vec<Beyond> {
    let mut ends = vec![[0.0; 2]];
    for part in parts {
        let last = ends[ends.len() - 1];
        ends.push([last[0] + part[0], last[1] + part[1]]);
    }
    ends
}

/// Withholds the points, groups and bins that lie on no cut; says how many. Thresholds that were asked for come first, then the
/// groups of the calibration, the bins, the decision curve, the rest of the ROC curve.
pub(super) fn logistic(p: &mut LogisticPerformance, below: usize) -> Vec<String> {
    let all = [p.n - p.n_events, p.n_events];
    let mut cuts = Cuts::new(all, below);
    let of_point = |point: &RocPoint| [point.false_positive_rate * all[0], point.sensitivity * all[1]];
    let at = |threshold: f64| -> Beyond {
        let reached = p.roc.partition_point(|point| point.threshold >= threshold - TIED);
        reached.checked_sub(1).map_or([0.0; 2], |k| of_point(&p.roc[k]))
    };
    let asked: Vec<Beyond> = p.classification.iter().map(|c| [c.false_positives, c.true_positives]).collect();
    let groups: Vec<Beyond> = p.groups.iter().rev().map(|g| [g.n - g.events, g.events]).collect();
    let distribution = p.distribution.readable();
    let bins: Vec<Beyond> = (0..distribution.events.len())
        .rev()
        .map(|k| [distribution.non_events[k], distribution.events[k]])
        .collect();
    let curve: Vec<Beyond> = p.decision_curve.iter().map(|b| at(b.threshold)).collect();
    let points: Vec<Beyond> = p.roc.iter().map(of_point).collect();
    cuts.add(asked.iter().copied());
    cuts.add(sums(&groups));
    cuts.add(sums(&bins));
    cuts.add(curve.iter().copied());
    cuts.add(points.iter().copied());

    let mut said = Vec::new();
    let mut tell = |gone: usize, one: &str, what: &str| {
        if gone > 0 {
            said.push(format!("{} {what}", plural(gone as f64, one)));
        }
    };
    let few = format!("fewer than {below} events or non-events");
    let kept: Vec<bool> = asked.iter().map(|place| cuts.has(*place)).collect();
    p.thresholds_left_out = keep(&mut p.classification, &kept);
    tell(p.thresholds_left_out, "threshold", &format!("left out, which would tell of {few}"));
    keep(&mut p.net_benefit, &kept);
    let mut kept = cuts.whole(&groups);
    kept.reverse();
    p.groups_left_out = keep(&mut p.groups, &kept);
    tell(p.groups_left_out, "group", &format!("of neighbouring risks left out, which would tell of {few}"));
    let kept: Vec<bool> = curve.iter().map(|place| cuts.has(*place)).collect();
    p.points_left_out.1 = keep(&mut p.decision_curve, &kept);
    tell(p.points_left_out.1, "point", &format!("of the decision curve left out, which would tell of {few}"));
    let kept: Vec<bool> = points.iter().map(|place| cuts.has(*place)).collect();
    p.points_left_out.0 = keep(&mut p.roc, &kept);
    let mut kept = cuts.whole(&bins);
    kept.reverse();
    p.distribution = blank(distribution, &kept);
    if kept.contains(&false) {
        said.push(format!("bins of risk with {few} are blank, and what would give them"));
    }
    p.notes.extend(said.iter().cloned());
    said
}

/// Thresholds are compared to 12 decimals, as risks are.
const TIED: f64 = 5e-13;

/// Keeps what has its flag set; gives how many go.
fn keep<T>(of: &mut Vec<T>, flags: &[bool]) -> usize {
    let before = of.len();
    let mut flags = flags.iter();
    of.retain(|_| *flags.next().unwrap_or(&false));
    before - of.len()
}

/// Without the counts of the bins whose flag is not set.
fn blank(mut of: RiskDistribution, flags: &[bool]) -> RiskDistribution {
    for (k, flag) in flags.iter().enumerate() {
        if !flag {
            (of.events[k], of.non_events[k]) = (f64::NAN, f64::NAN);
        }
    }
    of
}

/// No group of few patients, and none alone withheld with few.
pub(super) fn linear(p: &mut LinearPerformance, below: usize) -> Vec<String> {
    let sizes: Vec<f64> = p.groups.iter().map(|group| group.n).collect();
    let kept: Vec<bool> = shown(&sizes, below);
    p.groups_left_out = keep(&mut p.groups, &kept);
    let said: Vec<String> = (p.groups_left_out > 0)
        .then(|| {
            format!("{} of fewer than {below} patients left out", plural(p.groups_left_out as f64, "group"))
        })
        .into_iter()
        .collect();
    p.notes.extend(said.iter().cloned());
    said
}

/// Which counts of known sum may be shown: not the small ones, and as many others, the least first, as it takes that those
/// not shown are together no small count.
pub(super) fn shown(counts: &[f64], below: usize) -> Vec<bool> {
    let is_small = |n: f64| n > ROUNDING && n < below as f64 - ROUNDING;
    let mut shown: Vec<bool> = counts.iter().map(|n| !is_small(*n)).collect();
    loop {
        let rest: f64 = counts.iter().zip(&shown).filter(|(_, shown)| !**shown).map(|(n, _)| n).sum();
        let least = (0..counts.len())
            .filter(|k| shown[*k] && counts[*k] > ROUNDING)
            .min_by(|a, b| counts[*a].total_cmp(&counts[*b]));
        match least {
            Some(k) if is_small(rest) => shown[k] = false,
            _ => return shown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::performance::logistic::{Asked, Predicted};

    fn measured(n: usize, thresholds: &[f64]) -> LogisticPerformance {
        let lp: Vec<f64> = (0..n).map(|i| (i * 37 % n) as f64 * 5.0 / n as f64 - 3.0).collect();
        let outcome: Vec<f64> = (0..n)
            .map(|i| f64::from(u8::from((i * 61 + i * i * 7) % 100 < 10 + 70 * (i * 37 % n) / n)))
            .collect();
        let rows = Predicted { linear_predictor: &lp, outcome: &outcome, weight: None };
        let asked = Asked { conf_level: 0.95, thresholds: thresholds.to_vec() };
        LogisticPerformance::of(&rows, &asked).expect("both outcomes")
    }

    /// All pairs of events and non-events beyond a cut that a reader can work out.
    fn told(p: &LogisticPerformance, fine: &LogisticPerformance) -> Vec<Beyond> {
        let all = [p.n - p.n_events, p.n_events];
        let mut told = vec![[0.0; 2], all];
        told.extend(p.roc.iter().map(|r| [r.false_positive_rate * all[0], r.sensitivity * all[1]]));
        told.extend(p.classification.iter().map(|c| [c.false_positives, c.true_positives]));
        // Net benefit and its error are two equations for the two counts.
        for b in p.decision_curve.iter().chain(&p.net_benefit) {
            let harm = b.threshold / (1.0 - b.threshold);
            let square = b.std_error * b.std_error * (p.n - 1.0) + b.model * b.model;
            let false_positives = p.n * (square - b.model) / (harm * harm + harm);
            told.push([false_positives, p.n * b.model + harm * false_positives]);
        }
        let parts = |parts: Vec<(Option<Beyond>, Beyond)>, told: &mut Vec<Beyond>| {
            let mut at = [0.0; 2];
            for (shown, truth) in parts {
                let next = [at[0] + truth[0], at[1] + truth[1]];
                if shown.is_some() {
                    told.extend([at, next]);
                }
                at = next;
            }
        };
        let pair = |e: f64, o: f64| [o, e];
        let d = &p.distribution;
        let is_coarse = d.events.len() < fine.distribution.events.len();
        let wide = if is_coarse { fine.distribution.readable() } else { fine.distribution.clone() };
        let bins = (0..d.events.len()).rev();
        let bins = bins.map(|k| {
            let shown = d.events[k].is_finite().then(|| pair(d.events[k], d.non_events[k]));
            (shown, pair(wide.events[k], wide.non_events[k]))
        });
        parts(bins.collect(), &mut told);
        let groups = fine.groups.iter().rev().map(|g| {
            let truth = pair(g.events, g.n - g.events);
            (p.groups.contains(g).then_some(truth), truth)
        });
        parts(groups.collect(), &mut told);
        told
    }

    #[test]
    fn no_difference_of_two_cuts_is_a_few_patients() {
        let mut kept = 0;
        for n in [30, 60, 149, 400, 1300] {
            for thresholds in [&[][..], &[0.2, 0.5], &[0.31, 0.32, 0.9]] {
                for below in [2, 5, 11] {
                    let whole = measured(n, thresholds);
                    let mut p = whole.clone();
                    logistic(&mut p, below);
                    let told = told(&p, &whole);
                    kept += told.len();
                    for (a, b) in told.iter().flat_map(|a| told.iter().map(move |b| (a, b))) {
                        for k in 0..2 {
                            let rows = (a[k] - b[k]).abs();
                            let few = rows > 1e-4 && rows < below as f64 - 1e-4;
                            assert!(!few, "n {n}, below {below}: {rows} between {a:?} and {b:?}");
                        }
                    }
                    assert_eq!(p.net_benefit.len(), p.classification.len());
                }
            }
        }
        assert!(kept > 1000, "{kept}");
    }

    #[test]
    fn the_test_of_cuts_can_fail() {
        let whole = measured(149, &[0.2]);
        let told = told(&whole, &whole);
        let one = |a: &Beyond, b: &Beyond| ((a[1] - b[1]).abs() - 1.0).abs() < 1e-4;
        assert!(told.iter().any(|a| told.iter().any(|b| one(a, b))));
    }

    #[test]
    fn a_sum_does_not_give_a_withheld_count_back() {
        assert_eq!(shown(&[20.0, 3.0, 9.0, 7.0, 0.0], 5), [true, false, true, false, true]);
        assert_eq!(shown(&[20.0, 3.0, 4.0], 5), [true, false, false]);
        assert_eq!(shown(&[20.0, 8.0], 5), [true, true]);
    }
}
