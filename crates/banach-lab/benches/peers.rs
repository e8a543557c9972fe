//! Accuracy and seconds of the methods other than networks on UCI sets, fold 0, one thread.
//!
//!     cargo bench -p banach-lab --features reproduce --bench peers -- FOLDER [SET ..]
//!
//! Learns from all rows that are not the fold's test rows.

use std::path::Path;
use std::time::Instant;

use banach_lab::baselines::{Baseline, Target};
use banach_lab::datasets::{uci_set, uci_sets};

const METHODS: [Baseline; 6] = [
    Baseline::RandomForest,
    Baseline::Boosting,
    Baseline::Svm,
    Baseline::Neighbours,
    Baseline::Linear,
    Baseline::Constant,
];

#[allow(clippy::print_stdout, reason = "a benchmark that prints a table")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Cargo adds a flag of its own.
    let arguments = std::env::args().skip(1).filter(|arg| arg != "--bench");
    let arguments: Vec<String> = arguments.collect();
    let (folder, names) = arguments
        .split_first()
        .ok_or("usage: peers FOLDER [SET ..]")?;
    let (mut sums, mut times, mut sets) = ([0.0; METHODS.len()], [0.0; METHODS.len()], 0);
    println!("set,rf,boosting,svm,knn,linear,constant");
    for path in uci_sets(Path::new(folder))? {
        let set = uci_set(&path)?;
        if !names.is_empty() && !names.contains(&set.name) {
            continue;
        }
        let fold = &set.folds[0];
        let mut learn = [&fold.train[..], &fold.valid].concat();
        learn.sort_unstable();
        let codes: Vec<u32> = learn.iter().map(|&row| set.labels[row as usize]).collect();
        let (x, test) = (set.x.select(&learn), set.x.select(&fold.test));
        let target = Target::Classes {
            codes: &codes,
            n_classes: set.n_classes,
        };
        let mut line = set.name.clone();
        for (at, method) in METHODS.into_iter().enumerate() {
            let start = Instant::now();
            let outcome = method.fit_predict(&x, target, &test, 1)?;
            times[at] += start.elapsed().as_secs_f64();
            let guesses = outcome.predictions.classes();
            let pairs = guesses.iter().zip(&fold.test);
            let right = pairs.filter(|&(&guess, &row)| guess == set.labels[row as usize]);
            let accuracy = right.count() as f64 / fold.test.len() as f64;
            sums[at] += accuracy;
            line.push_str(&format!(",{accuracy:.4}"));
        }
        println!("{line}");
        sets += 1;
    }
    let mean = sums.map(|sum| format!("{:.4}", sum / f64::from(sets)));
    println!("mean of {sets},{}", mean.join(","));
    println!(
        "seconds,{}",
        times.map(|time| format!("{time:.1}")).join(",")
    );
    Ok(())
}
