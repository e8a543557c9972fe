//! Training many networks in parallel, a thread each.
//!
//! Folds, seeds, members of an ensemble and points of a grid are networks of their own: a core that
//! trains one of them alone has its weights in cache and never waits for another.

use std::sync::atomic::{AtomicBool, Ordering};

use banach_kernels::parallel_map;

use crate::error::TrainError;
use crate::network::Network;
use crate::train::{EpochOutcome, EpochReport, Trainer};

/// Trains every network to the end of its run, on up to `threads` threads at a time.
///
/// The trainers should have one thread each. `observe` is called with the trainer's index and the report
/// of every epoch, from the thread that trains it. Results are in the order of the trainers, and have
/// the bits that each trainer gives alone.
///
/// # Errors
/// For each network its own: [`TrainError::Diverged`], or [`TrainError::Interrupted`] for those that
/// were not done when `interrupt` was set.
pub fn train_fleet(
    trainers: Vec<Trainer<'_>>,
    threads: usize,
    interrupt: &AtomicBool,
    observe: &(dyn Fn(usize, &EpochReport) + Sync),
) -> Vec<Result<Network, TrainError>> {
    parallel_map(trainers, threads, |index, mut trainer| {
        while !trainer.is_done() {
            if interrupt.load(Ordering::Relaxed) {
                return Err(TrainError::Interrupted);
            }
            match trainer.epoch(interrupt, &mut |_, _| {})? {
                EpochOutcome::Finished(report) => observe(index, &report),
                EpochOutcome::Interrupted => return Err(TrainError::Interrupted),
            }
        }
        Ok(trainer.finish())
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::Loss;
    use crate::tests::{data, network, options, spec};

    #[test]
    fn a_fleet_gives_each_network_the_bits_that_it_has_alone() {
        let data = data(&Loss::Squared, 1, 120, 1.0);
        let rows: Vec<u32> = (0..80).collect();
        let valid: Vec<u32> = (80..120).collect();
        let trainer = |seed: u64| {
            let options = crate::TrainOptions {
                seed,
                ..options(Loss::Squared)
            };
            let network = network(spec(&[40, 20], 1));
            Trainer::new(network, options, &data, &rows, &valid, 1).unwrap()
        };
        let run = AtomicBool::new(false);
        let reports = Mutex::new(vec![0; 7]);
        let observe = |index: usize, report: &EpochReport| {
            let mut reports = reports.lock().unwrap();
            reports[index] += 1;
            assert_eq!(report.epoch, reports[index]);
        };
        let fleet = train_fleet((0..7).map(trainer).collect(), 3, &run, &observe);
        assert_eq!(reports.into_inner().unwrap(), [4; 7]);
        for (seed, network) in fleet.into_iter().enumerate() {
            let mut alone = trainer(seed as u64);
            while !alone.is_done() {
                alone.epoch(&run, &mut |_, _| {}).unwrap();
            }
            assert_eq!(network.unwrap(), alone.finish());
        }
    }

    #[test]
    fn an_interrupted_fleet_says_so() {
        let data = data(&Loss::Squared, 1, 20, 1.0);
        let rows: Vec<u32> = (0..20).collect();
        let network = network(spec(&[5], 1));
        let options = options(Loss::Squared);
        let trainer = Trainer::new(network, options, &data, &rows, &[], 1).unwrap();
        let results = train_fleet(vec![trainer], 2, &AtomicBool::new(true), &|_, _| {});
        assert!(matches!(results[..], [Err(TrainError::Interrupted)]));
    }
}
