//! Tables as users have them: every format, every fault, and the same values in every storage type.
#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test fails by panicking and says when it skips"
)]

mod bad_input;
mod dialects;
mod formats;
mod hostile;
mod python_writers;
mod real_data;
mod several_files;
mod storage_types;
mod support;
mod writers;
