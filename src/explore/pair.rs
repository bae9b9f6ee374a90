//! Two coefficients of a real fit as a surface: the mean loss with the others held at their estimates or profiled out.

use ndarray::{Array1, Array2, ArrayRef1, Axis, concatenate, s};

use crate::data::csv::Source;
use crate::data::missing::Ledger;
use crate::error::{Error, Result, probably_meant};
use crate::explore::symmetric::Eigen;
use crate::fit::descent::optimum;
use crate::fit::frame::{Dependent, Frame};
use crate::fit::loss_of;
use crate::fit::prepare::{Prepared, prepare};
use crate::fit::separation;
use crate::fit::spec::{Penalty, Spec};
use crate::num::linalg::{inverse_upper, is_regular, singular_values};
use crate::num::special::chi_squared_quantile;
use crate::objective::firth::Firth;
use crate::objective::glm::Glm;
use crate::objective::loss::Loss;
use crate::objective::{Curved, Objective};
use crate::optimise::method::{Decay, Method};
use crate::optimise::watch::Unwatched;
use crate::optimise::{Settings, minimise};
use crate::rows::{InMemory, Rows};

/// What becomes of the coefficients that are not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Others {
    /// They stay at their estimates: a section through the loss.
    #[default]
    Held,
    /// They follow: the least loss that any values of theirs allow.
    Profiled,
}

/// In which scale the coefficients are shown and descended on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Units {
    /// Of columns with mean 0 and standard deviation 1.
    #[default]
    Standardised,
    /// Of the columns as they are.
    Raw,
}

/// A model fitted to data, of which two coefficients can be shown.
pub struct Model {
    prepared: Prepared,
    frame: Frame,
    loss: Loss,
    /// In the standardised scale: the estimates; of separated data Firth's, which are finite.
    centre: Array1<f64>,
    separated: bool,
}

impl Model {
    /// Reads the data and finds the optimum.
    ///
    /// # Errors
    /// Usage, for a penalised fit; as [`prepare()`] and [`separation::find`] say.
    pub fn read(spec: &Spec, source: &Source) -> Result<Model> {
        if spec.penalty != Penalty::None {
            return Err(
                Error::usage("the surface of a penalised fit is not shown").hint("leave out the penalty")
            );
        }
        let prepared = prepare(spec, source)?;
        let frame = Frame::new(&prepared, Dependent::LeftOut);
        let loss = loss_of(prepared.chosen.family);
        let separated = match loss {
            Loss::Logistic => separation::find(&frame.memory().x, &frame.memory().y)?.is_some(),
            Loss::Squared => false,
        };
        let centre = if separated {
            optimum(&Firth::new(&frame.rows), spec.seed).beta
        } else {
            optimum(&Glm::new(&frame.rows, loss), spec.seed).beta
        };
        Ok(Model { prepared, frame, loss, centre, separated })
    }

    /// The names of the coefficients that can be shown.
    pub fn terms(&self) -> Vec<&str> {
        self.frame.terms.iter().map(|term| term.name.as_str()).collect()
    }

    /// Rows read, used and dropped.
    pub fn ledger(&self) -> &Ledger {
        &self.prepared.ledger
    }

    /// The formula with `.` written out, and the outcome's loss in words.
    pub fn loss_words(&self) -> &'static str {
        match self.loss {
            Loss::Squared => "half the mean squared error",
            Loss::Logistic => "mean negative log-likelihood",
        }
    }

    /// The surface over two coefficients.
    ///
    /// # Errors
    /// Usage, when a name is none of the model's, or both are the same.
    pub fn pair(&self, over: [&str; 2], others: Others, units: Units) -> Result<PairLoss> {
        let places = [self.place(over[0])?, self.place(over[1])?];
        if places[0] == places[1] {
            return Err(Error::usage(format!("`{}` is named twice", over[0])).hint("name two coefficients"));
        }
        let (rows, centre) = match units {
            Units::Standardised => (self.frame.memory().clone(), self.centre.clone()),
            Units::Raw => (self.frame.raw_rows(&self.prepared), self.frame.to_user.dot(&self.centre)),
        };
        let left: Vec<usize> = (0..centre.len()).filter(|j| !places.contains(j)).collect();
        let order: Vec<usize> = left.iter().chain(&places).copied().collect();
        let ordered = InMemory { x: rows.x.select(Axis(1), &order), ..rows };
        let centre = centre.select(Axis(0), &order);
        let names = places.map(|j| self.frame.terms[j].name.clone());
        Ok(PairLoss::new(ordered, centre, self, names, (others, units)))
    }

    fn place(&self, name: &str) -> Result<usize> {
        let terms = self.terms();
        let name = name.trim();
        terms.iter().position(|term| *term == name).ok_or_else(|| {
            let error = Error::usage(format!("the model has no coefficient `{name}`"));
            match probably_meant(name, terms.iter().copied()) {
                Some(meant) => error.hint(format!("`{meant}`? It has: {}", terms.join(", "))),
                None => error.hint(format!("it has: {}", terms.join(", "))),
            }
        })
    }
}

