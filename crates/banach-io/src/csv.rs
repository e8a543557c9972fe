//! Delimited text, cut into cells block by block.
//!
//! Rows are found and cut, not understood: a block keeps its bytes as read, and each cell is a range
//! of them. Only values with doubled quotes are copied. Numbers are then parsed straight from the
//! read buffer, and each error knows its row and line.
//!
//! Most files are RFC 4180 as it occurs ([`cutter`]): any of `\n`, `\r\n` and `\r` ends a row outside
//! quotes, blank lines do not count, a quote inside an unquoted value is a plain character. What a file
//! has of its own is found from its beginning ([`sniff`]) and cut by [`odd_cutter`].

use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use banach_data::{Delimiter, Dialect, FileNotice, Lines, Location, Mark, TextRows};

use crate::encoding;
use crate::error::ReadError;
use crate::input::Input;

mod batch;
mod comment;
mod cutter;
mod odd_cutter;
pub(crate) mod ragged;
mod sniff;

pub(crate) use batch::TextBatch;
use batch::{Cell, UNESCAPED};
use comment::may_be_comment;
use cutter::{CutRow, Cutter, Row};
use odd_cutter::{OddCutter, Rules, line_end};
use ragged::{RaggedCause, is_footer};
use sniff::{Found, FoundHeader, Known};

/// Bytes read before rows are cut; small enough for a block and its cells to stay in cache.
const BLOCK_BYTES: usize = 256 * 1024;

/// The longest row. An open quote swallows the rest of a file; this bounds the memory it takes.
const MAX_ROW_BYTES: usize = 64 * 1024 * 1024;

/// Lines that a sample should have, and the most bytes it may take for that.
const MIN_SAMPLE_LINES: usize = 8;
const MAX_SAMPLE_BYTES: usize = 4 * 1024 * 1024;

/// Bytes after a line within which the file must end for the line to be a footer.
const FOOTER_BYTES: usize = 64 * 1024;

/// Name of the first column of a table whose header leaves it out.
const ROW_NAMES: &str = "row.names";

/// What is known of a text file before it is opened.
#[derive(Debug, Clone, Default)]
pub(crate) struct TextOptions {
    pub(crate) dialect: Dialect,
    /// Names that somebody expects among those of the columns.
    pub(crate) expected: Vec<String>,
    /// Columns of one value each that come after those of the file.
    pub(crate) constants: Vec<(String, Option<String>)>,
}

#[derive(Debug, Clone)]
enum AnyCutter {
    Usual(Box<Cutter>),
    Odd(OddCutter),
}

impl AnyCutter {
    fn new(rules: Rules) -> Self {
        match rules.delimiter {
            Delimiter::Character(byte) if rules == Rules::usual(rules.delimiter) => {
                Self::Usual(Box::new(Cutter::new(byte)))
            }
            _ => Self::Odd(OddCutter { rules }),
        }
    }

    fn cut_row(
        &self,
        bytes: &[u8],
        start: usize,
        last: bool,
        cells: &mut Vec<Cell>,
        unescaped: &mut Vec<u8>,
    ) -> Row {
        match self {
            Self::Usual(cutter) => cutter.cut_row(bytes, start, last, cells, unescaped),
            Self::Odd(cutter) => cutter.cut_row(bytes, start, last, cells, unescaped),
        }
    }
}

/// What to do with a row of another length.
enum Ragged {
    /// It is no row.
    Skip,
    /// That depends on what follows.
    ReadOn,
}

/// Reads a delimited file block by block.
pub(crate) struct CsvReader {
    input: Input,
    cutter: AnyCutter,
    rules: Rules,
    names: Vec<String>,
    /// Cells of the header, without blanks around them; empty when there is none.
    header: Vec<Vec<u8>>,
    /// Values of a row, an empty one after the last delimiter among them.
    n_cells: usize,
    trailing_delimiter: bool,
    /// Cells that each row gets beside its own, and their text.
    constants: (Vec<Cell>, Vec<u8>),
    /// Whether lines with # and of another length are no rows.
    skip_hashes: bool,
    /// Line of a header further down, and lines above it.
    other_header: Option<(u64, u64)>,
    /// Bytes read but not yet cut.
    rest: Vec<u8>,
    end_of_file: bool,
    rows: u64,
    line: u64,
    notices: Vec<FileNotice>,
    repeated_header: Lines,
    comments: Lines,
    comment_mark: u8,
    /// The line on which the text turned out to be windows-1252; 0 if it did not.
    late_encoding: Arc<AtomicU64>,
}

