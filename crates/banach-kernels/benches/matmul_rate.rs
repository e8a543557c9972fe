//! Prints the rate of a layer's three products for each instruction set, in GFLOP/s on one thread: outputs,
//! gradients of the inputs, gradients of the weights. Four layers take turns, as in training.
#![allow(clippy::print_stdout, reason = "a program that prints a table")]

use std::time::Instant;

use banach_kernels::{
    Accumulate, Isa, LANES, Line, Panels, PanelsMut, flat_mut, lines_for, matmul_nn, matmul_tn,
};

const LAYERS: usize = 4;

/// Lines of numbers that are neither 0 nor subnormal.
fn filled(n_lines: usize) -> Vec<Line<f32>> {
    let mut lines = vec![Line::ZERO; n_lines];
    for (i, value) in flat_mut(&mut lines).iter_mut().enumerate() {
        *value = 0.1 + (i % 17) as f32 / 20.0;
    }
    lines
}

/// The median rate of 9 measurements of some 10 ms.
fn rate(flop: f64, mut product: impl FnMut(usize)) -> f64 {
    let repeats = (1e9 / flop) as usize + 1;
    let mut seconds: Vec<f64> = (0..9)
        .map(|_| {
            let start = Instant::now();
            (0..repeats).for_each(|at| product(at % LAYERS));
            start.elapsed().as_secs_f64() / repeats as f64
        })
        .collect();
    seconds.sort_by(f64::total_cmp);
    flop / seconds[4] / 1e9
}

fn main() {
    let head = ["units", "rows", "isa", "forward", "backward", "weights"];
    println!("{}", head.map(|name| format!("{name:>9}")).join(""));
    for (width, rows) in [
        (256, 16),
        (256, 64),
        (256, 128),
        (784, 64),
        (1024, 64),
        (1024, 128),
    ] {
        let panels = lines_for(width);
        let x = filled(lines_for(rows) * width);
        let x = Panels::new(&x, width, rows, width);
        let d_rows = filled(panels * rows);
        let weights: Vec<_> = (0..LAYERS).map(|_| filled(panels * (width + 1))).collect();
        let weight = |layer: usize| Panels::new(&weights[layer], width, width, width + 1);
        let mut y = filled(lines_for(rows) * width);
        let mut gradient = filled(width);
        let flop = 2.0 * (width * width * rows) as f64;
        let groups = || (0..panels).map(|p| (p, p * LANES..width.min((p + 1) * LANES)));
        for isa in Isa::supported().into_iter().skip(1) {
            let forward = rate(flop, |layer| {
                let mut y = PanelsMut::new(&mut y, width, rows, width);
                for (panel, units) in groups() {
                    matmul_tn(isa, weight(layer).panel(panel), x, &mut y, units);
                }
            });
            let backward = rate(flop, |layer| {
                let mut y = PanelsMut::new(&mut y, width, rows, width);
                for (_, units) in groups() {
                    matmul_nn(isa, weight(layer), x, &mut y, units, Accumulate::No);
                }
            });
            let weights = rate(flop, |_| {
                for (panel, units) in groups() {
                    let d = &d_rows[panel * rows..][..rows];
                    let d = Panels::new(d, rows, units.len(), rows);
                    let mut gradient = PanelsMut::new(&mut gradient, width, units.len(), width);
                    matmul_nn(isa, x, d, &mut gradient, 0..width, Accumulate::No);
                }
            });
            let rates = [forward, backward, weights].map(|rate| format!("{rate:>9.1}"));
            println!("{width:>9}{rows:>9}{:>9}{}", isa.name(), rates.join(""));
        }
    }
}
