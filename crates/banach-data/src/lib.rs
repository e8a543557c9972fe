//! Tables for banach: everything that is rows enters here, is checked once, and comes out typed.
//!
//! Owns readers and writers, [`Table`], the encoder of features and targets, and splits. Refuses
//! networks: what a number is used for is decided elsewhere.
#![forbid(unsafe_code)]

mod arrow_cells;
mod arrow_source;
mod column;
mod column_builder;
mod csv;
mod dictionary;
mod error;
mod reader;
mod scalar;
mod schema;
mod source;
mod table;

pub use column::{Column, ColumnType, TextColumn};
pub use error::{DataError, Location, UnknownName, nearest_name};
pub use reader::{ReadOptions, TableReader};
pub use scalar::{Scalar, format_date_time, format_number};
pub use schema::{Field, Schema};
pub use table::Table;
