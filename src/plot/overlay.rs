//! Several runs in one picture, with a key beside the frame that says how each ended.

use crate::error::Result;
use crate::optimise::stop::StopReason;
use crate::plot::canvas::Canvas;
use crate::plot::course::{Course, Run, Stop, draw_line, draw_stop, pixels};
use crate::plot::key::{Entry, Key};
use crate::plot::number::count;
use crate::plot::panel::{Panel, Reserve};
use crate::plot::place::{Cover, Ink};
use crate::plot::stop::headline;
use crate::plot::style::look_of;
use crate::plot::trace::{Trace, trace};
use plotters_backend::DrawingBackend;

/// Draws the runs of a course over each other, each with its stop.
///
/// # Errors
/// When the surface or the typeface fails.
pub fn draw<B: DrawingBackend>(course: &Course<'_>, canvas: &Canvas<'_, B>) -> Result<()> {
    const KEY_GAP: f64 = 46.0;
    const KEY_LEAST: f64 = 260.0;
    let whole = course.panel(Reserve::default())?;
    let entries: Vec<Entry> = course
        .runs
        .iter()
        .zip(traces(course, &whole))
        .enumerate()
        .map(|(k, (run, line))| entry(k, run, &line))
        .collect();
    let key = Key::lay_out(&entries, whole.frame.height())?;
    let panel = course.panel(Reserve { right: key.width.max(KEY_LEAST) + KEY_GAP, above: 0.0 })?;
    panel.draw(canvas)?;
    draw_lines(course, canvas, &panel)?;
    key.draw(canvas, (panel.frame.right + KEY_GAP, panel.frame.top + 6.0))
}

fn traces(course: &Course<'_>, panel: &Panel) -> Vec<Trace> {
    course.runs.iter().map(|run| trace(&pixels(panel, &run.samples), &panel.frame)).collect()
}

fn draw_lines<B: DrawingBackend>(course: &Course<'_>, canvas: &Canvas<'_, B>, panel: &Panel) -> Result<()> {
    let mut ink = Ink::new(panel.frame);
    let lines = traces(course, panel);
    course.draw_limits(canvas, panel)?;
    course.mark_limits(panel, &mut ink);
    for (k, line) in lines.iter().enumerate() {
        line.pieces.iter().for_each(|piece| ink.add_line(piece, Cover::Solid));
        draw_line(canvas, line, &look_of(k))?;
    }
    for (k, (run, line)) in course.runs.iter().zip(&lines).enumerate() {
        draw_stop(canvas, Stop::of(line), run, &look_of(k))?;
    }
    course.label_limits(canvas, panel, &mut ink)
}

fn entry(position: usize, run: &Run, line: &Trace) -> Entry {
    let mut note = headline(run.reason, run.epochs());
    if run.reason != StopReason::Diverged && !run.reason.is_converged() {
        note = format!("{note}: {}", run.reason.words());
    }
    if let Some(sample) = line.leaves.and_then(|(_, at)| run.samples.get(at)) {
        note = format!("{note}; leaves the picture at epoch {}", count(sample.0));
    }
    let leaves = matches!(Stop::of(line), Stop::LeavesAt(_));
    Entry { look: look_of(position), end: run.end(leaves), label: run.label.clone(), note }
}
