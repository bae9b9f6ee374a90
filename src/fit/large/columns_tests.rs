//! What goes to the columns of the data once more, or to the rows more than once: raw columns, smaller models, rows by themselves, Firth.

use crate::error::Kind;
use crate::fit::large::tests::{agree, near, on_disk, registry};
use crate::fit::large::{Large, Storage, fit};
use crate::fit::result::{ByRow, Fit};
use crate::fit::spec::{MethodName, Penalty, Spec};
use crate::optimise::watch::Unwatched;

fn both(spec: &Spec, rows: usize) -> (Fit, Large) {
    let source = registry(rows);
    let arrays = crate::fit::fit(spec, &source, &mut Unwatched).expect("a fit");
    let swept = fit(spec, &source, &on_disk(), &mut Unwatched).expect("a fit");
    (arrays, swept)
}

#[test]
fn firth_s_answer_is_that_of_arrays() {
    let firth = Spec { penalty: Penalty::Firth, ..Spec::new("died ~ rcs(age, 4) + sbp + site + twice") };
    let (arrays, swept) = both(&firth, 3000);
    agree(&arrays, &swept.fit);
    let told = |fit: &Fit| fit.statistics.penalised_log_likelihood.expect("Firth's");
    near(told(&arrays), told(&swept.fit), told(&arrays).abs(), "penalised log-likelihood");
    let linear = Spec { formula: "days ~ age".to_string(), ..firth };
    let refused = fit(&linear, &registry(100), &on_disk(), &mut Unwatched).expect_err("a linear model");
    assert_eq!(refused.kind, Kind::Usage);
}

#[test]
fn raw_columns_on_disk_are_descended_as_raw_arrays_are() {
    let raw = Spec { raw_scale: true, ..Spec::new("died ~ age + sex + sbp + twice") };
    let crawling = Spec { method: MethodName::Momentum, max_epochs: Some(40), ..raw.clone() };
    let weighted = Spec { weights: Some("n".to_string()), ..raw.clone() };
    for spec in [raw, crawling, weighted] {
        let (arrays, swept) = both(&spec, 2000);
        agree(&arrays, &swept.fit);
        assert_eq!(arrays.history.records.len(), swept.fit.history.records.len(), "{:?}", spec.method);
        assert_eq!(arrays.convergence.converged, swept.fit.convergence.converged);
    }
}

#[test]
fn a_smaller_model_is_tested_on_the_same_rows_and_one_that_is_none_is_refused() {
    let text = |formula: &str| formula.to_string();
    let logistic = Spec::new("died ~ rcs(age, 4) * sex + sbp + site");
    for spec in [
        Spec { against: Some(text("died ~ age + sex + site")), ..logistic.clone() },
        Spec {
            against: Some(text("died ~ rcs(age, 4)")),
            weights: Some(text("n")),
            penalty: Penalty::None,
            ..logistic.clone()
        },
        Spec { against: Some(text("days ~ sbp")), ..Spec::new("days ~ age + poly(sbp, 2) + offset(share)") },
        Spec { against: Some(text("days ~ sbp")), ..Spec::new("days ~ age + poly(sbp, 2) + twice") },
    ] {
        let source = registry(3000);
        let arrays = crate::fit::fit(&spec, &source, &mut Unwatched);
        let swept = fit(&spec, &source, &on_disk(), &mut Unwatched);
        match (arrays, swept) {
            (Ok(arrays), Ok(swept)) => {
                let test = |fit: &Fit| fit.statistics.likelihood_ratio.clone().expect("a test");
                let (a, b) = (test(&arrays), test(&swept.fit));
                assert_eq!((&a.against, a.df), (&b.against, b.df));
                near(a.chisq, b.chisq, a.chisq, "chi-squared");
                near(a.p_value, b.p_value, 1.0, "p");
            }
            (Err(a), Err(b)) => assert_eq!((a.message, a.hint), (b.message, b.hint)),
            _ => panic!("only one of the two is refused: {}", spec.formula),
        }
    }
    let outside = Spec { against: Some(text("died ~ poly(age, 3)")), ..logistic };
    let refused = fit(&outside, &registry(1000), &on_disk(), &mut Unwatched).expect_err("not nested");
    assert!(refused.message.contains("is not part of the model"), "{}", refused.message);
}

#[test]
fn each_row_says_what_it_says_of_arrays() {
    for formula in ["died ~ rcs(age, 3) + sbp + site", "days ~ age + sex + twice"] {
        for penalty in [Penalty::None, Penalty::ElasticNet { lambda: Some(0.01), alpha: 0.0 }] {
            let spec = Spec { save_fitted: true, penalty, ..Spec::new(formula) };
            let (arrays, swept) = both(&spec, 9000);
            let wanted = arrays.by_row.expect("asked for");
            let (mut fitted, mut found) = (Vec::new(), Vec::new());
            let make = |means: &[f64], rows: &ByRow| Ok((means.to_vec(), rows.clone()));
            let mut take = |(means, rows): (Vec<f64>, ByRow)| {
                fitted.extend(means);
                found.push(rows);
                Ok(())
            };
            swept.laid.by_row(&make, &mut take).expect("rows");
            let all = |of: &dyn Fn(&ByRow) -> Vec<f64>| found.iter().flat_map(of).collect::<Vec<f64>>();
            assert_eq!(found.iter().flat_map(|rows| rows.lines.clone()).collect::<Vec<_>>(), wanted.lines);
            assert_eq!(all(&|rows| rows.outcome.clone()), wanted.outcome);
            alike(&fitted, &arrays.fitted);
            match &wanted.residuals {
                Some(wanted) => {
                    let of = |rows: &ByRow| rows.residuals.clone().expect("residuals");
                    alike(&all(&|rows| of(rows).cooks_distance), &wanted.cooks_distance);
                    alike(&all(&|rows| of(rows).standardised_deviance), &wanted.standardised_deviance);
                }
                None => assert!(found.iter().all(|rows| rows.residuals.is_none())),
            }
        }
    }
    let plain = fit(&Spec::new("days ~ age"), &registry(100), &on_disk(), &mut Unwatched).expect("a fit");
    plain.laid.by_row(&|_, _| Ok(()), &mut |()| panic!("it was not asked for")).expect("nothing");
}

fn alike(found: &[f64], wanted: &[f64]) {
    assert_eq!(found.len(), wanted.len());
    for (a, b) in found.iter().zip(wanted) {
        near(*a, *b, 1.0 + b.abs(), "row");
    }
}

#[test]
fn in_memory_the_columns_have_gone_and_that_is_said() {
    for spec in [
        Spec { raw_scale: true, ..Spec::new("died ~ age") },
        Spec { save_fitted: true, ..Spec::new("died ~ age") },
        Spec { against: Some("died ~ 1".to_string()), ..Spec::new("died ~ age") },
    ] {
        let refused = fit(&spec, &registry(100), &Storage::Memory, &mut Unwatched).expect_err("no columns");
        assert!(refused.message.contains("the columns of the data"), "{}", refused.message);
    }
}
