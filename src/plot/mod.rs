//! Pictures worth printing: one style, one figure a file; each figure returns PNG bytes, and any can be [`svg`].
//!
//! From the figure down to the pixel: [`descent`] says what is to be shown; [`loss_curve`] and [`gradient_norm`] decide
//! the scales; [`course`] draws a course over the epochs on a [`panel`] with its [`axis`]; [`canvas`] knows lines,
//! markers and text in the sizes and colours of [`style`]; [`raster`] lays them on a [`sheet`] of fine pixels, thick lines
//! as a [`capsule`]; [`png`] makes the file.
//!
//! Figures of a penalty: [`penalty_path`], [`cross_validation`]. Of a model: [`forest`], [`effect`], [`residuals`].
//! Of its predictions: [`roc`], [`calibration`], [`decision`], [`risks`], of numbers [`agreement`]. Of a treatment:
//! [`treatment`]. Of the data: [`missing`], [`imputation_traces`]. They are pure functions of plain numbers; those of
//! predictions and data hold aggregates only. They share a [`page`] with its headings, [`series`] (curves, bands,
//! bars), a [`legend`], [`upright`] lines with words, and words [`spread`] beside the ends of curves.

pub mod agreement;
pub mod axis;
pub mod calibration;
pub mod canvas;
pub mod capsule;
pub mod course;
pub mod cross_validation;
pub mod decision;
pub mod descent;
pub mod effect;
pub mod forest;
pub mod gradient_norm;
pub mod imputation_traces;
pub mod influence;
pub mod instability;
pub mod key;
pub mod lambda_axis;
pub mod legend;
pub mod loss_curve;
pub mod missing;
pub mod number;
pub mod overlay;
pub mod page;
pub mod panel;
pub mod penalty_path;
pub mod place;
pub mod png;
#[cfg(test)]
pub mod proof;
pub mod raster;
pub mod residuals;
pub mod risks;
pub mod roc;
pub mod series;
pub mod sheet;
pub mod single;
pub mod spread;
pub mod stop;
pub mod style;
pub mod svg;
pub mod trace;
pub mod treatment;
pub mod typeface;
pub mod upright;
