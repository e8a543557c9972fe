//! Encodes single rows, such as those of a service, without a table and without allocating.

use std::sync::Arc;

use super::category::{UNKNOWN_CODE, UnknownCategories};
use super::column::{ColumnEncoder, Encoding};
use super::error::EncodeError;
use crate::cell_reader::CellReader;
use crate::scalar::Scalar;

/// Encodes one row at a time; made by [`Encoder::row_encoder`](super::Encoder::row_encoder).
///
/// Features are the same, bit for bit, as those of a table of that one row read with
/// [`Encoder::schema`](super::Encoder::schema). Clones share what was fitted.
#[derive(Debug, Clone)]
pub struct RowEncoder {
    columns: Arc<[RowColumn]>,
    n_numbers: usize,
    n_categories: usize,
    /// Hold the text of a cell, and the form of its value, while its code is looked up.
    text: String,
    form: String,
}

#[derive(Debug)]
struct RowColumn {
    encoder: ColumnEncoder,
    reader: CellReader,
}

/// Longer than the canonical text of any number or time.
const TEXT_BYTES: usize = 64;

impl RowEncoder {
    pub(super) fn new(columns: &[ColumnEncoder]) -> Self {
        let n_numbers = columns.iter().map(ColumnEncoder::n_numbers).sum();
        let is_category =
            |column: &&ColumnEncoder| matches!(column.encoding, Encoding::Category(_));
        let n_categories = columns.iter().filter(is_category).count();
        let columns = columns.iter().map(|encoder| {
            if let Encoding::Category(category) = &encoder.encoding {
                // Made now, so that rows allocate nothing.
                category.index();
            }
            RowColumn {
                encoder: encoder.clone(),
                reader: encoder.reader(),
            }
        });
        Self {
            columns: columns.collect(),
            n_numbers,
            n_categories,
            text: String::with_capacity(TEXT_BYTES),
            form: String::with_capacity(TEXT_BYTES),
        }
    }

    /// Number of cells of a row.
    #[must_use]
    pub fn n_cells(&self) -> usize {
        self.columns.len()
    }

    /// Number features of a row.
    #[must_use]
    pub fn n_numbers(&self) -> usize {
        self.n_numbers
    }

    /// Category features of a row.
    #[must_use]
    pub fn n_categories(&self) -> usize {
        self.n_categories
    }

    /// Encodes one row without allocating. `cells` are in the order of the encoder's schema; text means what it
    /// means in a file of the training table's columns. After an error `numbers` and `codes` hold
    /// features of some columns.
    ///
    /// # Shapes
    /// `numbers` is `[n_numbers]`, `codes` is `[n_categories]`.
    ///
    /// # Errors
    /// [`EncodeError::RowShape`], [`EncodeError::RowType`] for a cell that does not have the type of
    /// its column, and with [`UnknownCategories::Refuse`] also [`EncodeError::RowCategory`].
    pub fn encode(
        &mut self,
        cells: &[Scalar<'_>],
        numbers: &mut [f32],
        codes: &mut [u32],
        unknown: UnknownCategories,
    ) -> Result<(), EncodeError> {
        let (expected, got) = (self.columns.len(), cells.len());
        if expected != got {
            let what = "cells of a row";
            return Err(EncodeError::RowShape {
                what,
                expected,
                got,
            });
        }
        self.encode_with(|at| cells[at], numbers, codes, unknown)
    }

    /// [`RowEncoder::encode`] with the cell of each column, counted from 0, from a function: for rows
    /// that have their cells in another order.
    ///
    /// # Errors
    /// As [`RowEncoder::encode`].
    pub fn encode_with<'a>(
        &mut self,
        cell: impl Fn(usize) -> Scalar<'a>,
        numbers: &mut [f32],
        codes: &mut [u32],
        unknown: UnknownCategories,
    ) -> Result<(), EncodeError> {
        for (what, expected, got) in [
            ("numbers of a row", self.n_numbers, numbers.len()),
            ("categories of a row", self.n_categories, codes.len()),
        ] {
            if expected != got {
                return Err(EncodeError::RowShape {
                    what,
                    expected,
                    got,
                });
            }
        }
        let (mut number_at, mut code_at) = (0, 0);
        for (at, column) in self.columns.iter().enumerate() {
            let cell = cell(at);
            match &column.encoder.encoding {
                Encoding::Number(encoding) | Encoding::Boolean(encoding) => {
                    let value = column.number(cell)?;
                    encoding.encode(value, &mut numbers[number_at..]);
                }
                Encoding::DateTime(encoding) => {
                    let seconds = column.number(cell)?;
                    encoding.encode(seconds, &mut numbers[number_at..]);
                }
                Encoding::Category(category) => {
                    let known = match column.reader.text(&cell, &mut self.text) {
                        None => category.missing_code(),
                        Some(key) => category.index().find(key, &mut self.form),
                    };
                    if known.is_none() && unknown == UnknownCategories::Refuse {
                        return Err(EncodeError::RowCategory {
                            column: column.encoder.name.clone(),
                            value: cell.key().unwrap_or_default().into_owned(),
                        });
                    }
                    codes[code_at] = known.unwrap_or(UNKNOWN_CODE);
                    code_at += 1;
                }
            }
            number_at += column.encoder.n_numbers();
        }
        Ok(())
    }
}

impl RowColumn {
    /// The number stored for a cell, NaN when it is missing.
    fn number(&self, cell: Scalar<'_>) -> Result<f64, EncodeError> {
        self.reader
            .number(cell)
            .ok_or_else(|| EncodeError::RowType {
                column: self.encoder.name.clone(),
                value: cell.key().unwrap_or_default().into_owned(),
                expected: self.reader.column_type.expected(),
            })
    }
}

#[cfg(test)]
mod tests;
