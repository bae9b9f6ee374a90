//! A surface that can be descended on: a teaching formula, or two coefficients of a real fit. Each is an objective.

use ndarray::{Array1, Array2, ArrayRef1};

use crate::error::{Error, Result, probably_meant};
use crate::explore::formula::{ALL, Formula, VALLEY_CONDITION};
use crate::explore::pair::{Others, PairLoss, Units};
use crate::explore::symmetric::Eigen;
use crate::objective::{Curved, Objective, Sampled};

/// A function of one or two coefficients with all that is known of it.
pub enum Surface {
    /// A teaching surface.
    Formula(Formula),
    /// Two coefficients of a real fit.
    Pair(Box<PairLoss>),
}

/// The largest condition number of a valley.
const LARGEST_CONDITION: f64 = 1e6;

impl Surface {
    /// The names that [`Surface::by_name`] knows.
    pub fn names() -> Vec<&'static str> {
        ALL.iter().map(|formula| formula.name()).collect()
    }

    /// A teaching surface by its name; `condition` is the valley's knob (1 to a million, 20 unless said).
    ///
    /// # Errors
    /// Usage, when there is no such surface, or the knob is out of range or on the wrong surface.
    pub fn by_name(name: &str, condition: Option<f64>) -> Result<Surface> {
        let wanted = name.trim().to_lowercase();
        let known = ALL.into_iter().find(|formula| formula.name() == wanted).ok_or_else(|| {
            let error = Error::usage(format!("there is no surface `{name}`"));
            match probably_meant(&wanted, Surface::names()) {
                Some(meant) => error.hint(format!("`{meant}`? There are: {}", Surface::names().join(", "))),
                None => error.hint(format!("there are: {}", Surface::names().join(", "))),
            }
        })?;
        let formula = match (known, condition) {
            (known, None) => known,
            (Formula::Valley(_), Some(k)) if (1.0..=LARGEST_CONDITION).contains(&k) => Formula::Valley(k),
            (Formula::Valley(_), Some(k)) => {
                return Err(Error::usage(format!(
                    "the condition number {k} is not from 1 to {LARGEST_CONDITION}"
                ))
                .hint(format!("the usual one is {VALLEY_CONDITION}")));
            }
            (other, Some(_)) => {
                return Err(Error::usage(format!("the condition number is no knob of `{}`", other.name()))
                    .hint("it is the valley's"));
            }
        };
        Ok(Surface::Formula(formula))
    }

    /// The name: a formula's, or the two coefficients'.
    pub fn name(&self) -> String {
        match self {
            Surface::Formula(formula) => formula.name().to_string(),
            Surface::Pair(pair) => pair.names.join(", "),
        }
    }

    /// What the surface is: its formula, or which loss over what.
    pub fn text(&self) -> String {
        match self {
            Surface::Formula(formula) => formula.text(),
            Surface::Pair(pair) => {
                let units = match pair.units {
                    Units::Standardised => "standardised columns",
                    Units::Raw => "raw columns",
                };
                let others = match pair.others {
                    _ if pair.others_count() == 0 => "",
                    Others::Held if pair.separated => ", others held at Firth's estimates",
                    Others::Held => ", others held at their estimates",
                    Others::Profiled => ", others profiled out",
                };
                let loss = if pair.is_quadratic() {
                    "half the mean squared error"
                } else {
                    "mean negative log-likelihood"
                };
                format!("{loss}; {units}{others}")
            }
        }
    }

    /// Names of the axes.
    pub fn axes(&self) -> Vec<String> {
        match self {
            Surface::Formula(formula) => {
                ["x", "y"][..formula.dim()].iter().map(|a| (*a).to_string()).collect()
            }
            Surface::Pair(pair) => pair.names.to_vec(),
        }
    }

    /// The known minima, the lowest first. None where the data are separated.
    pub fn minima(&self) -> Vec<Vec<f64>> {
        match self {
            Surface::Formula(formula) => formula.minima(),
            Surface::Pair(pair) if pair.separated => Vec::new(),
            Surface::Pair(pair) => vec![pair.estimate()],
        }
    }

    /// The part that is worth seeing.
    pub fn home(&self) -> Vec<[f64; 2]> {
        match self {
            Surface::Formula(formula) => formula.home(),
            Surface::Pair(pair) => pair.home(),
        }
    }

    /// Where a descent begins, unless the user says otherwise; of a fit zero, as fits do.
    pub fn usual_start(&self) -> Vec<f64> {
        match self {
            Surface::Formula(formula) => formula.usual_start(),
            Surface::Pair(_) => vec![0.0, 0.0],
        }
    }

    /// Whether the loss has no finite minimum because the data are separated.
    pub fn is_separated(&self) -> bool {
        matches!(self, Surface::Pair(pair) if pair.separated)
    }

    /// Second derivatives.
    pub fn hessian(&self, at: &ArrayRef1<f64>) -> Array2<f64> {
        match self {
            Surface::Formula(formula) => formula.hessian(at),
            Surface::Pair(pair) => pair.hessian(at),
        }
    }

    /// Curvatures and their directions.
    pub fn eigen(&self, at: &[f64]) -> Eigen {
        Eigen::of(&self.hessian(&Array1::from_vec(at.to_vec())))
    }

    /// The curvature L of the automatic rate 1/L: of a fit the largest that the loss can have; of a formula the
    /// largest at the start and at the known minima.
    pub fn curvature(&self, start: &[f64]) -> f64 {
        match self {
            Surface::Pair(pair) => pair.largest_curvature(),
            Surface::Formula(_) => self
                .minima()
                .iter()
                .map(Vec::as_slice)
                .chain([start])
                .map(|at| self.eigen(at).size())
                .fold(0.0, f64::max),
        }
    }

    /// The pair, if it is one.
    pub fn pair(&self) -> Option<&PairLoss> {
        match self {
            Surface::Pair(pair) => Some(pair),
            Surface::Formula(_) => None,
        }
    }
}

