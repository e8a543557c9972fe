//! Tables for banach: everything that is rows enters here, is checked once, and comes out typed.
//!
//! Owns readers and writers, [`Table`], the encoder of features and targets, and splits. Refuses
//! networks: what a number is used for is decided elsewhere.
#![forbid(unsafe_code)]

mod arrow_cells;
mod arrow_source;
mod atomic;
mod column;
mod column_builder;
mod csv;
mod dictionary;
mod encoder;
mod error;
mod reader;
mod scalar;
mod schema;
mod source;
mod split;
mod table;
mod target;
#[cfg(test)]
mod test_tables;
mod writer;

pub use atomic::AtomicFile;
pub use column::{Column, ColumnType, TextColumn};
pub use encoder::{
    ColumnReport, DropReason, EncodeReport, EncodedColumn, Encoder, EncoderOptions, Features,
    MAX_Z, Notice, Scaling, UNKNOWN_CODE, UnknownCategories,
};
pub use error::{DataError, Location, UnknownName, did_you_mean, nearest_name};
pub use reader::{ReadOptions, TableReader};
pub use scalar::{Scalar, format_date_time, format_number};
pub use schema::{Field, Schema};
pub use split::{HoldOut, Split, Splitter, folds_from_column};
pub use table::Table;
pub use target::{TargetEncoder, Targets, Task, sample_weights};
pub use writer::{OutputColumn, OutputType, OutputValues, TableWriter};
