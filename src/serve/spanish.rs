//! The program's sentences in Spanish: a phrase book of patterns, so that every number and name stays the engine's own.

use std::sync::LazyLock;

use serde_json::{Map, Value};

/// The phrase book: an English line, its Spanish line, an empty line.
const BOOK: &str = include_str!("spanish.txt");

static PHRASES: LazyLock<Vec<Phrase>> =
    LazyLock::new(|| pairs(BOOK).map(|(english, spanish)| Phrase::new(english, spanish)).collect());

/// Where sentences of the program stand in an answer.
const SENTENCES: [&str; 10] =
    ["error", "hint", "problems", "notices", "why", "reason", "stopped_by", "text", "certificate", "message"];

/// Longer texts are no sentences; sentences inside sentences go no deeper; places tried for the end of a gap.
const LONGEST: usize = 1_500;
const DEEPEST: usize = 5;
const PLACES: usize = 6;

/// What stands in a gap of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gap {
    /// A name or a number, which stays as it is.
    Kept,
    /// A sentence of the phrase book.
    Phrase,
}

/// A pattern and its Spanish.
struct Phrase {
    /// The words before, between and behind the gaps.
    words: Vec<&'static str>,
    gaps: Vec<Gap>,
    spanish: &'static str,
}

/// The Spanish of a message. None where a part of it stands in no phrase book.
pub fn spanish(english: &str) -> Option<String> {
    within(english, DEEPEST)
}

/// 1. Of the whole; 2. of its lines; 3. of its sentences; 4. of a sentence and what stands in parentheses behind it.
fn within(english: &str, depth: usize) -> Option<String> {
    if english.len() > LONGEST || depth == 0 {
        return None;
    }
    if let Some(whole) = phrase(english, depth) {
        return Some(whole); // 1
    }
    if let Some((first, rest)) = english.split_once('\n') {
        let first = within(first, depth)?;
        let (indent, rest) = rest.split_at(rest.len() - rest.trim_start().len());
        return Some(format!("{first}\n{indent}{}", lines(rest)?)); // 2
    }
    for (at, _) in english.match_indices(". ") {
        if let Some(first) = phrase(&english[..=at], depth) {
            return Some(format!("{first} {}", within(&english[at + 2..], depth - 1)?)); // 3
        }
    }
    let (before, behind) = english.strip_suffix(')')?.split_once(" (")?;
    Some(format!("{} ({})", phrase(before, depth)?, phrase(behind, depth)?)) // 4
}

/// Each of some lines, with their indents.
fn lines(rest: &str) -> Option<String> {
    let told = rest.split('\n').map(|line| {
        let indent = &line[..line.len() - line.trim_start().len()];
        Some(format!("{indent}{}", phrase(line.trim_start(), 1)?))
    });
    Some(told.collect::<Option<Vec<String>>>()?.join("\n"))
}

fn phrase(english: &str, depth: usize) -> Option<String> {
    PHRASES.iter().find_map(|phrase| phrase.of(english, depth))
}

/// The answer with the Spanish of its sentences under `spanish`, by their English; the page shows them by that.
pub fn with_spanish(mut answer: Value) -> Value {
    let mut known = Map::new();
    collect(&answer, false, &mut known);
    if let Some(object) = answer.as_object_mut() {
        object.insert("spanish".to_string(), Value::Object(known));
    }
    answer
}

fn collect(value: &Value, is_sentence: bool, known: &mut Map<String, Value>) {
    match value {
        Value::String(text) if is_sentence => {
            // of a formula's fault the page shows the first line alone
            for english in [text.as_str(), text.split('\n').next().unwrap_or_default()] {
                if let Some(spanish) = spanish(english) {
                    known.insert(english.to_string(), Value::String(spanish));
                }
            }
        }
        Value::Array(all) => all.iter().for_each(|one| collect(one, is_sentence, known)),
        Value::Object(all) => {
            all.iter().for_each(|(key, one)| collect(one, SENTENCES.contains(&key.as_str()), known));
        }
        _ => {}
    }
}

impl Phrase {
    fn new(english: &'static str, spanish: &'static str) -> Phrase {
        let (mut words, mut gaps, mut rest) = (Vec::new(), Vec::new(), english);
        while let Some(at) = rest.find('{') {
            let (gap, length) = if rest[at..].starts_with("{=}") { (Gap::Phrase, 3) } else { (Gap::Kept, 2) };
            words.push(&rest[..at]);
            gaps.push(gap);
            rest = &rest[at + length..];
        }
        words.push(rest);
        Phrase { words, gaps, spanish }
    }

