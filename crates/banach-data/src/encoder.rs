//! Turns typed columns into what a network takes: finite 32-bit numbers and codes of categories.
//!
//! All statistics come from the training rows, in f64. Each number column becomes one scaled number,
//! and another that says "missing" if some training value was missing; booleans are the numbers 0
//! and 1; times become several numbers; each category column becomes one code.

use std::borrow::Cow;
use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use crate::column::{CHUNK_ROWS, Cells, Column, ColumnType, MISSING_CODE};
use crate::error::{DataError, UnknownName};
use crate::features::Features;
use crate::schema::{Field, Schema};
use crate::table::Table;

mod category;
mod date_time;
mod report;
mod scale;
mod select;

use category::CategoryEncoding;
pub use category::UNKNOWN_CODE;
pub(crate) use category::compare_keys;
use date_time::DatePart;
pub use report::{ColumnReport, EncodeReport};
use scale::Scale;
pub use scale::{MAX_Z, Scaling};
pub(crate) use scale::{mean_and_deviation, quantile};
pub use select::{DropReason, Notice};

/// How features are made from columns.
#[derive(Debug, Clone, PartialEq)]
pub struct EncoderOptions {
    /// How numbers are scaled.
    pub scaling: Scaling,
    /// Columns to be taken as categories, and kept whatever they hold.
    pub categorical: Vec<String>,
    /// Columns to be taken as numbers, and kept whatever they hold.
    pub numeric: Vec<String>,
    /// Columns not to be used.
    pub drop: Vec<String>,
    /// Categories in fewer training rows than this are unknown ones. The network then has examples
    /// of unknown categories to learn from.
    pub min_category_count: u64,
}

impl Default for EncoderOptions {
    fn default() -> Self {
        Self {
            scaling: Scaling::default(),
            categorical: Vec::new(),
            numeric: Vec::new(),
            drop: Vec::new(),
            min_category_count: 2,
        }
    }
}

