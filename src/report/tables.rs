//! `coefficients.csv` and `fit.csv`: the numbers of a fit as other programs read them, with all their digits.

use std::io::Write;
use std::path::Path;

use crate::data::spreadsheet::safe;
use crate::error::{Error, Kind, Result};
use crate::fit::large::laid::Laid;
use crate::fit::result::{ByRow, Coefficient, Fit};
use crate::fit::spec::Family;
use crate::impute::analysis::Imputation;
use crate::impute::chain::Trace;
use crate::model::estimate;
use crate::report::Rest;
use crate::report::numbers::cell;

const COLUMNS: [&str; 9] =
    ["term", "variable", "level", "estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high"];
const RATIO_COLUMNS: [&str; 3] = ["odds_ratio", "odds_ratio_low", "odds_ratio_high"];

/// One row a column of the design; logistic models have the odds ratios beside. `variable` and `level` of an
/// interaction hold its parts joined by `:`; a thing that does not exist is an empty cell.
///
/// # Errors
/// Io, when the record cannot be written (memory).
pub fn coefficients(fit: &Fit) -> Result<Vec<u8>> {
    let logistic = fit.family == Family::Logistic;
    let mut header = COLUMNS.to_vec();
    if logistic {
        header.extend(RATIO_COLUMNS);
    }
    if is_pooled(fit) {
        header.extend(POOLED_COLUMNS);
    }
    let mut records = vec![header.into_iter().map(str::to_string).collect::<Vec<_>>()];
    records.extend(fit.coefficients.iter().map(|c| record(fit, c, logistic)));
    written(records)
}

fn record(fit: &Fit, c: &Coefficient, logistic: bool) -> Vec<String> {
    let estimate = estimate(fit, c);
    let join = |texts: Vec<&str>| {
        if texts.iter().all(|t| t.is_empty()) { String::new() } else { texts.join(":") }
    };
    let parts = &c.term.parts;
    let mut cells = vec![
        c.term.name.clone(),
        join(parts.iter().map(|p| p.variable.as_str()).collect()),
        join(parts.iter().map(|p| p.level.as_deref().unwrap_or("")).collect()),
    ];
    let numbers = [estimate, c.std_error, c.statistic, c.p_value, c.conf_low, c.conf_high];
    cells.extend(numbers.map(optional));
    if logistic {
        cells.extend([estimate, c.conf_low, c.conf_high].map(|log_odds| optional(log_odds.map(f64::exp))));
    }
    if is_pooled(fit) {
        cells.extend([c.df, c.fmi].map(optional));
    }
    cells
}

/// Whether these are coefficients pooled over imputations.
pub fn is_pooled(fit: &Fit) -> bool {
    fit.coefficients.iter().any(|c| c.df.is_some())
}

/// `imputation.csv`: mean and standard deviation of what each chain drew, round by round.
///
/// # Errors
/// Io, when the writer fails.
pub fn imputation(imputation: &Imputation) -> Result<Vec<u8>> {
    let header = ["variable", "imputation", "round", "mean", "sd"].map(str::to_string).to_vec();
    let line = |t: &Trace| {
        let counts = [t.imputation.to_string(), t.round.to_string()];
        let numbers = [t.mean, t.sd].map(|x| optional(Some(x)));
        std::iter::once(t.variable.clone()).chain(counts).chain(numbers).collect()
    };
    written(std::iter::once(header).chain(imputation.traces.iter().map(line)))
}

const POOLED_COLUMNS: [&str; 2] = ["df", "fmi"];

const ROW_COLUMNS: [&str; 10] = [
    "line",
    "outcome",
    "fitted",
    "residual",
    "pearson",
    "deviance",
    "leverage",
    "standardised_pearson",
    "standardised_deviance",
    "cooks_distance",
];

/// One row of the data used a record, in order: the line of the file it starts on, the outcome as the model saw it,
/// the fitted mean or probability, and residuals, leverage and Cook's distance where the fit has standard errors.
///
/// # Errors
/// Io, when the record cannot be written (memory).
pub fn by_row(fitted: &[f64], rows: &ByRow) -> Result<Vec<u8>> {
    let mut whole = row_header()?;
    whole.extend(row_records(fitted, rows)?);
    Ok(whole)
}

