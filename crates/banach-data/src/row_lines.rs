//! On which line of a text file each row begins.

/// Lines of rows, kept where they do not simply go on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct RowLines {
    /// Rows, counted from 0, at which the line is not the one after that of the row before; and their lines.
    breaks: Vec<(u32, u64)>,
    n_rows: u32,
    /// The line of the next row, if it goes on.
    next: u64,
}

impl RowLines {
    /// Appends the line of the next row, counted from 1.
    pub(crate) fn push(&mut self, line: u64) {
        if line != self.next || self.n_rows == 0 {
            self.breaks.push((self.n_rows, line));
        }
        self.next = line + 1;
        self.n_rows += 1;
    }

    /// The line of a row; `None` when the rows have no lines.
    pub(crate) fn get(&self, row: usize) -> Option<u64> {
        let after = self
            .breaks
            .partition_point(|&(first, _)| first as usize <= row);
        let (first, line) = *self.breaks.get(after.checked_sub(1)?)?;
        Some(line + (row - first as usize) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_kept_where_they_jump() {
        let mut lines = RowLines::default();
        assert_eq!(lines.get(0), None);
        for line in [2, 3, 4, 7, 8, 20] {
            lines.push(line);
        }
        let got: Vec<_> = (0..6).map(|row| lines.get(row).unwrap()).collect();
        assert_eq!(got, [2, 3, 4, 7, 8, 20]);
        assert_eq!(lines.breaks.len(), 3);
    }
}
