//! What the lessons, the verdicts and the surfaces of fits must show.

use ndarray::Array1;

use crate::data::csv;
use crate::explore::exploration::{Exploration, explore, run};
use crate::explore::pair::{Model, Others, Units};
use crate::explore::request::{MethodName, RateName, RateRule, Request, RunRequest, ScheduleName};
use crate::explore::surface::Surface;
use crate::explore::verdict::Outcome;
use crate::explore::{preset, window};
use crate::fit::spec::Spec;
use crate::objective::Objective;

fn lesson(name: &str) -> Exploration {
    explore(&preset::by_name(name).expect("a lesson").request).expect("it runs")
}

fn one(surface: &str, run: RunRequest) -> Exploration {
    explore(&Request { surface: surface.to_string(), condition: None, runs: vec![run] }).expect("it runs")
}

fn fixed(start: &[f64], rate: f64, iterations: usize) -> RunRequest {
    RunRequest {
        start: start.to_vec(),
        rate: RateName::Fixed(rate),
        max_iterations: Some(iterations),
        ..RunRequest::default()
    }
}

fn end(exploration: &Exploration) -> &[f64] {
    &exploration.runs[0].points.last().expect("at least the start").at
}

#[test]
fn a_good_rate_shrinks_the_parabola_by_a_fifth_each_step() {
    let shown = lesson("simple1d");
    // |2x| <= 1e-3 first at x = 8 * 0.8^k <= 5e-4: k = ln(16000)/ln(1.25) = 43.4.
    assert_eq!(shown.runs[0].iterations, 44);
    assert!((end(&shown)[0] - 8.0 * 0.8_f64.powi(44)).abs() < 1e-15);
    assert_eq!(shown.runs[0].verdict.outcome, Outcome::Converged);
}

#[test]
fn too_high_a_rate_oscillates_by_minus_0_96_and_ends_at_1_039() {
    let shown = lesson("HIGHALPHA");
    let run = &shown.runs[0];
    assert_eq!(run.iterations, 50);
    assert!((end(&shown)[0].abs() - 1.039).abs() < 5e-4, "{:?}", end(&shown));
    assert_eq!(run.verdict.outcome, Outcome::Oscillating);
    assert!((run.verdict.factor.expect("known") - 0.96).abs() < 1e-12);
    let factors = run.decomposition.as_ref().and_then(|d| d.factors.clone()).expect("plain descent");
    assert!((factors[0] + 0.96).abs() < 1e-12);
    // |2x| = 2.078 at the end: ln(2078)/-ln(0.96) = 187.2 more.
    assert_eq!(run.verdict.steps_left, Some(188.0));
    assert!(run.verdict.en.contains("1/L = 0.5") && run.verdict.es.contains("Oscila"));
}

#[test]
fn himmelblau_from_minus_four_four_ends_where_the_page_says() {
    let shown = lesson("complex2d");
    assert_eq!(shown.runs[0].iterations, 21);
    let at = end(&shown);
    assert!((at[0] + 2.80527).abs() < 5e-6 && (at[1] - 3.13133).abs() < 5e-6, "{at:?}");
}

/// The two schedules by their formulas, step by step, with nothing of the loop.
#[test]
fn the_falling_rates_are_those_of_the_page() {
    let by_hand = |rate: &dyn Fn(i32) -> f64| {
        let (mut x, mut k) = (8.0_f64, 0);
        while (2.0 * x + 5.0 * x.cos()).abs() > 1e-3 && k < 100 {
            x -= rate(k) * (2.0 * x + 5.0 * x.cos());
            k += 1;
        }
        (x, k as usize)
    };
    for (name, rate) in [
        ("lowAlphaDecay", &(|k: i32| 0.8 / f64::from(k + 1).sqrt()) as &dyn Fn(i32) -> f64),
        ("expDecay", &|k: i32| 0.8 * 0.96_f64.powi(k)),
    ] {
        let (x, k) = by_hand(rate);
        let shown = lesson(name);
        assert_eq!(shown.runs[0].iterations, k, "{name}");
        assert!((end(&shown)[0] - x).abs() < 1e-9, "{name} {x} {:?}", end(&shown));
        assert!(shown.runs[0].points.windows(2).all(|w| w[0].rate >= w[1].rate));
    }
}

