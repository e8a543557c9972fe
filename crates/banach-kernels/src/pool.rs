//! A private thread pool: one caller and its helpers, which spin for the next piece of work before
//! they sleep.
//!
//! A training step is a handful of short parallel phases; waking a sleeping thread for each costs
//! more than the phase. The pool is owned by one training run or model, never global, and gone when
//! dropped.

use std::any::Any;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{JoinHandle, Thread};

use crate::subnormal::flush_subnormals;

/// Rounds of spinning before a waiting thread sleeps: tens of microseconds.
const SPINS: u32 = 4_000;

/// What the helpers run: a closure taking the number of the thread.
type Job = *const (dyn Fn(usize) + Sync);

struct Shared {
    /// Number of jobs published so far; a change wakes the helpers.
    published: AtomicUsize,
    /// Helpers still at work on the current job.
    busy: AtomicUsize,
    stop: AtomicBool,
    job: Mutex<Option<(SendJob, Thread)>>,
    panic: Mutex<Option<Box<dyn Any + Send>>>,
    spins: u32,
}

#[derive(Clone, Copy)]
struct SendJob(Job);

// SAFETY: the closure behind the pointer is Sync, and `Pool::broadcast` keeps it alive until every
// helper is done with it.
unsafe impl Send for SendJob {}

/// A pool of threads that work on one job at a time, with subnormal numbers flushed to 0
/// ([`flush_subnormals`]): the calling thread while it takes part, the others always.
pub struct Pool {
    shared: Arc<Shared>,
    helpers: Vec<JoinHandle<()>>,
}

/// How many threads this process may use: the processors it is allowed on, within the container's
/// CPU limit.
#[must_use]
pub fn available_threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

impl Pool {
    /// A pool of `threads` threads, the calling one included.
    ///
    /// # Errors
    /// If the system refuses a thread.
    pub fn new(threads: usize) -> std::io::Result<Self> {
        // More threads than processors: spinning would hold up the one that has the work.
        let spins = if threads <= available_threads() {
            SPINS
        } else {
            1
        };
        let shared = Arc::new(Shared {
            published: AtomicUsize::new(0),
            busy: AtomicUsize::new(0),
            stop: AtomicBool::new(false),
            job: Mutex::new(None),
            panic: Mutex::new(None),
            spins,
        });
        let mut pool = Self {
            shared,
            helpers: Vec::new(),
        };
        for number in 1..threads.max(1) {
            let shared = Arc::clone(&pool.shared);
            let helper = std::thread::Builder::new()
                .name(format!("banach-{number}"))
                .spawn(move || flush_subnormals(|| help(&shared, number)))?;
            pool.helpers.push(helper);
        }
        Ok(pool)
    }

    /// Number of threads, the calling one included.
    #[must_use]
    pub fn threads(&self) -> usize {
        self.helpers.len() + 1
    }

