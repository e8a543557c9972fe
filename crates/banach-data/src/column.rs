//! A typed column: what the cells of one column of a table mean.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::dictionary::Dictionary;
use crate::output::OutputValues;
use crate::reading::{ReadColumn, Reading};
use crate::scalar::Scalar;
use crate::spelling::{self, Spellings};

/// Rows in one piece of a column. Columns are stored, encoded and freed piece by piece.
pub(crate) const CHUNK_ROWS: usize = 8192;

/// The code of a missing category inside a column.
pub(crate) const MISSING_CODE: u32 = u32::MAX;

/// What all present cells of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ColumnType {
    /// No cell has a value.
    Missing,
    /// True or false.
    Boolean,
    /// Numbers.
    Number,
    /// Points in time, seconds since 1970 UTC.
    DateTime,
    /// Text, or a mixture of types; known by its own text.
    Category,
}

impl ColumnType {
    /// What a cell must be, with its article, for messages.
    pub(crate) fn expected(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Boolean => "a boolean (true, false, 1 or 0)",
            Self::Number => "a number",
            Self::DateTime => "a date or time",
            Self::Category => "a category",
        }
    }
}

impl ColumnType {
    /// What several cells are, for messages.
    pub(crate) fn plural(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Boolean => "booleans",
            Self::Number => "numbers",
            Self::DateTime => "dates or times",
            Self::Category => "categories",
        }
    }
}

impl std::fmt::Display for ColumnType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Missing => "missing",
            Self::Boolean => "boolean",
            Self::Number => "number",
            Self::DateTime => "date-time",
            Self::Category => "category",
        })
    }
}

/// A piece of a column of numbers; NaN is a missing cell.
///
/// 32 bits are enough where every number of the piece is one of 32 bits exactly.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum NumberChunk {
    F32(Box<[f32]>),
    F64(Box<[f64]>),
}

impl NumberChunk {
    pub(crate) fn new(values: &[f64]) -> Self {
        let short = |&value: &f64| value.is_nan() || f64::from(value as f32) == value;
        if values.iter().all(short) {
            Self::F32(values.iter().map(|&value| value as f32).collect())
        } else {
            Self::F64(values.into())
        }
    }

    pub(crate) fn get(&self, at: usize) -> f64 {
        match self {
            Self::F32(values) => f64::from(values[at]),
            Self::F64(values) => values[at],
        }
    }

    /// Calls `each` with every position in the piece and its number, NaN where missing.
    pub(crate) fn for_each(&self, mut each: impl FnMut(usize, f64)) {
        match self {
            Self::F32(values) => values
                .iter()
                .enumerate()
                .for_each(|(at, &value)| each(at, f64::from(value))),
            Self::F64(values) => values
                .iter()
                .enumerate()
                .for_each(|(at, &value)| each(at, value)),
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cells {
    /// Every cell is missing.
    Missing,
    /// Numbers, seconds, or 0 and 1, and how they are written.
    Numbers(Vec<NumberChunk>, Written),
    /// Codes of a dictionary, or [`MISSING_CODE`].
    Codes(Codes),
}

/// Texts by code.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Codes {
    pub(crate) chunks: Vec<Box<[u32]>>,
    pub(crate) dictionary: Dictionary,
}

impl Codes {
    pub(crate) fn get(&self, row: usize) -> u32 {
        self.chunks[row / CHUNK_ROWS][row % CHUNK_ROWS]
    }

    pub(crate) fn text(&self, row: usize) -> Option<&str> {
        match self.get(row) {
            MISSING_CODE => None,
            code => Some(self.dictionary.get(code)),
        }
    }
}

/// The own texts of stored numbers.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Written {
    Spellings(Spellings),
    Texts(Codes),
}

/// One column: a name, a type for all of its cells, and the cells.
#[derive(Debug, Clone)]
pub struct Column {
    name: String,
    column_type: ColumnType,
    n_rows: usize,
    cells: Cells,
    reading: Box<Reading>,
}

/// Equal columns have equal values; how numbers are written does not count.
impl PartialEq for Column {
    fn eq(&self, other: &Self) -> bool {
        let values = match (&self.cells, &other.cells) {
            (Cells::Numbers(ours, _), Cells::Numbers(theirs, _)) => ours == theirs,
            (ours, theirs) => ours == theirs,
        };
        values
            && self.name == other.name
            && self.column_type == other.column_type
            && self.n_rows == other.n_rows
    }
}

impl Column {
    pub(crate) fn new(
        name: String,
        column_type: ColumnType,
        n_rows: usize,
        cells: Cells,
        reading: Reading,
    ) -> Self {
        Self {
            name,
            column_type,
            n_rows,
            cells,
            reading: Box::new(reading),
        }
    }

