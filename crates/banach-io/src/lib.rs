//! Files of tables: readers and writers of CSV and TSV, Parquet and Arrow IPC.
//!
//! Owns every file format, [`TableReader`] and [`TableWriter`]. Refuses the meaning of cells and the
//! types of columns, which are those of `banach-data`.
//!
//! Features: `parquet`, `ipc`, `gzip` and `zstd`, all on by default. Without them CSV and TSV remain,
//! and nothing needs a C compiler.
//!
//! ```no_run
//! use banach_io::{ReadOptions, read_table};
//!
//! let table = read_table("penguins.csv", &ReadOptions::default())?;
//! println!("{} rows of {} columns", table.n_rows(), table.columns().len());
//! # Ok::<(), banach_io::ReadError>(())
//! ```
#![forbid(unsafe_code)]

mod csv;
mod encoding;
mod error;
mod files;
mod foreign;
#[cfg(feature = "gzip")]
mod gzip;
mod input;
#[cfg(feature = "ipc")]
mod ipc_source;
#[cfg(feature = "parquet")]
mod parquet_source;
mod reader;
#[cfg(feature = "arrow")]
mod record_batches;
mod source;
mod writer;

pub use banach_data::{Dialect, FileNotice, OutputColumn, OutputType, OutputValues, ReadOptions};
pub use csv::ragged::RaggedCause;
pub use error::{ReadError, WriteError};
pub use files::table_files;
pub use reader::{TableReader, read_table};
pub use writer::TableWriter;