    /// Calls `f(state, item)` once for every item. Each thread has one of `states` to itself; items
    /// go to whichever thread is free, so `f` must give the same result whatever the state was.
    ///
    /// # Panics
    /// If there are fewer states than threads, or if `f` panics (after all threads have stopped).
    pub fn for_each<S: Send, T: Send>(
        &mut self,
        states: &mut [S],
        items: &mut [T],
        f: impl Fn(&mut S, &mut T) + Sync,
    ) {
        assert!(
            states.len() >= self.threads(),
            "a state for each of {} threads",
            self.threads()
        );
        if self.helpers.is_empty() || items.len() < 2 {
            if let Some(state) = states.first_mut() {
                flush_subnormals(|| items.iter_mut().for_each(|item| f(state, item)));
            }
            return;
        }
        let next = AtomicUsize::new(0);
        let (states, items) = (Disjoint::new(states), Disjoint::new(items));
        self.broadcast(&|thread| {
            // SAFETY: every thread has a number of its own, below the number of states.
            let state = unsafe { states.get(thread) };
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                if index >= items.len {
                    break;
                }
                // SAFETY: the counter gives each index to one thread only.
                f(state, unsafe { items.get(index) });
            }
        });
    }

    /// Calls `f(state, index, parts)` once for every range of `cuts`, with that range of each slice;
    /// a slice may be empty, all its parts are empty then. Each thread has one of `states` to itself.
    ///
    /// # Panics
    /// If there are fewer states than threads, if a slice that is not empty is shorter than the cuts,
    /// or if `f` panics (after all threads have stopped).
    pub fn for_each_cut<S: Send, T: Send, const N: usize>(
        &mut self,
        states: &mut [S],
        cuts: &Cuts,
        slices: [&mut [T]; N],
        f: impl Fn(&mut S, usize, [&mut [T]; N]) + Sync,
    ) {
        let threads = self.threads();
        assert!(
            states.len() >= threads,
            "a state for each of {threads} threads"
        );
        let end = cuts.ranges.last().map_or(0, |range| range.end);
        for slice in &slices {
            let len = slice.len();
            assert!(len == 0 || len >= end, "a slice of {len} cut up to {end}");
        }
        let next = AtomicUsize::new(0);
        let states = Disjoint::new(states);
        let slices = slices.map(Disjoint::new);
        let work = |thread: usize| {
            // SAFETY: every thread has a number of its own, below the number of states.
            let state = unsafe { states.get(thread) };
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                let Some(range) = cuts.ranges.get(index) else {
                    break;
                };
                // SAFETY: the counter gives each index to one thread only, and ranges do not
                // overlap and end within the slices.
                let parts = slices.each_ref().map(|slice| unsafe { slice.range(range) });
                f(state, index, parts);
            }
        };
        if self.helpers.is_empty() || cuts.ranges.len() < 2 {
            flush_subnormals(|| work(0));
        } else {
            self.broadcast(&work);
        }
    }

    /// Runs `job(number)` on every thread and waits for all.
    fn broadcast(&mut self, job: &(dyn Fn(usize) + Sync)) {
        // SAFETY: only the lifetime changes. No helper keeps the pointer beyond its decrement of
        // `busy`, and this function does not return, nor unwind, before `busy` is 0.
        let erased: Job = unsafe { std::mem::transmute(std::ptr::from_ref(job)) };
        let shared = &*self.shared;
        *lock(&shared.job) = Some((SendJob(erased), std::thread::current()));
        shared.busy.store(self.helpers.len(), Ordering::Relaxed);
        shared.published.fetch_add(1, Ordering::Release);
        for helper in &self.helpers {
            helper.thread().unpark();
        }
        let own = catch_unwind(AssertUnwindSafe(|| flush_subnormals(|| job(0))));
        wait(shared.spins, || shared.busy.load(Ordering::Acquire) == 0);
        let others = lock(&shared.panic).take();
        if let Some(panic) = own.err().or(others) {
            resume_unwind(panic);
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        self.shared.published.fetch_add(1, Ordering::Release);
        for helper in self.helpers.drain(..) {
            helper.thread().unpark();
            // A helper catches the panics of its jobs, so there is nothing to pass on here.
            let _ = helper.join();
        }
    }
}

/// Where slices of one length are cut: ranges one behind the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cuts {
    ranges: Vec<Range<usize>>,
}

impl Cuts {
    /// Cuts at the given ranges.
    ///
    /// # Panics
    /// If the ranges are not in ascending order or overlap.
    #[must_use]
    pub fn new(ranges: Vec<Range<usize>>) -> Self {
        let mut end = 0;
        for range in &ranges {
            assert!(
                end <= range.start && range.start <= range.end,
                "ranges in order"
            );
            end = range.end;
        }
        Self { ranges }
    }
}

/// A slice whose elements are handed out one by one to different threads.
struct Disjoint<T> {
    start: *mut T,
    len: usize,
}

// SAFETY: `get` gives out elements under the promise that no two threads ask for the same one.
unsafe impl<T: Send> Sync for Disjoint<T> {}

impl<T> Disjoint<T> {
    fn new(slice: &mut [T]) -> Self {
        Self {
            start: slice.as_mut_ptr(),
            len: slice.len(),
        }
    }

    /// # Safety
    /// `index < len`, no two calls with the same index while the first result lives, and the slice
    /// outlives the result.
    #[expect(clippy::mut_from_ref, reason = "disjointness is the caller's promise")]
    unsafe fn get(&self, index: usize) -> &mut T {
        // SAFETY: promised by the caller.
        unsafe { &mut *self.start.add(index) }
    }

