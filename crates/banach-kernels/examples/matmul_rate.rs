//! Prints the rate of the matrix product for each instruction set, in GFLOP/s.
#![allow(clippy::print_stdout, reason = "a program that prints a table")]

use std::time::Instant;

use banach_kernels::{Into, Isa, Matrix, matmul, pack, packed_len};

fn main() {
    println!(
        "{:>6} {:>6} {:>6} {:>8} {:>10}",
        "m", "n", "k", "isa", "GFLOP/s"
    );
    for (m, n, k) in [
        (64, 256, 256),
        (256, 256, 64),
        (64, 1024, 1024),
        (1024, 1024, 64),
        (64, 784, 784),
        (128, 2, 256),
    ] {
        let (a, b) = (vec![0.5_f32; m * k], vec![0.25_f32; k * n]);
        let mut packed = vec![0.0; packed_len(k, n)];
        pack(Matrix::new(&b, k, n), &mut packed);
        let mut c = vec![0.0; m * n];
        for isa in Isa::supported().into_iter().skip(1) {
            let mut seconds: Vec<f64> = (0..50)
                .map(|_| {
                    let start = Instant::now();
                    matmul(
                        isa,
                        Matrix::new(&a, m, k),
                        &packed,
                        n,
                        &mut c,
                        Into::Overwrite,
                    );
                    start.elapsed().as_secs_f64()
                })
                .collect();
            seconds.sort_by(f64::total_cmp);
            let rate = 2.0 * (m * n * k) as f64 / seconds[25] / 1e9;
            println!("{m:>6} {n:>6} {k:>6} {:>8} {rate:>10.1}", isa.name());
        }
    }
}
