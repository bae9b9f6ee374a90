//! A fit becomes a model file: the same numbers under the names that scripts rely on.

use ndarray::Array2;

use crate::design::matrix::{self, VariableKind};
use crate::fit::result::{self, Fit};
use crate::fit::spec;
use crate::model::{
    Basis, CaseMix, ChiSquared, Coefficient, Convergence, Data, Design, FStatistic, Family, HosmerLemeshow,
    Inflation, Kind, LikelihoodRatio, Model, Named, Optimizer, Outcome, Part, Penalty, SCHEMA, Separation,
    SeparationKind, Statistics, TermTest, Verdict,
};
use crate::optimise::stop::StopReason;

impl Model {
    /// The model of a fit. Numbers that are not finite become `None`; times stay out.
    pub fn from_fit(fit: &Fit) -> Model {
        Model {
            schema: SCHEMA.to_string(),
            clinreg_version: env!("CARGO_PKG_VERSION").to_string(),
            command: None,
            data: data(fit),
            family: match fit.family {
                spec::Family::Linear => Family::Linear,
                spec::Family::Logistic => Family::Logistic,
            },
            outcome: Outcome {
                variable: fit.outcome.variable.clone(),
                event: fit.outcome.event.clone(),
                non_event: fit.outcome.non_event.clone(),
                text: fit.outcome.text.clone(),
                n_events: fit.outcome.n_events.and_then(finite),
            },
            formula: fit.formula.clone(),
            factors: factors(&fit.frozen),
            coefficients: fit.coefficients.iter().map(|c| coefficient(fit, c)).collect(),
            conf_level: fit.spec.conf_level,
            standard_errors: fit.covariance_kind.clone(),
            covariance: covariance(fit),
            fit: statistics(&fit.statistics),
            convergence: convergence(&fit.convergence),
            verdict: fit.verdict.as_ref().map(|v| Verdict {
                learning_rate: v.pace.words().to_string(),
                text: v.text.clone(),
                largest_curvature: finite(v.largest_curvature),
                smallest_curvature: finite(v.smallest_curvature),
            }),
            collinearity: fit
                .collinearity
                .iter()
                .map(|i| {
                    let inflation =
                        Inflation { gvif: finite(i.gvif), df: i.df, gvif_root: finite(i.gvif_root) };
                    (i.group.clone(), inflation)
                })
                .collect(),
            penalty: penalty(fit),
            optimizer: optimizer(fit),
            design: design(fit),
            case_mix: Some(CaseMix::of(&fit.case_mix)),
            recalibration: None,
        }
    }
}

pub(super) fn finite(x: f64) -> Option<f64> {
    x.is_finite().then_some(x)
}

fn data(fit: &Fit) -> Data {
    let ledger = &fit.ledger;
    Data {
        file: ledger.file.clone(),
        sha256: ledger.sha256.clone(),
        rows_read: ledger.few_dropped().is_none().then_some(ledger.rows_read),
        rows_used: ledger.rows_used,
        rows_dropped: ledger.few_dropped().is_none().then(|| ledger.rows_dropped()),
        missing: ledger.missing.iter().cloned().collect(),
        dropped_otherwise: ledger.dropped_otherwise.iter().cloned().collect(),
        na: fit.spec.data.na.clone(),
        notices: ledger.notices.clone(),
    }
}

fn factors(frozen: &matrix::Frozen) -> Named<Vec<String>> {
    frozen
        .variables
        .iter()
        .filter_map(|(name, kind)| match kind {
            VariableKind::Category(levels) => Some((name.clone(), levels.clone())),
            VariableKind::Number | VariableKind::Date => None,
        })
        .collect()
}

/// The estimate as it may leave the program: where a descent was when it diverged is no estimate.
pub(crate) fn estimate(fit: &Fit, c: &result::Coefficient) -> Option<f64> {
    c.estimate.filter(|b| b.is_finite() && fit.convergence.reason != StopReason::Diverged)
}

fn coefficient(fit: &Fit, c: &result::Coefficient) -> Coefficient {
    Coefficient {
        term: c.term.name.clone(),
        parts: c
            .term
            .parts
            .iter()
            .map(|p| Part {
                variable: p.variable.clone(),
                level: p.level.clone(),
                transform: p.transform.clone(),
                index: p.index,
            })
            .collect(),
        estimate: estimate(fit, c),
        std_error: c.std_error.and_then(finite),
        statistic: c.statistic.and_then(finite),
        p_value: c.p_value.and_then(finite),
        conf_low: c.conf_low.and_then(finite),
        conf_high: c.conf_high.and_then(finite),
        aliased: c.aliased.clone(),
        df: c.df.and_then(finite),
        fmi: c.fmi.and_then(finite),
    }
}

/// The covariance by rows, or nothing where it or an estimate is not a number: after a divergence.
fn covariance(fit: &Fit) -> Option<Vec<Vec<f64>>> {
    let matrix: &Array2<f64> = fit.covariance.as_ref()?;
    let estimated = fit.coefficients.iter().filter(|c| estimate(fit, c).is_some()).count();
    let sound = matrix.nrows() == estimated && matrix.iter().all(|v| v.is_finite());
    sound.then(|| matrix.rows().into_iter().map(|row| row.to_vec()).collect())
}

