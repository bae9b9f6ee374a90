//! One run: its mini-batch steps faint below, its line, and its stop in words where there is room.

use crate::error::Result;
use crate::plot::canvas::{Align, Area, Canvas, Point};
use crate::plot::course::{Course, Run, Stop, draw_line, draw_stop, pixels};
use crate::plot::key::MARKER;
use crate::plot::panel::{Panel, Reserve};
use crate::plot::place::{Cover, Ink, distance, nearest};
use crate::plot::stop::headline;
use crate::plot::style::{
    CURVE_WIDTH, FAINT_WIDTH, Face, INK, Look, MUTED, NOTE, NOTE_HEAD, Shape, Stroke, WHITE, look_of, tint,
};
use crate::plot::trace::{Trace, trace};
use crate::plot::typeface::{shorten, width, wrap};
use plotters_backend::DrawingBackend;

/// Height of a row of words above the frame, pixels.
const ROW: f64 = 44.0;

/// Everything measured, nothing drawn yet.
struct Scene {
    panel: Panel,
    steps: Trace,
    line: Trace,
    stop: Stop,
    ink: Ink,
}

/// Words with their faces, and their place.
struct Block {
    lines: Vec<(String, Face)>,
    place: Area,
}

/// Draws a course of one run.
///
/// # Errors
/// When the surface or the typeface fails.
pub fn draw<B: DrawingBackend>(course: &Course<'_>, run: &Run, canvas: &Canvas<'_, B>) -> Result<()> {
    let key_rows = if course.steps.is_empty() { 0.0 } else { 1.0 };
    let mut scene = scene(course, run, key_rows * ROW)?;
    let block = best_block(run, &scene.ink, anchor(&scene))?;
    if scene.ink.is_free(&block.place) {
        draw_ground(course, run, canvas, &scene)?;
        let leader = leader(&block, anchor(&scene));
        draw_block(canvas, &block, &leader)?;
        scene.ink.add_area(&block.place, Cover::Solid);
        scene.ink.add_line(&leader, Cover::Solid);
    } else {
        scene = self::scene(course, run, (key_rows + 1.0) * ROW)?;
        draw_ground(course, run, canvas, &scene)?;
        draw_row(canvas, run, &scene.panel)?;
    }
    if !course.steps.is_empty() {
        draw_step_key(canvas, &scene.panel)?;
    }
    course.label_limits(canvas, &scene.panel, &mut scene.ink)
}

fn scene(course: &Course<'_>, run: &Run, above: f64) -> Result<Scene> {
    let panel = course.panel(Reserve { right: 0.0, above })?;
    let steps = trace(&pixels(&panel, &course.steps), &panel.frame);
    let line = trace(&pixels(&panel, &run.samples), &panel.frame);
    let stop = Stop::of(&line);
    let mut ink = Ink::new(panel.frame);
    course.mark_limits(&panel, &mut ink);
    steps.pieces.iter().for_each(|piece| ink.add_line(piece, Cover::Crossable));
    line.pieces.iter().for_each(|piece| ink.add_line(piece, Cover::Solid));
    if let Some((x, y)) = stop.at() {
        ink.add_area(&Area { left: x, top: y, right: x, bottom: y }.grown(1.3 * MARKER), Cover::Solid);
    }
    Ok(Scene { panel, steps, line, stop, ink })
}

/// The point of which the words speak: the stop, or the middle of an empty panel.
fn anchor(scene: &Scene) -> Point {
    let frame = &scene.panel.frame;
    let middle = (f64::midpoint(frame.left, frame.right), f64::midpoint(frame.top, frame.bottom));
    scene.stop.at().unwrap_or(middle)
}

fn faint() -> Stroke {
    const STEP_TINT: f64 = 0.28; // share of the colour that faint steps keep
    Stroke::solid(tint(look_of(0).colour, STEP_TINT), FAINT_WIDTH)
}

fn draw_ground<B: DrawingBackend>(
    course: &Course<'_>,
    run: &Run,
    canvas: &Canvas<'_, B>,
    scene: &Scene,
) -> Result<()> {
    const MOST_DOTS: usize = 40; // a run of at most so many records shows each as a dot
    let look = look_of(0);
    scene.panel.draw(canvas)?;
    scene.steps.pieces.iter().try_for_each(|piece| canvas.line(piece, &faint()))?;
    scene.panel.draw_spines(canvas)?;
    course.draw_limits(canvas, &scene.panel)?;
    draw_line(canvas, &scene.line, &look)?;
    if run.samples.len() <= MOST_DOTS {
        draw_dots(canvas, run, &scene.panel, &look)?;
    }
    draw_stop(canvas, scene.stop, run, &look)
}

fn draw_dots<B: DrawingBackend>(canvas: &Canvas<'_, B>, run: &Run, panel: &Panel, look: &Look) -> Result<()> {
    const DOT: f64 = 6.5;
    let frame = &panel.frame;
    let seen = |at: &Point| frame.top <= at.1 && at.1 <= frame.bottom;
    pixels(panel, &run.samples)
        .into_iter()
        .filter(seen)
        .try_for_each(|at| canvas.marker(at, Shape::Circle, DOT, look.colour))
}