/// The line above them.
///
/// # Errors
/// Io, when it cannot be written (memory).
pub fn row_header() -> Result<Vec<u8>> {
    written([ROW_COLUMNS.map(str::to_string).to_vec()])
}

/// The same without the line above them.
///
/// # Errors
/// Io, when the record cannot be written (memory).
pub fn row_records(fitted: &[f64], rows: &ByRow) -> Result<Vec<u8>> {
    written(fitted.iter().enumerate().map(|(i, fitted)| {
        let mut cells = vec![
            rows.lines.get(i).map_or_else(String::new, u32::to_string),
            cell(rows.outcome[i]),
            cell(*fitted),
        ];
        match &rows.residuals {
            Some(r) => cells.extend(
                [
                    &r.response,
                    &r.pearson,
                    &r.deviance,
                    &r.leverage,
                    &r.standardised_pearson,
                    &r.standardised_deviance,
                    &r.cooks_distance,
                ]
                .map(|column| cell(column[i])),
            ),
            None => {
                cells.push(cell(rows.outcome[i] - fitted));
                cells.extend((4..ROW_COLUMNS.len()).map(|_| String::new()));
            }
        }
        cells
    }))
}

/// The records of a fit to many rows, in a temporary file of a folder.
///
/// # Errors
/// Io, when the folder has no room or the rows cannot be read.
pub fn records_of_many(laid: &Laid, folder: &Path) -> Result<Rest> {
    let failed = |e: std::io::Error| {
        Error::io("write a temporary file in", folder, &e).hint("`TMPDIR` names another folder")
    };
    let mut file = tempfile::tempfile_in(folder).map_err(failed)?;
    laid.by_row(&row_records, &mut |records: Vec<u8>| file.write_all(&records).map_err(failed))?;
    Ok(Rest::new(file))
}

/// One row: the numbers under `fit` in `model.json`, nested ones with their key in front. The columns are the same
/// for all models; what does not apply is empty.
///
/// # Errors
/// Io, when the record cannot be written (memory).
pub fn statistics(fit: &Fit) -> Result<Vec<u8>> {
    let s = &fit.statistics;
    let f = s.f_statistic.as_ref();
    let h = s.hosmer_lemeshow.as_ref();
    let l = s.likelihood_ratio.as_ref();
    let whole = |n: usize| n.to_string();
    let pairs: Vec<(&str, String)> = vec![
        ("n", cell(s.n)),
        ("df_model", whole(s.df_model)),
        ("df_residual", cell(s.df_residual)),
        ("log_likelihood", cell(s.log_likelihood)),
        ("penalised_log_likelihood", optional(s.penalised_log_likelihood)),
        ("deviance", cell(s.deviance)),
        ("null_deviance", cell(s.null_deviance)),
        ("aic", cell(s.aic)),
        ("bic", cell(s.bic)),
        ("r_squared", optional(s.r_squared)),
        ("adj_r_squared", optional(s.adj_r_squared)),
        ("sigma", optional(s.sigma)),
        ("f_statistic", optional(f.map(|f| f.value))),
        ("f_df1", optional(f.map(|f| f.df1))),
        ("f_df2", optional(f.map(|f| f.df2))),
        ("f_p_value", optional(f.map(|f| f.p_value))),
        ("auc", optional(s.auc)),
        ("auc_low", optional(s.auc_low)),
        ("auc_high", optional(s.auc_high)),
        ("brier", optional(s.brier)),
        ("scaled_brier", optional(s.scaled_brier)),
        ("log_loss", optional(s.log_loss)),
        ("nagelkerke_r2", optional(s.nagelkerke_r2)),
        ("cox_snell_r2", optional(s.cox_snell_r2)),
        ("mcfadden_r2", optional(s.mcfadden_r2)),
        ("model_test_chisq", optional(s.model_chisq.map(|m| m.0))),
        ("model_test_df", s.model_chisq.map(|m| whole(m.1)).unwrap_or_default()),
        ("model_test_p_value", optional(s.model_chisq.map(|m| m.2))),
        ("hosmer_lemeshow_groups", h.map(|h| whole(h.groups)).unwrap_or_default()),
        ("hosmer_lemeshow_chisq", optional(h.map(|h| h.chisq))),
        ("hosmer_lemeshow_df", h.map(|h| whole(h.df)).unwrap_or_default()),
        ("hosmer_lemeshow_p_value", optional(h.map(|h| h.p_value))),
        ("likelihood_ratio_against", l.map(|l| l.against.clone()).unwrap_or_default()),
        ("likelihood_ratio_chisq", optional(l.map(|l| l.chisq))),
        ("likelihood_ratio_df", l.map(|l| whole(l.df)).unwrap_or_default()),
        ("likelihood_ratio_p_value", optional(l.map(|l| l.p_value))),
        ("likelihood_ratio_f", optional(l.and_then(|l| l.f).map(|f| f.0))),
        ("likelihood_ratio_f_p_value", optional(l.and_then(|l| l.f).map(|f| f.1))),
        ("condition_number", optional(s.condition_number)),
    ];
    let header = pairs.iter().map(|(name, _)| (*name).to_string()).collect();
    written(vec![header, pairs.into_iter().map(|(_, value)| value).collect()])
}

