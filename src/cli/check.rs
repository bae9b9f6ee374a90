//! From options to the specification of an analysis; options that contradict each other are wrong usage.

use crate::cli::args::{DescentArgs, FitArgs, InferenceArgs, ModelArgs, PenaltyArgs, ReadingArgs};
use crate::cli::values::{BatchSize, FamilyName, Lambda, Missing, PenaltyName};
use crate::data::choices::DataChoices;
use crate::error::{Error, Result};
use crate::fit::spec::{
    ClusterCorrection, Family, Interval, LearningRate, MethodName, Penalty, Robust, Spec, Start,
};
use crate::impute::pool;

/// The specification that the options of `fit` ask for.
///
/// # Errors
/// Usage, when two options contradict each other or one is missing without which another has no meaning.
pub fn fit_spec(args: &FitArgs, seed: u64) -> Result<Spec> {
    let method = args.descent.optimizer.unwrap_or(MethodName::Auto);
    let mut spec = spec(&args.model, &args.reading, &args.descent, &args.penalty, method, seed)?;
    infer(&mut spec, &args.inference)?;
    check_imputation(args, &spec)?;
    Ok(spec)
}

/// The specification that model, reading, descent and penalty ask for; inference is left at its defaults.
///
/// # Errors
/// As [`fit_spec`].
pub fn spec(
    model: &ModelArgs,
    reading: &ReadingArgs,
    descent: &DescentArgs,
    penalty: &PenaltyArgs,
    method: MethodName,
    seed: u64,
) -> Result<Spec> {
    let mut spec = Spec::new(&model.formula);
    spec.seed = seed;
    read(&mut spec, reading)?;
    descend(&mut spec, descent, method);
    spec.penalty = penalise(penalty)?;
    spec.check_descent()?;
    Ok(spec)
}

/// Refuses what goes with neither imputation nor pooling, and options that one of them needs.
fn check_imputation(args: &FitArgs, spec: &Spec) -> Result<()> {
    let impute = args.reading.missing == Some(Missing::Impute);
    let pool = args.imputation.pool;
    if args.imputation.imputations.is_some() && !impute {
        return Err(Error::usage("`--imputations` says how often `--missing impute` imputes")
            .hint("add `--missing impute`, or leave out `--imputations`"));
    }
    if impute && pool {
        return Err(Error::usage("`--pool` takes files that are complete; `--missing impute` completes one")
            .hint("leave out one of the two"));
    }
    if !impute && !pool {
        return Ok(());
    }
    pool::check(spec)
}

/// A specification of formula and reading alone.
///
/// # Errors
/// Usage, for options that contradict each other, or multiple imputation.
pub fn reading_spec(formula: &str, args: &ReadingArgs) -> Result<Spec> {
    if args.missing == Some(Missing::Impute) {
        return Err(Error::usage("`--missing impute` goes with `clinreg fit`: a surface is of one data set")
            .hint("leave it out, or say `--missing fail`"));
    }
    let mut spec = Spec::new(formula);
    read(&mut spec, args)?;
    Ok(spec)
}

fn read(spec: &mut Spec, args: &ReadingArgs) -> Result<()> {
    spec.family = match args.family {
        None | Some(FamilyName::Auto) => None,
        Some(FamilyName::Is(family)) => Some(family),
    };
    if spec.family == Some(Family::Linear) && args.event.is_some() {
        return Err(Error::usage("`--event` goes with a logistic model, not with `--family linear`")
            .hint("leave out one of the two"));
    }
    spec.event = args.event.clone();
    spec.fail_on_missing = args.missing == Some(Missing::Fail);
    spec.weights = args.weights.clone();
    spec.data = choices(args)?;
    Ok(())
}

fn choices(args: &ReadingArgs) -> Result<DataChoices> {
    let levels: Vec<_> = args.levels.iter().map(|l| (l.variable.clone(), l.levels.clone())).collect();
    let references: Vec<_> = args.reference.iter().map(|r| (r.variable.clone(), r.level.clone())).collect();
    said_once("--levels", levels.iter().map(|l| l.0.as_str()))?;
    said_once("--reference", references.iter().map(|r| r.0.as_str()))?;
    Ok(DataChoices {
        na: args.na.concat(),
        factors: args.factor.concat(),
        levels,
        references,
        ..DataChoices::default()
    })
}

/// Refuses a variable that an option names twice.
///
/// # Errors
/// Usage.
pub fn said_once<'a>(option: &str, variables: impl Iterator<Item = &'a str>) -> Result<()> {
    let mut seen = Vec::new();
    for variable in variables {
        if seen.contains(&variable) {
            return Err(
                Error::usage(format!("`{option}` is given twice for `{variable}`")).hint("keep one of them")
            );
        }
        seen.push(variable);
    }
    Ok(())
}

