//! Arithmetic on columns: `log(crp + 1)`, `I(weight / height^2)`.

use std::fmt::{self, Write as _};

use crate::design::tokens::written;

/// An expression of numbers, columns, arithmetic and functions.
#[derive(Debug, Clone, PartialEq)]
pub enum Expression {
    /// A number, not negative.
    Number(f64),
    /// A column.
    Column(String),
    /// The opposite.
    Negative(Box<Expression>),
    /// A sum; `true` where the summand is subtracted. At least two summands, the first added.
    Sum(Vec<(bool, Expression)>),
    /// A product; `true` where the factor divides. At least two factors, the first multiplied.
    Product(Vec<(bool, Expression)>),
    /// A power: base and exponent.
    Power(Box<Expression>, Box<Expression>),
    /// A function of one argument.
    Call(Function, Box<Expression>),
}

/// The functions of one argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Function {
    /// `I()`: the argument itself, shielded from the formula's own reading of `+`, `*`, `^`.
    Identity,
    /// Natural logarithm.
    Log,
    /// Logarithm to base 2.
    Log2,
    /// Logarithm to base 10.
    Log10,
    /// ln(1 + x).
    Log1p,
    /// Square root.
    Sqrt,
    /// Exponential.
    Exp,
    /// Absolute value.
    Abs,
}

const FUNCTIONS: [(&str, Function); 8] = [
    ("I", Function::Identity),
    ("log", Function::Log),
    ("log2", Function::Log2),
    ("log10", Function::Log10),
    ("log1p", Function::Log1p),
    ("sqrt", Function::Sqrt),
    ("exp", Function::Exp),
    ("abs", Function::Abs),
];

impl Function {
    /// The function of that name.
    pub fn named(name: &str) -> Option<Function> {
        FUNCTIONS.iter().find(|(n, _)| *n == name).map(|(_, f)| *f)
    }

    /// Its name in a formula.
    pub fn name(self) -> &'static str {
        FUNCTIONS.iter().find(|(_, f)| *f == self).map_or("", |(n, _)| *n)
    }

    fn of(self, x: f64) -> f64 {
        match self {
            Function::Identity => x,
            Function::Log => x.ln(),
            Function::Log2 => x.log2(),
            Function::Log10 => x.log10(),
            Function::Log1p => x.ln_1p(),
            Function::Sqrt => x.sqrt(),
            Function::Exp => x.exp(),
            Function::Abs => x.abs(),
        }
    }
}

impl Expression {
    /// The columns that occur, each once, in order of appearance.
    pub fn columns(&self) -> Vec<&str> {
        let mut found = Vec::new();
        self.collect(&mut found);
        found
    }

    fn collect<'a>(&'a self, found: &mut Vec<&'a str>) {
        match self {
            Expression::Number(_) => {}
            Expression::Column(name) => {
                if !found.contains(&name.as_str()) {
                    found.push(name);
                }
            }
            Expression::Negative(e) | Expression::Call(_, e) => e.collect(found),
            Expression::Sum(items) | Expression::Product(items) => {
                items.iter().for_each(|(_, e)| e.collect(found));
            }
            Expression::Power(base, exponent) => {
                base.collect(found);
                exponent.collect(found);
            }
        }
    }

    /// The value of each of `n_rows` rows; `column` gives the cells of a column. A missing cell (NaN) gives NaN.
    pub fn evaluate<'a>(&self, n_rows: usize, column: &dyn Fn(&str) -> &'a [f64]) -> Vec<f64> {
        match self {
            Expression::Number(value) => vec![*value; n_rows],
            Expression::Column(name) => column(name).to_vec(),
            Expression::Negative(e) => map(e.evaluate(n_rows, column), |x| -x),
            Expression::Call(f, e) => map(e.evaluate(n_rows, column), |x| f.of(x)),
            Expression::Sum(items) => fold(items, n_rows, column, |a, b| a + b, |a, b| a - b),
            Expression::Product(items) => fold(items, n_rows, column, |a, b| a * b, |a, b| a / b),
            Expression::Power(base, exponent) => {
                let exponents = exponent.evaluate(n_rows, column);
                let mut values = base.evaluate(n_rows, column);
                values.iter_mut().zip(exponents).for_each(|(x, e)| *x = power(*x, e));
                values
            }
        }
    }

    fn precedence(&self) -> u8 {
        match self {
            Expression::Sum(_) => SUM,
            Expression::Product(_) => PRODUCT,
            Expression::Negative(_) => NEGATIVE,
            Expression::Power(..) => POWER,
            Expression::Number(_) | Expression::Column(_) | Expression::Call(..) => PRIMARY,
        }
    }
}