#[test]
fn a_rate_above_two_over_l_diverges_and_one_that_does_not_is_named() {
    let run = RunRequest { ..fixed(&[4.0, 1.0], 0.12, 500) };
    let shown = one("valley", run);
    let run = &shown.runs[0];
    assert_eq!(run.verdict.outcome, Outcome::Diverging);
    assert_eq!(run.verdict.stable_limit, Some(0.1));
    let stable = run.verdict.stable_rate.expect("found");
    assert!((0.05..0.1).contains(&stable), "{stable}");
    assert_eq!(one("valley", fixed(&[4.0, 1.0], stable, 2000)).runs[0].verdict.outcome, Outcome::Converged);
    let left = run.left.as_ref().expect("it leaves the picture");
    assert!(!left.came_back && left.last[1].abs() > 100.0);
    assert!(shown.window[1][1] < 10.0, "the valley stays in view: {:?}", shown.window);
    assert!(run.verdict.en.contains("2/L = 0.1"), "{}", run.verdict.en);
}

#[test]
fn a_slow_divergence_is_one_before_it_leaves_all_bounds() {
    let shown = one("parabola", fixed(&[1.0], 1.01, 30));
    assert_eq!(shown.runs[0].verdict.outcome, Outcome::Diverging, "{}", shown.runs[0].verdict.en);
}

#[test]
fn himmelblau_with_too_high_a_rate_is_offered_one_that_works() {
    let shown = one("himmelblau", fixed(&[-4.0, 4.0], 0.1, 200));
    assert_eq!(shown.runs[0].verdict.outcome, Outcome::Diverging);
    let stable = shown.runs[0].verdict.stable_rate.expect("found");
    let calm = one("himmelblau", fixed(&[-4.0, 4.0], stable, 300));
    assert_ne!(calm.runs[0].verdict.outcome, Outcome::Diverging);
    let json = serde_json::to_string(&shown).expect("writable");
    assert!(!json.contains("NaN") && !json.contains("inf"));
}

#[test]
fn rosenbrock_crawls_and_says_how_far_it_has_to_go() {
    let shown = one("rosenbrock", RunRequest { max_iterations: Some(500), ..RunRequest::default() });
    let verdict = &shown.runs[0].verdict;
    assert_eq!(verdict.outcome, Outcome::Crawling, "{}", verdict.en);
    assert!(verdict.en.contains("each update leaves"), "{}", verdict.en);
}

#[test]
fn the_pace_of_a_crawl_foretells_its_end() {
    let shown = one("valley", fixed(&[4.0, 1.0], 0.01, 300));
    let verdict = &shown.runs[0].verdict;
    assert_eq!(verdict.outcome, Outcome::Crawling);
    let whole = one("valley", fixed(&[4.0, 1.0], 0.01, 5000));
    let foretold = 300.0 + verdict.steps_left.expect("a pace");
    assert!((foretold - whole.runs[0].iterations as f64).abs() <= 2.0, "{foretold}");
}

#[test]
fn on_the_axis_the_saddle_holds_and_beside_it_does_not() {
    let on = one("saddle", fixed(&[2.0, 0.0], 0.2, 200));
    assert_eq!(on.runs[0].verdict.outcome, Outcome::Saddle, "{}", on.runs[0].verdict.en);
    let beside = one("saddle", fixed(&[2.0, 1e-3], 0.2, 200));
    assert_eq!(beside.runs[0].verdict.outcome, Outcome::Converged);
    assert!((end(&beside)[1] - 1.0).abs() < 1e-3);
    let top = one("himmelblau", fixed(&[-0.270_844_590_673, -0.923_038_556_478], 1e-3, 5));
    assert_eq!(top.runs[0].verdict.outcome, Outcome::Summit, "{}", top.runs[0].verdict.en);
}

#[test]
fn a_small_gradient_on_a_plain_is_no_minimum() {
    let shown = one("plateau", RunRequest::default());
    assert_eq!(shown.runs[0].reason, "gradient norm below tolerance");
    assert!(!shown.runs[0].converged);
    assert_eq!(shown.runs[0].verdict.outcome, Outcome::Plateau, "{}", shown.runs[0].verdict.en);
}

#[test]
fn noise_repeats_with_its_seed_and_keeps_the_path_from_settling() {
    let noisy = |seed| {
        let run = RunRequest { noise: Some(0.5), seed, ..fixed(&[-2.5, 2.0], 0.1, 100) };
        one("bowl", run)
    };
    let (a, b, c) = (noisy(1), noisy(1), noisy(2));
    assert_eq!(a.runs[0].points, b.runs[0].points);
    assert_ne!(a.runs[0].points, c.runs[0].points);
    assert_eq!(a.runs[0].verdict.outcome, Outcome::Noisy);
    assert_eq!(a.runs[0].points.len(), 101, "every update is a point");
}

