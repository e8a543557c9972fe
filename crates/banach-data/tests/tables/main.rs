//! Tables as users have them: every format, every fault, and the same values in every storage type.

mod bad_input;
mod formats;
mod hostile;
mod real_data;
mod storage_types;
mod support;
