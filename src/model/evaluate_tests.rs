//! Tests of evaluation and recalibration: models fitted to small made-up files meet other small files.

use ndarray_rand::rand::Rng;

use crate::data::csv::Source;
use crate::error::Error;
use crate::fit::fit;
use crate::fit::spec::Spec;
use crate::model::{EvaluateOptions, Evaluated, Evaluation, Model, Performance, Recalibrate};
use crate::num::random::stream;
use crate::num::special::expit;
use crate::optimise::watch::Unwatched;
use crate::performance::logistic::Asked;

/// Patients with a number, a site of three and an outcome whose log odds are shift + 0.8 x + the site's.
fn patients(n: usize, shift: f64, part: u64) -> Vec<(f64, usize, bool)> {
    let mut random = stream(7, "patients", part);
    let mut uniform = || random.random::<f64>();
    (0..n)
        .map(|_| {
            let x = 4.0 * uniform() - 2.0;
            let site = (3.0 * uniform()) as usize;
            let log_odds = shift + 0.8 * x + 0.5 * site as f64;
            (x, site, uniform() < expit(log_odds))
        })
        .collect()
}

fn file(patients: &[(f64, usize, bool)]) -> String {
    let rows = patients.iter().map(|(x, site, event)| {
        let y = 2.0 * x + *site as f64 + f64::from(u8::from(*event));
        format!("{x},{},{},{y}\n", ["a", "b", "c"][*site], if *event { "yes" } else { "no" })
    });
    format!("x,site,died,y\n{}", rows.collect::<String>())
}

fn source(text: &str) -> Source {
    Source::from_bytes("new.csv", text.as_bytes().to_vec()).expect("a table")
}

fn model(formula: &str) -> Model {
    let development = source(&file(&patients(400, -1.0, 1)));
    Model::from_fit(&fit(&Spec::new(formula), &development, &mut Unwatched).expect("a fit"))
}

fn options() -> EvaluateOptions {
    EvaluateOptions {
        outcome: None,
        event: None,
        weights: None,
        na: Vec::new(),
        asked: Asked { conf_level: 0.95, thresholds: Vec::new() },
    }
}

fn evaluated(model: &Model, text: &str) -> Evaluated {
    model.evaluate(&source(text), &options()).expect("it can be evaluated")
}

/// Calibration in the large, the intercept beside the slope, the slope.
fn calibration(e: &Evaluated) -> (f64, f64, f64) {
    let (large, line) = match &e.performance {
        Performance::Logistic(p) => (p.calibration_intercept, p.calibration_line),
        Performance::Linear(p) => (p.calibration_intercept, p.calibration_line),
    };
    let line = line.expect("a slope");
    (large.expect("an intercept").value, line.intercept.value, line.slope.value)
}

#[test]
fn a_recalibrated_model_is_calibrated_on_those_data_and_says_how_it_came_about() {
    let new = file(&patients(300, 0.4, 2));
    for formula in ["died ~ x + site", "y ~ x * site"] {
        let model = model(formula);
        let before = evaluated(&model, &new);
        assert!(calibration(&before).0.abs() > 0.01, "the shift is seen");
        for kind in [Recalibrate::Intercept, Recalibrate::Slope] {
            let again = model.recalibrated(&before, kind).expect("recalibrated");
            let read = Model::from_json(&again.to_json()).expect("our own file");
            assert_eq!(read, again);
            let (large, free, slope) = calibration(&evaluated(&read, &new));
            assert!(large.abs() < 1e-8, "{formula} {kind:?}: {large}");
            if kind == Recalibrate::Slope {
                assert!(free.abs() < 1e-8 && (slope - 1.0).abs() < 1e-8, "{formula}: {free} {slope}");
            }
            let notice = again.data.notices.last().expect("a notice");
            assert!(notice.contains("recalibrated (intercept") && notice.contains("`new.csv`"), "{notice}");
            let predictions = read.predict(&source(&new), 0.95).expect("it predicts");
            assert!(predictions.interval.is_none() && predictions.prediction.iter().all(Option::is_some));
            // The aggregates of the linear predictor on the data of the fit follow.
            let own = evaluated(&read, &file(&patients(400, -1.0, 1))).case_mix.linear_predictor;
            let told = read.case_mix.expect("aggregates").linear_predictor;
            assert!((told.mean.expect("a mean") - own.mean).abs() < 1e-9);
            assert!((told.sd.expect("an sd") - own.sd).abs() < 1e-9);
        }
    }
}

