//! Rows that were cut, as ranges of the bytes they were read into.

use std::sync::Arc;

use banach_data::TextRows;

/// Marks a cell whose bytes lie in `TextBatch::unescaped`.
pub(super) const UNESCAPED: u32 = 1 << 31;

#[derive(Debug, Clone, Copy)]
pub(super) struct Cell {
    pub(super) start: u32,
    pub(super) end: u32,
}

impl Cell {
    #[inline]
    pub(super) fn bytes<'a>(self, bytes: &'a [u8], unescaped: &'a [u8]) -> &'a [u8] {
        if self.start & UNESCAPED == 0 {
            &bytes[self.start as usize..self.end as usize]
        } else {
            &unescaped[(self.start & !UNESCAPED) as usize..self.end as usize]
        }
    }
}

/// Whole rows of a delimited file.
#[derive(Debug, Default)]
pub(crate) struct TextBatch {
    pub(super) bytes: Vec<u8>,
    /// Values that held doubled quotes, without them.
    pub(super) unescaped: Vec<u8>,
    /// Row by row.
    pub(super) cells: Vec<Cell>,
    pub(super) n_columns: usize,
    /// Line of each row, counted from 1.
    pub(super) lines: Vec<u64>,
    /// Where the columns are that the table has, when that is not where they are in the file.
    pub(super) order: Option<Arc<[usize]>>,
}

impl TextRows for TextBatch {
    fn n_rows(&self) -> usize {
        self.lines.len()
    }

    fn line(&self, row: usize) -> u64 {
        self.lines[row]
    }

    fn column(&self, position: usize) -> impl Iterator<Item = &[u8]> {
        let position = self
            .order
            .as_ref()
            .map_or(position, |order| order[position]);
        let from_column = self.cells.get(position..).unwrap_or_default();
        from_column
            .iter()
            .step_by(self.n_columns)
            .map(|&cell| self.bytes_of(cell))
    }
}

impl TextBatch {
    /// The same rows with their columns in another order: `order` has for each column of the table
    /// its position in the file.
    pub(crate) fn reordered(mut self, order: Option<Arc<[usize]>>) -> Self {
        self.order = order;
        self
    }

    #[cfg(test)]
    pub(super) fn cell(&self, row: usize, column: usize) -> &[u8] {
        self.bytes_of(self.cells[row * self.n_columns + column])
    }

    #[inline]
    pub(super) fn bytes_of(&self, cell: Cell) -> &[u8] {
        cell.bytes(&self.bytes, &self.unescaped)
    }
}