fn descend(spec: &mut Spec, args: &DescentArgs, method: MethodName) {
    spec.method = method;
    spec.batch_size = match args.batch_size {
        None | Some(BatchSize::Full) => None,
        Some(BatchSize::Rows(rows)) => Some(rows),
    };
    spec.learning_rate = args.learning_rate.unwrap_or(LearningRate::Auto);
    spec.schedule = args.schedule;
    spec.max_epochs = args.max_epochs;
    spec.tolerance = args.tolerance;
    spec.start = args.start.unwrap_or(Start::Zero);
    spec.raw_scale = args.raw_scale;
}

fn penalise(args: &PenaltyArgs) -> Result<Penalty> {
    let penalty = args.penalty.unwrap_or(PenaltyName::None);
    let alpha = match (penalty, args.alpha) {
        (PenaltyName::None | PenaltyName::Firth, _) => {
            let extra = args.lambda.map(|_| "--lambda").or(args.alpha.map(|_| "--alpha"));
            if let Some(option) = extra {
                return Err(Error::usage(format!("`{option}` needs a penalty that it can set"))
                    .hint("add `--penalty ridge`, `lasso` or `elastic-net`"));
            }
            return Ok(if penalty == PenaltyName::Firth { Penalty::Firth } else { Penalty::None });
        }
        (PenaltyName::Ridge, None | Some(0.0)) => 0.0,
        (PenaltyName::Lasso, None | Some(1.0)) => 1.0,
        (PenaltyName::ElasticNet, alpha) => alpha.unwrap_or(0.5),
        (PenaltyName::Ridge | PenaltyName::Lasso, Some(alpha)) => {
            return Err(Error::usage(format!(
                "`--alpha {alpha}` contradicts the penalty: ridge is alpha 0, lasso is alpha 1"
            ))
            .hint("say `--penalty elastic-net` to mix the two"));
        }
    };
    let lambda = match args.lambda {
        Some(Lambda::Is(value)) => Some(value),
        Some(Lambda::CrossValidated) => None,
        None => {
            return Err(Error::usage("the penalty's strength is not given")
                .hint("add `--lambda X`, or `--lambda cv` to choose it by cross-validation"));
        }
    };
    Ok(Penalty::ElasticNet { lambda, alpha })
}

fn infer(spec: &mut Spec, args: &InferenceArgs) -> Result<()> {
    if let Some(level) = args.conf_level {
        spec.conf_level = level;
    }
    spec.interval = args.ci.unwrap_or(Interval::Wald);
    spec.against = args.against.clone();
    spec.hosmer_lemeshow = args.hosmer_lemeshow;
    spec.save_fitted = args.save_fitted;
    spec.robust = sandwich(args)?;
    check_inference(spec)
}

fn sandwich(args: &InferenceArgs) -> Result<Robust> {
    match (args.robust, &args.cluster) {
        (Some(_), Some(_)) => {
            Err(Error::usage("`--robust` and `--cluster` are two kinds of standard errors")
                .hint("choose one; `--cluster` is robust as well"))
        }
        (_, None) if args.cluster_correction.is_some() => {
            Err(Error::usage("`--cluster-correction` needs `--cluster`")
                .hint("say which column names the clusters: `--cluster VAR`"))
        }
        (None, None) => Ok(Robust::Model),
        (Some(kind), None) => Ok(Robust::Hc(kind)),
        (None, Some(variable)) => Ok(Robust::Cluster {
            variable: variable.clone(),
            correction: args.cluster_correction.unwrap_or(ClusterCorrection::Cr1),
        }),
    }
}

