//! Tables for banach: everything that is rows enters here, is checked once, and comes out typed.
//!
//! Owns readers and writers, [`Table`], the encoder of features and targets, and splits. Refuses
//! networks: what a number is used for is decided elsewhere.
#![forbid(unsafe_code)]

mod append;
mod arrow_cells;
mod arrow_source;
mod atomic;
mod column;
mod column_builder;
mod csv;
mod dictionary;
mod encoder;
mod error;
mod features;
mod names;
mod reader;
mod scalar;
mod schema;
mod source;
mod split;
mod table;
mod target;
mod targets;
#[cfg(test)]
mod test_tables;
mod writer;

pub use append::AppendError;
pub use atomic::AtomicFile;
pub use column::{Column, ColumnType, TextColumn};
pub use encoder::{
    ColumnReport, DropReason, EncodeReport, EncodedColumn, Encoder, EncoderOptions, MAX_Z, Notice,
    Scaling, UNKNOWN_CODE, UnknownCategories,
};
pub use error::{DataError, Location, UnknownName, nearest_name};
pub use features::Features;
pub use names::NameError;
pub use reader::{ReadOptions, TableReader};
pub use scalar::{Scalar, format_date_time, format_number};
pub use schema::{Field, Schema};
pub use split::{HoldOut, Split, Splitter, folds_from_column};
pub use table::Table;
pub use target::{TargetEncoder, Task, sample_weights};
pub use targets::Targets;
pub use writer::{OutputColumn, OutputType, OutputValues, TableWriter};