/// The mean loss as a function of two coefficients.
pub struct PairLoss {
    /// All columns: those not shown, then the two.
    ordered: InMemory,
    /// The two columns, with what the held ones add as offset.
    pair: InMemory,
    /// The estimates in the order of `ordered`.
    centre: Array1<f64>,
    loss: Loss,
    /// Names of the two.
    pub names: [String; 2],
    /// What becomes of the others.
    pub others: Others,
    /// In which scale.
    pub units: Units,
    /// Whether the data are separated: the loss has no finite minimum, and `centre` is Firth's estimate.
    pub separated: bool,
    /// 2 x 2: the loss's Hessian at the estimates with the others profiled out.
    schur: Array2<f64>,
    /// 2 x 2: covariance of the two estimates; none for separated data or without residual degrees of freedom.
    covariance: Option<Array2<f64>>,
    least: f64,
}

impl PairLoss {
    fn new(
        ordered: InMemory,
        centre: Array1<f64>,
        model: &Model,
        names: [String; 2],
        shown: (Others, Units),
    ) -> PairLoss {
        let k = centre.len() - 2;
        let added = ordered.x.slice(s![.., ..k]).dot(&centre.slice(s![..k]));
        let offset = ordered.offset.as_ref().map_or_else(|| added.clone(), |o| o + &added);
        let pair =
            InMemory { x: ordered.x.slice(s![.., k..]).to_owned(), offset: Some(offset), ..ordered.clone() };
        let glm = Glm::new(&ordered, model.loss);
        let (least, _, root) = glm.all_at(&centre);
        let corner = root.slice(s![k.., k..]).to_owned();
        let schur = corner.t().dot(&corner);
        let weight = ordered.total_weight();
        let dispersion = match model.loss {
            Loss::Squared => 2.0 * least * weight / (weight - centre.len() as f64),
            Loss::Logistic => 1.0,
        };
        let known = !model.separated && is_regular(&corner) && dispersion > 0.0 && dispersion.is_finite();
        let covariance = known.then(|| {
            let inverse = inverse_upper(&corner);
            inverse.dot(&inverse.t()) * (dispersion / weight)
        });
        PairLoss {
            ordered,
            pair,
            centre,
            loss: model.loss,
            names,
            others: shown.0,
            units: shown.1,
            separated: model.separated,
            schur,
            covariance,
            least,
        }
    }

    /// The estimates of the two; of separated data Firth's.
    pub fn estimate(&self) -> Vec<f64> {
        self.centre.slice(s![self.others_count()..]).to_vec()
    }

    /// How many coefficients the model has besides the two.
    pub fn others_count(&self) -> usize {
        self.centre.len() - 2
    }

