//! What is done with arbitrary bytes: a table is read, a formula parsed, a model file used, a whole fit run.
//!
//! libFuzzer is the main program; the environment variable `CLINREG_FUZZ` names the target. A target fails by a panic,
//! by more time or memory than `run.sh` allows, or where two ways to the same thing differ.
#![no_main]

mod formula;
mod json;
mod model;
mod tables;
mod whole;

use std::sync::LazyLock;

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};

type Target = fn(&[u8]);

static TARGET: LazyLock<Target> =
    LazyLock::new(|| match std::env::var("CLINREG_FUZZ").unwrap_or_default().as_str() {
        "csv" => tables::target,
        "formula" => formula::target,
        "model" => model::target,
        "fit" => whole::target,
        other => panic!("CLINREG_FUZZ is `{other}`, not csv, formula, model or fit"),
    });

fuzz_target!(|bytes: &[u8]| TARGET(bytes));

static IS_MODEL: LazyLock<bool> =
    LazyLock::new(|| std::env::var("CLINREG_FUZZ").is_ok_and(|name| name == "model"));

// Bytes changed at random leave hardly any JSON: three changes in four put another value in the place of one.
fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    if *IS_MODEL && !seed.is_multiple_of(4) {
        if let Some(changed) = json::changed(&data[..size], seed / 4, max_size) {
            data[..changed.len()].copy_from_slice(&changed);
            return changed.len();
        }
    }
    fuzzer_mutate(data, size, max_size)
});
