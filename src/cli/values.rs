//! One value of an option: from the text on the command line to a checked value, or words that say what is wrong.

use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::cli::counts::{MOST_RESAMPLES, at_most};
pub use crate::cli::counts::{at_least_one, at_least_two, groups, imputations};
use crate::effects::needed::EventIs;
use crate::effects::result::{EffectInterval, RESAMPLES};
use crate::explore::request;
use crate::fit::spec::{ClusterCorrection, Family, Interval, LearningRate, MethodName, Schedule, Start};
use crate::model::Recalibrate;
use crate::validate::resample::Scheme;

/// `--family`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FamilyName {
    Auto,
    Is(Family),
}

/// `--batch-size`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BatchSize {
    Full,
    Rows(usize),
}

/// `--penalty`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PenaltyName {
    None,
    Ridge,
    Lasso,
    ElasticNet,
    Firth,
}

/// `--lambda`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Lambda {
    CrossValidated,
    Is(f64),
}

/// `--missing`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    CompleteCase,
    Fail,
    Impute,
}

/// `--validate`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Validate {
    No,
    By(Scheme),
}

/// `--levels VAR=a,b,c`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LevelsOf {
    pub variable: String,
    pub levels: Vec<String>,
}

/// `--reference VAR=LEVEL`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReferenceOf {
    pub variable: String,
    pub level: String,
}

/// A choice among names, each with its value.
fn one_of<T: Copy + Send + Sync + 'static>(
    choices: &'static [(&'static str, T)],
) -> impl TypedValueParser<Value = T> {
    PossibleValuesParser::new(choices.iter().map(|c| c.0)).map(move |name: String| {
        choices.iter().find(|c| c.0 == name).map(|c| c.1).expect("clap lets only these names through")
    })
}

pub fn family() -> impl TypedValueParser<Value = FamilyName> {
    one_of(&[
        ("auto", FamilyName::Auto),
        ("linear", FamilyName::Is(Family::Linear)),
        ("logistic", FamilyName::Is(Family::Logistic)),
    ])
}

pub fn method() -> impl TypedValueParser<Value = MethodName> {
    one_of(&[
        ("auto", MethodName::Auto),
        ("gradient-descent", MethodName::GradientDescent),
        ("momentum", MethodName::Momentum),
        ("nesterov", MethodName::Nesterov),
        ("adam", MethodName::Adam),
    ])
}

pub fn schedule() -> impl TypedValueParser<Value = Schedule> {
    one_of(&[
        ("constant", Schedule::Constant),
        ("inverse-time", Schedule::InverseTime),
        ("cosine", Schedule::Cosine),
    ])
}

pub fn start() -> impl TypedValueParser<Value = Start> {
    one_of(&[("zero", Start::Zero), ("random", Start::Random)])
}

pub fn missing() -> impl TypedValueParser<Value = Missing> {
    one_of(&[("complete-case", Missing::CompleteCase), ("fail", Missing::Fail), ("impute", Missing::Impute)])
}

pub fn interval() -> impl TypedValueParser<Value = Interval> {
    one_of(&[("wald", Interval::Wald), ("profile", Interval::Profile)])
}

pub fn sandwich() -> impl TypedValueParser<Value = u8> {
    one_of(&[("hc0", 0), ("hc1", 1), ("hc2", 2), ("hc3", 3)])
}

pub fn correction() -> impl TypedValueParser<Value = ClusterCorrection> {
    one_of(&[
        ("cr0", ClusterCorrection::Cr0),
        ("cr1", ClusterCorrection::Cr1),
        ("cr1s", ClusterCorrection::Cr1s),
    ])
}

pub fn penalty() -> impl TypedValueParser<Value = PenaltyName> {
    one_of(&[
        ("none", PenaltyName::None),
        ("ridge", PenaltyName::Ridge),
        ("lasso", PenaltyName::Lasso),
        ("elastic-net", PenaltyName::ElasticNet),
        ("firth", PenaltyName::Firth),
    ])
}

pub fn event_is() -> impl TypedValueParser<Value = EventIs> {
    one_of(&[("bad", EventIs::Bad), ("good", EventIs::Good)])
}

