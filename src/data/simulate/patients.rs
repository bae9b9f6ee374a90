//! A block of simulated patients: covariates, randomised treatment, outcomes from the truth, gaps.

use ndarray::{Array1, Zip};
use ndarray_rand::RandomExt;
use ndarray_rand::rand::distr::weighted::WeightedIndex;
use ndarray_rand::rand_distr::{
    Bernoulli, Beta, Distribution, LogNormal, Normal, Poisson, StandardNormal, StandardUniform,
};

use crate::data::simulate::truth::{SIGMA, log_odds_of_response, mean_effectiveness};
use crate::num::random::stream;
use crate::num::special::expit;

/// The study sites; levels stand in the order that sorting gives, the first is the reference.
pub const SITES: [&str; 5] = ["Aberdeen", "Bergen", "Coimbra", "Dresden", "Eindhoven"];
/// The sexes.
pub const SEXES: [&str; 2] = ["female", "male"];
/// The arms of the trial.
pub const TREATMENTS: [&str; 3] = ["control", "new", "standard"];
/// Smoking status.
pub const SMOKING: [&str; 3] = ["current", "former", "never"];

const SITE_SHARES: [f64; 5] = [0.28, 0.22, 0.20, 0.17, 0.13];
const SEX_SHARES: [f64; 2] = [0.52, 0.48];
const ARM_SHARES: [f64; 3] = [1.0, 1.0, 1.0];
const SMOKING_SHARES: [f64; 3] = [0.20, 0.30, 0.50];
/// Low, usual and high dose of each arm, in mg.
const DOSES_MG: [[f64; 3]; 3] = [[0.0, 0.0, 0.0], [10.0, 15.0, 20.0], [50.0, 75.0, 100.0]];
const DOSE_SHARES: [f64; 3] = [0.25, 0.5, 0.25];

const YOUNGEST_YEARS: f64 = 25.0;
const AGE_RANGE_YEARS: f64 = 65.0;
const USUAL_AGE_YEARS: f64 = 57.5;
const USUAL_SEVERITY: f64 = 50.0;
/// Correlation of the two outcomes' errors: who does better than expected on the score also tends to respond.
const SHARED_LUCK: f64 = 0.6;

const BMI_MISSING: f64 = 0.03;
/// The site that forgets the biomarker more often (its place in [`SITES`]).
const FORGETFUL_SITE: usize = 3;

/// Columns of equal length, as they are written: numbers are rounded before the outcomes are computed from them.
pub struct Patients {
    pub site: Array1<usize>,
    pub age: Array1<f64>,
    pub sex: Array1<usize>,
    pub bmi: Array1<f64>,
    pub treatment: Array1<usize>,
    pub dose_mg: Array1<f64>,
    pub baseline_severity: Array1<f64>,
    pub biomarker: Array1<f64>,
    pub comorbidities: Array1<f64>,
    pub smoking: Array1<usize>,
    pub adherence: Array1<f64>,
    pub effectiveness: Array1<f64>,
    pub responded: Array1<bool>,
    pub bmi_missing: Array1<bool>,
    pub biomarker_missing: Array1<bool>,
}

