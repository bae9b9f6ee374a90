//! From the end of a descent over many rows to the fit: all statements that need no array of single patients.

use crate::error::Result;
use crate::fit::assemble::{Ended, Statements};
use crate::fit::large::mixes::Mixes;
use crate::fit::large::tally::{null_loss, tally};
use crate::fit::result::Fit;
use crate::fit::statistics::{OfRows, smallest_logistic_loss};
use crate::inference::influence::Influence;
use crate::inference::solution::Solution;
use crate::objective::Curved;
use crate::objective::glm::Glm;
use crate::objective::loss::Loss;
use crate::performance::case_mix::CaseMix;
use crate::performance::ranking::Ranking;
use crate::rows::{Null, Rows};
use crate::team::Ranks;

impl Ended<'_> {
    /// The fit, by sweeps over its rows.
    ///
    /// # Errors
    /// As [`crate::fit::uncertainty::at`] says; Io, where the rows cannot be read.
    pub fn into_large_fit(self, mixes: &Mixes, ranks: &Ranks) -> Result<Fit> {
        let convergence = self.convergence();
        let rows: &dyn Rows = &self.frame.rows;
        let beta = &self.descent.beta;
        let found = tally(rows, self.loss, beta, self.frame.has_intercept, ranks.have_own_files());
        let (value, _, root) = if *beta == self.exact.beta {
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
        let ranking = found.ranking;
        let (auc, influence) =
            rayon::join(|| ranking.and_then(Ranking::auc), || has_influence.then(influence).flatten());
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
            hosmer_lemeshow: None,
        };
        let statistics = self.statistics(&of_rows, value);
        let coefficients = self.coefficients(&uncertainty, statistics.df_residual, &convergence);
        let case_mix = CaseMix {
            variables: mixes.of_all(rows),
            outcome: found.outcome,
            linear_predictor: found.linear_predictor,
        };
        self.frame.rows.check()?;
        let n_events = (self.loss == Loss::Logistic).then_some(found.events);
        let (fit, _) = self.told(Statements {
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
        Ok(fit)
    }
}
