//! Reads both sides of a formula: the outcome, and terms joined by `+ - * / : ^`.

use std::ops::Range;

use crate::design::atom::{Atom, Knots, Node};
use crate::design::cursor::{Cursor, Mention};
use crate::design::expression::{Expression, Function};
use crate::design::parse_expression::{call, expression, open, unknown};
use crate::design::pointing::Fault;
use crate::design::spline::DEFAULT_KNOTS;
use crate::design::tokens::{Placed, Token, tokenise};

/// Splines and polynomials have at most this many columns.
const MOST_COLUMNS: usize = 50;

/// The left-hand side.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// A column or arithmetic on columns.
    pub expression: Expression,
    /// Written as `factor(y)`.
    pub is_factor: bool,
}

/// A formula as it was written.
#[derive(Debug, Clone, PartialEq)]
pub struct Parsed {
    /// The left-hand side.
    pub outcome: Outcome,
    /// The right-hand side.
    pub terms: Node,
    /// The bytes of the right-hand side.
    pub right: Range<usize>,
    /// Each column named, in order.
    pub mentions: Vec<Mention>,
}

/// Reads a formula.
pub fn parse(text: &str) -> Result<Parsed, Fault> {
    let tokens = tokenise(text)?;
    let (left, right, tilde) = sides(&tokens, text)?;
    let mut cursor = Cursor::new(left, tilde.start);
    let outcome = outcome(&mut cursor, &tilde)?;
    let mut mentions = cursor.mentions;
    let mut cursor = Cursor::new(right, text.len());
    if right.is_empty() {
        return Err(Fault::new(&(text.len()..text.len()), "there is nothing after `~`")
            .hint("name the predictors, e.g. `~ age + sex`; `~ 1` is the model with an intercept alone"));
    }
    let terms = sum(&mut cursor)?;
    if cursor.peek().is_some() {
        return Err(cursor.unexpected("an operator"));
    }
    mentions.append(&mut cursor.mentions);
    Ok(Parsed { outcome, terms, right: tilde.end..text.len(), mentions })
}

/// The words before and after the first `~`, and its place.
type Sides<'a> = (&'a [Placed], &'a [Placed], Range<usize>);

fn sides<'a>(tokens: &'a [Placed], text: &str) -> Result<Sides<'a>, Fault> {
    let is = |sign: char| move |t: &Placed| t.token == Token::Sign(sign);
    if let Some(k) = tokens.iter().position(is('~')) {
        return Ok((&tokens[..k], &tokens[k + 1..], tokens[k].at.clone()));
    }
    const EXAMPLE: &str = "a formula is `outcome ~ predictors`, e.g. `responded ~ age + sex`";
    Err(match tokens.iter().find(|t| is('=')(t)) {
        _ if tokens.is_empty() => Fault::new(&(0..0), "the formula is empty").hint(EXAMPLE),
        Some(equals) => Fault::new(&equals.at, "a formula has `~` where this has `=`").hint(EXAMPLE),
        None => Fault::new(&(text.len()..text.len()), "there is no `~` in this formula").hint(EXAMPLE),
    })
}

fn outcome(cursor: &mut Cursor, tilde: &Range<usize>) -> Result<Outcome, Fault> {
    let place = cursor.place();
    let (expression, is_factor) = match (cursor.peek(), cursor.peek_second()) {
        (None, _) => {
            return Err(Fault::new(tilde, "there is no outcome before `~`")
                .hint("a formula is `outcome ~ predictors`"));
        }
        (Some(Token::Dot), _) => return Err(Fault::new(&place, "`.` cannot be the outcome")),
        (Some(Token::Name(name)), Some(Token::Sign('('))) if name == "factor" => {
            let Atom::Factor(column) = factor(cursor)? else { return Err(unknown(name, &place)) };
            (Expression::Column(column), true)
        }
        (Some(Token::Name(name)), Some(Token::Sign('(')))
            if matches!(name.as_str(), "rcs" | "ns" | "poly" | "offset" | "cbind" | "Surv") =>
        {
            return Err(Fault::new(&place, format!("`{name}()` cannot be the outcome"))
                .hint("the outcome is a column, or a function of one such as `log(crp)`"));
        }
        _ => (expression(cursor)?, false),
    };
    if cursor.peek().is_some() {
        return Err(cursor.unexpected("an operator or `~`"));
    }
    if expression.columns().is_empty() {
        return Err(Fault::new(&place, "the outcome names no column"));
    }
    Ok(Outcome { expression, is_factor })
}

