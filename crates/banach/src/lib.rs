//! Train, use and store self-normalizing networks on tables: the documented face of the banach project
#![forbid(unsafe_code)]

pub mod container;
pub mod metrics;
