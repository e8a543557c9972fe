//! Reading a model file allocates what the file's real size allows, whatever its header asks for.
//!
//! A test binary of its own: it counts the allocations of the whole process.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use banach_model::container::{Container, FormatError};

/// What a refused file may take: the header's text, what its JSON becomes, and the error's message.
const BYTES_PER_BYTE: usize = 16;

/// What the test's own machinery may take meanwhile.
const SLACK_BYTES: usize = 64 * 1024;

struct Counting;

static NOW: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call goes to the system's allocator unchanged; the counters do not touch the memory.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let now = NOW.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        PEAK.fetch_max(now, Ordering::Relaxed);
        // SAFETY: the caller keeps the contract of `alloc`, which is the same for both.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        NOW.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the pointer came from `alloc` above, hence from the system's allocator.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The result of reading, and the most bytes that were allocated meanwhile.
fn measured(bytes: &[u8]) -> (Result<Container, FormatError>, usize) {
    let before = NOW.load(Ordering::Relaxed);
    PEAK.store(before, Ordering::Relaxed);
    let result = Container::from_bytes(bytes);
    (result, PEAK.load(Ordering::Relaxed) - before)
}

fn file(header: &str) -> Vec<u8> {
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.as_bytes());
    bytes
}

fn tensor(shape: &str, end: u64) -> String {
    format!(r#"{{"a":{{"dtype":"F32","shape":{shape},"data_offsets":[0,{end}]}}}}"#)
}

#[test]
fn a_hostile_header_gets_no_memory() {
    let many = |entry: &str, n: usize| vec![entry; n].join(",");
    let cases = [
        ("length of exabytes", vec![255; 8]),
        ("length of the limit", 100_000_000u64.to_le_bytes().to_vec()),
        (
            "values of exabytes",
            file(&tensor("[1152921504606846976]", 1 << 62)),
        ),
        (
            "values of a gigabyte",
            file(&tensor("[268435456]", 1 << 30)),
        ),
        (
            "a million dimensions",
            file(&tensor(&format!("[{}]", many("1", 1_000_000)), 4)),
        ),
        (
            "brackets",
            file(&format!("{{\"a\":{}", "[".repeat(1_000_000))),
        ),
        (
            "texts",
            file(&format!(
                "{{\"__metadata__\":{{{}}}}}",
                many("\"\":\"\"", 100_000)
            )),
        ),
        (
            "tables of texts",
            file(&format!("{{{}}}", many("\"__metadata__\":{}", 50_000))),
        ),
        (
            "tensors of one name",
            file(&format!(
                "{{{}}}",
                many(
                    r#""":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}"#,
                    20_000
                )
            )),
        ),
    ];
    let mut wrong = Vec::new();
    for (what, bytes) in &cases {
        let (result, peak) = measured(bytes);
        let allowed = BYTES_PER_BYTE * bytes.len() + SLACK_BYTES;
        if result.is_ok() || peak > allowed {
            wrong.push(format!(
                "{what}: {result:?} took {peak} bytes, {allowed} are allowed"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));

    // The count counts: a real file's values are seen.
    let mut honest = Container::new();
    honest.insert("a", &[1 << 20], vec![0.0; 1 << 20]).unwrap();
    let (result, peak) = measured(&honest.to_bytes().unwrap());
    assert_eq!(result.unwrap(), honest);
    assert!(peak >= 4 << 20, "{peak}");
    assert!(
        peak < (4 << 20) + SLACK_BYTES,
        "{peak}: values must be held once"
    );
}
