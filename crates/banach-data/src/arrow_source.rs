//! Parquet and Arrow IPC files as a stream of record batches.
//!
//! The decoders are not ours, and some damaged files make them panic. Every call to them is guarded,
//! so that such a file is an error like any other damaged file.

use std::io::{Read, Seek};
use std::panic::{AssertUnwindSafe, catch_unwind};

use arrow_array::RecordBatch;
use arrow_ipc::reader::{FileReader, StreamReader};
use arrow_schema::{ArrowError, DataType, SchemaRef};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::reader::ChunkReader;

use crate::error::DataError;

/// Rows decoded at once from a Parquet file.
const BATCH_ROWS: usize = 8192;

type Batches = Box<dyn Iterator<Item = Result<RecordBatch, ArrowError>> + Send>;

/// What to open batches with, once the wanted columns are known.
type Open = Box<dyn FnOnce(Vec<usize>) -> Result<Batches, DataError> + Send>;

/// A file of typed columns.
pub(crate) struct ArrowSource {
    file: String,
    format: &'static str,
    names: Vec<String>,
    types: Vec<DataType>,
    open: Open,
}

impl ArrowSource {
    fn new(file: String, format: &'static str, schema: &SchemaRef, open: Open) -> Self {
        let fields = schema.fields().iter();
        Self {
            file,
            format,
            names: fields
                .clone()
                .map(|field| field.name().trim().to_owned())
                .collect(),
            types: fields.map(|field| field.data_type().clone()).collect(),
            open,
        }
    }

    pub(crate) fn parquet(
        file: String,
        reader: impl ChunkReader + 'static,
    ) -> Result<Self, DataError> {
        let name = file.clone();
        let builder = guarded(&file, "Parquet", || {
            ParquetRecordBatchReaderBuilder::try_new(reader)
        })?;
        let schema = builder.schema().clone();
        let open: Open = Box::new(move |columns| {
            let mask = ProjectionMask::roots(builder.parquet_schema(), columns);
            let builder = builder.with_projection(mask).with_batch_size(BATCH_ROWS);
            let batches = guarded(&name, "Parquet", || builder.build())?;
            Ok(Box::new(batches) as Batches)
        });
        Ok(Self::new(file, "Parquet", &schema, open))
    }

    pub(crate) fn ipc_file(
        file: String,
        mut reader: impl Read + Seek + Send + 'static,
    ) -> Result<Self, DataError> {
        let name = file.clone();
        let schema = guarded(&file, "Arrow IPC", || {
            FileReader::try_new(&mut reader, None)
        })?
        .schema();
        reader.rewind().map_err(|source| DataError::Read {
            file: file.clone(),
            source,
        })?;
        let open: Open = Box::new(move |columns| {
            let batches = guarded(&name, "Arrow IPC", || {
                FileReader::try_new(reader, Some(columns))
            })?;
            Ok(Box::new(batches) as Batches)
        });
        Ok(Self::new(file, "Arrow IPC", &schema, open))
    }

    pub(crate) fn ipc_stream(
        file: String,
        reader: impl Read + Send + 'static,
    ) -> Result<Self, DataError> {
        let batches = guarded(&file, "Arrow IPC", || StreamReader::try_new(reader, None))?;
        let schema = batches.schema();
        let open: Open = Box::new(move |columns: Vec<usize>| {
            let project = move |batch: Result<RecordBatch, ArrowError>| batch?.project(&columns);
            Ok(Box::new(batches.map(project)) as Batches)
        });
        Ok(Self::new(file, "Arrow IPC", &schema, open))
    }

    /// Batches that are in memory already.
    pub(crate) fn memory(file: String, schema: &SchemaRef, batches: Vec<RecordBatch>) -> Self {
        let open: Open = Box::new(move |columns: Vec<usize>| {
            let project = move |batch: RecordBatch| batch.project(&columns);
            Ok(Box::new(batches.into_iter().map(project)) as Batches)
        });
        Self::new(file, "Arrow", schema, open)
    }

    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// The batches of the given columns, in ascending order of their positions.
    pub(crate) fn into_batches(
        self,
        columns: &[usize],
    ) -> Result<impl Iterator<Item = Result<RecordBatch, DataError>> + Send + use<>, DataError>
    {
        for &column in columns {
            if !is_supported(&self.types[column]) {
                return Err(DataError::UnsupportedType {
                    file: self.file,
                    column: self.names[column].clone(),
                    type_name: self.types[column].to_string(),
                });
            }
        }
        let mut batches = (self.open)(columns.to_vec())?;
        let (file, format) = (self.file, self.format);
        Ok(std::iter::from_fn(move || {
            guarded(&file, format, || batches.next().transpose()).transpose()
        }))
    }
}

/// What a decoder gives; its errors and panics are those of a damaged file.
fn guarded<T, E: std::error::Error + Send + Sync + 'static>(
    file: &str,
    format: &'static str,
    decode: impl FnOnce() -> Result<T, E>,
) -> Result<T, DataError> {
    match catch_unwind(AssertUnwindSafe(decode)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(source)) => Err(corrupt(file, format, source)),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
            Err(corrupt(file, format, text.unwrap_or("its decoder failed")))
        }
    }
}

fn corrupt(
    file: &str,
    format: &'static str,
    source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> DataError {
    DataError::Corrupt {
        file: file.to_owned(),
        format,
        source: source.into(),
    }
}

/// Whether cells of this type have a meaning as [`Scalar`](crate::Scalar).
fn is_supported(data_type: &DataType) -> bool {
    match data_type {
        DataType::Dictionary(_, values) => is_supported(values),
        DataType::Null
        | DataType::Boolean
        | DataType::Utf8
        | DataType::LargeUtf8
        | DataType::Utf8View
        | DataType::Binary
        | DataType::LargeBinary
        | DataType::BinaryView
        | DataType::Date32
        | DataType::Date64
        | DataType::Timestamp(_, _) => true,
        other => other.is_numeric(),
    }
}
