//! From the end of a descent over many rows to the fit: all statements that need no array of single patients.

use crate::error::Result;
use crate::fit::apparent::{self, Apparent};
use crate::fit::assemble::{COMPARES_ANSWERS, Ended, Statements, is_elsewhere};
use crate::fit::frame::Frame;
use crate::fit::large::by_row::AtRows;
use crate::fit::large::measured::{Means, risks};
use crate::fit::large::mixes::Mixes;
use crate::fit::large::tally::{null_loss, tally};
use crate::fit::prepare::Prepared;
use crate::fit::result::{Fit, HosmerLemeshow, LikelihoodRatio};
use crate::fit::statistics::{OfRows, smallest_logistic_loss};
use crate::fit::target::Target;
use crate::fit::uncertainty::Uncertainty;
use crate::inference::influence::Influence;
use crate::inference::solution::Solution;
use crate::objective::Curved;
use crate::objective::glm::Glm;
use crate::objective::loss::Loss;
use crate::performance::case_mix::CaseMix;
use crate::performance::ranking::Ranking;
use crate::rows::{Null, Rows, Stored};
use crate::team::Ranks;

/// A fit to many rows, and what is left of its making.
pub struct Concluded {
    /// The fit.
    pub fit: Fit,
    /// The data leg.
    pub prepared: Prepared,
    /// The standardised rows.
    pub frame: Frame,
    /// The performance of the model on its own rows.
    pub apparent: Option<Apparent>,
    /// What makes the fitted value and the residuals of each row, if they were asked for.
    pub at_rows: Option<AtRows>,
}

impl Ended<'_> {
    /// The fit, by sweeps over its rows, and the performance of the model on them.
    ///
    /// # Errors
    /// As [`crate::fit::uncertainty::at`] says; Io, where the rows cannot be read.
    pub fn into_large_fit(
        mut self,
        mixes: &Mixes,
        ranks: &Ranks,
        likelihood_ratio: Option<LikelihoodRatio>,
    ) -> Result<Concluded> {
        let convergence = self.convergence();
        let rows: &dyn Rows = self.swept.as_ref().unwrap_or(&self.frame.rows);
        let beta = &self.descent.beta;
        let mut found = tally(rows, self.loss, beta, self.frame.has_intercept, ranks.have_own_files());
        let (value, _, root) =
            if self.target == Target::Likelihood && self.swept.is_none() && *beta == self.exact.beta {
                (self.exact.value, beta.clone(), self.exact.root.clone())
            } else {
                Glm::new(rows, self.loss).all_at(beta)
            };
        let uncertainty = self.uncertainty(rows, value, &root)?;
        let has_influence = uncertainty.root.is_some()
            && convergence.converged
            && rows.layout().is_none()
            && ranks.is_alone();
        let influence = || {
            let dispersion =
                crate::fit::exact::dispersion(self.loss, value, rows.total_weight(), self.frame.dim());
            Influence::swept(&Solution { rows, loss: self.loss, beta, root: &root }, dispersion)
        };
        let has_answer = convergence.converged && convergence.separation.is_none();
        let has_cells = has_answer && !ranks.have_own_files();
        let ranking = found.ranking.take();
        let asked = (self.prepared.chosen.family, self.spec.conf_level);
        let groups = self.spec.hosmer_lemeshow.filter(|_| !ranks.have_own_files());
        let ((measured, (auc, hosmer_lemeshow)), influence) = rayon::join(
            || {
                let cells = ranking.as_ref().filter(|_| has_cells).map(Ranking::cells);
                rayon::join(
                    || cells.map(|cells| apparent::of_rows(&cells.rows(), asked)),
                    || {
                        let Some(sorted) = ranking.map(Ranking::sorted) else { return (None, None) };
                        (sorted.auc(), groups.and_then(|groups| sorted.hosmer_lemeshow(groups)))
                    },
                )
            },
            || has_influence.then(influence).flatten(),
        );
        let share = found.outcome.mean;
        let of_rows = OfRows {
            spread: found.spread,
            null_loss: match (self.loss, &self.prepared.encoded.offset) {
                (Loss::Squared, _) => f64::NAN,
                (Loss::Logistic, None) => null_loss(&found.outcome, self.frame.has_intercept),
                (Loss::Logistic, Some(_)) => {
                    smallest_logistic_loss(&Null { rows, has_intercept: self.frame.has_intercept })
                }
            },
            auc,
            brier: found.mean_square,
            scaled_brier: 1.0 - found.mean_square / (share * (1.0 - share)),
            hosmer_lemeshow: hosmer_lemeshow.map(HosmerLemeshow::from),
        };
        let mut statistics = self.statistics(&of_rows, value);
        statistics.penalised_log_likelihood = self.penalised_log_likelihood(rows);
        statistics.likelihood_ratio = likelihood_ratio;
        if !is_elsewhere(&convergence) {
            statistics.term_tests = self.term_tests(&statistics, &uncertainty, false);
        }
        let coefficients = self.coefficients(&uncertainty, statistics.df_residual, &convergence);
        let case_mix = CaseMix {
            variables: mixes.of_all(rows),
            outcome: found.outcome,
            linear_predictor: found.linear_predictor,
        };
        let means = (has_answer && self.loss == Loss::Squared && ranks.is_alone())
            .then(|| Means::of(rows, beta, &found));
        let at_rows = self.spec.save_fitted.then(|| self.at_rows(&uncertainty));
        self.frame.rows.check()?;
        self.swept.as_ref().map_or(Ok(()), Stored::check)?;
        let n_events = (self.loss == Loss::Logistic).then_some(found.events);
        if self.spec.against.is_some() && is_elsewhere(&convergence) {
            self.prepared.ledger.notices.push(COMPARES_ANSWERS.to_string());
        }
        let (mut fit, prepared, frame) = self.told(Statements {
            convergence,
            coefficients,
            uncertainty,
            statistics,
            n_events,
            case_mix,
            fitted: Vec::new(),
            influence,
            by_row: None,
        });
        let apparent = match (measured, means) {
            (Some(measured), _) => measured.map(|found| risks(found, &of_rows, value, &mut fit)),
            (None, Some(means)) => means.apparent(&mut fit),
            (None, None) => Ok(None),
        };
        let apparent = apparent.unwrap_or_else(|why| {
            fit.ledger.notices.push(format!("no apparent performance: {}", why.message));
            None
        });
        Ok(Concluded { fit, prepared, frame, apparent, at_rows })
    }

    /// Where the fit ended, on the standardised columns.
    fn at_rows(&self, uncertainty: &Uncertainty) -> AtRows {
        let rows = &self.frame.rows;
        let beta = self.standardised();
        let (value, _, root) = Glm::new(rows, self.loss).all_at(&beta);
        let dispersion =
            crate::fit::exact::dispersion(self.loss, value, rows.total_weight(), self.frame.dim());
        AtRows { loss: self.loss, beta, root, dispersion: uncertainty.root.is_some().then_some(dispersion) }
    }
}
