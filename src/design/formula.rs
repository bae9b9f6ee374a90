//! The formula: parses `y ~ age * sex + rcs(sbp, 4)`; errors point at the character.

use std::collections::HashSet;
use std::fmt;
use std::ops::Range;

use crate::design::atom::{Atom, Node};
use crate::design::cursor::Mention;
use crate::design::expand::{MOST_TERMS, Model, expand};
use crate::design::expression::Expression;
use crate::design::parse::{Outcome, Parsed, parse};
use crate::design::pointing::Fault;
use crate::design::tokens::{Token, tokenise, written};
use crate::error::{Error, Result, probably_meant};

/// How many columns are listed where none is near the one asked for.
const LISTED: usize = 12;

/// A formula that was read.
///
/// Two formulas are equal if they say the same, however they were spaced.
#[derive(Debug, Clone)]
pub struct Formula {
    source: String,
    parsed: Parsed,
    outcome_text: String,
    /// What the right-hand side stands for; `None` while it has a `.` that only the data can fill.
    model: Option<Model>,
}

impl PartialEq for Formula {
    fn eq(&self, other: &Formula) -> bool {
        self.parsed.outcome == other.parsed.outcome && self.parsed.terms == other.parsed.terms
    }
}

impl Formula {
    /// Reads a formula; nothing is known of the data yet.
    ///
    /// # Errors
    /// Formula, with the formula and carets under the place.
    pub fn parse(text: &str) -> Result<Formula> {
        let parsed = parse(text).map_err(|fault| fault.in_formula(text))?;
        Formula::checked(text.to_string(), parsed)
    }

    /// The same formula with `.` written out and every column checked against the header.
    ///
    /// `.` is every column but those of the outcome, of an offset, and those that stand in `factor()`. A column
    /// that is only removed again (`. - id`) is not written at all, so that it need not be read. Nor are columns with
    /// a part of their own: `beside` (weights, clusters).
    ///
    /// # Errors
    /// Formula, when a column is not in the header: it says which was probably meant.
    pub fn resolve(&self, header: &[String], beside: &[&str]) -> Result<Formula> {
        let known: HashSet<&str> = header.iter().map(String::as_str).collect();
        if let Some(mention) = self.parsed.mentions.iter().find(|m| !known.contains(m.name.as_str())) {
            return Err(self.missing_column(mention, header));
        }
        if self.model.is_some() {
            return Ok(self.clone());
        }
        let others = self.other_columns(header, beside);
        if others.is_empty() {
            let fault = Fault::new(&self.dot(), "`.` stands for all other columns, and there is none");
            return Err(fault.in_formula(&self.source));
        }
        if others.len() > MOST_TERMS {
            let what = format!("`.` stands for {} columns, more than {MOST_TERMS}", others.len());
            return Err(Fault::new(&self.dot(), what).in_formula(&self.source));
        }
        let all = self.with_dot(&others)?;
        let used: HashSet<String> = all.predictors().into_iter().collect();
        let kept: Vec<&str> = others.iter().copied().filter(|c| used.contains(*c)).collect();
        let unused: HashSet<&str> = others.iter().copied().filter(|c| !used.contains(*c)).collect();
        if kept.is_empty() {
            return Ok(all);
        }
        let mut short = self.with_dot(&kept)?;
        short.parsed.terms = without_removals(short.parsed.terms, &unused);
        Formula::checked(short.source, short.parsed)
    }

    /// All columns that it uses: the outcome first, then predictors and offsets in order of appearance.
    pub fn variables(&self) -> Vec<String> {
        let mut names: Vec<String> =
            self.parsed.outcome.expression.columns().into_iter().map(String::from).collect();
        names.extend(self.predictors());
        names
    }

