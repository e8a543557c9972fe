//! Finds the type of a column while its cells come in.
//!
//! Cells are held so that nothing of their text is lost: numbers, times and booleans as such with their
//! spelling, everything else by its text. What the column is follows from all of its cells when they are there
//! ([`decide`](crate::decision::decide)); it does not depend on their order or on where batches end.

use std::borrow::Cow;
use std::sync::Arc;

use crate::cell_format::CellFormat;
use crate::cell_reader::stored_value;
use crate::column::{Cells, Codes, Column, ColumnType, MISSING_CODE, NumberChunk, Written};
use crate::decision::{ColumnRules, Decision, Hints, decide, value_of};
use crate::dictionary::Dictionary;
use crate::missing_words::MissingWords;
use crate::origin::Origin;
use crate::reading::{Doubt, MAX_EXAMPLES, OddCell, Reading};
use crate::scalar::{
    NotUtf8, Scalar, parse_boolean, parse_date_time, parse_infinity, parse_spelled_number,
};
use crate::spelling::{CANONICAL, LONG, OTHER};

mod held;

use held::{Numbers, Read, Texts, Typed};

/// Odd cells among numbers from which on the column is held as texts, if they are many of its rows.
const MAX_ODD_HELD: usize = 4096;

/// Different texts from which on a column of texts is held as numbers, if most of them are.
const MIN_TEXTS: usize = 4096;

/// Odd cells of a column of a given type after which reading stops, if they are most of its rows.
const MAX_ODD_READ: u64 = 1000;

/// Why a cell cannot join its column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum CellError {
    NotUtf8,
    WrongType { expected: &'static str },
}

impl From<NotUtf8> for CellError {
    fn from(_: NotUtf8) -> Self {
        Self::NotUtf8
    }
}

#[derive(Debug)]
enum State {
    /// Only missing cells so far, this many.
    Missing(usize),
    Typed(Box<Typed>),
    Texts(Box<Texts>),
    /// Cells of a type that cannot be read.
    Unreadable(String),
}

/// A column in the making.
#[derive(Debug)]
pub(crate) struct ColumnBuilder {
    rules: Arc<ColumnRules>,
    state: State,
    n_rows: usize,
    /// Words taken for missing values, and how often.
    words: Vec<(String, u64)>,
    /// What the column is, once that is decided.
    decision: Option<Decision>,
}

impl ColumnBuilder {
    /// A column of the type that the rules give, or of the one that its cells have.
    pub(crate) fn new(rules: Arc<ColumnRules>) -> Self {
        let state = match (rules.column_type, rules.format) {
            _ if rules.unreadable.is_some() => {
                State::Unreadable(rules.unreadable.clone().unwrap_or_default())
            }
            (Some(ColumnType::Category), _) => State::Texts(Box::default()),
            (Some(ColumnType::Missing), _) => State::Missing(0),
            (Some(column_type), Some(format)) => {
                State::Typed(Box::new(Typed::new(column_type, format, &rules.words, 0)))
            }
            // The texts decide; they need not be looked at twice.
            _ if rules.numbers.is_some() || rules.dates.is_some() => State::Texts(Box::default()),
            _ => State::Missing(0),
        };
        Self {
            rules,
            state,
            n_rows: 0,
            words: Vec::new(),
            decision: None,
        }
    }

