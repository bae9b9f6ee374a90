//! The third tab: ten steps, each with a question that the engine judges.

use serde_json::Value;

use crate::browser::driver::{Page, open};

fn judged(page: &Page, right: bool) {
    page.until(&format!("document.querySelector('#learn-verdict').dataset.right === '{right}'"));
}

#[test]
fn every_lesson_asks_and_judges() {
    let Some(page) = open("#learn") else { return };
    page.until("document.querySelectorAll('.steps li').length === 10");
    let steps = page.text("fetch('/api/learn/steps').then((a) => a.text())");
    let steps: Vec<Value> = serde_json::from_str(&steps).expect("JSON");
    for (k, step) in steps.iter().enumerate() {
        let id = step["id"].as_str().expect("a name");
        page.until(&format!("document.querySelector('#step-{id}').getAttribute('aria-current') === 'step'"));
        let words = page.words(".lesson");
        assert!(!words.contains("learn.") && !words.contains('{'), "{id}: {words}");
        if step["kind"] == "number" {
            answer_number(&page, &step["numbers"], id);
        } else {
            answer_choice(&page, &step["choices"]);
        }
        page.until(&format!("document.querySelector('#step-{id}').classList.contains('done')"));
        let said = page.words("#learn-verdict");
        assert!(!said.contains('{') && !said.contains("learn.") && !said.contains('–'), "{id}: {said}");
        if k + 1 < steps.len() {
            page.click("#next-step");
        }
    }
    page.was_clean();
}

/// First something wrong, then what the engine's numbers say.
fn answer_number(page: &Page, numbers: &Value, id: &str) {
    let name = match id {
        "valley" => "limit",
        "classic" => "far",
        _ => "from",
    };
    let right = numbers[name].as_f64().expect("a number");
    for (answer, is_right) in [(right * 2.0 + 1.0, false), (right, true)] {
        page.value(&format!("document.querySelector('#number-answer').value = '{answer}'"));
        page.click("#check");
        judged(page, is_right);
    }
}

/// Every choice in turn until one is right; the others are not.
fn answer_choice(page: &Page, choices: &Value) {
    for choice in choices.as_array().expect("choices") {
        let choice = choice.as_str().expect("a word");
        page.click(&format!(".choice input[value='{choice}']"));
        page.value("document.querySelector('#learn-verdict').dataset.right = 'asked'");
        page.click("#check");
        page.until("['true', 'false'].includes(document.querySelector('#learn-verdict').dataset.right)");
        if page.text("document.querySelector('#learn-verdict').dataset.right") == "true" {
            return;
        }
    }
}

#[test]
fn the_readers_own_rate_is_judged() {
    let Some(page) = open("#learn?step=rate-low-high") else { return };
    for (key, verdict) in [("Home", "too-low"), ("End", "too-high")] {
        page.until("!!document.querySelector('#learn-rate')");
        page.press("#learn-rate", key);
        page.click(&format!(".choice input[value='{verdict}']"));
        page.value("document.querySelector('#learn-verdict').dataset.right = 'asked'");
        page.click("#check");
        judged(&page, true);
    }
    page.was_clean();
}
