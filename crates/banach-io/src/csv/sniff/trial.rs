//! A sample cut by one dialect, and how well that went.

use std::collections::HashSet;

use banach_data::Delimiter;

use super::header::{Verdict, judge};
use super::looks::Look;
use crate::csv::batch::Cell;
use crate::csv::comment::may_be_comment;
use crate::csv::cutter::Row;
use crate::csv::odd_cutter::{OddCutter, Rules, Seen};

/// Rows whose cells are looked at.
const LOOKED_AT: usize = 200;

/// A row of the sample.
#[derive(Debug, Clone, Copy)]
pub(super) struct TrialRow {
    /// Its line, counted from 0 at the beginning of the sample.
    pub(super) line: u64,
    pub(super) start: usize,
    first_cell: usize,
    pub(super) n_cells: usize,
    /// Whether it begins with `#`.
    pub(super) hash: bool,
    /// Whether a blank line is above it.
    pub(super) after_blank: bool,
}

/// What the rows have beside what the header names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Nothing.
    Even,
    /// A column before the others.
    RowNames,
    /// An empty column after the others, which the header names with nothing or not at all.
    TrailingDelimiter,
}

/// The beginning of a file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sample<'a> {
    pub(super) bytes: &'a [u8],
    /// Whether it is the whole file, so that its last row counts.
    pub(super) whole: bool,
    /// Whether the first row is the top, whatever it looks like.
    pub(super) fixed_top: bool,
    /// Whether lines that begin with # may be comments.
    pub(super) hashes: bool,
}

/// A sample cut by one dialect.
pub(super) struct Trial<'a> {
    pub(super) rules: Rules,
    sample: &'a [u8],
    pub(super) rows: Vec<TrialRow>,
    cells: Vec<Cell>,
    unescaped: Vec<u8>,
    pub(super) seen: Seen,
    /// Values of a row.
    pub(super) width: usize,
    /// Position among the rows of the header, or of the first row when there is none.
    pub(super) top: usize,
    pub(super) form: Form,
    /// Whether the rows above `top` are certain not to be of the table.
    pub(super) certain: bool,
    /// Share of rows that have `width` values.
    pub(super) share: f64,
    /// Share of the values that look like numbers or dates, in columns of such.
    pub(super) sense: f64,
}

impl<'a> Trial<'a> {
    pub(super) fn new(rules: Rules, sample: Sample<'a>) -> Self {
        let mut trial = Self {
            rules,
            sample: sample.bytes,
            rows: Vec::new(),
            cells: Vec::new(),
            unescaped: Vec::new(),
            seen: Seen::default(),
            width: 1,
            top: 0,
            form: Form::Even,
            certain: true,
            share: 0.0,
            sense: 0.0,
        };
        let unread = trial.cut(sample.whole, sample.hashes);
        trial.find_top(sample.fixed_top);
        trial.weigh(unread);
        trial
    }

    /// Cuts the sample; gives the number of lines that a quote left open swallows.
    fn cut(&mut self, whole: bool, hashes: bool) -> usize {
        let cutter = OddCutter { rules: self.rules };
        let (mut start, mut line) = (0, 0);
        let mut after_blank = false;
        while start < self.sample.len() {
            let (first_cell, n_unescaped) = (self.cells.len(), self.unescaped.len());
            let seen = self.seen;
            let row = cutter.cut(
                self.sample,
                start,
                whole,
                &mut self.cells,
                &mut self.unescaped,
                &mut self.seen,
            );
            match row {
                Row::Whole { next, line_breaks } => {
                    let text = &self.sample[start..next];
                    let n_cells = self.cells.len() - first_cell;
                    if text
                        .iter()
                        .all(|byte| matches!(byte, b' ' | b'\r' | b'\n' | 0 | 0x1A))
                    {
                        self.cells.truncate(first_cell);
                        after_blank = true;
                    } else {
                        self.rows.push(TrialRow {
                            line,
                            start,
                            first_cell,
                            n_cells,
                            hash: hashes && may_be_comment(&self.sample[start..], b'#'),
                            after_blank,
                        });
                        after_blank = false;
                    }
                    line += line_breaks;
                    start = next;
                }
                Row::Blank { next } => {
                    after_blank = true;
                    line += 1;
                    start = next;
                }
                Row::Comment { next } => {
                    line += 1;
                    start = next;
                }
                Row::Incomplete | Row::Unclosed => {
                    self.cells.truncate(first_cell);
                    self.unescaped.truncate(n_unescaped);
                    self.seen = seen;
                    let tail = &self.sample[start..];
                    let lines = tail.iter().filter(|&&byte| byte == b'\n').count();
                    return match row {
                        Row::Unclosed => lines + 1,
                        // The last row may well have some lines.
                        _ => lines.saturating_sub(3),
                    };
                }
            }
        }
        0
    }

