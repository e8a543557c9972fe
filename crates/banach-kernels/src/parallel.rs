//! An ordered map on several threads, for jobs that are long beside the start of a thread.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::pool::lock;

/// Runs `run(index, job)` for every job on up to `threads` threads, the calling one included; each
/// takes the next job when it is done with one. Results come in the order of the jobs.
///
/// Arithmetic is that of IEEE 754, subnormal numbers included; a job that computes with a network flushes them
/// there ([`crate::flush_subnormals`]).
///
/// With `threads` of 0 or 1 everything runs on the calling thread and none is started. Where the
/// system refuses a thread, those that run do its work.
///
/// # Panics
/// If a job panics, after the others have ended.
pub fn parallel_map<J: Send, R: Send>(
    jobs: Vec<J>,
    threads: usize,
    run: impl Fn(usize, J) -> R + Sync,
) -> Vec<R> {
    let threads = threads.min(jobs.len());
    if threads <= 1 {
        let jobs = jobs.into_iter().enumerate();
        return jobs.map(|(index, job)| run(index, job)).collect();
    }
    let slots: Vec<_> = jobs.into_iter().map(Slot::new).collect();
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
            let started = std::thread::Builder::new().spawn_scoped(scope, work);
            if started.is_err() {
                break;
            }
        }
        work();
    });
    // Every index below the number of slots was taken, and its job run.
    slots.iter().filter_map(|slot| take(&slot.result)).collect()
}

/// [`parallel_map`] over the items of a slice, of which a thread takes `chunk` at a time: for items
/// that are short.
///
/// # Panics
/// If `run` panics, after the other threads have ended.
pub fn parallel_map_chunked<T: Sync, R: Send>(
    items: &[T],
    chunk: usize,
    threads: usize,
    run: impl Fn(&T) -> R + Sync,
) -> Vec<R> {
    let chunks: Vec<&[T]> = items.chunks(chunk.max(1)).collect();
    if threads <= 1 || chunks.len() <= 1 {
        return items.iter().map(run).collect();
    }
    let of_chunk = |_, chunk: &[T]| chunk.iter().map(&run).collect::<Vec<R>>();
    let results = parallel_map(chunks, threads, of_chunk);
    results.into_iter().flatten().collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_job_is_run_once_and_results_keep_their_order() {
        for threads in [0, 1, 2, 5, 100] {
            let calls = AtomicUsize::new(0);
            let results = parallel_map((0..37).collect(), threads, |index, job: usize| {
                calls.fetch_add(1, Ordering::Relaxed);
                assert_eq!(index, job);
                job * job
            });
            assert_eq!(results, (0..37).map(|i| i * i).collect::<Vec<_>>());
            assert_eq!(calls.into_inner(), 37);
        }
        assert!(parallel_map(vec![], 3, |_, ()| ()).is_empty());
    }

    #[test]
    fn one_thread_is_the_calling_one() {
        let caller = std::thread::current().id();
        for threads in [0, 1] {
            let ids = parallel_map(vec![(); 3], threads, |_, ()| std::thread::current().id());
            assert_eq!(ids, [caller; 3]);
        }
    }

    #[test]
    fn chunks_keep_the_order_for_any_number_of_threads() {
        let items: Vec<usize> = (0..1000).collect();
        for threads in [1, 2, 7] {
            for n in [0, 1, 15, 16, 17, 1000] {
                let expected: Vec<usize> = (0..n).map(|x| x * x).collect();
                let got = parallel_map_chunked(&items[..n], 16, threads, |x| x * x);
                assert_eq!(got, expected);
            }
        }
    }
}
