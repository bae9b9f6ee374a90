//! The page's sections beyond the model and its descent: performance, validation, treatment, limits, methods.

use serde::Serialize;

use crate::fit::apparent::Apparent;
use crate::fit::result::Fit;
use crate::report::block::DrawnBlock;
use crate::report::context::{Figure, Piece, figure, pieces};
use crate::report::figures::{self, Drawn};
use crate::report::{
    Context, capitalised, careful, checklist, effects, equation, evaluation, gaps, methods, partial,
    table_one, validation,
};

/// What the template prints of all this; what is empty is not there.
#[derive(Serialize)]
pub(super) struct Sections {
    forest: Vec<Figure>,
    partial_figures: Vec<Figure>,
    equation: Option<equation::Equation>,
    missing: Vec<DrawnBlock>,
    missing_figures: Vec<Figure>,
    performance: Vec<(String, String)>,
    performance_notes: Vec<String>,
    performance_figures: Vec<Figure>,
    validation: Vec<DrawnBlock>,
    validation_figures: Vec<Figure>,
    treatment: Vec<DrawnBlock>,
    treatment_figures: Vec<Figure>,
    table_one: Option<table_one::InPage>,
    careful: Vec<Vec<Piece>>,
    methods: String,
    checklist: Vec<checklist::Row>,
    checklist_notes: Vec<String>,
}

/// The sections of a fit.
pub(super) fn of(fit: &Fit, context: &Context, drawn: &[Drawn]) -> Sections {
    let pictures = |stems: &[&str]| -> Vec<Figure> {
        drawn
            .iter()
            .filter(|d| stems.contains(&d.stem))
            .map(|d| figure(d.name, d.name, &d.png, d.caption.clone()))
            .collect()
    };
    let (performance, performance_notes) = performance(fit, context);
    Sections {
        forest: pictures(&["forest"]),
        partial_figures: pictures(&partial::STEMS),
        equation: equation::equation(fit),
        missing: context.gaps.iter().flat_map(gaps::blocks).map(|block| block.drawn()).collect(),
        missing_figures: pictures(&["missing", "imputation_traces"]),
        performance,
        performance_notes,
        performance_figures: pictures(&[
            "roc",
            "calibration",
            "risks",
            "decision_curve",
            "residuals",
            "influence",
        ]),
        validation: context
            .validation
            .iter()
            .flat_map(validation::blocks)
            .map(|block| block.drawn())
            .collect(),
        validation_figures: pictures(&["instability"]),
        treatment: context.effects.iter().flat_map(effects::blocks).map(|block| block.drawn()).collect(),
        treatment_figures: pictures(&figures::ARMS),
        table_one: context.table_one.as_ref().map(|one| table_one::in_page(one, fit.ledger.rows_used)),
        careful: careful::sentences(fit, context).iter().map(|s| pieces(s)).collect(),
        methods: methods::sentences(fit, context).join(" "),
        checklist: checklist::rows(fit, context),
        checklist_notes: checklist::notes(context),
    }
}

/// The measures with their intervals, and what could not be measured.
fn performance(fit: &Fit, context: &Context) -> (Vec<(String, String)>, Vec<String>) {
    let forced = fit.by_construction;
    let (pairs, notes) = match &context.apparent {
        None => return (Vec::new(), Vec::new()),
        Some(Apparent::Logistic { performance, .. }) => {
            (evaluation::logistic(performance, forced), &performance.notes)
        }
        Some(Apparent::Linear { performance, .. }) => {
            (evaluation::linear(performance, forced), &performance.notes)
        }
    };
    let pairs = pairs.into_iter().map(|(label, value)| (capitalised(label), value)).collect();
    (pairs, notes.iter().map(|note| format!("{}.", capitalised(note))).collect())
}

