//! What was unusual about encoded rows.

use serde::Serialize;

use crate::reading::OddCell;

/// Examples of unknown categories that are remembered for each column.
const MAX_EXAMPLES: usize = 3;

/// How many cells were not like those of training.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct EncodeReport {
    /// Rows encoded.
    pub n_rows: u64,
    /// Columns with such cells.
    pub columns: Vec<ColumnReport>,
}

/// The unusual cells of one column.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ColumnReport {
    /// The column.
    pub column: String,
    /// Categories that did not occur in training, or too rarely to be known.
    pub unknown: u64,
    /// The first few of them.
    pub examples: Vec<String>,
    /// Missing values, where none was missing in training; the median or the unknown category
    /// stands in for them.
    pub missing: u64,
    /// Cells that do not have the type of the column, and count as missing.
    pub odd: u64,
    /// The first few of them.
    pub odd_examples: Vec<OddCell>,
}

impl ColumnReport {
    pub(super) fn count_unknown(&mut self, key: &str) {
        self.unknown += 1;
        self.add_example(key);
    }

    /// Adds the cells that did not have the type of the column when it was read.
    pub(super) fn add_odd(&mut self, odd: u64, examples: &[OddCell]) {
        self.odd += odd;
        let room = MAX_EXAMPLES.saturating_sub(self.odd_examples.len());
        self.odd_examples
            .extend(examples.iter().take(room).cloned());
    }

    fn add_example(&mut self, key: &str) {
        if self.examples.len() < MAX_EXAMPLES && !self.examples.iter().any(|known| known == key) {
            self.examples.push(key.to_owned());
        }
    }
}

impl EncodeReport {
    pub(super) fn new<'a>(columns: impl Iterator<Item = &'a str>) -> Self {
        let empty = |column: &str| ColumnReport {
            column: column.to_owned(),
            ..ColumnReport::default()
        };
        Self {
            n_rows: 0,
            columns: columns.map(empty).collect(),
        }
    }

    /// Leaves out columns without unusual cells.
    pub(super) fn close(&mut self) {
        for column in &mut self.columns {
            // Odd cells were counted as missing too.
            column.missing = column.missing.saturating_sub(column.odd);
        }
        self.columns
            .retain(|column| column.unknown + column.missing + column.odd > 0);
    }

    /// Adds the counts of further rows.
    pub fn merge(&mut self, other: Self) {
        self.n_rows += other.n_rows;
        for theirs in other.columns {
            match self
                .columns
                .iter_mut()
                .find(|ours| ours.column == theirs.column)
            {
                None => self.columns.push(theirs),
                Some(ours) => {
                    ours.unknown += theirs.unknown;
                    ours.missing += theirs.missing;
                    ours.add_odd(theirs.odd, &theirs.odd_examples);
                    for example in &theirs.examples {
                        ours.add_example(example);
                    }
                }
            }
        }
    }
}

impl std::fmt::Display for ColumnReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut parts = Vec::new();
        if self.unknown > 0 {
            let examples: Vec<String> = self.examples.iter().map(|e| format!("{e:?}")).collect();
            parts.push(format!(
                "{} with a category that training did not know, such as {}",
                cells(self.unknown),
                examples.join(", ")
            ));
        }
        if self.odd > 0 {
            let examples: Vec<String> = self.odd_examples.iter().map(OddCell::to_string).collect();
            parts.push(format!(
                "{} not of the column's type, taken as missing, such as {}",
                cells(self.odd),
                examples.join(", ")
            ));
        }
        if self.missing > 0 {
            parts.push(format!("{} missing, none in training", cells(self.missing)));
        }
        write!(f, "column {:?}: {}", self.column, parts.join("; "))
    }
}

fn cells(count: u64) -> String {
    format!("{count} {}", if count == 1 { "cell" } else { "cells" })
}
