//! Parquet files.

use std::sync::Arc;

use arrow_schema::{DataType, Schema, SchemaRef, TimeUnit};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use parquet::basic::{Compression, Type as PhysicalType};
use parquet::file::metadata::ParquetMetaData;
use parquet::file::reader::ChunkReader;

use crate::error::ReadError;
use crate::record_batches::{Batches, RecordBatchSource, guarded};

/// Rows decoded at once.
const BATCH_ROWS: usize = 8192;

const FORMAT: &str = "Parquet";

/// Opens a file by its columns' names.
pub(crate) fn open(
    file: String,
    reader: impl ChunkReader + 'static,
) -> Result<RecordBatchSource, ReadError> {
    let builder = guarded(&file, FORMAT, || {
        let metadata = ArrowReaderMetadata::load(&reader, ArrowReaderOptions::new())?;
        let metadata = match with_far_dates(&metadata) {
            Some(schema) => ArrowReaderMetadata::try_new(
                Arc::clone(metadata.metadata()),
                ArrowReaderOptions::new().with_schema(schema),
            )?,
            None => metadata,
        };
        Ok::<_, parquet::errors::ParquetError>(ParquetRecordBatchReaderBuilder::new_with_metadata(
            reader, metadata,
        ))
    })?;
    check_compression(&file, builder.metadata())?;
    let (name, schema) = (file.clone(), builder.schema().clone());
    Ok(RecordBatchSource::new(
        file,
        FORMAT,
        schema,
        move |positions| {
            let mask = ProjectionMask::roots(builder.parquet_schema(), positions);
            let builder = builder.with_projection(mask).with_batch_size(BATCH_ROWS);
            let batches = guarded(&name, FORMAT, || builder.build())?;
            Ok(Box::new(batches) as Batches)
        },
    ))
}

/// The schema with time stamps of 96 bits in microseconds; `None` when there are none of them.
///
/// In nanoseconds, which is what the decoder makes of them by itself, years outside 1677 to 2262 do not
/// fit into 64 bits and would be other years.
fn with_far_dates(metadata: &ArrowReaderMetadata) -> Option<SchemaRef> {
    let parquet = metadata.parquet_schema();
    let roots = parquet.root_schema().get_fields();
    let is_96_bits = |at: usize| {
        let root = roots.get(at);
        root.is_some_and(|root| {
            root.is_primitive() && root.get_physical_type() == PhysicalType::INT96
        })
    };
    let fields = metadata.schema().fields();
    (0..fields.len()).any(is_96_bits).then(|| {
        let fields = fields
            .iter()
            .enumerate()
            .map(|(at, field)| match field.data_type() {
                DataType::Timestamp(_, zone) if is_96_bits(at) => {
                    let micros = DataType::Timestamp(TimeUnit::Microsecond, zone.clone());
                    Arc::new(field.as_ref().clone().with_data_type(micros))
                }
                _ => Arc::clone(field),
            });
        let fields: Vec<_> = fields.collect();
        let all = metadata.schema().metadata().clone();
        Arc::new(Schema::new_with_metadata(fields, all))
    })
}

/// Refuses a file whose pages are packed in a way that is not read.
fn check_compression(file: &str, metadata: &ParquetMetaData) -> Result<(), ReadError> {
    let columns = metadata
        .row_groups()
        .iter()
        .flat_map(|group| group.columns());
    for column in columns {
        match column.compression() {
            Compression::ZSTD(_) if !cfg!(feature = "zstd") => {
                return Err(ReadError::FormatNotBuilt {
                    file: file.to_owned(),
                    format: "a Parquet file packed with Zstandard",
                    feature: "zstd",
                });
            }
            Compression::LZO => {
                return Err(ReadError::UnsupportedFormat {
                    file: file.to_owned(),
                    found: "a Parquet file packed with LZO".to_owned(),
                    way_out: "write it again with Zstandard or Snappy".to_owned(),
                });
            }
            _ => {}
        }
    }
    Ok(())
}