/// The row above the frame that tells the faint line from the strong one.
fn draw_step_key<B: DrawingBackend>(canvas: &Canvas<'_, B>, panel: &Panel) -> Result<()> {
    const SAMPLE: f64 = 60.0;
    const GAP: f64 = 14.0;
    let strong = Stroke::solid(look_of(0).colour, CURVE_WIDTH);
    let band = Stroke::solid(faint().colour, 2.0 * CURVE_WIDTH);
    let middle = panel.frame.top - 0.6 * ROW;
    let mut start = panel.frame.left;
    for (stroke, words) in [(strong, "all rows, at the end of each epoch"), (band, "each mini-batch")] {
        canvas.line(&[(start, middle), (start + SAMPLE, middle)], &stroke)?;
        let text = (start + SAMPLE + GAP, middle + NOTE.cap_height() / 2.0);
        canvas.text(words, text, Align::Left, NOTE, MUTED)?;
        start = text.0 + width(words, NOTE)? + 3.0 * GAP;
    }
    Ok(())
}

/// The words of a stop broken to one of several widths, and their place: the wide form unless a narrower one covers
/// less ink or comes nearer.
fn best_block(run: &Run, ink: &Ink, anchor: Point) -> Result<Block> {
    const WIDTHS: [f64; 4] = [640.0, 460.0, 330.0, 240.0];
    const PRICE_OF_NARROW: f64 = 40.0; // as many pixels further away
    let mut best: Option<(f64, Block)> = None;
    for (k, room) in WIDTHS.into_iter().enumerate() {
        let lines = words_of(run, room)?;
        let widest = lines.iter().try_fold(0.0, |w: f64, (line, face)| Ok(w.max(width(line, *face)?)))?;
        let (cost, place) = ink.place((widest, lines.len() as f64 * NOTE.leading()), anchor);
        let cost = cost + k as f64 * PRICE_OF_NARROW;
        if best.as_ref().is_none_or(|(least, _)| cost < *least) {
            best = Some((cost, Block { lines, place }));
        }
    }
    let (_, block) = best.expect("there is at least one width");
    Ok(block)
}

fn words_of(run: &Run, room: f64) -> Result<Vec<(String, Face)>> {
    let mut lines = Vec::new();
    for line in wrap(&headline(run.reason, run.epochs()), NOTE_HEAD, room, 2)? {
        lines.push((line, NOTE_HEAD));
    }
    for words in &run.ending {
        lines.extend(wrap(words, NOTE, room, 3)?.into_iter().map(|line| (line, NOTE)));
    }
    Ok(lines)
}

/// The thin line that joins words to the stop where they stand off; empty where they do not.
fn leader(block: &Block, anchor: Point) -> Vec<Point> {
    const NEAR: f64 = 46.0;
    if distance(anchor, &block.place) <= NEAR {
        return Vec::new();
    }
    let end = nearest(anchor, &block.place.grown(5.0));
    vec![end, towards(anchor, end, 1.4 * MARKER)]
}

fn draw_block<B: DrawingBackend>(canvas: &Canvas<'_, B>, block: &Block, leader: &[Point]) -> Result<()> {
    canvas.line(leader, &Stroke::solid(MUTED, 1.8))?;
    canvas.rectangle(&block.place.grown(4.0), WHITE)?;
    for (k, (line, face)) in block.lines.iter().enumerate() {
        let baseline = block.place.top + (k as f64 + 0.5) * NOTE.leading() + NOTE.cap_height() / 2.0;
        canvas.text(line, (block.place.left, baseline), Align::Left, *face, INK)?;
    }
    Ok(())
}

/// The words in one row above a frame that is full of ink.
fn draw_row<B: DrawingBackend>(canvas: &Canvas<'_, B>, run: &Run, panel: &Panel) -> Result<()> {
    let above_key = panel.reserve.above - 0.5 * ROW;
    let at = (panel.frame.left, panel.frame.top - above_key + NOTE.cap_height() / 2.0);
    let head = format!("{}: ", headline(run.reason, run.epochs()));
    canvas.text(&head, at, Align::Left, NOTE_HEAD, INK)?;
    let start = at.0 + width(&head, NOTE_HEAD)?;
    let rest = shorten(&run.ending.join("; "), NOTE, panel.frame.right - start)?;
    canvas.text(&rest, (start, at.1), Align::Left, NOTE, INK)
}

/// The point that lies `by` pixels from `from` on the way to `to`.
fn towards(from: Point, to: Point, by: f64) -> Point {
    let length = (to.0 - from.0).hypot(to.1 - from.1).max(1.0);
    (from.0 + (to.0 - from.0) * by / length, from.1 + (to.1 - from.1) * by / length)
}