impl Patients {
    /// Draws a block: every column has a stream of its own, named after it.
    ///
    /// 1. Covariates.  2. Arm by chance, dose within the arm.  3. Outcomes from the truth.  4. Gaps.
    pub fn draw(n_rows: usize, seed: u64, block: u64) -> Patients {
        let draws = Draws { n_rows, seed, block };
        // 1.
        let age = draws.of("age", known(Beta::new(4.0, 4.0)));
        let age = age.mapv(|share| (YOUNGEST_YEARS + AGE_RANGE_YEARS * share).round());
        let baseline_severity = draws.of("baseline_severity", known(Beta::new(5.0, 5.0)));
        let baseline_severity = baseline_severity.mapv(|share| rounded(100.0 * share, 1));
        // 2.
        let treatment = draws.levels("treatment", &ARM_SHARES);
        let dose = draws.levels("dose_mg", &DOSE_SHARES);
        let mut patients = Patients {
            site: draws.levels("site", &SITE_SHARES),
            sex: draws.levels("sex", &SEX_SHARES),
            bmi: draws.of("bmi", known(LogNormal::new(3.3, 0.16))).mapv(|x| rounded(x, 1)),
            dose_mg: Zip::from(&treatment).and(&dose).map_collect(|&arm, &step| DOSES_MG[arm][step]),
            biomarker: biomarker(&draws, &baseline_severity),
            comorbidities: comorbidities(&draws, &age),
            smoking: draws.levels("smoking", &SMOKING_SHARES),
            adherence: draws.of("adherence", known(Beta::new(8.0, 2.0))).mapv(|x| rounded(x, 2)),
            effectiveness: Array1::zeros(n_rows),
            responded: Array1::default(n_rows),
            bmi_missing: draws.of("bmi missing", known(Bernoulli::new(BMI_MISSING))),
            biomarker_missing: Array1::default(n_rows),
            age,
            treatment,
            baseline_severity,
        };
        patients.draw_outcomes(&draws);
        patients.biomarker_missing = biomarker_missing(&draws, &patients);
        patients
    }

    /// 3. effectiveness = mean + SIGMA z,  responded = [upper tail of w < expit(log odds)],  w = r z + sqrt(1 - r^2) z'.
    ///
    /// The upper tail of a standard normal is uniform, so that each outcome follows its own model exactly.
    fn draw_outcomes(&mut self, draws: &Draws) {
        let luck: Array1<f64> = draws.of("effectiveness", StandardNormal);
        let other_luck: Array1<f64> = draws.of("responded", StandardNormal);
        let own_part = (1.0 - SHARED_LUCK * SHARED_LUCK).sqrt();
        self.effectiveness = Zip::from(&mean_effectiveness(self))
            .and(&luck)
            .map_collect(|mean, z| rounded((mean + SIGMA * z).clamp(0.0, 100.0), 1));
        self.responded = Zip::from(&log_odds_of_response(self)).and(&luck).and(&other_luck).map_collect(
            |&log_odds, z, other| upper_normal(SHARED_LUCK * z + own_part * other) < expit(log_odds),
        );
    }
}

/// ln(biomarker) = 1.6 + 0.02 (severity - 50) + 0.6 z, in mg/l: skewed, and higher in severe illness.
fn biomarker(draws: &Draws, severity: &Array1<f64>) -> Array1<f64> {
    let z: Array1<f64> = draws.of("biomarker", known(Normal::new(1.6, 0.6)));
    Zip::from(severity)
        .and(&z)
        .map_collect(|severity, z| rounded(libm::exp(z + 0.02 * (severity - USUAL_SEVERITY)), 2))
}

/// Poisson with mean exp(-0.3 + 0.025 (age - 57.5)): more diseases in later life.
fn comorbidities(draws: &Draws, age: &Array1<f64>) -> Array1<f64> {
    let mut rng = stream(draws.seed, "comorbidities", draws.block);
    age.mapv(|age| {
        let mean = libm::exp(-0.3 + 0.025 * (age - USUAL_AGE_YEARS));
        known(Poisson::new(mean)).sample(&mut rng)
    })
}

/// 4. P(missing) = expit(-3.6 + 0.03 (age - 57.5) + 1.0 [site = Dresden]): at random given what is observed.
fn biomarker_missing(draws: &Draws, patients: &Patients) -> Array1<bool> {
    let chance: Array1<f64> = draws.of("biomarker missing", StandardUniform);
    Zip::from(&chance).and(&patients.age).and(&patients.site).map_collect(|&u, age, &site| {
        let forgetful = if site == FORGETFUL_SITE { 1.0 } else { 0.0 };
        u < expit(-3.6 + 0.03 * (age - USUAL_AGE_YEARS) + forgetful)
    })
}

struct Draws {
    n_rows: usize,
    seed: u64,
    block: u64,
}

