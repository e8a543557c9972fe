//! Turns typed columns into what a network takes: finite 32-bit numbers and codes of categories.
//!
//! All statistics come from the training rows, in f64. Each number column becomes one scaled number,
//! and another that says "missing" if some training value was missing; booleans are the numbers 0
//! and 1; times become several numbers; each category column becomes one code.

use std::borrow::Cow;
use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use crate::cell_format::CellFormat;
use crate::column::{CHUNK_ROWS, Cells, Column, ColumnType, MISSING_CODE};
use crate::features::Features;
use crate::reading::ReadColumn;
use crate::schema::{Field, Schema};
use crate::suggest::UnknownName;
use crate::table::Table;
use crate::table_error::TableError;

mod category;
mod column;
mod date_time;
mod error;
mod report;
mod row;
mod scale;
mod select;

use category::CategoryEncoding;
pub(crate) use category::compare_keys;
pub use category::{UNKNOWN_CODE, UnknownCategories};
pub use column::EncodedColumn;
use column::{ColumnEncoder, Encoding};
pub use error::EncodeError;
pub use report::{ColumnReport, EncodeReport};
pub use row::RowEncoder;
pub use scale::{MAX_Z, Scaling, power_of_two};
pub(crate) use scale::{mean_and_deviation, standardized};
pub use select::{DropReason, UnusedColumn};

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

/// A fitted encoder. As JSON it is part of the model file; reading it back gives the same bits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct Encoder {
    /// At least one; no name occurs twice.
    columns: Vec<ColumnEncoder>,
    /// The name in model files is older than that of the field.
    #[serde(rename = "notices")]
    unused: Vec<UnusedColumn>,
}

/// An [`Encoder`] as it is in a model file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unchecked {
    columns: Vec<ColumnEncoder>,
    #[serde(rename = "notices")]
    unused: Vec<UnusedColumn>,
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
        let (columns, unused) = (raw.columns, raw.unused);
        Ok(Self { columns, unused })
    }
}