    /// Appends cells of text; else gives the first that cannot be one of the column, and its position.
    pub(crate) fn push_texts<'a>(
        &mut self,
        cells: impl Iterator<Item = &'a [u8]>,
    ) -> Result<(), (usize, &'a [u8], CellError)> {
        let mut cells = cells.enumerate();
        loop {
            let next = match &mut self.state {
                // Most columns: a loop of its own, which knows what the state is.
                State::Typed(typed) if typed.is_plain_number => {
                    let mut n_rows = self.n_rows;
                    let other = loop {
                        let Some((at, cell)) = cells.next() else {
                            break None;
                        };
                        match parse_spelled_number(cell) {
                            Some((value, spelling @ (OTHER | LONG))) => {
                                if typed.spellings.keeps_text(spelling) || value.is_infinite() {
                                    typed.push_with_text(n_rows, value, cell, spelling);
                                } else {
                                    typed.push(value + 0.0, CANONICAL);
                                }
                            }
                            Some((value, spelling)) => typed.push(value + 0.0, spelling),
                            None => break Some((at, cell)),
                        }
                        n_rows += 1;
                    };
                    self.n_rows = n_rows;
                    other
                }
                _ => cells.next(),
            };
            let Some((at, cell)) = next else {
                return Ok(());
            };
            self.push_bytes(cell).map_err(|error| (at, cell, error))?;
        }
    }

    /// Appends a cell of text.
    pub(crate) fn push_bytes(&mut self, bytes: &[u8]) -> Result<(), CellError> {
        let cell = bytes.trim_ascii();
        if cell.is_empty() {
            self.push_missing();
            return Ok(());
        }
        let text = std::str::from_utf8(cell).map_err(|_| NotUtf8)?;
        if let State::Missing(n_missing) = self.state {
            if self.rules.words.contains(cell) {
                self.push_word(text);
                return Ok(());
            }
            self.begin(text, n_missing);
        }
        let row = self.n_rows;
        match &mut self.state {
            State::Typed(typed) => match typed.read(row, text, &self.rules.words) {
                Read::Value => {}
                Read::Word => {
                    self.push_word(text);
                    return Ok(());
                }
                Read::Odd { counts } => match self.coerce(text) {
                    Some(value) => self.push_value(value),
                    None => self.push_odd(text, counts)?,
                },
            },
            State::Texts(texts) => {
                if texts.push_text(text) {
                    self.n_rows += 1;
                    self.after_new_text();
                    return Ok(());
                }
            }
            State::Missing(count) => *count += 1,
            State::Unreadable(_) => {}
        }
        self.n_rows += 1;
        Ok(())
    }

    /// Looks at the texts from time to time, in case that they are numbers after all.
    fn after_new_text(&mut self) {
        if let State::Texts(texts) = &self.state
            && texts.keys.len() >= MIN_TEXTS
            && texts.keys.len().is_power_of_two()
        {
            self.hold_as_numbers();
        }
    }

    /// The number for a text of another type where the type is given: `true` is 1.
    fn coerce(&self, text: &str) -> Option<f64> {
        let State::Typed(typed) = &self.state else {
            return None;
        };
        let given = self.rules.column_type.is_some() && self.rules.format.is_some();
        let boolean = parse_boolean(text.as_bytes())?.0;
        (given && typed.column_type == ColumnType::Number).then(|| f64::from(u8::from(boolean)))
    }

    fn push_value(&mut self, value: f64) {
        if let State::Typed(typed) = &mut self.state {
            typed.push(value, CANONICAL);
        }
    }

    /// Appends a cell that is not of the column's type; the row is not yet counted.
    fn push_odd(&mut self, text: &str, counts: bool) -> Result<(), CellError> {
        let row = self.n_rows;
        let given = self.rules.format.is_some();
        let State::Typed(typed) = &mut self.state else {
            return Ok(());
        };
        typed.push_odd(row, text, counts);
        let many = typed.n_odd > MAX_ODD_READ && typed.n_odd * 2 > row as u64;
        if given && counts && many {
            let expected = typed.column_type.expected();
            return Err(CellError::WrongType { expected });
        }
        if !given && typed.odd.len() > MAX_ODD_HELD && typed.n_odd * 10 > row as u64 {
            self.hold_as_texts();
        }
        Ok(())
    }

    /// Appends a cell without a value.
    pub(crate) fn push_missing(&mut self) {
        match &mut self.state {
            State::Missing(count) => *count += 1,
            State::Typed(typed) => typed.push_missing(),
            State::Texts(texts) => texts.push(MISSING_CODE),
            State::Unreadable(_) => {}
        }
        self.n_rows += 1;
    }

    /// Appends a word for a missing value.
    fn push_word(&mut self, word: &str) {
        count_word(&mut self.words, word, 1);
        self.push_missing();
    }

    /// Appends a cell that is not text.
    pub(crate) fn push_scalar(&mut self, scalar: Scalar<'_>) -> Result<(), CellError> {
        let rules = Arc::clone(&self.rules);
        let (column_type, value) = match scalar {
            Scalar::Missing => {
                self.push_missing();
                return Ok(());
            }
            Scalar::Text(text) => return self.push_bytes(text.as_bytes()),
            Scalar::Number(value) if rules.words.contains_number(value) => {
                self.push_word(&scalar.key().unwrap_or_default());
                return Ok(());
            }
            Scalar::Boolean(value) => (ColumnType::Boolean, f64::from(u8::from(value))),
            Scalar::Number(value) => (ColumnType::Number, value),
            Scalar::DateTime(value) => (ColumnType::DateTime, value),
        };
        if let State::Missing(n_missing) = self.state {
            let typed = Typed::new(column_type, CellFormat::Plain, &rules.words, n_missing);
            self.state = State::Typed(Box::new(typed));
        }
        match &mut self.state {
            State::Typed(typed) => {
                let stored = stored_value(column_type, value, typed.column_type, typed.format)
                    .filter(|_| typed.column_type == column_type || rules.format.is_some());
                match stored {
                    Some(value) => {
                        typed.n_infinite += u64::from(value.is_infinite());
                        typed.push(value, CANONICAL);
                    }
                    None => self.push_odd(&scalar.key().unwrap_or_default(), true)?,
                }
            }
            State::Texts(texts) => {
                texts.push_text(&scalar.key().unwrap_or_default());
            }
            State::Missing(_) | State::Unreadable(_) => {}
        }
        self.n_rows += 1;
        Ok(())
    }

    /// The cells are of a type that cannot be read: all of them are missing.
    #[cfg(feature = "arrow")]
    pub(crate) fn set_unreadable(&mut self, type_name: &str) {
        self.state = State::Unreadable(type_name.to_owned());
    }

    /// Holds cells in the way that suits the first present one, after `n_missing` others.
    fn begin(&mut self, text: &str, n_missing: usize) {
        let bytes = text.as_bytes();
        let column_type =
            if parse_spelled_number(bytes).is_some() || parse_infinity(bytes).is_some() {
                Some(ColumnType::Number)
            } else if parse_date_time(bytes).is_some() {
                Some(ColumnType::DateTime)
            } else {
                parse_boolean(bytes).map(|_| ColumnType::Boolean)
            };
        self.state = match column_type {
            Some(column_type) => State::Typed(Box::new(Typed::new(
                column_type,
                CellFormat::Plain,
                &self.rules.words,
                n_missing,
            ))),
            None => {
                let mut texts = Box::<Texts>::default();
                (0..n_missing).for_each(|_| texts.push(MISSING_CODE));
                State::Texts(texts)
            }
        };
    }

    fn hold_as_texts(&mut self) {
        let state = std::mem::replace(&mut self.state, State::Missing(0));
        self.state = match state {
            State::Typed(typed) => State::Texts(Box::new(typed.into_texts())),
            other => other,
        };
    }

    /// Holds texts as plain numbers, if nine of ten are.
    fn hold_as_numbers(&mut self) {
        let State::Texts(texts) = &self.state else {
            return;
        };
        if self.rules.column_type == Some(ColumnType::Category)
            || self.rules.numbers.is_some()
            || self.rules.dates.is_some()
        {
            return;
        }
        let n = texts.keys.len();
        let number = |code: &u32| {
            let text = texts.keys.get(*code);
            parse_spelled_number(text.as_bytes()).is_some()
        };
        if (0..n as u32).filter(number).count() * 10 < n * 9 {
            return;
        }
        let State::Texts(texts) = std::mem::replace(&mut self.state, State::Missing(0)) else {
            return;
        };
        let codes = texts.finish();
        let mut typed = Typed::new(ColumnType::Number, CellFormat::Plain, &self.rules.words, 0);
        for row in 0..self.n_rows {
            let Some(text) = codes.text(row) else {
                typed.push_missing();
                continue;
            };
            match typed.read(row, text, &self.rules.words) {
                Read::Value => {}
                Read::Word => {
                    count_word(&mut self.words, text, 1);
                    typed.push_missing();
                }
                Read::Odd { counts } => typed.push_odd(row, text, counts),
            }
        }
        self.state = State::Typed(Box::new(typed));
    }

    /// Decides what the column is, with what other columns say; gives what this one says.
    pub(crate) fn decide(&mut self, hints: Hints) -> Hints {
        let given = self.rules.column_type.zip(self.rules.format);
        let plain = |column_type, format| Decision {
            column_type,
            format,
            doubt: None,
            hints: Hints::default(),
        };
        if let State::Typed(typed) = &self.state {
            if let Some((column_type, format)) = given {
                self.decision = Some(plain(column_type, format));
                return Hints::default();
            }
            if typed.is_settled(&self.rules, self.n_rows, hints) {
                self.decision = Some(plain(typed.column_type, CellFormat::Plain));
                return Hints::default();
            }
            self.hold_as_texts();
        }
        let decision = match &self.state {
            State::Texts(_) if self.rules.column_type == Some(ColumnType::Category) => {
                plain(ColumnType::Category, CellFormat::Plain)
            }
            State::Texts(texts) => {
                let counts = texts.counts();
                decide(texts.keys.dictionary(), &counts, &self.rules, hints)
            }
            State::Unreadable(type_name) => Decision {
                doubt: Some(Doubt::Unreadable {
                    type_name: type_name.clone(),
                }),
                ..plain(ColumnType::Missing, CellFormat::Plain)
            },
            State::Missing(_) | State::Typed(_) => plain(ColumnType::Missing, CellFormat::Plain),
        };
        let says = decision.hints;
        self.decision = Some(decision);
        says
    }

    /// The finished column, whose rows are those of `origin`.
    pub(crate) fn finish(mut self, name: String, origin: &Origin) -> Column {
        if self.decision.is_none() {
            self.decide(Hints::default());
        }
        let Some(decision) = self.decision else {
            return Column::without_values(name, self.n_rows);
        };
        let mut reading = Reading {
            format: decision.format,
            missing: self.rules.words.clone(),
            doubt: decision.doubt,
            missing_words: self.words,
            ..Reading::default()
        };
        let column_type = decision.column_type;
        let odd_cell = |row: usize, text: &str| {
            let at = origin.location(row);
            OddCell {
                file: (!origin.parts.is_empty()).then_some(at.file),
                row: at.row,
                line: at.line,
                text: text.chars().take(MAX_SHOWN).collect(),
            }
        };
        let (column_type, cells) = match self.state {
            State::Missing(_) | State::Unreadable(_) => (ColumnType::Missing, Cells::Missing),
            State::Typed(typed) => {
                reading.odd = typed.n_odd;
                reading.infinite = typed.n_infinite;
                let texts = typed.odd_texts.into_dictionary();
                let mut seen = Vec::new();
                for (row, code) in typed.odd {
                    let text = texts.get(code);
                    if self.rules.words.contains_among_numbers(text.as_bytes()) {
                        count_word(&mut reading.missing_words, text, 1);
                    } else if seen.len() < MAX_EXAMPLES && !seen.contains(&code) {
                        seen.push(code);
                        reading.odd_examples.push(odd_cell(row as usize, text));
                    }
                }
                let written = Written::Spellings(typed.spellings.finish());
                (column_type, Cells::Numbers(typed.numbers.finish(), written))
            }
            State::Texts(texts) => {
                let counts = texts.counts();
                let codes = texts.finish();
                if let Some(Doubt::Mixed { example, .. }) = &mut reading.doubt {
                    let is_it = |row: &usize| codes.text(*row) == Some(&*example.text);
                    if let Some(row) = (0..self.n_rows).find(is_it) {
                        *example = odd_cell(row, &example.text);
                    }
                }
                if column_type == ColumnType::Category {
                    let words = |text: &str| self.rules.words.contains(text.as_bytes());
                    let (codes, found) = without_words(codes, &counts, words);
                    for (word, count) in found {
                        count_word(&mut reading.missing_words, &word, count);
                    }
                    (column_type, Cells::Codes(codes))
                } else {
                    let numbers = numbers_of_texts(
                        &codes,
                        &counts,
                        &self.rules,
                        (column_type, decision.format),
                        &mut reading,
                        odd_cell,
                    );
                    (column_type, Cells::Numbers(numbers, Written::Texts(codes)))
                }
            }
        };
        reading.missing_words.sort();
        if self.rules.is_index {
            reading.doubt = Some(Doubt::Index);
        }
        Column::new(name, column_type, self.n_rows, cells, reading)
    }
}