pub fn effect_interval(text: &str) -> Result<EffectInterval, String> {
    const FEWEST: usize = 100;
    let hint = "\n\nhint: give `delta`, `bootstrap` or `bootstrap:2000`";
    match text.trim().split_once(':') {
        None if text.trim() == "delta" => Ok(EffectInterval::Delta),
        None if text.trim() == "bootstrap" => Ok(EffectInterval::Bootstrap(RESAMPLES)),
        Some(("bootstrap", count)) => match count.parse() {
            Ok(count) if count >= FEWEST => match at_most(MOST_RESAMPLES, count, "resamples") {
                Ok(count) => Ok(EffectInterval::Bootstrap(count)),
                Err(why) => Err(format!("{why}{hint}")),
            },
            _ => Err(format!("a whole number of at least {FEWEST} resamples is needed{hint}")),
        },
        _ => Err(format!("there is no such interval{hint}")),
    }
}

pub fn explore_method() -> impl TypedValueParser<Value = request::MethodName> {
    PossibleValuesParser::new(request::METHODS.map(request::MethodName::name)).map(|name: String| {
        let found = request::METHODS.into_iter().find(|method| method.name() == name);
        found.expect("clap lets only these names through")
    })
}

pub fn explore_schedule() -> impl TypedValueParser<Value = request::ScheduleName> {
    PossibleValuesParser::new(request::SCHEDULES.map(request::ScheduleName::name)).map(|name: String| {
        let found = request::SCHEDULES.into_iter().find(|schedule| schedule.name() == name);
        found.expect("clap lets only these names through")
    })
}

pub fn explore_rate(text: &str) -> Result<request::RateName, String> {
    use request::{RateName, RateRule};
    match text.trim() {
        "auto" => Ok(RateName::Rule(RateRule::Auto)),
        "line-search" => Ok(RateName::Rule(RateRule::LineSearch)),
        "exact" => Ok(RateName::Rule(RateRule::Exact)),
        "barzilai-borwein" => Ok(RateName::Rule(RateRule::BarzilaiBorwein)),
        other => positive(other).map(RateName::Fixed).map_err(|why| {
            format!("{why}\n\nhint: give a number, `auto`, `line-search`, `exact` or `barzilai-borwein`")
        }),
    }
}

/// `8` or `-4,4`.
pub fn point(text: &str) -> Result<Vec<f64>, String> {
    let hint = "\n\nhint: a point is `-4,4`, in one dimension `8`";
    let numbers: Vec<f64> = text
        .split(',')
        .map(|part| number(part).map_err(|why| format!("{why}{hint}")))
        .collect::<Result<_, _>>()?;
    if numbers.len() > 2 { Err(format!("a point has one or two coordinates{hint}")) } else { Ok(numbers) }
}

pub fn number(text: &str) -> Result<f64, String> {
    let value: f64 = text.trim().parse().map_err(|_| {
        if text.contains(',') {
            "not a number; write a decimal point, not a comma".to_string()
        } else {
            "not a number".to_string()
        }
    })?;
    if value.is_finite() { Ok(value) } else { Err("a finite number is needed".to_string()) }
}

pub fn positive(text: &str) -> Result<f64, String> {
    let value = number(text)?;
    if value > 0.0 { Ok(value) } else { Err("it must be above 0".to_string()) }
}

pub fn seed(text: &str) -> Result<u64, String> {
    text.trim().parse().map_err(|_| format!("a whole number from 0 to {} is needed", u64::MAX))
}

pub fn learning_rate(text: &str) -> Result<LearningRate, String> {
    match text.trim() {
        "auto" => Ok(LearningRate::Auto),
        "line-search" => Ok(LearningRate::LineSearch),
        other => positive(other).map(LearningRate::Fixed).map_err(|why| {
            format!("{why}\n\nhint: give a number above 0, `auto` (from the curvature) or `line-search`")
        }),
    }
}

pub fn batch_size(text: &str) -> Result<BatchSize, String> {
    if text.trim() == "full" {
        return Ok(BatchSize::Full);
    }
    at_least_one(text)
        .map(BatchSize::Rows)
        .map_err(|why| format!("{why}\n\nhint: give the rows of a mini-batch, or `full`"))
}

pub fn conf_level(text: &str) -> Result<f64, String> {
    let level = number(text.trim().trim_end_matches('%'))?;
    if 0.0 < level && level < 1.0 {
        return Ok(level);
    }
    let why = "a level lies between 0 and 1";
    if 1.0 < level && level < 100.0 {
        return Err(format!("{why}\n\nhint: for {level} % write {}", level / 100.0));
    }
    Err(format!("{why}\n\nhint: 0.95 is usual"))
}

pub fn lambda(text: &str) -> Result<Lambda, String> {
    if text.trim() == "cv" {
        return Ok(Lambda::CrossValidated);
    }
    let value = number(text).map_err(|why| format!("{why}\n\nhint: give a number, or `cv`"))?;
    if value >= 0.0 { Ok(Lambda::Is(value)) } else { Err("it must not be below 0".to_string()) }
}

