//! How much work a proof may take, and how far it is.

use std::num::NonZeroUsize;

/// Limits of a search. The answer is the same for any number of threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Cuts on the way from the domain to a box.
    pub max_depth: u32,
    /// Boxes examined for one claim.
    pub max_boxes: usize,
    /// Threads that examine boxes.
    pub threads: NonZeroUsize,
}

impl Default for Budget {
    /// 60 cuts, 4 million boxes, all available threads.
    fn default() -> Self {
        Budget {
            max_depth: 60,
            max_boxes: 4_000_000,
            threads: std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
        }
    }
}

/// State of a search after one generation of cuts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Index of the part of the statement, from 0.
    pub part: usize,
    /// The claim being examined, as text.
    pub claim: String,
    /// Cuts so far on the longest path.
    pub depth: u32,
    /// Boxes examined so far.
    pub n_boxes: usize,
    /// Boxes that are still open.
    pub n_open: usize,
}
