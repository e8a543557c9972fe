//! Names and types of the columns that a model needs, and how their cells are written.

use serde::{Deserialize, Serialize};

use crate::cell_format::CellFormat;
use crate::column::ColumnType;
use crate::missing_words::MissingWords;

/// One needed column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// The column's name.
    pub name: String,
    /// The type its cells must have.
    pub column_type: ColumnType,
    /// How its cells are written.
    #[serde(default, skip_serializing_if = "CellFormat::is_plain")]
    pub format: CellFormat,
    /// What means a missing value.
    #[serde(default, skip_serializing_if = "MissingWords::is_usual")]
    pub missing: MissingWords,
}

impl Field {
    /// A column of this type whose cells are written in the plain form.
    #[must_use]
    pub fn new(name: impl Into<String>, column_type: ColumnType) -> Self {
        Self {
            name: name.into(),
            column_type,
            format: CellFormat::Plain,
            missing: MissingWords::default(),
        }
    }
}

/// The columns that a model was trained on. A table read with a schema has exactly these columns,
/// with these types.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Schema {
    /// The columns, in the order of the training table.
    pub fields: Vec<Field>,
}

impl Schema {
    /// Adds the fields of `other` whose names are new.
    #[must_use]
    pub fn with(mut self, other: Self) -> Self {
        for field in other.fields {
            if !self.fields.iter().any(|known| known.name == field.name) {
                self.fields.push(field);
            }
        }
        self
    }
}
