//! Verdicts in words, English and Spanish, each with its numbers and the next thing to try.

use crate::explore::verdict::{Evidence, Outcome, Verdict};
use crate::optimise::method::Method;
use crate::optimise::stop::StopReason;
use crate::optimise::verdict::{grouped, short};

/// The words of a verdict: (English, Spanish).
pub fn of(evidence: &Evidence<'_>, verdict: &Verdict) -> (String, String) {
    match verdict.outcome {
        Outcome::Converged => converged(evidence),
        Outcome::Crawling => crawling(evidence, verdict),
        Outcome::Oscillating => oscillating(evidence, verdict),
        Outcome::Diverging => diverging(evidence, verdict),
        Outcome::Plateau => plateau(evidence),
        Outcome::Saddle | Outcome::Summit => downwards(evidence, verdict.outcome),
        Outcome::Separated => separated(evidence),
        Outcome::Noisy => noisy(evidence),
    }
}

/// `1 update`, `12 updates` in both languages.
fn updates(n: f64) -> (String, String) {
    let count = grouped(n);
    if n == 1.0 {
        ("1 update".to_string(), "1 actualización".to_string())
    } else {
        (format!("{count} updates"), format!("{count} actualizaciones"))
    }
}

fn norm_and_tolerance(evidence: &Evidence<'_>) -> (String, String) {
    (short(evidence.descent.gradient_norm()), short(evidence.checked.settings.tolerance))
}

/// Of a fit: how far the stop is from the estimates in standard errors, and since when the path is in the region.
fn statistical(evidence: &Evidence<'_>) -> (String, String) {
    let Some(errors) = evidence.standard_errors_left else { return (String::new(), String::new()) };
    let far = short(errors);
    match evidence.within_region_from {
        Some(k) => (
            format!(
                " It is {far} standard errors from the estimate; from update {} on it is within the 95 % confidence \
                 region, where what the descent leaves is smaller than what the data leave open.",
                grouped(k as f64)
            ),
            format!(
                " Está a {far} errores estándar de la estimación; desde la actualización {} está dentro de la región \
                 de confianza del 95 %, donde lo que le falta al descenso es menos que lo que los datos dejan abierto.",
                grouped(k as f64)
            ),
        ),
        None => (
            format!(
                " It stopped {far} standard errors from the estimate, outside the 95 % confidence region: stopped is not arrived."
            ),
            format!(
                " Se detuvo a {far} errores estándar de la estimación, fuera de la región de confianza del 95 %: detenerse no es llegar."
            ),
        ),
    }
}

fn converged(evidence: &Evidence<'_>) -> (String, String) {
    let (norm, tolerance) = norm_and_tolerance(evidence);
    let n = updates(evidence.descent.iterations as f64);
    let (mut en, mut es) = (
        format!("Converged: after {} the gradient norm {norm} is below the tolerance {tolerance}.", n.0),
        format!(
            "Converge: tras {} la norma del gradiente {norm} está por debajo de la tolerancia {tolerance}.",
            n.1
        ),
    );
    let lift = evidence.above_least().unwrap_or(0.0);
    if evidence.surface.pair().is_none() && lift > 0.01 * (1.0 + evidence.descent.value.abs()) {
        en += &format!(" It is a local minimum, {} above the lowest one that is known.", short(lift));
        es += &format!(" Es un mínimo local, {} por encima del más bajo que se conoce.", short(lift));
    }
    let steepest = evidence.end_curvature.map_or(0.0, |e| e.largest());
    let overshoot = evidence.rate() * steepest;
    if evidence.is_plain() && overshoot > 1.5 && evidence.descent.iterations > 1 {
        en += &format!(
            " Its last steps went from wall to wall: each multiplied the steepest distance by {}.",
            short(1.0 - overshoot)
        );
        es += &format!(
            " Sus últimos pasos fueron de pared a pared: cada uno multiplicó la distancia más empinada por {}.",
            short(1.0 - overshoot)
        );
    }
    let (a, b) = statistical(evidence);
    (en + &a, es + &b)
}

/// `1/L = 0.5`, where the method has a rate that it applies to.
fn one_over_l(evidence: &Evidence<'_>) -> Option<String> {
    let largest = evidence.largest_curvature();
    let applies = matches!(
        evidence.checked.settings.method,
        Method::GradientDescent(_) | Method::Momentum { .. } | Method::Nesterov { .. }
    );
    (applies && largest > 0.0).then(|| short(1.0 / largest))
}

