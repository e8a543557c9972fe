//! The banach command line program
#![forbid(unsafe_code)]

/// Entry point.
fn main() {}