    /// The columns inside `factor()`.
    pub fn factor_variables(&self) -> Vec<String> {
        let mut names = Vec::new();
        if let (true, Some(name)) =
            (self.parsed.outcome.is_factor, self.parsed.outcome.expression.columns().first())
        {
            names.push((*name).to_string());
        }
        self.parsed.terms.visit(&mut |leaf| {
            if let Node::Atom(Atom::Factor(name)) = leaf
                && !names.contains(name)
            {
                names.push(name.clone());
            }
        });
        names
    }

    /// The column of the outcome (the first, where it is a function of several).
    pub fn outcome_variable(&self) -> &str {
        self.parsed.outcome.expression.columns().first().copied().unwrap_or_default()
    }

    /// Whether the outcome is a function of its column, e.g. `log(crp)`.
    pub fn outcome_is_transformed(&self) -> bool {
        !matches!(self.parsed.outcome.expression, Expression::Column(_))
    }

    /// The left-hand side as text, normalised, e.g. `log(crp)`.
    pub fn outcome_text(&self) -> &str {
        &self.outcome_text
    }

    /// The left-hand side.
    pub(crate) fn outcome(&self) -> &Expression {
        &self.parsed.outcome.expression
    }

    /// The right-hand side as it was written.
    pub(crate) fn right(&self) -> &Node {
        &self.parsed.terms
    }

    /// Whether the model has an intercept.
    pub fn has_intercept(&self) -> bool {
        self.model.as_ref().is_none_or(|m| m.intercept)
    }

    /// What the right-hand side stands for.
    ///
    /// # Errors
    /// Formula, when it has a `.` and was not resolved against a header.
    pub(crate) fn model(&self) -> Result<&Model> {
        self.model.as_ref().ok_or_else(|| {
            Fault::new(&self.dot(), "`.` has a meaning only beside the columns of a file")
                .in_formula(&self.source)
        })
    }

    /// An error with carets under the first mention of a column (under all, if it came from `.`).
    pub(crate) fn error_at(&self, column: &str, what: impl Into<String>) -> Error {
        let mention = self.parsed.mentions.iter().find(|m| m.name == column);
        let at = mention.map_or_else(|| self.dot(), |m| m.at.clone());
        Fault::new(&at, what).in_formula(&self.source)
    }

    /// Checks what was read and writes the right-hand side out, unless it has a `.`.
    fn checked(source: String, parsed: Parsed) -> Result<Formula> {
        let outcome_text = match &parsed.outcome {
            Outcome { expression: Expression::Column(name), is_factor: false } => name.clone(),
            outcome => outcome_text(outcome),
        };
        let mut formula = Formula { source, parsed, outcome_text, model: None };
        formula.check_outcome()?;
        formula.check_factors()?;
        if !formula.parsed.terms.any(&|n| *n == Node::Dot) {
            let right = formula.parsed.right.clone();
            let fault = |what: String| Fault::new(&right, what).in_formula(&formula.source);
            let model = expand(&formula.parsed.terms).map_err(fault)?;
            if !model.intercept && model.terms.is_empty() {
                return Err(fault("there is neither a term nor an intercept".into()));
            }
            formula.model = Some(model);
        }
        Ok(formula)
    }

    fn check_outcome(&self) -> Result<()> {
        let outcome = self.parsed.outcome.expression.columns();
        let mut named = Vec::new();
        self.parsed.terms.visit(&mut |leaf| named.extend(columns_of(leaf)));
        let Some(name) = outcome.iter().find(|name| named.contains(name)) else { return Ok(()) };
        let mention = self.parsed.mentions.iter().rfind(|m| m.name == **name);
        let at = mention.map_or_else(|| self.parsed.right.clone(), |m| m.at.clone());
        let what = format!("`{name}` is the outcome and cannot predict itself");
        Err(Fault::new(&at, what).hint("leave it out of the right-hand side").in_formula(&self.source))
    }