/// A risk strictly between 0 and 1.
pub fn threshold(text: &str) -> Result<f64, String> {
    let value = number(text)?;
    if 0.0 < value && value < 1.0 {
        return Ok(value);
    }
    Err("a threshold is a risk between 0 and 1\n\nhint: for 10 % write 0.1".to_string())
}

pub fn recalibrate() -> impl TypedValueParser<Value = Recalibrate> {
    one_of(&[("intercept", Recalibrate::Intercept), ("slope", Recalibrate::Slope)])
}

pub fn share(text: &str) -> Result<f64, String> {
    let value = number(text)?;
    if (0.0..=1.0).contains(&value) { Ok(value) } else { Err("it must lie from 0 to 1".to_string()) }
}

pub fn validation(text: &str) -> Result<Validate, String> {
    const FORMS: &str = "\n\nhint: `bootstrap:500`, `cv:10`, `cv:10x5`, `split:0.7` or `none`";
    let told = |why: String| format!("{why}{FORMS}");
    let at_least = |least: usize, text: &str, what: &str| match text.trim().parse::<usize>() {
        Ok(count) if count >= least => at_most(MOST_RESAMPLES, count, what).map_err(told),
        _ => Err(told(format!("a whole number of at least {least} {what} is needed"))),
    };
    if text.trim() == "none" {
        return Ok(Validate::No);
    }
    let (name, number_text) =
        text.trim().split_once(':').ok_or_else(|| told("no way of validation of this form".to_string()))?;
    let scheme = match name {
        "bootstrap" => Scheme::Bootstrap { samples: at_least(2, number_text, "samples")? },
        "cv" => {
            let (folds, repeats) = number_text.split_once(['x', 'X']).unwrap_or((number_text, "1"));
            Scheme::CrossValidation {
                folds: at_least(2, folds, "folds")?,
                repeats: at_least(1, repeats, "repeats")?,
            }
        }
        "split" => {
            let share = number(number_text).map_err(told)?;
            if share <= 0.0 || share >= 1.0 {
                return Err(told("the share that trains lies between 0 and 1".to_string()));
            }
            Scheme::Split { share }
        }
        _ => return Err(told(format!("`{name}` is no way of validation"))),
    };
    Ok(Validate::By(scheme))
}

/// One CSV record: fields between commas, blanks round them dropped; a field with a comma or a quotation mark stands
/// in quotation marks, those inside it doubled.
pub fn record(text: &str) -> Result<Vec<String>, String> {
    let mut fields = Vec::new();
    let mut rest = text.trim();
    loop {
        let (field, after) = match rest.strip_prefix('"') {
            Some(quoted) => quoted_field(quoted)?,
            None => {
                let end = rest.find(',').unwrap_or(rest.len());
                (rest[..end].trim_end().to_string(), &rest[end..])
            }
        };
        if field.is_empty() {
            return Err("a field of the list is empty".to_string());
        }
        fields.push(field);
        match after.strip_prefix(',') {
            Some(next) => rest = next.trim_start(),
            None => return Ok(fields),
        }
    }
}

/// The field after an opening quotation mark, and what follows its closing one: nothing, or a comma and the rest.
fn quoted_field(text: &str) -> Result<(String, &str), String> {
    let mut field = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('"') {
        field.push_str(before);
        match after.strip_prefix('"') {
            Some(next) => {
                field.push('"');
                rest = next;
            }
            None => {
                let after = after.trim_start();
                if after.is_empty() || after.starts_with(',') {
                    return Ok((field, after));
                }
                return Err("a comma is missing after a closing quotation mark".to_string());
            }
        }
    }
    Err("a quotation mark is not closed".to_string())
}

/// `VAR=rest`, cut at the first `=`.
fn assignment<'a>(text: &'a str, form: &str) -> Result<(&'a str, &'a str), String> {
    match text.split_once('=').map(|(name, rest)| (name.trim(), rest.trim())) {
        Some((name, rest)) if !name.is_empty() && !rest.is_empty() => Ok((unquoted(name), rest)),
        _ => Err(format!("not of the form {form}")),
    }
}

/// A column's name may stand in backticks, as in a formula.
fn unquoted(name: &str) -> &str {
    name.strip_prefix('`').and_then(|n| n.strip_suffix('`')).unwrap_or(name)
}

