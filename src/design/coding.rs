//! How many columns a factor gets in a term: all its levels, or all but the reference.

use crate::design::expand::Model;

/// The coding of a factor in a term.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    /// One column a level but the reference.
    Contrast,
    /// One column a level.
    Dummies,
}

/// The coding of each variable of each term, as R's `terms` and `model.matrix` choose it.
///
/// A factor has contrasts if the rest of its term (the term without it) is empty or part of an earlier term, and
/// all levels otherwise. Without an intercept the first factor of the first term that has one gets all levels.
/// Source: Chambers & Hastie 1992, Statistical Models in S, s. 2.4.1.
pub fn codings(model: &Model, is_factor: &dyn Fn(usize) -> bool) -> Vec<Vec<Coding>> {
    let mut codings: Vec<Vec<Coding>> = Vec::with_capacity(model.terms.len());
    let mut all_levels_due = !model.intercept;
    for (t, term) in model.terms.iter().enumerate() {
        let mut coding = Vec::with_capacity(term.len());
        for atom in term {
            if !is_factor(*atom) {
                coding.push(Coding::Contrast);
            } else if all_levels_due || !has_margin(&model.terms[..t], term, *atom) {
                all_levels_due = false;
                coding.push(Coding::Dummies);
            } else {
                coding.push(Coding::Contrast);
            }
        }
        codings.push(coding);
    }
    codings
}

/// Whether `term` without `atom` is empty or part of an earlier term.
fn has_margin(earlier: &[Vec<usize>], term: &[usize], atom: usize) -> bool {
    let mut rest = term.iter().filter(|a| **a != atom).peekable();
    if rest.peek().is_none() {
        return true;
    }
    let rest: Vec<&usize> = rest.collect();
    earlier.iter().any(|other| rest.iter().all(|a| other.binary_search(a).is_ok()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::design::formula::Formula;

    /// As R prints attr(terms, "factors"): 1 for contrasts, 2 for all levels; `x` and `z` are numbers.
    fn table(formula: &str) -> Vec<Vec<u8>> {
        let formula = Formula::parse(formula).expect("it is well formed");
        let model = formula.model().expect("it has no dot");
        let number = |k: usize| matches!(model.atoms[k].to_string().as_str(), "x" | "z");
        let code = |c: &Coding| if *c == Coding::Dummies { 2 } else { 1 };
        codings(model, &|k| !number(k)).iter().map(|t| t.iter().map(code).collect()).collect()
    }

    #[test]
    fn with_its_margins_a_factor_has_contrasts() {
        assert_eq!(table("y ~ a * b"), [vec![1], vec![1], vec![1, 1]]);
    }

    #[test]
    fn without_its_margin_a_factor_has_all_levels() {
        assert_eq!(table("y ~ a:b"), [[2, 2]]);
        assert_eq!(table("y ~ a + a:b"), [vec![1], vec![2, 1]]);
        assert_eq!(table("y ~ a + b + a:b:c"), [vec![1], vec![1], vec![2, 2, 2]]);
        assert_eq!(table("y ~ a:x + a:b"), [vec![2, 1], vec![2, 1]]);
        assert_eq!(table("y ~ x:a"), [[1, 2]]);
        assert_eq!(table("y ~ x + x:a"), [vec![1], vec![1, 1]]);
    }

    #[test]
    fn without_an_intercept_the_first_factor_has_all_levels() {
        assert_eq!(table("y ~ a + b - 1"), [vec![2], vec![1]]);
        assert_eq!(table("y ~ x + a - 1"), [vec![1], vec![2]]);
        assert_eq!(table("y ~ 0 + x + x:a"), [vec![1], vec![1, 2]]);
    }
}
