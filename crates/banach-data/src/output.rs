//! Columns on their way out: what a writer of tables takes.

use std::borrow::Cow;

#[cfg(feature = "arrow")]
use arrow_array::{Array, ArrayRef};
#[cfg(feature = "arrow")]
use arrow_schema::DataType;

/// Type of a written column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OutputType {
    /// Text.
    Text,
    /// 64-bit integers, whose text is known.
    Integers,
    /// Booleans, whose text is known.
    Booleans,
    /// Values as a table in Arrow's types held them.
    #[cfg(feature = "arrow")]
    Arrow(DataType),
    /// 32-bit numbers.
    F32,
    /// 64-bit numbers.
    F64,
}

/// Name and type of a written column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputColumn {
    /// The name.
    pub name: String,
    /// The type.
    pub output_type: OutputType,
}

/// Some rows of a written column.
#[derive(Debug, Clone)]
pub enum OutputValues<'a> {
    /// Text, written as it stands.
    Text(Vec<&'a str>),
    /// The texts of integers; files with types hold the integers.
    Integers(Vec<&'a str>),
    /// The texts of booleans, `true` and `false` in any case; files with types hold the booleans.
    Booleans(Vec<&'a str>),
    /// Values of a table in Arrow's types, piece by piece, and their texts; files with types hold the values.
    #[cfg(feature = "arrow")]
    Arrow(&'a [ArrayRef], Vec<&'a str>),
    /// Numbers, written as the shortest decimals that read back as the same 32 bits.
    F32(Cow<'a, [f32]>),
    /// Numbers, written as the shortest decimals that read back as the same 64 bits.
    F64(Cow<'a, [f64]>),
}

impl<'a> OutputValues<'a> {
    /// The texts of the values, unless they are floating-point numbers.
    #[must_use]
    pub fn texts(&self) -> Option<&[&'a str]> {
        match self {
            Self::Text(texts) | Self::Integers(texts) | Self::Booleans(texts) => Some(texts),
            #[cfg(feature = "arrow")]
            Self::Arrow(_, texts) => Some(texts),
            Self::F32(_) | Self::F64(_) => None,
        }
    }

    /// Number of rows.
    #[must_use]
    pub fn n_rows(&self) -> usize {
        match self {
            Self::Text(values) | Self::Integers(values) | Self::Booleans(values) => values.len(),
            #[cfg(feature = "arrow")]
            Self::Arrow(_, texts) => texts.len(),
            Self::F32(values) => values.len(),
            Self::F64(values) => values.len(),
        }
    }

    /// Type of the column.
    #[must_use]
    pub fn output_type(&self) -> OutputType {
        match self {
            Self::Text(_) => OutputType::Text,
            Self::Integers(_) => OutputType::Integers,
            Self::Booleans(_) => OutputType::Booleans,
            #[cfg(feature = "arrow")]
            Self::Arrow(arrays, _) => OutputType::Arrow(
                arrays
                    .first()
                    .map_or(DataType::Null, |array| array.data_type().clone()),
            ),
            Self::F32(_) => OutputType::F32,
            Self::F64(_) => OutputType::F64,
        }
    }
}