pub fn levels(text: &str) -> Result<LevelsOf, String> {
    let (variable, list) = assignment(text, "VAR=a,b,c\n\nhint: `--levels stage=I,II,III`")?;
    let levels = record(list)?;
    for (position, level) in levels.iter().enumerate() {
        if levels[..position].contains(level) {
            return Err(format!("the level `{level}` stands twice"));
        }
    }
    Ok(LevelsOf { variable: variable.to_string(), levels })
}

pub fn reference(text: &str) -> Result<ReferenceOf, String> {
    let (variable, level) = assignment(text, "VAR=LEVEL\n\nhint: `--reference treatment=control`")?;
    match record(level)?.as_slice() {
        [level] => Ok(ReferenceOf { variable: variable.to_string(), level: level.clone() }),
        _ => Err("one level is needed; a level with a comma stands in quotation marks".to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_learning_rate_is_positive_and_finite_or_a_word() {
        assert_eq!(learning_rate("1e-4"), Ok(LearningRate::Fixed(1e-4)));
        assert_eq!(learning_rate("auto"), Ok(LearningRate::Auto));
        assert_eq!(learning_rate("line-search"), Ok(LearningRate::LineSearch));
        for wrong in ["0", "-0.1", "inf", "NaN", "fast", "", "0,1"] {
            assert!(learning_rate(wrong).is_err(), "{wrong}");
        }
        assert!(learning_rate("0,1").is_err_and(|e| e.contains("decimal point")));
    }

    #[test]
    fn a_level_in_per_cent_is_told_its_share() {
        assert_eq!(conf_level("0.9"), Ok(0.9));
        assert!(conf_level("95").is_err_and(|e| e.contains("write 0.95")));
        assert!(conf_level("95%").is_err_and(|e| e.contains("write 0.95")));
        for wrong in ["0", "1", "-1", "100", "NaN"] {
            assert!(conf_level(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn levels_are_cut_at_the_first_equals_sign_and_may_hold_commas_in_quotation_marks() {
        let read = levels("dose=a=1, \"2, then 3\" ,c").expect("well formed");
        assert_eq!(read.variable, "dose");
        assert_eq!(read.levels, ["a=1", "2, then 3", "c"]);
        let quoted = levels("`days in hospital`=1,2").expect("well formed");
        assert_eq!(quoted.variable, "days in hospital");
        for wrong in ["dose", "=a,b", "dose=", "dose=a,,b", "dose=a,a"] {
            assert!(levels(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_record_keeps_what_stands_in_quotation_marks() {
        assert_eq!(record(r#""a ""b"" c", d"#), Ok(vec![r#"a "b" c"#.to_string(), "d".to_string()]));
        for wrong in ["", "a,", ",a", "\"a", "\"a\"b", "a,,b"] {
            assert!(record(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_reference_is_one_level() {
        let read = reference("arm=\"placebo, then drug\"").expect("well formed");
        assert_eq!((read.variable.as_str(), read.level.as_str()), ("arm", "placebo, then drug"));
        assert!(reference("arm=a,b").is_err());
    }

    #[test]
    fn a_validation_is_a_way_and_its_numbers() {
        let by = |scheme| Ok(Validate::By(scheme));
        assert_eq!(validation("none"), Ok(Validate::No));
        assert_eq!(validation("bootstrap:500"), by(Scheme::Bootstrap { samples: 500 }));
        assert_eq!(validation("cv:10"), by(Scheme::CrossValidation { folds: 10, repeats: 1 }));
        assert_eq!(validation("cv:10x5"), by(Scheme::CrossValidation { folds: 10, repeats: 5 }));
        assert_eq!(validation("split:0.7"), by(Scheme::Split { share: 0.7 }));
        for wrong in [
            "",
            "bootstrap",
            "bootstrap:1",
            "cv:1",
            "cv:10x0",
            "cv:x",
            "split:1",
            "split:70",
            "loo:3",
            "cv:-2",
        ] {
            assert!(validation(wrong).is_err_and(|e| e.contains("hint")), "{wrong}");
        }
    }

    #[test]
    fn counts_begin_at_one() {
        assert_eq!(batch_size("64"), Ok(BatchSize::Rows(64)));
        assert_eq!(batch_size("full"), Ok(BatchSize::Full));
        for wrong in ["0", "-1", "1.5", "all", "99999999999999999999999"] {
            assert!(batch_size(wrong).is_err(), "{wrong}");
            assert!(at_least_one(wrong).is_err(), "{wrong}");
        }
        assert!(groups("2").is_err());
    }
}