    /// A column is read either as a number or as a factor.
    fn check_factors(&self) -> Result<()> {
        let factors = self.factor_variables();
        let mut both = None;
        self.parsed.terms.visit(&mut |leaf| {
            if !matches!(leaf, Node::Atom(Atom::Factor(_))) {
                both = both.or_else(|| columns_of(leaf).into_iter().find(|c| factors.iter().any(|f| f == c)));
            }
        });
        let Some(name) = both else { return Ok(()) };
        let shown = written(name);
        let error = self.error_at(name, format!("`{name}` stands both inside `factor()` and outside"));
        Err(error
            .hint(format!("write `factor({shown})` everywhere; for both readings make a copy of the column")))
    }

    /// Columns of the header that `.` stands for.
    fn other_columns<'a>(&self, header: &'a [String], beside: &[&str]) -> Vec<&'a str> {
        let mut taken: HashSet<&str> = self.parsed.outcome.expression.columns().into_iter().collect();
        taken.extend(beside);
        self.parsed.terms.visit(&mut |leaf| match leaf {
            Node::Offset(e) => taken.extend(e.columns()),
            Node::Atom(Atom::Factor(name)) => {
                taken.insert(name);
            }
            _ => {}
        });
        let mut seen = HashSet::new();
        header.iter().map(String::as_str).filter(|c| !taken.contains(c) && seen.insert(*c)).collect()
    }

    /// The formula with `.` replaced by columns.
    fn with_dot(&self, columns: &[&str]) -> Result<Formula> {
        let mut parsed = self.parsed.clone();
        parsed.terms = fill(parsed.terms, columns);
        Formula::checked(self.source.clone(), parsed)
    }

    /// The columns that terms and offsets use, in order of appearance.
    pub(crate) fn predictors(&self) -> Vec<String> {
        let mut used = HashSet::new();
        let mut names = Vec::new();
        let Some(model) = &self.model else {
            self.parsed.terms.visit(&mut |leaf| names.extend(columns_of(leaf)));
            return names.iter().filter(|c| used.insert(**c)).map(|c| (*c).to_string()).collect();
        };
        for term in &model.terms {
            used.extend(term.iter().flat_map(|k| model.atoms[*k].columns()));
        }
        used.extend(model.offsets.iter().flat_map(Expression::columns));
        self.parsed.terms.visit(&mut |leaf| names.extend(columns_of(leaf)));
        names.iter().filter(|c| used.remove(**c)).map(|c| (*c).to_string()).collect()
    }

    /// Where `.` stands, or the whole right-hand side.
    fn dot(&self) -> Range<usize> {
        let tokens = tokenise(&self.source).unwrap_or_default();
        let dot = tokens.into_iter().find(|t| t.token == Token::Dot);
        dot.map_or_else(|| self.parsed.right.clone(), |t| t.at)
    }

    fn missing_column(&self, mention: &Mention, header: &[String]) -> Error {
        let name = &mention.name;
        let error = Fault::new(&mention.at, format!("there is no column `{name}`")).in_formula(&self.source);
        let from_here = &self.source[mention.at.start..];
        if let Some(whole) = header.iter().find(|h| written(h) != **h && from_here.starts_with(h.as_str())) {
            return error.hint(format!("a name with blanks or signs goes in backticks: `{whole}`"));
        }
        if let Some(meant) = probably_meant(name, header.iter().map(String::as_str)) {
            return error.hint(format!("did you mean {}?", in_backticks(meant)));
        }
        error.hint(format!("the columns are {}", list(header)))
    }
}

/// The normalised text, which parses to the same formula.
impl fmt::Display for Formula {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ~ {}", outcome_text(&self.parsed.outcome), self.parsed.terms)
    }
}

fn outcome_text(outcome: &Outcome) -> String {
    if outcome.is_factor { format!("factor({})", outcome.expression) } else { outcome.expression.to_string() }
}

/// A name as one would type it, between backticks.
fn in_backticks(name: &str) -> String {
    let typed = written(name);
    if typed.starts_with('`') { typed } else { format!("`{name}`") }
}

