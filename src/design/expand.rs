//! The right-hand side written out as R does: which products of variables are in the model, in which order.

use std::collections::{HashMap, HashSet};

use crate::design::atom::{Atom, Node};
use crate::design::expression::Expression;

/// A formula may stand for this many terms.
pub const MOST_TERMS: usize = 10_000;
/// Products of terms formed on the way, duplicates included.
const MOST_PRODUCTS: usize = 2_000_000;

/// The model that a right-hand side stands for.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Model {
    /// Whether there is an intercept.
    pub intercept: bool,
    /// The variables, in order of appearance, also those that no term has.
    pub atoms: Vec<Atom>,
    /// Each term's variables as ascending positions in `atoms`; main effects first, then two-way interactions, ...
    pub terms: Vec<Vec<usize>>,
    /// What is added to the linear predictor with coefficient 1.
    pub offsets: Vec<Expression>,
}

impl Model {
    /// A term as text: `rx:age`.
    pub fn term_text(&self, term: &[usize]) -> String {
        term.iter().map(|k| self.atoms[*k].to_string()).collect::<Vec<_>>().join(":")
    }
}

/// Writes out a right-hand side without `.`; in words what is too large.
///
/// `+` joins, `-` removes, `a:b` is the product, `a * b` = a + b + a:b, `a / b` = a + a:b, `(a + b)^2` all
/// products of at most two; a product has each variable once, and equal terms count once. The intercept is as the
/// last `0`, `1`, `-1` says. Terms are sorted by their number of variables and otherwise keep their order.
pub fn expand(right: &Node) -> Result<Model, String> {
    let mut expansion = Expansion {
        model: Model { intercept: true, ..Model::default() },
        position: HashMap::new(),
        products: 0,
    };
    right.visit(&mut |leaf| expansion.install(leaf));
    let mut terms = expansion.terms(right, false)?;
    terms.sort_by_key(Vec::len);
    let mut model = expansion.model;
    model.terms = terms;
    Ok(model)
}

type Term = Vec<usize>;

struct Expansion {
    model: Model,
    position: HashMap<String, usize>,
    products: usize,
}

impl Expansion {
    fn install(&mut self, leaf: &Node) {
        match leaf {
            Node::Atom(atom) => {
                let next = self.model.atoms.len();
                self.position.entry(atom.to_string()).or_insert_with(|| {
                    self.model.atoms.push(atom.clone());
                    next
                });
            }
            Node::Offset(e) => self.model.offsets.push(e.clone()),
            _ => {}
        }
    }

    /// The terms of a node; `removing` turns the meaning of `0` and `1` round.
    fn terms(&mut self, node: &Node, removing: bool) -> Result<Vec<Term>, String> {
        match node {
            Node::Atom(atom) => {
                Ok(self.position.get(&atom.to_string()).map(|k| vec![*k]).into_iter().collect())
            }
            Node::Intercept(present) => {
                self.model.intercept = *present != removing;
                Ok(Vec::new())
            }
            Node::Offset(_) | Node::Dot => Ok(Vec::new()),
            Node::Sum(items) => self.sum(items, removing),
            Node::Interaction(items) => {
                let mut parts = items.iter();
                let Some(first) = parts.next() else { return Ok(Vec::new()) };
                let mut terms = self.terms(first, removing)?;
                for item in parts {
                    let others = self.terms(item, removing)?;
                    terms = self.products(&terms, &others)?;
                }
                Ok(terms)
            }
            Node::Cross(items) => self.cross(items, removing),
            Node::Power(base, exponent) => {
                let single = self.terms(base, removing)?;
                let mut terms = single.clone();
                for _ in 1..*exponent {
                    let next = self.products(&terms, &single)?;
                    if next.len() == terms.len() {
                        break; // all products are there: higher powers add nothing
                    }
                    terms = next;
                }
                Ok(terms)
            }
        }
    }

    fn sum(&mut self, items: &[(bool, Node)], removing: bool) -> Result<Vec<Term>, String> {
        let mut set = Distinct::default();
        for (removed, item) in items {
            let terms = self.terms(item, removing != *removed)?;
            if *removed {
                set.remove(&terms);
            } else {
                set.add(&terms)?;
            }
        }
        Ok(set.terms)
    }

    fn cross(&mut self, items: &[(bool, Node)], removing: bool) -> Result<Vec<Term>, String> {
        let mut parts = items.iter();
        let Some((_, first)) = parts.next() else { return Ok(Vec::new()) };
        let mut terms = self.terms(first, removing)?;
        for (nested, item) in parts {
            let others = self.terms(item, removing)?;
            let mut set = Distinct::default();
            set.add(&terms)?;
            if *nested {
                let whole = terms.iter().fold(Term::new(), |whole, term| union(&whole, term));
                set.add(&self.products(&[whole], &others)?)?;
            } else {
                let products = self.products(&terms, &others)?;
                set.add(&others)?;
                set.add(&products)?;
            }
            terms = set.terms;
        }
        Ok(terms)
    }

    /// All products of a left and a right term, each once.
    fn products(&mut self, left: &[Term], right: &[Term]) -> Result<Vec<Term>, String> {
        self.products = self.products.saturating_add(left.len().saturating_mul(right.len()));
        if self.products > MOST_PRODUCTS {
            return Err(too_many());
        }
        let mut set = Distinct::default();
        let mut both = Term::new(); // most products are there already: they take no memory of their own
        for a in left {
            for b in right {
                unite(a, b, &mut both);
                set.note(&both)?;
            }
        }
        Ok(set.terms)
    }
}

fn too_many() -> String {
    format!("this stands for more than {MOST_TERMS} terms")
}

/// Terms in order, each once.
#[derive(Default)]
struct Distinct {
    terms: Vec<Term>,
    seen: HashSet<Term>,
}

impl Distinct {
    fn add(&mut self, terms: &[Term]) -> Result<(), String> {
        terms.iter().try_for_each(|term| self.note(term))
    }

    fn note(&mut self, term: &[usize]) -> Result<(), String> {
        if !self.seen.contains(term) {
            self.seen.insert(term.to_vec());
            self.terms.push(term.to_vec());
        }
        if self.terms.len() > MOST_TERMS { Err(too_many()) } else { Ok(()) }
    }

    fn remove(&mut self, terms: &[Term]) {
        let gone: HashSet<&Term> = terms.iter().filter(|t| self.seen.remove(*t)).collect();
        if !gone.is_empty() {
            self.terms.retain(|t| !gone.contains(t));
        }
    }
}

/// The positions of both, ascending, each once.
fn union(a: &[usize], b: &[usize]) -> Term {
    let mut both = Term::new();
    unite(a, b, &mut both);
    both
}

/// The same, in the place of what `both` held.
fn unite(a: &[usize], b: &[usize], both: &mut Term) {
    both.clear();
    let (mut a, mut b) = (a.iter().peekable(), b.iter().peekable());
    while let (Some(x), Some(y)) = (a.peek(), b.peek()) {
        both.push(**x.min(y));
        let (of_a, of_b) = (x <= y, y <= x);
        a.next_if(|_| of_a);
        b.next_if(|_| of_b);
    }
    both.extend(a.chain(b));
}
