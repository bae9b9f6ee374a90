//! Fits made by hand, so that what leaves the program can be tested without a descent.

use ndarray::{Array2, array};

use crate::data::missing::Ledger;
use crate::design::matrix::{Basis, Frozen, VariableKind};
use crate::design::term::{Part, Term};
use crate::fit::result::{
    Coefficient, Convergence, FStatistic, Fit, HosmerLemeshow, Inflation, LikelihoodRatio, OptimizerUsed,
    Outcome, Separation, Statistics, TermTest, TestKind,
};
use crate::fit::spec::{Family, MethodName, Spec};
use crate::inference::table::Reference;
use crate::optimise::history::{History, Record, Step};
use crate::optimise::stop::StopReason;
use crate::optimise::verdict::{Pace, Verdict};
use crate::performance::case_mix::{CaseMix, Mix, Moments};
use crate::performance::construction::ByConstruction;

fn part(variable: &str, level: Option<&str>) -> Part {
    Part { variable: variable.to_string(), level: level.map(str::to_string), transform: None, index: None }
}

/// A coefficient with its Wald inference.
pub fn coefficient(
    name: &str,
    parts: Vec<Part>,
    estimate: f64,
    std_error: f64,
    reference: Reference,
) -> Coefficient {
    let wald = reference.wald(estimate, std_error, reference.half_width(0.95));
    let group = name.split('[').next().unwrap_or(name).to_string();
    Coefficient {
        term: Term { name: name.to_string(), group, parts },
        estimate: Some(estimate),
        std_error: Some(std_error),
        statistic: Some(wald.statistic),
        p_value: Some(wald.p_value),
        conf_low: Some(wald.low),
        conf_high: Some(wald.high),
        aliased: None,
        df: None,
        fmi: None,
    }
}

fn without_inference(mut c: Coefficient) -> Coefficient {
    (c.std_error, c.statistic, c.p_value, c.conf_low, c.conf_high) = (None, None, None, None, None);
    c
}

fn history(losses: &[f64], norms: &[f64], rate: f64) -> History {
    let records = losses.iter().zip(norms).enumerate().map(|(k, (loss, gradient_norm))| Record {
        iteration: k,
        epoch: k as f64,
        loss: *loss,
        gradient_norm: *gradient_norm,
        learning_rate: rate,
        seconds: k as f64 * 1e-4,
    });
    History { records: records.collect(), steps: Vec::new() }
}

/// The classic lesson's data, fitted exactly by `auto`: masks by patients, 50 days.
pub fn linear() -> Fit {
    let t = Reference::T(48.0);
    Fit {
        spec: Spec::new("masks ~ patients"),
        formula: "masks ~ patients".to_string(),
        family: Family::Linear,
        outcome: Outcome {
            text: "masks".to_string(),
            variable: "masks".to_string(),
            event: None,
            non_event: None,
            n_events: None,
        },
        ledger: Ledger {
            file: "masks_patients.csv".to_string(),
            sha256: "3f9c21ab8d0e5577".repeat(4),
            rows_read: 50,
            rows_used: 50,
            missing: Vec::new(),
            dropped_otherwise: Vec::new(),
            notices: vec!["linear regression, because `masks` is a number".to_string()],
            withheld: None,
        },
        frozen: Frozen { variables: vec![("patients".to_string(), VariableKind::Number)], bases: Vec::new() },
        coefficients: vec![
            coefficient("(Intercept)", Vec::new(), 27.084063, 4.524925, t),
            coefficient("patients", vec![part("patients", None)], 0.777657, 0.045789, t),
        ],
        covariance: Some(array![[20.474946, -0.2], [-0.2, 0.0020966]]),
        covariance_kind: "model".to_string(),
        penalty: None,
        statistics: Statistics {
            n: 50.0,
            df_model: 1,
            df_residual: 48.0,
            log_likelihood: -181.221_842,
            deviance: 4115.3557,
            null_deviance: 28_845.1,
            aic: 368.443_684,
            bic: 374.179_753,
            r_squared: Some(0.857328),
            adj_r_squared: Some(0.854356),
            sigma: Some(9.259405),
            f_statistic: Some(FStatistic { value: 288.436, df1: 1.0, df2: 48.0, p_value: 4e-22 }),
            condition_number: Some(1.0),
            ..Statistics::default()
        },
        by_construction: ByConstruction { intercept: true, slope: true },
        case_mix: CaseMix {
            variables: vec![("patients".to_string(), Mix::Number(Moments { n: 50.0, mean: 93.4, sd: 28.9 }))],
            outcome: Moments { n: 50.0, mean: 99.7, sd: 24.26 },
            linear_predictor: Moments { n: 50.0, mean: 99.7, sd: 22.47 },
        },
        convergence: Convergence {
            converged: true,
            reason: StopReason::GradientBelowTolerance,
            iterations: 1,
            epochs: 1.0,
            sweeps: 4.0,
            gradient_norm: 3.1e-13,
            tolerance: 1e-8,
            max_error_in_standard_errors: Some(2.3e-13),
            separation: None,
        },
        verdict: None,
        collinearity: vec![Inflation { group: "patients".to_string(), gvif: 1.0, df: 1, gvif_root: 1.0 }],
        optimizer: OptimizerUsed {
            name: "auto".to_string(),
            batch_size: None,
            learning_rate: 1.0,
            learning_rate_auto: true,
            line_search: false,
            schedule: "constant".to_string(),
            max_epochs: 10_000,
            standardised: true,
            seed: 0,
        },
        history: history(&[5353.102765736, 41.153557], &[90.1, 3.1e-13], 1.0),
        optimum: Some(41.153557),
        influence: None,
        by_row: None,
        fitted: Vec::new(),
    }
}

