//! The second tab: to the end, with pauses, by formula, with every file.

use std::path::Path;
use std::time::{Duration, Instant};

use clinreg::data::builtin;
use clinreg::data::csv::Source;
use clinreg::fit::fit;
use clinreg::fit::spec::{MethodName, Spec};
use clinreg::optimise::watch::Unwatched;
use headless_chrome::protocol::cdp::Page as CdpPage;

use crate::browser::driver::{Page, open};

const STATE: &str = "document.querySelector('#train-state').dataset.state";

fn ready(page: &Page) {
    page.until("!document.querySelector('#train-start').disabled");
}

fn ended(page: &Page) {
    page.until(&format!("{STATE} === 'ended' && !!document.querySelector('#train-verdict')"));
}

fn iteration(page: &Page) -> usize {
    page.text("document.querySelector('#train-state').dataset.iteration").parse().expect("a number")
}

#[test]
fn the_trial_trains_to_the_end_and_its_files_come_down() {
    let Some(page) = open("#train") else { return };
    ready(&page);
    let formula = page.text("document.querySelector('#formula').value");
    page.choose("#speed", "");
    page.click("#train-start");
    ended(&page);
    assert_eq!(page.text("document.querySelector('#train-verdict').dataset.converged"), "true");

    let source = builtin::csv("treatment_effectiveness")
        .and_then(|b| Source::from_bytes("trial.csv", b))
        .expect("built in");
    let spec = Spec { method: MethodName::GradientDescent, tolerance: Some(1e-3), ..Spec::new(&formula) };
    let fit = fit(&spec, &source, &mut Unwatched).expect("fits");
    assert_eq!(iteration(&page), fit.convergence.iterations);
    let shown: f64 =
        page.text("document.querySelector('#train-state').dataset.norm").parse().expect("a number");
    assert_eq!(shown, fit.convergence.gradient_norm);

    page.click("#report");
    page.until("!!document.querySelector('#report-open')");
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    page.tab
        .call_method(CdpPage::SetDownloadBehavior {
            behavior: CdpPage::SetDownloadBehaviorBehaviorOption::Allow,
            download_path: Some(folder.path().display().to_string()),
        })
        .expect("may download");
    page.click("#files a[download='model.json']");
    page.click("#files a[download='report.html']");
    let model = downloaded(&folder.path().join("model.json"));
    let model: serde_json::Value = serde_json::from_str(&model).expect("JSON");
    assert_eq!(model["convergence"]["iterations"], fit.convergence.iterations);
    assert!(downloaded(&folder.path().join("report.html")).contains("<h1"));
    page.was_clean();
}

fn downloaded(path: &Path) -> String {
    let begun = Instant::now();
    loop {
        match std::fs::read_to_string(path) {
            Ok(text) if !text.is_empty() && text.trim_end().ends_with(['}', '>']) => return text,
            _ => assert!(begun.elapsed() < Duration::from_secs(120), "{} did not come", path.display()),
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_dropped_file_trains_to_the_end() {
    let Some(page) = open("#train") else { return };
    ready(&page);
    let rows: Vec<String> = (0..60)
        .map(|i| {
            format!(
                "{},{},{}",
                40 + (i * 7) % 30,
                if i % 3 == 0 { "new" } else { "old" },
                if (i * 5) % 7 < 3 { "yes" } else { "no" }
            )
        })
        .collect();
    let csv = format!("<b>age</b>,arm,better\n{}\n", rows.join("\n"));
    page.drop_file("mine.csv", &csv);
    page.until("document.querySelector('#panel-train .note[data-rows]')?.dataset.rows === '60'");
    assert!(page.words(".columns").contains("<b>age</b>"), "a name from the file is text");
    page.until("document.querySelector('#formula-verdict').textContent.includes('Logistic')");
    page.choose("#method", "auto");
    page.choose("#speed", "");
    ready(&page);
    page.click("#train-start");
    ended(&page);
    assert_eq!(page.text("document.querySelector('#train-verdict').dataset.converged"), "true");
    assert!(page.words("#train-outcome table").contains("arm[old]"));
    page.was_clean();
}

#[test]
fn it_pauses_steps_changes_its_rate_and_stops() {
    let Some(page) = open("#train") else { return };
    ready(&page);
    page.choose("#speed", "30");
    page.click("#train-start");
    page.until("Number(document.querySelector('#train-state').dataset.iteration) >= 3");
    page.click("#train-pause");
    page.until(&format!("{STATE} === 'paused'"));
    // what was on its way when it paused may still arrive; then it stands
    let mut at = iteration(&page);
    let mut still = 0;
    while still < 20 {
        std::thread::sleep(Duration::from_millis(50));
        let now = iteration(&page);
        still = if now == at { still + 1 } else { 0 };
        at = now;
    }
    page.click("#train-step");
    page.until(&format!("document.querySelector('#train-state').dataset.iteration === '{}'", at + 1));
    page.until(&format!("{STATE} === 'paused'"));
    page.press("#train-rate", "ArrowLeft");
    page.click("#train-pause");
    page.until(&format!(
        "{STATE} === 'running' && Number(document.querySelector('#train-state').dataset.iteration) > {}",
        at + 2
    ));
    page.click("#train-stop");
    ended(&page);
    assert_eq!(page.text("document.querySelector('#train-verdict').dataset.converged"), "false");
    page.was_clean();
}

#[test]
fn a_wrong_formula_shows_its_wrong_character() {
    let Some(page) = open("#train") else { return };
    ready(&page);
    page.formula("effectiveness ~ age + agee");
    page.until("document.querySelector('#formula-verdict mark')?.textContent === 'agee'");
    assert_eq!(page.text("document.querySelector('#formula-verdict .where').dataset.position"), "22");
    assert!(page.value("document.querySelector('#train-start').disabled").as_bool() == Some(true));
}

#[test]
fn clicked_pieces_write_the_formula() {
    let Some(page) = open("#train") else { return };
    ready(&page);
    page.choose("#data", "@masks_patients");
    page.until("document.querySelector('#formula').value === 'masks ~ patients'");
    page.choose("#outcome", "patients");
    page.until("document.querySelector('#formula').value === 'patients ~ 1'");
    page.value("[...document.querySelectorAll('.predictor')].find((p) => p.textContent.includes('masks')).querySelector('input').click()");
    page.until("document.querySelector('#formula').value === 'patients ~ masks'");
    page.choose(".predictor select", "4");
    page.until("document.querySelector('#formula').value === 'patients ~ rcs(masks, 4)'");
    page.until("document.querySelector('#formula-verdict').textContent.includes('4 coefficients')");
    page.was_clean();
}