const SUM: u8 = 1;
const PRODUCT: u8 = 2;
const NEGATIVE: u8 = 3;
const POWER: u8 = 4;
const PRIMARY: u8 = 5;

fn map(mut values: Vec<f64>, f: impl Fn(f64) -> f64) -> Vec<f64> {
    values.iter_mut().for_each(|x| *x = f(*x));
    values
}

/// From left to right, `plain` or `inverse` as the item says.
fn fold<'a>(
    items: &[(bool, Expression)],
    n_rows: usize,
    column: &dyn Fn(&str) -> &'a [f64],
    plain: impl Fn(f64, f64) -> f64,
    inverse: impl Fn(f64, f64) -> f64,
) -> Vec<f64> {
    let mut parts = items.iter();
    let Some((_, first)) = parts.next() else { return vec![0.0; n_rows] };
    let mut values = first.evaluate(n_rows, column);
    for (inverted, item) in parts {
        let others = item.evaluate(n_rows, column);
        let pairs = values.iter_mut().zip(others);
        if *inverted {
            pairs.for_each(|(x, other)| *x = inverse(*x, other));
        } else {
            pairs.for_each(|(x, other)| *x = plain(*x, other));
        }
    }
    values
}

/// x^e; a missing base stays missing even where e is 0, so that no cell is made up.
fn power(x: f64, e: f64) -> f64 {
    if x.is_nan() || e.is_nan() {
        f64::NAN
    } else if e == 2.0 {
        x * x
    } else {
        x.powf(e)
    }
}

/// A number that reads back the same.
pub fn number_text(value: f64) -> String {
    if value == 0.0 || (1e-5..1e15).contains(&value.abs()) {
        format!("{value}")
    } else {
        format!("{value:e}")
    }
}

/// Spaced as R prints calls: blanks round `+`, `-` and `*`, none round `/` and `^`.
impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Expression::Number(value) => f.write_str(&number_text(*value)),
            Expression::Column(name) => f.write_str(&written(name)),
            Expression::Negative(e) => {
                f.write_char('-')?;
                inside(f, e, NEGATIVE)
            }
            Expression::Call(function, e) => write!(f, "{}({e})", function.name()),
            Expression::Sum(items) => joined(f, items, SUM + 1, [" + ", " - "]),
            Expression::Product(items) => joined(f, items, PRODUCT + 1, [" * ", "/"]),
            Expression::Power(base, exponent) => {
                inside(f, base, PRIMARY)?;
                f.write_char('^')?;
                inside(f, exponent, NEGATIVE)
            }
        }
    }
}

/// An operand, in parentheses if it binds more loosely than `least`.
fn inside(f: &mut fmt::Formatter<'_>, e: &Expression, least: u8) -> fmt::Result {
    if e.precedence() < least { write!(f, "({e})") } else { write!(f, "{e}") }
}

fn joined(
    f: &mut fmt::Formatter<'_>,
    items: &[(bool, Expression)],
    least: u8,
    signs: [&str; 2],
) -> fmt::Result {
    for (k, (inverted, item)) in items.iter().enumerate() {
        if k > 0 {
            f.write_str(signs[usize::from(*inverted)])?;
        }
        inside(f, item, least)?;
    }
    Ok(())
}
