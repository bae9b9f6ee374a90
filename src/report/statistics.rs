//! The fit statistics as labelled strings, and the tests of the terms: what summary and page print of them.

use crate::fit::result::{Fit, TestKind};
use crate::fit::spec::Family;
use crate::report::numbers::{brief, count, p_equals, p_value, share, short, statistic};
use crate::report::words::visible;

/// A label and what stands beside it.
pub type Labelled = (String, String);

/// One row of the table of terms; strings are empty where a thing was not worked out.
#[derive(Debug, Clone, PartialEq, Default, serde::Serialize)]
pub struct TermRow {
    /// The term of the formula.
    pub term: String,
    /// Degrees of freedom.
    pub df: String,
    /// F or chi-squared.
    pub statistic: String,
    /// p-value.
    pub p: String,
    /// Generalised variance inflation factor.
    pub gvif: String,
    /// gvif^(1/(2 df)), comparable between terms.
    pub gvif_root: String,
}

/// The statistics in the order of reading.
pub fn labelled(fit: &Fit) -> Vec<Labelled> {
    let mut pairs = match fit.family {
        Family::Linear => linear(fit),
        Family::Logistic => logistic(fit),
    };
    if let Some(penalty) = &fit.penalty {
        let kept = format!("{} of {} columns are not zero", penalty.non_zero, penalty.predictors);
        pairs.insert(1, ("coefficients", kept));
    }
    pairs.extend(common(fit));
    pairs.into_iter().map(|(label, value)| (label.to_string(), value)).collect()
}

fn patients(fit: &Fit) -> String {
    let (n, rows) = (fit.statistics.n, fit.ledger.rows_used as f64);
    if n == rows { count(n) } else { format!("{} by their weights ({} rows)", count(n), count(rows)) }
}

fn linear(fit: &Fit) -> Vec<(&'static str, String)> {
    let s = &fit.statistics;
    let mut pairs = vec![("observations", patients(fit))];
    if let Some(r2) = s.r_squared.filter(|v| v.is_finite()) {
        let adjusted = s.adj_r_squared.map_or(String::new(), |a| format!(" (adjusted {})", share(a)));
        pairs.push(("R²", format!("{}{adjusted}", share(r2))));
    }
    if let Some(sigma) = s.sigma.filter(|v| v.is_finite()) {
        pairs.push((
            "residual SD",
            format!("{} on {} degrees of freedom", short(sigma), count(s.df_residual)),
        ));
    }
    if let Some(f) = s.f_statistic.filter(|f| f.value.is_finite()) {
        let test = format!(
            "F({}, {}) = {}, {}",
            count(f.df1),
            count(f.df2),
            statistic(f.value),
            p_equals(f.p_value)
        );
        pairs.push(("test of all terms", test));
    }
    pairs
}

fn logistic(fit: &Fit) -> Vec<(&'static str, String)> {
    let s = &fit.statistics;
    let mut pairs = vec![("observations", patients(fit))];
    if let Some(events) = fit.outcome.n_events.filter(|_| s.n > 0.0) {
        pairs.push(("events", format!("{} ({:.1}%)", count(events), 100.0 * events / s.n)));
    }
    if let Some(auc) = s.auc.filter(|v| v.is_finite()) {
        let interval = match (s.auc_low, s.auc_high) {
            (Some(low), Some(high)) => {
                format!(" ({} CI {} to {})", percent(fit.spec.conf_level), share(low), share(high))
            }
            _ => String::new(),
        };
        pairs.push(("AUC", format!("{}{interval}", share(auc))));
    }
    if let Some(brier) = s.brier.filter(|v| v.is_finite()) {
        let scaled = s.scaled_brier.filter(|v| v.is_finite());
        pairs.push((
            "Brier score",
            share(brier) + &scaled.map_or(String::new(), |v| format!(" (scaled {})", share(v))),
        ));
    }
    if let Some(loss) = s.log_loss.filter(|v| v.is_finite()) {
        pairs.push(("log loss", share(loss)));
    }
    if let Some(forced) = forced(fit) {
        pairs.push(("calibration", forced.to_string()));
    }
    let kinds = [("Nagelkerke", s.nagelkerke_r2), ("Cox-Snell", s.cox_snell_r2), ("McFadden", s.mcfadden_r2)];
    let r2: Vec<String> = kinds
        .into_iter()
        .filter_map(|(name, value)| Some(format!("{name} {}", share(value.filter(|v| v.is_finite())?))))
        .collect();
    if !r2.is_empty() {
        pairs.push(("R²", r2.join(", ")));
    }
    if let Some((chisq, df, p)) = s.model_chisq.filter(|(chisq, ..)| chisq.is_finite()) {
        pairs.push(("test of all terms", chi_squared(chisq, df, p)));
    }
    if s.deviance.is_finite() {
        let null = format!(
            "{} with {}",
            likelihood(s.null_deviance),
            if has_intercept(fit) { "the intercept alone" } else { "no term" }
        );
        pairs
            .push(("deviance", format!("{} on {} df; {null}", likelihood(s.deviance), count(s.df_residual))));
    }
    if let Some(h) = s.hosmer_lemeshow {
        let test = format!("{} ({} groups)", chi_squared(h.chisq, h.df, h.p_value), h.groups);
        pairs.push(("Hosmer-Lemeshow", test));
    }
    pairs
}