impl Draws {
    fn of<T, D: Distribution<T>>(&self, column: &str, distribution: D) -> Array1<T> {
        Array1::random_using(self.n_rows, distribution, &mut stream(self.seed, column, self.block))
    }

    fn levels(&self, column: &str, shares: &[f64]) -> Array1<usize> {
        self.of(column, known(WeightedIndex::new(shares)))
    }
}

/// A distribution whose parameters are constants of this file.
fn known<D, E: std::fmt::Debug>(distribution: Result<D, E>) -> D {
    distribution.expect("the parameters are within the distribution's range")
}

/// The double nearest to x written with so many decimals: what a reader of the file gets.
fn rounded(x: f64, decimals: i32) -> f64 {
    let unit = 10_f64.powi(decimals);
    (x * unit).round() / unit
}

/// P(Z > z).
fn upper_normal(z: f64) -> f64 {
    0.5 * libm::erfc(z / std::f64::consts::SQRT_2)
}

#[cfg(test)]
mod tests {
    use super::*;

    const N: usize = 100_000;
    /// Standard errors that a mean may be off: one fixed seed, so the tests either always hold or never.
    const OFF: f64 = 4.0;

    fn many() -> Patients {
        Patients::draw(N, 11, 0)
    }

    fn mean_where(values: impl Iterator<Item = (bool, f64)>) -> (f64, f64) {
        let (count, sum) =
            values.filter(|(keep, _)| *keep).fold((0.0, 0.0), |(n, s), (_, x)| (n + 1.0, s + x));
        (sum / count, count)
    }

    fn flag(yes: bool) -> f64 {
        f64::from(u8::from(yes))
    }

    fn correlation(x: &Array1<f64>, y: &Array1<f64>) -> f64 {
        let (dx, dy) = (x - x.mean().unwrap_or(0.0), y - y.mean().unwrap_or(0.0));
        dx.dot(&dy) / (dx.dot(&dx) * dy.dot(&dy)).sqrt()
    }

    #[test]
    fn the_arms_are_of_equal_size_and_independent_of_severity() {
        let p = many();
        for arm in 0..3 {
            let chosen = p.treatment.mapv(|t| flag(t == arm));
            let share = chosen.mean().unwrap_or(0.0);
            assert!((share - 1.0 / 3.0).abs() < OFF * (2.0 / 9.0 / N as f64).sqrt(), "{share}");
            assert!(correlation(&chosen, &p.baseline_severity).abs() < OFF / (N as f64).sqrt());
        }
    }

    #[test]
    fn the_dose_is_zero_on_control_alone_and_varies_within_the_other_arms() {
        let p = many();
        for (arm, doses) in DOSES_MG.iter().enumerate() {
            for dose in doses {
                assert!(p.treatment.iter().zip(&p.dose_mg).any(|(t, d)| *t == arm && d == dose));
            }
        }
        assert!(p.treatment.iter().zip(&p.dose_mg).all(|(t, d)| (*t == 0) == (*d == 0.0)));
    }

    #[test]
    fn the_biomarker_is_positive_skewed_and_correlated_with_severity() {
        let p = many();
        assert!(p.biomarker.iter().all(|b| *b > 0.0));
        let mean = p.biomarker.mean().unwrap_or(0.0);
        let sd = p.biomarker.std(0.0);
        let skewness = p.biomarker.mapv(|b| ((b - mean) / sd).powi(3)).mean().unwrap_or(0.0);
        assert!(skewness > 1.5, "{skewness}");
        // Of ln(biomarker): slope 0.02 on a sd of 100 sqrt(0.25 / 11), beside a sd of 0.6.
        let part = 0.02 * 100.0 * (0.25_f64 / 11.0).sqrt();
        let expected = part / (part * part + 0.36).sqrt();
        let found = correlation(&p.biomarker.mapv(f64::ln), &p.baseline_severity);
        assert!((found - expected).abs() < OFF / (N as f64).sqrt(), "{found} and not {expected}");
    }

