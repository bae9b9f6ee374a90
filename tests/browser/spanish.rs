//! The Spanish page: what the program says is said in Spanish there, and follows the switch.

use crate::browser::driver::{Page, open};

/// Everything that is shown and marked as English, the switch's own button apart.
const ENGLISH: &str = "[...document.querySelectorAll('main [lang=en]')].filter((e) => e.checkVisibility() && \
                       e.textContent.trim()).map((e) => e.textContent).join(' | ')";

fn spanish(hash: &str) -> Option<Page> {
    let page = open(hash)?;
    page.click("#lang-es");
    page.until("document.documentElement.lang === 'es'");
    Some(page)
}

fn ready(page: &Page) {
    page.until("!document.querySelector('#train-start').disabled");
}

#[test]
fn a_training_ends_in_spanish_words_with_the_engines_numbers() {
    let Some(page) = spanish("#train") else { return };
    ready(&page);
    page.choose("#rate-rule", "fixed");
    page.value(
        "(() => { const r = document.querySelector('#rate'); r.value = -4; r.dispatchEvent(new Event('input')); \
         document.querySelector('#epochs').value = 40; })()",
    );
    page.choose("#speed", "");
    page.click("#train-start");
    page.until("!!document.querySelector('#train-verdict')");
    let words = page.words("#train-verdict");
    for part in [
        "Se detuvo sin llegar",
        "se alcanzó el máximo de épocas",
        "es demasiado baja",
        "1/L = ",
        "errores estándar",
    ] {
        assert!(words.contains(part), "{part} in {words}");
    }
    assert!(words.contains("La tasa de aprendizaje 0.0001 "), "{words}");
    assert_eq!(page.text(ENGLISH), "");
    page.click("#lang-en");
    page.until("document.querySelector('#train-verdict').textContent.includes('epoch limit reached')");
    assert!(page.words("#train-verdict").contains("The learning rate 0.0001 is too low"));
    page.was_clean();
}

#[test]
fn columns_formulas_and_refusals_are_told_in_spanish() {
    let Some(page) = spanish("#train") else { return };
    ready(&page);
    let rows: String = (0..40)
        .map(|k| {
            format!(
                "{};{};x;{}\n",
                if k == 7 { "1O".into() } else { k.to_string() },
                30 + k,
                ["no", "yes"][k % 2]
            )
        })
        .collect();
    page.drop_file("mine.csv", &format!("bad;age;same;better\n{rows}"));
    page.until("document.querySelector('#panel-train .note[data-rows]')?.dataset.rows === '40'");
    page.until("document.querySelector('.notices').textContent.includes('el separador es un punto y coma')");
    let columns = page.words(".columns");
    assert!(columns.contains("línea 9: `1O` no es un número"), "{columns}");
    assert!(columns.contains("el mismo valor en todas las filas"), "{columns}");
    for (formula, said) in [
        ("better ~ agee", "no hay ninguna columna `agee`"),
        ("better ~ age +", "la fórmula termina donde se espera un término"),
        ("better ~ same", "`same` tiene un solo nivel en las filas usadas: x"),
        ("better ~ bad", "`1O` no es un número"),
    ] {
        page.formula(formula);
        page.until(&format!("document.querySelector('#formula-verdict').textContent.includes({said:?})"));
        assert_eq!(page.text(ENGLISH), "", "{formula}");
    }
    page.drop_file("none.csv", "a,b\n");
    page.until("[...document.querySelectorAll('#panel-train .problem')].some((p) => p.textContent.includes('el archivo tiene encabezado pero ninguna fila'))");
    page.click("#lang-en");
    page.until("[...document.querySelectorAll('#panel-train .problem')].some((p) => p.textContent.includes('the file has a header but no rows'))");
    page.until("document.querySelector('.columns').textContent.includes('`1O` is not a number')");
}

#[test]
fn what_has_no_spanish_is_led_by_some_and_marked_as_english() {
    let Some(page) = spanish("#train") else { return };
    ready(&page);
    page.formula("effectiveness ~ treatment + rcs(comorbidities, 5)");
    page.until(
        "document.querySelector('#formula-verdict').textContent.includes('La fórmula no se puede usar así.')",
    );
    page.until(
        "document.querySelector('#formula-verdict [lang=en]').textContent.includes('cannot be built')",
    );
}
