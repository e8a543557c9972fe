//! Codes of categories, by value.

use std::cmp::Ordering;
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use crate::column::{Cells, Column, MISSING_CODE};
use crate::scalar::Scalar;
use crate::value_index::ValueIndex;

/// The code of values that were not seen in training, or too rarely.
pub const UNKNOWN_CODE: u32 = 0;

/// What to do with a category that did not occur in training.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum UnknownCategories {
    /// Give it [`UNKNOWN_CODE`] and count it.
    #[default]
    Count,
    /// Fail with [`EncodeError::UnknownCategory`](super::EncodeError::UnknownCategory).
    Refuse,
}

/// A fitted category column: which value has which code.
///
/// Code 0 is unknown; then missing, if it occurred in training; then the known values in order.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub(crate) struct CategoryEncoding {
    /// Own texts, ascending by [`compare_keys`].
    values: Vec<String>,
    missing: bool,
    /// Training rows with each code.
    counts: Vec<u64>,
    /// Made when it is first needed, and shared by all tables that are encoded.
    #[serde(skip)]
    index: OnceLock<ValueIndex>,
}

impl PartialEq for CategoryEncoding {
    fn eq(&self, other: &Self) -> bool {
        (&self.values, self.missing, &self.counts) == (&other.values, other.missing, &other.counts)
    }
}

/// A [`CategoryEncoding`] as it is in a model file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unchecked {
    values: Vec<String>,
    missing: bool,
    counts: Vec<u64>,
}

impl TryFrom<Unchecked> for CategoryEncoding {
    type Error = String;

    fn try_from(raw: Unchecked) -> Result<Self, String> {
        let n_codes = raw.values.len() + 1 + usize::from(raw.missing);
        if raw.counts.len() != n_codes {
            let got = raw.counts.len();
            return Err(format!(
                "{n_codes} category codes need as many counts, got {got}"
            ));
        }
        let ascending = |pair: &[String]| compare_keys(&pair[0], &pair[1]).is_lt();
        if !raw.values.windows(2).all(ascending) {
            return Err("category values must be distinct and in ascending order".to_owned());
        }
        Ok(Self {
            values: raw.values,
            missing: raw.missing,
            counts: raw.counts,
            index: OnceLock::new(),
        })
    }
}

impl CategoryEncoding {
    /// Fits to the given rows of a category column. Values in fewer than `min_count` rows stay
    /// unknown.
    pub(crate) fn fit(column: &Column, rows: &[u32], min_count: u64) -> Self {
        let (by_code, n_missing) = count_codes(column, rows);
        let mut known: Vec<(&str, u64)> = Vec::new();
        let mut n_rare = 0;
        if let Cells::Codes(codes) = column.cells() {
            for (code, &count) in by_code.iter().enumerate() {
                if count >= min_count.max(1) {
                    known.push((codes.dictionary.get(code as u32), count));
                } else {
                    n_rare += count;
                }
            }
        }
        known.sort_by(|a, b| compare_keys(a.0, b.0));
        let mut counts = vec![n_rare];
        counts.extend((n_missing > 0).then_some(n_missing));
        counts.extend(known.iter().map(|&(_, count)| count));
        Self {
            values: known.iter().map(|&(value, _)| value.to_owned()).collect(),
            missing: n_missing > 0,
            counts,
            index: OnceLock::new(),
        }
    }

    /// Training rows with each code; as long as there are codes.
    pub(crate) fn counts(&self) -> &[u64] {
        &self.counts
    }

    /// How many codes occurred in training.
    pub(crate) fn n_used(&self) -> usize {
        self.counts.iter().filter(|&&count| count > 0).count()
    }

    /// The code of a missing cell; `None` when none was missing in training.
    pub(crate) fn missing_code(&self) -> Option<u32> {
        self.missing.then_some(1)
    }

    /// The code of each known text.
    pub(crate) fn index(&self) -> &ValueIndex {
        self.index.get_or_init(|| {
            let values = self.values().zip(0_u32..);
            ValueIndex::new(values.filter_map(|(value, code)| Some((value?, code))))
        })
    }

    /// What each code stands for; `None` for unknown and missing.
    pub(crate) fn values(&self) -> impl Iterator<Item = Option<&str>> {
        let special = std::iter::repeat_n(None, 1 + usize::from(self.missing));
        special.chain(self.values.iter().map(|value| Some(value.as_str())))
    }
}

/// Rows with each code of the column's dictionary, and missing rows.
pub(crate) fn count_codes(column: &Column, rows: &[u32]) -> (Vec<u64>, u64) {
    let Cells::Codes(codes) = column.cells() else {
        return (Vec::new(), rows.len() as u64);
    };
    let mut counts = vec![0; codes.dictionary.len()];
    let mut n_missing = 0;
    for &row in rows {
        match column.code(row as usize) {
            MISSING_CODE => n_missing += 1,
            code => counts[code as usize] += 1,
        }
    }
    (counts, n_missing)
}

/// The order of categories and classes: numbers by size, then text by code points.
pub(crate) fn compare_keys(a: &str, b: &str) -> Ordering {
    match (Scalar::parse(a), Scalar::parse(b)) {
        (Scalar::Number(x), Scalar::Number(y)) => x.total_cmp(&y).then_with(|| a.cmp(b)),
        (Scalar::Number(_), _) => Ordering::Less,
        (_, Scalar::Number(_)) => Ordering::Greater,
        _ => a.cmp(b),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::column::ColumnType;
    use crate::test_tables::typed_column;

    fn fit(cells: &[&str], min_count: u64) -> CategoryEncoding {
        let rows: Vec<u32> = (0..cells.len() as u32).collect();
        let column = typed_column("x", Some(ColumnType::Category), cells);
        CategoryEncoding::fit(&column, &rows, min_count)
    }

    #[test]
    fn codes_are_unknown_then_missing_then_values_in_order() {
        let encoding = fit(&["b", "10", "", "9", "b", "true", "10", "9", "rare"], 2);
        assert_eq!(encoding.counts(), [2, 1, 2, 2, 2]);
        assert_eq!(encoding.missing_code(), Some(1));
        let mut form = String::new();
        let index = encoding.index();
        let codes = ["9", "10", "b", "true", "rare"].map(|key| index.find(key, &mut form));
        assert_eq!(codes, [Some(2), Some(3), Some(4), None, None]);
        let without = fit(&["b", "a"], 1);
        assert_eq!(without.missing_code(), None);
        assert_eq!(without.index().find("a", &mut form), Some(1));
    }

    #[test]
    fn a_false_model_file_is_refused() {
        let good = serde_json::to_string(&fit(&["a", "b", ""], 1)).unwrap();
        assert!(serde_json::from_str::<CategoryEncoding>(&good).is_ok());
        for bad in [
            r#"{"values":["a","b"],"missing":false,"counts":[1,2]}"#,
            r#"{"values":["b","a"],"missing":false,"counts":[0,1,2]}"#,
            r#"{"values":["a","a"],"missing":false,"counts":[0,1,2]}"#,
        ] {
            assert!(
                serde_json::from_str::<CategoryEncoding>(bad).is_err(),
                "{bad}"
            );
        }
    }
}