    /// A column whose cells are all missing, such as one that was not read.
    pub(crate) fn without_values(name: String, n_rows: usize) -> Self {
        Self::new(
            name,
            ColumnType::Missing,
            n_rows,
            Cells::Missing,
            Reading::default(),
        )
    }

    /// How the cells were read, and what was lost on the way.
    #[must_use]
    pub fn reading(&self) -> &Reading {
        &self.reading
    }

    /// The column with how it was read, for people.
    #[must_use]
    pub fn read_as(&self) -> ReadColumn<'_> {
        ReadColumn {
            name: &self.name,
            column_type: self.column_type,
            reading: &self.reading,
        }
    }

    /// The name in the header, without surrounding blanks.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the present cells are.
    #[must_use]
    pub fn column_type(&self) -> ColumnType {
        self.column_type
    }

    /// Number of rows.
    #[must_use]
    pub fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// The cell of a row, counted from 0.
    ///
    /// # Panics
    /// When `row` is not below the number of rows.
    #[must_use]
    pub fn scalar(&self, row: usize) -> Scalar<'_> {
        assert!(row < self.n_rows, "row {row} of {}", self.n_rows);
        match &self.cells {
            Cells::Missing => Scalar::Missing,
            Cells::Numbers(chunks, _) => number_scalar(
                self.column_type,
                chunks[row / CHUNK_ROWS].get(row % CHUNK_ROWS),
            ),
            Cells::Codes(codes) => codes.text(row).map_or(Scalar::Missing, Scalar::Text),
        }
    }

    /// Whether the cell of a row, counted from 0, is missing.
    #[must_use]
    pub fn is_missing(&self, row: usize) -> bool {
        self.scalar(row) == Scalar::Missing
    }

    /// Number of cells that are not missing.
    #[must_use]
    pub fn n_present(&self) -> usize {
        let mut n = 0;
        match &self.cells {
            Cells::Missing => {}
            Cells::Numbers(chunks, _) => {
                for chunk in chunks {
                    chunk.for_each(|_, value| n += usize::from(!value.is_nan()));
                }
            }
            Cells::Codes(codes) => {
                let all = codes.chunks.iter().flat_map(|chunk| chunk.iter());
                n = all.filter(|&&code| code != MISSING_CODE).count();
            }
        }
        n
    }

    /// The cell of a row as a number: booleans are 0 and 1, times are seconds. `None` when it is
    /// missing or a category.
    #[must_use]
    pub fn number(&self, row: usize) -> Option<f64> {
        match self.scalar(row) {
            Scalar::Boolean(value) => Some(f64::from(u8::from(value))),
            Scalar::Number(value) | Scalar::DateTime(value) => Some(value),
            Scalar::Missing | Scalar::Text(_) => None,
        }
    }

    /// The own text of the cell of a row, as it is written; `None` when missing. Cells that were not text have
    /// the shortest text that reads back as their value.
    #[must_use]
    pub fn key(&self, row: usize) -> Option<Cow<'_, str>> {
        let (value, written) = match &self.cells {
            Cells::Missing => return None,
            Cells::Codes(codes) => return codes.text(row).map(Cow::Borrowed),
            Cells::Numbers(_, written) => (self.stored_number(row), written),
        };
        if value.is_nan() {
            return None;
        }
        match written {
            Written::Texts(codes) => codes.text(row).map(Cow::Borrowed),
            Written::Spellings(spellings) => match spellings.get(row) {
                (_, Some(text)) => Some(Cow::Borrowed(text)),
                (spelling, None) => Some(spelling::text(self.column_type, value, spelling)),
            },
        }
    }

    /// The code of a row of a category column, or [`MISSING_CODE`].
    pub(crate) fn code(&self, row: usize) -> u32 {
        match &self.cells {
            Cells::Codes(codes) => codes.get(row),
            Cells::Missing | Cells::Numbers(..) => MISSING_CODE,
        }
    }

    /// The number of a row of a column of numbers, times or booleans; NaN when missing.
    pub(crate) fn stored_number(&self, row: usize) -> f64 {
        match &self.cells {
            Cells::Numbers(chunks, _) => chunks[row / CHUNK_ROWS].get(row % CHUNK_ROWS),
            Cells::Missing | Cells::Codes(_) => f64::NAN,
        }
    }

    pub(crate) fn cells(&self) -> &Cells {
        &self.cells
    }

    /// Gives back the memory of one piece. Its rows must not be read again.
    pub(crate) fn free_chunk(&mut self, chunk: usize) {
        match &mut self.cells {
            Cells::Missing => {}
            Cells::Numbers(chunks, _) => chunks[chunk] = NumberChunk::F32(Box::default()),
            Cells::Codes(codes) => codes.chunks[chunk] = Box::default(),
        }
    }
}

