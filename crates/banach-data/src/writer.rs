//! Writes tables piece by piece, as CSV, TSV or Parquet.

use std::borrow::Cow;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::Arc;

use arrow_array::{ArrayRef, Float32Array, Float64Array, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use crate::atomic::AtomicFile;
use crate::error::DataError;

/// Rows that a Parquet writer holds until it writes them.
const GROUP_ROWS: usize = 1 << 17;

/// Type of a written column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutputType {
    /// Text.
    Text,
    /// 32-bit numbers.
    F32,
    /// 64-bit numbers.
    F64,
}

/// Name and type of a written column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputColumn {
    /// The name.
    pub name: String,
    /// The type.
    pub output_type: OutputType,
}

/// Some rows of a written column.
#[derive(Debug, Clone, PartialEq)]
pub enum OutputValues<'a> {
    /// Text, written as it stands.
    Text(Vec<&'a str>),
    /// Numbers, written as the shortest decimals that read back as the same 32 bits.
    F32(Cow<'a, [f32]>),
    /// Numbers, written as the shortest decimals that read back as the same 64 bits.
    F64(Cow<'a, [f64]>),
}

impl OutputValues<'_> {
    fn len(&self) -> usize {
        match self {
            Self::Text(values) => values.len(),
            Self::F32(values) => values.len(),
            Self::F64(values) => values.len(),
        }
    }

    fn output_type(&self) -> OutputType {
        match self {
            Self::Text(_) => OutputType::Text,
            Self::F32(_) => OutputType::F32,
            Self::F64(_) => OutputType::F64,
        }
    }
}

enum Sink<'a> {
    Text {
        writer: BufWriter<Box<dyn Write + 'a>>,
        delimiter: u8,
    },
    TextFile {
        writer: BufWriter<AtomicFile>,
        delimiter: u8,
    },
    Parquet {
        writer: Box<ArrowWriter<AtomicFile>>,
        schema: SchemaRef,
    },
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
    /// [`DataError::OutputFormat`], [`DataError::Write`], [`DataError::WriteParquet`].
    pub fn create(path: impl AsRef<Path>, columns: Vec<OutputColumn>) -> Result<Self, DataError> {
        let path = path.as_ref();
        let file = path.display().to_string();
        let ending = path.extension().map(|ending| ending.to_ascii_lowercase());
        let delimiter = match ending.as_deref().and_then(std::ffi::OsStr::to_str) {
            Some("csv" | "txt") => b',',
            Some("tsv") => b'\t',
            Some("parquet") => return Self::parquet(path, file, columns),
            // A device or pipe has no ending; text can go to it.
            _ if path.exists() && !path.is_file() && !path.is_dir() => b',',
            _ => return Err(DataError::OutputFormat { file }),
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
    /// [`DataError::Write`].
    pub fn to_writer(
        name: &str,
        writer: impl Write + 'a,
        columns: Vec<OutputColumn>,
    ) -> Result<Self, DataError> {
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
    ) -> Result<Self, DataError> {
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

    fn parquet(path: &Path, file: String, columns: Vec<OutputColumn>) -> Result<Self, DataError> {
        let fields = columns.iter().map(|column| {
            let data_type = match column.output_type {
                OutputType::Text => DataType::Utf8,
                OutputType::F32 => DataType::Float32,
                OutputType::F64 => DataType::Float64,
            };
            Field::new(&column.name, data_type, true)
        });
        let schema: SchemaRef = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        let properties = WriterProperties::builder()
            .set_max_row_group_row_count(Some(GROUP_ROWS))
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .build();
        let sink = AtomicFile::create(path)?;
        let writer = ArrowWriter::try_new(sink, schema.clone(), Some(properties));
        let writer = Box::new(writer.map_err(|source| DataError::WriteParquet {
            file: file.clone(),
            source,
        })?);
        Ok(Self {
            file,
            columns,
            sink: Sink::Parquet { writer, schema },
        })
    }

    /// Appends rows: the values of each column, in the order and of the types of the columns.
    ///
    /// # Errors
    /// [`DataError::OutputShape`], [`DataError::Write`], [`DataError::WriteParquet`].
    pub fn write(&mut self, values: &[OutputValues<'_>]) -> Result<(), DataError> {
        let n_rows = values.first().map_or(0, OutputValues::len);
        let types_match = values.len() == self.columns.len()
            && values
                .iter()
                .zip(&self.columns)
                .all(|(values, column)| values.output_type() == column.output_type);
        if !types_match || values.iter().any(|values| values.len() != n_rows) {
            let got = values
                .iter()
                .map(|v| format!("{:?} x {}", v.output_type(), v.len()));
            return Err(DataError::OutputShape {
                file: self.file.clone(),
                expected: self.columns.len(),
                got: got.collect::<Vec<_>>().join(", "),
            });
        }
        let Sink::Parquet { writer, schema } = &mut self.sink else {
            return self.write_text(values);
        };
        let arrays = values.iter().map(|values| -> ArrayRef {
            match values {
                OutputValues::Text(texts) => Arc::new(StringArray::from(texts.clone())),
                OutputValues::F32(values) => Arc::new(Float32Array::from(values.to_vec())),
                OutputValues::F64(values) => Arc::new(Float64Array::from(values.to_vec())),
            }
        });
        let written = RecordBatch::try_new(schema.clone(), arrays.collect())
            .map_err(parquet::errors::ParquetError::from)
            .and_then(|batch| writer.write(&batch));
        written.map_err(|source| self.parquet_error(source))
    }

    fn write_text(&mut self, values: &[OutputValues<'_>]) -> Result<(), DataError> {
        let n_rows = values.first().map_or(0, OutputValues::len);
        let written = match &mut self.sink {
            Sink::Text { writer, delimiter } => write_rows(writer, *delimiter, values, n_rows),
            Sink::TextFile { writer, delimiter } => write_rows(writer, *delimiter, values, n_rows),
            Sink::Parquet { .. } => Ok(()),
        };
        written.map_err(|source| DataError::Write {
            file: self.file.clone(),
            source,
        })
    }

    fn parquet_error(&self, source: parquet::errors::ParquetError) -> DataError {
        DataError::WriteParquet {
            file: self.file.clone(),
            source,
        }
    }

    /// Writes what is left and puts the file in its place.
    ///
    /// # Errors
    /// [`DataError::Write`], [`DataError::WriteParquet`]; then no file is left behind.
    pub fn finish(self) -> Result<(), DataError> {
        let file = self.file;
        let write_error = |source| DataError::Write {
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
                file.commit()
            }
            Sink::Parquet { writer, .. } => match writer.into_inner() {
                Ok(file) => file.commit(),
                Err(source) => Err(DataError::WriteParquet { file, source }),
            },
        }
    }
}

fn write_rows(
    out: &mut impl Write,
    delimiter: u8,
    values: &[OutputValues<'_>],
    n_rows: usize,
) -> std::io::Result<()> {
    let n_columns = values.len();
    for row in 0..n_rows {
        for (column, values) in values.iter().enumerate() {
            if column > 0 {
                out.write_all(&[delimiter])?;
            }
            match values {
                OutputValues::Text(texts) => {
                    // A row of one empty cell would read as a blank line.
                    let alone = texts[row].is_empty() && n_columns == 1;
                    write_cell(out, delimiter, texts[row], alone)?;
                }
                OutputValues::F32(values) => write_f32(out, values[row])?,
                OutputValues::F64(values) => write_f64(out, values[row])?,
            }
        }
        out.write_all(b"\n")?;
    }
    Ok(())
}

/// Writes text, in quotes where it needs them.
fn write_cell(out: &mut impl Write, delimiter: u8, text: &str, quote: bool) -> std::io::Result<()> {
    let special = |byte: &u8| *byte == delimiter || matches!(byte, b'"' | b'\n' | b'\r');
    if !quote && !text.as_bytes().iter().any(special) {
        return out.write_all(text.as_bytes());
    }
    write!(out, "\"{}\"", text.replace('"', "\"\""))
}

fn write_f32(out: &mut impl Write, value: f32) -> std::io::Result<()> {
    if value.is_nan() {
        Ok(())
    } else if value == 0.0 || (1e-5..1e16).contains(&value.abs()) {
        write!(out, "{value}")
    } else {
        write!(out, "{value:e}")
    }
}

fn write_f64(out: &mut impl Write, value: f64) -> std::io::Result<()> {
    if value.is_nan() {
        Ok(())
    } else if value == 0.0 || (1e-5..1e16).contains(&value.abs()) {
        write!(out, "{value}")
    } else {
        write!(out, "{value:e}")
    }
}

#[cfg(test)]
mod tests;
