//! The first tab: what is shown is what the engine says.

use clinreg::explore::exploration::Exploration;
use clinreg::explore::explore;
use clinreg::explore::request::{RateName, Request, RunRequest};

use crate::browser::driver::{open, until_in, value_in};

/// A descent as the page asks for it, asked of the library.
fn engine(surface: &str, condition: Option<f64>, start: &[f64], rate: f64) -> Exploration {
    let run = RunRequest {
        start: start.to_vec(),
        rate: RateName::Fixed(rate),
        tolerance: Some(1e-3),
        max_iterations: Some(200),
        ..RunRequest::default()
    };
    explore(&Request { surface: surface.to_string(), condition, runs: vec![run] }).expect("a good request")
}

fn numbers(text: &str) -> Vec<f64> {
    text.split(',').map(|n| n.parse().expect("a number")).collect()
}

const VALLEY: &str = "#explore?surface=valley&condition=20&run=gradient-descent;rate=0.08;start=-4,1.1;tolerance=0.001;max_iterations=200";

#[test]
fn a_click_on_the_map_chooses_the_start_and_the_path_arrives() {
    let Some(page) = open(VALLEY) else { return };
    page.settled();
    page.choose("#explore-speed", "1000");
    page.until("location.hash.includes('speed=1000')");
    page.click_at("canvas.map", 0.75, 0.3);
    page.until("location.hash.includes('start=') && !location.hash.includes('start=-4,1.1')");
    page.settled();
    page.until("document.querySelector('#verdict').dataset.outcome === 'converged'");
    let hash = page.text("location.hash");
    let start =
        hash.split("start=").nth(1).and_then(|s| s.split(';').next()).expect("a start in the address");
    let start = numbers(start);
    assert!(start[0] > 1.0 && start[1] > 0.2, "to the right and above: {start:?}");
    let last = engine("valley", Some(20.0), &start, 0.08).runs[0].points.last().expect("points").at.clone();
    assert_eq!(numbers(&page.text("document.querySelector('#fact-place').dataset.value")), last);
    page.was_clean();
}

#[test]
fn the_rate_slides_until_it_diverges_and_the_verdict_names_the_limit() {
    let Some(page) = open(VALLEY) else { return };
    page.settled();
    page.until("document.querySelector('#verdict').dataset.outcome === 'converged'");
    page.press("#rate-slider", "End");
    page.until("document.querySelector('#verdict').dataset.outcome === 'diverging'");
    let expected = engine("valley", Some(20.0), &[-4.0, 1.1], 10.0).runs[0].verdict.clone();
    assert_eq!(page.words("#verdict p"), expected.en);
    assert!(expected.en.contains("0.1"), "names 2/L: {}", expected.en);
    page.click("#lang-es");
    page.until(&format!("document.querySelector('#verdict p').textContent === {:?}", expected.es));
    page.was_clean();
}

#[test]
fn each_single_step_shows_the_engines_gradient_norm() {
    let Some(page) = open(VALLEY) else { return };
    page.settled();
    page.click("#explore-reset");
    let run = &engine("valley", Some(20.0), &[-4.0, 1.1], 0.08).runs[0];
    for node in &run.points[..4] {
        page.until(&format!("document.querySelector('#verdict').dataset.update === '{}'", node.iteration));
        let shown: f64 =
            page.text("document.querySelector('#fact-norm').dataset.value").parse().expect("a number");
        assert_eq!(shown, node.gradient_norm, "update {}", node.iteration);
        page.click("#explore-step");
    }
    page.was_clean();
}

