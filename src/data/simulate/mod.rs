//! Tables with known truth: a synthetic trial of treatment effectiveness, as CSV text.

mod patients;
mod truth;

use std::fmt::Write;

use rayon::prelude::*;

use crate::data::simulate::patients::{Patients, SEXES, SITES, SMOKING, TREATMENTS};
use crate::error::{Error, Result};

pub use crate::data::simulate::truth::{Truth, truth};

/// Patients in `data/treatment_effectiveness.csv`.
pub const DEMO_ROWS: usize = 2000;

/// The seed of `data/treatment_effectiveness.csv`.
pub const DEMO_SEED: u64 = 2026;

/// The most patients that one call simulates; the text takes about 75 bytes a patient.
pub const MAX_ROWS: usize = 100_000_000;

/// The columns of the trial, in order.
const COLUMNS: [&str; 14] = [
    "patient_id",
    "site",
    "age",
    "sex",
    "bmi",
    "treatment",
    "dose_mg",
    "baseline_severity",
    "biomarker",
    "comorbidities",
    "smoking",
    "adherence",
    "effectiveness",
    "responded",
];

/// Patients drawn together, each column from its own stream; part of what a seed means, so it stays as it is.
const BLOCK_ROWS: usize = 1000;

/// Blocks drawn side by side before their text is handed on, in order.
const BLOCKS_AT_ONCE: usize = 64;

/// The trial as CSV text with a header: `rows` patients, all randomness from `seed`.
///
/// The same arguments give the same bytes on every machine and with any number of threads, and a longer trial
/// begins with the shorter one of the same seed. What is drawn: see `data/README.md` and [`truth()`].
///
/// # Errors
/// Usage, when `rows` is 0 or above [`MAX_ROWS`].
pub fn treatment_effectiveness(rows: usize, seed: u64) -> Result<String> {
    let mut text = String::new();
    treatment_effectiveness_in_parts(rows, seed, |part| {
        text.push_str(part);
        Ok(())
    })?;
    Ok(text)
}

/// The same text handed to `sink` in parts of some megabytes, so that a large trial needs no large memory.
///
/// # Errors
/// Usage, when `rows` is 0 or above [`MAX_ROWS`]; and whatever `sink` returns, which ends the writing.
pub fn treatment_effectiveness_in_parts(
    rows: usize,
    seed: u64,
    mut sink: impl FnMut(&str) -> Result<()>,
) -> Result<()> {
    check_rows(rows)?;
    sink(&(COLUMNS.join(",") + "\n"))?;
    let n_blocks = rows.div_ceil(BLOCK_ROWS);
    for first in (0..n_blocks).step_by(BLOCKS_AT_ONCE) {
        let last = n_blocks.min(first + BLOCKS_AT_ONCE);
        let parts: Vec<String> = (first..last)
            .into_par_iter()
            .map(|block| block_text(block, BLOCK_ROWS.min(rows - block * BLOCK_ROWS), seed))
            .collect();
        sink(&parts.concat())?;
    }
    Ok(())
}

fn check_rows(rows: usize) -> Result<()> {
    if (1..=MAX_ROWS).contains(&rows) {
        return Ok(());
    }
    Err(Error::usage(format!("a trial of {rows} patients cannot be simulated"))
        .hint(format!("ask for 1 to {MAX_ROWS} rows, for example `--rows {DEMO_ROWS}`")))
}

fn block_text(block: usize, n_rows: usize, seed: u64) -> String {
    let patients = Patients::draw(n_rows, seed, block as u64);
    let mut text = String::new();
    for row in 0..n_rows {
        write_patient(&mut text, &patients, row, block * BLOCK_ROWS + row + 1)
            .expect("a String takes all text");
    }
    text
}

fn write_patient(text: &mut String, p: &Patients, row: usize, number: usize) -> std::fmt::Result {
    write!(text, "P{number:04},{},{},{},", SITES[p.site[row]], p.age[row], SEXES[p.sex[row]])?;
    if !p.bmi_missing[row] {
        write!(text, "{:.1}", p.bmi[row])?;
    }
    write!(text, ",{},{},{:.1},", TREATMENTS[p.treatment[row]], p.dose_mg[row], p.baseline_severity[row])?;
    if !p.biomarker_missing[row] {
        write!(text, "{:.2}", p.biomarker[row])?;
    }
    write!(text, ",{},{},{:.2},", p.comorbidities[row], SMOKING[p.smoking[row]], p.adherence[row])?;
    writeln!(text, "{:.1},{}", p.effectiveness[row], if p.responded[row] { "yes" } else { "no" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_trial_in_the_data_folder_is_what_the_demo_seed_writes() {
        let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("data/treatment_effectiveness.csv");
        let committed = std::fs::read_to_string(file).expect("the trial is committed");
        assert!(committed == treatment_effectiveness(DEMO_ROWS, DEMO_SEED).expect("a trial"));
    }

    #[test]
    fn a_longer_trial_begins_with_the_shorter_one() {
        let short = treatment_effectiveness(1300, 5).expect("a trial");
        let long = treatment_effectiveness(70_000, 5).expect("a trial");
        assert!(long.starts_with(&short));
        assert_eq!(long.lines().count(), 70_001);
    }

    #[test]
    fn the_number_of_threads_does_not_change_a_byte() {
        let with = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
            pool.install(|| treatment_effectiveness(5500, 3).expect("a trial"))
        };
        assert!(with(1) == with(3));
    }

    #[test]
    fn another_seed_gives_another_trial() {
        let trial = |seed| treatment_effectiveness(20, seed).expect("a trial");
        assert_ne!(trial(1), trial(2));
    }

    #[test]
    fn every_line_has_a_cell_for_each_column_and_an_identifier_of_its_own() {
        let text = treatment_effectiveness(12_000, 1).expect("a trial");
        assert!(text.ends_with('\n'));
        let mut identifiers = std::collections::HashSet::new();
        for line in text.lines().skip(1) {
            assert_eq!(line.split(',').count(), COLUMNS.len(), "{line}");
            assert!(identifiers.insert(line.split(',').next()), "{line}");
        }
    }

    #[test]
    fn no_patients_and_too_many_are_refused_with_the_range() {
        for rows in [0, MAX_ROWS + 1, usize::MAX] {
            let error = treatment_effectiveness(rows, 1).expect_err("out of range");
            assert_eq!(error.exit_status(), 2);
            assert!(error.message.contains(&rows.to_string()));
            assert!(error.hint.expect("a hint").contains("1 to 100000000"));
        }
    }

    #[test]
    fn a_sink_that_fails_ends_the_writing_with_its_error() {
        let mut parts = 0;
        let result = treatment_effectiveness_in_parts(200_000, 1, |_| {
            parts += 1;
            if parts < 2 { Ok(()) } else { Err(Error::data("disk full")) }
        });
        assert_eq!(result, Err(Error::data("disk full")));
        assert_eq!(parts, 2);
    }
}