impl Objective for Surface {
    fn dim(&self) -> usize {
        match self {
            Surface::Formula(formula) => formula.dim(),
            Surface::Pair(_) => 2,
        }
    }

    fn value_and_gradient(&self, beta: &ArrayRef1<f64>) -> (f64, Array1<f64>) {
        match self {
            Surface::Formula(formula) => formula.value_and_gradient(beta),
            Surface::Pair(pair) => pair.value_and_gradient(beta),
        }
    }

    fn curved(&self) -> Option<&dyn Curved> {
        Some(self)
    }

    fn sampled(&self) -> Option<&dyn Sampled> {
        match self {
            Surface::Pair(pair) if pair.others == Others::Held => Some(self),
            _ => None,
        }
    }
}

impl Curved for Surface {
    /// Where the surface curves downwards, the root of the curvature's absolute value.
    fn curvature_root(&self, beta: &ArrayRef1<f64>) -> Array2<f64> {
        Eigen::of(&self.hessian(beta)).absolute_root()
    }

    fn all_at(&self, beta: &ArrayRef1<f64>) -> (f64, Array1<f64>, Array2<f64>) {
        let (value, gradient) = self.value_and_gradient(beta);
        (value, gradient, self.curvature_root(beta))
    }

    fn is_quadratic(&self) -> bool {
        match self {
            Surface::Formula(formula) => formula.is_quadratic(),
            Surface::Pair(pair) => pair.is_quadratic(),
        }
    }

    fn is_exact(&self) -> bool {
        matches!(self, Surface::Pair(_)) || self.is_quadratic()
    }
}

/// Mini-batches are of the fit's rows; formulas have none (see [`crate::explore::noise`]).
impl Sampled for Surface {
    fn n_rows(&self) -> usize {
        self.pair().map_or(0, |pair| Sampled::n_rows(&pair.section()))
    }

    fn of_rows(&self, rows: &[usize], beta: &ArrayRef1<f64>) -> (f64, Array1<f64>) {
        match self {
            Surface::Pair(pair) => pair.section().of_rows(rows, beta),
            Surface::Formula(formula) => formula.value_and_gradient(beta),
        }
    }

    fn with_rows(&self, rows: &[usize], lend: &mut dyn FnMut(&dyn Objective)) {
        match self {
            Surface::Pair(pair) => pair.section().with_rows(rows, lend),
            Surface::Formula(_) => lend(self),
        }
    }

    fn largest_row_curvature(&self) -> f64 {
        match self {
            Surface::Pair(pair) => pair.section().largest_row_curvature(),
            Surface::Formula(_) => self.curvature(&self.usual_start()),
        }
    }
}
