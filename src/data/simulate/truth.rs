//! What is true in the simulated trial: one line a term, its effect on each outcome and what it means for a patient.

use ndarray::Array1;

use crate::data::simulate::patients::Patients;

/// A model that holds exactly in the simulated trial.
#[derive(Debug, Clone, PartialEq)]
pub struct Truth {
    /// The formula whose least-squares or maximum-likelihood fit estimates it without bias (default level order).
    pub formula: &'static str,
    /// The true coefficients by the name of the design's term, e.g. `treatment[new]:baseline_severity`;
    /// score points for the linear model, log odds of `yes` for the logistic one.
    pub coefficients: Vec<(String, f64)>,
    /// Standard deviation of the normal error, in score points; `None` for the logistic model.
    pub sigma: Option<f64>,
}

/// Standard deviation of `effectiveness` about its mean, in score points.
pub const SIGMA: f64 = 5.5;

/// The truth of `effectiveness` (linear) and of `responded` (logistic), in this order.
pub fn truth() -> [Truth; 2] {
    [
        Truth {
            formula: "effectiveness ~ site + age + sex + bmi + treatment * baseline_severity + log(biomarker) \
                      + comorbidities + smoking + adherence",
            coefficients: TERMS.iter().map(|t| (t.name.to_string(), t.points)).collect(),
            sigma: Some(SIGMA),
        },
        Truth {
            formula: "responded ~ site + age + sex + bmi + treatment * baseline_severity + log(biomarker) \
                      + comorbidities + smoking + adherence",
            coefficients: TERMS.iter().map(|t| (t.name.to_string(), t.log_odds)).collect(),
            sigma: None,
        },
    ]
}

/// The mean of `effectiveness`, one a patient, in score points.
pub fn mean_effectiveness(patients: &Patients) -> Array1<f64> {
    linear_predictor(patients, |term| term.points)
}

/// The log odds of `responded` being `yes`, one a patient.
pub fn log_odds_of_response(patients: &Patients) -> Array1<f64> {
    linear_predictor(patients, |term| term.log_odds)
}

fn linear_predictor(patients: &Patients, coefficient: impl Fn(&TrueTerm) -> f64) -> Array1<f64> {
    let mut eta = Array1::zeros(patients.age.len());
    for term in &TERMS {
        eta.scaled_add(coefficient(term), &(term.value)(patients));
    }
    eta
}

struct TrueTerm {
    name: &'static str,
    points: f64,
    log_odds: f64,
    value: fn(&Patients) -> Array1<f64>,
}

const fn term(
    name: &'static str,
    points: f64,
    log_odds: f64,
    value: fn(&Patients) -> Array1<f64>,
) -> TrueTerm {
    TrueTerm { name, points, log_odds, value }
}

/// Indicator of one level, by its place in the order of the levels.
fn is(codes: &Array1<usize>, level: usize) -> Array1<f64> {
    codes.mapv(|code| f64::from(u8::from(code == level)))
}

