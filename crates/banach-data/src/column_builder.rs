//! Finds the type of a column while its cells come in.
//!
//! The type is that of all present cells: booleans, numbers or times. Any text, and any mixture of
//! types, makes the column a category; what was held as numbers until then becomes canonical text.
//! The result does not depend on where batches end.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::column::{
    CHUNK_ROWS, Cells, Column, ColumnType, MISSING_CODE, NumberChunk, number_scalar,
};
use crate::dictionary::Interner;
use crate::scalar::{NotUtf8, Scalar, parse_number};

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

#[derive(Debug, Default)]
struct Numbers {
    chunks: Vec<NumberChunk>,
    open: Vec<f64>,
}

impl Numbers {
    #[inline]
    fn push(&mut self, value: f64) {
        self.open.push(value);
        if self.open.len() == CHUNK_ROWS {
            self.seal();
        }
    }

    fn seal(&mut self) {
        self.chunks.push(NumberChunk::new(&self.open));
        self.open.clear();
    }

    fn finish(mut self) -> Vec<NumberChunk> {
        if !self.open.is_empty() {
            self.seal();
        }
        self.chunks
    }
}

#[derive(Debug, Default)]
struct Categories {
    chunks: Vec<Box<[u32]>>,
    open: Vec<u32>,
    keys: Interner,
    /// Spellings other than the canonical one, so that each is parsed once.
    aliases: Interner,
    alias_codes: Vec<u32>,
}

impl Categories {
    fn push(&mut self, code: u32) {
        self.open.push(code);
        if self.open.len() == CHUNK_ROWS {
            self.chunks.push(self.open.as_slice().into());
            self.open.clear();
        }
    }

    fn push_scalar(&mut self, scalar: Scalar<'_>) {
        let code = match scalar.key() {
            None => MISSING_CODE,
            Some(key) => self.keys.intern(&key),
        };
        self.push(code);
    }

    fn push_bytes(&mut self, bytes: &[u8]) -> Result<(), NotUtf8> {
        let text = std::str::from_utf8(bytes.trim_ascii()).map_err(|_| NotUtf8)?;
        let known = self.keys.find(text).or_else(|| {
            let alias = self.aliases.find(text)?;
            Some(self.alias_codes[alias as usize])
        });
        let code = match known {
            Some(code) => code,
            None => {
                let key = Scalar::parse(text).key();
                let code = key
                    .as_deref()
                    .map_or(MISSING_CODE, |key| self.keys.intern(key));
                if key.as_deref() != Some(text) {
                    self.aliases.intern(text);
                    self.alias_codes.push(code);
                }
                code
            }
        };
        self.push(code);
        Ok(())
    }

    /// The categories that stored numbers of a type become.
    fn from_numbers(column_type: ColumnType, numbers: Numbers) -> Self {
        let mut categories = Self::default();
        let mut codes: HashMap<u64, u32> = HashMap::new();
        for chunk in numbers.finish() {
            chunk.for_each(|_, value| {
                let code = if value.is_nan() {
                    MISSING_CODE
                } else {
                    let keys = &mut categories.keys;
                    *codes.entry(value.to_bits()).or_insert_with(|| {
                        let key = number_scalar(column_type, value).key();
                        key.map_or(MISSING_CODE, |key| keys.intern(&key))
                    })
                };
                categories.push(code);
            });
        }
        categories
    }
}

#[derive(Debug)]
enum State {
    /// Only missing cells so far, this many.
    Missing(usize),
    Numbers(ColumnType, Numbers),
    Categories(Box<Categories>),
}

/// A column in the making.
#[derive(Debug)]
pub(crate) struct ColumnBuilder {
    state: State,
    /// The type is given, not found.
    forced: bool,
    n_rows: usize,
}

impl ColumnBuilder {
    /// A column of the given type, or of the type that its cells have.
    pub(crate) fn new(column_type: Option<ColumnType>) -> Self {
        let (state, forced) = match column_type {
            None | Some(ColumnType::Missing) => (State::Missing(0), false),
            Some(ColumnType::Category) => (State::Categories(Box::default()), true),
            Some(other) => (State::Numbers(other, Numbers::default()), true),
        };
        Self {
            state,
            forced,
            n_rows: 0,
        }
    }

    /// Appends a cell of text.
    #[inline]
    pub(crate) fn push_bytes(&mut self, bytes: &[u8]) -> Result<(), CellError> {
        match &mut self.state {
            State::Numbers(ColumnType::Number, numbers) => {
                if let Some(value) = parse_number(bytes)
                    && value.is_finite()
                {
                    self.n_rows += 1;
                    numbers.push(value + 0.0);
                    return Ok(());
                }
            }
            State::Categories(categories) => {
                categories.push_bytes(bytes)?;
                self.n_rows += 1;
                return Ok(());
            }
            _ => {}
        }
        self.push_scalar(Scalar::parse_bytes(bytes)?)
    }