/// Characters of a cell that are remembered as an example.
const MAX_SHOWN: usize = 80;

/// Different words that are counted; their number is that of the spellings of few words.
const MAX_WORDS: usize = 64;

fn count_word(words: &mut Vec<(String, u64)>, word: &str, count: u64) {
    let n_words = words.len();
    match words.iter_mut().find(|(known, _)| known == word) {
        Some((_, counted)) => *counted += count,
        None if n_words < MAX_WORDS => words.push((word.to_owned(), count)),
        None => {}
    }
}

/// The texts without the words for missing values, and those words with their counts.
fn without_words(
    mut codes: Codes,
    counts: &[u64],
    is_word: impl Fn(&str) -> bool,
) -> (Codes, Vec<(String, u64)>) {
    let mut dictionary = Dictionary::default();
    let mut words = Vec::new();
    let mut new_code = Vec::with_capacity(counts.len());
    for (code, &count) in (0_u32..).zip(counts) {
        let text = codes.dictionary.get(code);
        if is_word(text) {
            words.push((text.to_owned(), count));
            new_code.push(MISSING_CODE);
        } else {
            new_code.push(dictionary.len() as u32);
            dictionary.push(text);
        }
    }
    if words.is_empty() {
        return (codes, words);
    }
    for code in codes.chunks.iter_mut().flat_map(|chunk| chunk.iter_mut()) {
        if *code != MISSING_CODE {
            *code = new_code[*code as usize];
        }
    }
    codes.dictionary = dictionary;
    (codes, words)
}

