//! How a number, time or boolean was written, in a byte, so that its own text can be given again.
//!
//! A column that turns out to hold codes must keep `0071` and `71` apart, and a class `01` must come back as
//! `01`. Most columns are written in one way throughout, which takes a byte for each piece of the
//! column.

use std::borrow::Cow;
use std::fmt::Write;

use crate::column::{CHUNK_ROWS, ColumnType, number_scalar};
use crate::dictionary::{Dictionary, Interner};
use crate::scalar::write_date_time_as;

/// The text is the canonical one of the value.
pub(crate) const CANONICAL: u8 = u8::MAX;

/// The text stands apart, in a dictionary.
pub(crate) const OTHER: u8 = u8::MAX - 1;

/// As [`OTHER`], for what columns of measurements are full of: numbers with an exponent, more than 15 digits and a
/// point, or no digit before it, and times in rare forms. Only so many of their texts are kept.
pub(crate) const LONG: u8 = u8::MAX - 2;

/// The rows of the open piece have several spellings.
const SEVERAL: u8 = u8::MAX - 3;

/// Numbers of at most 15 digits: 0 to 15 are the decimals; from here on, integers with 1 and more zeros
/// before them.
pub(crate) const LEADING_ZEROS: u8 = 16;

/// Different texts of [`LONG`] numbers that are kept.
const MAX_OTHERS: usize = 1024;

/// The spelling of a number: digits behind the point, and zeros before it beyond the first digit.
#[inline]
pub(crate) fn of_number(n_decimals: usize, leading_zeros: usize) -> u8 {
    match (n_decimals, leading_zeros) {
        (decimals, 0) => decimals as u8,
        (0, zeros) if zeros <= 15 => LEADING_ZEROS + zeros as u8 - 1,
        _ => OTHER,
    }
}

/// Whether a spelling is that of an integer with zeros before it.
pub(crate) fn has_leading_zeros(spelling: u8) -> bool {
    (LEADING_ZEROS..LEADING_ZEROS + 15).contains(&spelling)
}

/// The text of a value with this spelling, which is not [`OTHER`].
pub(crate) fn text(column_type: ColumnType, value: f64, spelling: u8) -> Cow<'static, str> {
    let mut out = String::new();
    match column_type {
        _ if spelling == CANONICAL => {
            return number_scalar(column_type, value).key().unwrap_or_default();
        }
        ColumnType::Boolean => {
            let texts = [["false", "true"], ["False", "True"], ["FALSE", "TRUE"]];
            let form = texts[usize::from(spelling).min(2)];
            return Cow::Borrowed(form[usize::from(value != 0.0)]);
        }
        ColumnType::DateTime => write_date_time_as(&mut out, value, spelling),
        _ if spelling < LEADING_ZEROS => {
            // Infallible: a string takes all text.
            let _ = write!(out, "{value:.*}", usize::from(spelling));
        }
        _ => {
            let zeros = usize::from(spelling - LEADING_ZEROS + 1);
            let sign = if value.is_sign_negative() { "-" } else { "" };
            // Zero itself has a digit of its own.
            let _ = write!(out, "{sign}{:0>zeros$}{}", "", value.abs());
        }
    }
    Cow::Owned(out)
}

#[derive(Debug, Clone, PartialEq)]
enum Chunk {
    /// All rows of the piece.
    All(u8),
    Each(Box<[u8]>),
}

/// The spellings of the rows of a column.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Spellings {
    chunks: Vec<Chunk>,
    /// Rows whose text stands apart, ascending, and its code.
    others: Vec<(u32, u32)>,
    texts: Dictionary,
}

impl Spellings {
    /// The spelling of a row, and its text if that stands apart.
    pub(crate) fn get(&self, row: usize) -> (u8, Option<&str>) {
        let spelling = match self.chunks.get(row / CHUNK_ROWS) {
            Some(Chunk::All(spelling)) => *spelling,
            Some(Chunk::Each(spellings)) => spellings[row % CHUNK_ROWS],
            None => CANONICAL,
        };
        if spelling != OTHER {
            return (spelling, None);
        }
        match self
            .others
            .binary_search_by_key(&(row as u32), |&(row, _)| row)
        {
            Ok(at) => (OTHER, Some(self.texts.get(self.others[at].1))),
            Err(_) => (CANONICAL, None),
        }
    }
}

/// Spellings as they come in. Their rows are counted by whoever holds the values; most rows are written as the
/// one before.
#[derive(Debug)]
pub(crate) struct SpellingsBuilder {
    chunks: Vec<Chunk>,
    /// The spelling of all rows of the open piece, or [`SEVERAL`].
    all: u8,
    /// Each spelling of the open piece, once they differ.
    each: Vec<u8>,
    others: Vec<(u32, u32)>,
    texts: Interner,
    /// Different texts that count towards the limit.
    n_limited: usize,
}

impl Default for SpellingsBuilder {
    fn default() -> Self {
        Self {
            chunks: Vec::new(),
            all: CANONICAL,
            each: Vec::new(),
            others: Vec::new(),
            texts: Interner::default(),
            n_limited: 0,
        }
    }
}

impl SpellingsBuilder {
    /// Appends a spelling that is a code, for the row `at` of the open piece.
    #[inline]
    pub(crate) fn push(&mut self, at: usize, spelling: u8) {
        if self.all == SEVERAL {
            self.each.push(spelling);
        } else if spelling != self.all {
            self.begin_differing(at, spelling);
        }
    }

