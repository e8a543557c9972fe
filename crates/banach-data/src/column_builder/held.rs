//! Cells of a column as they are held until it is known what it is: numbers, times and booleans as such with their
//! spelling, everything else by its text.

use std::collections::HashMap;

use crate::cell_format::CellFormat;
use crate::column::{CHUNK_ROWS, Codes, ColumnType, MISSING_CODE, NumberChunk};
use crate::decision::{ColumnRules, Hints, has_other_meaning, is_small_share, value_of};
use crate::dictionary::Interner;
use crate::missing_words::MissingWords;
use crate::scalar::{parse_boolean, parse_date_time, parse_infinity, parse_spelled_number};
use crate::spelling::{self, CANONICAL, LONG, OTHER, SpellingsBuilder};

/// The largest size up to which a f64 holds every integer.
const MAX_INTEGER: f64 = 9_007_199_254_740_992.0;

#[derive(Debug, Default)]
pub(super) struct Numbers {
    chunks: Vec<NumberChunk>,
    open: Vec<f64>,
}

impl Numbers {
    /// Appends a number; says whether that was the last of a piece.
    #[inline]
    pub(super) fn push(&mut self, value: f64) -> bool {
        self.open.push(value);
        let full = self.open.len() == CHUNK_ROWS;
        if full {
            self.seal();
        }
        full
    }

    pub(super) fn seal(&mut self) {
        self.chunks.push(NumberChunk::new(&self.open));
        self.open.clear();
    }

    pub(super) fn finish(mut self) -> Vec<NumberChunk> {
        if !self.open.is_empty() {
            self.seal();
        }
        self.chunks
    }
}

/// Texts as they come in, by code.
#[derive(Debug, Default)]
pub(super) struct Texts {
    chunks: Vec<Box<[u32]>>,
    open: Vec<u32>,
    pub(super) keys: Interner,
}

impl Texts {
    pub(super) fn push(&mut self, code: u32) {
        self.open.push(code);
        if self.open.len() == CHUNK_ROWS {
            self.chunks.push(self.open.as_slice().into());
            self.open.clear();
        }
    }

    /// Appends a text; says whether it is new.
    pub(super) fn push_text(&mut self, text: &str) -> bool {
        let before = self.keys.len();
        let code = self.keys.intern(text);
        self.push(code);
        self.keys.len() > before
    }

    pub(super) fn finish(mut self) -> Codes {
        if !self.open.is_empty() {
            self.chunks.push(self.open.into());
        }
        Codes {
            chunks: self.chunks,
            dictionary: self.keys.into_dictionary(),
        }
    }
}

/// What a text is among cells of a type.
pub(super) enum Read {
    /// A value of the type.
    Value,
    /// A word for a missing value.
    Word,
    /// Neither; `counts` unless it means a missing value among numbers.
    Odd { counts: bool },
}

/// Numbers, times or booleans as they come in, and cells that are not of them.
#[derive(Debug)]
pub(super) struct Typed {
    pub(super) column_type: ColumnType,
    pub(super) format: CellFormat,
    /// Whether every plain number is one of the column, and no word for a missing value.
    pub(super) is_plain_number: bool,
    pub(super) numbers: Numbers,
    pub(super) spellings: SpellingsBuilder,
    /// Rows of odd cells, ascending, and the codes of their texts.
    pub(super) odd: Vec<(u32, u32)>,
    pub(super) odd_texts: Interner,
    /// Those of them that are no word for a missing value.
    pub(super) n_odd: u64,
    /// Integers that a f64 does not hold.
    pub(super) n_long: u64,
    pub(super) n_missing: u64,
    pub(super) n_infinite: u64,
}

impl Typed {
    pub(super) fn new(
        column_type: ColumnType,
        format: CellFormat,
        words: &MissingWords,
        n_missing: usize,
    ) -> Self {
        let mut typed = Self {
            column_type,
            format,
            is_plain_number: (column_type, format) == (ColumnType::Number, CellFormat::Plain)
                && !words.has_own_words(),
            numbers: Numbers::default(),
            spellings: SpellingsBuilder::default(),
            odd: Vec::new(),
            odd_texts: Interner::default(),
            n_odd: 0,
            n_long: 0,
            n_missing: 0,
            n_infinite: 0,
        };
        (0..n_missing).for_each(|_| typed.push_missing());
        typed
    }

    #[inline]
    pub(super) fn push(&mut self, value: f64, spelling: u8) {
        self.spellings.push(self.numbers.open.len(), spelling);
        self.push_value(value);
    }

    #[inline]
    fn push_value(&mut self, value: f64) {
        if self.numbers.push(value) {
            self.spellings.seal();
        }
    }

    pub(super) fn push_missing(&mut self) {
        self.n_missing += 1;
        self.push_nan();
    }

    fn push_nan(&mut self) {
        self.spellings.push_missing();
        self.push_value(f64::NAN);
    }

    /// Appends a cell that is not of the type; `counts` unless it is a word for a missing value.
    pub(super) fn push_odd(&mut self, row: usize, text: &str, counts: bool) {
        let code = self.odd_texts.intern(text);
        self.odd.push((row as u32, code));
        self.n_odd += u64::from(counts);
        self.n_missing += u64::from(!counts);
        self.push_nan();
    }

