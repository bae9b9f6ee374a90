//! Languages, keyboard, phone, day and night.

use crate::browser::driver::open;

#[test]
fn the_language_changes_is_kept_and_lacks_nothing() {
    let Some(page) = open("#train") else { return };
    page.click("#lang-es");
    page.until("document.querySelector('#tab-explore').textContent === 'Explorar'");
    page.until("document.documentElement.lang === 'es'");
    page.tab.reload(true, None).expect("reloads");
    page.until("document.querySelector('#tab-train')?.textContent === 'Entrenar'");
    assert_eq!(page.text("import('/i18n.js').then((m) => m.lacking().join())"), "");
    page.click("#lang-en");
    page.until("document.querySelector('#tab-train').textContent === 'Train'");
    page.was_clean();
}

#[test]
fn the_tabs_go_by_keyboard() {
    let Some(page) = open("#explore") else { return };
    page.settled();
    page.press("#tab-explore", "ArrowRight");
    page.until("document.activeElement.id === 'tab-train' && !document.querySelector('#panel-train').hidden");
    page.press("#tab-train", "End");
    page.until("document.activeElement.id === 'tab-learn' && document.querySelector('#panel-train').hidden");
    page.until("location.hash.startsWith('#learn')");
    page.was_clean();
}

#[test]
fn nothing_sticks_out_on_a_phone_and_every_control_has_a_name() {
    let Some(page) = open("#explore") else { return };
    page.settled();
    page.size(390, 844, false);
    for (tab, there) in
        [("explore", ".paths .chip"), ("train", "#train-start:not(:disabled)"), ("learn", ".question")]
    {
        page.click(&format!("#tab-{tab}"));
        page.until(&format!("!!document.querySelector({there:?})"));
        page.until("document.documentElement.scrollWidth <= 390");
        let nameless = "[...document.querySelectorAll('button, input, select, textarea, canvas')].filter((e) => \
            e.checkVisibility() && !(e.labels?.length || e.ariaLabel || e.textContent.trim() || e.closest('label'))).map((e) => e.outerHTML).join()";
        assert_eq!(page.text(nameless), "", "{tab}");
    }
    page.was_clean();
}

#[test]
fn the_night_is_dark_and_kept() {
    let Some(page) = open("#explore") else { return };
    page.settled();
    let paper = "getComputedStyle(document.body).backgroundColor";
    let day = page.text(paper);
    page.click("#theme");
    page.until(&format!("{paper} !== {day:?}"));
    page.tab.reload(true, None).expect("reloads");
    page.until(&format!("document.readyState === 'complete' && {paper} !== {day:?}"));
    page.was_clean();
}