    #[test]
    fn the_score_stays_so_far_inside_0_to_100_that_the_limits_never_act() {
        let p = many();
        let (low, high) =
            p.effectiveness.iter().fold((100.0_f64, 0.0_f64), |(l, h), y| (l.min(*y), h.max(*y)));
        assert!(5.0 < low && high < 95.0, "{low} to {high}");
    }

    #[test]
    fn the_score_lies_about_its_mean_with_the_planted_standard_deviation() {
        let p = many();
        let residual = &p.effectiveness - &mean_effectiveness(&p);
        let n = N as f64;
        assert!(residual.mean().unwrap_or(1.0).abs() < OFF * SIGMA / n.sqrt());
        let sd = residual.std(0.0);
        assert!((sd / SIGMA - 1.0).abs() < OFF / (2.0 * n).sqrt(), "{sd}");
    }

    #[test]
    fn in_each_tenth_of_risk_as_many_respond_as_the_truth_says() {
        let p = many();
        let risk = log_odds_of_response(&p).mapv(expit);
        for tenth in 0..10 {
            let inside = |r: f64| (10.0 * r).floor() as usize == tenth;
            let (seen, count) =
                mean_where(risk.iter().zip(&p.responded).map(|(r, y)| (inside(*r), flag(*y))));
            let (expected, _) = mean_where(risk.iter().map(|r| (inside(*r), *r)));
            let error = (expected * (1.0 - expected) / count).sqrt();
            assert!(
                count > 100.0 && (seen - expected).abs() < OFF * error,
                "{tenth}: {seen} and not {expected}"
            );
        }
    }

    #[test]
    fn who_does_better_than_expected_responds_more_often() {
        let p = many();
        let residual = &p.effectiveness - &mean_effectiveness(&p);
        let unexpected = p.responded.mapv(flag) - log_odds_of_response(&p).mapv(expit);
        assert!(correlation(&residual, &unexpected) > 0.3);
    }

    #[test]
    fn bmi_is_missing_in_3_per_cent_whatever_the_patient_is_like() {
        let p = many();
        let missing = p.bmi_missing.mapv(flag);
        let share = missing.mean().unwrap_or(0.0);
        assert!((share - 0.03).abs() < OFF * (0.03 * 0.97 / N as f64).sqrt(), "{share}");
        for column in [&p.bmi, &p.age, &p.baseline_severity, &p.effectiveness] {
            assert!(correlation(&missing, column).abs() < OFF / (N as f64).sqrt());
        }
    }

    #[test]
    fn the_biomarker_is_missing_more_often_in_the_old_and_in_dresden_but_not_by_its_own_value() {
        let p = many();
        let chance = |age: f64, forgetful: f64| expit(-3.6 + 0.03 * (age - 57.5) + forgetful);
        for (at_dresden, forgetful) in [(false, 0.0), (true, 1.0)] {
            for older in [false, true] {
                let inside = |row: usize| (p.site[row] == 3) == at_dresden && (p.age[row] > 57.5) == older;
                let (seen, count) = mean_where((0..N).map(|r| (inside(r), flag(p.biomarker_missing[r]))));
                let (expected, _) = mean_where((0..N).map(|r| (inside(r), chance(p.age[r], forgetful))));
                let error = (expected * (1.0 - expected) / count).sqrt();
                assert!((seen - expected).abs() < OFF * error, "{seen} and not {expected}");
            }
        }
        assert!(correlation(&p.biomarker_missing.mapv(flag), &p.biomarker).abs() < OFF / (N as f64).sqrt());
    }

    #[test]
    fn a_rounded_number_is_the_one_that_is_read_back_from_its_decimals() {
        for x in [0.05, 0.15, 1.005, 2.675, 27.449999, 39.95, 99.99] {
            for (decimals, text) in
                [(1, format!("{:.1}", rounded(x, 1))), (2, format!("{:.2}", rounded(x, 2)))]
            {
                assert_eq!(text.parse(), Ok(rounded(x, decimals)));
            }
        }
    }
}