fn check_inference(spec: &Spec) -> Result<()> {
    let shrunk = matches!(spec.penalty, Penalty::ElasticNet { .. });
    let penalised = spec.penalty != Penalty::None;
    if penalised && spec.robust != Robust::Model {
        return Err(Error::usage("`--robust` and `--cluster` do not go with a penalty")
            .hint("a shrunken coefficient is biased, and a sandwich does not see the bias: leave out one"));
    }
    if shrunk && spec.interval == Interval::Profile {
        return Err(Error::usage("`--ci profile` does not go with ridge, lasso or elastic net")
            .hint("their coefficients have no intervals; `--penalty firth` has"));
    }
    if spec.robust != Robust::Model && spec.interval == Interval::Profile {
        return Err(Error::usage("`--ci profile` trusts the model, `--robust` and `--cluster` do not")
            .hint("leave out one of them"));
    }
    if penalised && spec.against.is_some() {
        return Err(Error::usage("`--against` compares maximum-likelihood fits, not penalised ones")
            .hint("leave out `--penalty` or `--against`"));
    }
    if spec.family == Some(Family::Linear) && spec.hosmer_lemeshow.is_some() {
        return Err(Error::usage("`--hosmer-lemeshow` is a test of logistic models")
            .hint("leave it out, or say `--family logistic`"));
    }
    if spec.family == Some(Family::Linear) && spec.penalty == Penalty::Firth {
        return Err(Error::usage("`--penalty firth` is for logistic models").hint("leave it out"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::args::{Cli, Verb};

    fn spec_of(options: &str) -> Result<Spec> {
        let words = ["clinreg", "fit", "d.csv", "y ~ x"].into_iter().chain(options.split_whitespace());
        let cli = Cli::try_parse_from(words).expect("clap accepts it");
        match cli.verb {
            Verb::Fit(args) => fit_spec(&args, cli.global.seed()),
            _ => unreachable!("the verb is fit"),
        }
    }

    #[test]
    fn options_that_contradict_each_other_are_wrong_usage() {
        for (options, word) in [
            ("--batch-size 16", "--batch-size"),
            ("--learning-rate 0.1", "--learning-rate"),
            ("--optimizer auto --schedule cosine", "--schedule"),
            ("--optimizer adam --learning-rate line-search", "adam"),
            ("--optimizer gradient-descent --learning-rate line-search --schedule cosine", "--schedule"),
            ("--lambda 0.1", "--lambda"),
            ("--penalty firth --alpha 1", "--alpha"),
            ("--penalty ridge", "strength"),
            ("--penalty ridge --alpha 0.5 --lambda 1", "contradicts"),
            ("--cluster-correction cr0", "--cluster"),
            ("--robust hc3 --cluster site", "--cluster"),
            ("--robust hc3 --penalty ridge --lambda 1", "penalty"),
            ("--ci profile --penalty lasso --lambda 1", "profile"),
            ("--ci profile --robust hc0", "profile"),
            ("--against y~1 --penalty firth", "--against"),
            ("--family linear --event yes", "--event"),
            ("--family linear --hosmer-lemeshow 10", "--hosmer-lemeshow"),
            ("--family linear --penalty firth", "firth"),
            ("--levels a=x,y --levels a=y,x", "twice"),
        ] {
            let error = spec_of(options).expect_err(options);
            assert_eq!(error.exit_status(), 2, "{options}");
            assert!(error.message.contains(word), "{options}: {error}");
            assert!(error.hint.is_some(), "{options}");
        }
    }

    #[test]
    fn without_options_the_specification_is_the_default() {
        assert_eq!(spec_of("").expect("no contradiction"), Spec::new("y ~ x"));
    }

    #[test]
    fn every_option_reaches_the_specification() {
        let spec = spec_of(
            "--event yes --factor a,b --factor c --levels d=x,y --reference e=z --na 99,-1 --missing fail \
             --weights w --optimizer momentum --batch-size 32 --learning-rate 0.5 --schedule cosine \
             --max-epochs 7 --tolerance 1e-5 --start random --raw-scale --conf-level 0.9 --ci profile \
             --against y~1 --hosmer-lemeshow 8 --save-fitted --seed 3",
        )
        .expect("no contradiction");
        let mut wanted = Spec::new("y ~ x");
        wanted.event = Some("yes".to_string());
        wanted.data = DataChoices {
            na: vec!["99".to_string(), "-1".to_string()],
            factors: ["a", "b", "c"].map(str::to_string).to_vec(),
            levels: vec![("d".to_string(), vec!["x".to_string(), "y".to_string()])],
            references: vec![("e".to_string(), "z".to_string())],
            ..DataChoices::default()
        };
        wanted.fail_on_missing = true;
        wanted.weights = Some("w".to_string());
        wanted.method = MethodName::Momentum;
        wanted.batch_size = Some(32);
        wanted.learning_rate = LearningRate::Fixed(0.5);
        wanted.schedule = Some(crate::fit::spec::Schedule::Cosine);
        wanted.max_epochs = Some(7);
        wanted.tolerance = Some(1e-5);
        wanted.start = Start::Random;
        wanted.raw_scale = true;
        wanted.conf_level = 0.9;
        wanted.interval = Interval::Profile;
        wanted.against = Some("y~1".to_string());
        wanted.hosmer_lemeshow = Some(8);
        wanted.save_fitted = true;
        wanted.seed = 3;
        assert_eq!(spec, wanted);
    }

    #[test]
    fn penalties_and_sandwiches_reach_the_specification() {
        let penalty = |options: &str| spec_of(options).expect(options).penalty;
        assert_eq!(
            penalty("--penalty ridge --lambda 2"),
            Penalty::ElasticNet { lambda: Some(2.0), alpha: 0.0 }
        );
        assert_eq!(penalty("--penalty lasso --lambda cv"), Penalty::ElasticNet { lambda: None, alpha: 1.0 });
        assert_eq!(
            penalty("--penalty elastic-net --lambda 0 --alpha 0.2"),
            Penalty::ElasticNet { lambda: Some(0.0), alpha: 0.2 }
        );
        assert_eq!(penalty("--penalty firth"), Penalty::Firth);
        let robust = |options: &str| spec_of(options).expect(options).robust;
        assert_eq!(robust("--robust hc2"), Robust::Hc(2));
        assert_eq!(
            robust("--cluster site"),
            Robust::Cluster { variable: "site".to_string(), correction: ClusterCorrection::Cr1 }
        );
    }
}
