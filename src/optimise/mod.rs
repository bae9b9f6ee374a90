//! How an objective is minimised: the one loop, its moves, steps, stops, history and certificate.

pub mod history;
pub mod stop;
pub mod verdict;
pub mod watch;