#[test]
fn on_its_own_data_a_fit_is_calibrated_has_the_same_case_mix_and_says_that_this_is_no_validation() {
    for formula in ["died ~ x + site", "y ~ x * site"] {
        let model = model(formula);
        let own = evaluated(&model, &file(&patients(400, -1.0, 1)));
        let (large, free, slope) = calibration(&own);
        assert!(large.abs() < 1e-8 && free.abs() < 1e-8 && (slope - 1.0).abs() < 1e-8, "{formula}");
        assert!(
            own.ledger.notices.iter().any(|n| n.contains("not a validation")),
            "{:?}",
            own.ledger.notices
        );
        let difference = Evaluation::of(&model, &own).case_mix.expect("aggregates");
        for (name, v) in &difference.variables.0 {
            assert!(v.standardised_difference.expect("it varies").abs() < 1e-9, "{name}");
        }
        assert!(difference.linear_predictor.standardised_difference.expect("it varies").abs() < 1e-9);
        if let Performance::Logistic(p) = &own.performance {
            let close = |a: Option<f64>, b: f64| (a.expect("in the model file") - b).abs() < 1e-9;
            assert!(close(model.fit.auc, p.auc.value) && close(model.fit.brier, p.brier));
            assert!(close(model.fit.scaled_brier, p.scaled_brier) && close(model.fit.log_loss, p.log_loss));
            // The refit on the linear predictor is the model itself, so its coefficients of determination are too.
            assert!(close(model.fit.nagelkerke_r2, p.nagelkerke_r2.expect("a slope")));
        }
    }
}

#[test]
fn the_calibration_curve_is_the_fit_of_a_spline_of_the_linear_predictor() {
    let found = evaluated(&model("died ~ x + site"), &file(&patients(600, 0.4, 3)));
    let Performance::Logistic(p) = &found.performance else { panic!("logistic") };
    let curve = p.curve.as_ref().expect("a curve");
    assert_eq!(curve.knots.len(), 5);
    let rows = found.linear_predictor.iter().zip(&found.outcome).map(|(lp, y)| format!("{lp},{y}\n"));
    let table = source(&format!("lp,y\n{}", rows.collect::<String>()));
    let spline = fit(&Spec::new("y ~ rcs(lp, 5)"), &table, &mut Unwatched).expect("a fit");
    let distance: Vec<f64> =
        spline.fitted.iter().zip(&found.linear_predictor).map(|(f, lp)| (f - expit(*lp)).abs()).collect();
    let mean = distance.iter().sum::<f64>() / distance.len() as f64;
    assert!((mean - curve.ici).abs() < 1e-9, "{mean} {}", curve.ici);
    // Its band is the interval of that model's predictions.
    let at: String =
        curve.points.iter().map(|q| format!("{}\n", crate::num::special::logit(q.predicted))).collect();
    let predicted =
        Model::from_fit(&spline).predict(&source(&format!("lp\n{at}")), 0.95).expect("it predicts");
    for (q, ends) in curve.points.iter().zip(predicted.interval.expect("a covariance")) {
        let (low, high) = ends.expect("a row");
        assert!((q.low - low).abs() < 1e-8 && (q.high - high).abs() < 1e-8, "{q:?} {low} {high}");
    }
}

#[test]
fn weights_equal_repeated_rows_and_gaps_are_counted() {
    let rows = patients(200, 0.0, 4);
    let weighted: String = file(&rows)
        .lines()
        .enumerate()
        .map(|(i, line)| match i {
            0 => format!("{line},w\n"),
            _ => format!("{line},{}\n", i % 3),
        })
        .collect();
    let repeated: Vec<_> =
        rows.iter().enumerate().flat_map(|(i, row)| std::iter::repeat_n(*row, (i + 1) % 3)).collect();
    let model = model("died ~ x + site");
    let with = EvaluateOptions { weights: Some("w".to_string()), ..options() };
    let a = model.evaluate(&source(&weighted), &with).expect("weighted");
    let b = evaluated(&model, &file(&repeated));
    let near = |x: f64, y: f64| assert!((x - y).abs() < 1e-9, "{x} {y}");
    let (x, y) = (calibration(&a), calibration(&b));
    near(x.0, y.0);
    near(x.2, y.2);
    near(a.case_mix.linear_predictor.sd, b.case_mix.linear_predictor.sd);
    assert_eq!(a.ledger.dropped_otherwise, [("`w` is 0".to_string(), 66)]);

    let gaps = file(&rows).replacen(",yes,", ",,", 2).replacen(",b,", ",NA,", 1);
    let found = evaluated(&model, &gaps);
    assert_eq!(found.ledger.missing, [("site".to_string(), 1), ("died".to_string(), 2)]);
    assert_eq!(found.ledger.rows_dropped() + found.outcome.len(), 200);
}

