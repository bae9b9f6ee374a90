//! The live page in a real browser: Chromium clicks, slides, types and reads what a user would read.
//!
//! Without Chromium these tests say that they are skipped; with `CLINREG_BROWSER=must` in the environment they fail.

mod driver;
mod explore;
mod learn;
mod look;
mod spanish;
mod train;
