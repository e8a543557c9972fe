//! Prints the milliseconds of an epoch, early and late in a long fit to two classes that are far apart.
//!
//! The better the fit, the more gradients are below the smallest normal number. An epoch takes as long as before,
//! because the engine flushes them to 0; where it does not, some processors need ten times as long.
#![allow(clippy::print_stdout, reason = "a program that prints a table")]

use std::error::Error;
use std::fmt::Write;
use std::sync::Mutex;
use std::time::Instant;

use banach::io::{ReadOptions, TableReader};
use banach::{Estimator, Event, Run, Settings};

/// Epochs whose time is printed together.
const PARTS: [std::ops::Range<usize>; 3] = [0..64, 64..128, 128..512];

fn main() -> Result<(), Box<dyn Error>> {
    let mut csv = "a,b,y\n".to_owned();
    for i in 0..320_u32 {
        let (sign, class) = [(1.0, "p"), (-1.0, "q")][i as usize % 2];
        let a = sign * (0.5 + f64::from(i * 37 % 101) / 100.0);
        writeln!(csv, "{a},{},{class}", f64::from(i * 53 % 89) / 88.0)?;
    }
    let options = ReadOptions::default();
    let reader = TableReader::from_reader("table", Box::new(std::io::Cursor::new(csv)), &options)?;
    let table = reader.read()?;
    let ends = Mutex::new(vec![Instant::now()]);
    let observe = |event: Event<'_>| {
        if let (Event::Epoch(_), Ok(mut ends)) = (event, ends.lock()) {
            ends.push(Instant::now());
        }
    };
    let run = Run {
        threads: 1,
        observe: &observe,
        ..Run::default()
    };
    let settings = Settings::from_toml("epochs = 512\nseed = 1", "the settings")?;
    Estimator::new(settings.target(["y"]))?.fit(table, &run)?;
    let ends = ends.into_inner().map_err(|_| "a listener panicked")?;
    println!(
        "{:>12} {:>16} {:>8} {:>8}",
        "epochs", "milliseconds", "least", "most"
    );
    for part in PARTS {
        let epochs = ends[part.start..=part.end].windows(2);
        let mut times: Vec<f64> = epochs
            .map(|ends| (ends[1] - ends[0]).as_secs_f64() * 1e3)
            .collect();
        times.sort_by(f64::total_cmp);
        println!(
            "{:>12} {:>16.2} {:>8.2} {:>8.2}",
            format!("{} to {}", part.start + 1, part.end),
            times[times.len() / 2],
            times[0],
            times[times.len() - 1],
        );
    }
    Ok(())
}
