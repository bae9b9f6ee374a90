//! Internal validation on the command line: its progress, Ctrl-C, and what is said where it is not done.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::cli::progress::interrupted;
use crate::cli::say::{self, Say};
use crate::cli::values::Validate;
use crate::error::Result;
use crate::fit::analysis::Analysis;
use crate::optimise::watch::Signal;
use crate::validate::{Validation, validate};

/// Validates the model as asked for; where that is not done, the ledger and a warning say why.
///
/// # Errors
/// As [`validate`] says.
pub fn validated(analysis: &mut Analysis, asked: Option<Validate>, say: &Say) -> Result<Option<Validation>> {
    let Some(Validate::By(scheme)) = asked else { return Ok(None) };
    if !analysis.fit.convergence.converged {
        not_done(analysis, "no internal validation: the fit did not converge".to_string());
        return Ok(None);
    }
    let bar = bar(scheme.resamples(), say);
    let mut done = 0;
    let found = validate(analysis, scheme, &mut |count| {
        done = count;
        bar.set_position(count as u64);
        if interrupted() { Signal::Stop } else { Signal::Continue }
    });
    bar.finish_and_clear();
    let found = found?;
    if found.is_none() {
        let all = scheme.resamples();
        not_done(
            analysis,
            format!("no internal validation: it was interrupted after {done} of {all} resamples"),
        );
    }
    Ok(found)
}

fn not_done(analysis: &mut Analysis, why: String) {
    say::warn(&why, None);
    analysis.fit.ledger.notices.push(why);
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