/// The stored numbers of texts of this type and format; notes what is not of them.
fn numbers_of_texts(
    codes: &Codes,
    counts: &[u64],
    rules: &ColumnRules,
    (column_type, format): (ColumnType, CellFormat),
    reading: &mut Reading,
    odd_cell: impl Fn(usize, &str) -> OddCell,
) -> Vec<NumberChunk> {
    let mut values = Vec::with_capacity(counts.len());
    let mut is_odd = vec![false; counts.len()];
    for (code, &count) in (0_u32..).zip(counts) {
        let text = codes.dictionary.get(code);
        let value = value_of(text, column_type, format).filter(|&value| {
            !(rules.words.contains(text.as_bytes()) || rules.words.contains_number(value))
        });
        if value.is_none() {
            if rules.words.contains_among_numbers(text.as_bytes())
                || value_of(text, column_type, format).is_some()
            {
                count_word(&mut reading.missing_words, text, count);
            } else {
                is_odd[code as usize] = true;
                reading.odd += count;
            }
        }
        let value = value.map_or(f64::NAN, |value| value + 0.0);
        reading.infinite += if value.is_infinite() { count } else { 0 };
        values.push(value);
    }
    let mut seen = Vec::new();
    let mut numbers = Numbers::default();
    let mut row = 0;
    for chunk in &codes.chunks {
        for &code in chunk {
            numbers.push(match code {
                MISSING_CODE => f64::NAN,
                code => values[code as usize],
            });
            if code != MISSING_CODE
                && is_odd[code as usize]
                && seen.len() < MAX_EXAMPLES
                && !seen.contains(&code)
            {
                seen.push(code);
                reading
                    .odd_examples
                    .push(odd_cell(row, codes.dictionary.get(code)));
            }
            row += 1;
        }
    }
    numbers.finish()
}