/// Statistics that the section on performance has too, with more about them.
pub(super) fn is_told_as_performance(context: &Context, label: &str) -> bool {
    const TOLD: [&str; 4] = ["AUC", "Brier score", "log loss", "calibration"];
    matches!(context.apparent, Some(Apparent::Logistic { .. })) && TOLD.contains(&label)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::csv::Source;
    use crate::effects::result::{EffectInterval, Question};
    use crate::fit::analysis::Analysis;
    use crate::fit::apparent::{apparent, ranges};
    use crate::fit::spec::Spec;
    use crate::inference::baseline::{Request, table_one};
    use crate::optimise::watch::{Signal, Unwatched};
    use crate::report::NamedFile;
    use crate::report::study::Study;
    use crate::validate::resample::Scheme;

    /// A trial whose treatment, levels and covariate have names that would break a page that did not escape them.
    fn hostile(formula: &str) -> (Analysis, Source) {
        let row = |i: u32| {
            let arm = if i.is_multiple_of(2) { "<script>alert(1)</script>" } else { "\"&'" };
            let died = u8::from((i * 37 + 11) % 120 < 25 + i % 60);
            format!("\"{}\",{},{died},{}\n", arm.replace('"', "\"\""), i % 23, (i * 53) % 97)
        };
        let text = format!("</td><b>,<i>age,died,score\n{}", (0..160).map(row).collect::<String>());
        let source = Source::from_bytes("<u>.csv", text.into_bytes()).expect("a table");
        let analysis =
            crate::fit::analyse(&Spec::new(formula), &source, &mut Unwatched).expect("it can be fitted");
        (analysis, source)
    }

    fn files(formula: &str) -> Vec<NamedFile> {
        let (analysis, source) = hostile(formula);
        let by = "</td><b>".to_string();
        let question = Question { treatment: by.clone(), interval: EffectInterval::Delta, event_is: None };
        let typed =
            source.typed(&[by.clone(), "<i>age".to_string()], &analysis.fit.spec.data).expect("typed");
        let request = Request { by, variables: None, suppress_below: None };
        let scheme = Scheme::Bootstrap { samples: 5 };
        let validation = crate::validate::validate(&analysis, scheme, &mut |_| Signal::Continue);
        let context = Context {
            command: "clinreg fit '<s>'".to_string(),
            effects: Some(crate::effects::estimate(&question, &analysis, &|| false).expect("effects")),
            validation: validation.expect("validated"),
            apparent: apparent(&analysis).expect("measured"),
            ranges: ranges(&analysis),
            table_one: Some(table_one(&typed.table, &request).expect("two arms")),
            study: Some(Study::parse("s", "[study]\nsetting = \"<em>ward</em>\"\n").expect("sound")),
            svg: true,
            ..Context::default()
        };
        crate::report::files(&analysis.fit, &context).expect("all files")
    }

    fn page(files: &[NamedFile]) -> String {
        let page = files.iter().find(|file| file.name == "report.html").expect("a page");
        String::from_utf8(page.bytes.clone()).expect("text")
    }

    #[test]
    fn a_whole_page_has_every_section_and_hostile_names_are_only_text() {
        let files = files("died ~ `</td><b>` * `<i>age`");
        let html = page(&files);
        for heading in [
            "Patients",
            "Performance on its own rows",
            "Validation",
            "Treatment effect",
            "What to be careful about",
            "Methods, ready to paste",
            "TRIPOD+AI checklist",
        ] {
            assert!(html.contains(&format!("<h2>{heading}</h2>")), "{heading}");
        }
        for escaped in ["&lt;script&gt;", "&lt;i&gt;age", "&lt;em&gt;ward", "&lt;u&gt;.csv", "&lt;s&gt;"] {
            assert!(html.contains(escaped), "{escaped}");
        }
        for raw in ["<script", "<i>age", "<em>", "<u>.csv", "</td><b>:", ">NaN", " NaN"] {
            assert!(!html.contains(raw), "{raw}");
        }
        for tag in ["table", "tr", "td", "figure", "ul", "dl", "h3", "p"] {
            let (open, close) = (format!("<{tag}"), format!("</{tag}>"));
            let opened =
                html.matches(&format!("{open}>")).count() + html.matches(&format!("{open} ")).count();
            assert_eq!(opened, html.matches(&close).count(), "{tag}");
        }
        let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
        for stem in ["forest", "roc", "calibration", "decision_curve", "risks", "treatment_effect"] {
            for ending in ["png", "svg"] {
                assert!(names.contains(&format!("{stem}.{ending}").as_str()), "{stem}.{ending} in {names:?}");
            }
        }
        // Two pictures of the descent, seven of the model; the forest stands in the table.
        assert_eq!(html.matches("src=\"data:image/png;base64,").count(), 9);
    }

    #[test]
    fn a_linear_page_has_residuals_and_says_what_holds_by_construction() {
        let files = files("score ~ `</td><b>` + `<i>age`");
        let html = page(&files);
        assert!(html.contains("<b>Residuals.</b>") && html.contains("<b>Forest plot.</b>"));
        assert!(html.contains("<dt>Calibration slope</dt><dd>1 by construction"));
        assert!(files.iter().any(|file| file.name == "residuals.svg"));
        assert!(!files.iter().any(|file| file.name.starts_with("roc")));
    }
}
