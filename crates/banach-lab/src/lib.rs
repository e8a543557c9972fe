//! The laboratory: networks beside other methods on the same rows, and what may be said about it.
//!
//! Owns the [`statistics`] of comparisons, which are always there, and behind features:
//!
//! - `compare`: other methods (`baselines`), comparisons with them (`compare`) and their `report`s;
//! - `reproduce`: the paper's data sets (`datasets`) and experiments (`reproduce`);
//! - `download`: downloading of those data sets that have a fixed address and a known checksum.
//!
//! Refuses networks and tables, which it takes from the crates below, and files but for those it reads:
//! whoever calls writes.
#![forbid(unsafe_code)]

#[cfg(feature = "compare")]
pub mod baselines;
#[cfg(feature = "compare")]
pub mod compare;
#[cfg(feature = "reproduce")]
pub mod datasets;
#[cfg(feature = "compare")]
mod error;
#[cfg(feature = "compare")]
pub mod report;
#[cfg(feature = "reproduce")]
pub mod reproduce;
pub mod statistics;

#[cfg(feature = "compare")]
pub use error::LabError;
