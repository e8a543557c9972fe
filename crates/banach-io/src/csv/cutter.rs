//! Cuts the rows of the usual dialect.

use super::batch::{Cell, UNESCAPED};

/// What came of cutting one row.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Row {
    /// A row; the next one begins at this offset.
    Whole { next: usize, line_breaks: u64 },
    /// A blank line; the next row begins at this offset.
    Blank { next: usize },
    /// A line that is a comment; the next row begins at this offset.
    Comment { next: usize },
    /// The bytes end before the row does.
    Incomplete,
    /// The file ends inside quotes.
    Unclosed,
}

/// Cuts rows out of bytes.
pub(super) trait CutRow {
    /// Appends the cells of the row at `start`. `last` says that no bytes follow in the file.
    fn cut_row(
        &self,
        bytes: &[u8],
        start: usize,
        last: bool,
        cells: &mut Vec<Cell>,
        unescaped: &mut Vec<u8>,
    ) -> Row;
}

/// Cuts rows of the usual dialect: a delimiter of one character, double quotes, doubled inside of
/// values.
#[derive(Debug, Clone)]
pub(super) struct Cutter {
    delimiter: u8,
    /// True for the delimiter, `\n` and `\r`.
    special: [bool; 256],
}

impl Cutter {
    pub(super) fn new(delimiter: u8) -> Self {
        let mut special = [false; 256];
        for byte in [delimiter, b'\n', b'\r'] {
            special[usize::from(byte)] = true;
        }
        Self { delimiter, special }
    }

    /// Offset of the next delimiter or line break at or after `from`, else the length.
    #[inline]
    fn find_special(&self, bytes: &[u8], from: usize) -> usize {
        let tail = &bytes[from..];
        let length = tail
            .iter()
            .position(|&byte| self.special[usize::from(byte)]);
        from + length.unwrap_or(tail.len())
    }

    /// Appends the value whose opening quote is at `open`; gives the offset after it.
    ///
    /// Characters between the closing quote and the delimiter belong to the value.
    fn cut_quoted(
        &self,
        bytes: &[u8],
        open: usize,
        last: bool,
        cells: &mut Vec<Cell>,
        unescaped: &mut Vec<u8>,
    ) -> Result<usize, Row> {
        let first = open + 1;
        let copy_start = unescaped.len();
        let mut copied_to = first;
        let mut from = first;
        let close = loop {
            let Some(length) = bytes[from..].iter().position(|&byte| byte == b'"') else {
                return Err(if last { Row::Unclosed } else { Row::Incomplete });
            };
            let quote = from + length;
            match bytes.get(quote + 1) {
                Some(b'"') => {
                    unescaped.extend_from_slice(&bytes[copied_to..=quote]);
                    copied_to = quote + 2;
                    from = copied_to;
                }
                None if !last => return Err(Row::Incomplete),
                _ => break quote,
            }
        };
        let end = self.find_special(bytes, close + 1);
        if copied_to == first && end == close + 1 {
            cells.push(Cell {
                start: first as u32,
                end: close as u32,
            });
        } else {
            unescaped.extend_from_slice(&bytes[copied_to..close]);
            unescaped.extend_from_slice(&bytes[close + 1..end]);
            cells.push(Cell {
                start: copy_start as u32 | UNESCAPED,
                end: unescaped.len() as u32,
            });
        }
        Ok(end)
    }
}

impl CutRow for Cutter {
    #[inline]
    fn cut_row(
        &self,
        bytes: &[u8],
        start: usize,
        last: bool,
        cells: &mut Vec<Cell>,
        unescaped: &mut Vec<u8>,
    ) -> Row {
        if matches!(bytes[start], b'\n' | b'\r') {
            return match end_of_line(bytes, start, last) {
                Some(next) => Row::Blank { next },
                None => Row::Incomplete,
            };
        }
        let mut at = start;
        let mut line_breaks = 1;
        loop {
            let end = if bytes.get(at) == Some(&b'"') {
                match self.cut_quoted(bytes, at, last, cells, unescaped) {
                    Ok(end) => {
                        let inside = &bytes[at..end];
                        line_breaks += inside.iter().filter(|&&byte| byte == b'\n').count() as u64;
                        end
                    }
                    Err(row) => return row,
                }
            } else {
                let end = self.find_special(bytes, at);
                cells.push(Cell {
                    start: at as u32,
                    end: end as u32,
                });
                end
            };
            match bytes.get(end) {
                Some(&byte) if byte == self.delimiter => at = end + 1,
                Some(_) => {
                    return match end_of_line(bytes, end, last) {
                        Some(next) => Row::Whole { next, line_breaks },
                        None => Row::Incomplete,
                    };
                }
                None if last => {
                    return Row::Whole {
                        next: end,
                        line_breaks,
                    };
                }
                None => return Row::Incomplete,
            }
        }
    }
}

/// The offset after the line break at `at`; `None` when its second half may still come.
pub(super) fn end_of_line(bytes: &[u8], at: usize, last: bool) -> Option<usize> {
    if bytes[at] == b'\n' {
        return Some(at + 1);
    }
    match bytes.get(at + 1) {
        Some(b'\n') => Some(at + 2),
        None if !last => None,
        _ => Some(at + 1),
    }
}
