//! Certify a network that PyTorch saved: do mean and variance stay near their fixed point?
//!
//!     cargo run --release -p banach --example certify_pytorch -- [FILE.safetensors]

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use banach::certify::{CertifyOptions, certify_container};
use banach::container::Container;
use banach::theory::interval::Interval;

/// What `safetensors.torch.save_file(model.state_dict(), ..)` writes for a chain of `nn.Linear`, with
/// weights from Normal(0, 1/fan_in), as SELU needs them.
fn example() -> Result<Container, Box<dyn std::error::Error>> {
    let mut container = Container::new();
    let width = 64;
    let scale = 1.0 / (width as f32).sqrt();
    for layer in 0..8 {
        // Balanced signs in place of random numbers: omega is 0 and tau 1 for every unit.
        let weight = (0..width * width).map(|i| if i % 2 == 0 { scale } else { -scale });
        let name = format!("net.{}.weight", 2 * layer);
        container.insert(&name, &[width, width], weight.collect())?;
    }
    container.insert("net.16.weight", &[1, width], vec![0.1; width])?;
    Ok(container)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let container = match std::env::args().nth(1) {
        Some(file) => Container::read_file(file.as_ref())?,
        None => example()?,
    };
    for certificate in certify_container(container, &CertifyOptions::default())? {
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
        println!("holds: {}", certificate.holds);
        for assumption in &certificate.report.assumptions {
            println!("  assumed: {assumption}");
        }
    }
    Ok(())
}