fn pace_words(verdict: &Verdict) -> (String, String) {
    let (factor, en_what, es_what, es_of) = match verdict.height_factor {
        Some(factor) => (
            factor,
            "the height above the minimum",
            "la altura sobre el mínimo",
            "de la altura sobre el mínimo",
        ),
        None => (verdict.factor.unwrap_or(f64::NAN), "the gradient", "el gradiente", "del gradiente"),
    };
    match verdict.steps_left {
        Some(n) => {
            let n = updates(n);
            (
                format!(
                    "each update leaves {} of {en_what}, and at this pace about {} are left",
                    share(factor),
                    n.0
                ),
                format!(
                    "cada actualización deja {} {es_of}, y a este ritmo faltan unas {}",
                    share(factor),
                    n.1
                ),
            )
        }
        None => (
            format!("each of the last updates multiplied {en_what} by {}", share(factor)),
            format!("cada una de las últimas actualizaciones multiplicó {es_what} por {}", share(factor)),
        ),
    }
}

/// A factor near 1 told by what it lacks.
fn share(factor: f64) -> String {
    let lacks = 1.0 - factor;
    if 0.0 < lacks && lacks < 1e-3 { format!("1 − {}", short(lacks)) } else { short(factor) }
}

fn crawling(evidence: &Evidence<'_>, verdict: &Verdict) -> (String, String) {
    let (norm, tolerance) = norm_and_tolerance(evidence);
    let n = updates(evidence.descent.iterations as f64);
    let pace = pace_words(verdict);
    let (mut en, mut es) = (
        format!(
            "Crawling: after {} the gradient norm is {norm}, above the tolerance {tolerance}; {}.",
            n.0, pace.0
        ),
        format!(
            "Avanza despacio: tras {} la norma del gradiente es {norm}, por encima de la tolerancia {tolerance}; {}.",
            n.1, pace.1
        ),
    );
    let largest = evidence.largest_curvature();
    let scaled = evidence.rate() * largest;
    let condition = evidence.end_curvature.map(|e| (e.largest(), e.smallest(), e.largest() / e.smallest()));
    match (one_over_l(evidence), condition) {
        (Some(better), _) if scaled < 0.5 && evidence.is_plain() => {
            en += &format!(" The rate is low: 1/L = {better} is {} times as high.", short(1.0 / scaled));
            es += &format!(" La tasa es baja: 1/L = {better} es {} veces mayor.", short(1.0 / scaled));
        }
        (limited, Some((high, low, ratio))) if low > 0.0 && ratio > 10.0 => {
            let (en_higher, es_higher) = match limited {
                Some(_) => (
                    "; a much higher rate would diverge across it",
                    "; una tasa mucho mayor divergiría a lo ancho",
                ),
                None => ("", ""),
            };
            let numbers = (short(high), short(low), short(ratio));
            en += &format!(
                " The valley is long: its curvatures are {} and {}, a ratio of {}{en_higher}.",
                numbers.0, numbers.1, numbers.2
            );
            es += &format!(
                " El valle es largo: sus curvaturas son {} y {}, una razón de {}{es_higher}.",
                numbers.0, numbers.1, numbers.2
            );
        }
        _ => {}
    }
    if evidence.descent.reason == StopReason::NoProgress {
        en += " No step along the direction lowered the value any more.";
        es += " Ningún paso en esa dirección bajó más el valor.";
    }
    let (a, b) = statistical(evidence);
    (en + &a, es + &b)
}

fn oscillating(evidence: &Evidence<'_>, verdict: &Verdict) -> (String, String) {
    let n = updates(evidence.descent.iterations as f64);
    let pace = pace_words(verdict);
    let rate = short(evidence.rate());
    let (mut en, mut es) = (
        format!(
            "Oscillating: the rate {rate} makes each step jump to the other wall; after {} it has not settled: {}.",
            n.0, pace.0
        ),
        format!(
            "Oscila: la tasa {rate} hace que cada paso salte a la otra pared; tras {} no se ha asentado: {}.",
            n.1, pace.1
        ),
    );
    if let Some(better) = one_over_l(evidence) {
        en += &format!(" 1/L = {better} goes straight down.");
        es += &format!(" 1/L = {better} baja en línea recta.");
    }
    let (a, b) = statistical(evidence);
    (en + &a, es + &b)
}

