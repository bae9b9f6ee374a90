//! Rows that lie with several ranks: rank 0 asks, every rank answers with sums over its own rows.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::rows::{Block, InMemory, Layout, Null, Rows, Stored};
use crate::team::{Bits, Team};

/// What rank 0 asks of all ranks. Nothing else is said about rows after the preparation, so that this is the list of what leaves
/// a rank. Points are coefficients on the standardised columns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Question {
    /// Sum of the gradients of the loss (p), of the losses, of the weights.
    Gradient(At),
    /// The same, then the root of the sum of the curvatures (p x p).
    Curvature(At),
    /// The largest x' S x of a row, S = A A' (A: p x p).
    Leverage {
        /// A, row by row.
        inverse_root: Bits,
    },
    /// The largest x'x of a row.
    LargestRow,
    /// Of some columns the sum of the sizes of the terms of the gradient: what its rounding depends on.
    Sizes {
        /// Where, and for which loss.
        at: At,
        /// Which.
        columns: Vec<usize>,
    },
    /// The parts of the duality gap of a penalty that are sums over rows, one a share of the slopes.
    Gaps {
        /// Where, and for which loss.
        at: At,
        /// The point whose slopes are taken.
        balanced: Bits,
        /// Shares of them.
        shares: Bits,
    },
    /// The root of the sum of the curvatures in some columns.
    RootOf {
        /// Where, and for which loss.
        at: At,
        /// Which.
        columns: Vec<usize>,
    },
    /// What Firth's prior adds to the sum of the gradients (p).
    Prior {
        /// Where.
        at: At,
        /// R⁻¹ of the curvature there, row by row.
        inverse_root: Bits,
        /// The weight of all rows of all ranks.
        total: Bits,
    },
    /// The sum of squares of the sizes that the rounding of linear predictors depends on.
    Rounding(At),
    /// Moments of outcome and linear predictor, errors, events; and what the area under the ROC curve needs.
    Tally {
        /// Where, and for which loss.
        at: At,
        /// Instead of each row's risk the number of rows in each cell of 0.001 of risk.
        coarse: bool,
    },
    /// 1 where the rank's own rows are separated, else 0.
    Separated,
    /// How many rows a direction separates strictly, and the smallest margin.
    Margins {
        /// p numbers.
        direction: Bits,
    },
    /// What a robust covariance is made of: the root of the sum of squared scores (p x p).
    Scores {
        /// Where, and for which loss.
        at: At,
        /// R⁻¹ of the curvature there, row by row.
        inverse_root: Bits,
        /// The number of HC0 to HC3.
        kind: u8,
        /// The weight of all rows of all ranks.
        total: Bits,
    },
    /// Of each cluster its number and the sum of the scores of its rows (p).
    Clusters {
        /// Where, and for which loss.
        at: At,
        /// R⁻¹ of the curvature there, row by row.
        inverse_root: Bits,
    },
    /// Of each variable: number, mean, sum of squares about it; or the number of rows of each level.
    Mixes,
    /// From now on only these columns are there: 0, or 1 where they could not be made.
    Keep(Vec<usize>),
    /// Whether every sweep could read its rows: 0, or 1 where one could not.
    Check,
    /// Nothing more will be asked.
    End,
}

/// A loss at a point, over some of the rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct At {
    /// The logistic loss, or the squared one.
    pub logistic: bool,
    /// The coefficients.
    pub point: Bits,
    /// Which columns of the rows.
    pub view: View,
    /// Which rows, counted over all ranks; `None` is all.
    pub only: Option<Vec<usize>>,
}

/// Which columns of rows are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum View {
    /// All.
    All,
    /// None but an intercept, if there is one.
    Null {
        /// Whether there is an intercept.
        has_intercept: bool,
    },
}

/// How the answers of all ranks become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Together {
    /// Added up, place by place: one all-reduce.
    Summed,
    /// The largest, place by place.
    Largest,
    /// Side by side at rank 0.
    Gathered,
    /// There is no answer.
    Silent,
}

