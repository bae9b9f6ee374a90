//! Any rank but the first: it answers with sums over its own rows until nothing more is asked.

use ndarray::{Array1, Array2};

use crate::fit::large::columns::Storage;
use crate::fit::large::encode::{Beside, Blueprint};
use crate::fit::large::lay::Scaled;
use crate::fit::large::mixes::Mixes;
use crate::fit::large::tally::Part;
use crate::fit::separation::{is_separated, margins};
use crate::inference::sandwich::{Hc, clusters_in_numbers, scores};
use crate::inference::solution::Solution;
use crate::objective::shared;
use crate::rows::shared::{At, Question, Together, hear, join};
use crate::rows::{Rows, Stored};
use crate::team::{Bits, Team};

/// What a rank answers from.
pub struct Rank<'a> {
    /// How its rows are made.
    pub blueprint: &'a Blueprint,
    /// Centre and spread of all columns.
    pub scaled: &'a Scaled,
    /// Its outcomes and weights.
    pub beside: &'a Beside<'a>,
    /// Where its rows lie.
    pub storage: &'a Storage,
    /// What its patients are like.
    pub own: &'a Mixes,
    /// The cluster of each of its rows, if there are clusters.
    pub cluster: Option<&'a [u32]>,
    /// How many rows the ranks before it have.
    pub first: usize,
}

impl Rank<'_> {
    /// Answers until rank 0 says that nothing more will be asked.
    pub fn serve(&self, team: &dyn Team, mut rows: Stored) {
        loop {
            let question = hear(team).unwrap_or(Question::End);
            if question.together() == Together::Silent {
                return;
            }
            let mine = match &question {
                Question::Keep(kept) => {
                    let narrowed =
                        self.blueprint.narrowed(rows, self.scaled, kept, self.beside, self.storage);
                    let failed = f64::from(u8::from(narrowed.is_err()));
                    rows = narrowed.unwrap_or_else(|_| Stored::none());
                    vec![failed]
                }
                _ => self.answer(&question, &rows),
            };
            join(team, &question, mine);
        }
    }

    fn answer(&self, question: &Question, rows: &Stored) -> Vec<f64> {
        match question {
            Question::Tally { at, coarse } => Part::of(rows, shared::loss(at), &point(at)).numbers(*coarse),
            Question::Separated => vec![is_separated(rows)],
            Question::Margins { direction } => {
                let (strictly, least) = margins(rows, &Array1::from_vec(direction.numbers()));
                vec![strictly as f64, least]
            }
            Question::Scores { at, inverse_root, kind, total } => {
                self.scores(rows, at, inverse_root, *kind, total.numbers()[0])
            }
            Question::Clusters { at, inverse_root } => self.clusters(rows, at, inverse_root),
            Question::Mixes => self.own.numbers(),
            Question::Check => vec![f64::from(u8::from(rows.check().is_err()))],
            other => shared::answer(other, rows, self.first).unwrap_or_default(),
        }
    }

    fn clusters(&self, rows: &Stored, at: &At, inverse: &Bits) -> Vec<f64> {
        let (p, beta) = (rows.n_columns(), point(at));
        let inverse = Array2::from_shape_vec((p, p), inverse.numbers()).expect("p x p cells");
        let solution = Solution { rows, loss: shared::loss(at), beta: &beta, root: &inverse }; // the root is not used
        clusters_in_numbers(&solution, &inverse, self.cluster.unwrap_or_default())
    }

    fn scores(&self, rows: &Stored, at: &At, inverse: &Bits, kind: u8, total: f64) -> Vec<f64> {
        let (p, beta) = (rows.n_columns(), point(at));
        let inverse = Array2::from_shape_vec((p, p), inverse.numbers()).expect("p x p cells");
        let kind = Hc::ALL[usize::from(kind).min(Hc::ALL.len() - 1)];
        let solution = Solution { rows, loss: shared::loss(at), beta: &beta, root: &inverse }; // the root is not used
        scores(&solution, &inverse, kind, total)
            .map_or_else(|_| Vec::new(), |root| root.into_iter().collect())
    }
}

fn point(at: &At) -> Array1<f64> {
    Array1::from_vec(at.point.numbers())
}
