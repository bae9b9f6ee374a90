//! The pictures of a multiple imputation: which values were missing, and whether the chains settled.

use crate::data::missing::Gaps;
use crate::error::Result;
use crate::impute::analysis::Imputation;
use crate::plot::imputation_traces::{ImputationTraces, Traced};
use crate::plot::missing::{Lacking, Missing, Pattern};
use crate::plot::page::Headings;
use crate::plot::png::{Figure, png};
use crate::plot::svg::svg;
use crate::report::figures::Drawn;
use crate::report::words::{plural, visible};

/// The variables that lack values and which of them are missing together.
///
/// title: the model; file: the data's name.
///
/// # Errors
/// When the picture cannot be drawn or encoded.
pub fn lacking(title: &str, file: &str, gaps: &Gaps, with_svg: bool) -> Result<Drawn> {
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
    let figure = Missing { headings, rows: gaps.rows, variables: &variables, patterns: &patterns };
    let caption = "How many rows lack each variable, and which variables are missing together.";
    drawn(&figure, "missing", ("Missing values", caption.to_string()), with_svg)
}

/// Mean and standard deviation of what each chain drew, round by round.
///
/// # Errors
/// When the picture cannot be drawn or encoded.
pub fn traces(title: &str, imputation: &Imputation, with_svg: bool) -> Result<Drawn> {
    let subtitle = format!(
        "Multiple imputation by chained equations: one line for each of {} imputations. Lines that mingle without a \
         trend are as they should be; levels count from 0.",
        imputation.imputations
    );
    let headings = Headings { title, subtitle: &subtitle };
    let figure = ImputationTraces { headings, variables: &traced(imputation) };
    let caption = "Mean and standard deviation of the values that each chain drew, round by round: lines that mingle \
                   without a trend have settled.";
    drawn(&figure, "imputation_traces", ("The imputations", caption.to_string()), with_svg)
}

fn drawn(
    figure: &impl Figure,
    stem: &'static str,
    (name, caption): (&'static str, String),
    with_svg: bool,
) -> Result<Drawn> {
    let svg = if with_svg { Some(svg(figure)?) } else { None };
    Ok(Drawn { stem, name, caption, png: png(figure)?, svg })
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
        let drawn = traces(&fit.formula, &found, false).expect("drawn");
        assert_eq!((drawn.stem, drawn.svg), ("imputation_traces", None));
        let drawn = lacking(&fit.formula, &fit.ledger.file, &found.gaps, true).expect("drawn");
        assert_eq!(drawn.files().map(|f| f.name).collect::<Vec<_>>(), ["missing.png", "missing.svg"]);
    }
}
