//! Profile-likelihood intervals: where the best likelihood with one coefficient held has dropped by the quantile.

use ndarray::{Array1, ArrayRef1, ArrayRef2};
use rayon::prelude::*;

use crate::inference::restrict::Restricted;
use crate::num::linalg::{solve_root, solve_upper_transposed};
use crate::objective::{Curved, Objective};
use crate::optimise::method::{Decay, Method};
use crate::optimise::watch::Unwatched;
use crate::optimise::{Settings, minimise};

/// An objective at its minimum. Any objective with curvature will do: a likelihood or Firth's penalised one.
#[derive(Clone, Copy)]
pub struct Optimum<'a> {
    /// What was minimised.
    pub objective: &'a dyn Objective,
    /// Where its minimum is, p.
    pub beta: &'a ArrayRef1<f64>,
    /// Its value there.
    pub value: f64,
    /// Upper triangular R, p x p, with R'R its Hessian (or the expected one) there.
    pub root: &'a ArrayRef2<f64>,
    /// What the objective is to be multiplied with to give the negative log-likelihood: n for a mean loss.
    /// For a linear model n / sigma²: then the profile is a parabola and the interval is exactly estimate
    /// +- half width * standard error (with the t quantile as half width, R's `confint`).
    pub information: f64,
}

/// One end of an interval.
#[derive(Debug, Clone, PartialEq)]
pub enum End {
    /// Here the drop reaches the quantile.
    At(f64),
    /// The likelihood never drops that far on this side: the end is infinite (separation).
    Infinite,
    /// The search failed; why, in words.
    Unfound(String),
}

/// A profile-likelihood interval.
#[derive(Debug, Clone, PartialEq)]
pub struct ProfileInterval {
    /// Lower end.
    pub low: End,
    /// Upper end.
    pub high: End,
}

impl ProfileInterval {
    /// Both ends as numbers: infinite where the likelihood stays flat, NaN where the search failed.
    pub fn ends(&self) -> (f64, f64) {
        let number = |end: &End, infinite: f64| match end {
            End::At(value) => *value,
            End::Infinite => infinite,
            End::Unfound(_) => f64::NAN,
        };
        (number(&self.low, f64::NEG_INFINITY), number(&self.high, f64::INFINITY))
    }
}

/// Profile intervals of the coefficients in the user's units, one a row of `to_user` (p x p).
///
/// `half_width` is the normal quantile (logistic: twice the log-likelihood drops by its square, the chi-squared
/// quantile with 1 df). The intercept in the user's units is a combination of all standardised coefficients and is
/// held as such. Source: Venzon & Moolgavkar 1988, Applied Statistics 37:87-94; for Firth's likelihood Heinze &
/// Schemper 2002, Statistics in Medicine 21:2409-2419.
///
/// `at_once`: whether several are worked out at the same time. Those over the rows of several ranks are not: what ranks are asked, one
/// thread asks.
pub fn intervals(
    optimum: &Optimum<'_>,
    to_user: &ArrayRef2<f64>,
    half_width: f64,
    at_once: bool,
) -> Vec<ProfileInterval> {
    let rows: Vec<Array1<f64>> = to_user.rows().into_iter().map(|r| r.to_owned()).collect();
    let one = |contrast: &Array1<f64>| interval(optimum, contrast, half_width);
    if at_once { rows.par_iter().map(one).collect() } else { rows.iter().map(one).collect() }
}

/// The profile interval of one combination a.beta of the coefficients.
pub fn interval(optimum: &Optimum<'_>, contrast: &ArrayRef1<f64>, half_width: f64) -> ProfileInterval {
    let profile = Profile::new(optimum, contrast);
    if profile.is_parabola() {
        let reach = half_width * profile.std_error;
        return ProfileInterval {
            low: End::At(profile.estimate - reach),
            high: End::At(profile.estimate + reach),
        };
    }
    ProfileInterval { low: profile.end(half_width, -1.0), high: profile.end(half_width, 1.0) }
}

/// Twice the drop of the log-likelihood when a.beta is held at a value: the likelihood-ratio statistic (1 df) of
/// a.beta = `held`.
///
/// # Errors
/// Why the minimum over the others was not found, in words.
pub fn drop_at(
    optimum: &Optimum<'_>,
    contrast: &ArrayRef1<f64>,
    held: f64,
) -> std::result::Result<f64, String> {
    let profile = Profile::new(optimum, contrast);
    if profile.is_parabola() {
        return Ok(((held - profile.estimate) / profile.std_error).powi(2));
    }
    profile.at(held, &profile.peak()).map(|point| point.drop.max(0.0))
}

