//! The input layer: rows of numbers and codes become rows of units.

use banach_data::Features;
use banach_kernels::random::{Purpose, Stream};
use banach_kernels::{LANES, PanelsMut, Real};

use crate::layout::Weights;
use crate::spec::{CategorySpec, InputSpec, NetworkSpec};

/// Category dropout: replaces known categories at random in training, so that the code of unknown ones
/// is trained as well.
///
/// Code 0 stands for unknown. In step `step`, each category column of each row of the batch becomes
/// unknown with probability `rate`, independently of the others.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct CategoryDropout {
    pub(crate) seed: u64,
    pub(crate) step: u32,
    pub(crate) rate: f64,
}

impl CategoryDropout {
    fn code(&self, code: u32, position: usize, column: usize) -> u32 {
        if self.rate == 0.0 {
            return code;
        }
        let stream = Stream::new(
            self.seed,
            Purpose::UnknownCategory,
            self.step,
            column as u32,
        );
        if stream.uniform(position as u32) < self.rate {
            0
        } else {
            code
        }
    }
}

/// The code of a category column in row `row`, as training sees it at a position of the batch.
pub(crate) fn code(
    features: &Features,
    row: usize,
    position: usize,
    column: usize,
    dropout: Option<&CategoryDropout>,
) -> u32 {
    let code = features.row_codes(row)[column];
    dropout.map_or(code, |dropout| dropout.code(code, position, column))
}

/// Writes the units of some rows: numbers as they are, a block of units for each category.
///
/// # Shapes
/// `rows`: row numbers in `features`; `x`: [input width, rows]. `first` is the position of the first one
/// in the batch.
pub(crate) fn gather<T: Real>(
    spec: &NetworkSpec,
    weights: Weights<'_, T>,
    features: &Features,
    rows: impl Iterator<Item = usize>,
    first: usize,
    dropout: Option<&CategoryDropout>,
    mut x: PanelsMut<'_, T>,
) {
    let spec = &spec.inputs;
    for (position, row) in rows.enumerate() {
        let lane = position % LANES;
        let units = x.panel_mut(position / LANES);
        let numbers = features.row_numbers(row);
        let code = |column| code(features, row, first + position, column, dropout) as usize;
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
