//! Rows of a dataset that go through the network together.

use std::ops::Range;

use crate::dataset::Dataset;
use crate::loss::Loss;

/// Some rows of a dataset, in the order in which they are computed.
///
/// Dropout is a function of a row's position in the batch, so that a part of a batch knows where it
/// begins.
#[derive(Debug, Clone, Copy)]
pub struct Batch<'a> {
    dataset: &'a Dataset,
    rows: &'a [u32],
    first: usize,
}

impl<'a> Batch<'a> {
    /// The rows with these numbers, which are below the dataset's number of rows.
    #[must_use]
    pub fn new(dataset: &'a Dataset, rows: &'a [u32]) -> Self {
        Self {
            dataset,
            rows,
            first: 0,
        }
    }

    /// The dataset that the rows belong to.
    #[must_use]
    pub fn dataset(&self) -> &'a Dataset {
        self.dataset
    }

    /// Numbers of the rows in the dataset.
    #[must_use]
    pub fn rows(&self) -> &'a [u32] {
        self.rows
    }

    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// What a sum of losses over the rows is to be divided by for their mean loss.
    #[must_use]
    pub fn weight_sum(&self, loss: &Loss) -> f64 {
        let weight = |&row: &u32| loss.row_weight(self.dataset, row as usize);
        self.rows.iter().map(weight).sum()
    }

    /// The rows at some positions.
    pub(crate) fn part(&self, positions: Range<usize>) -> Self {
        Self {
            first: self.first + positions.start,
            rows: &self.rows[positions],
            ..*self
        }
    }

    /// The rows in batches of up to `size`, each a batch of its own.
    pub(crate) fn batches(&self, size: usize) -> impl Iterator<Item = Self> {
        let dataset = self.dataset;
        self.rows
            .chunks(size)
            .map(move |rows| Self::new(dataset, rows))
    }

    /// Position of the first row in the whole batch.
    pub(crate) fn first(&self) -> usize {
        self.first
    }
}