/// The profile of one combination.
struct Profile<'a> {
    optimum: &'a Optimum<'a>,
    contrast: &'a ArrayRef1<f64>,
    /// a.beta at the optimum.
    estimate: f64,
    /// Its Wald standard error.
    std_error: f64,
    /// d beta / d (a.beta) along the profile, at the optimum: H⁻¹a / (a'H⁻¹a).
    tangent: Array1<f64>,
}

/// A point of the profile.
struct ProfilePoint {
    held: f64,
    beta: Array1<f64>,
    /// Twice the drop of the log-likelihood from the optimum.
    drop: f64,
    /// d drop / d held: by the envelope theorem the gradient along any path that changes a.beta.
    slope: f64,
}

impl<'a> Profile<'a> {
    fn new(optimum: &'a Optimum<'a>, contrast: &'a ArrayRef1<f64>) -> Self {
        let half = solve_upper_transposed(optimum.root, contrast);
        let variance = half.dot(&half);
        Profile {
            optimum,
            contrast,
            estimate: contrast.dot(optimum.beta),
            std_error: (variance / optimum.information).sqrt(),
            tangent: solve_root(optimum.root, contrast) / variance,
        }
    }

    /// A quadratic objective has a quadratic profile: nothing need be searched.
    fn is_parabola(&self) -> bool {
        self.optimum.objective.curved().is_some_and(Curved::is_quadratic)
    }

    fn peak(&self) -> ProfilePoint {
        ProfilePoint { held: self.estimate, beta: self.optimum.beta.to_owned(), drop: 0.0, slope: 0.0 }
    }

    /// Minimises over everything else with a.beta held, from a known point moved along the tangent.
    fn at(&self, held: f64, from: &ProfilePoint) -> std::result::Result<ProfilePoint, String> {
        const SETTINGS: Settings = Settings {
            method: Method::Auto,
            batch: None,
            decay: Decay::Constant,
            max_epochs: 200,
            tolerance: 1e-8, // the value is then good to its square
            seed: 0,
        };
        let mut origin = from.beta.clone();
        origin.scaled_add(held - from.held, &self.tangent);
        let beta = if origin.len() == 1 {
            origin
        } else {
            let others = Restricted::with_combination_held(self.optimum.objective, self.contrast, origin);
            let start = Array1::zeros(others.dim());
            let descent = minimise(&others, &start, &SETTINGS, &mut Unwatched);
            if !descent.reason.is_converged() {
                return Err(format!("with the coefficient held at {held}: {}", descent.reason.words()));
            }
            others.point(&descent.beta)
        };
        let (value, gradient) = self.optimum.objective.value_and_gradient(&beta);
        let twice = 2.0 * self.optimum.information;
        let point = ProfilePoint {
            held,
            drop: twice * (value - self.optimum.value),
            slope: twice * gradient.dot(&self.tangent),
            beta,
        };
        if point.drop.is_finite() {
            Ok(point)
        } else {
            Err(format!("the likelihood at {held} is not a number"))
        }
    }

    /// One end: the side is -1 or 1.
    fn end(&self, half_width: f64, side: f64) -> End {
        match self.bracket(half_width, side) {
            Ok(Some((inside, outside))) => match self.root_between(half_width, inside, outside) {
                Ok(value) => End::At(value),
                Err(why) => End::Unfound(why),
            },
            Ok(None) => End::Infinite,
            Err(why) => End::Unfound(why),
        }
    }

    /// A point where the drop is still too small and one where it is large enough; `None` if there is none such.
    ///
    /// Starts at the Wald end and doubles the distance. The profile of a convex loss is convex, so that a drop that
    /// is not flat at the start reaches the quantile within ld(1/FLAT) doublings. Where the Wald end is absurd (the
    /// standard errors of a separated fit) and nothing can be minimised there, the step shrinks instead.
    fn bracket(
        &self,
        half_width: f64,
        side: f64,
    ) -> std::result::Result<Option<(ProfilePoint, ProfilePoint)>, String> {
        const FLAT: f64 = 1e-6; // share of the wanted drop; the optimum's own error is far smaller
        const MOST_TRIALS: usize = 60;
        const SHRINK: f64 = 0.25;
        let wanted = half_width * half_width;
        let mut inside = self.peak();
        let mut step = half_width * self.std_error;
        let mut failure = None;
        for _ in 0..MOST_TRIALS {
            let point = match self.at(inside.held + side * step, &inside) {
                Ok(point) => point,
                Err(why) => {
                    failure = Some(why);
                    step *= SHRINK;
                    continue;
                }
            };
            if point.drop >= wanted {
                return Ok(Some((inside, point)));
            }
            if point.drop < FLAT * wanted && failure.is_none() {
                return Ok(None);
            }
            inside = point;
            step = if failure.is_none() { (inside.held - self.estimate).abs() } else { step };
        }
        failure.map_or(Ok(None), Err)
    }