/// The classic lesson itself: raw columns, rate 1e-4, stopped at an epoch limit far from the answer.
pub fn unfinished() -> Fit {
    let t = Reference::T(48.0);
    let mut fit = linear();
    fit.spec.method = MethodName::GradientDescent;
    fit.spec.raw_scale = true;
    fit.coefficients = vec![
        coefficient("(Intercept)", Vec::new(), 0.38315, 6.08, t),
        coefficient("patients", vec![part("patients", None)], 1.036292, 0.06153, t),
    ];
    fit.by_construction = ByConstruction::default();
    fit.statistics.r_squared = Some(0.753844);
    fit.convergence = Convergence {
        converged: false,
        reason: StopReason::EpochLimit,
        iterations: 1657,
        epochs: 1657.0,
        sweeps: 1658.0,
        gradient_norm: 2.236037132,
        tolerance: 1e-3,
        max_error_in_standard_errors: Some(5.9009),
        separation: None,
    };
    fit.verdict = Some(Verdict {
        pace: Pace::Crawling,
        text:
            "The valley is long: along its floor the descent crawls and about 920,998 more epochs are needed."
                .to_string(),
        largest_curvature: 9766.48093,
        smallest_curvature: 0.0837399,
    });
    fit.optimizer = OptimizerUsed {
        name: "gradient-descent".to_string(),
        learning_rate: 1e-4,
        learning_rate_auto: false,
        standardised: false,
        max_epochs: 1657,
        ..fit.optimizer
    };
    fit.history =
        history(&[5353.102765736, 74.726572077, 71.007072808], &[10156.7, 237.19, 2.236037132], 1e-4);
    fit
}

/// The same descent with a rate above 2/L.
pub fn diverged() -> Fit {
    let mut fit = unfinished();
    fit.convergence.reason = StopReason::Diverged;
    fit.convergence.iterations = 12;
    fit.convergence.epochs = 12.0;
    fit.convergence.sweeps = 13.0;
    fit.convergence.gradient_norm = f64::INFINITY;
    fit.convergence.max_error_in_standard_errors = None;
    fit.verdict = Some(Verdict {
        pace: Pace::Diverging,
        text: "The learning rate 0.01 is above the largest that this valley allows, 0.0002048 (L = 9766): each step \
               lands higher on the other wall. Try 1/L = 0.0001024."
            .to_string(),
        largest_curvature: 9766.48093,
        smallest_curvature: 0.0837399,
    });
    fit.optimizer.learning_rate = 0.01;
    for c in &mut fit.coefficients {
        *c = without_inference(c.clone());
        c.estimate = Some(-9716.0); // where it was: not an estimate
    }
    fit.covariance = Some(Array2::from_elem((2, 2), f64::NAN));
    let nan = f64::NAN;
    fit.statistics = Statistics {
        n: 50.0,
        df_model: 1,
        df_residual: 48.0,
        log_likelihood: nan,
        deviance: nan,
        null_deviance: 28_845.1,
        aic: nan,
        bic: nan,
        r_squared: Some(nan),
        ..Statistics::default()
    };
    fit.history = history(&[5353.1, 5.1e7, f64::INFINITY], &[10156.7, 9.9e5, f64::NAN], 0.01);
    fit
}