/// The meaning of a stored number of a column of this type.
pub(crate) fn number_scalar(column_type: ColumnType, value: f64) -> Scalar<'static> {
    if value.is_nan() {
        return Scalar::Missing;
    }
    match column_type {
        ColumnType::Boolean => Scalar::Boolean(value != 0.0),
        ColumnType::DateTime => Scalar::DateTime(value),
        _ => Scalar::Number(value),
    }
}

/// Cells that are passed through as they stand.
#[derive(Debug, Clone, Default)]
pub struct TextColumn {
    cells: Dictionary,
    /// The same cells in the types of the table they come from, if it has types.
    #[cfg(feature = "arrow")]
    arrays: Vec<arrow_array::ArrayRef>,
}

/// Equal columns have equal texts.
impl PartialEq for TextColumn {
    fn eq(&self, other: &Self) -> bool {
        self.cells == other.cells
    }
}

impl TextColumn {
    pub(crate) fn push(&mut self, text: &str) {
        self.cells.push(text);
    }

    /// Appends the cells in their own type, whose texts are pushed as well.
    #[cfg(feature = "arrow")]
    pub(crate) fn push_array(&mut self, array: arrow_array::ArrayRef) {
        self.arrays.push(array);
    }

    /// The text of a row, counted from 0; empty when missing.
    ///
    /// # Panics
    /// When `row` is not below the number of rows.
    #[must_use]
    pub fn get(&self, row: usize) -> &str {
        self.cells.get(row as u32)
    }

    /// Number of rows.
    #[must_use]
    pub fn n_rows(&self) -> usize {
        self.cells.len()
    }

    /// The cells as a writer takes them: in the types of the table they come from, if it has types, else as
    /// text.
    #[must_use]
    pub fn values(&self) -> OutputValues<'_> {
        let texts = (0..self.n_rows()).map(|row| self.get(row)).collect();
        #[cfg(feature = "arrow")]
        if let Some(first) = self.arrays.first()
            && self
                .arrays
                .iter()
                .all(|array| array.data_type() == first.data_type())
        {
            return OutputValues::Arrow(&self.arrays, texts);
        }
        OutputValues::Text(texts)
    }
}
