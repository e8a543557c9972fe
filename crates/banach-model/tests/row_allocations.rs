//! Counts allocations: predicting a single row makes none.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(clippy::panic, reason = "a test fails by panicking")]

#[allow(dead_code, reason = "shared with other tests")]
mod common;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use banach_model::PredictOptions;

thread_local! {
    /// Allocations of this thread; others of the test program do not count.
    static CALLS: Cell<usize> = const { Cell::new(0) };
}

struct Counting;

// SAFETY: every call goes to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        CALLS.set(CALLS.get() + 1);
        // SAFETY: the caller keeps the allocator's contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the allocator's contract.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn a_single_row_allocates_nothing() {
    let mut models: Vec<_> = common::NAMES
        .map(|name| (name, common::model(name)))
        .to_vec();
    models.push(("ensemble", common::ensemble()));
    for (name, model) in models {
        let table = common::rows(&model);
        let n_rows = table.n_rows();
        let rows: Vec<_> = (0..n_rows)
            .map(|row| common::cells(&table, &model, row))
            .collect();
        let predictor = model.predictor(&PredictOptions::default()).unwrap();
        let mut predictor = predictor.row_predictor();
        let before = CALLS.get();
        assert!(before > 0, "nothing is counted");
        for cells in &rows {
            predictor.predict(cells).unwrap();
        }
        assert_eq!(CALLS.get() - before, 0, "{name}: {n_rows} rows");
    }
}