    #[cold]
    fn begin_differing(&mut self, at: usize, spelling: u8) {
        if at > 0 {
            self.each.reserve(CHUNK_ROWS);
            self.each.resize(at, self.all);
            self.each.push(spelling);
            self.all = SEVERAL;
        } else {
            self.all = spelling;
        }
    }

    /// Appends a row without a value, whose spelling nobody asks for.
    pub(crate) fn push_missing(&mut self) {
        if !self.each.is_empty() {
            self.each.push(CANONICAL);
        }
    }

    /// Whether the text of a number of this spelling is kept.
    #[inline]
    pub(crate) fn keeps_text(&self, spelling: u8) -> bool {
        spelling == OTHER || spelling == LONG && self.n_limited < MAX_OTHERS
    }

    /// Appends a text that stands apart: that of `row`, which is the row `at` of the open piece.
    pub(crate) fn push_text(&mut self, row: usize, at: usize, text: &[u8], spelling: u8) {
        let text = if self.keeps_text(spelling) {
            std::str::from_utf8(text).ok()
        } else {
            None
        };
        let Some(text) = text else {
            self.push(at, CANONICAL);
            return;
        };
        let before = self.texts.len();
        let code = self.texts.intern(text);
        self.n_limited += usize::from(spelling == LONG && self.texts.len() > before);
        self.others.push((row as u32, code));
        self.push(at, OTHER);
    }

    /// Whether some spelling is of a kind.
    pub(crate) fn any(&self, is_it: impl Fn(u8) -> bool) -> bool {
        let in_chunk = |chunk: &Chunk| match chunk {
            Chunk::All(spelling) => is_it(*spelling),
            Chunk::Each(spellings) => some(spellings, &is_it),
        };
        let open = if self.each.is_empty() {
            is_it(self.all)
        } else {
            some(&self.each, &is_it)
        };
        open || self.chunks.iter().any(in_chunk)
    }

    /// Whether all spellings are of a kind.
    pub(crate) fn all(&self, is_it: impl Fn(u8) -> bool) -> bool {
        !self.any(|spelling| !is_it(spelling))
    }

    /// Ends the open piece.
    pub(crate) fn seal(&mut self) {
        self.chunks.push(if self.each.is_empty() {
            Chunk::All(self.all)
        } else {
            self.all = CANONICAL;
            Chunk::Each(self.each.as_slice().into())
        });
        self.each.clear();
    }

    pub(crate) fn finish(mut self) -> Spellings {
        self.seal();
        Spellings {
            chunks: self.chunks,
            others: self.others,
            texts: self.texts.into_dictionary(),
        }
    }
}

/// Whether some spelling is of a kind; without an early end, so that many are looked at together.
fn some(spellings: &[u8], is_it: &impl Fn(u8) -> bool) -> bool {
    spellings
        .iter()
        .fold(false, |found, &spelling| found | is_it(spelling))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back_as_they_were_written() {
        for (value, n_decimals, zeros, expected) in [
            (71.0, 0, 0, "71"),
            (71.0, 0, 2, "0071"),
            (0.0, 0, 1, "00"),
            (-7.0, 0, 1, "-07"),
            (1.5, 2, 0, "1.50"),
            (0.1, 1, 0, "0.1"),
            (-2.0, 1, 0, "-2.0"),
            (123_456_789.012_345, 6, 0, "123456789.012345"),
        ] {
            let spelling = of_number(n_decimals, zeros);
            assert_eq!(text(ColumnType::Number, value, spelling), expected);
        }
        assert_eq!(of_number(2, 1), OTHER);
        assert!(has_leading_zeros(of_number(0, 1)) && !has_leading_zeros(of_number(15, 0)));
    }

    #[test]
    fn pieces_of_one_spelling_take_a_byte() {
        let mut builder = SpellingsBuilder::default();
        for row in 0..2 * CHUNK_ROWS {
            let at = row % CHUNK_ROWS;
            match row {
                7 => builder.push_missing(),
                _ if row == CHUNK_ROWS + 3 => builder.push(at, 1),
                _ => builder.push(at, 2),
            }
            if at == CHUNK_ROWS - 1 {
                builder.seal();
            }
        }
        builder.push_text(2 * CHUNK_ROWS, 0, b"1e5", LONG);
        let spellings = builder.finish();
        assert_eq!(spellings.chunks[0], Chunk::All(2));
        assert_eq!(spellings.get(5), (2, None));
        assert_eq!(spellings.get(CHUNK_ROWS + 2), (2, None));
        assert_eq!(spellings.get(CHUNK_ROWS + 3), (1, None));
        assert_eq!(spellings.get(2 * CHUNK_ROWS - 1), (2, None));
        assert_eq!(spellings.get(2 * CHUNK_ROWS), (OTHER, Some("1e5")));
    }

    #[test]
    fn measurements_do_not_fill_the_memory_and_long_codes_are_kept() {
        let mut builder = SpellingsBuilder::default();
        for row in 0..MAX_OTHERS + 10 {
            builder.push_text(row, row, format!("{row}e-3").as_bytes(), LONG);
        }
        let last = MAX_OTHERS + 10;
        builder.push_text(last, last, b"12345678901234567890", OTHER);
        let spellings = builder.finish();
        assert_eq!(spellings.get(7), (OTHER, Some("7e-3")));
        assert_eq!(spellings.get(MAX_OTHERS), (CANONICAL, None));
        assert_eq!(spellings.get(last).1, Some("12345678901234567890"));
    }
}
