//! Tables for banach: readers, writers, column types, encoder and splits
#![forbid(unsafe_code)]
