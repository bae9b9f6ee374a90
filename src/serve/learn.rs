//! The questions of the lessons, judged by the engine.
