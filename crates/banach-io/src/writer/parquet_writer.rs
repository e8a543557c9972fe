//! Rows as a Parquet file.

use std::sync::Arc;

use arrow_array::{
    Array, ArrayRef, BooleanArray, Float32Array, Float64Array, Int64Array, RecordBatch, StringArray,
};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use arrow_select::concat::concat;
use banach_data::{AtomicFile, OutputColumn, OutputType, OutputValues};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;

/// Rows of a row group, which the writer holds until it writes them.
const ROW_GROUP_ROWS: usize = 1 << 17;

/// A Parquet file in the making.
pub(super) struct ParquetWriter {
    writer: ArrowWriter<AtomicFile>,
    schema: SchemaRef,
}

impl ParquetWriter {
    pub(super) fn new(file: AtomicFile, columns: &[OutputColumn]) -> Result<Self, ParquetError> {
        let fields = columns.iter().map(|column| {
            let data_type = match &column.output_type {
                OutputType::Text => DataType::Utf8,
                OutputType::Integers => DataType::Int64,
                OutputType::Booleans => DataType::Boolean,
                OutputType::Arrow(data_type) => data_type.clone(),
                OutputType::F32 => DataType::Float32,
                OutputType::F64 => DataType::Float64,
            };
            Field::new(&column.name, data_type, true)
        });
        let schema: SchemaRef = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        let properties = WriterProperties::builder()
            .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
            .set_compression(compression())
            .build();
        let writer = ArrowWriter::try_new(file, schema.clone(), Some(properties))?;
        Ok(Self { writer, schema })
    }

    /// Appends rows; the values have the types of the columns.
    pub(super) fn write(&mut self, values: &[OutputValues<'_>]) -> Result<(), ParquetError> {
        let arrays = values
            .iter()
            .map(|values| -> Result<ArrayRef, ParquetError> {
                Ok(match values {
                    OutputValues::Text(texts) => Arc::new(StringArray::from(texts.clone())),
                    OutputValues::Integers(texts) => {
                        let integers = texts.iter().map(|text| text.parse::<i64>().ok());
                        Arc::new(integers.collect::<Int64Array>())
                    }
                    OutputValues::Booleans(texts) => {
                        let booleans = texts.iter().map(|text| match *text {
                            "" => None,
                            text => Some(text.eq_ignore_ascii_case("true")),
                        });
                        Arc::new(booleans.collect::<BooleanArray>())
                    }
                    OutputValues::Arrow(arrays, _) => {
                        let arrays: Vec<&dyn Array> = arrays.iter().map(AsRef::as_ref).collect();
                        concat(&arrays)?
                    }
                    OutputValues::F32(values) => Arc::new(Float32Array::from(values.to_vec())),
                    OutputValues::F64(values) => Arc::new(Float64Array::from(values.to_vec())),
                })
            });
        let arrays = arrays.collect::<Result<_, _>>()?;
        let batch = RecordBatch::try_new(self.schema.clone(), arrays)?;
        self.writer.write(&batch)
    }

    /// Writes what is left, and gives the file.
    pub(super) fn into_file(self) -> Result<AtomicFile, ParquetError> {
        self.writer.into_inner()
    }
}

#[cfg(feature = "zstd")]
fn compression() -> Compression {
    Compression::ZSTD(parquet::basic::ZstdLevel::default())
}

#[cfg(not(feature = "zstd"))]
fn compression() -> Compression {
    Compression::SNAPPY
}