    pub(super) fn cells(&self, row: usize) -> Vec<&[u8]> {
        let row = self.rows[row];
        let cells = &self.cells[row.first_cell..row.first_cell + row.n_cells];
        cells
            .iter()
            .map(|cell| cell.bytes(self.sample, &self.unescaped))
            .collect()
    }

    /// Whether a comma can be part of a number.
    pub(super) fn comma(&self) -> bool {
        self.rules.delimiter != Delimiter::Character(b',')
    }

    /// The rows that are no comments, by position.
    fn plain_rows(&self) -> Vec<usize> {
        (0..self.rows.len())
            .filter(|&row| !self.rows[row].hash)
            .collect()
    }

    /// The rows below the top that have as many values as most.
    pub(super) fn body(&self) -> Vec<Vec<&[u8]>> {
        let rows = (self.top + 1..self.rows.len())
            .filter(|&row| self.rows[row].n_cells == self.width && !self.rows[row].hash);
        rows.take(LOOKED_AT).map(|row| self.cells(row)).collect()
    }

    /// The number of values that most rows have; of the first row when as many have that.
    fn usual_width(&self, plain: &[usize]) -> usize {
        let widths: Vec<usize> = plain.iter().map(|&row| self.rows[row].n_cells).collect();
        let largest = widths.iter().copied().max().unwrap_or(1);
        let mut counts = vec![0_usize; largest + 1];
        for &width in &widths {
            counts[width] += 1;
        }
        let mut best = widths.first().copied().unwrap_or(1);
        for width in (1..=largest).rev() {
            if counts[width] > counts[best] {
                best = width;
            }
        }
        best
    }

    /// Finds the row that the table begins with.
    fn find_top(&mut self, fixed_top: bool) {
        let mut plain = self.plain_rows();
        if plain.is_empty() {
            // Lines that begin with # may be all that there is.
            for row in &mut self.rows {
                row.hash = false;
            }
            plain = self.plain_rows();
        }
        let Some(&first) = plain.first() else {
            return;
        };
        self.width = self.usual_width(&plain);
        self.top = first;
        let width = |row: usize| self.rows[row].n_cells;
        if fixed_top {
            self.set_form(first, &plain);
            return;
        }
        let at = plain.iter().position(|&row| width(row) == self.width);
        let at = at.unwrap_or(0);
        let all_below = plain[at..].iter().all(|&row| width(row) == self.width);
        if at > 0 {
            self.top = plain[at];
            let above = plain[at - 1];
            let verdict = self.verdict();
            if all_below && width(above) + 1 == self.width && self.short_header(above, at, &plain) {
                let adjacent = !self.rows[plain[at]].after_blank;
                if verdict != Verdict::Names && adjacent && (at == 1 || verdict == Verdict::Row) {
                    self.top = above;
                    self.form = self.short_form(at, &plain);
                    self.certain = plain[..at - 1]
                        .iter()
                        .all(|&row| width(row) < self.width - 1);
                    return;
                }
            }
            // What is above has fewer values than the table; without a header it is one text a line.
            let most = if verdict == Verdict::Row {
                1
            } else {
                self.width - 1
            };
            // A line right above may be a header whose rows are at fault.
            let adjacent = !self.rows[plain[at]].after_blank;
            let header_above = match verdict {
                Verdict::Names => false,
                Verdict::PerhapsNames => adjacent,
                Verdict::Numbers | Verdict::Row => adjacent && width(above) > 1,
            };
            self.certain =
                all_below && plain[..at].iter().all(|&row| width(row) <= most) && !header_above;
            if !self.certain {
                self.top = first;
            }
        }
        self.take_hash_header();
        if self.form == Form::Even && self.top == first {
            self.set_form(first, &plain);
        } else if self.form == Form::Even && self.ends_empty(&plain) {
            self.form = Form::TrailingDelimiter;
        }
    }

