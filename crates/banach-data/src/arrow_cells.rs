//! The cells of Arrow arrays of every type that is read.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Date64Type, Float32Type, Float64Type, Int8Type, Int16Type,
    Int32Type, Int64Type, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef};
use arrow_schema::{ArrowError, DataType, TimeUnit};

use crate::scalar::{Scalar, seconds_of};

/// A cell as its array holds it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum ArrowCell<'a> {
    Value(Scalar<'a>),
    /// Text that still has to be given a meaning.
    Text(&'a [u8]),
}

/// The array with its cells in a form that [`for_each_cell`] reads: dictionaries are looked up,
/// decimals are text (so that they are rounded once, as text is), 16-bit numbers are 32-bit.
pub(crate) fn plain(array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    match array.data_type() {
        DataType::Dictionary(_, values) => plain(&arrow_cast::cast(array, values)?),
        DataType::Float16 => arrow_cast::cast(array, &DataType::Float32),
        decimal if decimal.is_decimal() => arrow_cast::cast(array, &DataType::Utf8),
        _ => Ok(Arc::clone(array)),
    }
}

/// The array with integers as text too, so that long identifiers keep all their digits.
pub(crate) fn plain_text(array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    let array = plain(array)?;
    if array.data_type().is_integer() {
        return arrow_cast::cast(&array, &DataType::Utf8);
    }
    Ok(array)
}

/// Calls `each` with the position and cell of every row of a [`plain`] array, until it fails.
///
/// Types that the source refuses to open count as missing.
pub(crate) fn for_each_cell<E>(
    array: &dyn Array,
    mut each: impl FnMut(usize, ArrowCell<'_>) -> Result<(), E>,
) -> Result<(), E> {
    macro_rules! numbers {
        ($type:ty, $scalar:expr) => {
            primitives::<$type, E>(array, $scalar, each)
        };
    }
    macro_rules! texts {
        ($values:expr) => {{
            let values = $values;
            for row in 0..array.len() {
                let cell = if values.is_null(row) {
                    ArrowCell::Value(Scalar::Missing)
                } else {
                    ArrowCell::Text(values.value(row).as_ref())
                };
                each(row, cell)?;
            }
            Ok(())
        }};
    }
    match array.data_type() {
        DataType::Boolean => {
            let values = array.as_boolean();
            for row in 0..array.len() {
                let value = if values.is_null(row) {
                    Scalar::Missing
                } else {
                    Scalar::Boolean(values.value(row))
                };
                each(row, ArrowCell::Value(value))?;
            }
            Ok(())
        }
        DataType::Int8 => numbers!(Int8Type, |v| Scalar::number(f64::from(v))),
        DataType::Int16 => numbers!(Int16Type, |v| Scalar::number(f64::from(v))),
        DataType::Int32 => numbers!(Int32Type, |v| Scalar::number(f64::from(v))),
        DataType::Int64 => numbers!(Int64Type, |v| Scalar::number(v as f64)),
        DataType::UInt8 => numbers!(UInt8Type, |v| Scalar::number(f64::from(v))),
        DataType::UInt16 => numbers!(UInt16Type, |v| Scalar::number(f64::from(v))),
        DataType::UInt32 => numbers!(UInt32Type, |v| Scalar::number(f64::from(v))),
        DataType::UInt64 => numbers!(UInt64Type, |v| Scalar::number(v as f64)),
        DataType::Float32 => numbers!(Float32Type, Scalar::number_f32),
        DataType::Float64 => numbers!(Float64Type, Scalar::number),
        DataType::Date32 => numbers!(Date32Type, |v| time(i64::from(v) * 86_400, 1)),
        DataType::Date64 => numbers!(Date64Type, |v| time(v, 1_000)),
        DataType::Timestamp(TimeUnit::Second, _) => numbers!(TimestampSecondType, |v| time(v, 1)),
        DataType::Timestamp(TimeUnit::Millisecond, _) => {
            numbers!(TimestampMillisecondType, |v| time(v, 1_000))
        }
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            numbers!(TimestampMicrosecondType, |v| time(v, 1_000_000))
        }
        DataType::Timestamp(TimeUnit::Nanosecond, _) => {
            numbers!(TimestampNanosecondType, |v| time(v, 1_000_000_000))
        }
        DataType::Utf8 => texts!(array.as_string::<i32>()),
        DataType::LargeUtf8 => texts!(array.as_string::<i64>()),
        DataType::Utf8View => texts!(array.as_string_view()),
        DataType::Binary => texts!(array.as_binary::<i32>()),
        DataType::LargeBinary => texts!(array.as_binary::<i64>()),
        DataType::BinaryView => texts!(array.as_binary_view()),
        _ => (0..array.len()).try_for_each(|row| each(row, ArrowCell::Value(Scalar::Missing))),
    }
}

fn primitives<T: ArrowPrimitiveType, E>(
    array: &dyn Array,
    scalar: impl Fn(T::Native) -> Scalar<'static>,
    mut each: impl FnMut(usize, ArrowCell<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let values = array.as_primitive::<T>();
    for (row, &value) in values.values().iter().enumerate() {
        let value = if values.is_null(row) {
            Scalar::Missing
        } else {
            scalar(value)
        };
        each(row, ArrowCell::Value(value))?;
    }
    Ok(())
}

/// A point in time from its count of units since 1970.
fn time(count: i64, units_per_second: i64) -> Scalar<'static> {
    let nanoseconds = count.rem_euclid(units_per_second) * (1_000_000_000 / units_per_second);
    let whole = count.div_euclid(units_per_second);
    Scalar::DateTime(seconds_of(whole, nanoseconds as u32))
}
