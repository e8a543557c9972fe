//! What can be wrong with a statement or a certificate.

use super::Axis;
use crate::interval::Interval;

/// Why a statement cannot be examined or a certificate is not accepted.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// An end of a domain is not a number or infinite.
    #[error("{} must have finite ends, got {end}", axis.name())]
    DomainEnd {
        /// The variable.
        axis: Axis,
        /// The end given.
        end: f64,
    },
    /// nu and tau are a variance and a sum of squares.
    #[error("{} must be positive, got a domain from {end}", axis.name())]
    NotPositive {
        /// The variable.
        axis: Axis,
        /// The lower end given.
        end: f64,
    },
    /// SELU's constants.
    #[error("{name} must be a finite positive number, got {value}")]
    Constant {
        /// alpha or lambda.
        name: &'static str,
        /// What was given.
        value: f64,
    },
    /// No such theorem.
    #[error("unknown statement {name:?}, allowed are theorem1, theorem2 and theorem3")]
    UnknownTheorem {
        /// What was given.
        name: String,
    },
    /// The file is no certificate, or of another format version.
    #[error("certificate format is {got:?}, this program reads {expected:?}")]
    Format {
        /// What the file says.
        got: String,
        /// What is read.
        expected: &'static str,
    },
    /// The file is not valid JSON of a certificate.
    #[error("not a certificate: {reason}")]
    Parse {
        /// The JSON reader's message.
        reason: String,
    },
    /// The certificate says it proves a theorem, but carries another domain, goal or constants.
    #[error("the certificate is named {name:?} but differs from that theorem in {what}")]
    NotTheTheorem {
        /// The theorem's name.
        name: String,
        /// What differs.
        what: &'static str,
    },
    /// There is nothing to prove.
    #[error("the statement has no parts: it says nothing")]
    NoParts,
    /// A text of the certificate that this program did not write.
    #[error("the certificate's {what} is not the text of this program, which checks by no other")]
    Text {
        /// Which text.
        what: &'static str,
    },
    /// The subdivision has another depth than the file says.
    #[error(
        "part {part}, {claim}: the file says {expected} cuts on the longest path, its tree has {got}"
    )]
    Depth {
        /// Index of the part, from 0.
        part: usize,
        /// The claim, as text.
        claim: String,
        /// What the file says.
        expected: u32,
        /// What the tree has.
        got: u32,
    },
    /// A part lacks a claim its goal needs, or carries another one.
    #[error("part {part}: the goal needs the claims {needed:?}, the certificate has {got:?}")]
    Claims {
        /// Index of the part, from 0.
        part: usize,
        /// Claims of the goal, as text.
        needed: Vec<String>,
        /// Claims in the file, as text.
        got: Vec<String>,
    },
    /// The text of the cuts does not describe a subdivision.
    #[error("part {part}, {claim}: the tree of cuts is broken at character {position}: {reason}")]
    Tree {
        /// Index of the part, from 0.
        part: usize,
        /// The claim, as text.
        claim: String,
        /// Character in the tree's text, from 0.
        position: usize,
        /// What is wrong there.
        reason: &'static str,
    },
    /// The subdivision has another number of boxes than the file says.
    #[error("part {part}, {claim}: the file says {expected} boxes, its tree has {got}")]
    BoxCount {
        /// Index of the part, from 0.
        part: usize,
        /// The claim, as text.
        claim: String,
        /// What the file says.
        expected: usize,
        /// What the tree has.
        got: usize,
    },
    /// A box does not satisfy the claim.
    #[error(
        "part {part}: {claim} is not proved on box {index} ({cell}), the enclosure there is {enclosure}"
    )]
    Box {
        /// Index of the part, from 0.
        part: usize,
        /// The claim, as text.
        claim: String,
        /// Index of the box in the tree's order, from 0.
        index: usize,
        /// The box, as text.
        cell: String,
        /// The quantity on it.
        enclosure: Interval,
    },
    /// The bound in the file is narrower than what the boxes give.
    #[error("part {part}, {claim}: the file bounds it by {expected}, its boxes give {got}")]
    Bound {
        /// Index of the part, from 0.
        part: usize,
        /// The claim, as text.
        claim: String,
        /// What the file says.
        expected: Interval,
        /// What the boxes give.
        got: Interval,
    },
    /// The box of fixed points in the file is missing or narrower than what the iteration gives.
    #[error("part {part}: the box of fixed points in the file is not confirmed ({reason})")]
    FixedPoints {
        /// Index of the part, from 0.
        part: usize,
        /// What is wrong.
        reason: String,
    },
}