fn optional(x: Option<f64>) -> String {
    x.map(cell).unwrap_or_default()
}

/// Records as CSV bytes with `\n` line ends, quoted where needed; what a spreadsheet would take for a formula stays text.
pub(crate) fn written(records: impl IntoIterator<Item = Vec<String>>) -> Result<Vec<u8>> {
    let failed =
        |cause: &dyn std::fmt::Display| Error::new(Kind::Io, format!("cannot write a CSV record: {cause}"));
    let mut writer = csv::WriterBuilder::new().from_writer(Vec::new());
    for record in records {
        writer.write_record(record.iter().map(|cell| safe(cell).into_owned())).map_err(|e| failed(&e))?;
    }
    writer.into_inner().map_err(|e| failed(&e))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::sample;

    /// Records of a CSV, read back.
    fn records(bytes: &[u8]) -> Vec<Vec<String>> {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(bytes);
        let owned = |r: csv::StringRecord| r.iter().map(str::to_string).collect();
        reader.records().map(|r| owned(r.expect("all records have as many cells"))).collect()
    }

    #[test]
    fn each_number_reads_back_and_ratios_are_the_exponentials() {
        let fit = sample::logistic();
        let rows = records(&coefficients(&fit).expect("written"));
        let header = "term,variable,level,estimate,std_error,statistic,p_value,conf_low,conf_high,\
                      odds_ratio,odds_ratio_low,odds_ratio_high";
        assert_eq!(rows[0].join(","), header);
        let number = |text: &str| text.parse::<f64>().ok();
        for (row, c) in rows[1..].iter().zip(&fit.coefficients) {
            assert_eq!(number(&row[3]), c.estimate);
            assert_eq!(number(&row[6]), c.p_value);
            assert_eq!(number(&row[10]), c.conf_low.map(f64::exp));
        }
        assert_eq!(rows[8][..3], ["rx[indomethacin]:risk", "rx:risk", "indomethacin:"].map(String::from));
        assert_eq!(rows[7].join(","), "age_months,age_months,,,,,,,,,,");
    }

    #[test]
    fn a_linear_model_has_no_odds_ratios() {
        let rows = records(&coefficients(&sample::linear()).expect("written"));
        assert_eq!(rows[0], COLUMNS);
    }

    #[test]
    fn hostile_names_stay_in_their_cells() {
        let rows = records(&coefficients(&sample::hostile()).expect("written"));
        assert_eq!(rows[2][1], sample::HOSTILE);
    }

    #[test]
    fn fit_csv_is_one_row_with_the_same_columns_for_every_model() {
        let logistic = records(&statistics(&sample::logistic()).expect("written"));
        let linear = records(&statistics(&sample::linear()).expect("written"));
        let diverged = records(&statistics(&sample::diverged()).expect("written"));
        assert_eq!(logistic[0], linear[0]);
        assert_eq!((logistic.len(), linear.len()), (2, 2));
        let at = |rows: &[Vec<String>], name: &str| {
            let place = rows[0].iter().position(|n| n == name).expect("a column");
            rows[1][place].clone()
        };
        assert_eq!(at(&logistic, "n"), "597");
        assert_eq!(at(&logistic, "hosmer_lemeshow_df"), "8");
        assert_eq!(at(&logistic, "r_squared"), "");
        assert_eq!(at(&linear, "f_statistic"), "288.436");
        assert_eq!(at(&linear, "auc"), "");
        assert_eq!(at(&diverged, "aic"), "");
    }
}
