//! Proofs about the moment map over whole domains, and files that carry them.
//!
//! A [`Statement`] says what g does on a domain of (mu, omega, nu, tau). [`prove`] cuts the domain into boxes until interval
//! arithmetic decides each one, and answers proved, refuted with a point where the statement fails, or undecided within the
//! budget. A proof is a [`Certificate`]: the statement, its bounds and the tree of cuts. [`verify`] replays that tree from the
//! domain alone and evaluates every box again; it shares no code with the search but the enclosure of one box.
//!
//! What is proved concerns the map g, in which the net inputs of a layer are normal and its activations share one mean and
//! one variance ([`ASSUMPTIONS`]). Finite networks follow g only approximately.

mod budget;
mod claim;
mod domain;
mod error;
mod file;
mod fixed_points;
mod quantity;
mod search;
mod statement;
mod tree;
mod verify;

pub use budget::{Budget, Progress};
pub use claim::{Claim, Witness};
pub use domain::{Axis, Domain};
pub use error::CertificateError;
pub use file::{ASSUMPTIONS, Certificate, FORMAT, Part, ProvedClaim};
pub use fixed_points::FixedPointBox;
pub use quantity::Quantity;
pub use search::{Outcome, Refutation, Undecided, prove};
pub use statement::{Goal, Statement, Theorem};
pub use verify::{Verification, verify};

pub(crate) use quantity::{Enclosure, scaled_norm};
pub(crate) use search::{Trial, holds_on};

#[cfg(test)]
mod tests;
