//! Many runs side by side, a thread each.
//!
//! Folds, seeds, members of an ensemble and points of a grid are networks of their own: a core that
//! trains one of them alone has its weights in cache and waits for nobody.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use banach_kernels::Real;

use crate::error::TrainError;
use crate::network::Network;
use crate::train::{EpochOutcome, EpochReport, Trainer};

/// Runs `run(index, job)` for every job, on up to `threads` threads, each of which takes the next job
/// when it is done with one. Results come in the order of the jobs.
///
/// # Panics
/// If a job panics, after the others have ended.
pub fn side_by_side<J: Send, R: Send>(
    jobs: Vec<J>,
    threads: usize,
    run: impl Fn(usize, J) -> R + Sync,
) -> Vec<R> {
    let threads = threads.clamp(1, jobs.len().max(1));
    let slots: Vec<_> = jobs.into_iter().map(|job| Slot::new(job)).collect();
    let next = AtomicUsize::new(0);
    let work = || {
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(slot) = slots.get(index) else { return };
            if let Some(job) = take(&slot.job) {
                let result = run(index, job);
                *lock(&slot.result) = Some(result);
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(work);
        }
        work();
    });
    // Every index below the number of slots was taken, and its job run.
    slots.iter().filter_map(|slot| take(&slot.result)).collect()
}

/// Trains every network to the end of its run, on up to `threads` threads at a time.
///
/// The trainers should have one thread each. `observe` is told the trainer's index and the report of
/// every epoch, from the thread that trains it. Results are in the order of the trainers, and have
/// the bits that each trainer gives alone.
///
/// # Errors
/// For each network its own: [`TrainError::Diverged`], or [`TrainError::Interrupted`] for those that
/// were not done when `interrupt` was set.
pub fn train_fleet<T: Real>(
    trainers: Vec<Trainer<'_, T>>,
    threads: usize,
    interrupt: &AtomicBool,
    observe: impl Fn(usize, &EpochReport) + Sync,
) -> Vec<Result<Network<T>, TrainError>> {
    side_by_side(trainers, threads, |index, mut trainer| {
        while !trainer.is_done() {
            if interrupt.load(Ordering::Relaxed) {
                return Err(TrainError::Interrupted);
            }
            match trainer.epoch(interrupt, |_, _| {})? {
                EpochOutcome::Finished(report) => observe(index, &report),
                EpochOutcome::Interrupted => return Err(TrainError::Interrupted),
            }
        }
        Ok(trainer.finish())
    })
}

struct Slot<J, R> {
    job: Mutex<Option<J>>,
    result: Mutex<Option<R>>,
}

impl<J, R> Slot<J, R> {
    fn new(job: J) -> Self {
        Self {
            job: Mutex::new(Some(job)),
            result: Mutex::new(None),
        }
    }
}

fn take<T>(mutex: &Mutex<Option<T>>) -> Option<T> {
    lock(mutex).take()
}

/// A panic elsewhere leaves an option intact, so a poisoned lock is still good.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Loss;
    use crate::tests::{data, network, options, spec};

    #[test]
    fn every_job_is_run_once_and_results_keep_their_order() {
        for threads in [0, 1, 2, 5, 100] {
            let calls = AtomicUsize::new(0);
            let results = side_by_side((0..37).collect(), threads, |index, job: usize| {
                calls.fetch_add(1, Ordering::Relaxed);
                assert_eq!(index, job);
                job * job
            });
            assert_eq!(results, (0..37).map(|i| i * i).collect::<Vec<_>>());
            assert_eq!(calls.into_inner(), 37);
        }
        assert!(side_by_side(vec![], 3, |_, ()| ()).is_empty());
    }

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
            let network = network::<f32>(spec(&[40, 20], 1));
            Trainer::new(network, options, &data, &rows, &valid, 1).unwrap()
        };
        let run = AtomicBool::new(false);
        let reports = Mutex::new(vec![0; 7]);
        let observe = |index: usize, report: &EpochReport| {
            let mut reports = reports.lock().unwrap();
            reports[index] += 1;
            assert_eq!(report.epoch, reports[index]);
        };
        let fleet = train_fleet((0..7).map(trainer).collect(), 3, &run, observe);
        assert_eq!(reports.into_inner().unwrap(), [4; 7]);
        for (seed, network) in fleet.into_iter().enumerate() {
            let mut alone = trainer(seed as u64);
            while !alone.is_done() {
                alone.epoch(&run, |_, _| {}).unwrap();
            }
            assert_eq!(network.unwrap(), alone.finish());
        }
    }

    #[test]
    fn an_interrupted_fleet_says_so() {
        let data = data(&Loss::Squared, 1, 20, 1.0);
        let rows: Vec<u32> = (0..20).collect();
        let network = network::<f32>(spec(&[5], 1));
        let options = options(Loss::Squared);
        let trainer = Trainer::new(network, options, &data, &rows, &[], 1).unwrap();
        let results = train_fleet(vec![trainer], 2, &AtomicBool::new(true), |_, _| {});
        assert!(matches!(results[..], [Err(TrainError::Interrupted)]));
    }
}