/// Terms that are added and removed.
fn sum(cursor: &mut Cursor) -> Result<Node, Fault> {
    let mut items = Vec::new();
    let mut removed = signs(cursor).unwrap_or(false);
    loop {
        let start = cursor.place().start;
        let item = cross(cursor)?;
        if removed && matches!(item, Node::Offset(_)) {
            return Err(Fault::new(&cursor.since(start), "an offset cannot be removed")
                .hint("leave it out of the formula"));
        }
        items.push((removed, item));
        match signs(cursor) {
            Some(next) => removed = next,
            None => break,
        }
    }
    match items.pop() {
        Some((false, only)) if items.is_empty() => Ok(only),
        Some(last) => {
            items.push(last);
            Ok(Node::Sum(items))
        }
        None => Err(cursor.unexpected("a term")),
    }
}

/// One sign or several (`+ -1`): whether they remove; `None` where there is none.
fn signs(cursor: &mut Cursor) -> Option<bool> {
    let mut removed = None;
    while let Some(sign) = cursor.take_one_of(&['+', '-']) {
        removed = Some(removed.unwrap_or(false) ^ (sign == '-'));
    }
    removed
}

/// `a * b / c`.
fn cross(cursor: &mut Cursor) -> Result<Node, Fault> {
    let start = cursor.place().start;
    let first = interaction(cursor)?;
    let mut items = vec![(false, first)];
    while let Some(sign) = cursor.take_one_of(&['*', '/']) {
        let place = cursor.place().start;
        let next = interaction(cursor)?;
        check_operand(&next, &cursor.since(place))?;
        items.push((sign == '/', next));
    }
    if items.len() > 1 {
        check_operand(&items[0].1, &cursor.since(start))?;
        return Ok(Node::Cross(items));
    }
    Ok(items.remove(0).1)
}

/// `a:b:c`.
fn interaction(cursor: &mut Cursor) -> Result<Node, Fault> {
    let start = cursor.place().start;
    let mut items = vec![power(cursor)?];
    while cursor.take(':') {
        let place = cursor.place().start;
        let next = power(cursor)?;
        check_operand(&next, &cursor.since(place))?;
        items.push(next);
    }
    if items.len() > 1 {
        check_operand(&items[0], &cursor.since(start))?;
        return Ok(Node::Interaction(items));
    }
    Ok(items.remove(0))
}

/// `(a + b)^2`.
fn power(cursor: &mut Cursor) -> Result<Node, Fault> {
    let start = cursor.place().start;
    let base = term(cursor)?;
    if !cursor.take('^') {
        return Ok(base);
    }
    let place = cursor.place();
    let exponent = match cursor.peek() {
        Some(Token::Number(n)) if *n >= 1.0 && *n <= f64::from(u32::MAX) && n.fract() == 0.0 => *n as u32,
        _ => {
            return Err(Fault::new(&place, "the power of a term is a whole number from 1 on").hint(
                "`(a + b)^2` gives all main effects and two-way interactions; a squared column is `I(x^2)`",
            ));
        }
    };
    cursor.advance();
    check_operand(&base, &cursor.since(start))?;
    match (&base, exponent) {
        (Node::Atom(atom), 2..) => {
            Err(Fault::new(&cursor.since(start), format!("`{atom}^{exponent}` is `{atom}` itself"))
                .hint(format!("the column to that power is `I({atom}^{exponent})`")))
        }
        _ if cursor.peek() == Some(&Token::Sign('^')) => Err(cursor.unexpected("another operator")),
        _ => Ok(Node::Power(Box::new(base), exponent)),
    }
}

/// Offsets and the intercept are not multiplied.
fn check_operand(node: &Node, at: &Range<usize>) -> Result<(), Fault> {
    if node.any(&|n| matches!(n, Node::Offset(_))) {
        return Err(Fault::new(at, "an offset cannot be part of an interaction"));
    }
    match node {
        Node::Intercept(_) => Err(Fault::new(at, "the intercept cannot be part of an interaction")
            .hint("arithmetic on columns goes inside `I()`: `I(2 * age)`")),
        _ => Ok(()),
    }
}

