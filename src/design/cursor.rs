//! Reading the words of a formula one by one, with a limit on nesting and a note of every column named.

use std::ops::Range;

use crate::design::pointing::Fault;
use crate::design::tokens::{Placed, Token};

/// Parentheses, functions and powers may be nested this deep.
const DEEPEST: usize = 64;

/// A column named in the formula and where.
#[derive(Debug, Clone, PartialEq)]
pub struct Mention {
    /// The column.
    pub name: String,
    /// The bytes of the formula.
    pub at: Range<usize>,
}

/// Where reading has come to.
pub struct Cursor<'a> {
    tokens: &'a [Placed],
    next: usize,
    end: usize,
    depth: usize,
    /// Columns named so far.
    pub mentions: Vec<Mention>,
}

impl<'a> Cursor<'a> {
    /// Starts before the first of the words, which end before byte `end`.
    pub fn new(tokens: &'a [Placed], end: usize) -> Cursor<'a> {
        Cursor { tokens, next: 0, end, depth: 0, mentions: Vec::new() }
    }

    /// The next word, not taken.
    pub fn peek(&self) -> Option<&'a Token> {
        self.tokens.get(self.next).map(|t| &t.token)
    }

    /// The word after the next.
    pub fn peek_second(&self) -> Option<&'a Token> {
        self.tokens.get(self.next + 1).map(|t| &t.token)
    }

    /// The bytes of the next word, or the end.
    pub fn place(&self) -> Range<usize> {
        self.tokens.get(self.next).map_or(self.end..self.end, |t| t.at.clone())
    }

    /// The bytes from `start` to the end of the last word taken.
    pub fn since(&self, start: usize) -> Range<usize> {
        let end = self.next.checked_sub(1).and_then(|k| self.tokens.get(k)).map_or(start, |t| t.at.end);
        start..end.max(start)
    }

    /// Takes the next word.
    pub fn advance(&mut self) {
        self.next += 1;
    }

    /// Takes the next word if it is that sign.
    pub fn take(&mut self, sign: char) -> bool {
        let found = self.peek() == Some(&Token::Sign(sign));
        self.next += usize::from(found);
        found
    }

    /// Takes a sign of those given, if one is next.
    pub fn take_one_of(&mut self, signs: &[char]) -> Option<char> {
        match self.peek() {
            Some(Token::Sign(sign)) if signs.contains(sign) => {
                self.advance();
                Some(*sign)
            }
            _ => None,
        }
    }

    /// Takes the next word and returns its name if it is a column.
    pub fn take_column(&mut self) -> Option<String> {
        match self.peek() {
            Some(Token::Name(name) | Token::Backticked(name)) => {
                self.mentions.push(Mention { name: name.clone(), at: self.place() });
                self.advance();
                Some(name.clone())
            }
            _ => None,
        }
    }

    /// Takes the `)` that belongs to the `(` at `open`.
    pub fn close(&mut self, open: &Range<usize>) -> Result<(), Fault> {
        if self.take(')') {
            return Ok(());
        }
        match self.peek() {
            None => Err(Fault::new(open, "this parenthesis is never closed")),
            Some(_) => Err(self.unexpected("an operator or `)`")),
        }
    }

    /// Goes one level deeper while `read` reads.
    pub fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, Fault>) -> Result<T, Fault> {
        if self.depth >= DEEPEST {
            return Err(Fault::new(&self.place(), format!("nested deeper than {DEEPEST} levels"))
                .hint("leave out parentheses that change nothing"));
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    /// The fault of a next word that cannot stand here.
    pub fn unexpected(&self, wanted: &str) -> Fault {
        let place = self.place();
        match self.peek() {
            None => Fault::new(&place, format!("the formula ends where {wanted} is expected")),
            Some(Token::Sign(')')) if self.depth == 0 => Fault::new(&place, "this `)` closes no parenthesis"),
            Some(Token::Sign('=')) => Fault::new(&place, format!("`=` where {wanted} is expected"))
                .hint("outcome and predictors are joined by `~`, and a column is used as it is"),
            Some(Token::Sign('~')) => Fault::new(&place, "a formula has one `~`, and this is another"),
            Some(Token::Sign(sign)) => Fault::new(&place, format!("`{sign}` where {wanted} is expected")),
            Some(Token::Number(_)) => Fault::new(&place, format!("a number where {wanted} is expected")),
            Some(Token::Dot) => Fault::new(&place, format!("`.` where {wanted} is expected")),
            Some(Token::Name(name) | Token::Backticked(name)) => {
                Fault::new(&place, format!("`{name}` where {wanted} is expected"))
                    .hint("terms are joined by `+`; a name with blanks goes in backticks: `days in hospital`")
            }
        }
    }
}
