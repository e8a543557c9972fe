//! The input layer: rows of numbers and codes become rows of units.

use banach_kernels::Real;
use banach_kernels::random::{Purpose, Stream};

use crate::dataset::Inputs;
use crate::network::Network;
use crate::spec::CategorySpec;

/// Hides known categories at random in training, so that the unknown code is trained as well.
///
/// Code 0 stands for unknown. For the training row at position `row` of the batch in step `step`,
/// every category column turns unknown with probability `rate`, each on its own.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct HideCategories {
    pub(crate) seed: u64,
    pub(crate) step: u32,
    pub(crate) rate: f64,
}

impl HideCategories {
    fn code(&self, code: u32, row_in_batch: usize, column: usize) -> u32 {
        if self.rate == 0.0 {
            return code;
        }
        let stream = Stream::new(
            self.seed,
            Purpose::UnknownCategory,
            self.step,
            column as u32,
        );
        if stream.uniform(row_in_batch as u32) < self.rate {
            0
        } else {
            code
        }
    }
}

/// Reads the code of a row, as training sees it.
pub(crate) fn code(
    inputs: &Inputs,
    n_categories: usize,
    row: usize,
    row_in_batch: usize,
    column: usize,
    hide: Option<&HideCategories>,
) -> u32 {
    let code = inputs.codes[row * n_categories + column];
    hide.map_or(code, |hide| hide.code(code, row_in_batch, column))
}

/// Writes the units of some rows: numbers as they are, a block of units for each category.
///
/// # Shapes
/// `rows`: row numbers in `inputs`; `x`: [rows.len(), input width], row-major. `first_row` is the
/// position of the first one in the batch.
pub(crate) fn gather<T: Real>(
    network: &Network<T>,
    inputs: &Inputs,
    rows: impl Iterator<Item = usize>,
    first_row: usize,
    hide: Option<&HideCategories>,
    x: &mut [T],
) {
    let spec = &network.spec().inputs;
    let (n_numbers, n_categories) = (spec.n_numbers, spec.categories.len());
    for (position, (line, row)) in x.chunks_exact_mut(spec.width()).zip(rows).enumerate() {
        let (numbers, mut units) = line.split_at_mut(n_numbers);
        let source = &inputs.numbers[row * n_numbers..][..n_numbers];
        for (unit, &number) in numbers.iter_mut().zip(source) {
            *unit = T::from_f64(f64::from(number));
        }
        let mut embeddings = network.embeddings();
        for (column, form) in spec.categories.iter().enumerate() {
            let code = code(
                inputs,
                n_categories,
                row,
                first_row + position,
                column,
                hide,
            ) as usize;
            let (block, rest) = units.split_at_mut(form.width());
            match form {
                CategorySpec::OneHot { low, high } => {
                    for (unit, &value) in block.iter_mut().zip(low) {
                        *unit = T::from_f64(f64::from(value));
                    }
                    block[code] = T::from_f64(f64::from(high[code]));
                }
                CategorySpec::Embedding { dimension, .. } => {
                    if let Some((_, _, table)) = embeddings.next() {
                        block.copy_from_slice(&table[code * dimension..][..*dimension]);
                    }
                }
            }
            units = rest;
        }
    }
}