impl Question {
    /// How the answers become one.
    pub fn together(&self) -> Together {
        match self {
            Question::Gradient(_)
            | Question::Rounding(_)
            | Question::Prior { .. }
            | Question::Sizes { .. }
            | Question::Gaps { .. }
            | Question::Separated
            | Question::Keep(_)
            | Question::Check => Together::Summed,
            Question::Leverage { .. } | Question::LargestRow => Together::Largest,
            Question::Curvature(_)
            | Question::Tally { .. }
            | Question::Scores { .. }
            | Question::Mixes
            | Question::RootOf { .. }
            | Question::Clusters { .. }
            | Question::Margins { .. } => Together::Gathered,
            Question::End => Together::Silent,
        }
    }
}

/// Rank 0's own rows, and the way to the others'. As [`Rows`] it gives its own blocks and the number of all rows: whoever
/// sums over blocks must ask the others for their sums ([`Rows::shared`]).
#[derive(Debug)]
pub struct Shared {
    mine: Box<Stored>,
    team: Arc<dyn Team>,
    n_rows: usize,
    total_weight: f64,
}

impl Shared {
    /// Rank 0's rows, and the number and weight of those of all ranks.
    pub fn new(mine: Stored, team: Arc<dyn Team>, n_rows: usize, total_weight: f64) -> Shared {
        Shared { mine: Box::new(mine), team, n_rows, total_weight }
    }

    /// The number of ranks.
    pub fn size(&self) -> usize {
        self.team.size()
    }

    /// Rank 0's own rows, taken out.
    pub fn into_mine(self) -> Stored {
        *self.mine
    }

    /// Rank 0's own rows.
    pub fn mine(&self) -> &Stored {
        &self.mine
    }

    /// Asks all ranks and answers for rank 0 itself; the sums or the largest numbers as the only answer, or all answers in the
    /// order of the ranks.
    pub fn ask(&self, question: &Question, mine: impl FnOnce(&Stored) -> Vec<f64>) -> Vec<Vec<f64>> {
        pose(self.team.as_ref(), question);
        if question.together() == Together::Silent {
            return Vec::new();
        }
        join(self.team.as_ref(), question, mine(&self.mine))
    }
}

/// Tells all others that nothing more will be asked, when it goes.
#[derive(Debug)]
pub struct Lead(pub Arc<dyn Team>);

impl Drop for Lead {
    fn drop(&mut self) {
        pose(self.0.as_ref(), &Question::End);
    }
}

/// Rank 0 tells all others what is asked.
pub fn pose(team: &dyn Team, question: &Question) {
    let mut bytes = serde_json::to_vec(question).expect("numbers and names can always be written");
    team.broadcast(&mut bytes);
}

/// The next question, at any rank but 0. `None` where it cannot be understood: the ranks run different versions.
pub fn hear(team: &dyn Team) -> Option<Question> {
    let mut bytes = Vec::new();
    team.broadcast(&mut bytes);
    serde_json::from_slice(&bytes).ok()
}

/// Puts this rank's answer to those of the others; what [`Shared::ask`] gives, at rank 0.
pub fn join(team: &dyn Team, question: &Question, mut mine: Vec<f64>) -> Vec<Vec<f64>> {
    match question.together() {
        Together::Summed => team.sum(&mut mine),
        Together::Largest => team.largest(&mut mine),
        Together::Gathered => {
            let all = team.gather(bytemuck::cast_slice(&mine));
            return all.iter().map(|bytes| bytemuck::pod_collect_to_vec(bytes)).collect();
        }
        Together::Silent => {}
    }
    vec![mine]
}

/// Some columns of rows, as a question looks at them.
pub fn viewed<'r>(rows: &'r dyn Rows, view: View, null: &'r mut Option<Null<'r>>) -> &'r dyn Rows {
    match view {
        View::All => rows,
        View::Null { has_intercept } => null.insert(Null { rows, has_intercept }),
    }
}

impl Rows for Shared {
    fn n_rows(&self) -> usize {
        self.n_rows
    }
    fn n_columns(&self) -> usize {
        self.mine.n_columns()
    }
    fn n_blocks(&self) -> usize {
        self.mine.n_blocks()
    }
    fn block(&self, index: usize) -> Block<'_> {
        self.mine.block(index)
    }
    fn pick(&self, rows: &[usize]) -> InMemory {
        self.mine.pick(rows) // rank 0 has the first rows
    }
    fn total_weight(&self) -> f64 {
        self.total_weight
    }
    fn layout(&self) -> Option<&Layout> {
        self.mine.layout()
    }
    fn shared(&self) -> Option<(&Shared, View)> {
        Some((self, View::All))
    }
}
