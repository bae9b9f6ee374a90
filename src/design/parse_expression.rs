//! Reads arithmetic on columns with R's precedence: `^` before the sign, then `* /`, then `+ -`.

use std::ops::Range;

use crate::design::cursor::Cursor;
use crate::design::expression::{Expression, Function};
use crate::design::pointing::Fault;
use crate::design::tokens::Token;
use crate::error::probably_meant;

const SHAPES: [&str; 5] = ["factor", "rcs", "ns", "poly", "offset"];
const PLAIN: [&str; 8] = ["I", "log", "log2", "log10", "log1p", "sqrt", "exp", "abs"];

/// A sum of products.
pub fn expression(cursor: &mut Cursor) -> Result<Expression, Fault> {
    let mut items = vec![(false, product(cursor)?)];
    while let Some(sign) = cursor.take_one_of(&['+', '-']) {
        items.push((sign == '-', product(cursor)?));
    }
    if let Some(Token::Sign(':')) = cursor.peek() {
        return Err(Fault::new(&cursor.place(), "`:` has no meaning inside a function")
            .hint("`*` multiplies numbers here; interactions of terms stand outside: `a:b`"));
    }
    Ok(single_or(items, Expression::Sum))
}

fn product(cursor: &mut Cursor) -> Result<Expression, Fault> {
    let mut items = vec![(false, signed(cursor)?)];
    while let Some(sign) = cursor.take_one_of(&['*', '/']) {
        items.push((sign == '/', signed(cursor)?));
    }
    Ok(single_or(items, Expression::Product))
}

fn single_or(
    mut items: Vec<(bool, Expression)>,
    join: impl Fn(Vec<(bool, Expression)>) -> Expression,
) -> Expression {
    if items.len() == 1
        && let Some((_, only)) = items.pop()
    {
        return only;
    }
    join(items)
}

fn signed(cursor: &mut Cursor) -> Result<Expression, Fault> {
    match cursor.take_one_of(&['+', '-']) {
        Some('-') => Ok(Expression::Negative(Box::new(cursor.nested(signed)?))),
        Some(_) => cursor.nested(signed),
        None => power(cursor),
    }
}

/// `^` binds to the right, and its exponent may have a sign: `2^-1`, `a^b^c` = `a^(b^c)`.
fn power(cursor: &mut Cursor) -> Result<Expression, Fault> {
    let base = primary(cursor)?;
    if cursor.take('^') {
        let exponent = cursor.nested(signed)?;
        return Ok(Expression::Power(Box::new(base), Box::new(exponent)));
    }
    Ok(base)
}

fn primary(cursor: &mut Cursor) -> Result<Expression, Fault> {
    let place = cursor.place();
    match (cursor.peek(), cursor.peek_second()) {
        (Some(Token::Number(value)), _) => {
            cursor.advance();
            Ok(Expression::Number(*value))
        }
        (Some(Token::Sign('(')), _) => {
            cursor.advance();
            let inner = cursor.nested(expression)?;
            cursor.close(&place)?;
            Ok(inner)
        }
        (Some(Token::Name(name)), Some(Token::Sign('('))) => call(cursor, name, &place),
        (Some(Token::Dot), _) => {
            Err(Fault::new(&place, "`.` cannot stand inside a function").hint("name the columns one by one"))
        }
        _ => match cursor.take_column() {
            Some(name) => Ok(Expression::Column(name)),
            None => Err(cursor.unexpected("a column, a number or a function")),
        },
    }
}

/// A function of one argument; the cursor stands at its name.
pub fn call(cursor: &mut Cursor, name: &str, place: &Range<usize>) -> Result<Expression, Fault> {
    let function = Function::named(name).ok_or_else(|| unknown(name, place))?;
    let open = open(cursor);
    if cursor.peek() == Some(&Token::Sign(')')) {
        cursor.advance();
        return Err(Fault::new(
            &cursor.since(place.start),
            format!("`{name}()` needs a column in its parentheses"),
        ));
    }
    let argument = cursor.nested(expression)?;
    if let Some(Token::Sign(',')) = cursor.peek() {
        let fault = Fault::new(&cursor.place(), format!("`{name}()` takes one argument"));
        return Err(match function {
            Function::Log => fault.hint("other bases are `log2()` and `log10()`"),
            _ => fault,
        });
    }
    cursor.close(&open)?;
    Ok(Expression::Call(function, Box::new(argument)))
}

/// Takes a function's name and its `(`, and says where that stands.
pub fn open(cursor: &mut Cursor) -> Range<usize> {
    cursor.advance();
    let place = cursor.place();
    cursor.advance();
    place
}

/// The fault of a function that does not exist, or not here.
pub fn unknown(name: &str, place: &Range<usize>) -> Fault {
    if SHAPES.contains(&name) {
        return Fault::new(place, format!("`{name}()` cannot stand inside another function"))
            .hint(format!("use it as a term of its own: `+ {name}(...)`"));
    }
    let fault = Fault::new(place, format!("there is no function `{name}`"));
    let meant = match name {
        "ln" | "Log" | "LOG" => Some("log"),
        "as.factor" | "C" | "ordered" | "as.ordered" => Some("factor"),
        "bs" | "s" => Some("rcs"),
        _ => probably_meant(name, SHAPES.into_iter().chain(PLAIN)),
    };
    fault.hint(match meant {
        Some(meant) => format!("did you mean `{meant}()`?"),
        None => format!(
            "there are {}; a column with parentheses in its name goes in backticks",
            SHAPES.iter().chain(&PLAIN).map(|f| format!("`{f}()`")).collect::<Vec<_>>().join(", ")
        ),
    })
}
