//! Certify a network that PyTorch saved: do mean and variance stay near their fixed point?
//!
//!     cargo run --release -p banach --example certify_pytorch -- [FILE.safetensors]

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use banach::certify::{CertifyOptions, certify_weights};
use banach::container::ForeignFile;
use banach::theory::interval::Interval;

/// What `safetensors.torch.save_file(model.state_dict(), ..)` writes for a chain of `nn.Linear` without biases.
fn example() -> Result<ForeignFile, Box<dyn std::error::Error>> {
    let mut file = ForeignFile::new();
    let width: usize = 64;
    let scale = 1.0 / (width as f64).sqrt();
    for layer in 0..8 {
        // Signs of a Hadamard matrix in place of random numbers: no two units are alike, and tau is 1 for all of them.
        let sign = |i: usize| {
            if ((i / width) & (i % width)).count_ones().is_multiple_of(2) {
                1.0
            } else {
                -1.0
            }
        };
        let weight = (0..width * width).map(|i| sign(i) * scale);
        let name = format!("net.{}.weight", 2 * layer);
        file.insert(&name, &[width, width], weight.collect())?;
    }
    file.insert("net.16.weight", &[1, width], vec![0.1; width])?;
    Ok(file)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let file = match std::env::args().nth(1) {
        Some(file) => ForeignFile::read_file(file.as_ref())?,
        None => example()?,
    };
    let certificate = certify_weights(&file, &CertifyOptions::default())?;
    for (name, layer) in certificate.names.iter().zip(&certificate.report.layers) {
        let bound = |proved: Option<Interval>| match proved {
            Some(proved) => format!("{:.4} to {:.4}", proved.lo(), proved.hi()),
            None => "unbounded".to_owned(),
        };
        println!(
            "{name}: mean {}, variance {}",
            bound(layer.mean),
            bound(layer.variance)
        );
    }
    println!("holds: {} {:?}", certificate.holds, certificate.objections);
    for assumption in &certificate.report.assumptions {
        println!("  assumed: {assumption}");
    }
    Ok(())
}
