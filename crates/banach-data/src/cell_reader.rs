//! Reads single cells with the type and format that a column has.

use crate::cell_format::CellFormat;
use crate::column::ColumnType;
use crate::decision::value_of;
use crate::missing_words::MissingWords;
use crate::scalar::{Scalar, parse_boolean};

/// The number stored for a value of one type in a column of another: 0 and 1 are booleans, booleans are
/// numbers, and numbers are times where they count units since 1970.
pub(crate) fn stored_value(
    found: ColumnType,
    value: f64,
    wanted: ColumnType,
    format: CellFormat,
) -> Option<f64> {
    match (found, wanted, format) {
        (ColumnType::Number, ColumnType::DateTime, CellFormat::Epoch(unit)) => {
            value.is_finite().then(|| value / unit.per_second())
        }
        (found, wanted, _) if found == wanted => Some(value),
        (ColumnType::Boolean, ColumnType::Number, _) => Some(value),
        (ColumnType::Number, ColumnType::Boolean, _) if value == 0.0 || value == 1.0 => Some(value),
        _ => None,
    }
}

/// How single cells of a column are read, with the type and format of training.
#[derive(Debug, Clone)]
pub(crate) struct CellReader {
    pub(crate) column_type: ColumnType,
    pub(crate) format: CellFormat,
    pub(crate) words: MissingWords,
}

impl CellReader {
    /// The number stored for a cell of a column of numbers, NaN when it is missing; `None` when the cell
    /// does not have the type.
    pub(crate) fn number(&self, scalar: Scalar<'_>) -> Option<f64> {
        let (found, value) = match scalar {
            Scalar::Missing => return Some(f64::NAN),
            Scalar::Text(text) => {
                let text = text.trim_ascii();
                let words = &self.words;
                let value = value_of(text, self.column_type, self.format).or_else(|| {
                    let boolean = parse_boolean(text.as_bytes())?.0;
                    (self.column_type == ColumnType::Number).then(|| f64::from(u8::from(boolean)))
                });
                if words.contains_among_numbers(text.as_bytes())
                    || value.is_some_and(|value| words.contains_number(value))
                {
                    return Some(f64::NAN);
                }
                return value.map(|value| value + 0.0);
            }
            Scalar::Boolean(value) => (ColumnType::Boolean, f64::from(u8::from(value))),
            Scalar::Number(value) if value.is_nan() || self.words.contains_number(value) => {
                return Some(f64::NAN);
            }
            Scalar::Number(value) => (ColumnType::Number, value + 0.0),
            Scalar::DateTime(value) if value.is_finite() => (ColumnType::DateTime, value),
            Scalar::DateTime(_) => return Some(f64::NAN),
        };
        stored_value(found, value, self.column_type, self.format)
    }

    /// The text of a cell of a column of categories; `None` when it is missing.
    pub(crate) fn text<'b>(&self, scalar: &Scalar<'b>, buffer: &'b mut String) -> Option<&'b str> {
        let text = match scalar {
            Scalar::Text(text) => text.trim_ascii(),
            other => other.key_in(buffer)?,
        };
        (!self.words.contains(text.as_bytes())).then_some(text)
    }
}
