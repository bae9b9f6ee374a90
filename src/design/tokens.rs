//! The words of a formula: names, numbers, signs, each with its place.

use std::ops::Range;

use crate::design::pointing::Fault;

/// One word.
#[derive(Debug, Clone, PartialEq)]
pub enum Token {
    /// A finite number that is not negative.
    Number(f64),
    /// A plain name: a column, or a function where `(` follows.
    Name(String),
    /// A name in backticks: always a column.
    Backticked(String),
    /// `.`, all other columns.
    Dot,
    /// One of `~ + - * / ^ : ( ) , =`; `**` counts as `^`.
    Sign(char),
}

/// A word and the bytes of the formula that it takes.
#[derive(Debug, Clone, PartialEq)]
pub struct Placed {
    /// The word.
    pub token: Token,
    /// Its bytes.
    pub at: Range<usize>,
}

/// Cuts a formula into words.
pub fn tokenise(text: &str) -> Result<Vec<Placed>, Fault> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        let rest = &text[at..];
        let (token, length) = if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        } else if first == '`' {
            backticked(rest, at)?
        } else if starts_number(rest) {
            number(rest, at)?
        } else if is_name_start(first) || (first == '.' && rest[1..].starts_with(is_name_part)) {
            let length = name_length(rest);
            (Token::Name(rest[..length].to_string()), length)
        } else {
            sign(rest, first, at)?
        };
        tokens.push(Placed { token, at: at..at + length });
        at += length;
    }
    Ok(tokens)
}

/// The name as it is written in a formula: in backticks unless it is plain.
pub fn written(name: &str) -> String {
    let mut characters = name.chars();
    let plain_start = match characters.next() {
        Some('.') => name[1..].starts_with(|c: char| is_name_part(c) && !c.is_ascii_digit()),
        Some(c) => is_name_start(c),
        None => false,
    };
    if plain_start && characters.all(is_name_part) {
        return name.to_string();
    }
    format!("`{}`", name.replace('\\', "\\\\").replace('`', "\\`"))
}

fn is_name_start(c: char) -> bool {
    c.is_alphabetic() || c == '_'
}

fn is_name_part(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '.'
}

fn name_length(text: &str) -> usize {
    text.find(|c| !is_name_part(c)).unwrap_or(text.len())
}

fn starts_number(text: &str) -> bool {
    let mut characters = text.chars();
    match characters.next() {
        Some('.') => characters.next().is_some_and(|c| c.is_ascii_digit()),
        Some(c) => c.is_ascii_digit(),
        None => false,
    }
}

/// A number such as `2`, `0.5`, `.5`, `1e-3`.
fn number(text: &str, at: usize) -> Result<(Token, usize), Fault> {
    let digits = |from: usize| text[from..].bytes().take_while(u8::is_ascii_digit).count();
    let mut length = digits(0);
    if text[length..].starts_with('.') {
        length += 1;
        length += digits(length);
    }
    if text[length..].starts_with(['e', 'E']) {
        let sign = usize::from(text[length + 1..].starts_with(['+', '-']));
        let exponent = digits(length + 1 + sign);
        if exponent > 0 {
            length += 1 + sign + exponent;
        }
    }
    let rest = name_length(&text[length..]);
    if rest > 0 {
        let whole = &text[..length + rest];
        return Err(Fault::new(&(at..at + whole.len()), format!("`{whole}` is neither a number nor a name"))
            .hint(format!("a column whose name starts with a digit goes in backticks: `{whole}`")));
    }
    match text[..length].parse::<f64>() {
        Ok(value) if value.is_finite() => Ok((Token::Number(value), length)),
        _ => Err(Fault::new(&(at..at + length), "this number is too large")),
    }
}

/// A name in backticks, in which `` \` `` stands for a backtick and `\\` for a backslash.
fn backticked(text: &str, at: usize) -> Result<(Token, usize), Fault> {
    let mut name = String::new();
    let mut characters = text.char_indices().skip(1).peekable();
    while let Some((offset, c)) = characters.next() {
        match c {
            '`' if name.is_empty() => {
                return Err(Fault::new(&(at..at + offset + 1), "there is no name between these backticks"));
            }
            '`' => return Ok((Token::Backticked(name), offset + 1)),
            '\\' => match characters.next_if(|(_, next)| matches!(next, '`' | '\\')) {
                Some((_, escaped)) => name.push(escaped),
                None => name.push('\\'),
            },
            _ => name.push(c),
        }
    }
    Err(Fault::new(&(at..at + 1), "this backtick is never closed")
        .hint("a name in backticks ends with another backtick: `days in hospital`"))
}