impl Encoder {
    /// Fits to the given rows of a table, using the columns named in `features`.
    ///
    /// Columns that carry no information (see [`DropReason`]) are left out, unless they are named in
    /// the options; [`Encoder::unused_columns`] lists them. When only identifiers are left, they are
    /// used.
    ///
    /// # Errors
    /// [`TableError::UnknownColumns`], [`TableError::TwoRoles`], [`TableError::WrongType`] for text
    /// in a column named numeric, [`EncodeError::NoFeatures`].
    pub fn fit(
        table: &Table,
        rows: &[u32],
        features: &[String],
        options: &EncoderOptions,
    ) -> Result<Self, EncodeError> {
        check_names(table, features, options)?;
        let mut columns = Vec::new();
        let mut unused = Vec::new();
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
                unused.push(UnusedColumn::new(column, reason));
                continue;
            }
            let wanted = wanted.unwrap_or_else(|| column.column_type());
            let cast = table.cast(column, wanted, CellFormat::Plain)?;
            let mut encoder =
                ColumnEncoder::fit(&cast, rows, options.scaling, options.min_category_count);
            if matches!(cast, Cow::Owned(_)) {
                encoder.reading.missing = column.reading().missing.clone();
            }
            if encoder.is_constant() && !named(&options.categorical) {
                let min_category_count = options.min_category_count;
                let reason = DropReason::Rare { min_category_count };
                unused.push(UnusedColumn::new(column, reason));
            } else {
                columns.push(encoder);
            }
        }
        if columns.is_empty() {
            for column in identifiers {
                let encoder =
                    ColumnEncoder::fit(column, rows, options.scaling, options.min_category_count);
                if !encoder.is_constant() {
                    unused.retain(|unused| unused.column != column.name());
                    columns.push(encoder);
                }
            }
        }
        if columns.is_empty() {
            let reasons: Vec<String> = unused.iter().map(UnusedColumn::to_string).collect();
            return Err(EncodeError::NoFeatures {
                file: table.file().to_owned(),
                reason: if reasons.is_empty() {
                    "no column is left besides targets and dropped columns".to_owned()
                } else {
                    reasons.join("; ")
                },
            });
        }
        Ok(Self { columns, unused })
    }

    /// Columns that are not used, and why.
    #[must_use]
    pub fn unused_columns(&self) -> &[UnusedColumn] {
        &self.unused
    }

    /// The columns about whose reading there is something to say.
    #[must_use]
    pub fn readings(&self) -> Vec<ReadColumn<'_>> {
        let columns = self.columns.iter().map(|column| ReadColumn {
            name: &column.name,
            column_type: column.column_type(),
            reading: &column.reading,
        });
        columns
            .filter(|column| column.reading.is_notable())
            .collect()
    }

    /// The columns that tables for prediction must have.
    #[must_use]
    pub fn schema(&self) -> Schema {
        let fields = self.columns.iter().map(|column| Field {
            name: column.name.clone(),
            column_type: column.column_type(),
            format: column.reading.format,
            missing: column.reading.missing.clone(),
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

    /// An encoder for single rows, apart from any table.
    #[must_use]
    pub fn row_encoder(&self) -> RowEncoder {
        RowEncoder::new(&self.columns)
    }

    /// Encodes all rows of a table.
    ///
    /// # Errors
    /// [`TableError::MissingColumns`], [`TableError::WrongType`], and with
    /// [`UnknownCategories::Refuse`] also [`EncodeError::UnknownCategory`].
    pub fn encode(
        &self,
        table: &Table,
        unknown: UnknownCategories,
    ) -> Result<(Features, EncodeReport), EncodeError> {
        let prepared = self.prepare(table, unknown)?;
        let mut report = self.report();
        for (prepared, report) in prepared.iter().zip(&mut report.columns) {
            let reading = table.columns()[prepared.position].reading();
            report.add_odd(reading.odd, &reading.odd_examples);
        }
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
    ) -> Result<(Vec<Features>, EncodeReport), EncodeError> {
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
    ) -> Result<Vec<Prepared>, EncodeError> {
        let position = |name: &str| table.columns().iter().position(|c| c.name() == name);
        let absent = self
            .columns
            .iter()
            .filter(|column| position(&column.name).is_none());
        let absent: Vec<UnknownName> = absent
            .map(|column| UnknownName::new(&column.name, table.columns().iter().map(Column::name)))
            .collect();
        if !absent.is_empty() {
            return Err(TableError::MissingColumns {
                file: table.file().to_owned(),
                names: absent,
            }
            .into());
        }
        let mut prepared = Vec::new();
        for column in &self.columns {
            let Some(position) = position(&column.name) else {
                continue;
            };
            let found = &table.columns()[position];
            let cast = match table.cast(found, column.column_type(), column.reading.format)? {
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
                        report.missing += u64::from(encoding.encode(value, out));
                    }
                }
                Encoding::DateTime(encoding) => {
                    for (at, &row) in rows.iter().enumerate() {
                        let out = &mut numbers[at * n_numbers + number_at..];
                        let seconds = column.stored_number(row as usize);
                        report.missing += u64::from(encoding.encode(seconds, out));
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

/// The encoder's code for each code of the column's dictionary.
fn code_lookup(category: &CategoryEncoding, column: &Column) -> Vec<u32> {
    let Cells::Codes(codes) = column.cells() else {
        return Vec::new();
    };
    let (index, dictionary) = (category.index(), &codes.dictionary);
    let mut form = String::new();
    let texts = (0..dictionary.len() as u32).map(|code| dictionary.get(code));
    texts
        .map(|text| index.find(text, &mut form).unwrap_or(UNKNOWN_CODE))
        .collect()
}

fn refuse_unknown(
    table: &Table,
    category: &CategoryEncoding,
    column: &Column,
    lookup: &[u32],
) -> Result<(), EncodeError> {
    for row in 0..column.n_rows() {
        let known = match column.code(row) {
            MISSING_CODE => category.missing_code().is_some(),
            code => lookup[code as usize] != UNKNOWN_CODE,
        };
        if !known {
            return Err(EncodeError::UnknownCategory {
                at: Box::new(table.location(row)),
                column: column.name().to_owned(),
                value: column.key(row).unwrap_or_default().into_owned(),
            });
        }
    }
    Ok(())
}

fn check_names(
    table: &Table,
    features: &[String],
    options: &EncoderOptions,
) -> Result<(), TableError> {
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
            return Err(TableError::TwoRoles {
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
