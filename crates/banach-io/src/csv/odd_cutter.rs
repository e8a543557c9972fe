//! Cuts rows of every dialect, slower than [`Cutter`](super::cutter::Cutter) cuts those of the usual one.

use banach_data::Delimiter;

use super::batch::{Cell, UNESCAPED};
use super::comment::may_be_comment;
use super::cutter::{CutRow, Row, end_of_line};

/// What makes a dialect, with nothing left open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rules {
    pub(super) delimiter: Delimiter,
    pub(super) quote: Option<u8>,
    pub(super) escape: Option<u8>,
    /// Lines that begin with this character are no rows.
    pub(super) comment: Option<u8>,
    /// Whether blanks between a delimiter and a quote do not count.
    pub(super) blanks_around_quotes: bool,
}

impl Rules {
    pub(super) fn usual(delimiter: Delimiter) -> Self {
        Self {
            delimiter,
            quote: Some(b'"'),
            escape: None,
            comment: None,
            blanks_around_quotes: false,
        }
    }
}

/// What was seen while cutting.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Seen {
    /// Quoted values.
    pub(super) quoted: usize,
    /// Quoted values after whose closing quote something else than a delimiter or a line break comes.
    pub(super) faults: usize,
    /// Quoted values with blanks before their quote.
    pub(super) after_blanks: usize,
    /// Quotes inside of quoted values that were doubled.
    pub(super) doubled: usize,
    /// Escape characters that took a meaning.
    pub(super) escapes: usize,
}

/// Cuts rows by any rules.
#[derive(Debug, Clone)]
pub(super) struct OddCutter {
    pub(super) rules: Rules,
}

impl CutRow for OddCutter {
    fn cut_row(
        &self,
        bytes: &[u8],
        start: usize,
        last: bool,
        cells: &mut Vec<Cell>,
        unescaped: &mut Vec<u8>,
    ) -> Row {
        let mut seen = Seen::default();
        self.cut(bytes, start, last, cells, unescaped, &mut seen)
    }
}

/// The bytes end before it is known how the value goes on.
enum End {
    Incomplete,
    Unclosed,
}

impl From<End> for Row {
    fn from(end: End) -> Self {
        match end {
            End::Incomplete => Self::Incomplete,
            End::Unclosed => Self::Unclosed,
        }
    }
}

impl OddCutter {
    fn is_delimiter(&self, byte: u8) -> bool {
        match self.rules.delimiter {
            Delimiter::Character(delimiter) => byte == delimiter,
            Delimiter::Blanks => matches!(byte, b' ' | b'\t'),
            Delimiter::Absent => false,
        }
    }

    /// A blank that can be left out around quotes.
    fn is_blank(&self, byte: u8) -> bool {
        byte == b' ' || byte == b'\t' && self.rules.delimiter != Delimiter::Character(b'\t')
    }

    fn is_end(&self, byte: u8) -> bool {
        matches!(byte, b'\n' | b'\r') || self.is_delimiter(byte)
    }

    fn skip_blanks(&self, bytes: &[u8], from: usize) -> usize {
        let length = bytes[from..].iter().position(|&byte| !self.is_blank(byte));
        length.map_or(bytes.len(), |length| from + length)
    }