#[rustfmt::skip] // a table: one line a term
const TERMS: [TrueTerm; 18] = [
    term("(Intercept)",                           60.0,  1.65,   |p| Array1::ones(p.age.len())),
    term("site[Bergen]",                           1.0,  0.2,    |p| is(&p.site, 1)),
    term("site[Coimbra]",                         -1.2, -0.3,    |p| is(&p.site, 2)),
    term("site[Dresden]",                          0.5,  0.1,    |p| is(&p.site, 3)),
    term("site[Eindhoven]",                       -0.6, -0.15,   |p| is(&p.site, 4)),
    term("age",                                   -0.08, -0.02,  |p| p.age.clone()),
    term("sex[male]",                             -1.0, -0.2,    |p| is(&p.sex, 1)),
    term("bmi",                                   -0.15, -0.03,  |p| p.bmi.clone()),
    term("treatment[new]",                         1.0,  0.1,    |p| is(&p.treatment, 1)),
    term("treatment[standard]",                    2.0,  0.25,   |p| is(&p.treatment, 2)),
    term("baseline_severity",                     -0.25, -0.045, |p| p.baseline_severity.clone()),
    term("log(biomarker)",                        -2.0, -0.4,    |p| p.biomarker.mapv(libm::log)),
    term("comorbidities",                         -0.9, -0.2,    |p| p.comorbidities.clone()),
    term("smoking[former]",                        1.5,  0.3,    |p| is(&p.smoking, 1)),
    term("smoking[never]",                         2.5,  0.5,    |p| is(&p.smoking, 2)),
    term("adherence",                             12.0,  2.5,    |p| p.adherence.clone()),
    term("treatment[new]:baseline_severity",       0.18, 0.032,  |p| is(&p.treatment, 1) * &p.baseline_severity),
    term("treatment[standard]:baseline_severity",  0.06, 0.01,   |p| is(&p.treatment, 2) * &p.baseline_severity),
];

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    /// A man of 60 in Dresden on the new treatment, and a woman of 40 in Aberdeen on control.
    fn two_patients() -> Patients {
        Patients {
            site: array![3, 0],
            age: array![60.0, 40.0],
            sex: array![1, 0],
            bmi: array![30.0, 22.0],
            treatment: array![1, 0],
            dose_mg: array![15.0, 0.0],
            baseline_severity: array![40.0, 70.0],
            biomarker: array![1.0, 5.0],
            comorbidities: array![2.0, 0.0],
            smoking: array![2, 0],
            adherence: array![0.75, 0.5],
            effectiveness: array![0.0, 0.0],
            responded: array![false, false],
            bmi_missing: array![false, false],
            biomarker_missing: array![false, false],
        }
    }

    #[test]
    fn the_mean_score_of_two_patients_is_that_of_a_hand_calculation() {
        let mean = mean_effectiveness(&two_patients());
        let man = 60.0 + 0.5 - 4.8 - 1.0 - 4.5 + 1.0 - 10.0 + 0.0 - 1.8 + 2.5 + 9.0 + 7.2;
        let woman = 60.0 - 3.2 - 3.3 - 17.5 - 2.0 * 1.6094379124341003 + 6.0;
        assert!((mean[0] - man).abs() < 1e-12 && (mean[1] - woman).abs() < 1e-12, "{mean}");
    }

    #[test]
    fn the_log_odds_of_two_patients_are_those_of_a_hand_calculation() {
        let log_odds = log_odds_of_response(&two_patients());
        let man = 1.65 + 0.1 - 1.2 - 0.2 - 0.9 + 0.1 - 1.8 + 0.0 - 0.4 + 0.5 + 1.875 + 1.28;
        let woman = 1.65 - 0.8 - 0.66 - 3.15 - 0.4 * 1.6094379124341003 + 1.25;
        assert!((log_odds[0] - man).abs() < 1e-12 && (log_odds[1] - woman).abs() < 1e-12, "{log_odds}");
    }

    /// Rows of the codebook's table of coefficients: term, score points, log odds.
    fn codebook() -> (String, Vec<[String; 3]>) {
        let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("data/README.md");
        let text = std::fs::read_to_string(file).expect("the codebook is committed");
        let rows = text
            .lines()
            .skip_while(|line| !line.starts_with("| true term |"))
            .skip(2)
            .take_while(|line| line.starts_with('|'))
            .map(|line| {
                let mut cells =
                    line.trim_matches('|').split('|').map(|c| c.trim().trim_matches('`').to_string());
                std::array::from_fn(|_| cells.next().unwrap_or_default())
            })
            .collect();
        (text, rows)
    }

    #[test]
    fn the_codebook_gives_the_true_coefficients_and_formulas() {
        let (text, rows) = codebook();
        for (column, truth) in truth().iter().enumerate() {
            let written: Vec<(String, f64)> = rows
                .iter()
                .map(|row| (row[0].clone(), row[1 + column].parse().expect("a number in the codebook")))
                .collect();
            assert_eq!(written, truth.coefficients);
            assert!(text.contains(truth.formula), "{}", truth.formula);
        }
    }

    #[test]
    fn the_codebook_gives_the_true_standard_deviation() {
        assert!(codebook().0.contains(&format!("standard deviation **{SIGMA} points**")));
    }
}
