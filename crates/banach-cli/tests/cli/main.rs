//! The real program in temporary folders: exit codes, standard output, standard error, files.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(
    clippy::print_stdout,
    reason = "tests tell what they saw and what they skipped"
)]

#[cfg(not(all(
    feature = "plot",
    feature = "compare",
    feature = "reproduce",
    feature = "download"
)))]
mod absent;
mod bench;
mod cells;
#[cfg(feature = "compare")]
mod compare;
mod cv;
mod demo;
mod determinism;
mod errors;
mod evaluate;
mod fit;
mod inspect;
mod interrupt;
mod names;
mod networks;
mod predict;
mod reading;
#[cfg(feature = "reproduce")]
mod reproduce;
mod room;
mod tables;
mod theory;