    /// Appends a cell. Text must be canonical: neither a number, a boolean nor a time.
    pub(crate) fn push_scalar(&mut self, scalar: Scalar<'_>) -> Result<(), CellError> {
        if scalar == Scalar::Missing {
            match &mut self.state {
                State::Missing(count) => *count += 1,
                State::Numbers(_, numbers) => numbers.push(f64::NAN),
                State::Categories(categories) => categories.push(MISSING_CODE),
            }
            self.n_rows += 1;
            return Ok(());
        }
        let found = typed_number(scalar);
        if let State::Missing(count) = self.state {
            self.begin(found.map(|(column_type, _)| column_type), count);
        }
        if let State::Numbers(column_type, numbers) = &mut self.state {
            let value = match found {
                Some((found, value)) if found == *column_type => Some(value),
                Some((found, value)) if self.forced => coerce(found, value, *column_type),
                _ => None,
            };
            match value {
                Some(value) => {
                    numbers.push(value);
                    self.n_rows += 1;
                    return Ok(());
                }
                None if self.forced => {
                    let expected = column_type.expected();
                    return Err(CellError::WrongType { expected });
                }
                None => {
                    let (column_type, numbers) = (*column_type, std::mem::take(numbers));
                    let categories = Categories::from_numbers(column_type, numbers);
                    self.state = State::Categories(Box::new(categories));
                }
            }
        }
        if let State::Categories(categories) = &mut self.state {
            categories.push_scalar(scalar);
        }
        self.n_rows += 1;
        Ok(())
    }

    /// Takes the type of the first present cell (a category for `None`) after `missing` others.
    fn begin(&mut self, column_type: Option<ColumnType>, missing: usize) {
        self.state = match column_type {
            Some(column_type) => {
                let mut numbers = Numbers::default();
                (0..missing).for_each(|_| numbers.push(f64::NAN));
                State::Numbers(column_type, numbers)
            }
            None => {
                let mut categories = Box::<Categories>::default();
                (0..missing).for_each(|_| categories.push(MISSING_CODE));
                State::Categories(categories)
            }
        };
    }

    /// The finished column.
    pub(crate) fn finish(self, name: String) -> Column {
        let (column_type, cells) = match self.state {
            State::Missing(_) => (ColumnType::Missing, Cells::Missing),
            State::Numbers(column_type, numbers) => (column_type, Cells::Numbers(numbers.finish())),
            State::Categories(mut categories) => {
                if !categories.open.is_empty() {
                    categories.chunks.push(categories.open.into());
                }
                let cells = Cells::Codes {
                    chunks: categories.chunks,
                    dictionary: categories.keys.into_dictionary(),
                };
                (ColumnType::Category, cells)
            }
        };
        Column::new(name, column_type, self.n_rows, cells)
    }
}

impl Column {
    /// A column of cells that are in memory. Its type is the one that all present cells have: numbers,
    /// booleans or times, else categories. Cells have their [canonical](Scalar::canonical) meaning.
    #[must_use]
    pub fn from_scalars<'a>(
        name: impl Into<String>,
        scalars: impl IntoIterator<Item = Scalar<'a>>,
    ) -> Self {
        let mut builder = ColumnBuilder::new(None);
        for scalar in scalars {
            // Only a type that was given can be missed.
            let pushed = builder.push_scalar(scalar.canonical());
            debug_assert!(pushed.is_ok(), "{pushed:?}");
        }
        builder.finish(name.into())
    }

    /// The cells as another type, or the first row whose cell does not have it.
    pub(crate) fn cast(&self, column_type: ColumnType) -> Result<Cow<'_, Self>, usize> {
        if column_type == self.column_type() {
            return Ok(Cow::Borrowed(self));
        }
        let mut builder = ColumnBuilder::new(Some(column_type));
        for row in 0..self.n_rows() {
            let scalar = self.scalar(row).canonical();
            builder.push_scalar(scalar).map_err(|_| row)?;
        }
        Ok(Cow::Owned(builder.finish(self.name().to_owned())))
    }
}

/// The type of a present cell and the number that is stored for it; `None` for text.
fn typed_number(scalar: Scalar<'_>) -> Option<(ColumnType, f64)> {
    match scalar {
        Scalar::Boolean(value) => Some((ColumnType::Boolean, f64::from(u8::from(value)))),
        Scalar::Number(value) => Some((ColumnType::Number, value)),
        Scalar::DateTime(value) => Some((ColumnType::DateTime, value)),
        Scalar::Missing | Scalar::Text(_) => None,
    }
}

