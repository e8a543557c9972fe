//! Nearest neighbours by Euclidean distance, all distances computed.
//!
//! Ours, because it is a screenful, and those of the crates tried took some ten times as long.

use super::folds::{INNER_FOLDS, inner_folds, sample};
use super::{Labels, Matrix, Outputs, Training, argmax};

/// Numbers of neighbours to choose from.
const NUMBERS: [usize; 5] = [1, 3, 5, 11, 25];
/// Rows that the number is chosen on, at most.
const CHOICE_ROWS: usize = 2000;

pub(super) fn fit_predict(training: &Training<'_>, test: &Matrix) -> Result<Outputs, String> {
    let k = choose(training);
    let all: Vec<u32> = (0..training.x.n_rows() as u32).collect();
    let mut values = Vec::new();
    for row in 0..test.n_rows() {
        let near = nearest(training.x, &all, test.row(row), k);
        values.extend(average(&training.labels, &near));
    }
    Ok(Outputs {
        values,
        notes: vec![format!("k = {k}")],
    })
}

/// The number of neighbours with the least error over the inner folds, the smallest of equal ones.
fn choose(training: &Training<'_>) -> usize {
    let rows = sample(training, CHOICE_ROWS);
    let folds = inner_folds(training, &rows);
    let mut errors = [0.0; NUMBERS.len()];
    for fold in 0..INNER_FOLDS {
        let with = |inside: bool| {
            let rows = rows.iter().zip(&folds);
            let rows = rows.filter(move |&(_, &f)| (f == fold) == inside);
            rows.map(|(&row, _)| row).collect::<Vec<u32>>()
        };
        let learn = with(false);
        for row in with(true) {
            let row = row as usize;
            let most = NUMBERS[NUMBERS.len() - 1];
            let near = nearest(training.x, &learn, training.x.row(row), most);
            for (error, &k) in errors.iter_mut().zip(&NUMBERS) {
                let guess = average(&training.labels, &near[..k.min(near.len())]);
                *error += match &training.labels {
                    Labels::Classes { codes, .. } => {
                        f64::from(u8::from(argmax(&guess) != codes[row] as usize))
                    }
                    Labels::Values(values) => (guess[0] - f64::from(values[row])).powi(2),
                };
            }
        }
    }
    let fewest = errors.iter().copied().fold(f64::INFINITY, f64::min);
    let best = errors.iter().position(|&error| error == fewest);
    best.map_or(NUMBERS[0], |at| NUMBERS[at])
}

/// The `k` rows among `rows` that are nearest to `point`, the nearest first; of equally near ones the
/// first.
fn nearest(x: &Matrix, rows: &[u32], point: &[f32], k: usize) -> Vec<u32> {
    let mut all: Vec<(f32, u32)> = rows
        .iter()
        .map(|&row| (squared_distance(x.row(row as usize), point), row))
        .collect();
    let before = |a: &(f32, u32), b: &(f32, u32)| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1));
    let k = k.min(all.len());
    if k > 0 && k < all.len() {
        all.select_nth_unstable_by(k - 1, before);
    }
    all.truncate(k);
    all.sort_unstable_by(before);
    all.into_iter().map(|(_, row)| row).collect()
}

/// Sums in eight lanes, which compilers turn into vector instructions.
fn squared_distance(a: &[f32], b: &[f32]) -> f32 {
    const LANES: usize = 8;
    let mut sums = [0.0_f32; LANES];
    let (a_chunks, b_chunks) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let rest = a_chunks.remainder().iter().zip(b_chunks.remainder());
    let rest: f32 = rest.map(|(a, b)| (a - b) * (a - b)).sum();
    for (a, b) in a_chunks.zip(b_chunks) {
        for lane in 0..LANES {
            let difference = a[lane] - b[lane];
            sums[lane] += difference * difference;
        }
    }
    sums.iter().sum::<f32>() + rest
}

/// Shares of the classes, or the mean, among some rows.
fn average(labels: &Labels<'_>, rows: &[u32]) -> Vec<f64> {
    let share = 1.0 / rows.len().max(1) as f64;
    match labels {
        Labels::Classes { codes, n_classes } => {
            let mut shares = vec![0.0; *n_classes];
            for &row in rows {
                shares[codes[row as usize] as usize] += share;
            }
            shares
        }
        Labels::Values(values) => {
            vec![
                rows.iter()
                    .map(|&row| share * f64::from(values[row as usize]))
                    .sum(),
            ]
        }
    }
}
