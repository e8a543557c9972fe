//! The paper's experiments (arXiv:1706.02515, sections 3 and A.4), to be run again: seven kinds of
//! networks on the same training rows, hyperparameters chosen on the validation rows, results beside the
//! published ones.
//!
//! Each experiment is a function from data and options to results that its caller stores, and a function
//! from results to a [`Report`](crate::report::Report).

pub mod figure1;
pub mod htru2;
#[cfg(test)]
mod leaks;
pub mod paper;
pub mod protocol;
mod result;
pub mod setting;
pub mod tox21;
pub mod uci;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

pub use protocol::{Protocol, Trained, train};
pub use result::{ExperimentResult, shown};
pub use setting::{Grid, Setting};

/// How an experiment is run.
#[derive(Clone, Copy)]
pub struct Run<'a> {
    /// Networks that are trained side by side, each on a thread.
    pub threads: usize,
    /// When the time budget ends: nothing new is begun after it.
    pub until: Option<Instant>,
    /// Set to break off.
    pub interrupt: &'a AtomicBool,
    /// The random seed.
    pub seed: u64,
    /// Is told what was done, in a few words.
    pub observe: &'a (dyn Fn(&str) + Sync),
}

impl Run<'_> {
    /// Whether something new may be begun.
    #[must_use]
    pub fn goes_on(&self) -> bool {
        let in_time = self.until.is_none_or(|until| Instant::now() < until);
        in_time && !self.is_interrupted()
    }

    /// Whether the work shall be broken off.
    #[must_use]
    pub fn is_interrupted(&self) -> bool {
        self.interrupt.load(Ordering::Relaxed)
    }
}