    /// The rows with two columns.
    pub(crate) fn section(&self) -> Glm<'_> {
        Glm::new(&self.pair, self.loss)
    }

    /// Whether the curvature is the same everywhere.
    pub fn is_quadratic(&self) -> bool {
        self.loss == Loss::Squared
    }

    /// Value and gradient. With the others profiled out the gradient is that of the whole loss at their best values:
    /// these add nothing, being a minimum.
    pub fn value_and_gradient(&self, b: &ArrayRef1<f64>) -> (f64, Array1<f64>) {
        match self.others {
            Others::Held => self.section().value_and_gradient(b),
            Others::Profiled if self.is_quadratic() => {
                let away = b.to_owned() - Array1::from_vec(self.estimate());
                let gradient = self.schur.dot(&away);
                (self.least + 0.5 * away.dot(&gradient), gradient)
            }
            Others::Profiled => {
                let (value, gradient) =
                    Glm::new(&self.ordered, self.loss).value_and_gradient(&self.completed(b));
                (value, gradient.slice(s![self.others_count()..]).to_owned())
            }
        }
    }

    /// The two coefficients with the best values of the others before them.
    fn completed(&self, b: &ArrayRef1<f64>) -> Array1<f64> {
        let k = self.others_count();
        let both = |others: &Array1<f64>| {
            concatenate(Axis(0), &[others.view(), b.view()]).expect("one row of coefficients")
        };
        if k == 0 {
            return both(&Array1::zeros(0));
        }
        const MAX_EPOCHS: usize = 200;
        const TOLERANCE: f64 = 1e-10;
        let settings = Settings {
            method: Method::Auto,
            batch: None,
            decay: Decay::Constant,
            max_epochs: MAX_EPOCHS,
            tolerance: TOLERANCE,
            seed: 0,
        };
        let added = self.ordered.x.slice(s![.., k..]).dot(b);
        let offset = self.ordered.offset.as_ref().map_or_else(|| added.clone(), |o| o + &added);
        let rows = InMemory {
            x: self.ordered.x.slice(s![.., ..k]).to_owned(),
            offset: Some(offset),
            ..self.ordered.clone()
        };
        let start = self.centre.slice(s![..k]).to_owned();
        let descent = minimise(&Glm::new(&rows, self.loss), &start, &settings, &mut Unwatched);
        both(&descent.beta)
    }

    /// Second derivatives: of the section, or with the others profiled out the Schur complement of the whole
    /// Hessian, R22'R22 where R'R is the Hessian with the two columns last.
    pub fn hessian(&self, b: &ArrayRef1<f64>) -> Array2<f64> {
        let root = match self.others {
            Others::Held => self.section().curvature_root(b),
            Others::Profiled if self.is_quadratic() => return self.schur.clone(),
            Others::Profiled => {
                let k = self.others_count();
                let whole = Glm::new(&self.ordered, self.loss).curvature_root(&self.completed(b));
                whole.slice(s![k.., k..]).to_owned()
            }
        };
        root.t().dot(&root)
    }

    /// The largest curvature that the section can have: a bound for the profile too.
    pub fn largest_curvature(&self) -> f64 {
        let root = Glm::new(&self.pair, Loss::Squared).curvature_root(&Array1::zeros(2));
        singular_values(&root).first().map_or(0.0, |s| s * s) * self.loss.largest_curvature()
    }

    /// The 95 % confidence region of the two estimates together, as points round it:
    ///
    ///   (b - estimate)' V^-1 (b - estimate) = chi-squared(2) quantile = 5.99,  V their covariance
    ///
    /// None for separated data. Source: Cox & Hinkley 1974, s. 9.3 (Wald's region).
    pub fn ellipse(&self) -> Option<Vec<[f64; 2]>> {
        const POINTS: usize = 120;
        let eigen = Eigen::of(self.covariance.as_ref()?);
        let centre = self.estimate();
        let radius = chi_squared_quantile(0.95, 2.0).sqrt();
        let point = |k: usize| {
            let angle = std::f64::consts::TAU * k as f64 / POINTS as f64;
            let part = |j: usize| radius * eigen.values[j].max(0.0).sqrt();
            let (u, v) = (part(0) * angle.cos(), part(1) * angle.sin());
            [0, 1].map(|i| centre[i] + u * eigen.directions[0][i] + v * eigen.directions[1][i])
        };
        Some((0..=POINTS).map(point).collect())
    }

    /// How far a point is from the estimates: the largest distance of the two in standard errors, and whether it
    /// lies within the 95 % region.
    pub fn statistical_distance(&self, b: &[f64]) -> Option<(f64, bool)> {
        let covariance = self.covariance.as_ref()?;
        let away: Vec<f64> = b.iter().zip(self.estimate()).map(|(b, e)| b - e).collect();
        let in_errors = (0..2).map(|j| away[j].abs() / covariance[[j, j]].sqrt()).fold(0.0, f64::max);
        let eigen = Eigen::of(covariance);
        let squared: f64 = (0..2)
            .map(|j| {
                let along: f64 = away.iter().zip(&eigen.directions[j]).map(|(a, q)| a * q).sum();
                along * along / eigen.values[j].max(f64::MIN_POSITIVE)
            })
            .sum();
        Some((in_errors, squared <= chi_squared_quantile(0.95, 2.0)))
    }

    /// The part that is worth seeing: zero, the estimates and their confidence region; of separated data well beyond
    /// Firth's estimates.
    pub fn home(&self) -> Vec<[f64; 2]> {
        const ROUND_THE_REGION: f64 = 1.6;
        const BEYOND: f64 = 3.0;
        const MARGIN: f64 = 0.08;
        const NOTHING: f64 = 1e-9; // an estimate of zero, to rounding, makes no axis
        let centre = self.estimate();
        let ends = |j: usize| {
            let (mut low, mut high) = (centre[j].min(0.0), centre[j].max(0.0));
            match &self.covariance {
                Some(v) => {
                    let reach = ROUND_THE_REGION * (chi_squared_quantile(0.95, 2.0) * v[[j, j]]).sqrt();
                    (low, high) = (low.min(centre[j] - reach), high.max(centre[j] + reach));
                }
                None => {
                    let far = BEYOND * centre[j];
                    (low, high) = (low.min(far), high.max(far));
                }
            }
            let margin = MARGIN * (high - low).max(f64::MIN_POSITIVE);
            [low - margin, high + margin]
        };
        let mut home = vec![ends(0), ends(1)];
        for j in 0..2 {
            let (own, other) = (home[j][1] - home[j][0], home[1 - j][1] - home[1 - j][0]);
            if own < NOTHING * other {
                home[j] = [centre[j] - 0.5 * other, centre[j] + 0.5 * other];
            }
        }
        home
    }
}