    /// A line that begins with # right above the rows is the header when it has a name for each column.
    fn take_hash_header(&mut self) {
        let Some(above) = self.top.checked_sub(1) else {
            return;
        };
        let row = self.rows[above];
        let fits = row.hash && row.n_cells == self.width && self.width > 1;
        if fits && self.verdict() != Verdict::Names {
            let names = self.cells(above);
            let rows: Vec<Vec<&[u8]>> = std::iter::once(self.cells(self.top))
                .chain(self.body())
                .collect();
            // A comment with as many delimiters by chance is followed by a header.
            let commented = names[0].starts_with(b"# ") || names[0].starts_with(b"#\t");
            let data_below = judge(&names, &rows, self.comma()) == Verdict::Names
                || self.verdict() == Verdict::Row;
            if data_below || !commented {
                self.rows[above].hash = false;
                self.top = above;
            }
        }
    }

    /// Sets the form of a table whose top is the first row.
    fn set_form(&mut self, first: usize, plain: &[usize]) {
        let names = self.rows[first].n_cells;
        if names == self.width {
            if self.ends_empty(plain) {
                self.form = Form::TrailingDelimiter;
            }
        } else if names + 1 == self.width {
            let all = plain[1..]
                .iter()
                .all(|&row| self.rows[row].n_cells == self.width);
            if all && self.short_header(first, 1, plain) {
                self.form = self.short_form(1, plain);
            } else {
                self.certain = false;
            }
        } else {
            self.certain = false;
        }
    }

    /// Whether the last value of the header and of every row is empty.
    fn ends_empty(&self, plain: &[usize]) -> bool {
        let rows = plain.iter().filter(|&&row| row >= self.top);
        let mut n = 0;
        self.width > 1
            && rows.clone().all(|&row| {
                n += 1;
                self.rows[row].n_cells != self.width || self.last_is_empty(row)
            })
            && n > 1
    }

    fn last_is_empty(&self, row: usize) -> bool {
        let cells = self.cells(row);
        cells
            .last()
            .is_some_and(|cell| cell.trim_ascii().is_empty())
    }

    fn short_form(&self, at: usize, plain: &[usize]) -> Form {
        if plain[at..].iter().all(|&row| self.last_is_empty(row)) {
            Form::TrailingDelimiter
        } else {
            Form::RowNames
        }
    }

    /// Whether a row with a value less than those from `plain[at]` on, which all have equally many, can
    /// be their header: either they end with a delimiter, or they begin with names of rows.
    fn short_header(&self, header: usize, at: usize, plain: &[usize]) -> bool {
        let below = &plain[at..];
        if below.iter().all(|&row| self.last_is_empty(row)) {
            return true;
        }
        // A row with an unquoted delimiter in each line would have names of rows too.
        let mut names = HashSet::new();
        let mut counted = true;
        for (number, &row) in below.iter().enumerate() {
            let cells = self.cells(row);
            let text = cells.iter().skip(1).any(|cell| cell.starts_with(b" "));
            if text || cells[0].trim_ascii().is_empty() || !names.insert(cells[0].to_vec()) {
                return false;
            }
            counted &= cells[0] == (number + 1).to_string().as_bytes();
        }
        let header = self.rows[header];
        let quoted = |row: TrialRow| Some(self.sample[row.start]) == self.rules.quote;
        let all_quoted = quoted(header) && below.iter().all(|&row| quoted(self.rows[row]));
        below.len() >= 2 && (header.n_cells >= 2 || counted || all_quoted)
    }

    fn verdict(&self) -> Verdict {
        judge(&self.cells(self.top), &self.body(), self.comma())
    }

    /// Counts how many rows fit, and how many values make sense.
    fn weigh(&mut self, unread: usize) {
        let plain = self.plain_rows();
        let width = self.width;
        let fit = plain
            .iter()
            .filter(|&&row| row >= self.top)
            .filter(|&&row| {
                let short = row == self.top && self.form != Form::Even;
                self.rows[row].n_cells == width || short
            })
            .count();
        let all = plain.len() + unread;
        self.share = if all == 0 {
            0.0
        } else {
            fit as f64 / all as f64
        };
        let body = self.body();
        let (mut values, mut typed) = (0_usize, 0_usize);
        for column in 0..width {
            let looks = body.iter().filter_map(|row| row.get(column));
            let looks: Vec<Look> = looks
                .map(|cell| Look::of(cell, self.comma()))
                .filter(|&look| look != Look::Missing)
                .collect();
            let number = looks.iter().filter(|look| look.is_number()).count();
            let date = looks.iter().filter(|&&look| look == Look::Date).count();
            let most = number.max(date);
            values += looks.len();
            if most * 10 >= looks.len() * 9 {
                typed += most;
            }
        }
        self.sense = if values == 0 {
            0.0
        } else {
            typed as f64 / values as f64
        };
    }
}