    /// Reads a text, and appends it if it is a value of the type.
    pub(super) fn read(&mut self, row: usize, text: &str, words: &MissingWords) -> Read {
        let bytes = text.as_bytes();
        // A word such as -999 would be a value.
        if words.has_own_words() {
            let value = value_of(text, self.column_type, self.format);
            if words.contains(bytes) || value.is_some_and(|value| words.contains_number(value)) {
                return Read::Word;
            }
        }
        if self.push_text(row, text) {
            Read::Value
        } else if words.contains(bytes) {
            Read::Word
        } else {
            Read::Odd {
                counts: !words.contains_among_numbers(bytes),
            }
        }
    }

    /// Appends a text of the type; false when it is not of it.
    fn push_text(&mut self, row: usize, text: &str) -> bool {
        let bytes = text.as_bytes();
        let found = match (self.column_type, self.format) {
            (ColumnType::Number, CellFormat::Plain) => parse_spelled_number(bytes)
                .or_else(|| parse_infinity(bytes).map(|value| (value, OTHER))),
            (ColumnType::Boolean, CellFormat::Plain) => parse_boolean(bytes)
                .map(|(value, spelling)| (f64::from(u8::from(value)), spelling))
                .or_else(|| {
                    value_of(text, self.column_type, self.format).map(|value| (value, OTHER))
                }),
            (ColumnType::DateTime, CellFormat::Plain) => parse_date_time(bytes),
            // The format is given, so that the column does not become another.
            (column_type, format) => {
                value_of(text, column_type, format).map(|value| (value, CANONICAL))
            }
        };
        let Some((value, spelling)) = found else {
            return false;
        };
        if matches!(spelling, OTHER | LONG) {
            self.push_with_text(row, value, bytes, spelling);
        } else {
            self.push(value + 0.0, spelling);
        }
        true
    }

    /// Appends a value whose text stands apart, since its spelling has no code.
    pub(super) fn push_with_text(&mut self, row: usize, value: f64, bytes: &[u8], spelling: u8) {
        self.n_infinite += u64::from(value.is_infinite());
        self.n_long +=
            u64::from(spelling == OTHER && bytes.len() > 15 && value.abs() > MAX_INTEGER);
        let at = self.numbers.open.len();
        self.spellings.push_text(row, at, bytes, spelling);
        self.push_value(value + 0.0);
    }

    /// The cells as texts.
    pub(super) fn into_texts(self) -> Texts {
        let mut texts = Texts::default();
        let (spellings, odd_texts) = (self.spellings.finish(), self.odd_texts.into_dictionary());
        let mut odd = self.odd.into_iter().peekable();
        let mut codes: HashMap<(u64, u8), u32> = HashMap::new();
        let mut row = 0;
        for chunk in self.numbers.finish() {
            chunk.for_each(|_, value| {
                let code = if value.is_nan() {
                    match odd.next_if(|&(at, _)| at as usize == row) {
                        Some((_, code)) => texts.keys.intern(odd_texts.get(code)),
                        None => MISSING_CODE,
                    }
                } else {
                    let keys = &mut texts.keys;
                    match spellings.get(row) {
                        (_, Some(text)) => keys.intern(text),
                        (spelling, None) => {
                            *codes.entry((value.to_bits(), spelling)).or_insert_with(|| {
                                keys.intern(&spelling::text(self.column_type, value, spelling))
                            })
                        }
                    }
                };
                texts.push(code);
                row += 1;
            });
        }
        texts
    }
}

impl Typed {
    /// Whether the column is surely of this type, so that its texts need not be looked at.
    pub(super) fn is_settled(&self, rules: &ColumnRules, n_rows: usize, hints: Hints) -> bool {
        let present = n_rows as u64 - self.n_missing;
        let wanted = rules.column_type;
        if wanted.is_some_and(|wanted| wanted != self.column_type) {
            return false;
        }
        if wanted.is_none() && !is_small_share(self.n_odd, present) {
            return false;
        }
        let other = |code| {
            let text = self.odd_texts.get(code);
            !rules.words.contains_among_numbers(text.as_bytes()) && has_other_meaning(text)
        };
        if (0..self.odd_texts.len() as u32).any(other) {
            return false;
        }
        if self.column_type != ColumnType::Number {
            return true;
        }
        let grouped =
            hints.decimal_comma && self.spellings.all(|s| s == 0 || s == 3 || s == CANONICAL);
        let codes = wanted.is_none()
            && (self.n_long > 0 || self.spellings.any(spelling::has_leading_zeros));
        !grouped && !codes
    }
}

impl Texts {
    /// How many cells have each text.
    pub(super) fn counts(&self) -> Vec<u64> {
        let mut counts = vec![0; self.keys.len()];
        for chunk in self
            .chunks
            .iter()
            .map(|chunk| &chunk[..])
            .chain([&self.open[..]])
        {
            for &code in chunk {
                if code != MISSING_CODE {
                    counts[code as usize] += 1;
                }
            }
        }
        counts
    }
}
