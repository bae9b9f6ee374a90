//! On demand (`cargo bench --bench frames`): what a reader sees of a large CSV that trains live in headless Chromium.
//!
//! Simulates a trial of 100,000 rows (`-- 20000`: of so many), drops it on the page, trains it by gradient descent and
//! by mini-batches as fast as it goes, and watches for six seconds at 1280 px: frames a second, the longest frame, how
//! often another update was drawn, and the lag from the moment at which the engine stamped an update to the frame that
//! shows it (less the smallest such difference: the two clocks have no common zero).
#![allow(clippy::print_stdout)]
#![allow(dead_code)]

#[path = "../browser/driver.rs"]
mod driver;

use driver::{Page, open};

/// Watches frames in the page: [milliseconds, update shown, the engine's seconds at that update].
const WATCH: &str = "window.seen = []; (function look() { \
    const s = document.querySelector('#train-state').dataset; \
    window.seen.push([performance.now(), Number(s.iteration || -1), Number(s.seconds || -1)]); \
    if (!window.stopped) requestAnimationFrame(look); })()";
const SECONDS: u64 = 6;

fn main() {
    let rows = std::env::args().filter_map(|word| word.parse().ok()).next().unwrap_or(100_000);
    let csv = clinreg::data::simulate::treatment_effectiveness(rows, 1).expect("a trial");
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let file = folder.path().join("trial.csv");
    std::fs::write(&file, csv).expect("it can be written");
    let Some(page) = open("#train") else { return };
    page.until("!document.querySelector('#train-start').disabled");
    let box_of_files = page.tab.find_element("#file").expect("a box for files");
    box_of_files.set_input_files(&[&file.display().to_string()]).expect("it takes the file");
    page.until(&format!(
        "document.querySelector('#panel-train .note[data-rows]')?.dataset.rows === '{rows}'"
    ));
    page.value(
        "(() => { const f = document.querySelector('#formula'); f.value = \
         'effectiveness ~ treatment * baseline_severity + age + sex + bmi + log(biomarker) + adherence + site'; \
         f.dispatchEvent(new Event('input', {bubbles: true})); })()",
    );
    page.choose("#speed", "");
    page.value("(() => { document.querySelector('#tolerance').value = -10; document.querySelector('#epochs').value = 100000; })()");
    for (what, batch) in [("full batch", ""), ("mini-batches of 128", "128")] {
        page.choose("#batch", batch);
        measure(&page, what, rows);
    }
}

fn measure(page: &Page, what: &str, rows: usize) {
    page.until("document.querySelector('#formula-verdict').textContent.includes('coefficients')");
    page.click("#train-start");
    page.until("Number(document.querySelector('#train-state').dataset.iteration) >= 1 && document.querySelector('#train-state').dataset.state === 'running'");
    page.value(WATCH);
    std::thread::sleep(std::time::Duration::from_secs(SECONDS));
    page.value("window.stopped = true");
    let seen: Vec<[f64; 3]> =
        serde_json::from_str(&page.text("JSON.stringify(window.seen)")).expect("frames");
    page.value("window.stopped = false");
    page.click("#train-stop");
    page.until("document.querySelector('#train-state').dataset.state === 'ended'");
    let span = (seen[seen.len() - 1][0] - seen[0][0]) / 1000.0;
    let longest = seen.windows(2).map(|pair| pair[1][0] - pair[0][0]).fold(0.0, f64::max);
    let drawn: Vec<&[f64; 3]> =
        seen.windows(2).filter(|pair| pair[0][1] != pair[1][1]).map(|pair| &pair[1]).collect();
    let mut lags: Vec<f64> = drawn.iter().map(|at| at[0] - 1000.0 * at[2]).collect();
    let last_lag = lags.last().copied().unwrap_or(f64::NAN);
    lags.sort_by(f64::total_cmp);
    let least = lags.first().copied().unwrap_or(f64::NAN);
    println!(
        "{rows} rows, {what}: {:.1} frames a second, longest {longest:.0} ms; {:.1} updates shown a second of {:.0} done; \
         lag median {:.0} ms, largest {:.0} ms, at the end {:.0} ms",
        (seen.len() - 1) as f64 / span,
        drawn.len() as f64 / span,
        (seen[seen.len() - 1][1] - seen[0][1]) / span,
        lags.get(lags.len() / 2).map_or(f64::NAN, |lag| lag - least),
        lags.last().map_or(f64::NAN, |lag| lag - least),
        last_lag - least,
    );
}