    /// # Safety
    /// The slice is empty or `range` lies in it, no two calls with overlapping ranges while the first
    /// result lives, and the slice outlives the result.
    #[expect(clippy::mut_from_ref, reason = "disjointness is the caller's promise")]
    unsafe fn range(&self, range: &Range<usize>) -> &mut [T] {
        let range = if self.len == 0 { 0..0 } else { range.clone() };
        // SAFETY: promised by the caller.
        unsafe { std::slice::from_raw_parts_mut(self.start.add(range.start), range.len()) }
    }
}

fn help(shared: &Shared, number: usize) {
    let mut seen = 0;
    loop {
        wait(shared.spins, || {
            shared.published.load(Ordering::Acquire) != seen
        });
        seen = shared.published.load(Ordering::Acquire);
        if shared.stop.load(Ordering::Relaxed) {
            return;
        }
        let Some((SendJob(job), caller)) = lock(&shared.job).clone() else {
            continue;
        };
        // SAFETY: the caller waits for this helper's decrement of `busy` below.
        let job = unsafe { &*job };
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| job(number))) {
            *lock(&shared.panic) = Some(panic);
        }
        shared.busy.fetch_sub(1, Ordering::Release);
        caller.unpark();
    }
}

/// Spins, then sleeps, until `done`. Whoever makes it true unparks this thread afterwards.
fn wait(spins: u32, done: impl Fn() -> bool) {
    for _ in 0..spins {
        if done() {
            return;
        }
        std::hint::spin_loop();
    }
    while !done() {
        std::thread::park();
    }
}

/// A panic elsewhere leaves the plain values of this crate intact, so a poisoned lock is still good.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_is_visited_once_whatever_the_number_of_threads() {
        for threads in [1, 2, 4, 7] {
            let mut pool = Pool::new(threads).unwrap();
            let mut states = vec![0_u64; threads];
            let mut items = vec![0_u32; 1000];
            for round in 1..=200 {
                pool.for_each(&mut states, &mut items, |state, item| {
                    *state += 1;
                    *item += 1;
                });
                assert!(items.iter().all(|&item| item == round));
            }
            assert_eq!(states.iter().sum::<u64>(), 200 * 1000);
        }
    }

    #[test]
    fn every_cut_is_visited_once_with_its_part_of_each_slice() {
        for threads in [1, 2, 4] {
            let mut pool = Pool::new(threads).unwrap();
            let cuts = Cuts::new(vec![0..3, 3..3, 4..10, 10..11]);
            let (mut a, mut b) = ([0; 11], [0; 12]);
            let slices = [&mut a[..], &mut b[..], &mut []];
            pool.for_each_cut(
                &mut vec![(); threads],
                &cuts,
                slices,
                |(), index, [a, b, c]| {
                    a.iter_mut().for_each(|a| *a += index + 1);
                    b.iter_mut().for_each(|b| *b += 10 * (index + 1));
                    assert!(c.is_empty());
                },
            );
            assert_eq!(a, [1, 1, 1, 0, 3, 3, 3, 3, 3, 3, 4]);
            assert_eq!(b, [10, 10, 10, 0, 30, 30, 30, 30, 30, 30, 40, 0]);
        }
    }

    #[test]
    #[should_panic(expected = "ranges in order")]
    fn overlapping_cuts_are_refused() {
        let _ = Cuts::new(vec![0..3, 2..4]);
    }

    #[test]
    fn helpers_wake_after_sleeping() {
        let mut pool = Pool::new(2).unwrap();
        for _ in 0..3 {
            std::thread::sleep(std::time::Duration::from_millis(30));
            let mut items = [0; 64];
            pool.for_each(&mut [(), ()], &mut items, |(), item| *item = 1);
            assert_eq!(items, [1; 64]);
        }
    }

    #[test]
    fn a_panic_reaches_the_caller_and_leaves_the_pool_usable() {
        let mut pool = Pool::new(3).unwrap();
        let mut items: Vec<usize> = (0..100).collect();
        let result = catch_unwind(AssertUnwindSafe(|| {
            pool.for_each(&mut [(); 3], &mut items, |(), item| {
                assert_ne!(*item, 50, "fifty");
            });
        }));
        assert!(result.is_err());
        pool.for_each(&mut [(); 3], &mut items, |(), item| *item = 7);
        assert_eq!(items, vec![7; 100]);
    }
}
