//! Writes tables piece by piece, as CSV, TSV or Parquet.

use std::io::{BufWriter, Write};
use std::path::Path;

use banach_data::{AtomicFile, OutputColumn, OutputValues};

use crate::error::WriteError;

#[cfg(feature = "parquet")]
mod parquet_writer;
mod text;

#[cfg(feature = "parquet")]
use parquet_writer::ParquetWriter;
use text::write_rows;

enum Sink<'a> {
    Text {
        writer: BufWriter<Box<dyn Write + 'a>>,
        delimiter: u8,
    },
    TextFile {
        writer: BufWriter<AtomicFile>,
        delimiter: u8,
    },
    #[cfg(feature = "parquet")]
    Parquet(Box<ParquetWriter>),
}

/// Writes rows as they come. A file takes its place on [`TableWriter::finish`]; before that it is
/// not there, and dropping the writer leaves nothing behind.
pub struct TableWriter<'a> {
    file: String,
    columns: Vec<OutputColumn>,
    sink: Sink<'a>,
}

impl<'a> TableWriter<'a> {
    /// Begins a file whose ending says the format: `.csv`, `.tsv` or `.parquet`.
    ///
    /// # Errors
    /// [`WriteError::OutputFormat`], [`WriteError::FormatNotBuilt`], [`WriteError::Write`],
    /// `WriteError::Parquet`.
    pub fn create(path: impl AsRef<Path>, columns: Vec<OutputColumn>) -> Result<Self, WriteError> {
        let path = path.as_ref();
        let file = path.display().to_string();
        let ending = path.extension().map(|ending| ending.to_ascii_lowercase());
        let delimiter = match ending.as_deref().and_then(std::ffi::OsStr::to_str) {
            Some("csv" | "txt") => b',',
            Some("tsv") => b'\t',
            Some("parquet") => return Self::parquet(path, file, columns),
            // A device or pipe has no ending; text can go to it.
            _ if path.exists() && !path.is_file() && !path.is_dir() => b',',
            _ => return Err(WriteError::OutputFormat { file }),
        };
        let sink = Sink::TextFile {
            writer: BufWriter::with_capacity(1 << 16, AtomicFile::create(path)?),
            delimiter,
        };
        Self::with_header(file, columns, sink)
    }

    /// Writes CSV to `writer`, such as standard output. `name` stands for it in messages.
    ///
    /// # Errors
    /// [`WriteError::Write`].
    pub fn to_writer(
        name: &str,
        writer: impl Write + 'a,
        columns: Vec<OutputColumn>,
    ) -> Result<Self, WriteError> {
        let sink = Sink::Text {
            writer: BufWriter::with_capacity(1 << 16, Box::new(writer)),
            delimiter: b',',
        };
        Self::with_header(name.to_owned(), columns, sink)
    }

    fn with_header(
        file: String,
        columns: Vec<OutputColumn>,
        sink: Sink<'a>,
    ) -> Result<Self, WriteError> {
        let mut writer = Self {
            file,
            columns,
            sink,
        };
        let names: Vec<String> = writer.columns.iter().map(|c| c.name.clone()).collect();
        let names = names
            .iter()
            .map(|name| OutputValues::Text(vec![name.as_str()]));
        writer.write_text(&names.collect::<Vec<_>>())?;
        Ok(writer)
    }

    #[cfg(feature = "parquet")]
    fn parquet(path: &Path, file: String, columns: Vec<OutputColumn>) -> Result<Self, WriteError> {
        let writer = ParquetWriter::new(AtomicFile::create(path)?, &columns);
        let writer = writer.map_err(|source| WriteError::Parquet {
            file: file.clone(),
            source,
        })?;
        Ok(Self {
            file,
            columns,
            sink: Sink::Parquet(Box::new(writer)),
        })
    }

    #[cfg(not(feature = "parquet"))]
    fn parquet(_: &Path, file: String, _: Vec<OutputColumn>) -> Result<Self, WriteError> {
        Err(WriteError::FormatNotBuilt {
            file,
            format: "a Parquet file",
            feature: "parquet",
        })
    }

    /// Appends rows: the values of each column, in the order and of the types of the columns.
    ///
    /// # Errors
    /// [`WriteError::OutputShape`], [`WriteError::Write`], `WriteError::Parquet`.
    pub fn write(&mut self, values: &[OutputValues<'_>]) -> Result<(), WriteError> {
        let n_rows = values.first().map_or(0, OutputValues::n_rows);
        let types_match = values.len() == self.columns.len()
            && values
                .iter()
                .zip(&self.columns)
                .all(|(values, column)| values.output_type() == column.output_type);
        if !types_match || values.iter().any(|values| values.n_rows() != n_rows) {
            let got = values
                .iter()
                .map(|v| format!("{:?} x {}", v.output_type(), v.n_rows()));
            return Err(WriteError::OutputShape {
                file: self.file.clone(),
                expected: self.columns.len(),
                got: got.collect::<Vec<_>>().join(", "),
            });
        }
        match &mut self.sink {
            #[cfg(feature = "parquet")]
            Sink::Parquet(writer) => {
                let written = writer.write(values);
                written.map_err(|source| WriteError::Parquet {
                    file: self.file.clone(),
                    source,
                })
            }
            _ => self.write_text(values),
        }
    }

    fn write_text(&mut self, values: &[OutputValues<'_>]) -> Result<(), WriteError> {
        let n_rows = values.first().map_or(0, OutputValues::n_rows);
        let written = match &mut self.sink {
            Sink::Text { writer, delimiter } => write_rows(writer, *delimiter, values, n_rows),
            Sink::TextFile { writer, delimiter } => write_rows(writer, *delimiter, values, n_rows),
            #[cfg(feature = "parquet")]
            Sink::Parquet(_) => Ok(()),
        };
        written.map_err(|source| WriteError::Write {
            file: self.file.clone(),
            source,
        })
    }

    /// Writes what is left and puts the file in its place.
    ///
    /// # Errors
    /// [`WriteError::Write`], `WriteError::Parquet`; then no file is left behind.
    pub fn finish(self) -> Result<(), WriteError> {
        let file = self.file;
        let write_error = |source| WriteError::Write {
            file: file.clone(),
            source,
        };
        match self.sink {
            Sink::Text { mut writer, .. } => writer.flush().map_err(write_error),
            Sink::TextFile { mut writer, .. } => {
                writer.flush().map_err(write_error)?;
                let file = writer
                    .into_inner()
                    .map_err(|error| write_error(error.into_error()))?;
                Ok(file.commit()?)
            }
            #[cfg(feature = "parquet")]
            Sink::Parquet(writer) => match writer.into_file() {
                Ok(file) => Ok(file.commit()?),
                Err(source) => Err(WriteError::Parquet {
                    file: file.clone(),
                    source,
                }),
            },
        }
    }
}

#[cfg(test)]
mod tests;
