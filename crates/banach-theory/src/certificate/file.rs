//! The certificate as a document.

use serde::{Deserialize, Serialize};

use super::{CertificateError, Claim, Domain, FixedPointBox, Goal, Quantity, Statement};
use crate::interval::Interval;
use crate::interval_map::IntervalMap;

/// Format name and version, the first entry of every certificate.
pub const FORMAT: &str = "banach certificate 1";

/// What a certificate takes for granted and does not prove.
pub const ASSUMPTIONS: [&str; 4] = [
    "the net input of a unit is normally distributed (central limit theorem); in a finite network it is so only approximately",
    "the inputs of a unit are independent of each other, or at least uncorrelated",
    "all inputs of a unit have one common mean mu and one common variance nu; there are no biases",
    "activations are SELU with the constants named here, without rounding errors in the network's own arithmetic",
];

pub(super) const SOURCE: &str = "Klambauer, Unterthiner, Mayr, Hochreiter 2017, arXiv:1706.02515";

pub(super) const METHOD: &str = "The domain is cut into boxes (tree: m, o, n, t cut mu, omega, nu, tau at the middle, preorder, . is a box). On each box the \
     quantity is enclosed by interval arithmetic: natural and mean-value forms of the closed form of g and of its first and \
     second derivatives, and monotonicity where a derivative has one sign.";

pub(super) const ROUNDING: &str = "Each + - * / and square root of float64 is rounded outwards by one float. exp, erfc and erfcx are series and continued \
     fractions in the same arithmetic with proved remainders. Ends of domains are read as decimal numbers and covered to the next \
     float outside.";

/// A proved statement with everything needed to check it again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certificate {
    /// [`FORMAT`].
    pub format: String,
    /// Program and version that found the proof.
    pub program: String,
    /// theorem1, theorem2, theorem3 or custom.
    pub statement: String,
    /// Where the map and the theorems come from.
    pub source: String,
    /// Enclosures of SELU's constants: the proof holds for every pair in them.
    pub map: IntervalMap,
    /// What is proved where.
    pub parts: Vec<Part>,
    /// How, in words.
    pub method: String,
    /// Rounding, in words.
    pub rounding: String,
    /// What is assumed and not proved.
    pub assumptions: Vec<String>,
}

/// One goal on one domain.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// Where.
    pub domain: Domain,
    /// What.
    pub goal: Goal,
    /// The bounds that make up the goal, each with its proof.
    pub claims: Vec<ProvedClaim>,
    /// For [`Goal::FixedPoint`]: where all the fixed points are.
    pub fixed_points: Option<FixedPointBox>,
}

/// A bound and the subdivision that proves it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "ClaimText", into = "ClaimText")]
pub struct ProvedClaim {
    /// What is bounded.
    pub claim: Claim,
    /// Encloses the quantity on the whole domain.
    pub bound: Interval,
    /// Boxes of the subdivision.
    pub n_boxes: usize,
    /// Cuts on the longest path.
    pub depth: u32,
    /// The subdivision.
    pub tree: String,
}

/// A [`ProvedClaim`] as it stands in a document: the claim's members are among its own, each once and no others.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ClaimText {
    quantity: Quantity,
    above: Option<f64>,
    below: Option<f64>,
    bound: Interval,
    n_boxes: usize,
    depth: u32,
    tree: String,
}

impl From<ClaimText> for ProvedClaim {
    fn from(text: ClaimText) -> Self {
        ProvedClaim {
            claim: Claim {
                quantity: text.quantity,
                above: text.above,
                below: text.below,
            },
            bound: text.bound,
            n_boxes: text.n_boxes,
            depth: text.depth,
            tree: text.tree,
        }
    }
}

impl From<ProvedClaim> for ClaimText {
    fn from(proved: ProvedClaim) -> Self {
        ClaimText {
            quantity: proved.claim.quantity,
            above: proved.claim.above,
            below: proved.claim.below,
            bound: proved.bound,
            n_boxes: proved.n_boxes,
            depth: proved.depth,
            tree: proved.tree,
        }
    }
}

impl Certificate {
    pub(super) fn new(statement: &Statement, parts: Vec<Part>) -> Self {
        Certificate {
            format: FORMAT.to_owned(),
            program: concat!("banach-theory ", env!("CARGO_PKG_VERSION")).to_owned(),
            statement: statement.name.clone(),
            source: SOURCE.to_owned(),
            map: statement.map,
            parts,
            method: METHOD.to_owned(),
            rounding: ROUNDING.to_owned(),
            assumptions: ASSUMPTIONS.map(str::to_owned).to_vec(),
        }
    }

    /// Boxes of all subdivisions.
    pub fn n_boxes(&self) -> usize {
        self.claims().map(|claim| claim.n_boxes).sum()
    }

    /// All proved bounds in order.
    pub fn claims(&self) -> impl Iterator<Item = &ProvedClaim> {
        self.parts.iter().flat_map(|part| &part.claims)
    }

    /// The document as JSON text.
    ///
    /// # Errors
    /// [`CertificateError::Parse`] when a number cannot be written, which no certificate made by
    /// [`prove`](super::prove) contains.
    pub fn to_json(&self) -> Result<String, CertificateError> {
        serde_json::to_string_pretty(self).map_err(|error| CertificateError::Parse {
            reason: error.to_string(),
        })
    }

    /// Reads the document, which must have the members of a certificate, each once and no others. What it claims is not
    /// believed until [`verify`](super::verify) has passed.
    ///
    /// # Errors
    /// [`CertificateError::Parse`] for other JSON, [`CertificateError::Format`] for another version.
    pub fn from_json(text: &str) -> Result<Self, CertificateError> {
        let parse = |error: serde_json::Error| CertificateError::Parse {
            reason: error.to_string(),
        };
        let head: Head = serde_json::from_str(text).map_err(parse)?;
        let format = head.format.unwrap_or_default();
        if format != FORMAT {
            return Err(CertificateError::Format {
                got: format,
                expected: FORMAT,
            });
        }
        // From the text itself: a tree of values would keep the last of two members with one name.
        serde_json::from_str(text).map_err(parse)
    }
}

/// What says whether the rest can be read.
#[derive(Deserialize)]
struct Head {
    format: Option<String>,
}
