//! What was decided about a column while it was read.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::cell_format::CellFormat;
use crate::column::ColumnType;
use crate::date_format::DateOrder;
use crate::missing_words::MissingWords;
use crate::number_format::NumberFormat;

/// Share of a column's present cells that need not have its type: they then count as missing. One cell
/// of twenty is within it.
pub const MAX_ODD_SHARE: f64 = 0.05;

/// Examples of odd cells that are remembered for each column.
pub(crate) const MAX_EXAMPLES: usize = 3;

/// How the cells of a column were read, and what was lost on the way.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reading {
    /// How numbers and times are written.
    #[serde(default, skip_serializing_if = "CellFormat::is_plain")]
    pub format: CellFormat,
    /// What means a missing value.
    #[serde(default, skip_serializing_if = "MissingWords::is_usual")]
    pub missing: MissingWords,
    /// Cells that do not have the type of the column, and count as missing.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub odd: u64,
    /// The first few of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub odd_examples: Vec<OddCell>,
    /// Cells that are an infinity, or too large to be a number.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub infinite: u64,
    /// Words taken for missing values, and in how many cells each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing_words: Vec<(String, u64)>,
    /// Why the column was read as it was, where it could have been read in another way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doubt: Option<Doubt>,
}

/// A cell that does not have the type of its column.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OddCell {
    /// Its file, where a table has several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Its row, counted from 1.
    pub row: u64,
    /// The line of a text file on which the row begins, counted from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// Its text.
    pub text: String,
}

/// A decision that could have gone another way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Doubt {
    /// The numbers have another value in another format.
    NumberFormat {
        /// A cell.
        example: String,
        /// The format not taken.
        other: NumberFormat,
    },
    /// The dates are others with day and month exchanged.
    DateOrder {
        /// A cell.
        example: String,
        /// The order not taken.
        other: DateOrder,
    },
    /// Most cells have a type, but too many have not, so that all are categories.
    Mixed {
        /// The type of most cells.
        most: ColumnType,
        /// How many have it.
        count: u64,
        /// How many have not.
        others: u64,
        /// The first of these.
        example: OddCell,
    },
    /// Digits that look like codes are categories.
    Codes {
        /// A cell.
        example: String,
    },
    /// Amounts in several currencies are categories.
    Currencies {
        /// Two of them.
        examples: (String, String),
    },
    /// The writer of the table says that it numbers or names the rows.
    Index,
    /// Cells of this type cannot be read.
    Unreadable {
        /// The name of the type.
        type_name: String,
    },
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl Reading {
    /// Whether nothing at all is to be said.
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Whether anything was decided that a person should know.
    #[must_use]
    pub fn is_notable(&self) -> bool {
        let plain = [CellFormat::Plain, CellFormat::Date(DateOrder::Unambiguous)];
        self.odd > 0 || self.infinite > 0 || self.doubt.is_some() || !plain.contains(&self.format)
    }
}

/// A column and how it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ReadColumn<'a> {
    /// The column.
    pub name: &'a str,
    /// What its cells are.
    pub column_type: ColumnType,
    /// How they were read.
    pub reading: &'a Reading,
}

impl ReadColumn<'_> {
    /// What was decided, in the parts of a sentence; none when there is nothing to say.
    fn parts(&self) -> Vec<String> {
        let reading = self.reading;
        let mut parts = Vec::new();
        match reading.format {
            CellFormat::Plain | CellFormat::Date(DateOrder::Unambiguous) => {}
            CellFormat::Number(format) => parts.push(format!("numbers have a {format}")),
            CellFormat::Date(order) => parts.push(format!("dates have the {order}")),
            CellFormat::Clock => {
                parts.push("times of day or durations are numbers of seconds".to_owned());
            }
            CellFormat::Epoch(unit) => {
                parts.push(format!("times count {} since 1970", unit.name()));
            }
        }
        parts.extend(reading.doubt.as_ref().map(Doubt::to_string));
        if reading.odd > 0 {
            let examples: Vec<String> = reading
                .odd_examples
                .iter()
                .map(OddCell::to_string)
                .collect();
            let (cells, verb) = match reading.odd {
                1 => ("cell is", "counts"),
                _ => ("cells are", "count"),
            };
            parts.push(format!(
                "{} {cells} not {} and {verb} as missing: {}{}",
                reading.odd,
                self.column_type.expected(),
                examples.join(", "),
                if reading.odd > examples.len() as u64 {
                    ", ..."
                } else {
                    ""
                }
            ));
        }
        if reading.infinite > 0 {
            parts.push(match reading.infinite {
                1 => "1 cell is infinite".to_owned(),
                n => format!("{n} cells are infinite"),
            });
        }
        parts
    }
}

impl fmt::Display for ReadColumn<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "column {:?}: {}", self.name, self.parts().join("; "))
    }
}

impl fmt::Display for OddCell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} (", self.text)?;
        if let Some(file) = &self.file {
            write!(f, "{file}, ")?;
        }
        match self.line {
            Some(line) => write!(f, "line {line})"),
            None => write!(f, "row {})", self.row),
        }
    }
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NumberFormat { example, other } => {
                write!(f, "{example:?} could also be read with {other}")
            }
            Self::DateOrder { example, other } => {
                write!(f, "{example:?} could also be read with the {other}")
            }
            Self::Mixed {
                most,
                count,
                others,
                example,
            } => write!(
                f,
                "it is one of categories: {count} cells are {}, but {others} are not, such as {example}",
                most.plural()
            ),
            Self::Codes { example } => write!(
                f,
                "digits such as {example:?} look like codes and are categories (name it as numeric to have numbers)"
            ),
            Self::Currencies { examples: (a, b) } => write!(
                f,
                "amounts in several currencies, such as {a:?} and {b:?}, are categories"
            ),
            Self::Index => f.write_str("it is the index of the table's rows"),
            Self::Unreadable { type_name } => {
                write!(f, "cells of the type {type_name} are not read")
            }
        }
    }
}
