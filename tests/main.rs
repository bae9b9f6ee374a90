//! All integration tests in one binary: each further one would link the CSV reader again.

mod browser;
mod cli;
mod crosscheck;
mod effects;
mod evaluate;
mod explore;
mod faults;
mod floors;
mod large;
mod predict;
mod privacy;
mod recovers;
mod reference;
mod refuses;
mod serve;
mod shell;
mod verify;
