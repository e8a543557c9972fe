//! The laboratory: networks beside other methods on the same rows, and what may be said about it.
//!
//! Owns the other methods ([`baselines`]), comparisons ([`compare`](mod@compare)), the statistics of them
//! ([`statistics`]), the paper's data sets ([`datasets`]) and reports ([`report`]). Refuses networks and
//! tables, which it takes from the crates below, and files but for those it reads: whoever calls
//! writes.
#![forbid(unsafe_code)]

pub mod baselines;
pub mod compare;
pub mod datasets;
mod error;
pub mod report;
pub mod reproduce;
pub mod statistics;

pub use error::LabError;
