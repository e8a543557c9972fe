//! Delimited text, cut into cells block by block.
//!
//! Rows are found and cut, not understood: a block keeps its bytes as read, and each cell is a range
//! of them. Only values with doubled quotes are copied. Numbers are then parsed straight from the
//! read buffer, and each error knows its row and line.
//!
//! The format is RFC 4180 as it occurs: any of `\n`, `\r\n` and `\r` ends a row outside quotes, blank
//! lines do not count, a quote inside an unquoted value is a plain character.

use std::io::Read;

use banach_data::{Location, TextRows};

use crate::error::ReadError;
use crate::input::Input;

mod sniff;

/// Bytes read before rows are cut; small enough for a block and its cells to stay in cache.
const BLOCK_BYTES: usize = 256 * 1024;

/// The longest row. An open quote swallows the rest of a file; this bounds the memory it takes.
const MAX_ROW_BYTES: usize = 64 * 1024 * 1024;

/// Marks a cell whose bytes lie in `TextBatch::unescaped`.
const UNESCAPED: u32 = 1 << 31;

#[derive(Debug, Clone, Copy)]
struct Cell {
    start: u32,
    end: u32,
}

/// Whole rows of a delimited file.
#[derive(Debug, Default)]
pub(crate) struct TextBatch {
    bytes: Vec<u8>,
    /// Values that held doubled quotes, without them.
    unescaped: Vec<u8>,
    /// Row by row.
    cells: Vec<Cell>,
    n_columns: usize,
    /// Line of each row, counted from 1.
    lines: Vec<u64>,
}

impl TextRows for TextBatch {
    fn n_rows(&self) -> usize {
        self.lines.len()
    }

    fn line(&self, row: usize) -> u64 {
        self.lines[row]
    }

    fn column(&self, position: usize) -> impl Iterator<Item = &[u8]> {
        let from_column = self.cells.get(position..).unwrap_or_default();
        from_column
            .iter()
            .step_by(self.n_columns)
            .map(|&cell| self.bytes_of(cell))
    }
}

impl TextBatch {
    #[cfg(test)]
    fn cell(&self, row: usize, column: usize) -> &[u8] {
        self.bytes_of(self.cells[row * self.n_columns + column])
    }

    #[inline]
    fn bytes_of(&self, cell: Cell) -> &[u8] {
        if cell.start & UNESCAPED == 0 {
            &self.bytes[cell.start as usize..cell.end as usize]
        } else {
            &self.unescaped[(cell.start & !UNESCAPED) as usize..cell.end as usize]
        }
    }
}

/// What came of cutting one row.
#[derive(Debug, PartialEq, Eq)]
enum Row {
    /// A row; the next one begins at this offset.
    Whole { next: usize, line_breaks: u64 },
    /// A blank line; the next row begins at this offset.
    Blank { next: usize },
    /// The bytes end before the row does.
    Incomplete,
    /// The file ends inside quotes.
    Unclosed,
}

/// Cuts rows out of bytes.
#[derive(Debug, Clone)]
struct Cutter {
    delimiter: u8,
    /// True for the delimiter, `\n` and `\r`.
    special: [bool; 256],
}

