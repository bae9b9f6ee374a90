//! Bootstrap intervals of a treatment's effect from rows on disk against those from arrays.

use crate::data::csv::Source;
use crate::effects::fixture::{analyse, trial};
use crate::effects::result::{EffectInterval, Findings, Question};
use crate::effects::{estimate, estimate_swept};
use crate::fit::large::{Large, Storage, fit};
use crate::fit::spec::{ClusterCorrection, Penalty, Robust, Spec};
use crate::optimise::watch::Unwatched;
use crate::validate::swept::refits;

fn swept(csv: &str, spec: &Spec) -> Large {
    let source = Source::from_bytes("trial.csv", csv.as_bytes().to_vec()).expect("a good table");
    fit(spec, &source, &Storage::Disk(std::env::temp_dir()), &mut Unwatched).expect("a fit")
}

/// The same draws as of arrays, and in each the same means: the standard errors and percentiles agree to what is left of a descent.
#[test]
fn resamples_of_rows_on_disk_are_those_of_arrays() {
    let clusters = Robust::Cluster { variable: "w".to_string(), correction: ClusterCorrection::Cr1 };
    let folder = std::env::temp_dir();
    let many = trial(9500, 11); // of which a few sweeps are enough
    let few = trial(600, 12); // of which each fit goes all the way
    for (csv, spec) in [
        (&many, Spec::new("event ~ arm + rcs(age, 4) + sex")),
        (&many, Spec { weights: Some("w".to_string()), ..Spec::new("event ~ arm + age") }),
        (&few, Spec::new("event ~ arm * sex + rcs(age, 3)")),
        (&few, Spec { robust: clusters, ..Spec::new("score ~ arm + age") }),
        (&few, Spec { penalty: Penalty::Firth, ..Spec::new("event ~ arm + age") }),
    ] {
        let asked = Question {
            interval: EffectInterval::Bootstrap(40),
            treatment: "arm".to_string(),
            event_is: None,
        };
        let arrays = estimate(&asked, &analyse(csv, &spec), &|| false).expect("an answer");
        let large = swept(csv, &spec);
        let disk = estimate_swept(
            &asked,
            &large.fit,
            &large.laid,
            &|| refits(&large.fit, &large.laid, &folder, &|| false),
            &|| false,
        );
        let (Findings::Known(arrays), Findings::Known(disk)) = (arrays, disk.expect("an answer")) else {
            panic!("{}", spec.formula);
        };
        assert_eq!(arrays.resamples, disk.resamples);
        for (x, y) in arrays.contrasts[0].marginal.iter().zip(&disk.contrasts[0].marginal) {
            let (x, y) = (x.bootstrap.expect("drawn"), y.bootstrap.expect("drawn"));
            for (a, b) in [(x.std_error, y.std_error), (x.low, y.low), (x.high, y.high)] {
                assert!((a - b).abs() < 1e-4 * x.std_error, "{}: {a} {b}", spec.formula);
            }
        }
    }
}
