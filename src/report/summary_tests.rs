//! Tests of the summary: the whole of it, as it reads, for fits of every kind.

use unicode_width::UnicodeWidthStr;

use crate::model::sample;
use crate::report::summary::text;

#[test]
fn a_linear_fit_reads_like_this() {
    let wanted = "\
Linear regression: masks ~ patients

masks_patients.csv: all 50 rows used
SHA-256 3f9c21ab8d0e..., clinreg 0.1.0
- linear regression, because `masks` is a number

Converged after 1 update (4 passes over the data in all): the gradient norm, 3.1e-13, is below the
  tolerance 1e-8.
Every coefficient is within 0.000000001 standard errors of the least-squares answer.
Method: auto (preconditioned descent with quasi-Newton updates), standardised columns; seed 0.

term          estimate   std. error               95% CI       t        p
─────────────────────────────────────────────────────────────────────────
(Intercept)    27.08         4.52     17.99   to 36.18      5.99   <0.001
patients        0.7777       0.0458    0.6856 to  0.8697   16.98   <0.001
Standard errors: model.

observations       50
R²                 0.857 (adjusted 0.854)
residual SD        9.259 on 48 degrees of freedom
test of all terms  F(1, 48) = 288.44, p <0.001
log-likelihood     -181.2
AIC, BIC           368.4, 374.2
condition number   1 (standardised design)

term       df   GVIF   GVIF^(1/2df)
───────────────────────────────────
patients    1   1.00           1.00
";
    assert_eq!(text(&sample::linear()), wanted);
}

#[test]
fn a_logistic_fit_reads_like_this() {
    let wanted = "\
Logistic regression: outcome ~ rx * risk + rcs(age, 4) + age_months
probability of outcome = yes

trial.csv: 597 of 602 rows used; 5 dropped: age missing in 2, risk missing in 4 (1 lacks both)
SHA-256 ab01ab01ab01..., clinreg 0.1.0
- the event is `outcome` = yes
- `age_months` left out: equal to 12 * age

Converged after 9 updates (14 passes over the data in all): the gradient norm, 3.1e-13, is below the
  tolerance 1e-8.
Every coefficient is within 0.0000002 standard errors of the maximum-likelihood answer.
Method: auto (preconditioned descent with quasi-Newton updates), standardised columns; seed 0.

term                    log odds   std. error       z        p   odds ratio           95% CI
────────────────────────────────────────────────────────────────────────────────────────────
(Intercept)              -2.913        0.551    -5.29   <0.001
rx[indomethacin]         -0.600        0.254    -2.36    0.018        0.55    0.33  to 0.90
risk                      0.412        0.103     4.00   <0.001        1.51    1.23  to 1.85
rcs(age, 4)[1]           -0.0117       0.0139   -0.84    0.399        0.988   0.962 to 1.016
rcs(age, 4)[2]            0.0402       0.0205    1.96    0.049        1.041   1.000 to 1.084
rcs(age, 4)[3]           -0.180        0.150    -1.20    0.231        0.84    0.62  to 1.12
age_months              left out: equal to 12 * age
rx[indomethacin]:risk    -0.021        0.203    -0.10    0.918        0.98    0.66  to 1.46
Standard errors: model.
Reference levels: rx = placebo.

observations       597
events             78 (13.1%)
AUC                0.712 (95% CI 0.650 to 0.775)
Brier score        0.105 (scaled 0.079)
log loss           0.353
calibration        in the large 0 and slope 1 by construction: these data cannot show otherwise
R²                 Nagelkerke 0.125, Cox-Snell 0.068, McFadden 0.090
test of all terms  χ² = 41.78 on 6 df, p <0.001
deviance           421.0 on 590 df; 462.8 with the intercept alone
Hosmer-Lemeshow    χ² = 7.92 on 8 df, p = 0.441 (10 groups)
log-likelihood     -210.5
AIC, BIC           435.0, 465.8
likelihood ratio   χ² = 33.20 on 5 df, p <0.001; against outcome ~ rx
condition number   31.42 (standardised design)

term          df     χ²        p   GVIF   GVIF^(1/2df)
──────────────────────────────────────────────────────
rx             1   5.71   0.017    1.40           1.18
rcs(age, 4)    3   7.82   0.0499   2.25           1.14
";
    assert_eq!(text(&sample::logistic()), wanted);
}