#[test]
fn newton_and_the_exact_step_need_one_update_on_a_bowl_and_newton_on_any_valley() {
    for (surface, method, rate) in [
        ("bowl", MethodName::GradientDescent, RateRule::Exact),
        ("valley", MethodName::Newton, RateRule::Auto),
        ("bowl", MethodName::GradientDescent, RateRule::LineSearch),
    ] {
        let shown = one(surface, RunRequest { method, rate: RateName::Rule(rate), ..RunRequest::default() });
        assert_eq!(shown.runs[0].iterations, 1, "{surface} {method:?}");
    }
    // Two steps of Barzilai and Borwein settle a bowl; on the valley they beat 1/L by far.
    let iterations = |rate| {
        let run = RunRequest {
            rate: RateName::Rule(rate),
            tolerance: Some(1e-8),
            max_iterations: Some(5000),
            ..RunRequest::default()
        };
        one("valley", run).runs[0].iterations
    };
    assert!(5 * iterations(RateRule::BarzilaiBorwein) < iterations(RateRule::Auto));
}

#[test]
fn every_method_reaches_the_bowl() {
    for method in crate::explore::request::METHODS {
        let run =
            RunRequest { method, max_iterations: Some(5000), tolerance: Some(1e-2), ..RunRequest::default() };
        let shown = one("bowl", run);
        let run = &shown.runs[0];
        let near = end(&shown).iter().all(|v| v.abs() < 0.2);
        assert!(near, "{method:?} {} {:?}", run.verdict.en, end(&shown));
    }
}

#[test]
fn impossible_requests_are_refused() {
    let refused = |surface: &str, run: RunRequest| {
        let request = Request { surface: surface.to_string(), condition: None, runs: vec![run] };
        explore(&request).expect_err("refused").exit_status()
    };
    let plain = RunRequest::default;
    for run in [
        RunRequest { start: vec![1.0], ..plain() },
        RunRequest { start: vec![f64::NAN, 0.0], ..plain() },
        RunRequest { rate: RateName::Fixed(0.0), ..plain() },
        RunRequest { rate: RateName::Fixed(f64::INFINITY), ..plain() },
        RunRequest { max_iterations: Some(20_001), ..plain() },
        RunRequest { tolerance: Some(-1.0), ..plain() },
        RunRequest { friction: Some(1.0), ..plain() },
        RunRequest { noise: Some(-0.1), ..plain() },
        RunRequest { batch: Some(10), ..plain() },
        RunRequest { schedule: ScheduleName::Exponential, gamma: Some(1.5), ..plain() },
        RunRequest { method: MethodName::Newton, noise: Some(0.1), ..plain() },
        RunRequest { method: MethodName::Adam, rate: RateName::Rule(RateRule::Exact), ..plain() },
    ] {
        assert_eq!(refused("bowl", run.clone()), 2, "{run:?}");
    }
    assert_eq!(refused("bowel", plain()), 2);
    let many = Request { surface: "bowl".to_string(), condition: None, runs: vec![plain(); 7] };
    assert!(explore(&many).is_err());
    assert!(Surface::by_name("valley", Some(0.5)).is_err() && Surface::by_name("bowl", Some(5.0)).is_err());
}

