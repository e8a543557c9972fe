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

/// Numbers of at most 15 digits: 0 to 15 are the decimals; from here on, integers with 1 and more zeros
/// before them.
pub(crate) const LEADING_ZEROS: u8 = 16;

/// Different texts that stand apart, of those that a f64 may not tell apart from another: numbers
/// with an exponent or of more than 15 digits that are no integers. Columns of measurements are full
/// of them, codes are not.
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

/// Spellings as they come in.
#[derive(Debug, Default)]
pub(crate) struct SpellingsBuilder {
    chunks: Vec<Chunk>,
    open: Vec<u8>,
    others: Vec<(u32, u32)>,
    texts: Interner,
    /// Different texts that count towards the limit.
    n_limited: usize,
}

impl SpellingsBuilder {
    /// Appends a spelling other than [`OTHER`].
    #[inline]
    pub(crate) fn push(&mut self, spelling: u8) {
        self.open.push(spelling);
        if self.open.len() == CHUNK_ROWS {
            self.seal();
        }
    }

    /// Appends a spelling that has no code. `exact` texts are kept however many there are, others up to a
    /// limit.
    pub(crate) fn push_other(&mut self, row: usize, text: &[u8], exact: bool) {
        let room = exact || self.n_limited < MAX_OTHERS;
        let text = if room {
            std::str::from_utf8(text).ok()
        } else {
            None
        };
        let Some(text) = text else {
            self.push(CANONICAL);
            return;
        };
        let before = self.texts.len();
        let code = self.texts.intern(text);
        self.n_limited += usize::from(!exact && self.texts.len() > before);
        self.others.push((row as u32, code));
        self.push(OTHER);
    }

    /// Whether some spelling is of a kind.
    pub(crate) fn any(&self, is_it: impl Fn(u8) -> bool) -> bool {
        let in_chunk = |chunk: &Chunk| match chunk {
            Chunk::All(spelling) => is_it(*spelling),
            Chunk::Each(spellings) => some(spellings, &is_it),
        };
        let open = some(&self.open, &is_it);
        open || self.chunks.iter().any(in_chunk)
    }

    /// Whether all spellings are of a kind.
    pub(crate) fn all(&self, is_it: impl Fn(u8) -> bool) -> bool {
        !self.any(|spelling| !is_it(spelling))
    }

    fn seal(&mut self) {
        let first = self.open.first().copied().unwrap_or(CANONICAL);
        self.chunks
            .push(if self.open.iter().all(|&spelling| spelling == first) {
                Chunk::All(first)
            } else {
                Chunk::Each(self.open.as_slice().into())
            });
        self.open.clear();
    }

    pub(crate) fn finish(mut self) -> Spellings {
        if !self.open.is_empty() {
            self.seal();
        }
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
            builder.push(if row == CHUNK_ROWS + 3 { 1 } else { 2 });
        }
        builder.push_other(2 * CHUNK_ROWS, b"1e5", false);
        let spellings = builder.finish();
        assert_eq!(spellings.chunks[0], Chunk::All(2));
        assert_eq!(spellings.get(5), (2, None));
        assert_eq!(spellings.get(CHUNK_ROWS + 2), (2, None));
        assert_eq!(spellings.get(CHUNK_ROWS + 3), (1, None));
        assert_eq!(spellings.get(2 * CHUNK_ROWS), (OTHER, Some("1e5")));
    }

    #[test]
    fn measurements_do_not_fill_the_memory_and_long_codes_are_kept() {
        let mut builder = SpellingsBuilder::default();
        for row in 0..MAX_OTHERS + 10 {
            builder.push_other(row, format!("{row}e-3").as_bytes(), false);
        }
        builder.push_other(MAX_OTHERS + 10, b"12345678901234567890", true);
        let spellings = builder.finish();
        assert_eq!(spellings.get(7), (OTHER, Some("7e-3")));
        assert_eq!(spellings.get(MAX_OTHERS), (CANONICAL, None));
        let (_, long) = spellings.get(MAX_OTHERS + 10);
        assert_eq!(long, Some("12345678901234567890"));
    }
}