#[test]
fn another_name_and_other_words_for_the_outcome_change_nothing() {
    let new = file(&patients(250, 0.2, 5));
    let renamed = new.replacen("died", "dead30", 1).replace(",yes,", ",1,").replace(",no,", ",0,");
    let model = model("died ~ x + site");
    let plain = evaluated(&model, &new);
    let with =
        EvaluateOptions { outcome: Some("dead30".to_string()), event: Some("1".to_string()), ..options() };
    let other = model.evaluate(&source(&renamed), &with).expect("renamed");
    assert_eq!(plain.performance, other.performance);
    assert_eq!((other.outcome_name.as_str(), other.event.as_deref()), ("dead30", Some("1")));
}

#[test]
fn an_evaluation_reads_back_and_holds_no_single_risk() {
    for formula in ["died ~ x + site", "y ~ x * site"] {
        let model = model(formula);
        let mut asked = options();
        if formula.starts_with("died") {
            asked.asked.thresholds = vec![0.2, 0.5];
        }
        let found = model.evaluate(&source(&file(&patients(80, 0.2, 6))), &asked).expect("evaluated");
        let evaluation = Evaluation::of(&model, &found);
        let text = evaluation.to_json();
        let read: Evaluation = serde_json::from_str(&text).expect("our own file");
        assert_eq!(read, evaluation);
        for lp in &found.linear_predictor {
            assert!(!text.contains(&format!("{lp}")) && !text.contains(&format!("{}", expit(*lp))), "{lp}");
        }
    }
}

#[test]
fn a_model_file_without_aggregates_is_evaluated_without_a_comparison() {
    let mut old = model("died ~ x + site");
    old.case_mix = None;
    let text = old.to_json();
    assert!(!text.contains("case_mix") && !text.contains("recalibration"));
    let read = Model::from_json(&text).expect("an older file");
    assert_eq!(Evaluation::of(&read, &evaluated(&read, &file(&patients(90, 0.0, 7)))).case_mix, None);
}

#[test]
fn what_cannot_be_evaluated_is_refused_with_the_place() {
    let logistic = model("died ~ x + site");
    let new = file(&patients(60, 0.0, 8));
    let refused = |text: &str, options: EvaluateOptions| -> Error {
        logistic.evaluate(&source(text), &options).expect_err("refused")
    };
    let says = |error: Error, words: &[&str], status: u8| {
        assert_eq!(error.exit_status(), status, "{}", error.message);
        let whole = format!("{} {}", error.message, error.hint.unwrap_or_default());
        assert!(words.iter().all(|w| whole.contains(w)), "{whole}");
    };
    let named = |outcome: &str| EvaluateOptions { outcome: Some(outcome.to_string()), ..options() };
    let event = |event: &str| EvaluateOptions { event: Some(event.to_string()), ..options() };
    says(refused(&new.replacen("died", "dead", 1), options()), &["`died`", "new.csv", "--outcome"], 1);
    says(refused(&new, named("nope")), &["`nope`"], 1);
    says(refused(&new, named("x")), &["two values", "`x` has 60"], 1);
    says(refused(&new.replace(",yes,", ",no,"), options()), &["`died` is no in all 60 rows"], 1);
    says(refused(&new.replacen(",no,", ",unknown,", 1), options()), &["line ", "`unknown`", "--na"], 1);
    says(refused(&new, event("perhaps")), &["--event perhaps", "no, yes"], 1);
    says(refused(&new.replacen(",a,", ",d,", 1), options()), &["`site`", "line ", "`d`"], 1);
    says(refused(&new.replace(",yes,", ",,").replace(",no,", ",,"), options()), &["no row", "died"], 1);
    says(refused(&new.replacen("site", "centre", 1), options()), &["`site`"], 1);
    let thresholds =
        |t: f64| EvaluateOptions { asked: Asked { conf_level: 0.95, thresholds: vec![t] }, ..options() };
    for t in [0.0, 1.0, -0.2, f64::NAN] {
        says(refused(&new, thresholds(t)), &["threshold"], 2);
    }
    let linear = model("y ~ x + site");
    let error = |options| linear.evaluate(&source(&new), &options).expect_err("refused");
    says(error(event("yes")), &["linear"], 2);
    says(error(thresholds(0.2)), &["no risks"], 2);
    let constant = "x,site,died,y\n1,a,no,3\n2,b,no,3\n0,c,no,3\n";
    says(linear.evaluate(&source(constant), &options()).expect_err("refused"), &["outcome 3"], 1);
}

