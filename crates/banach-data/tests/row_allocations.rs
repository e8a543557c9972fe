//! Counts allocations: encoding a single row makes none.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use banach_data::{
    Column, Encoder, EncoderOptions, Scalar, Table, UNKNOWN_CODE, UnknownCategories,
};

static CALLS: AtomicUsize = AtomicUsize::new(0);

struct Counting;

// SAFETY: every call goes to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        CALLS.fetch_add(1, Ordering::Relaxed);
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

/// A column of each type, and categories that are numbers, times and flags.
fn table() -> Table {
    let number = |row: usize| Scalar::Number(row as f64 * 0.37 % 5.0);
    let time = |row: usize| Scalar::DateTime(row as f64 * 54_321.25);
    let flag = |row: usize| Scalar::Boolean(row.is_multiple_of(3));
    let text = |row: usize| Scalar::Text(["red", "green", "blue"][row % 3]);
    let mixed = |row: usize| match row % 4 {
        0 => Scalar::Number(0.1),
        1 => Scalar::DateTime(1_234_567.25),
        2 => Scalar::Boolean(true),
        _ => Scalar::Text("word"),
    };
    let column = |name, cell: &dyn Fn(usize) -> Scalar<'static>| {
        Column::from_scalars(name, (0..40).map(cell))
    };
    Table::from_columns(
        "memory",
        vec![
            column("number", &number),
            column("time", &time),
            column("flag", &flag),
            column("text", &text),
            column("mixed", &mixed),
        ],
    )
    .unwrap()
}

#[test]
fn a_row_is_encoded_without_allocating() {
    let table = table();
    let names: Vec<String> = table
        .columns()
        .iter()
        .map(|c| c.name().to_owned())
        .collect();
    let options = EncoderOptions::default();
    let encoder = Encoder::fit(&table, &table.all_rows(), &names, &options).unwrap();
    let mut rows = encoder.row_encoder();
    let mut numbers = vec![0.0; rows.n_numbers()];
    let mut codes = vec![0; rows.n_categories()];
    let cells = [
        [
            Scalar::Text("1.25e0"),
            Scalar::Text("2024-02-29T12:30:00.125+02:00"),
            Scalar::Number(1.0),
            Scalar::Text(" green "),
            Scalar::Text("0.10"),
        ],
        [
            Scalar::Number(f64::NAN),
            Scalar::DateTime(1e300),
            Scalar::Text("FALSE"),
            Scalar::Number(-1.2345678901234567e-300),
            Scalar::DateTime(1_234_567.25),
        ],
        [
            Scalar::Boolean(true),
            Scalar::Missing,
            Scalar::Text("NA"),
            Scalar::Text(
                "an unknown colour, which is longer than any number or time that is ever made into text",
            ),
            Scalar::DateTime(-8.9e12 + 0.5),
        ],
    ];
    let before = CALLS.load(Ordering::Relaxed);
    for _ in 0..10 {
        for cells in &cells {
            let unknown = UnknownCategories::Count;
            rows.encode(cells, &mut numbers, &mut codes, unknown)
                .unwrap();
        }
    }
    let made = CALLS.load(Ordering::Relaxed) - before;
    assert_eq!(made, 0);
    assert_eq!(codes, [UNKNOWN_CODE; 2]);
}
