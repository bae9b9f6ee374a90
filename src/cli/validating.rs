//! Internal validation on the command line: its progress, Ctrl-C, and what is said where it is not done.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::cli::progress::interrupted;
use crate::cli::say::{self, Say};
use crate::cli::values::Validate;
use crate::error::Result;
use crate::fit::result::Fit;
use crate::optimise::watch::Signal;
use crate::validate::Validation;
use crate::validate::resample::Scheme;

/// Validates a fit by a scheme; asks after every few resamples, with how many are done, whether to go on.
type Validating<'a> =
    dyn Fn(&Fit, Scheme, &mut dyn FnMut(usize) -> Signal) -> Result<Option<Validation>> + 'a;

/// Validates the model as asked for, `by` the way that its data sets need; where that is not done, the ledger and a warning say why.
///
/// # Errors
/// As `by` says.
pub fn validated(
    fit: &mut Fit,
    asked: Option<Validate>,
    say: &Say,
    by: &Validating<'_>,
) -> Result<Option<Validation>> {
    let Some(Validate::By(scheme)) = asked else { return Ok(None) };
    if !fit.convergence.converged {
        not_done(fit, "no internal validation: the fit did not converge".to_string());
        return Ok(None);
    }
    let bar = bar(scheme.resamples(), say);
    let mut done = 0;
    let found = by(fit, scheme, &mut |count| {
        done = count;
        bar.set_position(count as u64);
        if interrupted() { Signal::Stop } else { Signal::Continue }
    });
    bar.finish_and_clear();
    let found = found?;
    if found.is_none() {
        let all = scheme.resamples();
        not_done(fit, format!("no internal validation: it was interrupted after {done} of {all} resamples"));
    }
    Ok(found)
}

fn not_done(fit: &mut Fit, why: String) {
    say::warn(&why, None);
    fit.ledger.notices.push(why);
}

/// A bar on a terminal, nothing elsewhere or when quiet.
fn bar(resamples: usize, say: &Say) -> ProgressBar {
    let target =
        if say.quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr_with_hz(15) };
    let bar = ProgressBar::with_draw_target(Some(resamples as u64), target).with_prefix("validate");
    if let Ok(style) =
        ProgressStyle::with_template("{prefix} [{bar:24}] {pos} of {len} resamples, {eta} to go")
    {
        bar.set_style(style.progress_chars("=> "));
    }
    bar
}