impl Cutter {
    fn new(delimiter: u8) -> Self {
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

    /// Appends the cells of the row at `start`. `last` says that no bytes follow in the file.
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

/// The offset after the line break at `at`; `None` when its second half may still come.
fn end_of_line(bytes: &[u8], at: usize, last: bool) -> Option<usize> {
    if bytes[at] == b'\n' {
        return Some(at + 1);
    }
    match bytes.get(at + 1) {
        Some(b'\n') => Some(at + 2),
        None if !last => None,
        _ => Some(at + 1),
    }
}

/// Reads a delimited file block by block.
pub(crate) struct CsvReader {
    input: Input,
    cutter: Cutter,
    names: Vec<String>,
    /// Bytes read but not yet cut.
    rest: Vec<u8>,
    end_of_file: bool,
    rows: u64,
    line: u64,
}

impl CsvReader {
    /// Reads the header. Without a `delimiter` the likeliest one is found.
    pub(crate) fn open(input: Input, delimiter: Option<u8>) -> Result<Self, ReadError> {
        let mut reader = Self {
            input,
            cutter: Cutter::new(delimiter.unwrap_or(b',')),
            names: Vec::new(),
            rest: Vec::new(),
            end_of_file: false,
            rows: 0,
            line: 1,
        };
        reader.fill(sniff::SAMPLE_BYTES)?;
        reader.check_encoding()?;
        if reader.rest.starts_with(b"\xEF\xBB\xBF") {
            reader.rest.drain(..3);
        }
        if delimiter.is_none() {
            let sample = &reader.rest[..reader.rest.len().min(sniff::SAMPLE_BYTES)];
            let whole = reader.end_of_file && sample.len() == reader.rest.len();
            reader.cutter = Cutter::new(sniff::delimiter(sample, whole));
        }
        reader.read_header()?;
        Ok(reader)
    }

    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// Reads until `rest` has `target` bytes or the file ends.
    fn fill(&mut self, target: usize) -> Result<(), ReadError> {
        while self.rest.len() < target && !self.end_of_file {
            let held = self.rest.len();
            self.rest.resize(target, 0);
            let got = loop {
                match self.input.reader.read(&mut self.rest[held..]) {
                    Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                    other => break other,
                }
            };
            self.rest.truncate(held + *got.as_ref().unwrap_or(&0));
            self.end_of_file = got.map_err(|source| self.input.read_error(source))? == 0;
        }
        Ok(())
    }

    fn check_encoding(&self) -> Result<(), ReadError> {
        let encoding = match self.rest.as_slice() {
            [0xFF, 0xFE, 0, 0, ..] => "UTF-32LE",
            [0xFF, 0xFE, ..] => "UTF-16LE",
            [0xFE, 0xFF, ..] => "UTF-16BE",
            _ => return Ok(()),
        };
        Err(ReadError::Encoding {
            file: self.input.name.clone(),
            encoding,
        })
    }

    fn read_header(&mut self) -> Result<(), ReadError> {
        let (mut cells, mut unescaped) = (Vec::new(), Vec::new());
        let mut start = 0;
        let next = loop {
            cells.clear();
            unescaped.clear();
            if start == self.rest.len() && self.end_of_file {
                return Err(ReadError::EmptyFile {
                    file: self.input.name.clone(),
                });
            }
            let row = if start == self.rest.len() {
                Row::Incomplete
            } else {
                let bytes = &self.rest;
                self.cutter
                    .cut_row(bytes, start, self.end_of_file, &mut cells, &mut unescaped)
            };
            match row {
                Row::Whole { next, line_breaks } => {
                    self.line += line_breaks;
                    break next;
                }
                Row::Blank { next } => {
                    self.line += 1;
                    start = next;
                }
                Row::Unclosed => return Err(ReadError::UnclosedQuote { at: self.here() }),
                Row::Incomplete => self.grow()?,
            }
        };
        let batch = TextBatch {
            bytes: std::mem::take(&mut self.rest),
            unescaped,
            cells,
            ..TextBatch::default()
        };
        for (position, &cell) in batch.cells.iter().enumerate() {
            let bytes = batch.bytes_of(cell).trim_ascii();
            let name = std::str::from_utf8(bytes).map_err(|_| ReadError::HeaderNotUtf8 {
                file: self.input.name.clone(),
                value: String::from_utf8_lossy(bytes).into_owned(),
            })?;
            // The first column of a table saved with its row numbers often has no name.
            self.names.push(match name {
                "" => format!("Unnamed: {position}"),
                name => name.to_owned(),
            });
        }
        self.rest = batch.bytes;
        self.rest.drain(..next);
        Ok(())
    }

    /// Where the next row is.
    fn here(&self) -> Location {
        Location {
            file: self.input.name.clone(),
            row: self.rows + 1,
            line: Some(self.line),
        }
    }

    /// Reads on because a row does not fit.
    fn grow(&mut self) -> Result<(), ReadError> {
        if self.rest.len() >= MAX_ROW_BYTES {
            return Err(ReadError::RowTooLong {
                at: self.here(),
                limit_bytes: MAX_ROW_BYTES,
            });
        }
        self.fill((self.rest.len() * 2).clamp(BLOCK_BYTES, MAX_ROW_BYTES))
    }

    /// The next rows, or `None` at the end of the file.
    pub(crate) fn next_batch(&mut self) -> Result<Option<TextBatch>, ReadError> {
        let mut batch = TextBatch {
            n_columns: self.names.len(),
            ..TextBatch::default()
        };
        self.fill(BLOCK_BYTES)?;
        loop {
            let cut = self.cut_rows(&mut batch)?;
            if batch.n_rows() > 0 {
                let mut rest = Vec::with_capacity(BLOCK_BYTES);
                rest.extend_from_slice(&self.rest[cut..]);
                batch.bytes = std::mem::replace(&mut self.rest, rest);
                return Ok(Some(batch));
            }
            self.rest.drain(..cut);
            if self.end_of_file && self.rest.is_empty() {
                return Ok(None);
            }
            self.grow()?;
        }
    }

    /// Cuts all whole rows of `rest`; gives the number of bytes they take.
    fn cut_rows(&mut self, batch: &mut TextBatch) -> Result<usize, ReadError> {
        let mut start = 0;
        while start < self.rest.len() {
            let (n_cells, n_unescaped) = (batch.cells.len(), batch.unescaped.len());
            let row = self.cutter.cut_row(
                &self.rest,
                start,
                self.end_of_file,
                &mut batch.cells,
                &mut batch.unescaped,
            );
            match row {
                Row::Whole { next, line_breaks } => {
                    let got = batch.cells.len() - n_cells;
                    if got != self.names.len() {
                        return Err(ReadError::RaggedRow {
                            at: self.here(),
                            expected: self.names.len(),
                            got,
                            delimiter: char::from(self.cutter.delimiter),
                        });
                    }
                    batch.lines.push(self.line);
                    self.rows += 1;
                    self.line += line_breaks;
                    start = next;
                }
                Row::Blank { next } => {
                    self.line += 1;
                    start = next;
                }
                Row::Unclosed => return Err(ReadError::UnclosedQuote { at: self.here() }),
                Row::Incomplete => {
                    batch.cells.truncate(n_cells);
                    batch.unescaped.truncate(n_unescaped);
                    break;
                }
            }
        }
        Ok(start)
    }
}

#[cfg(test)]
mod tests;