    /// Newton's method inside a shrinking bracket: on the root of the drop, which is nearly linear in the
    /// coefficient; where that leaves the bracket on the drop itself, which a convex profile never oversteps from
    /// outside; else the middle. A point where nothing can be minimised is replaced by nearer ones.
    fn root_between(
        &self,
        half_width: f64,
        mut inside: ProfilePoint,
        mut outside: ProfilePoint,
    ) -> std::result::Result<f64, String> {
        const PRECISION: f64 = 1e-10; // relative to the distance from the estimate
        const MOST_STEPS: usize = 100;
        const NEARER: f64 = 0.25;
        let wanted = half_width * half_width;
        let mut from_outside = true;
        let mut refused: Option<(f64, String)> = None;
        for _ in 0..MOST_STEPS {
            let last = if from_outside { &outside } else { &inside };
            let (low, high) = (inside.held.min(outside.held), inside.held.max(outside.held));
            let within = |held: &f64| low < *held && *held < high;
            let root = last.drop.max(0.0).sqrt();
            let newton = last.held - (root - half_width) * 2.0 * root / last.slope;
            let precise = PRECISION * (last.held - self.estimate).abs();
            if (newton - last.held).abs() <= precise || high - low <= precise {
                return Ok(if newton.is_finite() { newton.clamp(low, high) } else { last.held });
            }
            let plain = last.held - (last.drop - wanted) / last.slope;
            let next = match &refused {
                Some((at, _)) => inside.held + NEARER * (at - inside.held),
                None => [newton, plain].into_iter().find(within).unwrap_or(0.5 * (low + high)),
            };
            let from_inside = (next - inside.held).abs() <= (next - outside.held).abs();
            match self.at(next, if from_inside { &inside } else { &outside }) {
                Ok(point) => {
                    refused = None;
                    from_outside = point.drop >= wanted;
                    if from_outside {
                        outside = point;
                    } else {
                        inside = point;
                    }
                }
                Err(why) => refused = Some((next, why)),
            }
        }
        let why = refused.map_or_else(|| "no end found".to_string(), |(_, why)| why);
        Err(format!("{why} (between {} and {})", inside.held, outside.held))
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::*;
    use crate::inference::covariance::to_user_units;
    use crate::inference::fixture::{AM, HP, MPG, WT, near, optimum, rows, with_intercept};
    use crate::num::special::normal_quantile;
    use crate::objective::firth::Firth;
    use crate::objective::glm::Glm;
    use crate::objective::loss::Loss;
    use crate::rows::{InMemory, Rows};

    /// Ends of the 95% intervals with the coefficients carried to other units by `to_user`.
    fn ends(rows: &InMemory, to_user: &Array2<f64>) -> Vec<(f64, f64)> {
        let (beta, value, root) = optimum(rows, Loss::Logistic);
        let glm = Glm::new(rows, Loss::Logistic);
        let information = rows.total_weight();
        let optimum = Optimum { objective: &glm, beta: &beta, value, root: &root, information };
        intervals(&optimum, to_user, normal_quantile(0.975), true).iter().map(ProfileInterval::ends).collect()
    }

    /// Solved with 40 digits from the definition (Newton for the others, secant for the end).
    const CARS: [(f64, f64); 3] = [
        (8.366497818932695, 40.55074757295607),
        (0.010594272764954914, 0.09055235629941424),
        (-17.207128178938987, -3.7695301535086436),
    ];

    #[test]
    fn cars_give_the_ends_of_arithmetic_with_forty_digits() {
        let raw = rows(with_intercept(&[&HP, &WT]), &AM);
        for (got, wanted) in ends(&raw, &Array2::eye(3)).into_iter().zip(CARS) {
            near(&[got.0, got.1], &[wanted.0, wanted.1], 1e-9);
        }
    }

    #[test]
    fn a_descent_on_standardised_columns_gives_the_same_ends_in_the_user_s_units() {
        let (centre, spread) = (array![0.0, 150.0, 3.2], array![1.0, 70.0, 0.9]);
        let z = (with_intercept(&[&HP, &WT]) - &centre) / &spread;
        let to_user = to_user_units(&centre, &spread, true);
        for (got, wanted) in ends(&rows(z, &AM), &to_user).into_iter().zip(CARS) {
            near(&[got.0, got.1], &[wanted.0, wanted.1], 1e-9);
        }
    }

    /// With the intercept alone the interval is that of a proportion: 2 n KL(p̂, p) = quantile.
    #[test]
    fn an_intercept_alone_gives_the_likelihood_interval_of_a_proportion() {
        let data = rows(Array2::ones((10, 1)), &[1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
        let (low, high) = ends(&data, &Array2::eye(1))[0];
        for end in [low, high] {
            let p = 1.0 / (1.0 + (-end).exp());
            let drop = 20.0 * (0.3 * (0.3 / p).ln() + 0.7 * (0.7 / (1.0 - p)).ln());
            assert!((drop - normal_quantile(0.975).powi(2)).abs() < 1e-8, "{drop}");
        }
    }

    #[test]
    fn of_a_linear_model_the_search_finds_the_wald_ends() {
        let data = rows(with_intercept(&[&HP, &WT]), &MPG);
        let (beta, value, root) = optimum(&data, Loss::Squared);
        let glm = Glm::new(&data, Loss::Squared);
        let information = 32.0 / 6.7;
        let optimum = Optimum { objective: &glm, beta: &beta, value, root: &root, information };
        for j in 0..3 {
            let mut contrast = Array1::zeros(3);
            contrast[j] = 1.0;
            let (low, high) = interval(&optimum, &contrast, 2.05).ends();
            let profile = Profile::new(&optimum, &contrast);
            let found = [profile.end(2.05, -1.0), profile.end(2.05, 1.0)];
            let [End::At(a), End::At(b)] = found else { panic!("{found:?}") };
            near(&[a, b], &[low, high], 1e-10);
            near(&[(high - low) / 2.0], &[2.05 * profile.std_error], 1e-13);
        }
    }

    /// A group without events: its log odds have no lower end; the upper end is where an empty group of four has
    /// lost the quantile, 2 · 4 ln(1 + exp(eta)) = q; the other group is as if alone.
    #[test]
    fn a_group_without_events_has_an_infinite_end_on_one_side_only() {
        let x = Array2::from_shape_fn((12, 2), |(i, j)| if (i < 4) == (j == 0) { 1.0 } else { 0.0 });
        let y = [0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0];
        let found = ends(&rows(x, &y), &Array2::eye(2));
        assert_eq!(found[0].0, f64::NEG_INFINITY);
        let q = normal_quantile(0.975).powi(2);
        near(&[found[0].1], &[(q / 8.0).exp_m1().ln()], 1e-6);
        assert!(found[1].0.is_finite() && found[1].1.is_finite());
    }

    /// Of group means Firth's penalty adds half an event and half a non-event to each group: its profile is that of
    /// (y + 1/2) ln p + (m - y + 1/2) ln(1 - p), and even a group without events has two ends.
    #[test]
    fn firth_s_profile_of_a_group_without_events_is_that_of_half_an_event_more() {
        let x = Array2::from_shape_fn((12, 2), |(i, j)| if (i < 4) == (j == 0) { 1.0 } else { 0.0 });
        let data = rows(x, &[0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
        let firth = Firth::new(&data);
        let beta = array![f64::ln(0.5 / 4.5), f64::ln(3.5 / 5.5)];
        let (value, _, root) = firth.all_at(&beta);
        let optimum = Optimum { objective: &firth, beta: &beta, value, root: &root, information: 12.0 };
        let of_group = |eta: f64| -0.5 * (-eta).exp().ln_1p() - 4.5 * eta.exp().ln_1p();
        let (low, high) = interval(&optimum, &array![1.0, 0.0], normal_quantile(0.975)).ends();
        for end in [low, high] {
            let drop = 2.0 * (of_group(beta[0]) - of_group(end));
            assert!((drop - normal_quantile(0.975).powi(2)).abs() < 1e-8, "{end} {drop}");
        }
    }

    #[test]
    fn the_drop_at_zero_is_the_likelihood_ratio_of_the_smaller_model() {
        let data = rows(with_intercept(&[&HP, &WT]), &AM);
        let (beta, value, root) = optimum(&data, Loss::Logistic);
        let glm = Glm::new(&data, Loss::Logistic);
        let optimum = Optimum { objective: &glm, beta: &beta, value, root: &root, information: 32.0 };
        let drop = drop_at(&optimum, &array![0.0, 1.0, 0.0], 0.0).expect("found");
        near(&[drop], &[9.1169743351781], 1e-10); // R: drop1(glm(am ~ hp + wt, binomial), test = "LRT")
    }
}
