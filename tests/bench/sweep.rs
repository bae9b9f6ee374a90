//! On demand (`cargo bench`): the time of a fit beside that of one gradient sweep over the same rows in the same run.
#![allow(clippy::print_stdout)]

use std::path::Path;
use std::time::Instant;

use clinreg::data::csv::Source;
use clinreg::fit::analyse;
use clinreg::fit::frame::{Dependent, Frame};
use clinreg::fit::spec::Spec;
use clinreg::objective::Objective;
use clinreg::objective::glm::Glm;
use clinreg::objective::loss::Loss;
use clinreg::optimise::method::{Decay, Method};
use clinreg::optimise::watch::Unwatched;
use clinreg::optimise::{Settings, minimise};
use ndarray::Array1;

/// Rows that are at hand on every machine.
const SIMULATED: &str = "responded ~ treatment * baseline_severity + age + sex + bmi + log(biomarker) + \
                         comorbidities + smoking + adherence + site + dose_mg";
/// GUSTO-I with about 20 predictors.
const GUSTO: &str = "day30 ~ tx + age + sex + Killip + sysbp + pulse + miloc + pmi + dia + height + weight + htn + smk + \
                     pan + fam + prevcvd + prevcabg + ttr";

fn main() {
    let text = clinreg::data::simulate::treatment_effectiveness(40_000, 1).expect("a trial");
    let source = Source::from_bytes("trial.csv", text.into_bytes()).expect("a table");
    measure("simulated trial", &source, &Spec::new(SIMULATED));
    let gusto = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/clinical/data/gusto.csv");
    if gusto.is_file() {
        let spec = Spec { event: Some("1".to_string()), ..Spec::new(GUSTO) };
        measure("GUSTO-I", &clinreg::data::csv::open(&gusto).expect("a table"), &spec);
    } else {
        println!("SKIPPED: GUSTO-I is not beside the project");
    }
}

fn measure(name: &str, source: &Source, spec: &Spec) {
    let analysis = analyse(spec, source, &mut Unwatched).expect("a fit");
    let whole = median(5, || drop(analyse(spec, source, &mut Unwatched)));
    let frame = Frame::new(&analysis.prepared, Dependent::LeftOut);
    let glm = Glm::new(&frame.rows, Loss::Logistic);
    let beta = Array1::from_elem(frame.dim(), 0.01);
    let sweep = median(51, || drop(glm.value_and_gradient(&beta)));
    let settings = Settings {
        method: Method::Auto,
        batch: None,
        decay: Decay::Constant,
        max_epochs: 1000,
        tolerance: 1e-8,
        seed: 0,
    };
    let start = Array1::zeros(frame.dim());
    let descent = minimise(&glm, &start, &settings, &mut Unwatched);
    let time = median(9, || drop(minimise(&glm, &start, &settings, &mut Unwatched)));
    println!(
        "{name}: {} rows x {} columns; one gradient sweep {:.2} ms; descent {:.1} ms = {:.1} sweeps of time \
         ({:.1} passes, {}); whole fit with certificate, errors, tests of each term {:.0} ms",
        frame.memory().y.len(),
        frame.dim(),
        1e3 * sweep,
        1e3 * time,
        time / sweep,
        descent.sweeps,
        descent.reason.words(),
        1e3 * whole,
    );
}

fn median(times: usize, mut job: impl FnMut()) -> f64 {
    let mut seconds: Vec<f64> = (0..times)
        .map(|_| {
            let begun = Instant::now();
            job();
            begun.elapsed().as_secs_f64()
        })
        .collect();
    seconds.sort_by(f64::total_cmp);
    seconds[times / 2]
}