fn term(cursor: &mut Cursor) -> Result<Node, Fault> {
    let place = cursor.place();
    match (cursor.peek(), cursor.peek_second()) {
        (Some(Token::Sign('(')), _) => {
            cursor.advance();
            if cursor.peek() == Some(&Token::Sign(')')) {
                return Err(Fault::new(&cursor.place(), "there is nothing between these parentheses"));
            }
            let inner = cursor.nested(sum)?;
            cursor.close(&place)?;
            Ok(inner)
        }
        (Some(Token::Dot), _) => {
            cursor.advance();
            Ok(Node::Dot)
        }
        (Some(Token::Number(value)), _) if *value == 0.0 || *value == 1.0 => {
            cursor.advance();
            Ok(Node::Intercept(*value == 1.0))
        }
        (Some(Token::Number(_)), _) => {
            Err(Fault::new(&place, "only 0 and 1 (no intercept, intercept) are terms")
                .hint("arithmetic on columns goes inside `I()`: `I(2 * age)`"))
        }
        (Some(Token::Name(name)), Some(Token::Sign('('))) => function(cursor, name, &place),
        _ => match cursor.take_column() {
            Some(name) => Ok(Node::Atom(Atom::Column(name))),
            None => Err(cursor.unexpected("a term")),
        },
    }
}

/// A function as a term; the cursor stands at its name.
fn function(cursor: &mut Cursor, name: &str, place: &Range<usize>) -> Result<Node, Fault> {
    match name {
        "factor" => factor(cursor).map(Node::Atom),
        "offset" => {
            let open = open(cursor);
            let inner = cursor.nested(expression)?;
            one_argument(cursor, name)?;
            cursor.close(&open)?;
            needs_column(&inner, &cursor.since(place.start))?;
            Ok(Node::Offset(inner))
        }
        "rcs" | "ns" | "poly" => basis(cursor, name, place).map(Node::Atom),
        _ if Function::named(name).is_some() => {
            let inner = call(cursor, name, place)?;
            needs_column(&inner, &cursor.since(place.start))?;
            Ok(Node::Atom(Atom::Transform(inner)))
        }
        _ => Err(unknown(name, place)),
    }
}

fn needs_column(inner: &Expression, at: &Range<usize>) -> Result<(), Fault> {
    if inner.columns().is_empty() {
        return Err(Fault::new(at, "this names no column"));
    }
    Ok(())
}

fn one_argument(cursor: &Cursor, name: &str) -> Result<(), Fault> {
    match cursor.peek() {
        Some(Token::Sign(',')) => Err(Fault::new(&cursor.place(), format!("`{name}()` takes one argument"))),
        _ => Ok(()),
    }
}

fn factor(cursor: &mut Cursor) -> Result<Atom, Fault> {
    let open = open(cursor);
    let column = cursor.take_column().ok_or_else(|| cursor.unexpected("a column"))?;
    match cursor.peek() {
        Some(Token::Sign(',')) => {
            Err(Fault::new(&cursor.place(), "`factor()` takes one argument").hint(format!(
                "the order of the levels is given by `--levels {column}=...`, the reference by `--reference`"
            )))
        }
        Some(Token::Sign(')')) => {
            cursor.advance();
            Ok(Atom::Factor(column))
        }
        None => cursor.close(&open).map(|()| Atom::Factor(column)),
        Some(_) => Err(Fault::new(&cursor.place(), "`factor()` takes a column, not an expression")),
    }
}

/// `rcs(x, 4)`, `rcs(x, c(40, 50, 60))`, `ns(x, 3)`, `ns(x, knots = c(40, 50))`, `poly(x, 2)`.
fn basis(cursor: &mut Cursor, name: &str, place: &Range<usize>) -> Result<Atom, Fault> {
    let example = match name {
        "poly" => "`poly(age, 2)`, with the degree".to_string(),
        "ns" => "`ns(age, 3)`, with the degrees of freedom".to_string(),
        _ => "`rcs(age, 4)`, with the number of knots".to_string(),
    };
    let open = open(cursor);
    let inner = cursor.nested(expression)?;
    if !cursor.take(',') {
        cursor.close(&open)?;
        let fault = Fault::new(&cursor.since(place.start), format!("`{name}()` needs two arguments"));
        return Err(fault.hint(format!("e.g. {example}")));
    }
    needs_column(&inner, &open)?;
    let argument = cursor.place();
    let keyword = keyword(cursor, name)?;
    let knots = match cursor.peek() {
        Some(Token::Name(c)) if c == "c" && name != "poly" && keyword != Some("df") => {
            Knots::At(numbers(cursor)?)
        }
        _ if keyword == Some("knots") && name == "ns" => return Err(cursor.unexpected("`c(...)`")),
        _ => Knots::Count(count(cursor, name)?),
    };
    if cursor.peek() == Some(&Token::Sign(',')) {
        return Err(Fault::new(&cursor.place(), format!("`{name}()` takes two arguments"))
            .hint("raw powers are written `x + I(x^2)`; boundary knots are the extremes of the rows used"));
    }
    let argument = cursor.since(argument.start);
    cursor.close(&open)?;
    let atom = match (name, knots) {
        ("poly", Knots::Count(degree)) => Atom::Poly(inner, degree),
        ("ns", knots) => Atom::Ns(inner, knots),
        (_, knots) => Atom::Rcs(inner, knots),
    };
    match size_fault(&atom) {
        Some(what) => Err(Fault::new(&argument, what).hint(format!("e.g. {example}"))),
        None => Ok(atom),
    }
}

