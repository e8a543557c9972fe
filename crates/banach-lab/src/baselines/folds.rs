//! Rows for choices that a method makes by itself: inner folds and samples.

use banach_kernels::random::{Purpose, Stream};

use super::{Labels, Training};

/// Inner folds.
pub(super) const INNER_FOLDS: usize = 3;

/// At most `most` rows by chance, ascending.
pub(super) fn sample(training: &Training<'_>, most: usize) -> Vec<u32> {
    let mut rows: Vec<u32> = (0..training.x.n_rows() as u32).collect();
    if rows.len() > most {
        // Lanes other than those of a table's own splits, which use 0.
        Stream::new(training.seed, Purpose::Split, 0, 1).shuffle(&mut rows);
        rows.truncate(most);
        rows.sort_unstable();
    }
    rows
}

/// Divides `rows` into [`INNER_FOLDS`] folds, classes evenly; the fold of each of them.
pub(super) fn inner_folds(training: &Training<'_>, rows: &[u32]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..rows.len()).collect();
    Stream::new(training.seed, Purpose::Split, 0, 2).shuffle(&mut order);
    if let Labels::Classes { codes, .. } = &training.labels {
        order.sort_by_key(|&at| codes[rows[at] as usize]);
    }
    let mut folds = vec![0; rows.len()];
    for (position, at) in order.into_iter().enumerate() {
        folds[at] = position % INNER_FOLDS;
    }
    folds
}
