//! Names and types of the columns that a model needs.

use serde::{Deserialize, Serialize};

use crate::column::ColumnType;

/// One needed column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// The column's name.
    pub name: String,
    /// The type its cells must have.
    pub column_type: ColumnType,
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