/// What to do with a category that did not occur in training.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum UnknownCategories {
    /// Give it [`UNKNOWN_CODE`] and count it.
    #[default]
    Count,
    /// Fail with [`DataError::UnknownCategory`].
    Refuse,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct NumberEncoding {
    /// Stands in for a missing value.
    median: f64,
    scale: Scale,
    /// Scale of the feature that is 1 for missing values; absent when none was missing in training.
    missing: Option<Scale>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DateTimeEncoding {
    parts: Vec<DatePartEncoding>,
    missing: Option<Scale>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DatePartEncoding {
    part: DatePart,
    median: f64,
    scale: Scale,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Encoding {
    Number(NumberEncoding),
    Boolean(NumberEncoding),
    DateTime(DateTimeEncoding),
    Category(CategoryEncoding),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ColumnEncoder {
    name: String,
    encoding: Encoding,
}

/// A fitted encoder. As JSON it is part of the model file; reading it back gives the same bits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct Encoder {
    /// At least one; no name occurs twice.
    columns: Vec<ColumnEncoder>,
    notices: Vec<Notice>,
}

/// An [`Encoder`] as it is in a model file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unchecked {
    columns: Vec<ColumnEncoder>,
    notices: Vec<Notice>,
}

impl TryFrom<Unchecked> for Encoder {
    type Error = String;

    fn try_from(raw: Unchecked) -> Result<Self, String> {
        if raw.columns.is_empty() {
            return Err("an encoder needs a column".to_owned());
        }
        let mut names = HashSet::new();
        for column in &raw.columns {
            if !names.insert(&column.name) {
                return Err(format!("column {:?} is encoded twice", column.name));
            }
        }
        let (columns, notices) = (raw.columns, raw.notices);
        Ok(Self { columns, notices })
    }
}

/// An input column and the features made from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EncodedColumn {
    /// Name of the column.
    pub name: String,
    /// Type of its cells.
    pub column_type: ColumnType,
    /// Names of its number features, in order.
    pub numbers: Vec<String>,
    /// For a category column, the value of each code; `None` for unknown and missing.
    pub codes: Option<Vec<Option<String>>>,
    /// For a category column, the number of training rows with each code.
    pub counts: Option<Vec<u64>>,
}

impl Encoder {
    /// Fits to the given rows of a table, using the columns named in `features`.
    ///
    /// Columns that say nothing (see [`DropReason`]) are left out with a notice, unless they are
    /// named in the options; when only identifiers are left, they are used.
    ///
    /// # Errors
    /// [`DataError::UnknownColumns`], [`DataError::TwoRoles`], [`DataError::WrongType`] for text in
    /// a column named numeric, [`DataError::NoFeatures`].
    pub fn fit(
        table: &Table,
        rows: &[u32],
        features: &[String],
        options: &EncoderOptions,
    ) -> Result<Self, DataError> {
        check_names(table, features, options)?;
        let mut columns = Vec::new();
        let mut notices = Vec::new();
        let mut identifiers = Vec::new();
        for column in table.columns() {
            let name = column.name();
            let named = |list: &[String]| list.iter().any(|other| other == name);
            if !named(features) || named(&options.drop) {
                continue;
            }
            let wanted = if named(&options.categorical) {
                Some(ColumnType::Category)
            } else if named(&options.numeric) {
                Some(ColumnType::Number)
            } else {
                None
            };
            let reason = match wanted {
                Some(_) => None,
                None => select::reason_to_drop(column, rows),
            };
            if let Some(reason) = reason {
                if reason == DropReason::Identifier {
                    identifiers.push(column);
                }
                notices.push(notice(name, reason));
                continue;
            }
            let wanted = wanted.unwrap_or_else(|| column.column_type());
            let column = cast(table, column, wanted)?;
            let encoder = ColumnEncoder::fit(&column, rows, options);
            if encoder.says_nothing() && !named(&options.categorical) {
                let min_category_count = options.min_category_count;
                notices.push(notice(name, DropReason::Rare { min_category_count }));
            } else {
                columns.push(encoder);
            }
        }
        if columns.is_empty() {
            for column in identifiers {
                let encoder = ColumnEncoder::fit(column, rows, options);
                if !encoder.says_nothing() {
                    notices.retain(|notice| notice.column != column.name());
                    columns.push(encoder);
                }
            }
        }
        if columns.is_empty() {
            let reasons: Vec<String> = notices.iter().map(Notice::to_string).collect();
            return Err(DataError::NoFeatures {
                file: table.file().to_owned(),
                reason: if reasons.is_empty() {
                    "no column is left besides targets and dropped columns".to_owned()
                } else {
                    reasons.join("; ")
                },
            });
        }
        Ok(Self { columns, notices })
    }

    /// Columns that are not used, and why.
    #[must_use]
    pub fn notices(&self) -> &[Notice] {
        &self.notices
    }

    /// The columns that tables for prediction must have.
    #[must_use]
    pub fn schema(&self) -> Schema {
        let fields = self.columns.iter().map(|column| Field {
            name: column.name.clone(),
            column_type: column.column_type(),
        });
        Schema {
            fields: fields.collect(),
        }
    }

    /// Number features of each row.
    #[must_use]
    pub fn n_numbers(&self) -> usize {
        self.columns.iter().map(ColumnEncoder::n_numbers).sum()
    }

    /// Training rows with each code, for each category feature in order. Code 0 is unknown.
    #[must_use]
    pub fn category_counts(&self) -> Vec<&[u64]> {
        let counts = self
            .columns
            .iter()
            .filter_map(|column| match &column.encoding {
                Encoding::Category(category) => Some(category.counts()),
                _ => None,
            });
        counts.collect()
    }

    /// Each input column and the features made from it.
    #[must_use]
    pub fn columns(&self) -> Vec<EncodedColumn> {
        self.columns.iter().map(ColumnEncoder::describe).collect()
    }

    /// Encodes all rows of a table.
    ///
    /// # Errors
    /// [`DataError::MissingColumns`], [`DataError::WrongType`], and with
    /// [`UnknownCategories::Refuse`] also [`DataError::UnknownCategory`].
    pub fn encode(
        &self,
        table: &Table,
        unknown: UnknownCategories,
    ) -> Result<(Features, EncodeReport), DataError> {
        let prepared = self.prepare(table, unknown)?;
        let mut report = self.report();
        let mut features = self.features(table.n_rows());
        for chunk in 0..table.n_chunks() {
            let first = chunk * CHUNK_ROWS;
            let last = (first + CHUNK_ROWS).min(table.n_rows());
            let rows: Vec<u32> = (first as u32..last as u32).collect();
            self.encode_rows(table, &prepared, &rows, &mut features, &mut report);
        }
        report.close();
        Ok((features, report))
    }

    /// Encodes several sets of rows, each in ascending order, and frees the table piece by piece as
    /// it goes, so that table and features are never in memory together.
    ///
    /// # Errors
    /// As [`Encoder::encode`].
    ///
    /// # Panics
    /// When rows are not in ascending order.
    pub fn encode_parts(
        &self,
        mut table: Table,
        parts: &[&[u32]],
    ) -> Result<(Vec<Features>, EncodeReport), DataError> {
        for part in parts {
            assert!(
                part.is_sorted(),
                "rows to encode must be in ascending order"
            );
        }
        let prepared = self.prepare(&table, UnknownCategories::Count)?;
        let mut report = self.report();
        let mut all: Vec<Features> = parts.iter().map(|part| self.features(part.len())).collect();
        let mut rest = parts.to_vec();
        for chunk in 0..table.n_chunks() {
            let end = (chunk + 1) * CHUNK_ROWS;
            for (rest, features) in rest.iter_mut().zip(&mut all) {
                let (rows, later) =
                    rest.split_at(rest.partition_point(|&row| (row as usize) < end));
                self.encode_rows(&table, &prepared, rows, features, &mut report);
                *rest = later;
            }
            table.free_chunk(chunk);
        }
        report.close();
        Ok((all, report))
    }

    fn features(&self, n_rows: usize) -> Features {
        let n_numbers = self.n_numbers();
        let n_categories = self.category_counts().len();
        Features {
            n_rows: 0,
            n_numbers,
            numbers: Vec::with_capacity(n_rows * n_numbers),
            n_categories,
            codes: Vec::with_capacity(n_rows * n_categories),
        }
    }

    fn report(&self) -> EncodeReport {
        EncodeReport::new(self.columns.iter().map(|column| column.name.as_str()))
    }

    /// Finds the columns of a table and looks the codes of its dictionaries up.
    fn prepare(
        &self,
        table: &Table,
        unknown: UnknownCategories,
    ) -> Result<Vec<Prepared>, DataError> {
        let position = |name: &str| table.columns().iter().position(|c| c.name() == name);
        let absent = self
            .columns
            .iter()
            .filter(|column| position(&column.name).is_none());
        let absent: Vec<UnknownName> = absent
            .map(|column| UnknownName::new(&column.name, table.columns().iter().map(Column::name)))
            .collect();
        if !absent.is_empty() {
            return Err(DataError::MissingColumns {
                file: table.file().to_owned(),
                names: absent,
            });
        }
        let mut prepared = Vec::new();
        for column in &self.columns {
            let Some(position) = position(&column.name) else {
                continue;
            };
            let found = &table.columns()[position];
            let cast = match cast(table, found, column.column_type())? {
                Cow::Borrowed(_) => None,
                Cow::Owned(column) => Some(column),
            };
            let mut lookup = Vec::new();
            if let Encoding::Category(category) = &column.encoding {
                let cells = cast.as_ref().unwrap_or(found);
                lookup = code_lookup(category, cells);
                if unknown == UnknownCategories::Refuse {
                    refuse_unknown(table, category, cells, &lookup)?;
                }
            }
            prepared.push(Prepared {
                position,
                cast,
                lookup,
            });
        }
        Ok(prepared)
    }

    /// Appends rows, all of one piece of the table.
    fn encode_rows(
        &self,
        table: &Table,
        prepared: &[Prepared],
        rows: &[u32],
        features: &mut Features,
        report: &mut EncodeReport,
    ) {
        let (n_numbers, n_categories) = (features.n_numbers, features.n_categories);
        let number_start = features.n_rows * n_numbers;
        let code_start = features.n_rows * n_categories;
        features.n_rows += rows.len();
        features.numbers.resize(features.n_rows * n_numbers, 0.0);
        features.codes.resize(features.n_rows * n_categories, 0);
        report.n_rows += rows.len() as u64;
        let numbers = &mut features.numbers[number_start..];
        let codes = &mut features.codes[code_start..];
        let (mut number_at, mut code_at) = (0, 0);
        for ((encoder, prepared), report) in
            self.columns.iter().zip(prepared).zip(&mut report.columns)
        {
            let column = prepared.column(table);
            match &encoder.encoding {
                Encoding::Number(encoding) | Encoding::Boolean(encoding) => {
                    for (at, &row) in rows.iter().enumerate() {
                        let out = &mut numbers[at * n_numbers + number_at..];
                        let value = column.stored_number(row as usize);
                        let is_missing = value.is_nan();
                        let value = if is_missing { encoding.median } else { value };
                        out[0] = encoding.scale.apply(value);
                        match &encoding.missing {
                            Some(scale) => out[1] = scale.apply(f64::from(u8::from(is_missing))),
                            None => report.missing += u64::from(is_missing),
                        }
                    }
                }
                Encoding::DateTime(encoding) => {
                    for (at, &row) in rows.iter().enumerate() {
                        let out = &mut numbers[at * n_numbers + number_at..];
                        let seconds = column.stored_number(row as usize);
                        let is_missing = seconds.is_nan();
                        for (out, part) in out.iter_mut().zip(&encoding.parts) {
                            let value = if is_missing {
                                part.median
                            } else {
                                part.part.of(seconds)
                            };
                            *out = part.scale.apply(value);
                        }
                        match &encoding.missing {
                            Some(scale) => {
                                out[encoding.parts.len()] =
                                    scale.apply(f64::from(u8::from(is_missing)));
                            }
                            None => report.missing += u64::from(is_missing),
                        }
                    }
                }
                Encoding::Category(encoding) => {
                    for (at, &row) in rows.iter().enumerate() {
                        let code = match column.code(row as usize) {
                            MISSING_CODE => encoding.missing_code().unwrap_or_else(|| {
                                report.missing += 1;
                                UNKNOWN_CODE
                            }),
                            code => prepared.lookup[code as usize],
                        };
                        if code == UNKNOWN_CODE
                            && let Some(key) = column.key(row as usize)
                        {
                            report.count_unknown(&key);
                        }
                        codes[at * n_categories + code_at] = code;
                    }
                    code_at += 1;
                }
            }
            number_at += encoder.n_numbers();
        }
    }
}

/// A column of a table that is about to be encoded.
struct Prepared {
    position: usize,
    /// The column in the type that the encoder needs, where that differs.
    cast: Option<Column>,
    /// The encoder's code for each code of the column's dictionary.
    lookup: Vec<u32>,
}

impl Prepared {
    fn column<'a>(&'a self, table: &'a Table) -> &'a Column {
        self.cast
            .as_ref()
            .unwrap_or(&table.columns()[self.position])
    }
}

impl ColumnEncoder {
    fn fit(column: &Column, rows: &[u32], options: &EncoderOptions) -> Self {
        let scaling = options.scaling;
        let encoding = match column.column_type() {
            ColumnType::Category => Encoding::Category(CategoryEncoding::fit(
                column,
                rows,
                options.min_category_count,
            )),
            ColumnType::DateTime => Encoding::DateTime(fit_date_time(column, rows, scaling)),
            ColumnType::Boolean => Encoding::Boolean(fit_number(column, rows, scaling)),
            ColumnType::Number | ColumnType::Missing => {
                Encoding::Number(fit_number(column, rows, scaling))
            }
        };
        Self {
            name: column.name().to_owned(),
            encoding,
        }
    }

    /// Whether all training rows have the same code.
    fn says_nothing(&self) -> bool {
        matches!(&self.encoding, Encoding::Category(category) if category.n_used() < 2)
    }

    fn column_type(&self) -> ColumnType {
        match &self.encoding {
            Encoding::Number(_) => ColumnType::Number,
            Encoding::Boolean(_) => ColumnType::Boolean,
            Encoding::DateTime(_) => ColumnType::DateTime,
            Encoding::Category(_) => ColumnType::Category,
        }
    }

    fn n_numbers(&self) -> usize {
        match &self.encoding {
            Encoding::Number(encoding) | Encoding::Boolean(encoding) => {
                1 + usize::from(encoding.missing.is_some())
            }
            Encoding::DateTime(encoding) => {
                encoding.parts.len() + usize::from(encoding.missing.is_some())
            }
            Encoding::Category(_) => 0,
        }
    }

    fn describe(&self) -> EncodedColumn {
        let name = &self.name;
        let is_missing = |scale: &Option<Scale>| scale.map(|_| format!("{name} is missing"));
        let mut numbers = Vec::new();
        let (mut codes, mut counts) = (None, None);
        match &self.encoding {
            Encoding::Number(encoding) | Encoding::Boolean(encoding) => {
                numbers.push(name.clone());
                numbers.extend(is_missing(&encoding.missing));
            }
            Encoding::DateTime(encoding) => {
                let parts = encoding.parts.iter();
                numbers.extend(parts.map(|part| format!("{name}: {}", part.part.describe())));
                numbers.extend(is_missing(&encoding.missing));
            }
            Encoding::Category(category) => {
                codes = Some(
                    category
                        .values()
                        .map(|value| value.map(str::to_owned))
                        .collect(),
                );
                counts = Some(category.counts().to_vec());
            }
        }
        EncodedColumn {
            name: name.clone(),
            column_type: self.column_type(),
            numbers,
            codes,
            counts,
        }
    }
}

/// The present numbers of some rows, and how many are missing.
fn present(column: &Column, rows: &[u32]) -> (Vec<f64>, usize) {
    let mut values: Vec<f64> = Vec::with_capacity(rows.len());
    values.extend(
        rows.iter()
            .map(|&row| column.stored_number(row as usize))
            .filter(|value| !value.is_nan()),
    );
    let n_missing = rows.len() - values.len();
    (values, n_missing)
}

/// The scale of the feature that says "missing".
fn fit_missing(scaling: Scaling, n_present: usize, n_missing: usize) -> Option<Scale> {
    let mut flags = vec![0.0; n_present];
    flags.resize(n_present + n_missing, 1.0);
    (n_missing > 0).then(|| Scale::fit(scaling, &mut flags))
}

/// For a mean of 0 and a variance of 1, missing values count as the median that stands in for them;
/// a robust scale is that of the present values.
fn fill_in(values: &mut Vec<f64>, n_missing: usize, median: f64, scaling: Scaling) {
    if scaling == Scaling::Standard {
        values.resize(values.len() + n_missing, median);
    }
}

fn fit_number(column: &Column, rows: &[u32], scaling: Scaling) -> NumberEncoding {
    let (mut values, n_missing) = present(column, rows);
    let median = quantile(&mut values, 0.5);
    let missing = fit_missing(scaling, values.len(), n_missing);
    fill_in(&mut values, n_missing, median, scaling);
    NumberEncoding {
        median,
        scale: Scale::fit(scaling, &mut values),
        missing,
    }
}

fn fit_date_time(column: &Column, rows: &[u32], scaling: Scaling) -> DateTimeEncoding {
    let (seconds, n_missing) = present(column, rows);
    let mut parts = Vec::new();
    for part in DatePart::ALL {
        let mut values: Vec<f64> = seconds.iter().map(|&seconds| part.of(seconds)).collect();
        if values.iter().all(|value| Some(value) == values.first()) {
            continue;
        }
        let median = quantile(&mut values, 0.5);
        fill_in(&mut values, n_missing, median, scaling);
        parts.push(DatePartEncoding {
            part,
            median,
            scale: Scale::fit(scaling, &mut values),
        });
    }
    DateTimeEncoding {
        parts,
        missing: fit_missing(scaling, seconds.len(), n_missing),
    }
}

/// The encoder's code for each code of the column's dictionary.
fn code_lookup(category: &CategoryEncoding, column: &Column) -> Vec<u32> {
    let Cells::Codes { dictionary, .. } = column.cells() else {
        return Vec::new();
    };
    let code = |code| category.code(dictionary.get(code)).unwrap_or(UNKNOWN_CODE);
    (0..dictionary.len() as u32).map(code).collect()
}

fn refuse_unknown(
    table: &Table,
    category: &CategoryEncoding,
    column: &Column,
    lookup: &[u32],
) -> Result<(), DataError> {
    for row in 0..column.n_rows() {
        let known = match column.code(row) {
            MISSING_CODE => category.missing_code().is_some(),
            code => lookup[code as usize] != UNKNOWN_CODE,
        };
        if !known {
            return Err(DataError::UnknownCategory {
                at: table.location(row),
                column: column.name().to_owned(),
                value: column.key(row).unwrap_or_default().into_owned(),
            });
        }
    }
    Ok(())
}

fn notice(column: &str, reason: DropReason) -> Notice {
    Notice {
        column: column.to_owned(),
        reason,
    }
}

/// The column in another type; text where a number is needed is an error that names the cell.
pub(crate) fn cast<'a>(
    table: &Table,
    column: &'a Column,
    wanted: ColumnType,
) -> Result<Cow<'a, Column>, DataError> {
    column.cast(wanted).map_err(|row| DataError::WrongType {
        at: table.location(row),
        column: column.name().to_owned(),
        value: column.key(row).unwrap_or_default().into_owned(),
        expected: wanted.expected(),
    })
}

fn check_names(
    table: &Table,
    features: &[String],
    options: &EncoderOptions,
) -> Result<(), DataError> {
    for (setting, names) in [
        ("features", features),
        ("categorical", &options.categorical),
        ("numeric", &options.numeric),
        ("drop", &options.drop),
    ] {
        for name in names {
            table.require(name, setting)?;
        }
    }
    for (first, a, second, b) in [
        (
            "categorical",
            &options.categorical,
            "numeric",
            &options.numeric,
        ),
        ("categorical", &options.categorical, "drop", &options.drop),
        ("numeric", &options.numeric, "drop", &options.drop),
    ] {
        if let Some(column) = a.iter().find(|name| b.contains(name)) {
            return Err(DataError::TwoRoles {
                column: column.clone(),
                first,
                second,
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
