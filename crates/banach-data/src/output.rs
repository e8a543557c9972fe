//! Columns on their way out: what a writer of tables takes.

use std::borrow::Cow;

/// Type of a written column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutputType {
    /// Text.
    Text,
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
#[derive(Debug, Clone, PartialEq)]
pub enum OutputValues<'a> {
    /// Text, written as it stands.
    Text(Vec<&'a str>),
    /// Numbers, written as the shortest decimals that read back as the same 32 bits.
    F32(Cow<'a, [f32]>),
    /// Numbers, written as the shortest decimals that read back as the same 64 bits.
    F64(Cow<'a, [f64]>),
}

impl OutputValues<'_> {
    /// Number of rows.
    #[must_use]
    pub fn n_rows(&self) -> usize {
        match self {
            Self::Text(values) => values.len(),
            Self::F32(values) => values.len(),
            Self::F64(values) => values.len(),
        }
    }

    /// Type of the column.
    #[must_use]
    pub fn output_type(&self) -> OutputType {
        match self {
            Self::Text(_) => OutputType::Text,
            Self::F32(_) => OutputType::F32,
            Self::F64(_) => OutputType::F64,
        }
    }
}
