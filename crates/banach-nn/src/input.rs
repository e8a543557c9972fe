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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn categories_become_the_unknown_one_at_their_rate_and_stay_else() {
        let n_rows = 4000;
        let features = Features {
            n_rows,
            n_categories: 2,
            codes: (0..n_rows)
                .flat_map(|row| [2, 3 + row as u32 % 4])
                .collect(),
            ..Features::default()
        };
        let codes = |dropout: Option<CategoryDropout>| -> Vec<[u32; 2]> {
            let of = |row, column| code(&features, row, row, column, dropout.as_ref());
            (0..n_rows).map(|row| [of(row, 0), of(row, 1)]).collect()
        };
        let dropout = |rate, step| CategoryDropout {
            seed: 1,
            step,
            rate,
        };
        let known = codes(None);
        assert_eq!(codes(Some(dropout(0.0, 0))), known);
        for rate in [0.05, 0.5] {
            let some = codes(Some(dropout(rate, 7)));
            for column in [0, 1] {
                let pairs = some.iter().zip(&known);
                let hidden = pairs.filter(|(some, known)| some[column] != known[column]);
                let n = hidden
                    .inspect(|(some, _)| assert_eq!(some[column], 0))
                    .count() as f64;
                let n_rows = n_rows as f64;
                // Five standard deviations.
                let room = 5.0 * (n_rows * rate * (1.0 - rate)).sqrt();
                assert!(
                    (n - n_rows * rate).abs() < room,
                    "{n} of {n_rows} at {rate}"
                );
            }
            // Columns and steps are drawn independently.
            let both = some.iter().filter(|codes| **codes == [0, 0]).count() as f64;
            let expected = n_rows as f64 * rate * rate;
            assert!((both - expected).abs() < 5.0 * expected.sqrt(), "{both}");
            assert_ne!(codes(Some(dropout(rate, 8))), some);
        }
    }

    #[test]
    fn training_moves_the_vector_of_the_unknown_category_and_prediction_takes_it() {
        use std::sync::atomic::AtomicBool;

        use crate::tests::{data, network, options, spec};
        use crate::{Loss, TrainOptions, Trainer};

        // No row has code 0 in the embedded column.
        let mut data = data(&Loss::Squared, 1, 60, 1.0);
        for codes in data.features.codes.chunks_exact_mut(2) {
            codes[1] = codes[1].max(1);
        }
        let rows: Vec<u32> = (0..60).collect();
        let vectors = |category_dropout: f64| {
            let options = TrainOptions {
                weight_decay: 0.0,
                category_dropout,
                ..options(Loss::Squared)
            };
            let network = network(spec(&[9], 1));
            let start = network.clone();
            let mut trainer = Trainer::new(network, options, &data, &rows, &[], 1).unwrap();
            let never = AtomicBool::new(false);
            trainer.epoch(&never, &mut |_, _| {}).unwrap();
            let end = trainer.network();
            let mut tensors = start.tensors().iter();
            let info = tensors
                .find(|info| info.name.starts_with("embeddings"))
                .unwrap();
            let moved = |code: usize| {
                let vector = info.offset + 2 * code..info.offset + 2 * code + 2;
                start.parameters()[vector.clone()] != end.parameters()[vector]
            };
            [moved(0), moved(1), moved(2), moved(3)]
        };
        assert_eq!(vectors(0.0), [false, true, true, true]);
        assert_eq!(vectors(0.3), [true; 4]);
    }
}