/// Pancreatitis after a procedure: a treatment with an interaction, a site, a spline and a column left out.
pub fn logistic() -> Fit {
    let z = Reference::Normal;
    let spline = |index: usize| Part {
        variable: "age".to_string(),
        level: None,
        transform: Some("rcs(age, 4)".to_string()),
        index: Some(index),
    };
    let rx = || part("rx", Some("indomethacin"));
    let mut aliased = coefficient("age_months", vec![part("age_months", None)], 0.0, 1.0, z);
    aliased = without_inference(aliased);
    aliased.estimate = None;
    aliased.aliased = Some("equal to 12 * age".to_string());
    let mut fit = linear();
    fit.spec = Spec::new("outcome ~ rx * risk + rcs(age, 4) + age_months");
    fit.spec.data.na = vec!["-9".to_string()];
    fit.formula = "outcome ~ rx * risk + rcs(age, 4) + age_months".to_string();
    fit.family = Family::Logistic;
    fit.outcome = Outcome {
        text: "outcome".to_string(),
        variable: "outcome".to_string(),
        event: Some("yes".to_string()),
        non_event: Some("no".to_string()),
        n_events: Some(78.0),
    };
    fit.ledger = Ledger {
        file: "trial.csv".to_string(),
        sha256: "ab01".repeat(16),
        rows_read: 602,
        rows_used: 597,
        missing: vec![("age".to_string(), 2), ("risk".to_string(), 4)],
        dropped_otherwise: Vec::new(),
        notices: vec![
            "the event is `outcome` = yes".to_string(),
            "`age_months` left out: equal to 12 * age".to_string(),
        ],
        withheld: None,
    };
    fit.frozen = Frozen {
        variables: vec![
            (
                "rx".to_string(),
                VariableKind::Category(vec!["placebo".to_string(), "indomethacin".to_string()]),
            ),
            ("risk".to_string(), VariableKind::Number),
            ("age".to_string(), VariableKind::Number),
            ("age_months".to_string(), VariableKind::Number),
        ],
        bases: vec![("rcs(age, 4)".to_string(), Basis::Rcs { knots: vec![24.0, 39.0, 52.0, 71.0] })],
    };
    fit.coefficients = vec![
        coefficient("(Intercept)", Vec::new(), -2.9134, 0.5512, z),
        coefficient("rx[indomethacin]", vec![rx()], -0.60012, 0.25413, z),
        coefficient("risk", vec![part("risk", None)], 0.41214, 0.10291, z),
        coefficient("rcs(age, 4)[1]", vec![spline(1)], -0.011_723, 0.013_891, z),
        coefficient("rcs(age, 4)[2]", vec![spline(2)], 0.040_212, 0.020_465, z),
        coefficient("rcs(age, 4)[3]", vec![spline(3)], -0.1801, 0.1502, z),
        aliased,
        coefficient("rx[indomethacin]:risk", vec![rx(), part("risk", None)], -0.020_91, 0.203, z),
    ];
    fit.covariance = Some(Array2::from_diag(&array![0.3038, 0.0645, 0.0105, 0.0002, 0.0004, 0.0225, 0.0412]));
    fit.statistics = Statistics {
        n: 597.0,
        df_model: 6,
        df_residual: 590.0,
        log_likelihood: -210.512,
        deviance: 421.024,
        null_deviance: 462.8021,
        aic: 435.024,
        bic: 465.7674,
        auc: Some(0.71234),
        auc_low: Some(0.6501),
        auc_high: Some(0.77458),
        brier: Some(0.10457),
        scaled_brier: Some(0.0793),
        log_loss: Some(0.35262),
        nagelkerke_r2: Some(0.125_31),
        cox_snell_r2: Some(0.067_58),
        mcfadden_r2: Some(0.090_27),
        model_chisq: Some((41.7781, 6, 2.04e-7)),
        hosmer_lemeshow: Some(HosmerLemeshow { groups: 10, chisq: 7.9213, df: 8, p_value: 0.4412 }),
        likelihood_ratio: Some(LikelihoodRatio {
            against: "outcome ~ rx".to_string(),
            chisq: 33.2,
            df: 5,
            p_value: 3.4e-6,
            f: None,
        }),
        term_tests: vec![
            TermTest {
                group: "rx".to_string(),
                kind: TestKind::LikelihoodRatio,
                statistic: 5.71,
                df: 1,
                p_value: 0.0169,
            },
            TermTest {
                group: "rcs(age, 4)".to_string(),
                kind: TestKind::LikelihoodRatio,
                statistic: 7.82,
                df: 3,
                p_value: 0.0499,
            },
        ],
        condition_number: Some(31.4159),
        ..Statistics::default()
    };
    fit.case_mix = trial_mix();
    fit.convergence.iterations = 9;
    fit.convergence.epochs = 9.0;
    fit.convergence.sweeps = 14.0;
    fit.convergence.max_error_in_standard_errors = Some(1.3e-7);
    fit.collinearity = vec![
        Inflation { group: "rx".to_string(), gvif: 1.4, df: 1, gvif_root: 1.183 },
        Inflation { group: "rcs(age, 4)".to_string(), gvif: 2.25, df: 3, gvif_root: 1.1447 },
    ];
    fit.history = history(&[0.69, 0.41, 0.3526], &[0.31, 0.02, 3.1e-10], 1.0);
    fit.optimum = Some(0.3526);
    fit
}