/// What the fit's own data cannot tell about calibration.
fn forced(fit: &Fit) -> Option<&'static str> {
    let by = fit.by_construction;
    match (by.intercept, by.slope) {
        (true, true) => Some("in the large 0 and slope 1 by construction: these data cannot show otherwise"),
        (true, false) => Some("in the large 0 by construction: these data cannot show otherwise"),
        _ => None,
    }
}

fn common(fit: &Fit) -> Vec<(&'static str, String)> {
    let s = &fit.statistics;
    let mut pairs = Vec::new();
    if s.log_likelihood.is_finite() {
        pairs.push(("log-likelihood", likelihood(s.log_likelihood)));
    }
    if let Some(penalised) = s.penalised_log_likelihood.filter(|v| v.is_finite()) {
        pairs.push(("penalised log-lik.", likelihood(penalised)));
    }
    if s.aic.is_finite() && s.bic.is_finite() {
        pairs.push(("AIC, BIC", format!("{}, {}", likelihood(s.aic), likelihood(s.bic))));
    }
    if let Some(l) = &s.likelihood_ratio {
        let f = l.f.map_or(String::new(), |(f, p)| format!("; F = {}, {}", statistic(f), p_equals(p)));
        pairs.push((
            "likelihood ratio",
            format!("{}{f}; against {}", chi_squared(l.chisq, l.df, l.p_value), visible(&l.against)),
        ));
    }
    if let Some(condition) = s.condition_number.filter(|v| v.is_finite()) {
        pairs.push(("condition number", format!("{} (standardised design)", brief(condition))));
    }
    pairs
}

/// Differences of a unit matter in log-likelihoods and criteria, however large they are: one decimal at least.
fn likelihood(x: f64) -> String {
    if (1000.0..1e7).contains(&x.abs()) { format!("{x:.1}") } else { short(x) }
}

fn has_intercept(fit: &Fit) -> bool {
    fit.coefficients.iter().any(|c| c.term.parts.is_empty())
}

fn chi_squared(chisq: f64, df: usize, p: f64) -> String {
    format!("χ² = {} on {df} df, {}", statistic(chisq), p_equals(p))
}

/// `95%`, `99.9%`.
pub fn percent(level: f64) -> String {
    format!("{}%", brief((level * 1e8).round() / 1e6))
}

/// What the tests of the terms are called.
pub fn statistic_of_terms(fit: &Fit) -> &'static str {
    let is_wald = fit.statistics.term_tests.iter().any(|test| test.kind == TestKind::Wald);
    match (fit.family, is_wald) {
        (Family::Linear, false) => "F",
        (Family::Linear, true) => "Wald F",
        (Family::Logistic, false) => "χ²",
        (Family::Logistic, true) => "Wald χ²",
    }
}

/// One row a term of the formula: its test and its variance inflation, as far as they were worked out.
pub fn terms(fit: &Fit) -> Vec<TermRow> {
    let mut rows: Vec<TermRow> = Vec::new();
    for test in &fit.statistics.term_tests {
        rows.push(TermRow {
            term: visible(&test.group),
            df: test.df.to_string(),
            statistic: statistic(test.statistic),
            p: p_value(test.p_value),
            ..TermRow::default()
        });
    }
    for inflation in &fit.collinearity {
        let term = visible(&inflation.group);
        let at = rows.iter().position(|r| r.term == term).unwrap_or_else(|| {
            rows.push(TermRow { term, df: inflation.df.to_string(), ..TermRow::default() });
            rows.len() - 1
        });
        rows[at].gvif = two_decimals(inflation.gvif);
        rows[at].gvif_root = two_decimals(inflation.gvif_root);
    }
    rows
}

fn two_decimals(x: f64) -> String {
    if x.is_finite() && x < 1e6 { format!("{x:.2}") } else { short(x) }
}