/// One of the signs, or a fault that says what was probably meant.
fn sign(text: &str, first: char, at: usize) -> Result<(Token, usize), Fault> {
    if text.starts_with("**") {
        return Ok((Token::Sign('^'), 2));
    }
    if text.starts_with("==") {
        return Ok((Token::Sign('='), 2));
    }
    if matches!(first, '~' | '+' | '-' | '*' | '/' | '^' | ':' | '(' | ')' | ',' | '=') {
        return Ok((Token::Sign(first), 1));
    }
    if first == '.' {
        return Ok((Token::Dot, 1));
    }
    if let Some(end) = text.strip_prefix("%").and_then(|rest| rest.find('%')) {
        let operator = &text[..end + 2];
        return Err(Fault::new(&(at..at + operator.len()), format!("`{operator}` is not supported"))
            .hint("write nested effects out with `:`, e.g. `b + a:b` for `b + a %in% b`"));
    }
    let fault = Fault::new(&(at..at + first.len_utf8()), format!("`{first}` has no meaning in a formula"));
    Err(match first {
        '∼' | '˜' | '〜' | '∽' => fault.hint("type the tilde of the keyboard: `~`"),
        '−' | '–' | '—' => fault.hint("type the minus sign of the keyboard: `-`"),
        '×' | '·' | '∗' => {
            fault.hint("type `*` for main effects and interaction, `:` for the interaction alone")
        }
        '"' | '\'' | '‘' | '’' | '“' | '”' | '´' => {
            fault.hint("a name with blanks or signs goes in backticks: `days in hospital`")
        }
        '<' | '>' | '!' | '&' | '|' => {
            fault.hint("make the comparison a column of the data, and use that column here")
        }
        _ => fault.hint("if it belongs to a column's name, put that name in backticks"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<Token> {
        tokenise(text).expect("it is well formed").into_iter().map(|t| t.token).collect()
    }

    #[test]
    fn names_hold_dots_and_letters_of_any_script() {
        let name = |n: &str| Token::Name(n.into());
        assert_eq!(
            words("donor.cmv + größe2+.x_1 + 年齢"),
            [
                name("donor.cmv"),
                Token::Sign('+'),
                name("größe2"),
                Token::Sign('+'),
                name(".x_1"),
                Token::Sign('+'),
                name("年齢")
            ]
        );
    }

    #[test]
    fn a_dot_alone_means_all_and_before_a_digit_a_number() {
        assert_eq!(
            words(". .5 1e-3 2"),
            [Token::Dot, Token::Number(0.5), Token::Number(0.001), Token::Number(2.0)]
        );
    }

    #[test]
    fn written_names_read_back() {
        for name in
            ["age", "C1/C2", "a`b", r"a\b", r"a\`", "1st", ".", ".5x", "x y", "_id", ".a", "年", "e\u{301}"]
        {
            let token = words(&written(name)).remove(0);
            assert!(
                token == Token::Name(name.into()) || token == Token::Backticked(name.into()),
                "{name} became {token:?}"
            );
        }
    }

    #[test]
    fn odd_signs_say_what_to_type() {
        for (text, place, hint) in [
            ("y ∼ x", 2, "tilde"),
            ("y ~ a − b", 6, "minus"),
            ("y ~ \"a\"", 4, "backticks"),
            ("y ~ a > 3", 6, "comparison"),
            ("y ~ 1st", 4, "backticks"),
            ("y ~ `ab", 4, "ends with another"),
            ("y ~ a %in% b", 6, "a:b"),
        ] {
            let fault = tokenise(text).expect_err(text);
            assert_eq!(fault.at.start, place, "{text}");
            assert!(fault.hint.expect(text).contains(hint), "{text}");
        }
    }
}