/// The patients of the logistic fit.
fn trial_mix() -> CaseMix {
    let share = |level: &str, p: f64| (level.to_string(), p);
    let number = |mean: f64, sd: f64| Moments { n: 597.0, mean, sd };
    CaseMix {
        variables: vec![
            (
                "rx".to_string(),
                Mix::Levels { n: 597.0, shares: vec![share("placebo", 0.51), share("indomethacin", 0.49)] },
            ),
            ("risk".to_string(), Mix::Number(number(2.4, 0.9))),
            ("age".to_string(), Mix::Number(number(45.3, 13.4))),
            ("age_months".to_string(), Mix::Number(number(543.6, 160.8))),
        ],
        outcome: number(0.1307, 0.3373),
        linear_predictor: number(-2.05, 0.61),
    }
}

/// A logistic fit whose site tells the outcome.
pub fn separated() -> Fit {
    let mut fit = logistic();
    fit.coefficients = vec![
        without_inference(coefficient("(Intercept)", Vec::new(), -1.9, 1.0, Reference::Normal)),
        without_inference(coefficient(
            "site[c]",
            vec![part("site", Some("c"))],
            19.3,
            1.0,
            Reference::Normal,
        )),
    ];
    fit.frozen = Frozen {
        variables: vec![("site".to_string(), VariableKind::Category(vec!["a".to_string(), "c".to_string()]))],
        bases: Vec::new(),
    };
    fit.formula = "outcome ~ site".to_string();
    fit.covariance = None;
    fit.convergence.converged = false;
    fit.convergence.reason = StopReason::Separated;
    fit.convergence.max_error_in_standard_errors = None;
    fit.convergence.separation =
        Some(Separation { complete: false, terms: vec!["site[c]".to_string()], rows: Some(23) });
    fit.optimum = None;
    fit
}

/// The logistic fit by mini-batches of 32 rows, which never settle.
pub fn mini_batch() -> Fit {
    let mut fit = logistic();
    fit.spec.method = MethodName::GradientDescent;
    fit.spec.batch_size = Some(32);
    fit.convergence = Convergence {
        converged: false,
        reason: StopReason::EpochLimit,
        iterations: 3800,
        epochs: 200.0,
        sweeps: 400.0,
        gradient_norm: 0.0123,
        tolerance: 1e-3,
        max_error_in_standard_errors: Some(0.31),
        separation: None,
    };
    fit.verdict = Some(Verdict {
        pace: Pace::AboutRight,
        text: "Mini-batches leave noise: the full gradient's norm hovers at 0.0123 and does not reach 0.001."
            .to_string(),
        largest_curvature: 1.31,
        smallest_curvature: 0.0521,
    });
    fit.optimizer = OptimizerUsed {
        name: "gradient-descent".to_string(),
        batch_size: Some(32),
        learning_rate: 0.2,
        learning_rate_auto: true,
        schedule: "inverse-time".to_string(),
        max_epochs: 200,
        ..fit.optimizer
    };
    fit.history.steps = (1..=3)
        .map(|k| Step { iteration: k, epoch: k as f64 / 19.0, loss: 0.7, gradient_norm: 0.4 })
        .collect();
    fit
}

/// Names that try to break out of a page, a CSV cell and a terminal line.
pub const HOSTILE: &str = "<b>\"x\"&\u{1b}[31m\nnext,'line'</td><script>";

/// A fit whose columns, levels, file and notices are hostile.
pub fn hostile() -> Fit {
    let mut fit = logistic();
    fit.formula = format!("outcome ~ `{HOSTILE}`");
    fit.coefficients[1] = coefficient(
        &format!("{HOSTILE}[{HOSTILE}]"),
        vec![part(HOSTILE, Some(HOSTILE))],
        -0.6,
        0.25,
        Reference::Normal,
    );
    fit.frozen.variables[0] =
        (HOSTILE.to_string(), VariableKind::Category(vec![HOSTILE.to_string(), "b".to_string()]));
    fit.ledger.file = HOSTILE.to_string();
    fit.ledger.missing[0].0 = HOSTILE.to_string();
    fit.ledger.notices.push(HOSTILE.to_string());
    fit.outcome.event = Some(HOSTILE.to_string());
    fit
}