impl CsvReader {
    /// Reads the header. What `options` leave open is found.
    pub(crate) fn open(mut input: Input, options: &TextOptions) -> Result<Self, ReadError> {
        let dialect = &options.dialect;
        check_dialect(dialect)?;
        let late_encoding = Arc::new(AtomicU64::new(0));
        let mut notices = Vec::new();
        decode(&mut input, dialect, &late_encoding, &mut notices)?;
        let rules = Rules::usual(Delimiter::Character(b','));
        let mut reader = Self {
            input,
            cutter: AnyCutter::new(rules),
            rules,
            names: Vec::new(),
            header: Vec::new(),
            n_cells: 0,
            trailing_delimiter: false,
            constants: (Vec::new(), Vec::new()),
            skip_hashes: dialect.comment.is_none(),
            other_header: None,
            rest: Vec::new(),
            end_of_file: false,
            rows: 0,
            line: 1,
            notices,
            repeated_header: Lines::default(),
            comments: Lines::default(),
            comment_mark: b'#',
            late_encoding,
        };
        reader.fill(sniff::SAMPLE_BYTES)?;
        let delimiter = reader.read_excel_line();
        reader.skip_lines(dialect.skip_lines.unwrap_or(0))?;
        reader.fill_sample()?;
        let known = Dialect {
            delimiter: dialect.delimiter.or(delimiter),
            ..dialect.clone()
        };
        let known = Known {
            file: &reader.input.name,
            dialect: &known,
            expected: &options.expected,
        };
        let found = sniff::sniff(&reader.rest, reader.end_of_file, &known);
        reader.begin(found, options)?;
        Ok(reader)
    }

    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// What was found in the file since the last call.
    pub(crate) fn take_notices(&mut self) -> Vec<FileNotice> {
        let mut notices = std::mem::take(&mut self.notices);
        notices.extend(self.input.take_notices());
        if self.end_of_file && self.rest.is_empty() {
            let file = || self.input.name.clone();
            if self.repeated_header.count > 0 {
                notices.push(FileNotice::RepeatedHeader {
                    file: file(),
                    lines: std::mem::take(&mut self.repeated_header),
                });
            }
            if self.comments.count > 0 {
                notices.push(FileNotice::Comments {
                    file: file(),
                    mark: char::from(self.comment_mark),
                    lines: std::mem::take(&mut self.comments),
                });
            }
            let line = self.late_encoding.swap(0, Ordering::Relaxed);
            if line > 0 {
                notices.push(FileNotice::Encoding {
                    file: file(),
                    encoding: "windows-1252",
                    line: Some(line),
                });
            }
        }
        notices
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
            if self.end_of_file {
                self.trim_end();
            }
        }
        Ok(())
    }

    /// Leaves out end-of-file marks and zeros that only line breaks follow.
    fn trim_end(&mut self) {
        let content = self
            .rest
            .iter()
            .rposition(|byte| !matches!(byte, 0 | 0x1A | b'\n' | b'\r'));
        let end = content.map_or(0, |last| last + 1);
        if self.rest[end..].iter().any(|byte| matches!(byte, 0 | 0x1A)) {
            self.rest.truncate(end);
        }
    }

    /// Reads enough to see some rows.
    fn fill_sample(&mut self) -> Result<(), ReadError> {
        let mut target = sniff::SAMPLE_BYTES;
        loop {
            self.fill(target)?;
            let breaks = self
                .rest
                .iter()
                .filter(|byte| matches!(byte, b'\n' | b'\r'));
            let few = breaks.take(MIN_SAMPLE_LINES).count() < MIN_SAMPLE_LINES;
            if self.end_of_file || target >= MAX_SAMPLE_BYTES || !few {
                return Ok(());
            }
            target *= 2;
        }
    }

    /// Reads a first line `sep=;`, by which spreadsheets name the delimiter.
    fn read_excel_line(&mut self) -> Option<Delimiter> {
        let end = line_end(&self.rest, 0, true).unwrap_or(0);
        let line = self
            .rest
            .get(..end)?
            .strip_suffix(b"\n")
            .unwrap_or(&self.rest[..end]);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let line = line.strip_prefix(b"\"").unwrap_or(line);
        let line = line.strip_suffix(b"\"").unwrap_or(line);
        let (word, byte) = match line {
            [word @ .., byte] if word.len() == 4 => (word, *byte),
            _ => return None,
        };
        if !word.eq_ignore_ascii_case(b"sep=") {
            return None;
        }
        self.rest.drain(..end);
        self.line += 1;
        Some(match byte {
            b' ' => Delimiter::Blanks,
            byte => Delimiter::Character(byte),
        })
    }

    fn skip_lines(&mut self, count: u64) -> Result<(), ReadError> {
        for _ in 0..count {
            loop {
                match self.rest.is_empty() && self.end_of_file {
                    true => return Ok(()),
                    false if self.rest.is_empty() => {}
                    false => {
                        if let Some(next) = line_end(&self.rest, 0, self.end_of_file) {
                            self.rest.drain(..next);
                            self.line += 1;
                            break;
                        }
                    }
                }
                self.grow()?;
            }
        }
        Ok(())
    }

    /// Takes over what was found, and reads the header.
    fn begin(&mut self, found: Found, options: &TextOptions) -> Result<(), ReadError> {
        self.rules = found.rules;
        self.cutter = AnyCutter::new(found.rules);
        self.comment_mark = found.rules.comment.unwrap_or(b'#');
        self.notices.extend(found.notices);
        self.rest.drain(..found.start);
        self.line += found.lines_above;
        let (first, next, line) = self.first_row()?;
        self.other_header = found.other_header.map(|lines| {
            let line = self.line + lines;
            (line, line - 1)
        });
        let names = |cells: &[Vec<u8>]| -> Result<Vec<String>, ReadError> {
            cells
                .iter()
                .enumerate()
                .map(|(at, cell)| self.name(at, cell))
                .collect()
        };
        match found.header {
            FoundHeader::Names => self.names = names(&first)?,
            FoundHeader::RowNames => {
                let mut taken = names(&first)?;
                let mut own = ROW_NAMES.to_owned();
                while taken.contains(&own) {
                    own.push('_');
                }
                self.notices.push(FileNotice::RowNames {
                    file: self.input.name.clone(),
                    column: own.clone(),
                });
                taken.insert(0, own);
                self.names = taken;
            }
            FoundHeader::TrailingDelimiter => {
                let named = match first.last() {
                    Some(last) if last.is_empty() => first.len() - 1,
                    _ => first.len(),
                };
                self.names = names(&first[..named])?;
                self.trailing_delimiter = true;
            }
            FoundHeader::Absent { trailing_delimiter } => {
                let n = first.len() - usize::from(trailing_delimiter);
                self.names = (0..n).map(|at| format!("c{at}")).collect();
                self.trailing_delimiter = trailing_delimiter;
            }
        }
        self.n_cells = self.names.len() + usize::from(self.trailing_delimiter);
        if matches!(found.header, FoundHeader::Absent { .. }) {
            // Blank lines above the first row are blank lines.
        } else {
            self.header = first;
            self.rest.drain(..next);
            self.line = line;
        }
        self.add_constants(&options.constants);
        Ok(())
    }

    /// The cells of the first row, the offset after it, and the line after it. Lines that are no rows
    /// are left out.
    fn first_row(&mut self) -> Result<(Vec<Vec<u8>>, usize, u64), ReadError> {
        let (mut cells, mut unescaped) = (Vec::new(), Vec::new());
        loop {
            if self.rest.is_empty() && self.end_of_file {
                return Err(ReadError::EmptyFile {
                    file: self.input.name.clone(),
                });
            }
            cells.clear();
            unescaped.clear();
            let row = match self.rest.is_empty() {
                true => Row::Incomplete,
                false => {
                    let bytes = &self.rest;
                    self.cutter
                        .cut_row(bytes, 0, self.end_of_file, &mut cells, &mut unescaped)
                }
            };
            match row {
                Row::Whole { next, line_breaks } => {
                    if is_blank(&self.rest[..next]) && self.rules.delimiter != TAB {
                        self.rest.drain(..next);
                        self.line += 1;
                        continue;
                    }
                    let trimmed = |cell: &Cell| cell.bytes(&self.rest, &unescaped).trim_ascii();
                    let cells = cells.iter().map(|cell| trimmed(cell).to_vec()).collect();
                    return Ok((cells, next, self.line + line_breaks));
                }
                Row::Blank { next } | Row::Comment { next } => {
                    self.rest.drain(..next);
                    self.line += 1;
                }
                Row::Unclosed => return Err(ReadError::UnclosedQuote { at: self.here() }),
                Row::Incomplete => self.grow()?,
            }
        }
    }

    /// The name of a column from its cell in the header.
    fn name(&self, position: usize, cell: &[u8]) -> Result<String, ReadError> {
        let name = std::str::from_utf8(cell).map_err(|_| ReadError::HeaderNotUtf8 {
            file: self.input.name.clone(),
            value: String::from_utf8_lossy(cell).into_owned(),
        })?;
        // The first column of a table saved with its row numbers often has no name.
        Ok(match name {
            "" => format!("Unnamed: {position}"),
            name => name.to_owned(),
        })
    }

    /// Columns that have the same value in every row. One that the file has itself is left out.
    fn add_constants(&mut self, constants: &[(String, Option<String>)]) {
        for (name, value) in constants {
            if self.names.contains(name) {
                continue;
            }
            self.names.push(name.clone());
            let (cells, text) = &mut self.constants;
            let start = text.len() as u32;
            text.extend_from_slice(value.as_deref().unwrap_or_default().as_bytes());
            cells.push(Cell {
                start: start | UNESCAPED,
                end: text.len() as u32,
            });
        }
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
            unescaped: self.constants.1.clone(),
            ..TextBatch::default()
        };
        self.fill(BLOCK_BYTES)?;
        loop {
            let cut = match self.cutter.clone() {
                AnyCutter::Usual(cutter) => self.cut_rows(&*cutter, &mut batch)?,
                AnyCutter::Odd(cutter) => self.cut_rows(&cutter, &mut batch)?,
            };
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
    fn cut_rows(
        &mut self,
        cutter: &impl CutRow,
        batch: &mut TextBatch,
    ) -> Result<usize, ReadError> {
        let header_length = match &self.header[..] {
            [first, _, ..] => Some(first.len()),
            _ => None,
        };
        let mut start = 0;
        while start < self.rest.len() {
            let (n_cells, n_unescaped) = (batch.cells.len(), batch.unescaped.len());
            let row = cutter.cut_row(
                &self.rest,
                start,
                self.end_of_file,
                &mut batch.cells,
                &mut batch.unescaped,
            );
            match row {
                Row::Whole { next, line_breaks } => {
                    let got = batch.cells.len() - n_cells;
                    let odd = got != self.n_cells
                        || got == 1
                            && self.rest[start] <= b' '
                            && is_blank(&self.rest[start..next]);
                    if odd {
                        let cells = &batch.cells[n_cells..];
                        let skip =
                            self.ragged_row(start, next, line_breaks, cells, &batch.unescaped)?;
                        batch.cells.truncate(n_cells);
                        batch.unescaped.truncate(n_unescaped);
                        match skip {
                            Ragged::Skip => {
                                start = self.after_skipped(start, next);
                                continue;
                            }
                            Ragged::ReadOn => break,
                        }
                    }
                    let first = batch.cells[n_cells];
                    if header_length.is_some_and(|length| {
                        // A mark of UTF-8 may stand before it.
                        let found = first.end - (first.start & !UNESCAPED);
                        found as usize == length || found as usize >= length + 3
                    }) && self.is_header(&batch.cells[n_cells..], &batch.unescaped)
                    {
                        self.repeated_header.push(self.line);
                        batch.cells.truncate(n_cells);
                        batch.unescaped.truncate(n_unescaped);
                        self.line += line_breaks;
                        start = next;
                        continue;
                    }
                    if self.trailing_delimiter {
                        let last = batch.cells.pop();
                        let text = last.map(|cell| cell.bytes(&self.rest, &batch.unescaped));
                        if text.is_some_and(|text| !text.trim_ascii().is_empty()) {
                            return Err(self.ragged_error(got, RaggedCause::UnnamedColumn));
                        }
                    }
                    batch.cells.extend_from_slice(&self.constants.0);
                    batch.lines.push(self.line);
                    self.rows += 1;
                    self.line += line_breaks;
                    start = next;
                }
                Row::Blank { next } => {
                    self.line += 1;
                    start = next;
                }
                Row::Comment { next } => {
                    self.comments.push(self.line);
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

    /// Whether cells are those of the header once more.
    #[inline(never)]
    fn is_header(&self, cells: &[Cell], unescaped: &[u8]) -> bool {
        // A trailing delimiter may or may not stand in the header.
        let named = match self.header.last() {
            Some(last) if self.trailing_delimiter && last.is_empty() => self.header.len() - 1,
            _ => self.header.len(),
        };
        let own = cells.iter().map(|cell| cell.bytes(&self.rest, unescaped));
        let own = own.enumerate().map(|(at, cell)| match at {
            0 => without_mark(cell),
            _ => cell.trim_ascii(),
        });
        let rest_is_empty = cells[named.min(cells.len())..]
            .iter()
            .all(|cell| cell.start == cell.end);
        named <= cells.len()
            && rest_is_empty
            && own
                .take(named)
                .eq(self.header[..named].iter().map(Vec::as_slice))
    }

    /// Where to go on after a line that is no row and was cut as one.
    fn after_skipped(&mut self, start: usize, next: usize) -> usize {
        self.line += 1;
        // Of a comment with a quote in it only the line is left out.
        line_end(&self.rest, start, self.end_of_file).map_or(next, |end| end.min(next))
    }

    /// What to do with a row of another length.
    #[cold]
    fn ragged_row(
        &mut self,
        start: usize,
        next: usize,
        line_breaks: u64,
        cells: &[Cell],
        unescaped: &[u8],
    ) -> Result<Ragged, ReadError> {
        let row = &self.rest[start..next];
        if is_blank(row) {
            return Ok(Ragged::Skip);
        }
        if self.skip_hashes && may_be_comment(row, b'#') {
            self.comments.push(self.line);
            return Ok(Ragged::Skip);
        }
        // A header that lacks a name has less values than the rows.
        if !self.header.is_empty()
            && cells.len() == self.header.len()
            && self.is_header(cells, unescaped)
        {
            self.repeated_header.push(self.line);
            return Ok(Ragged::Skip);
        }
        let (got, after) = (cells.len(), &self.rest[next..]);
        let footer = got == 1 && is_footer(row);
        if footer && !self.end_of_file && after.len() < FOOTER_BYTES {
            return Ok(Ragged::ReadOn);
        }
        let nothing_follows = self.end_of_file && is_blank(after);
        if footer && nothing_follows {
            let text = String::from_utf8_lossy(row);
            self.notices.push(FileNotice::Footer {
                file: self.input.name.clone(),
                line: self.line,
                text: text.trim().to_owned(),
            });
            return Ok(Ragged::Skip);
        }
        let cause = if let Some((line, lines_above)) = self.other_header {
            RaggedCause::OtherHeader { line, lines_above }
        } else if line_breaks > 1 {
            RaggedCause::OpenQuote { lines: line_breaks }
        } else if let Some(delimiter) = self.other_delimiter(row) {
            RaggedCause::OtherDelimiter { delimiter }
        } else if got > self.n_cells && self.ends_with_header(cells, unescaped) {
            RaggedCause::JoinedFiles
        } else if got > self.n_cells {
            RaggedCause::UnquotedDelimiter {
                delimiter: self.rules.delimiter,
            }
        } else if nothing_follows && self.end_of_file {
            RaggedCause::LastLine
        } else {
            RaggedCause::MissingValues
        };
        Err(self.ragged_error(got, cause))
    }

    fn ragged_error(&self, got: usize, cause: RaggedCause) -> ReadError {
        ReadError::RaggedRow {
            at: self.here(),
            expected: self.names.len() - self.constants.0.len(),
            got,
            cause,
        }
    }

    /// A delimiter that cuts a row into as many values as there are names.
    fn other_delimiter(&self, row: &[u8]) -> Option<Delimiter> {
        let usual = [b',', b';', b'\t', b'|'].map(Delimiter::Character);
        usual.into_iter().find(|&delimiter| {
            let cutter = OddCutter {
                rules: Rules {
                    delimiter,
                    ..self.rules
                },
            };
            let mut cells = Vec::new();
            cutter.cut_row(row, 0, true, &mut cells, &mut Vec::new());
            delimiter != self.rules.delimiter && self.n_cells > 1 && cells.len() == self.n_cells
        })
    }

    /// Whether the header is the end of a row, its first name perhaps after a value.
    fn ends_with_header(&self, cells: &[Cell], unescaped: &[u8]) -> bool {
        let Some(from) = cells.len().checked_sub(self.header.len()) else {
            return false;
        };
        let mut pairs = cells[from..].iter().zip(&self.header);
        let text = |cell: &Cell| cell.bytes(&self.rest, unescaped).trim_ascii();
        let first = pairs.next();
        self.header.len() > 1
            && first.is_some_and(|(cell, name)| text(cell).ends_with(name))
            && pairs.all(|(cell, name)| text(cell) == name)
    }
}

const TAB: Delimiter = Delimiter::Character(b'\t');

/// Whether a line has nothing but blanks, zeros and end-of-file marks.
fn is_blank(line: &[u8]) -> bool {
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | 0 | 0x1A);
    line.iter().all(blank)
}

/// A cell without a mark of UTF-8, and without the quotes that are part of it when a mark stands before
/// them.
fn without_mark(cell: &[u8]) -> &[u8] {
    match cell.strip_prefix(b"\xEF\xBB\xBF") {
        Some(rest) => rest
            .trim_ascii()
            .trim_ascii_start()
            .strip_prefix(b"\"")
            .map_or(rest.trim_ascii(), |quoted| {
                quoted.strip_suffix(b"\"").unwrap_or(quoted).trim_ascii()
            }),
        None => cell.trim_ascii(),
    }
}

/// Refuses a dialect in which one character has two meanings.
fn check_dialect(dialect: &Dialect) -> Result<(), ReadError> {
    let delimiter = match dialect.delimiter {
        Some(Delimiter::Character(byte)) => Some(byte),
        _ => None,
    };
    let mark = |mark: Option<Mark>| mark.and_then(Mark::character);
    let marks = [
        ("delimiter", delimiter),
        ("quote", mark(dialect.quote)),
        ("escape", mark(dialect.escape)),
        ("comment", mark(dialect.comment)),
    ];
    for (at, (first, character)) in marks.iter().enumerate() {
        for (second, other) in &marks[at + 1..] {
            if let (Some(character), true) = (character, character == other) {
                return Err(ReadError::DialectConflict {
                    first,
                    second,
                    character: char::from(*character),
                });
            }
        }
    }
    Ok(())
}

/// Makes the bytes of the input UTF-8 text without padding.
fn decode(
    input: &mut Input,
    dialect: &Dialect,
    late_encoding: &Arc<AtomicU64>,
    notices: &mut Vec<FileNotice>,
) -> Result<(), ReadError> {
    let sample = input.peek(sniff::SAMPLE_BYTES)?;
    let whole = sample.len() < sniff::SAMPLE_BYTES;
    let mut found = encoding::find(&sample, whole);
    if let Some(name) = &dialect.encoding {
        let unknown = || ReadError::UnknownEncoding { name: name.clone() };
        let encoding = encoding::named(name).ok_or_else(unknown)?;
        found = match found {
            // A mark says more than a name.
            encoding::Found::Other { mark: 1.., .. } | encoding::Found::Utf8 { mark: 1.. } => found,
            _ if encoding::is_utf8(encoding) => encoding::Found::Utf8 { mark: 0 },
            _ => encoding::Found::Other {
                encoding,
                mark: 0,
                line: None,
            },
        };
    }
    let mut reader = std::mem::replace(&mut input.reader, Box::new(std::io::empty()));
    let mut skip = |mark: usize| {
        let mut bytes = [0; 4];
        reader.read_exact(&mut bytes[..mark])
    };
    let skipped = match found {
        encoding::Found::Utf8 { mark } | encoding::Found::Other { mark, .. } => skip(mark),
        _ => Ok(()),
    };
    skipped.map_err(|source| input.read_error(source))?;
    input.reader = match found {
        encoding::Found::Unread(encoding) => {
            return Err(ReadError::Encoding {
                file: input.name.clone(),
                encoding,
            });
        }
        encoding::Found::Utf8 { .. } => Box::new(encoding::Unpadded::new(reader)),
        encoding::Found::Ascii => {
            let late = encoding::LateDecoded::new(reader, Arc::clone(late_encoding));
            Box::new(encoding::Unpadded::new(late))
        }
        encoding::Found::Other { encoding, line, .. } => {
            if dialect.encoding.is_none() {
                notices.push(FileNotice::Encoding {
                    file: input.name.clone(),
                    encoding: encoding.name(),
                    line,
                });
            }
            Box::new(encoding::Unpadded::new(encoding::Decoded::new(
                reader, encoding,
            )))
        }
    };
    Ok(())
}

#[cfg(test)]
mod tests;