fn statistics(s: &result::Statistics) -> Statistics {
    Statistics {
        n: finite(s.n),
        df_model: s.df_model,
        df_residual: finite(s.df_residual),
        log_likelihood: finite(s.log_likelihood),
        penalised_log_likelihood: s.penalised_log_likelihood.and_then(finite),
        deviance: finite(s.deviance),
        null_deviance: finite(s.null_deviance),
        aic: finite(s.aic),
        bic: finite(s.bic),
        r_squared: s.r_squared.and_then(finite),
        adj_r_squared: s.adj_r_squared.and_then(finite),
        sigma: s.sigma.and_then(finite),
        f_statistic: s.f_statistic.map(|f| FStatistic {
            value: finite(f.value),
            df1: f.df1,
            df2: f.df2,
            p_value: finite(f.p_value),
        }),
        auc: s.auc.and_then(finite),
        auc_low: s.auc_low.and_then(finite),
        auc_high: s.auc_high.and_then(finite),
        brier: s.brier.and_then(finite),
        scaled_brier: s.scaled_brier.and_then(finite),
        log_loss: s.log_loss.and_then(finite),
        nagelkerke_r2: s.nagelkerke_r2.and_then(finite),
        cox_snell_r2: s.cox_snell_r2.and_then(finite),
        mcfadden_r2: s.mcfadden_r2.and_then(finite),
        model_test: s.model_chisq.map(|(chisq, df, p_value)| ChiSquared {
            chisq: finite(chisq),
            df,
            p_value: finite(p_value),
        }),
        hosmer_lemeshow: s.hosmer_lemeshow.map(|h| HosmerLemeshow {
            groups: h.groups,
            chisq: finite(h.chisq),
            df: h.df,
            p_value: finite(h.p_value),
        }),
        likelihood_ratio: s.likelihood_ratio.as_ref().map(|l| LikelihoodRatio {
            against: l.against.clone(),
            chisq: finite(l.chisq),
            df: l.df,
            p_value: finite(l.p_value),
            f: l.f.and_then(|(f, _)| finite(f)),
            f_p_value: l.f.and_then(|(_, p)| finite(p)),
        }),
        term_tests: s
            .term_tests
            .iter()
            .map(|t| TermTest {
                term: t.group.clone(),
                test: (t.kind == result::TestKind::Wald).then(|| "Wald".to_string()),
                statistic: finite(t.statistic),
                df: t.df,
                p_value: finite(t.p_value),
            })
            .collect(),
        condition_number: s.condition_number.and_then(finite),
    }
}

fn convergence(c: &result::Convergence) -> Convergence {
    Convergence {
        converged: c.converged,
        reason: c.reason.words().to_string(),
        iterations: c.iterations,
        epochs: finite(c.epochs),
        sweeps: finite(c.sweeps),
        gradient_norm: finite(c.gradient_norm),
        tolerance: c.tolerance,
        max_error_in_standard_errors: c.max_error_in_standard_errors.and_then(finite),
        separation: c.separation.as_ref().map(|s| Separation {
            kind: if s.complete { SeparationKind::Complete } else { SeparationKind::QuasiComplete },
            terms: s.terms.clone(),
            rows: s.rows,
        }),
    }
}

fn penalty(fit: &Fit) -> Penalty {
    let Some(used) = &fit.penalty else {
        return if fit.spec.penalty == spec::Penalty::Firth { Penalty::Firth } else { Penalty::None };
    };
    let tuned = used.search.as_ref().and_then(|s| s.tuned.as_ref());
    Penalty::ElasticNet {
        lambda: finite(used.strength.lambda),
        alpha: used.strength.alpha,
        chosen_by: tuned.map_or("given".to_string(), |t| {
            format!("{}-fold cross-validation, one-standard-error rule", t.folds)
        }),
        non_zero: used.non_zero,
        duality_gap: finite(used.duality_gap),
        lambda_min: tuned.map(|t| t.lambda_min()),
    }
}

fn optimizer(fit: &Fit) -> Optimizer {
    let used = &fit.optimizer;
    Optimizer {
        name: used.name.clone(),
        batch_size: used.batch_size,
        learning_rate: finite(used.learning_rate),
        seed: used.seed,
        learning_rate_auto: used.learning_rate_auto,
        line_search: used.line_search,
        schedule: used.schedule.clone(),
        max_epochs: used.max_epochs,
        standardised: used.standardised,
        optimum: fit.optimum.and_then(finite),
    }
}

fn design(fit: &Fit) -> Design {
    let kind = |kind: &VariableKind| match kind {
        VariableKind::Number => Kind::Number,
        VariableKind::Date => Kind::Date,
        VariableKind::Category(_) => Kind::Category,
    };
    let basis = |basis: &matrix::Basis| match basis.clone() {
        matrix::Basis::Rcs { knots } => Basis::Rcs { knots },
        matrix::Basis::Ns { knots, boundary } => Basis::Ns { knots, boundary },
        matrix::Basis::Poly { alpha, norm2 } => Basis::Poly { alpha, norm2 },
    };
    Design {
        intercept: fit.coefficients.iter().any(|c| c.term.parts.is_empty()),
        variables: fit.frozen.variables.iter().map(|(name, k)| (name.clone(), kind(k))).collect(),
        bases: fit.frozen.bases.iter().map(|(text, b)| (text.clone(), basis(b))).collect(),
    }
}
