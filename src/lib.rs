//! clinreg fits linear and logistic regression to clinical CSVs by gradient descent, and proves how close it came.
//!
//! This page is the architecture: where things live, why, and what never happens.
//!
//! # Two legs that meet in `fit`
//!
//! ```text
//!              cli ── main                        10  the only floor that speaks
//!                serve                             9  the page on this computer: explore, train live, learn
//!        crosscheck   explore                       8  the same fit for R, Python, Stata; descents on surfaces and losses
//!        plot → report      model                  7  what leaves the program
//!         validate ← impute                        6  many fits
//!              effects                             5  the treatment's effect
//!                fit                               4  the legs meet
//!       inference   performance                    3  statements made from arrays
//!     design            optimise                   2
//!     data              objective                  1
//!       rows   team   num   error                 0  ground
//!    (table → numbers)  (function → minimum)
//! ```
//!
//! A module imports only from lower floors (`report` may use `plot` and `model`
//! beside it, `impute` may use `validate`). The data leg
//! (`data`, `design`) never sees the descent leg (`objective`, `optimise`) nor the other way round: they share
//! [`rows`] alone. A test reads every `crate::` path and fails with file and line where a floor is broken.
//!
//! # How data flows
//!
//! A CSV (or several, or a Parquet file) becomes a [`data::csv::Source`] (decoded, its records counted), then a [`data::table::Table`] (typed
//! columns), then a [`design::matrix::Encoded`] (a named numeric matrix; levels and knots
//! [frozen](design::matrix::Frozen)), then [`rows::InMemory`] (blocks of X, y, weight, offset).
//! Many rows take the same way chunk by chunk ([`fit::large`]) and lie, standardised, in memory or in a temporary file
//! ([`rows::on_disk::OnDisk`]); factors of many levels stay codes ([`rows::Layout`]). A model's predictions of new rows are made
//! piece by piece ([`model::Predictor`]). An
//! [`objective::Objective`] gives value, gradient and curvature by sweeps over the blocks;
//! [`optimise::minimise`] is the one loop that moves the coefficients. [`fit::fit`] brings the legs together and
//! returns a [`fit::result::Fit`] in the user's units. Everything that leaves the program (summary, tables, JSON,
//! pictures, page) only reads that.
//!
//! # In reading order
//!
//! [`error`], [`rows`], [`num`] · [`data`], [`design`] · [`objective`], [`optimise`] · [`inference`],
//! [`performance`] · [`fit`] · [`effects`] · [`validate`], [`impute`] · [`plot`], [`model`], [`report`] · [`crosscheck`], [`explore`], [`serve`] · [`cli`].
//!
//! # What holds everywhere
//!
//! - **Only `minimise` moves the coefficients.** A new idea about *what* is minimised is an objective; about *how*,
//!   a method or a step.
//! - **Scale is nobody else's business.** Inside: standardised columns (unless raw scale is asked for) and the mean
//!   loss. Outside `fit`: the user's units only.
//! - **Stopping is not converging.** Only a gradient-type test may say converged; the certificate then says how far
//!   the answer can be from the optimum, in standard errors. Data that are separated never converge.
//! - **No row is lost silently.** Rows read = rows used + rows dropped, by cause; every decision taken on the
//!   user's behalf is a sentence in the [ledger](data::missing::Ledger).
//! - **The same bits on any number of threads.** Blocks and the order of their sums are fixed by the data.
//! - **Pure below the program.** No clock, environment, global or print below `serve` and `cli`: time comes from a
//!   watcher, randomness from a seed; files are read by `data` and written by `report`
//!   (rows that do not fit into memory lie in files without a name: `rows::on_disk`, `fit::large`). [`serve`] has a clock, and its
//!   token from the operating system; no path of a request is ever opened.
//! - **By name.** Coefficients, covariances and columns of new data meet through names, never positions.
//! - **Written files have their own types**, a version, and a round-trip test.
//! - **`f64` throughout**, arrays borrowed in and owned out, no generics over floats.

pub mod cli;
pub mod crosscheck;
pub mod data;
pub mod design;
pub mod effects;
pub mod error;
pub mod explore;
pub mod fit;
pub mod impute;
pub mod inference;
pub mod model;
pub mod num;
pub mod objective;
pub mod optimise;
pub mod performance;
pub mod plot;
pub mod report;
pub mod rows;
pub mod serve;
pub mod team;
pub mod validate;
