//! Numbers, texts, names and expressions as R, Python and Stata spell them.

use crate::design::expression::{Expression, Function};

/// Which language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// R.
    R,
    /// Python with numpy as `np`.
    Python,
    /// Stata.
    Stata,
}

/// A number with all its digits.
pub fn number(value: f64) -> String {
    let text = format!("{value}");
    if text.len() > 20 { format!("{value:e}") } else { text }
}

/// Numbers with commas between.
pub fn numbers(values: &[f64]) -> String {
    values.iter().map(|v| number(*v)).collect::<Vec<_>>().join(", ")
}

/// A text between quotation marks, as R and Python read it alike.
pub fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Texts with commas between.
pub fn all_quoted<'a>(texts: impl IntoIterator<Item = &'a String>) -> String {
    texts.into_iter().map(|text| quoted(text)).collect::<Vec<_>>().join(", ")
}

/// A text as an expression of Stata, in which `$`, backticks and quotation marks have no meaning of their own.
pub fn stata_text(text: &str) -> String {
    let mut pieces: Vec<String> = Vec::new();
    let mut plain = String::new();
    for c in text.chars() {
        if c.is_control() || "$`'\"\\".contains(c) {
            if !plain.is_empty() {
                pieces.push(format!("\"{}\"", std::mem::take(&mut plain)));
            }
            pieces.push(format!("char({})", u32::from(c)));
        } else {
            plain.push(c);
        }
    }
    if !plain.is_empty() || pieces.is_empty() {
        pieces.push(format!("\"{plain}\""));
    }
    pieces.join(" + ")
}

/// A column's name in an R formula.
pub fn r_name(name: &str) -> String {
    const RESERVED: [&str; 21] = [
        "if",
        "else",
        "repeat",
        "while",
        "function",
        "for",
        "next",
        "break",
        "TRUE",
        "FALSE",
        "NULL",
        "Inf",
        "NaN",
        "NA",
        "in",
        "NA_integer_",
        "NA_real_",
        "NA_character_",
        "T",
        "F",
        "I",
    ];
    let mut letters = name.chars();
    let plain = letters.next().is_some_and(|c| c.is_ascii_alphabetic())
        && letters.all(|c| c.is_ascii_alphanumeric() || c == '.' || c == '_')
        && !RESERVED.contains(&name);
    if plain { name.to_string() } else { format!("`{}`", name.replace('\\', "\\\\").replace('`', "\\`")) }
}

/// An expression without parentheses around the whole.
pub fn expression(e: &Expression, language: Language, name: &dyn Fn(&str) -> String) -> String {
    let text = spelt(e, language, name);
    let wrapped = matches!(
        e,
        Expression::Sum(_) | Expression::Product(_) | Expression::Power(..) | Expression::Negative(_)
    );
    if wrapped { text[1..text.len() - 1].to_string() } else { text }
}

fn spelt(e: &Expression, language: Language, name: &dyn Fn(&str) -> String) -> String {
    let inner = |e: &Expression| spelt(e, language, name);
    let joined = |items: &[(bool, Expression)], plain: &str, inverse: &str| {
        let mut text = String::from("(");
        for (k, (is_inverse, item)) in items.iter().enumerate() {
            if k > 0 {
                text.push_str(if *is_inverse { inverse } else { plain });
            }
            text.push_str(&inner(item));
        }
        text + ")"
    };
    match e {
        Expression::Number(value) => number(*value),
        Expression::Column(column) => name(column),
        Expression::Negative(e) => format!("(-{})", inner(e)),
        Expression::Sum(items) => joined(items, " + ", " - "),
        Expression::Product(items) => joined(items, " * ", " / "),
        Expression::Power(base, exponent) => {
            let sign = if language == Language::Python { "**" } else { "^" };
            format!("({}{sign}{})", inner(base), inner(exponent))
        }
        Expression::Call(function, argument) => {
            let argument = expression(argument, language, name);
            match (language, function) {
                (Language::R, _) => format!("{}({argument})", function.name()),
                (_, Function::Identity) => format!("({argument})"),
                (Language::Python, _) => format!("np.{}({argument})", function.name()),
                (Language::Stata, Function::Log) => format!("ln({argument})"),
                (Language::Stata, Function::Log2) => format!("(ln({argument}) / ln(2))"),
                (Language::Stata, Function::Log1p) => format!("ln(1 + {argument})"),
                (Language::Stata, _) => format!("{}({argument})", function.name()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::design::formula::Formula;

    #[test]
    fn expressions_are_spelt_in_each_language() {
        let formula = Formula::parse("I(weight / (height - 1)^2) ~ 1").expect("well formed");
        let in_language = |language| expression(formula.outcome(), language, &|name| format!("[{name}]"));
        assert_eq!(in_language(Language::R), "I([weight] / (([height] - 1)^2))");
        assert_eq!(in_language(Language::Python), "([weight] / (([height] - 1)**2))");
        let log = Formula::parse("log(-x + log1p(y)) ~ 1").expect("well formed");
        let stata = expression(log.outcome(), Language::Stata, &|name| name.to_string());
        assert_eq!(stata, "ln((-x) + ln(1 + y))");
    }

    #[test]
    fn odd_names_and_texts_are_safe() {
        assert_eq!(
            (r_name("age").as_str(), r_name("days in").as_str(), r_name("in").as_str()),
            ("age", "`days in`", "`in`")
        );
        assert_eq!(quoted("a\"b\\c\n"), r#""a\"b\\c\n""#);
        assert_eq!(stata_text("5$ `a'"), "\"5\" + char(36) + \" \" + char(96) + \"a\" + char(39)");
        assert_eq!(stata_text(""), "\"\"");
        assert_eq!((number(0.1), number(1e-300)), ("0.1".to_string(), "1e-300".to_string()));
    }
}