/// The number stored for a cell of a column of this type of numbers, NaN when it is missing; `None`
/// when the cell does not have the type.
pub(crate) fn stored_number(scalar: Scalar<'_>, column_type: ColumnType) -> Option<f64> {
    match typed_number(scalar) {
        _ if scalar == Scalar::Missing => Some(f64::NAN),
        Some((found, value)) if found == column_type => Some(value),
        Some((found, value)) => coerce(found, value, column_type),
        None => None,
    }
}

/// A value of one type in a column of another: 0 and 1 are booleans, booleans are numbers.
fn coerce(found: ColumnType, value: f64, wanted: ColumnType) -> Option<f64> {
    match (found, wanted) {
        (ColumnType::Boolean, ColumnType::Number) => Some(value),
        (ColumnType::Number, ColumnType::Boolean) if value == 0.0 || value == 1.0 => Some(value),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(forced: Option<ColumnType>, cells: &[&str]) -> Result<Column, CellError> {
        let mut builder = ColumnBuilder::new(forced);
        for cell in cells {
            builder.push_bytes(cell.as_bytes())?;
        }
        Ok(builder.finish("x".to_owned()))
    }

    fn keys(column: &Column) -> Vec<Option<String>> {
        (0..column.n_rows())
            .map(|row| column.key(row).map(|key| key.into_owned()))
            .collect()
    }

    #[test]
    fn the_type_is_that_of_all_present_cells() {
        use ColumnType::{Boolean, Category, DateTime, Missing, Number};
        let cases: &[(&[&str], ColumnType)] = &[
            (&["", "NA", "?"], Missing),
            (&["", "1", " 2.5 ", "NaN"], Number),
            (&["true", "", "False"], Boolean),
            (&["2020-01-01", "", "2020-01-01T10:00"], DateTime),
            (&["a", "1", ""], Category),
            (&["1", "true"], Category),
            (&["1", "2020-01-01"], Category),
            (&["", "x"], Category),
        ];
        for (cells, expected) in cases {
            let column = column(None, cells).unwrap();
            assert_eq!(column.column_type(), *expected, "{cells:?}");
            assert_eq!(column.n_rows(), cells.len());
        }
    }

    #[test]
    fn a_mixture_holds_canonical_text() {
        let column = column(
            None,
            &["1.0", "", "TRUE", "2020-01-01T00:00", " b ", "1", "nan"],
        );
        let expected = ["1", "", "true", "2020-01-01", "b", "1", ""];
        let expected: Vec<Option<String>> = expected
            .iter()
            .map(|key| (!key.is_empty()).then(|| (*key).to_owned()))
            .collect();
        assert_eq!(keys(&column.unwrap()), expected);
    }

    #[test]
    fn a_forced_type_coerces_or_refuses() {
        use ColumnType::{Boolean, Category, DateTime, Number};
        let ok = |forced, cells: &[&str]| column(Some(forced), cells).is_ok();
        assert!(ok(Number, &["1", "", "true"]));
        assert!(!ok(Number, &["1", "x"]));
        assert!(!ok(Number, &["2020-01-01"]));
        assert!(ok(Boolean, &["true", "0", "1.0"]));
        assert!(!ok(Boolean, &["2"]));
        assert!(ok(DateTime, &["2020-01-01", "NA"]));
        assert!(!ok(DateTime, &["3"]));
        let category = column(Some(Category), &["1.0", "x", "1", "NA"]).unwrap();
        assert_eq!(
            keys(&category),
            [Some("1".into()), Some("x".into()), Some("1".into()), None]
        );
    }

    #[test]
    fn late_text_converts_many_numbers() {
        let mut builder = ColumnBuilder::new(None);
        for row in 0..(2 * CHUNK_ROWS + 5) {
            builder
                .push_bytes((row % 7).to_string().as_bytes())
                .unwrap();
        }
        builder.push_bytes(b"end").unwrap();
        let column = builder.finish("x".to_owned());
        assert_eq!(column.column_type(), ColumnType::Category);
        assert_eq!(
            column.key(2 * CHUNK_ROWS + 4).as_deref(),
            Some(&*((2 * CHUNK_ROWS + 4) % 7).to_string())
        );
        assert_eq!(column.key(2 * CHUNK_ROWS + 5).as_deref(), Some("end"));
    }

    #[test]
    fn numbers_keep_their_bits_in_either_width() {
        for values in [&[0.5, 1.0, -3.25][..], &[0.1, 1e300, -7.0]] {
            let mut builder = ColumnBuilder::new(None);
            for &value in values {
                builder.push_scalar(Scalar::Number(value)).unwrap();
            }
            let column = builder.finish("x".to_owned());
            for (row, value) in values.iter().enumerate() {
                assert_eq!(column.number(row).map(f64::to_bits), Some(value.to_bits()));
            }
        }
    }
}
