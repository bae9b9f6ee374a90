//! The pictures of a multiple imputation: which values were missing, and whether the chains settled.

use crate::error::Result;
use crate::impute::analysis::Imputation;
use crate::plot::imputation_traces::{ImputationTraces, Traced, imputation_traces};
use crate::plot::missing::{Lacking, Missing, Pattern, missing};
use crate::plot::page::Headings;
use crate::report::NamedFile;
use crate::report::words::{plural, visible};

/// `missing.png` and `imputation_traces.png`; none where nothing was imputed. They show counts, means and standard
/// deviations, no patient.
///
/// formula: the model; file: the data's name.
///
/// # Errors
/// When a picture cannot be drawn or encoded.
pub fn pictures(formula: &str, file: &str, imputation: &Imputation) -> Result<Vec<NamedFile>> {
    if imputation.imputations == 0 {
        return Ok(Vec::new());
    }
    let named = |name: &str, bytes: Vec<u8>| NamedFile { name: name.to_string(), bytes };
    let title = visible(formula);
    Ok(vec![
        named("missing.png", lacking(&title, &visible(file), imputation)?),
        named("imputation_traces.png", traces(&title, imputation)?),
    ])
}

fn lacking(title: &str, file: &str, imputation: &Imputation) -> Result<Vec<u8>> {
    let gaps = &imputation.gaps;
    let variables: Vec<Lacking> =
        gaps.variables.iter().map(|(name, rows)| Lacking { variable: visible(name), rows: *rows }).collect();
    let patterns: Vec<Pattern> = gaps
        .patterns
        .iter()
        .map(|(missing, rows)| Pattern { missing: missing.clone(), rows: *rows })
        .collect();
    let subtitle = format!(
        "Missing values of the {} of the formula in {file}",
        plural(variables.len() as f64, "variable")
    );
    let headings = Headings { title, subtitle: &subtitle };
    missing(&Missing { headings, rows: gaps.rows, variables: &variables, patterns: &patterns })
}

fn traces(title: &str, imputation: &Imputation) -> Result<Vec<u8>> {
    let subtitle = format!(
        "Multiple imputation by chained equations: one line for each of {} imputations. Lines that mingle without a \
         trend are as they should be; levels count from 0.",
        imputation.imputations
    );
    let headings = Headings { title, subtitle: &subtitle };
    imputation_traces(&ImputationTraces { headings, variables: &traced(imputation) })
}

/// The traces sorted by variable and chain.
fn traced(imputation: &Imputation) -> Vec<Traced> {
    let of = |(name, cells): &(String, usize)| {
        let nothing = vec![vec![f64::NAN; imputation.rounds]; imputation.imputations];
        let (mut mean, mut sd) = (nothing.clone(), nothing);
        for trace in imputation.traces.iter().filter(|t| t.variable == *name) {
            mean[trace.imputation - 1][trace.round - 1] = trace.mean;
            sd[trace.imputation - 1][trace.round - 1] = trace.sd;
        }
        Traced { variable: visible(name), cells: *cells, mean, sd }
    };
    imputation.cells.iter().map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::csv::Source;
    use crate::fit::spec::Spec;
    use crate::impute::analysis::fit_imputed;
    use crate::optimise::watch::Unwatched;

    #[test]
    fn each_trace_stands_in_its_chain_and_round() {
        let mut text = String::from("y,x,arm\n");
        for i in 0..60 {
            let x = f64::from(i * i % 17);
            let x = if i % 7 == 3 { String::new() } else { x.to_string() };
            text.push_str(&format!(
                "{},{x},{}\n",
                i * 5 % 13,
                if i % 9 == 4 { "" } else { ["a", "b"][i as usize % 2] }
            ));
        }
        let source = Source::from_bytes("trial.csv", text.into_bytes()).expect("a CSV");
        let spec = Spec::new("y ~ x + arm");
        let imputed = fit_imputed(&spec, &source, Some(3), &mut |_, _| Box::new(Unwatched)).expect("imputed");
        let (fit, found) = (imputed.fit, imputed.imputation);
        let traced = traced(&found);
        for t in &found.traces {
            let own = traced.iter().find(|v| v.variable == t.variable).expect("it has gaps");
            assert_eq!(own.mean[t.imputation - 1][t.round - 1], t.mean);
        }
        assert!(traced.iter().all(|v| v.mean.len() == 3 && v.sd.iter().flatten().all(|x| x.is_finite())));
        let files = pictures(&fit.formula, &fit.ledger.file, &found).expect("drawn");
        let names: Vec<&str> = files.iter().map(|f| f.name.as_str()).collect();
        assert_eq!(names, ["missing.png", "imputation_traces.png"]);
        let none = Imputation { imputations: 0, ..found };
        assert!(pictures("y ~ x", "trial.csv", &none).expect("nothing to draw").is_empty());
    }
}
