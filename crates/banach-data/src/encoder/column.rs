//! The fitted encoding of one column.

use serde::{Deserialize, Serialize};

use super::category::CategoryEncoding;
use super::date_time::DatePart;
use super::scale::{Scale, Scaling, quantile};
use crate::cell_reader::CellReader;
use crate::column::{Column, ColumnType};
use crate::reading::Reading;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NumberEncoding {
    /// Stands in for a missing value.
    median: f64,
    scale: Scale,
    /// Scale of the feature that is 1 for missing values; absent when none was missing in training.
    missing: Option<Scale>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DateTimeEncoding {
    parts: Vec<DatePartEncoding>,
    missing: Option<Scale>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DatePartEncoding {
    part: DatePart,
    median: f64,
    scale: Scale,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Encoding {
    Number(NumberEncoding),
    Boolean(NumberEncoding),
    DateTime(DateTimeEncoding),
    Category(CategoryEncoding),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ColumnEncoder {
    pub(super) name: String,
    pub(super) encoding: Encoding,
    /// How the cells of the training table were read.
    #[serde(default, skip_serializing_if = "Reading::is_default")]
    pub(super) reading: Reading,
}

/// An input column and the features made from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EncodedColumn {
    /// Name of the column.
    pub name: String,
    /// Type of its cells.
    pub column_type: ColumnType,
    /// Names of its number features, in order.
    pub numbers: Vec<String>,
    /// For a category column, the value of each code; `None` for unknown and missing.
    pub codes: Option<Vec<Option<String>>>,
    /// For a category column, the number of training rows with each code.
    pub counts: Option<Vec<u64>>,
}

impl NumberEncoding {
    /// Writes the features of a number, NaN when it is missing. Says whether it is missing though
    /// none was in training.
    #[inline]
    pub(super) fn encode(&self, value: f64, out: &mut [f32]) -> bool {
        let is_missing = !is_value(value, &self.scale);
        let value = if is_missing { self.median } else { value };
        out[0] = self.scale.apply(value);
        match &self.missing {
            Some(scale) => {
                out[1] = scale.apply(f64::from(u8::from(is_missing)));
                false
            }
            None => is_missing,
        }
    }
}

/// Whether a number is there and can be scaled.
#[inline]
fn is_value(value: f64, scale: &Scale) -> bool {
    value.is_finite() || value.is_infinite() && scale.keeps_infinities()
}

impl DateTimeEncoding {
    /// As [`NumberEncoding::encode`], for a time in seconds.
    #[inline]
    pub(super) fn encode(&self, seconds: f64, out: &mut [f32]) -> bool {
        let is_missing = seconds.is_nan();
        for (out, part) in out.iter_mut().zip(&self.parts) {
            let value = if is_missing {
                part.median
            } else {
                part.part.of(seconds)
            };
            *out = part.scale.apply(value);
        }
        match &self.missing {
            Some(scale) => {
                out[self.parts.len()] = scale.apply(f64::from(u8::from(is_missing)));
                false
            }
            None => is_missing,
        }
    }
}

impl ColumnEncoder {
    /// Categories in fewer rows than `min_category_count` stay unknown.
    pub(super) fn fit(
        column: &Column,
        rows: &[u32],
        scaling: Scaling,
        min_category_count: u64,
    ) -> Self {
        let encoding = match column.column_type() {
            ColumnType::Category => {
                Encoding::Category(CategoryEncoding::fit(column, rows, min_category_count))
            }
            ColumnType::DateTime => Encoding::DateTime(fit_date_time(column, rows, scaling)),
            ColumnType::Boolean => Encoding::Boolean(fit_number(column, rows, scaling)),
            ColumnType::Number | ColumnType::Missing => {
                Encoding::Number(fit_number(column, rows, scaling))
            }
        };
        Self {
            name: column.name().to_owned(),
            encoding,
            reading: column.reading().clone(),
        }
    }

    /// How cells for prediction are read.
    pub(super) fn reader(&self) -> CellReader {
        CellReader {
            column_type: self.column_type(),
            format: self.reading.format,
            words: self.reading.missing.clone(),
        }
    }

    /// Whether all training rows have the same code.
    pub(super) fn is_constant(&self) -> bool {
        matches!(&self.encoding, Encoding::Category(category) if category.n_used() < 2)
    }

    pub(super) fn column_type(&self) -> ColumnType {
        match &self.encoding {
            Encoding::Number(_) => ColumnType::Number,
            Encoding::Boolean(_) => ColumnType::Boolean,
            Encoding::DateTime(_) => ColumnType::DateTime,
            Encoding::Category(_) => ColumnType::Category,
        }
    }

    pub(super) fn n_numbers(&self) -> usize {
        match &self.encoding {
            Encoding::Number(encoding) | Encoding::Boolean(encoding) => {
                1 + usize::from(encoding.missing.is_some())
            }
            Encoding::DateTime(encoding) => {
                encoding.parts.len() + usize::from(encoding.missing.is_some())
            }
            Encoding::Category(_) => 0,
        }
    }

    pub(super) fn describe(&self) -> EncodedColumn {
        let name = &self.name;
        let is_missing = |scale: &Option<Scale>| scale.map(|_| format!("{name} is missing"));
        let mut numbers = Vec::new();
        let (mut codes, mut counts) = (None, None);
        match &self.encoding {
            Encoding::Number(encoding) | Encoding::Boolean(encoding) => {
                numbers.push(name.clone());
                numbers.extend(is_missing(&encoding.missing));
            }
            Encoding::DateTime(encoding) => {
                let parts = encoding.parts.iter();
                numbers.extend(parts.map(|part| format!("{name}: {}", part.part.describe())));
                numbers.extend(is_missing(&encoding.missing));
            }
            Encoding::Category(category) => {
                codes = Some(
                    category
                        .values()
                        .map(|value| value.map(str::to_owned))
                        .collect(),
                );
                counts = Some(category.counts().to_vec());
            }
        }
        EncodedColumn {
            name: name.clone(),
            column_type: self.column_type(),
            numbers,
            codes,
            counts,
        }
    }
}

/// The finite numbers of some rows, and how many others are infinite and missing.
fn present(column: &Column, rows: &[u32]) -> (Vec<f64>, usize, usize) {
    let mut values: Vec<f64> = Vec::with_capacity(rows.len());
    let mut n_infinite = 0;
    for &row in rows {
        let value = column.stored_number(row as usize);
        if value.is_finite() {
            values.push(value);
        } else {
            n_infinite += usize::from(value.is_infinite());
        }
    }
    let n_missing = rows.len() - values.len() - n_infinite;
    (values, n_infinite, n_missing)
}

/// The scale of the feature that says "missing".
fn fit_missing(scaling: Scaling, n_present: usize, n_missing: usize) -> Option<Scale> {
    let mut flags = vec![0.0; n_present];
    flags.resize(n_present + n_missing, 1.0);
    (n_missing > 0).then(|| Scale::fit(scaling, &mut flags))
}

/// For a mean of 0 and a variance of 1, missing values count as the median that stands in for them;
/// a robust scale is that of the present values.
fn fill_in(values: &mut Vec<f64>, n_missing: usize, median: f64, scaling: Scaling) {
    if scaling == Scaling::Standard {
        values.resize(values.len() + n_missing, median);
    }
}

fn fit_number(column: &Column, rows: &[u32], scaling: Scaling) -> NumberEncoding {
    let (mut values, n_infinite, n_missing) = present(column, rows);
    let median = quantile(&mut values, 0.5);
    // Infinities are values where the scale has ends for them.
    let (n_present, n_missing) = match scaling {
        Scaling::Robust => (values.len() + n_infinite, n_missing),
        Scaling::Standard => (values.len(), n_missing + n_infinite),
    };
    let missing = fit_missing(scaling, n_present, n_missing);
    fill_in(&mut values, n_missing, median, scaling);
    NumberEncoding {
        median,
        scale: Scale::fit(scaling, &mut values),
        missing,
    }
}

fn fit_date_time(column: &Column, rows: &[u32], scaling: Scaling) -> DateTimeEncoding {
    let (seconds, _, n_missing) = present(column, rows);
    let mut parts = Vec::new();
    for part in DatePart::ALL {
        let mut values: Vec<f64> = seconds.iter().map(|&seconds| part.of(seconds)).collect();
        if values.iter().all(|value| Some(value) == values.first()) {
            continue;
        }
        let median = quantile(&mut values, 0.5);
        fill_in(&mut values, n_missing, median, scaling);
        parts.push(DatePartEncoding {
            part,
            median,
            scale: Scale::fit(scaling, &mut values),
        });
    }
    DateTimeEncoding {
        parts,
        missing: fit_missing(scaling, seconds.len(), n_missing),
    }
}