fn diverging(evidence: &Evidence<'_>, verdict: &Verdict) -> (String, String) {
    let rate = evidence.rate();
    let n = updates(evidence.descent.iterations as f64);
    let (mut en, mut es) = (
        format!(
            "Diverging: the rate {} lands each step higher on the other wall; {} took it out of all bounds.",
            short(rate),
            n.0
        ),
        format!(
            "Diverge: con la tasa {} cada paso cae más alto en la otra pared; {} lo sacaron de todo límite.",
            short(rate),
            n.1
        ),
    );
    if evidence.descent.reason != StopReason::Diverged {
        en = format!(
            "Diverging: the rate {} lands each step higher on the other wall, for {} so far.",
            short(rate),
            n.0
        );
        es = format!(
            "Diverge: con la tasa {} cada paso cae más alto en la otra pared, durante {}.",
            short(rate),
            n.1
        );
    }
    if let Some(limit) = verdict.stable_limit.filter(|limit| rate > *limit) {
        let which = match evidence.checked.settings.method {
            Method::GradientDescent(_) => "2/L = ",
            _ => "",
        };
        en += &format!(" It is above the largest that can be stable here, {which}{}.", short(limit));
        es += &format!(" Está por encima de la mayor que puede ser estable aquí, {which}{}.", short(limit));
    }
    if let Some(stable) = verdict.stable_rate {
        en += &format!(" The rate {} does not diverge (tried).", short(stable));
        es += &format!(" La tasa {} no diverge (probada).", short(stable));
    }
    (en, es)
}

fn plateau(evidence: &Evidence<'_>) -> (String, String) {
    let (norm, tolerance) = norm_and_tolerance(evidence);
    let lift = short(evidence.above_least().unwrap_or(f64::NAN));
    let below = evidence.descent.reason.is_converged();
    let (en, es) = if below {
        (
            format!("is below the tolerance {tolerance}, and yet"),
            format!("está por debajo de la tolerancia {tolerance}, y aun así"),
        )
    } else {
        ("is small, and".to_string(), "es pequeña, y".to_string())
    };
    (
        format!(
            "Stuck on a plateau: the gradient norm {norm} {en} the value is {lift} above the minimum. The surface is flat here; a small gradient alone proves nothing."
        ),
        format!(
            "Atascado en una meseta: la norma del gradiente {norm} {es} el valor está {lift} por encima del mínimo. La superficie es plana aquí; un gradiente pequeño por sí solo no prueba nada."
        ),
    )
}

fn downwards(evidence: &Evidence<'_>, outcome: Outcome) -> (String, String) {
    let (norm, _) = norm_and_tolerance(evidence);
    let curvatures: Vec<String> =
        evidence.end_curvature.map(|e| e.values.iter().map(|v| short(*v)).collect()).unwrap_or_default();
    let (en_place, es_place) = match outcome {
        Outcome::Summit => ("At the top of a hill", "En la cima de una colina"),
        _ => ("At a saddle", "En un punto de silla"),
    };
    let (en_list, es_list) = (curvatures.join(" and "), curvatures.join(" y "));
    (
        format!(
            "{en_place}: the gradient norm is {norm}, but the curvature {en_list} points downwards in one direction. It is no minimum; a start a little aside leaves it."
        ),
        format!(
            "{es_place}: la norma del gradiente es {norm}, pero la curvatura {es_list} baja en una dirección. No es un mínimo; un inicio algo al lado lo abandona."
        ),
    )
}

fn separated(evidence: &Evidence<'_>) -> (String, String) {
    let (norm, tolerance) = norm_and_tolerance(evidence);
    let n = updates(evidence.descent.iterations as f64);
    let below = if evidence.descent.reason.is_converged() {
        (
            format!(", below the tolerance {tolerance}, because the valley flattens, not because it ends"),
            format!(
                ", por debajo de la tolerancia {tolerance}, porque el valle se aplana, no porque termine"
            ),
        )
    } else {
        (String::new(), String::new())
    };
    (
        format!(
            "No finite minimum: the data are separated, and the loss falls for ever along this valley. After {} the gradient norm is {norm}{}. `clinreg fit --penalty firth` gives a finite answer.",
            n.0, below.0
        ),
        format!(
            "Sin mínimo finito: los datos están separados, y la pérdida baja para siempre por este valle. Tras {} la norma del gradiente es {norm}{}. `clinreg fit --penalty firth` da una respuesta finita.",
            n.1, below.1
        ),
    )
}

fn noisy(evidence: &Evidence<'_>) -> (String, String) {
    let (norm, tolerance) = norm_and_tolerance(evidence);
    let n = updates(evidence.descent.iterations as f64);
    let (a, b) = statistical(evidence);
    (
        format!(
            "Noise keeps it from settling: after {} the true gradient's norm is {norm}, above the tolerance {tolerance}. A rate that falls (a schedule), larger batches or less noise would settle it.{a}",
            n.0
        ),
        format!(
            "El ruido no lo deja asentarse: tras {} la norma del gradiente verdadero es {norm}, por encima de la tolerancia {tolerance}. Una tasa que caiga (un programa), lotes mayores o menos ruido lo asentarían.{b}",
            n.1
        ),
    )
}
