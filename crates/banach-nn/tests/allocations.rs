//! Counts allocations: none in a steady step or for a single row, and no more memory in training
//! than parameters, optimizer slots and the activations of one batch take.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use banach_nn::{
    Activation, CategorySpec, Dataset, Dropout, Features, InputSpec, LayerSpec, Loss, Network,
    NetworkSpec, Optimizer, Precision, Predictor, Schedule, Stopping, Targets, TrainOptions,
    Trainer,
};

static CALLS: AtomicUsize = AtomicUsize::new(0);
static LIVE: AtomicUsize = AtomicUsize::new(0);

/// The counters belong to the whole process: one test at a time.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

struct Counting;

// SAFETY: every call goes to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        CALLS.fetch_add(1, Ordering::Relaxed);
        LIVE.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller keeps the allocator's contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller keeps the allocator's contract.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const ADAM: Optimizer = Optimizer::Adam {
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
};

const SGD: Optimizer = Optimizer::Sgd {
    momentum: 0.0,
    nesterov: false,
};

fn spec(n_numbers: usize, width: usize, depth: usize, embedding: bool) -> NetworkSpec {
    let layer = LayerSpec::dense(width, Activation::SELU, Dropout::Alpha { rate: 0.05 });
    let category = CategorySpec::Embedding {
        n_codes: 5,
        dimension: 3,
    };
    NetworkSpec {
        inputs: InputSpec {
            n_numbers,
            categories: if embedding { vec![category] } else { vec![] },
            dropout: Dropout::None,
        },
        layers: vec![layer; depth],
        n_outputs: 3,
    }
}

fn data(spec: &NetworkSpec, n_rows: usize) -> Dataset {
    let n = spec.inputs.n_numbers;
    let number = |i: usize| (i * 2_654_435_761 % 1009) as f32 / 300.0 - 1.7;
    let n_codes = n_rows * spec.inputs.categories.len();
    Dataset {
        features: Features {
            n_rows,
            n_numbers: n,
            n_categories: spec.inputs.categories.len(),
            numbers: (0..n_rows * n).map(number).collect(),
            codes: (0..n_codes).map(|i| (i % 5) as u32).collect(),
        },
        targets: Targets::Classes((0..n_rows).map(|i| (i % 3) as u32).collect()),
        weights: None,
    }
}

fn options(optimizer: Optimizer, clip_norm: Option<f64>, batch_size: usize) -> TrainOptions {
    TrainOptions {
        loss: Loss::CrossEntropy {
            label_smoothing: 0.1,
        },
        optimizer,
        learning_rate: 1e-3,
        schedule: Schedule::OneCycle,
        weight_decay: 0.01,
        clip_norm,
        batch_size,
        epochs: 2,
        stopping: Stopping::Last,
        category_dropout: 0.1,
        seed: 1,
    }
}

#[test]
fn a_step_allocates_nothing() {
    let _guard = ONE_AT_A_TIME.lock().unwrap();
    for (threads, embedding, optimizer, clip_norm) in [
        (1, false, SGD, None),
        (1, true, ADAM, None),
        (2, true, ADAM, Some(1.0)),
        (3, false, SGD, Some(1.0)),
    ] {
        let spec = spec(7, 50, 3, embedding);
        let data = data(&spec, 40 * 20);
        let rows: Vec<u32> = (0..data.n_rows() as u32).collect();
        let network = Network::new(spec, 1).unwrap();
        let options = options(optimizer, clip_norm, 40);
        let mut trainer = Trainer::new(network, options, &data, &rows, &[], threads).unwrap();
        // Room in advance: the test must not count its own allocations.
        let mut calls = Vec::with_capacity(40);
        for _ in 0..2 {
            calls.clear();
            let run = AtomicBool::new(false);
            trainer
                .epoch(&run, &mut |_, _| calls.push(CALLS.load(Ordering::Relaxed)))
                .unwrap();
        }
        assert_eq!(calls.len(), 20);
        // Whoever else runs in this process (the test harness) may allocate now and then.
        let steady = calls.windows(2).filter(|pair| pair[0] == pair[1]).count();
        assert!(
            steady >= 18,
            "{threads} threads, clipping {clip_norm:?}: {calls:?}"
        );
    }
}

#[test]
fn a_single_row_is_predicted_without_allocating() {
    let _guard = ONE_AT_A_TIME.lock().unwrap();
    let spec = spec(7, 50, 3, true);
    let network = Network::new(spec, 1).unwrap();
    for precision in [Precision::Single, Precision::Bf16] {
        let predictor = Predictor::new(&network, precision);
        let mut workspace = predictor.workspace(2);
        let mut outputs = [0.0; 3];
        let mut counts = Vec::with_capacity(20);
        for _ in 0..20 {
            let before = CALLS.load(Ordering::Relaxed);
            predictor
                .row(&mut workspace, &[0.5; 7], &[2], &mut outputs)
                .unwrap();
            counts.push(CALLS.load(Ordering::Relaxed) - before);
        }
        let without = counts.iter().filter(|&&count| count == 0).count();
        assert!(without >= 18, "{precision:?}: {counts:?}");
        assert!(outputs.iter().all(|y| y.is_finite() && *y != 0.0));
    }
}

#[test]
fn training_takes_no_more_memory_than_parameters_slots_and_one_batch() {
    let _guard = ONE_AT_A_TIME.lock().unwrap();
    for (n_numbers, width, depth, optimizer, batch_size) in [
        (16, 256, 3, ADAM, 256),
        (32, 256, 8, SGD, 128),
        (32, 256, 32, SGD, 128),
        (64, 1024, 8, SGD, 128),
    ] {
        let spec = spec(n_numbers, width, depth, false);
        let data = data(&spec, 2 * batch_size);
        let rows: Vec<u32> = (0..data.n_rows() as u32).collect();
        let n_parameters = spec.n_parameters().unwrap();
        let units: usize = spec.widths().iter().sum();
        let before = LIVE.load(Ordering::Relaxed);
        let network = Network::new(spec, 1).unwrap();
        let options = options(optimizer, None, batch_size);
        let mut trainer = Trainer::new(network, options, &data, &rows, &[], 2).unwrap();
        let mut live = 0;
        let run = AtomicBool::new(false);
        trainer
            .epoch(&run, &mut |_, _| live = LIVE.load(Ordering::Relaxed))
            .unwrap();
        let bytes = live - before;
        // Units and the gradients at them.
        let floats = n_parameters * (1 + optimizer.n_slots()) + 2 * batch_size * units;
        let ratio = bytes as f64 / (4 * floats) as f64;
        println!("{depth} x {width}: {bytes} bytes, {ratio:.3} of parameters, slots and a batch");
        assert!(ratio <= 1.2, "{depth} x {width}: {ratio:.3}");
    }
}
