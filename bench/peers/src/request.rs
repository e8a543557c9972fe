//! What is asked, and the data for it.

use serde::Deserialize;

use crate::mask::Random;

/// One line of standard input.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(crate) struct Request {
    pub(crate) network: Network,
    /// Time to measure.
    pub(crate) seconds: f64,
}

/// A SELU network and its training.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
pub(crate) struct Network {
    pub(crate) features: usize,
    pub(crate) layers: usize,
    pub(crate) width: usize,
    pub(crate) classes: usize,
    pub(crate) batch: usize,
    pub(crate) optimizer: Optimizer,
    /// Rate of alpha dropout.
    pub(crate) dropout: f64,
    pub(crate) learning_rate: f64,
    /// Rows of the dataset.
    pub(crate) rows: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Optimizer {
    Sgd,
    Adam,
}

impl Network {
    pub(crate) fn n_batches(&self) -> usize {
        (self.rows / self.batch).max(1)
    }

    /// Widths from the input to the output.
    pub(crate) fn widths(&self) -> Vec<usize> {
        let mut widths = vec![self.width; self.layers + 2];
        widths[0] = self.features;
        widths[self.layers + 1] = self.classes;
        widths
    }

    /// Random batches: features of mean 0 and variance 1, row-major, and classes.
    pub(crate) fn batches(&self) -> Vec<(Vec<f32>, Vec<u32>)> {
        let mut random = Random::new(1);
        let batch = |_| {
            let x = (0..self.batch * self.features).map(|_| random.standardized());
            let x = x.collect();
            let y = (0..self.batch).map(|_| (random.next() >> 40) as u32 % self.classes as u32);
            (x, y.collect())
        };
        (0..self.n_batches()).map(batch).collect()
    }

    /// Initial weights of one layer, Normal(0, 1 / fan_in).
    pub(crate) fn weights(&self, random: &mut Random, fan_in: usize, n: usize) -> Vec<f32> {
        let scale = 1.0 / (fan_in as f32).sqrt();
        (0..n).map(|_| scale * random.normal()).collect()
    }
}