fn list(header: &[String]) -> String {
    let mut text = header.iter().take(LISTED).map(|c| in_backticks(c)).collect::<Vec<_>>().join(", ");
    if header.len() > LISTED {
        text.push_str(&format!(" and {} more", header.len() - LISTED));
    }
    text
}

/// The columns of a leaf.
fn columns_of(leaf: &Node) -> Vec<&str> {
    match leaf {
        Node::Atom(atom) => atom.columns(),
        Node::Offset(e) => e.columns(),
        _ => Vec::new(),
    }
}

/// `.` replaced by a sum of columns; in a sum they stand beside the other items.
fn fill(node: Node, columns: &[&str]) -> Node {
    let atom = |name: &&str| Node::Atom(Atom::Column((*name).to_string()));
    let each = |items: Vec<(bool, Node)>| items.into_iter().map(|(r, n)| (r, fill(n, columns))).collect();
    match node {
        Node::Dot => match columns {
            [only] => atom(only),
            _ => Node::Sum(columns.iter().map(|c| (false, atom(c))).collect()),
        },
        Node::Sum(items) => {
            let mut flat = Vec::new();
            for (removed, item) in items {
                if item == Node::Dot && !removed {
                    flat.extend(columns.iter().map(|c| (false, atom(c))));
                } else {
                    flat.push((removed, fill(item, columns)));
                }
            }
            match flat.as_slice() {
                [(false, _)] => flat.remove(0).1,
                _ => Node::Sum(flat),
            }
        }
        Node::Cross(items) => Node::Cross(each(items)),
        Node::Interaction(items) => Node::Interaction(items.into_iter().map(|n| fill(n, columns)).collect()),
        Node::Power(base, exponent) => match fill(*base, columns) {
            Node::Atom(only) if exponent > 1 => Node::Atom(only), // `.^2` of one column is that column
            base => Node::Power(Box::new(base), exponent),
        },
        leaf => leaf,
    }
}

/// The sum without items that remove a column which is not there.
fn without_removals(node: Node, gone: &HashSet<&str>) -> Node {
    let Node::Sum(items) = node else { return node };
    let mut kept: Vec<(bool, Node)> =
        items.into_iter().filter(|(removed, item)| !(*removed && only_columns_of(item, gone))).collect();
    match kept.as_slice() {
        [(false, _)] => kept.remove(0).1,
        _ => Node::Sum(kept),
    }
}

/// Whether a node is one of these columns, or a plain sum of them.
fn only_columns_of(node: &Node, columns: &HashSet<&str>) -> bool {
    match node {
        Node::Atom(Atom::Column(name)) => columns.contains(name.as_str()),
        Node::Sum(items) => items.iter().all(|(removed, n)| !removed && only_columns_of(n, columns)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The formula of a model is read again from its file: what `.` stands for must be written so that it can be.
    #[test]
    fn a_formula_whose_dot_is_one_column_reads_back_as_it_is_written() {
        let header = |names: &[&str]| names.iter().map(|name| name.to_string()).collect::<Vec<_>>();
        let one = header(&["y", "x"]);
        let two = header(&["y", "x", "age"]);
        let table = [
            ("y ~ .^2", &one, "y ~ x"),
            ("y ~ (.)^3", &one, "y ~ x"),
            ("y ~ -.^3 - -age", &two, "y ~ -age + age"), // found by fuzzing
            ("y ~ (0 + .)^2", &two, "y ~ (0 + x + age)^2"),
        ];
        for (text, header, wanted) in table {
            let resolved = Formula::parse(text).and_then(|parsed| parsed.resolve(header, &[]));
            assert_eq!(resolved.as_ref().map(Formula::to_string).ok().as_deref(), Some(wanted), "{text}");
            assert_eq!(Formula::parse(wanted).ok(), resolved.ok(), "{text}");
        }
    }
}
