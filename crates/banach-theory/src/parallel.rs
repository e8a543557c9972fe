//! A map over a slice on several threads; results in the slice's order, whatever the number of threads.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Items a thread takes at a time: an item is a few microseconds to milliseconds of work.
const CHUNK: usize = 16;

pub(crate) fn map<T: Sync, R: Send>(
    items: &[T],
    threads: NonZeroUsize,
    f: impl Fn(&T) -> R + Sync,
) -> Vec<R> {
    let workers = threads.get().min(items.len().div_ceil(CHUNK));
    if workers <= 1 {
        return items.iter().map(f).collect();
    }
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let start = next.fetch_add(CHUNK, Ordering::Relaxed);
            let Some(rest) = items.get(start..) else {
                return done;
            };
            if rest.is_empty() {
                return done;
            }
            let results: Vec<R> = rest.iter().take(CHUNK).map(&f).collect();
            done.push((start, results));
        }
    };
    let mut pieces: Vec<(usize, Vec<R>)> = std::thread::scope(|scope| {
        let handles: Vec<_> = (1..workers).map(|_| scope.spawn(work)).collect();
        let mut pieces = work();
        for handle in handles {
            match handle.join() {
                Ok(more) => pieces.extend(more),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        pieces
    });
    pieces.sort_unstable_by_key(|(start, _)| *start);
    pieces
        .into_iter()
        .flat_map(|(_, results)| results)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_order_for_any_number_of_threads() {
        let items: Vec<usize> = (0..1000).collect();
        for threads in [1, 2, 7] {
            let threads = NonZeroUsize::new(threads).expect("positive");
            for n in [0, 1, 15, 16, 17, 1000] {
                let expected: Vec<usize> = (0..n).map(|x| x * x).collect();
                assert_eq!(map(&items[..n], threads, |x| x * x), expected);
            }
        }
    }
}
