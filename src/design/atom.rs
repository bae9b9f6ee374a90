//! What terms are made of (columns, factors, transforms, bases), and the right-hand side as it was written.

use std::fmt::{self, Write as _};

use crate::design::expression::{Expression, number_text};
use crate::design::tokens::written;

/// A variable of the right-hand side in R's sense: what may be multiplied by others in a term.
#[derive(Debug, Clone, PartialEq)]
pub enum Atom {
    /// A column: a number as it is, or a categorical variable's indicators.
    Column(String),
    /// `factor(x)`.
    Factor(String),
    /// A transform of numbers: `log(crp)`, `I(age^2)`.
    Transform(Expression),
    /// Restricted cubic spline.
    Rcs(Expression, Knots),
    /// Natural spline.
    Ns(Expression, Knots),
    /// Orthogonal polynomial and its degree.
    Poly(Expression, usize),
}

/// How the knots of a spline are chosen.
#[derive(Debug, Clone, PartialEq)]
pub enum Knots {
    /// By quantiles of the rows used: the number of knots of `rcs`, the degrees of freedom of `ns`.
    Count(usize),
    /// Where the formula says: all knots of `rcs`, the interior ones of `ns`.
    At(Vec<f64>),
}

/// The right-hand side as it was written.
#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    /// `a + b - c`; `true` where the item is removed.
    Sum(Vec<(bool, Node)>),
    /// `a * b`, main effects and interaction, and `a / b`, `b` within `a` (`true`).
    Cross(Vec<(bool, Node)>),
    /// `a:b`.
    Interaction(Vec<Node>),
    /// `(a + b)^2`.
    Power(Box<Node>, u32),
    /// One variable.
    Atom(Atom),
    /// `offset(z)`.
    Offset(Expression),
    /// `1` (true) or `0` (false).
    Intercept(bool),
    /// `.`: all other columns.
    Dot,
}

impl Atom {
    /// The columns of the data that it uses, in order of appearance.
    pub fn columns(&self) -> Vec<&str> {
        match self {
            Atom::Column(name) | Atom::Factor(name) => vec![name],
            Atom::Transform(e) | Atom::Rcs(e, _) | Atom::Ns(e, _) | Atom::Poly(e, _) => e.columns(),
        }
    }
}

impl Node {
    /// Whether this or a node inside satisfies `is`.
    pub fn any(&self, is: &dyn Fn(&Node) -> bool) -> bool {
        is(self)
            || match self {
                Node::Sum(items) | Node::Cross(items) => items.iter().any(|(_, n)| n.any(is)),
                Node::Interaction(items) => items.iter().any(|n| n.any(is)),
                Node::Power(base, _) => base.any(is),
                Node::Atom(_) | Node::Offset(_) | Node::Intercept(_) | Node::Dot => false,
            }
    }

    /// Calls `visit` with each variable, from left to right.
    pub fn visit<'a>(&'a self, visit: &mut dyn FnMut(&'a Node)) {
        match self {
            Node::Sum(items) | Node::Cross(items) => items.iter().for_each(|(_, n)| n.visit(visit)),
            Node::Interaction(items) => items.iter().for_each(|n| n.visit(visit)),
            Node::Power(base, _) => base.visit(visit),
            leaf => visit(leaf),
        }
    }

    fn precedence(&self) -> u8 {
        match self {
            Node::Sum(_) => SUM,
            Node::Cross(_) => CROSS,
            Node::Interaction(_) => INTERACTION,
            Node::Power(..) => POWER,
            _ => LEAF,
        }
    }
}

const SUM: u8 = 1;
const CROSS: u8 = 2;
const INTERACTION: u8 = 3;
const POWER: u8 = 4;
const LEAF: u8 = 5;

impl fmt::Display for Atom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Atom::Column(name) => f.write_str(&written(name)),
            Atom::Factor(name) => write!(f, "factor({})", written(name)),
            Atom::Transform(e) => write!(f, "{e}"),
            Atom::Rcs(e, knots) => write!(f, "rcs({e}, {knots})"),
            Atom::Ns(e, Knots::Count(df)) => write!(f, "ns({e}, {df})"),
            Atom::Ns(e, knots) => write!(f, "ns({e}, knots = {knots})"),
            Atom::Poly(e, degree) => write!(f, "poly({e}, {degree})"),
        }
    }
}

impl fmt::Display for Knots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Knots::Count(count) => write!(f, "{count}"),
            Knots::At(knots) => {
                let knots: Vec<String> = knots.iter().map(|k| number_text(*k)).collect();
                write!(f, "c({})", knots.join(", "))
            }
        }
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Node::Sum(items) => {
                for (k, (removed, item)) in items.iter().enumerate() {
                    f.write_str(match (k, *removed) {
                        (0, false) => "",
                        (0, true) => "-",
                        (_, false) => " + ",
                        (_, true) => " - ",
                    })?;
                    inside(f, item, SUM + 1)?;
                }
                Ok(())
            }
            Node::Cross(items) => {
                for (k, (nested, item)) in items.iter().enumerate() {
                    if k > 0 {
                        f.write_str(if *nested { "/" } else { " * " })?;
                    }
                    inside(f, item, CROSS + 1)?;
                }
                Ok(())
            }
            Node::Interaction(items) => {
                for (k, item) in items.iter().enumerate() {
                    if k > 0 {
                        f.write_char(':')?;
                    }
                    inside(f, item, INTERACTION + 1)?;
                }
                Ok(())
            }
            Node::Power(base, exponent) => {
                inside(f, base, LEAF)?;
                write!(f, "^{exponent}")
            }
            Node::Atom(atom) => write!(f, "{atom}"),
            Node::Offset(e) => write!(f, "offset({e})"),
            Node::Intercept(present) => f.write_char(if *present { '1' } else { '0' }),
            Node::Dot => f.write_char('.'),
        }
    }
}

/// An operand, in parentheses if it binds more loosely than `least`.
fn inside(f: &mut fmt::Formatter<'_>, node: &Node, least: u8) -> fmt::Result {
    if node.precedence() < least { write!(f, "({node})") } else { write!(f, "{node}") }
}