#[test]
fn an_address_that_was_sent_shows_the_same() {
    let Some(page) = open("#explore") else { return };
    page.settled();
    page.choose("#surface", "himmelblau");
    page.settled();
    page.click("#add-path");
    page.until("document.querySelectorAll('.paths .chip').length === 2");
    page.settled();
    page.choose("#explore-method", "momentum");
    page.until("document.querySelectorAll('.paths .chip')[1].textContent.includes('Momentum')");
    page.settled();
    page.click("#view-solid");
    page.click("#explore-reset");
    for _ in 0..7 {
        page.click("#explore-step");
    }
    page.until("location.hash.includes('update=7') && location.hash.includes('momentum')");
    let shown = "['#fact-norm', '#fact-place', '.paths .chips', '#verdict', '.count', '.formula-shown'].map((c) => \
                 document.querySelector(c).textContent).join('|') + document.querySelector('#view-solid').ariaPressed";
    let here = page.text(shown);
    let other = page.beside(&page.text("location.href"));
    until_in(&other, "document.querySelector('#verdict')?.dataset.update === '7'");
    assert_eq!(value_in(&other, shown).as_str(), Some(here.as_str()));
    assert!(here.contains("Momentum") && here.ends_with("true"), "{here}");
    page.tab.reload(true, None).expect("reloads");
    page.until("document.querySelector('#verdict')?.dataset.update === '7'");
    assert_eq!(page.text(shown), here);
    page.was_clean();
}

#[test]
fn the_loss_of_a_real_fit_can_be_walked_by_keyboard() {
    let Some(page) = open("#explore") else { return };
    page.settled();
    page.choose("#surface", "fit");
    page.settled();
    page.until("location.hash.includes('data=%40treatment_effectiveness')");
    page.until("document.querySelectorAll('#over-0 option').length > 5");
    let place = "document.querySelector('#start-x').value";
    let before: f64 = page.text(place).parse().expect("a number");
    page.press("canvas.map", "ArrowRight");
    page.until(&format!("Number({place}) > {before}"));
    page.settled();
    page.was_clean();
}

/// Patients whose outcome is coded by two words that do not say which of them is the event.
fn two_words() -> String {
    let row = |k: usize| {
        format!("{},{},{}", 40 + (k * 7) % 30, (k * 5) % 11, if (k * 5) % 7 < 3 { "worse" } else { "calm" })
    };
    format!("age,dose,state\n{}\n", (0..60).map(row).collect::<Vec<_>>().join("\n"))
}

#[test]
fn a_dropped_file_can_be_explored_without_a_reload_and_its_event_chosen() {
    let Some(page) = open("#explore") else { return };
    page.settled();
    page.click("#tab-train");
    page.until("!document.querySelector('#train-start').disabled");
    page.drop_file("mine.csv", &two_words());
    page.until("document.querySelector('#panel-train .note[data-rows]')?.dataset.rows === '60'");
    page.click("#tab-explore");
    page.until(
        "[...document.querySelectorAll('#explore-data option')].some((o) => o.textContent === 'mine.csv')",
    );
    page.choose("#explore-speed", "1000");
    page.choose("#surface", "fit");
    page.settled();
    page.choose("#explore-data", "d1");
    // nobody can know which is the event: the page asks, and offers both
    page.until("[...document.querySelectorAll('#panel-explore .problem')].some((p) => p.checkVisibility() && p.textContent.includes('Which value'))");
    page.until("[...document.querySelectorAll('#explore-event option')].map((o) => o.value).join() === ',calm,worse'");
    page.choose("#explore-event", "worse");
    page.until("location.hash.includes('event=worse')");
    page.settled();
    let place = || numbers(&page.text("document.querySelector('#fact-place').dataset.value"));
    page.until("document.querySelector('#verdict').dataset.outcome === 'converged'");
    let worse = place();
    page.choose("#explore-event", "calm");
    page.until("location.hash.includes('event=calm')");
    page.settled();
    page.until("document.querySelector('#verdict').dataset.outcome === 'converged'");
    let calm = place();
    assert!(worse[0].abs() > 1e-3, "{worse:?}");
    for axis in 0..2 {
        assert!(
            (worse[axis] + calm[axis]).abs() < 1e-9,
            "the other event turns the signs: {worse:?}, {calm:?}"
        );
    }
}

#[test]
fn with_reduced_motion_play_jumps_to_the_end() {
    let Some(page) = open(VALLEY) else { return };
    page.settled();
    page.size(1280, 900, true);
    page.choose("#explore-speed", "2");
    page.click("#explore-reset");
    page.until("document.querySelector('#verdict').dataset.update === '0'");
    page.click("#explore-play");
    // at two updates a second the way to the end would take more than a minute
    page.until("document.querySelector('#verdict').dataset.outcome === 'converged'");
    page.was_clean();
}