/// R's name of the second argument, where it is written: `df =`, `degree =`, `knots =`, `nk =`.
fn keyword(cursor: &mut Cursor, name: &str) -> Result<Option<&'static str>, Fault> {
    let (Some(Token::Name(word)), Some(Token::Sign('='))) = (cursor.peek(), cursor.peek_second()) else {
        return Ok(None);
    };
    let known: &[&'static str] = match name {
        "poly" => &["degree"],
        "ns" => &["df", "knots"],
        _ => &["nk", "knots", "parms"],
    };
    let place = cursor.place();
    let found = known.iter().find(|k| *k == word).ok_or_else(|| {
        Fault::new(&place, format!("`{name}()` has no argument `{word}`"))
            .hint("raw powers are written `x + I(x^2)`")
    })?;
    cursor.advance();
    cursor.advance();
    Ok(Some(*found))
}

/// More than any number of columns that is allowed.
const BEYOND_ALL: f64 = 1e15;

/// A whole number that is not negative.
fn count(cursor: &mut Cursor, name: &str) -> Result<usize, Fault> {
    let what = match name {
        "poly" => "the degree",
        "ns" => "the degrees of freedom",
        _ => "the number of knots",
    };
    let place = cursor.place();
    match cursor.peek() {
        Some(Token::Number(n)) if n.fract() == 0.0 => {
            cursor.advance();
            Ok(n.min(BEYOND_ALL) as usize)
        }
        _ => Err(Fault::new(&place, format!("{what} of `{name}()` is a whole number"))),
    }
}

/// `c(40, 50, 60)`.
fn numbers(cursor: &mut Cursor) -> Result<Vec<f64>, Fault> {
    let open = open(cursor);
    let mut numbers = Vec::new();
    loop {
        let sign = if cursor.take('-') { -1.0 } else { 1.0 };
        match cursor.peek() {
            Some(Token::Number(value)) => numbers.push(sign * value),
            _ => return Err(cursor.unexpected("a number")),
        }
        cursor.advance();
        if !cursor.take(',') {
            break;
        }
    }
    cursor.close(&open)?;
    Ok(numbers)
}

/// What is wrong with the size of a basis, if anything.
fn size_fault(atom: &Atom) -> Option<String> {
    match atom {
        Atom::Rcs(_, Knots::Count(k)) if !DEFAULT_KNOTS.contains(k) => {
            Some(format!("`rcs()` has 3 to 7 knots by default, not {k}"))
        }
        Atom::Rcs(_, Knots::At(t)) if t.len() < 3 => Some("`rcs()` needs at least 3 knots".into()),
        Atom::Ns(_, Knots::Count(0)) => Some("`ns()` needs at least 1 degree of freedom".into()),
        Atom::Poly(_, 0) => Some("the degree of `poly()` is 1 or more".into()),
        Atom::Ns(_, Knots::Count(n)) | Atom::Poly(_, n) if *n > MOST_COLUMNS => {
            Some(format!("{n} columns are too many; at most {MOST_COLUMNS} are allowed"))
        }
        Atom::Rcs(_, Knots::At(t)) | Atom::Ns(_, Knots::At(t)) => {
            if t.len() > MOST_COLUMNS {
                return Some(format!("{} knots are too many; at most {MOST_COLUMNS} are allowed", t.len()));
            }
            t.windows(2)
                .find(|p| p[0] >= p[1])
                .map(|p| format!("the knots must ascend, and {} comes before {}", p[0], p[1]))
        }
        _ => None,
    }
}
