//! Where the rows of a table come from.

use crate::row_lines::RowLines;
use crate::table_error::Location;

/// The files of a table, and which row is on which line of which file.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Origin {
    /// Name of the table, for messages.
    pub(crate) file: String,
    /// Row of the file, or of all files together, counted from 1, that is the first row here.
    pub(crate) first_row: u64,
    pub(crate) parts: Vec<Part>,
    pub(crate) lines: RowLines,
}

/// One of several files that make up a table.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Part {
    pub(crate) file: String,
    /// Rows of the files before it.
    pub(crate) n_before: u64,
}

impl Origin {
    /// Where a row, counted from 0, is in its file.
    pub(crate) fn location(&self, row: usize) -> Location {
        let number = self.first_row + row as u64;
        let part = self.parts.partition_point(|part| part.n_before < number);
        let (file, n_before) = match part.checked_sub(1).map(|part| &self.parts[part]) {
            Some(part) => (&part.file, part.n_before),
            None => (&self.file, 0),
        };
        Location {
            file: file.clone(),
            row: number - n_before,
            line: self.lines.get(row),
        }
    }
}