    /// The Spanish of a text that has this pattern.
    fn of(&self, english: &str, depth: usize) -> Option<String> {
        let found = self.fill(english.strip_prefix(self.words[0])?, 0, depth)?;
        let mut text = String::new();
        let mut rest = self.spanish;
        while let Some(at) = rest.find('{') {
            let number: usize = rest[at + 1..at + 2].parse().ok()?;
            text.push_str(&rest[..at]);
            text.push_str(found.get(number)?);
            rest = &rest[at + 3..];
        }
        Some(text + rest)
    }

    /// Ends with a full stop, so that what stands behind it is another sentence.
    fn is_sentence(&self) -> bool {
        self.words.last().is_some_and(|last| last.ends_with('.'))
    }

    /// What stands in the gaps from the `k`-th on: the words behind a gap may occur in it, so every place is tried;
    /// a gap at the very beginning is a count.
    fn fill(&self, rest: &str, k: usize, depth: usize) -> Option<Vec<String>> {
        let Some(gap) = self.gaps.get(k) else { return rest.is_empty().then(Vec::new) };
        let next = self.words[k + 1];
        let places: Vec<usize> = match next {
            "" => vec![rest.len()],
            _ => rest.match_indices(next).map(|(at, _)| at).take(PLACES).collect(),
        };
        places.into_iter().filter(|at| *at > 0 && !rest[..*at].contains('\n')).find_map(|at| {
            let behind = self.fill(&rest[at + next.len()..], k + 1, depth)?;
            let inside = match gap {
                Gap::Kept if k == 0 && self.words[0].is_empty() && !is_count(&rest[..at]) => return None,
                Gap::Kept if self.is_sentence() && rest[..at].contains(". ") => return None,
                Gap::Kept => rest[..at].to_string(),
                Gap::Phrase => within(&rest[..at], depth - 1)?,
            };
            Some(std::iter::once(inside).chain(behind).collect())
        })
    }
}

/// `12` or `1,200`.
fn is_count(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_digit() || c == ',')
}

fn pairs(book: &str) -> impl Iterator<Item = (&str, &str)> {
    book.split("\n\n").filter_map(|pair| {
        let mut lines = pair.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
        lines.next().zip(lines.next())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_phrase_has_its_spanish_with_the_same_gaps() {
        let mut seen = std::collections::HashSet::new();
        for part in BOOK.split("\n\n") {
            let lines = part.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).count();
            assert!(lines == 2 || lines == 0, "{part}");
        }
        for (english, spanish) in pairs(BOOK) {
            assert!(seen.insert(english), "twice: {english}");
            let n = Phrase::new(english, spanish).gaps.len();
            assert!(!spanish.contains(&format!("{{{n}}}")), "a gap too many: {spanish}");
            assert!(!english.contains("}{"), "gaps side by side: {english}");
        }
    }

    #[test]
    fn sentences_lines_and_parentheses_are_taken_apart_and_numbers_stay() {
        let told = |english: &str| spanish(english).unwrap_or_default();
        assert_eq!(
            told(
                "The learning rate 0.01 is too low: the descent crawls and about 1,200 more epochs are needed. \
                  1/L = 0.83 is 83 times as high."
            ),
            "La tasa de aprendizaje 0.01 es demasiado baja: el descenso avanza muy despacio y faltan unas 1,200 \
             épocas. 1/L = 0.83 es 83 veces mayor."
        );
        assert_eq!(
            told("column `x`: 2 of 12 cells are not numbers\n  line 4: `1O`\n  line 5: `a: b`"),
            "columna `x`: 2 de 12 celdas no son números\n  línea 4: `1O`\n  línea 5: `a: b`"
        );
        assert_eq!(
            told(
                "column `x`, line 4: `1O` is not a number (correct the cell, or declare it as missing with `--na`)"
            ),
            "columna `x`, línea 4: `1O` no es un número (corrija la celda, o declárela ausente con `--na`)"
        );
        assert_eq!(
            told("`x.csv`: the file has a header but no rows"),
            "`x.csv`: el archivo tiene encabezado pero ninguna fila"
        );
        assert_eq!(
            told("mean negative log-likelihood; standardised columns, others held at their estimates"),
            "media de la log-verosimilitud con signo menos; columnas estandarizadas, los demás fijos en sus estimaciones"
        );
        assert_eq!(spanish("a count stands before 12 rows"), None);
        assert_eq!(spanish("nobody has put this into Spanish"), None);
    }
}