    /// As [`CutRow::cut_row`], and counts what was seen.
    pub(super) fn cut(
        &self,
        bytes: &[u8],
        start: usize,
        last: bool,
        cells: &mut Vec<Cell>,
        unescaped: &mut Vec<u8>,
        seen: &mut Seen,
    ) -> Row {
        if self
            .rules
            .comment
            .is_some_and(|mark| may_be_comment(&bytes[start..], mark))
        {
            return match line_end(bytes, start, last) {
                Some(next) => Row::Comment { next },
                None => Row::Incomplete,
            };
        }
        let blanks = self.rules.delimiter == Delimiter::Blanks;
        let mut at = start;
        if blanks {
            at = self.skip_blanks(bytes, at);
            if at == bytes.len() {
                return if last {
                    Row::Blank { next: at }
                } else {
                    Row::Incomplete
                };
            }
        }
        if matches!(bytes[at], b'\n' | b'\r') {
            return match end_of_line(bytes, at, last) {
                Some(next) => Row::Blank { next },
                None => Row::Incomplete,
            };
        }
        let mut line_breaks = 1;
        loop {
            let mut open = at;
            if self.rules.blanks_around_quotes {
                open = self.skip_blanks(bytes, at);
                if open == bytes.len() && !last {
                    return Row::Incomplete;
                }
            }
            let quoted = self.rules.quote.is_some() && bytes.get(open).copied() == self.rules.quote;
            let cut = if quoted {
                seen.quoted += 1;
                seen.after_blanks += usize::from(open > at);
                self.cut_quoted(bytes, open, last, cells, unescaped, seen)
            } else {
                self.cut_plain(bytes, at, last, cells, unescaped, seen)
            };
            let mut end = match cut {
                Ok(end) => end,
                Err(end) => return end.into(),
            };
            line_breaks += bytes[at..end].iter().filter(|&&byte| byte == b'\n').count() as u64;
            if blanks {
                end = self.skip_blanks(bytes, end);
            }
            match bytes.get(end) {
                Some(b'\n' | b'\r') => {
                    return match end_of_line(bytes, end, last) {
                        Some(next) => Row::Whole { next, line_breaks },
                        None => Row::Incomplete,
                    };
                }
                Some(_) => at = if blanks { end } else { end + 1 },
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

    /// Whether the escape character at `at` has a meaning.
    fn escapes(&self, bytes: &[u8], at: usize, last: bool) -> Result<bool, End> {
        match bytes.get(at + 1) {
            None if !last => Err(End::Incomplete),
            None => Ok(false),
            Some(&next) => Ok(Some(next) == self.rules.quote
                || Some(next) == self.rules.escape
                || self.is_end(next)),
        }
    }

    /// Appends the value that begins at `start` without a quote; gives the offset after it.
    fn cut_plain(
        &self,
        bytes: &[u8],
        start: usize,
        last: bool,
        cells: &mut Vec<Cell>,
        unescaped: &mut Vec<u8>,
        seen: &mut Seen,
    ) -> Result<usize, End> {
        let copy_start = unescaped.len();
        let (mut copied_to, mut at) = (start, start);
        let end = loop {
            match bytes.get(at) {
                None => break at,
                Some(&byte) if Some(byte) == self.rules.escape => {
                    if self.escapes(bytes, at, last)? {
                        seen.escapes += 1;
                        unescaped.extend_from_slice(&bytes[copied_to..at]);
                        copied_to = at + 1;
                        at += 1;
                    }
                    at += 1;
                }
                Some(&byte) if self.is_end(byte) => break at,
                Some(_) => at += 1,
            }
        };
        if copied_to == start {
            cells.push(Cell {
                start: start as u32,
                end: end as u32,
            });
        } else {
            unescaped.extend_from_slice(&bytes[copied_to..end]);
            cells.push(Cell {
                start: copy_start as u32 | UNESCAPED,
                end: unescaped.len() as u32,
            });
        }
        Ok(end)
    }

    /// Appends the value whose opening quote is at `open`; gives the offset after it.
    ///
    /// Characters between the closing quote and the delimiter belong to the value, but blanks that
    /// stand around quotes.
    fn cut_quoted(
        &self,
        bytes: &[u8],
        open: usize,
        last: bool,
        cells: &mut Vec<Cell>,
        unescaped: &mut Vec<u8>,
        seen: &mut Seen,
    ) -> Result<usize, End> {
        let first = open + 1;
        let copy_start = unescaped.len();
        let (mut copied_to, mut at) = (first, first);
        let quote = bytes[open];
        let close = loop {
            match bytes.get(at) {
                None => return Err(if last { End::Unclosed } else { End::Incomplete }),
                Some(&byte) if byte == quote => match bytes.get(at + 1) {
                    Some(&next) if next == quote => {
                        seen.doubled += 1;
                        unescaped.extend_from_slice(&bytes[copied_to..=at]);
                        at += 2;
                        copied_to = at;
                    }
                    None if !last => return Err(End::Incomplete),
                    _ => break at,
                },
                Some(&byte) if Some(byte) == self.rules.escape => {
                    if self.escapes(bytes, at, last)? {
                        seen.escapes += 1;
                        unescaped.extend_from_slice(&bytes[copied_to..at]);
                        copied_to = at + 1;
                        at += 1;
                    }
                    at += 1;
                }
                Some(_) => at += 1,
            }
        };
        let mut after = close + 1;
        if self.rules.blanks_around_quotes {
            after = self.skip_blanks(bytes, after);
        }
        let end = bytes[after..].iter().position(|&byte| self.is_end(byte));
        let end = end.map_or(bytes.len(), |length| after + length);
        if end == bytes.len() && !last {
            return Err(End::Incomplete);
        }
        if end > after {
            seen.faults += 1;
        } else {
            after = end;
        }
        if copied_to == first && end == after {
            cells.push(Cell {
                start: first as u32,
                end: close as u32,
            });
        } else {
            unescaped.extend_from_slice(&bytes[copied_to..close]);
            if end > after {
                unescaped.extend_from_slice(&bytes[close + 1..end]);
            }
            cells.push(Cell {
                start: copy_start as u32 | UNESCAPED,
                end: unescaped.len() as u32,
            });
        }
        Ok(end)
    }
}

/// The offset after the line that `at` is in; `None` when its end may still come.
pub(super) fn line_end(bytes: &[u8], at: usize, last: bool) -> Option<usize> {
    let length = bytes[at..]
        .iter()
        .position(|byte| matches!(byte, b'\n' | b'\r'));
    match length {
        Some(length) => end_of_line(bytes, at + length, last),
        None => last.then_some(bytes.len()),
    }
}
