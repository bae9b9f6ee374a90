//! The frame of a descent: which columns are independent, in which scale they are swept, and the way back.

use ndarray::{Array1, Array2, Axis};

use crate::design::matrix::Encoded;
use crate::design::scale::Scale;
use crate::design::term::Term;
use crate::fit::aliasing::{self, Independent};
use crate::fit::prepare::Prepared;
use crate::fit::spec::Penalty;
use crate::inference::covariance::to_user_units;
use crate::objective::Curved;
use crate::objective::glm::Glm;
use crate::objective::loss::Loss;
use crate::rows::{InMemory, Stored};

/// What becomes of columns that others determine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dependent {
    /// They are left out, as R does: the likelihood cannot tell them apart.
    LeftOut,
    /// They stay: a penalty tells them apart.
    Kept,
}

impl Dependent {
    /// What a penalty makes of them.
    pub fn of(penalty: Penalty) -> Dependent {
        match penalty {
            Penalty::ElasticNet { .. } => Dependent::Kept,
            Penalty::None | Penalty::Firth => Dependent::LeftOut,
        }
    }
}

/// Standardised rows of the independent columns, and what leads back to the user's units.
pub struct Frame {
    /// Which columns stay, and why the others do not.
    pub independent: Independent,
    /// Names of the columns that stay.
    pub terms: Vec<Term>,
    /// Whether column 0 is the intercept.
    pub has_intercept: bool,
    /// z = (x - centre) / spread of the columns that stay, with outcome, weights and offset.
    pub rows: Stored,
    /// Centre and spread of the columns that stay.
    pub scale: Scale,
    /// k x k: user's coefficients = matrix . standardised ones.
    pub to_user: Array2<f64>,
    /// Triangular factor of the standardised design: R'R = Z'WZ / n.
    pub design_root: Array2<f64>,
}

impl Frame {
    /// Standardises the design and leaves out the columns that say nothing new: constant ones always, those that
    /// others determine as `dependent` says.
    pub fn new(prepared: &Prepared, dependent: Dependent) -> Frame {
        Frame::of(&prepared.encoded, &prepared.chosen.y, prepared.weight.as_ref(), dependent)
    }

    /// The same for a design and an outcome by themselves.
    pub fn of(
        design: &Encoded,
        y: &Array1<f64>,
        weight: Option<&Array1<f64>>,
        dependent: Dependent,
    ) -> Frame {
        let has_intercept = design.has_intercept;
        let scale = Scale::of(&design.x, weight, has_intercept);
        let rows = InMemory::new(scale.apply(&design.x), y.clone(), weight.cloned(), design.offset.clone());
        let root = design_root(&rows);
        let independent = match dependent {
            Dependent::LeftOut => aliasing::find(&root, &scale, &design.terms, has_intercept),
            Dependent::Kept => aliasing::constant(&root, &scale, has_intercept),
        };
        let terms = independent.kept.iter().map(|j| design.terms[*j].clone()).collect();
        if independent.kept.len() == design.terms.len() {
            let to_user = to_user_units(&scale.centre, &scale.spread, has_intercept);
            let rows = Stored::Memory(Box::new(rows));
            return Frame { independent, terms, has_intercept, rows, scale, to_user, design_root: root };
        }
        let kept = &independent.kept;
        let scale =
            Scale { centre: scale.centre.select(Axis(0), kept), spread: scale.spread.select(Axis(0), kept) };
        let x = rows.x.select(Axis(1), kept).as_standard_layout().into_owned(); // sweeps go along rows
        let rows = InMemory { x, ..rows };
        let to_user = to_user_units(&scale.centre, &scale.spread, has_intercept);
        let design_root = design_root(&rows);
        let rows = Stored::Memory(Box::new(rows));
        Frame { independent, terms, has_intercept, rows, scale, to_user, design_root }
    }

    /// The same rows with their columns in the user's units.
    pub fn raw_rows(&self, prepared: &Prepared) -> InMemory {
        InMemory { x: prepared.encoded.x.select(Axis(1), &self.independent.kept), ..self.memory().clone() }
    }

    /// The rows as arrays: for analyses that are never made of rows on disk.
    pub fn memory(&self) -> &InMemory {
        self.rows.in_memory().expect("only fits whose rows lie in memory come here")
    }

    /// Gives the memory of the rows back, meanwhile: of many that takes a while.
    pub fn let_go(self) {
        if let Stored::Memory(rows) = self.rows {
            rayon::spawn(move || drop(rows));
        }
    }

    /// Number of coefficients.
    pub fn dim(&self) -> usize {
        self.terms.len()
    }
}

fn design_root(rows: &InMemory) -> Array2<f64> {
    let p = rows.x.ncols();
    Glm::new(rows, Loss::Squared).curvature_root(&Array1::zeros(p))
}
