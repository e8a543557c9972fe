//! Tables in memory: everything that is rows is checked once, and comes out typed.
//!
//! Owns [`Scalar`], [`Column`] and [`Table`], the encoder of features and targets, and splits.
//! Refuses files of rows, which `banach-io` reads and writes through [`TableBuilder`], and networks:
//! what a number is used for is decided elsewhere. Starts no threads.
#![forbid(unsafe_code)]

mod append;
#[cfg(feature = "arrow")]
mod arrow;
mod atomic;
mod bounded;
mod cell_format;
mod cell_reader;
mod column;
mod column_builder;
mod date_format;
mod decision;
mod dialect;
mod dictionary;
mod encoder;
mod error;
mod features;
mod file_notice;
mod leak;
mod missing_words;
mod name_list;
mod names;
mod number_format;
mod origin;
mod output;
mod read_options;
mod reading;
mod row_lines;
mod scalar;
mod schema;
mod spelling;
mod split;
mod suggest;
mod table;
mod table_builder;
mod table_error;
mod target;
mod targets;
#[cfg(test)]
mod test_tables;
mod value_index;

pub use append::AppendError;
pub use atomic::{AtomicFile, AtomicFileError};
pub use bounded::{read_bounded, read_text_bounded};
pub use cell_format::{CellFormat, EpochUnit};
pub use column::{Column, ColumnType, TextColumn};
pub use date_format::DateOrder;
pub use dialect::{Delimiter, Dialect, DialectError, Header, Mark};
pub use encoder::{
    ColumnReport, DropReason, EncodeError, EncodeReport, EncodedColumn, Encoder, EncoderOptions,
    MAX_Z, RowEncoder, Scaling, UNKNOWN_CODE, UnknownCategories, UnusedColumn, power_of_two,
};
pub use error::DataError;
pub use features::Features;
pub use file_notice::{FileNotice, Lines};
pub use leak::{TargetCopy, target_copies};
pub use missing_words::MissingWords;
pub use name_list::{NameList, trimmed_name};
pub use names::{NameError, by_name};
pub use number_format::{DecimalMark, NumberFormat, Thousands};
pub use output::{OutputColumn, OutputType, OutputValues};
pub use read_options::ReadOptions;
pub use reading::{Doubt, MAX_ODD_SHARE, OddCell, ReadColumn, Reading};
pub use scalar::{Scalar, format_date_time, format_number};
pub use schema::{Field, Schema};
pub use split::{Fold, Gap, HoldOut, Split, SplitError, Splitter, folds_from_column};
pub use suggest::{UnknownName, did_you_mean, nearest_name};
pub use table::Table;
pub use table_builder::{TableBuilder, TextRows};
pub use table_error::{Location, TableError};
pub use target::{TargetEncoder, TargetError, Task, sample_weights};
pub use targets::Targets;