#[test]
fn a_request_reads_what_the_page_sends() {
    let sent = r#"{"surface": "valley", "condition": 50, "runs": [{"start": [4, 1], "rate": 0.02, "max_iterations": 1000},
        {"method": "momentum", "rate": "auto", "friction": 0.8, "schedule": "inverse-root"}]}"#;
    let request: Request = serde_json::from_str(sent).expect("readable");
    let shown = explore(&request).expect("it runs");
    assert_eq!(shown.runs.len(), 2);
    let json: serde_json::Value = serde_json::to_value(&shown).expect("writable");
    assert_eq!(json["runs"][0]["verdict"]["outcome"], "converged");
    assert!(serde_json::from_str::<Request>(r#"{"surface": "bowl", "runs": [], "path": "x"}"#).is_err());
}

const TRIAL: &str = include_str!("../../data/treatment_effectiveness.csv");

fn model(text: &str, formula: &str) -> Model {
    let source = csv::Source::from_bytes("trial.csv", text.as_bytes().to_vec()).expect("readable");
    Model::read(&Spec::new(formula), &source).expect("a model")
}

#[test]
fn a_fit_s_surface_has_its_minimum_at_the_estimates_in_every_form() {
    let model = model(TRIAL, "responded ~ age + treatment + baseline_severity");
    let names = model.terms();
    let over = [names[1], names[2]];
    for others in [Others::Held, Others::Profiled] {
        for units in [Units::Standardised, Units::Raw] {
            let pair = model.pair(over, others, units).expect("two coefficients");
            let surface = Surface::Pair(Box::new(pair));
            let at = Array1::from_vec(surface.minima().remove(0));
            let (value, gradient) = surface.value_and_gradient(&at);
            let steep = surface.eigen(&at.to_vec()).largest().sqrt();
            assert!(gradient.iter().all(|g| g.abs() < 1e-7 * steep), "{others:?} {units:?} {gradient}");
            for (j, step) in [(0, 0.01), (0, -0.01), (1, 0.01), (1, -0.01)] {
                let mut aside = at.clone();
                aside[j] += step;
                let (above, slope) = surface.value_and_gradient(&aside);
                assert!(above > value);
                // The gradient is the surface's own: a difference along j agrees.
                let mut further = aside.clone();
                further[j] += 1e-6;
                let difference = (surface.value_and_gradient(&further).0 - above) / 1e-6;
                assert!(
                    (difference - slope[j]).abs() < 1e-3 * (1.0 + slope[j].abs()),
                    "{others:?} {difference} {slope}"
                );
            }
        }
    }
}

#[test]
fn profiling_lies_below_holding_and_touches_at_the_estimates() {
    let model = model(TRIAL, "responded ~ age + treatment + baseline_severity");
    let names = model.terms();
    let of = |others| {
        let pair = model.pair([names[1], names[2]], others, Units::Raw).expect("two coefficients");
        Surface::Pair(Box::new(pair))
    };
    let (held, profiled) = (of(Others::Held), of(Others::Profiled));
    let window = held.home();
    let (a, b) = (window::grid(&held, &window, 7), window::grid(&profiled, &window, 7));
    assert!(a.values.iter().zip(&b.values).all(|(held, profiled)| *profiled <= held + 1e-12));
    let at = Array1::from_vec(held.minima().remove(0));
    assert!((held.value_and_gradient(&at).0 - profiled.value_and_gradient(&at).0).abs() < 1e-12);
}

#[test]
fn a_descent_on_a_fit_ends_within_the_confidence_region() {
    let model = model(TRIAL, "responded ~ age + treatment");
    let names = model.terms();
    let pair = model.pair([names[1], names[2]], Others::Held, Units::Standardised).expect("two coefficients");
    let shown = run(&Surface::Pair(Box::new(pair)), &[RunRequest::default()]).expect("it runs");
    let run = &shown.runs[0];
    assert_eq!(run.verdict.outcome, Outcome::Converged);
    assert!(run.standard_errors_left.expect("known") < 0.1 && run.within_region_from.is_some());
    assert_eq!(shown.surface.ellipse.as_ref().map(Vec::len), Some(121));
}

#[test]
fn mini_batches_of_a_fit_are_its_rows() {
    let model = model(TRIAL, "responded ~ age + treatment");
    let names = model.terms();
    let pair = model.pair([names[1], names[2]], Others::Held, Units::Standardised).expect("two coefficients");
    let surface = Surface::Pair(Box::new(pair));
    let request = RunRequest {
        batch: Some(32),
        max_iterations: Some(126),
        tolerance: Some(1e-9),
        ..RunRequest::default()
    };
    let shown = run(&surface, &[request]).expect("it runs");
    assert_eq!(shown.runs[0].verdict.outcome, Outcome::Noisy);
    assert_eq!(shown.runs[0].points.len(), shown.runs[0].iterations + 1, "every update is a point");
}

#[test]
fn separated_data_have_a_valley_without_a_floor() {
    let text = "x,z,y\n1,3,0\n2,1,0\n3,2,0\n4,3,0\n6,1,1\n7,2,1\n8,3,1\n9,1,1\n";
    let model = model(text, "y ~ x + z");
    let pair = model.pair(["(Intercept)", "x"], Others::Held, Units::Standardised).expect("two coefficients");
    let surface = Surface::Pair(Box::new(pair));
    let shown = run(&surface, &[RunRequest { max_iterations: Some(2000), ..RunRequest::default() }])
        .expect("it runs");
    assert_eq!(shown.runs[0].verdict.outcome, Outcome::Separated);
    assert!(shown.surface.separated && shown.surface.ellipse.is_none() && shown.surface.minima.is_empty());
    assert!(!shown.runs[0].converged && shown.runs[0].verdict.en.contains("separated"));
}

#[test]
fn an_unknown_coefficient_is_named_with_those_there_are() {
    let model = model(TRIAL, "responded ~ age + treatment");
    let error =
        model.pair(["agee", "age"], Others::Held, Units::Raw).map(|_| ()).expect_err("no such column");
    assert!(error.message.contains("agee") && error.hint.expect("a hint").contains("`age`?"));
    assert!(model.pair(["age", "age"], Others::Held, Units::Raw).is_err());
}

/// R 4.2.2 on data/treatment_effectiveness.csv:
///
///   d <- read.csv("treatment_effectiveness.csv", stringsAsFactors = TRUE)
///   x <- model.matrix(~ age + treatment + baseline_severity, d)[, -1]
///   z <- apply(x, 2, function(c) (c - mean(c)) / sqrt(mean((c - mean(c))^2)))
///   fit <- glm((d$responded == "yes") ~ x, family = binomial, control = glm.control(epsilon = 1e-15, maxit = 50))
///     (then with z; then lm(d$effectiveness ~ x) and with z)
///   V <- vcov(fit)[2:3, 2:3]; b <- coef(fit)[2:3]; e <- eigen(V)
///   q <- e$vectors[, 1] * sign(e$vectors[1, 1]); r <- sqrt(qchisq(0.95, 2) * e$values)
///   for (a in c(0, pi / 4, pi / 2, 4 * pi / 3))
///     b + c(r[1] * cos(a) * q[1] - r[2] * sin(a) * q[2], r[1] * cos(a) * q[2] + r[2] * sin(a) * q[1])
///   p <- b + c(2, -0.5) * sqrt(diag(V)); t(p - b) %*% solve(V, p - b)
#[test]
fn the_confidence_region_is_that_of_r() {
    let logistic = "responded ~ age + treatment + baseline_severity";
    let linear = "effectiveness ~ age + treatment + baseline_severity";
    let (of_logistic, of_linear) = (4.089691143630, 4.201954077186);
    let by_r = [
        (
            logistic,
            Units::Raw,
            of_logistic,
            [
                [-2.326377154092e-2, 1.241983692936],
                [-1.580458933077e-2, 1.330417065248],
                [-1.337084136549e-2, 1.543856332661],
                [-3.448070623678e-2, 1.694695985720],
            ],
        ),
        (
            linear,
            Units::Raw,
            of_linear,
            [
                [-9.244771862818e-2, 9.709272322295],
                [-7.102594955040e-2, 9.950793377727],
                [-6.260865920225e-2, 10.53383591573],
                [-1.201304962792e-1, 10.94604933623],
            ],
        ),
        (
            logistic,
            Units::Standardised,
            of_logistic,
            [
                [-2.265892127740e-1, 5.876854959135e-1],
                [-1.575312910514e-1, 6.514929450703e-1],
                [-1.523413080851e-1, 7.587359825317e-1],
                [-3.854632969801e-1, 7.659603357437e-1],
            ],
        ),
        (
            linear,
            Units::Standardised,
            of_linear,
            [
                [-9.859870334657e-1, 4.564720746735],
                [-7.601118806217e-1, 4.698135951289],
                [-6.859752153320e-1, 4.979805923402],
                [-1.324259093465, 5.119719808853],
            ],
        ),
    ];
    const TURNS: [usize; 4] = [0, 15, 30, 80]; // of 120 points
    const QUANTILE: f64 = 5.99146454710798; // qchisq(0.95, 2)
    for (formula, units, squared, expected) in by_r {
        let model = model(TRIAL, formula);
        let names = model.terms();
        assert_eq!(names[1..3], ["age", "treatment[new]"]);
        for others in [Others::Held, Others::Profiled] {
            let pair = model.pair([names[1], names[2]], others, units).expect("two coefficients");
            let ellipse = pair.ellipse().expect("a region");
            for (k, wanted) in TURNS.into_iter().zip(expected) {
                for axis in 0..2 {
                    let off = (ellipse[k][axis] - wanted[axis]).abs();
                    assert!(off < 1e-6 * wanted[axis].abs(), "{formula}, {units:?}, {k}: {:?}", ellipse[k]);
                }
            }
            // the standard errors are half the box round the region, over the radius
            let centre = pair.estimate();
            let errors = [0, 1].map(|axis| {
                let most = ellipse.iter().map(|p| p[axis]).fold(f64::NEG_INFINITY, f64::max);
                (most - centre[axis]) / QUANTILE.sqrt()
            });
            let at = |share: f64| [centre[0] + share * 2.0 * errors[0], centre[1] - share * 0.5 * errors[1]];
            let edge = (QUANTILE / squared).sqrt();
            for (share, inside) in [(1.0, true), (0.99 * edge, true), (1.01 * edge, false)] {
                let (far, within) = pair.statistical_distance(&at(share)).expect("known");
                assert_eq!(within, inside, "{formula}, {units:?}, {share}");
                assert!((far - 2.0 * share).abs() < 0.01, "{far} standard errors at {share}");
            }
        }
    }
}