/// The summary up to the coefficient table.
fn head(fit: &crate::fit::result::Fit) -> String {
    let text = text(fit);
    text.split("\nterm ").next().unwrap_or_default().to_string()
}

#[test]
fn a_stop_that_is_not_the_answer_is_said_first_with_the_distance_and_what_to_try() {
    let wanted = "\
Linear regression: masks ~ patients
*** NOT CONVERGED: the numbers below are not the answer ***

masks_patients.csv: all 50 rows used
SHA-256 3f9c21ab8d0e..., clinreg 0.1.0
- linear regression, because `masks` is a number

Not converged: the limit of 1,657 epochs was reached; the gradient norm is 2.236, the tolerance
  0.001.
The descent stopped with at least one coefficient 5.9 standard errors from the least-squares answer.
The valley is long: along its floor the descent crawls and about 920,998 more epochs are needed.
`--optimizer auto` needs no tuning and proves how close it came.
Method: gradient descent, full batch, learning rate 0.0001, raw columns; seed 0.
Curvature: largest L = 9766, smallest 0.08374; ratio 116,629.
";
    assert_eq!(head(&sample::unfinished()), wanted);
}

#[test]
fn a_diverged_fit_shows_no_number_as_an_estimate() {
    let text = text(&sample::diverged());
    assert!(text.contains("*** DIVERGED"), "{text}");
    assert!(text.contains(
        "Diverged after 12 updates (13 passes over the data in all): the loss grew without bound."
    ));
    assert!(text.contains("patients      no estimate\n"));
    assert!(!text.contains("NaN") && !text.contains("R²") && !text.contains("AIC"), "{text}");
}

#[test]
fn a_separated_fit_names_the_column_that_runs_away() {
    let text = text(&sample::separated());
    let wanted = "\
No finite maximum-likelihood estimate exists (quasi-complete separation; one combination of the
  predictors tells 23 of 597 rows apart without error): site[c] runs to infinity.
Firth's bias reduction gives finite estimates: `--penalty firth`.";
    assert!(text.contains(wanted), "{text}");
    assert!(text.contains("site[c]       no finite estimate (runs to +∞)"), "{text}");
    assert!(text.contains("*** NO FINITE ESTIMATE"));
}

#[test]
fn mini_batches_are_described_with_their_schedule() {
    let text = head(&sample::mini_batch());
    let wanted = "\
Method: gradient descent, mini-batches of 32 rows, learning rate 0.2 (from the curvature),
  inverse-time schedule, standardised columns; seed 0.
";
    assert!(text.contains(wanted), "{text}");
}

#[test]
fn a_penalty_is_in_the_first_line() {
    let mut fit = sample::linear();
    fit.spec.penalty = crate::fit::spec::Penalty::ElasticNet { lambda: Some(0.1), alpha: 0.0 };
    fit.penalty = Some(crate::fit::result::PenaltyUsed {
        strength: crate::objective::penalty::Strength { lambda: 0.1, alpha: 0.0 },
        non_zero: 1,
        predictors: 1,
        duality_gap: 2.04e-6,
        search: None,
    });
    for c in &mut fit.coefficients {
        (c.std_error, c.statistic, c.p_value, c.conf_low, c.conf_high) = (None, None, None, None, None);
    }
    let text = text(&fit);
    assert!(text.starts_with("Linear regression with ridge penalty (lambda 0.1): masks ~ patients\n"));
    assert!(text.contains("No standard errors: a penalised estimate is biased on purpose"));
    assert!(text.contains("The penalised loss is within 0.000003 of its minimum (duality gap)."));
}

#[test]
fn a_model_without_coefficients_says_so() {
    let mut fit = sample::linear();
    fit.coefficients.clear();
    assert!(text(&fit).contains("The model has no coefficients.\n"));
}

#[test]
fn lines_stay_within_a_hundred_columns_and_no_name_steers_the_terminal() {
    for fit in
        [sample::linear(), sample::logistic(), sample::unfinished(), sample::mini_batch(), sample::hostile()]
    {
        let text = text(&fit);
        assert!(text.lines().all(|line| line.width() <= 100), "{text}");
        assert!(text.chars().all(|c| c == '\n' || !c.is_control()));
        assert!(text.ends_with('\n') && !text.contains("\n\n\n"));
    }
}
