//! The input layer: rows of numbers and codes become rows of units.

use banach_kernels::random::{Purpose, Stream};
use banach_kernels::{LANES, PanelsMut, Real};

use crate::dataset::Inputs;
use crate::layout::Weights;
use crate::spec::{CategorySpec, InputSpec, NetworkSpec};

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
/// `rows`: row numbers in `inputs`; `x`: [input width, rows]. `first_row` is the position of the first
/// one in the batch.
pub(crate) fn gather<T: Real>(
    spec: &NetworkSpec,
    weights: Weights<'_, T>,
    inputs: &Inputs,
    rows: impl Iterator<Item = usize>,
    first_row: usize,
    hide: Option<&HideCategories>,
    mut x: PanelsMut<'_, T>,
) {
    let spec = &spec.inputs;
    let (n_numbers, n_categories) = (spec.n_numbers, spec.categories.len());
    for (position, row) in rows.enumerate() {
        let lane = position % LANES;
        let units = x.panel_mut(position / LANES);
        let numbers = &inputs.numbers[row * n_numbers..][..n_numbers];
        let code = |column| {
            code(
                inputs,
                n_categories,
                row,
                first_row + position,
                column,
                hide,
            ) as usize
        };
        units_of(spec, weights, numbers, code, |unit, value| {
            units[unit].0[lane] = value
        });
    }
}

/// Calls `set(unit, value)` for every input unit of a row with these numbers and codes.
pub(crate) fn units_of<T: Real>(
    spec: &InputSpec,
    weights: Weights<'_, T>,
    numbers: &[f32],
    code: impl Fn(usize) -> usize,
    mut set: impl FnMut(usize, T),
) {
    for (unit, &number) in numbers.iter().enumerate() {
        set(unit, T::from_f64(f64::from(number)));
    }
    let mut unit = numbers.len();
    let mut tables = weights.layout.tables.iter();
    for (column, form) in spec.categories.iter().enumerate() {
        let code = code(column);
        match form {
            CategorySpec::OneHot { low, high } => {
                for (i, &value) in low.iter().enumerate() {
                    set(unit + i, T::from_f64(f64::from(value)));
                }
                set(unit + code, T::from_f64(f64::from(high[code])));
            }
            CategorySpec::Embedding { dimension, .. } => {
                if let Some(table) = tables.next() {
                    let vectors = table.vectors(weights.lines);
                    let vector = &vectors[code * dimension..][..*dimension];
                    for (i, &value) in vector.iter().enumerate() {
                        set(unit + i, value);
                    }
                }
            }
        }
        unit += form.width();
    }
}