impl Column {
    /// A column of cells that are in memory, read as those of a file are: its type is the one that its
    /// cells have, numbers, booleans or times, else categories.
    #[must_use]
    pub fn from_scalars<'a>(
        name: impl Into<String>,
        scalars: impl IntoIterator<Item = Scalar<'a>>,
    ) -> Self {
        let mut builder = ColumnBuilder::new(Arc::default());
        for scalar in scalars {
            // Only a type that was given can be missed.
            let pushed = builder.push_scalar(scalar);
            debug_assert!(pushed.is_ok(), "{pushed:?}");
        }
        builder.finish(name.into(), &Origin::default())
    }

    /// The cells as another type, or the first row whose cell does not have it.
    pub(crate) fn cast(
        &self,
        column_type: ColumnType,
        format: CellFormat,
    ) -> Result<Cow<'_, Self>, usize> {
        if column_type == self.column_type() {
            return Ok(Cow::Borrowed(self));
        }
        let numbers = self.column_type() != ColumnType::Category;
        let mut builder = ColumnBuilder::new(Arc::new(ColumnRules {
            column_type: Some(column_type),
            format: Some(format),
            // What is missing is decided already.
            words: MissingWords::only(Vec::new()),
            ..ColumnRules::default()
        }));
        for row in 0..self.n_rows() {
            if self.is_missing(row) {
                builder.push_missing();
                continue;
            }
            if column_type == ColumnType::Category || !numbers {
                let text = self.key(row).unwrap_or_default();
                builder.push_bytes(text.as_bytes()).map_err(|_| row)?;
            } else {
                builder.push_scalar(self.scalar(row)).map_err(|_| row)?;
            }
            if builder.has_odd() {
                return Err(row);
            }
        }
        Ok(Cow::Owned(
            builder.finish(self.name().to_owned(), &Origin::default()),
        ))
    }
}

impl ColumnBuilder {
    fn has_odd(&self) -> bool {
        matches!(&self.state, State::Typed(typed) if !typed.odd.is_empty())
    }
}

#[cfg(test)]
mod tests;
