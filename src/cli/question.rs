//! What is asked about a treatment, from its options; refused before a long job where it can have no answer.

use crate::cli::args::EffectArgs;
use crate::data::csv::Source;
use crate::design::formula::Formula;
use crate::effects::arms;
use crate::effects::result::{EffectInterval, Question};
use crate::error::{Error, Result};
use crate::fit::spec::{Family, Penalty, Spec};

/// The question, if there is one.
///
/// # Errors
/// Usage, when an option has nothing to act on or the penalty leaves no intervals.
pub fn of(args: &EffectArgs, spec: &Spec) -> Result<Option<Question>> {
    let Some(treatment) = &args.treatment else {
        let without =
            args.effect_interval.map(|_| "--effect-interval").or(args.event_is.map(|_| "--event-is"));
        return match without {
            Some(option) => Err(Error::usage(format!("`{option}` needs `--treatment`"))
                .hint("say whose effect is meant: `--treatment VAR`")),
            None => Ok(None),
        };
    };
    if matches!(spec.penalty, Penalty::ElasticNet { .. }) {
        return Err(Error::usage("`--treatment` does not go with ridge, lasso or elastic net")
            .hint("a shrunken effect is biased and has no interval: leave out `--penalty`, or use firth"));
    }
    if spec.family == Some(Family::Linear) && args.event_is.is_some() {
        return Err(Error::usage("`--event-is` is for logistic models").hint("leave it out"));
    }
    let interval = args.effect_interval.unwrap_or(EffectInterval::Delta);
    if let EffectInterval::Bootstrap(asked) = interval {
        let needed = (2.0 / (1.0 - spec.conf_level)).ceil();
        if ((asked + 1) as f64) < needed {
            return Err(Error::usage(format!(
                "{asked} resamples have no percentile for `--conf-level {}`",
                spec.conf_level
            ))
            .hint(format!(
                "at least {needed} resamples are needed: `--effect-interval bootstrap:{needed}`"
            )));
        }
    }
    Ok(Some(Question { treatment: treatment.clone(), interval, event_is: args.event_is }))
}

/// Whether the formula has the treatment, once the columns of the file are known.
///
/// # Errors
/// Formula or Data, as [`arms::check`] says.
pub fn check(question: &Question, spec: &Spec, source: &Source) -> Result<()> {
    let formula = Formula::parse(&spec.formula)?.resolve(&source.header, &spec.beside())?;
    arms::check(&question.treatment, &formula, &source.header)
}