#[test]
fn a_model_without_an_intercept_or_with_an_offset_is_not_forced() {
    let new = file(&patients(200, 0.4, 9));
    let without = model("died ~ x - 1");
    let error =
        without.recalibrated(&evaluated(&without, &new), Recalibrate::Intercept).expect_err("refused");
    assert!(error.message.contains("no intercept"), "{}", error.message);
    let offset = model("died ~ site + offset(x)");
    let found = evaluated(&offset, &new);
    assert!(offset.recalibrated(&found, Recalibrate::Intercept).is_ok());
    let error = offset.recalibrated(&found, Recalibrate::Slope).expect_err("refused");
    assert!(error.message.contains("offset"), "{}", error.message);
}

/// Case mix, ledger, measures and the numbers of single patients, to the last bit.
#[test]
fn an_evaluation_is_the_same_in_pieces_of_any_size() {
    let rows = file(&patients(300, 0.3, 11));
    let row = |(i, line): (usize, &str)| match i {
        0 => format!("{line},w,note\n"),
        _ if i % 17 == 0 => format!("NA{},{},\n", &line[line.find(',').unwrap_or(0)..], i % 4),
        _ if i % 23 == 0 => format!("{},{},\n", line.replacen(",yes,", ",,", 1), i % 4),
        _ => format!("{line},{},\"two\nlines\"\n", i % 4),
    };
    let text: String = rows.lines().enumerate().map(row).collect();
    let weighted = EvaluateOptions { weights: Some("w".to_string()), ..options() };
    for formula in ["died ~ x + site", "y ~ x * site + offset(x)", "died ~ 1", "y ~ rcs(x, 3) + w + died"] {
        let model = model_of(formula);
        for asked in [options(), weighted.clone()] {
            let of = |piece: usize| {
                let source = Source::in_pieces("new.csv", text.as_bytes(), piece).expect("a CSV");
                assert!(source.n_pieces() > 10 || piece > 10_000, "{}", source.n_pieces());
                format!("{:?}", model.evaluate(&source, &asked).expect("evaluated"))
            };
            let whole = of(1_000_000);
            assert_eq!(of(100), whole, "{formula}");
            assert_eq!(of(777), whole, "{formula}");
        }
    }
}

/// A model of rows that have weights too.
fn model_of(formula: &str) -> Model {
    let rows = file(&patients(400, -1.0, 1));
    let row = |(i, line): (usize, &str)| match i {
        0 => format!("{line},w\n"),
        _ => format!("{line},{}\n", i % 5),
    };
    let text: String = rows.lines().enumerate().map(row).collect();
    Model::from_fit(&fit(&Spec::new(formula), &source(&text), &mut Unwatched).expect("a fit"))
}

#[test]
fn what_is_wrong_in_a_late_piece_is_told_with_its_line() {
    let rows = file(&patients(300, 0.3, 12));
    let refused = |formula: &str, text: &str, options: &EvaluateOptions| {
        let source = Source::in_pieces("new.csv", text.as_bytes(), 100).expect("a CSV");
        assert!(source.n_pieces() > 10);
        model(formula).evaluate(&source, options).expect_err("refused").message
    };
    let last = |cells: &str| format!("{rows}{cells}\n");
    let message = refused("died ~ x + site", &last("0,a,perhaps,1"), &options());
    assert!(message.starts_with("outcome `died`, line 302: `perhaps`"), "{message}");
    let message = refused("y ~ exp(x) + site", &last("1000,a,no,1"), &options());
    assert!(message.starts_with("line 302: `exp(x)` is not a finite number"), "{message}");
    let message = refused("y ~ x + site", &last("1.7e308,a,no,1"), &options());
    assert_eq!(message, "line 302: the linear predictor is inf");
    let weights = EvaluateOptions { weights: Some("x".to_string()), ..options() };
    let positive = rows.replace("\n-", "\n");
    let message = refused("y ~ site", &format!("{positive}-2,a,no,1\n"), &weights);
    assert_eq!(message, "weight `x`, line 302: -2");
}
