//! A table as a matrix: numbers standardized, a column for each category.

use banach::Settings;
use banach_data::{Encoder, EncoderOptions, Features, Scaling, Table, UnknownCategories};

use crate::baselines::Matrix;
use crate::error::LabError;

/// Categories of a column that get a column of their own, at most; rarer ones share that of unknown
/// categories. More would be too wide for methods that are quadratic in the width.
const MAX_CATEGORIES: usize = 256;

/// The matrices of training rows and of rows to score; everything that is fitted comes from the
/// former. The encoder is the one that networks have, with standard scaling.
pub(super) fn matrices(
    settings: &Settings,
    table: &Table,
    features: &[String],
    [train, test]: [&[u32]; 2],
) -> Result<[Matrix; 2], LabError> {
    let plain = EncoderOptions::default();
    let options = EncoderOptions {
        scaling: Scaling::Standard,
        categorical: settings.categorical_columns().to_vec(),
        numeric: settings.numeric_columns().to_vec(),
        drop: settings.dropped_columns().to_vec(),
        min_category_count: settings
            .get("min_category_count")
            .and_then(|count| count.as_u64())
            .unwrap_or(plain.min_category_count),
    };
    let encoder = Encoder::fit(table, train, features, &options)?;
    let (features, _) = encoder.encode(table, UnknownCategories::Count)?;
    let blocks: Vec<Vec<usize>> = encoder.category_counts().into_iter().map(places).collect();
    Ok([
        matrix(&features, &blocks, train)?,
        matrix(&features, &blocks, test)?,
    ])
}

/// The column of each code, counted from the first of its block: the most frequent codes have one of
/// their own, in order of code; all others share the first.
fn places(counts: &[u64]) -> Vec<usize> {
    let mut codes: Vec<usize> = (1..counts.len()).collect();
    codes.sort_by_key(|&code| (std::cmp::Reverse(counts[code]), code));
    codes.truncate(MAX_CATEGORIES);
    codes.sort_unstable();
    let mut places = vec![0; counts.len()];
    for (at, code) in codes.into_iter().enumerate() {
        places[code] = at + 1;
    }
    places
}

fn matrix(features: &Features, blocks: &[Vec<usize>], rows: &[u32]) -> Result<Matrix, LabError> {
    let width = |places: &Vec<usize>| places.iter().max().map_or(0, |&last| last + 1);
    let n_columns = features.n_numbers + blocks.iter().map(width).sum::<usize>();
    let mut values = Vec::with_capacity(rows.len() * n_columns);
    for &row in rows {
        let row = row as usize;
        values.extend(&features.numbers[row * features.n_numbers..][..features.n_numbers]);
        let codes = &features.codes[row * features.n_categories..][..features.n_categories];
        for (&code, places) in codes.iter().zip(blocks) {
            let first = values.len();
            values.resize(first + width(places), 0.0);
            values[first + places[code as usize]] = 1.0;
        }
    }
    Ok(Matrix::new(rows.len(), n_columns, values)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_category_has_a_column_and_rare_ones_share_the_first() {
        let features = Features {
            n_rows: 3,
            n_numbers: 1,
            numbers: vec![0.5, -1.0, 2.0],
            n_categories: 2,
            codes: vec![0, 2, 1, 1, 2, 0],
        };
        let blocks = vec![places(&[0, 3, 2]), places(&[1, 4, 4])];
        let matrix = matrix(&features, &blocks, &[0, 2]).unwrap();
        assert_eq!(matrix.row(0), [0.5, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0]);
        assert_eq!(matrix.row(1), [2.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0]);

        let mut counts = vec![7; 300];
        counts[3] = 1;
        let places = places(&counts);
        assert_eq!((places[0], places[1], places[2], places[3]), (0, 1, 2, 0));
        assert_eq!(places.iter().max(), Some(&MAX_CATEGORIES));
    }
}
