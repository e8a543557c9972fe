//! Tables from Arrow record batches, and the cells of Arrow arrays of every type that is read.

use std::borrow::Borrow;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Date64Type, Decimal32Type, Decimal64Type, Decimal128Type,
    Decimal256Type, DecimalType, DurationMicrosecondType, DurationMillisecondType,
    DurationNanosecondType, DurationSecondType, Float16Type, Float32Type, Float64Type, Int8Type,
    Int16Type, Int32Type, Int64Type, Time32MillisecondType, Time32SecondType,
    Time64MicrosecondType, Time64NanosecondType, TimestampMicrosecondType,
    TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type,
    UInt32Type, UInt64Type,
};
use arrow_array::{Array, RecordBatch};
use arrow_schema::{DataType, SchemaRef, TimeUnit};
use serde_json::Value;

use crate::column_builder::CellError;
use crate::read_options::ReadOptions;
use crate::scalar::{Scalar, seconds_of};
use crate::table::Table;
use crate::table_builder::{BadCell, Cells, TableBuilder, push_text};
use crate::table_error::TableError;

impl Table {
    /// A table of record batches in memory; `name` stands for a file in messages.
    ///
    /// Integers, floating-point numbers, decimals, booleans, text, binary text, UUIDs, dates, times of day, time
    /// stamps and durations are read; each cell means what it would mean in a CSV file. Dictionaries, and what
    /// pandas says are categories, are categories whatever their values are.
    ///
    /// # Errors
    /// Those of [`TableBuilder::new`] and [`TableBuilder::append_record_batch`];
    /// [`TableError::UnsupportedType`], [`TableError::BatchSchema`] for a batch with other columns
    /// than `schema`, [`TableError::NoRows`].
    pub fn from_record_batches<B: Borrow<RecordBatch>>(
        name: impl Into<String>,
        schema: &SchemaRef,
        batches: impl IntoIterator<Item = B>,
        options: &ReadOptions,
    ) -> Result<Self, TableError> {
        let mut builder = TableBuilder::for_arrow(name, schema, options)?;
        let positions = builder.positions();
        for (at, batch) in batches.into_iter().enumerate() {
            let batch = batch.borrow();
            let same = positions.iter().all(|&position| {
                let columns = batch.columns();
                let column = columns.get(position).map(Array::data_type);
                column == Some(schema.field(position).data_type())
            });
            let needed = same.then(|| batch.project(&positions).ok()).flatten();
            let needed = needed.ok_or_else(|| TableError::BatchSchema {
                file: builder.file().to_owned(),
                batch: at + 1,
            })?;
            builder.append_record_batch(&needed)?;
        }
        let table = builder.finish().ok_or_else(|| TableError::NoRows {
            file: builder.file().to_owned(),
        })?;
        builder.check()?;
        Ok(table)
    }
}

impl TableBuilder {
    /// As [`TableBuilder::new`], for a source with the columns of an Arrow schema. Blanks around
    /// their names do not count.
    ///
    /// # Errors
    /// Those of [`TableBuilder::new`]; [`TableError::UnsupportedType`] for a column whose type is not read and
    /// that must have a given type or passes through. Other columns of such a type are missing in every row.
    pub fn for_arrow(
        file: impl Into<String>,
        schema: &SchemaRef,
        options: &ReadOptions,
    ) -> Result<Self, TableError> {
        let fields = schema.fields();
        let names = fields.iter().map(|field| field.name().trim().to_owned());
        let pandas = PandasMetadata::of(schema);
        let mut options = options.clone();
        for field in fields {
            let name = field.name().trim();
            let known = |list: &[String]| list.iter().any(|other| other == name);
            let category = matches!(field.data_type(), DataType::Dictionary(..))
                || pandas.categories.iter().any(|other| other == field.name());
            if category && !known(&options.numeric) && !known(&options.categorical) {
                options.categorical.push(name.to_owned());
            }
        }
        let mut builder = Self::new(file, &names.collect::<Vec<_>>(), &options)?;
        for position in builder.positions() {
            let field = &fields[position];
            let index = pandas.index.iter().any(|other| other == field.name());
            let unreadable =
                (!is_supported(field.data_type())).then(|| field.data_type().to_string());
            builder.note_column(position, index, unreadable)?;
        }
        Ok(builder)
    }

    /// Appends the rows of a record batch, whose columns are those of
    /// [`TableBuilder::positions`] and no others. After an error the rows of the table in the making
    /// are lost.
    ///
    /// # Errors
    /// [`TableError::NotUtf8`], [`TableError::WrongType`], [`TableError::TooManyRows`].
    ///
    /// # Panics
    /// When the batch has fewer columns than are needed.
    pub fn append_record_batch(&mut self, batch: &RecordBatch) -> Result<(), TableError> {
        let positions = self.positions();
        self.append(
            batch.num_rows(),
            |_| None,
            |column, cells| {
                let at = positions.partition_point(|&position| position < column.position);
                let array = batch.column(at);
                match cells {
                    Cells::Typed(builder) => for_each_cell(array, |row, cell| {
                        let mut push_text = |bytes: &[u8]| match builder.push_bytes(bytes) {
                            // Bytes that are no text, in a column that need not be text.
                            Err(CellError::NotUtf8) if is_binary(array.data_type()) => {
                                builder.set_unreadable(&array.data_type().to_string());
                                Ok(())
                            }
                            pushed => pushed.map_err(|error| BadCell::new(row, bytes, error)),
                        };
                        let scalar = match cell {
                            ArrowCell::Value(scalar) => scalar,
                            // A f64 holds integers up to 2^53; longer ones keep their digits.
                            ArrowCell::Signed(value) if value.unsigned_abs() <= 1 << 53 => {
                                Scalar::number(value as f64)
                            }
                            ArrowCell::Unsigned(value) if value <= 1 << 53 => {
                                Scalar::number(value as f64)
                            }
                            ArrowCell::Signed(value) => {
                                return push_text(value.to_string().as_bytes());
                            }
                            ArrowCell::Unsigned(value) => {
                                return push_text(value.to_string().as_bytes());
                            }
                            ArrowCell::Text(bytes) => return push_text(bytes),
                        };
                        builder.push_scalar(scalar).map_err(|error| {
                            let text = scalar.key().unwrap_or_default();
                            BadCell::new(row, text.as_bytes(), error)
                        })
                    }),
                    // Long identifiers keep all their digits.
                    Cells::Passthrough(out) => {
                        out.push_array(array.clone());
                        for_each_cell(array, |row, cell| match cell {
                            ArrowCell::Value(scalar) => {
                                push_text(out, row, scalar.key().unwrap_or_default().as_bytes())
                            }
                            ArrowCell::Signed(value) => {
                                push_text(out, row, value.to_string().as_bytes())
                            }
                            ArrowCell::Unsigned(value) => {
                                push_text(out, row, value.to_string().as_bytes())
                            }
                            ArrowCell::Text(bytes) => push_text(out, row, bytes),
                        })
                    }
                }
            },
        )
    }
}

/// A cell as its array holds it.
#[derive(Debug, Clone, Copy)]
enum ArrowCell<'a> {
    Value(Scalar<'a>),
    Signed(i64),
    Unsigned(u64),
    /// Text that still has to be given a meaning. Decimals are text, so that they are rounded once,
    /// as text is.
    Text(&'a [u8]),
}

/// Calls `each` with the position and cell of every row of an array, until it fails. Dictionaries
/// are looked up.
///
/// Types that are not supported count as missing.
fn for_each_cell<E>(
    array: &dyn Array,
    mut each: impl FnMut(usize, ArrowCell<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let Some(dictionary) = array.as_any_dictionary_opt() else {
        return visit(array, array.len(), Some, &mut each);
    };
    // For each row the position of its value among the innermost values.
    let mut positions = dictionary_positions(array);
    let mut values = dictionary.values();
    while let Some(dictionary) = values.as_any_dictionary_opt() {
        let inner = dictionary_positions(values);
        for position in &mut positions {
            *position = position.and_then(|at| inner[at]);
        }
        values = dictionary.values();
    }
    visit(values, positions.len(), |row| positions[row], &mut each)
}

/// Where the value of each row of a dictionary array is; `None` when it is null.
fn dictionary_positions(array: &dyn Array) -> Vec<Option<usize>> {
    let dictionary = array.as_any_dictionary();
    if dictionary.values().is_empty() {
        return vec![None; array.len()];
    }
    let keys = dictionary.normalized_keys().into_iter().enumerate();
    keys.map(|(row, key)| dictionary.keys().is_valid(row).then_some(key))
        .collect()
}

/// Calls `each` with the cells of `n_rows` rows, whose values lie in `array` where `position` says.
fn visit<E>(
    array: &dyn Array,
    n_rows: usize,
    position: impl Fn(usize) -> Option<usize>,
    each: &mut impl FnMut(usize, ArrowCell<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let present = |row| position(row).filter(|&at| array.is_valid(at));
    // One loop for each storage type; `$cell` makes the cell from the array and a position.
    macro_rules! cells {
        ($cell:expr) => {{
            for row in 0..n_rows {
                match present(row) {
                    None => each(row, ArrowCell::Value(Scalar::Missing))?,
                    Some(at) => each(row, $cell(at))?,
                }
            }
            Ok(())
        }};
    }
    macro_rules! numbers {
        ($type:ty, $cell:expr) => {{
            let values = array.as_primitive::<$type>().values();
            cells!(|at: usize| $cell(values[at]))
        }};
    }
    macro_rules! texts {
        ($values:expr) => {{
            let values = $values;
            cells!(|at| ArrowCell::Text(values.value(at).as_ref()))
        }};
    }
    let value = ArrowCell::Value;
    match array.data_type() {
        DataType::Boolean => {
            let values = array.as_boolean();
            cells!(|at| value(Scalar::Boolean(values.value(at))))
        }
        DataType::Int8 => numbers!(Int8Type, |v| ArrowCell::Signed(i64::from(v))),
        DataType::Int16 => numbers!(Int16Type, |v| ArrowCell::Signed(i64::from(v))),
        DataType::Int32 => numbers!(Int32Type, |v| ArrowCell::Signed(i64::from(v))),
        DataType::Int64 => numbers!(Int64Type, ArrowCell::Signed),
        DataType::UInt8 => numbers!(UInt8Type, |v| ArrowCell::Unsigned(u64::from(v))),
        DataType::UInt16 => numbers!(UInt16Type, |v| ArrowCell::Unsigned(u64::from(v))),
        DataType::UInt32 => numbers!(UInt32Type, |v| ArrowCell::Unsigned(u64::from(v))),
        DataType::UInt64 => numbers!(UInt64Type, ArrowCell::Unsigned),
        DataType::Float16 => numbers!(Float16Type, |v: Half| value(Scalar::number_f32(v.to_f32()))),
        DataType::Float32 => numbers!(Float32Type, |v| value(Scalar::number_f32(v))),
        DataType::Float64 => numbers!(Float64Type, |v| value(Scalar::number(v))),
        DataType::Decimal32(..) => decimals::<Decimal32Type, E>(array, n_rows, present, each),
        DataType::Decimal64(..) => decimals::<Decimal64Type, E>(array, n_rows, present, each),
        DataType::Decimal128(..) => decimals::<Decimal128Type, E>(array, n_rows, present, each),
        DataType::Decimal256(..) => decimals::<Decimal256Type, E>(array, n_rows, present, each),
        DataType::Date32 => numbers!(Date32Type, |v| value(time(i64::from(v) * 86_400, 1))),
        DataType::Date64 => numbers!(Date64Type, |v| value(time(v, 1_000))),
        DataType::Timestamp(TimeUnit::Second, _) => {
            numbers!(TimestampSecondType, |v| value(time(v, 1)))
        }
        DataType::Timestamp(TimeUnit::Millisecond, _) => {
            numbers!(TimestampMillisecondType, |v| value(time(v, 1_000)))
        }
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            numbers!(TimestampMicrosecondType, |v| value(time(v, 1_000_000)))
        }
        DataType::Timestamp(TimeUnit::Nanosecond, _) => {
            numbers!(TimestampNanosecondType, |v| value(time(v, 1_000_000_000)))
        }
        DataType::Time32(TimeUnit::Second) => {
            numbers!(Time32SecondType, |v| value(seconds(i64::from(v), 1)))
        }
        DataType::Time32(_) => {
            numbers!(Time32MillisecondType, |v| value(seconds(
                i64::from(v),
                1_000
            )))
        }
        DataType::Time64(TimeUnit::Microsecond) => {
            numbers!(Time64MicrosecondType, |v| value(seconds(v, 1_000_000)))
        }
        DataType::Time64(_) => {
            numbers!(Time64NanosecondType, |v| value(seconds(v, 1_000_000_000)))
        }
        DataType::Duration(TimeUnit::Second) => {
            numbers!(DurationSecondType, |v| value(seconds(v, 1)))
        }
        DataType::Duration(TimeUnit::Millisecond) => {
            numbers!(DurationMillisecondType, |v| value(seconds(v, 1_000)))
        }
        DataType::Duration(TimeUnit::Microsecond) => {
            numbers!(DurationMicrosecondType, |v| value(seconds(v, 1_000_000)))
        }
        DataType::Duration(TimeUnit::Nanosecond) => {
            numbers!(DurationNanosecondType, |v| value(seconds(v, 1_000_000_000)))
        }
        DataType::FixedSizeBinary(UUID_BYTES) => {
            let values = array.as_fixed_size_binary();
            for row in 0..n_rows {
                match present(row) {
                    None => each(row, ArrowCell::Value(Scalar::Missing))?,
                    Some(at) => each(row, ArrowCell::Text(uuid(values.value(at)).as_bytes()))?,
                }
            }
            Ok(())
        }
        DataType::Utf8 => texts!(array.as_string::<i32>()),
        DataType::LargeUtf8 => texts!(array.as_string::<i64>()),
        DataType::Utf8View => texts!(array.as_string_view()),
        DataType::Binary => texts!(array.as_binary::<i32>()),
        DataType::LargeBinary => texts!(array.as_binary::<i64>()),
        DataType::BinaryView => texts!(array.as_binary_view()),
        _ => (0..n_rows).try_for_each(|row| each(row, value(Scalar::Missing))),
    }
}

type Half = <Float16Type as ArrowPrimitiveType>::Native;

fn decimals<T: DecimalType, E>(
    array: &dyn Array,
    n_rows: usize,
    present: impl Fn(usize) -> Option<usize>,
    each: &mut impl FnMut(usize, ArrowCell<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let values = array.as_primitive::<T>();
    for row in 0..n_rows {
        match present(row) {
            None => each(row, ArrowCell::Value(Scalar::Missing))?,
            Some(at) => each(row, ArrowCell::Text(values.value_as_string(at).as_bytes()))?,
        }
    }
    Ok(())
}

/// A point in time from its count of units since 1970.
fn time(count: i64, units_per_second: i64) -> Scalar<'static> {
    let nanoseconds = count.rem_euclid(units_per_second) * (1_000_000_000 / units_per_second);
    let whole = count.div_euclid(units_per_second);
    Scalar::DateTime(seconds_of(whole, nanoseconds as u32))
}

/// Seconds of a time of day or a duration from its count of units.
fn seconds(count: i64, units_per_second: i64) -> Scalar<'static> {
    match time(count, units_per_second) {
        Scalar::DateTime(seconds) => Scalar::Number(seconds),
        other => other,
    }
}

/// Bytes of a UUID.
const UUID_BYTES: i32 = 16;

/// The text of a UUID, `8-4-4-4-12` digits.
fn uuid(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(36);
    for (at, byte) in bytes.iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        let digit = |half: u8| char::from_digit(u32::from(half), 16).unwrap_or('0');
        text.push(digit(byte >> 4));
        text.push(digit(byte & 15));
    }
    text
}

fn is_binary(data_type: &DataType) -> bool {
    match data_type {
        DataType::Dictionary(_, values) => is_binary(values),
        other => matches!(
            other,
            DataType::Binary | DataType::LargeBinary | DataType::BinaryView
        ),
    }
}

/// What pandas writes about a table into the metadata of its schema.
#[derive(Default)]
struct PandasMetadata {
    /// Columns that hold an index without a name.
    index: Vec<String>,
    /// Columns of categories, whatever their values are.
    categories: Vec<String>,
}

impl PandasMetadata {
    fn of(schema: &SchemaRef) -> Self {
        let text = schema.metadata().get("pandas");
        let json: Option<Value> = text.and_then(|text| serde_json::from_str(text).ok());
        let Some(json) = json else {
            return Self::default();
        };
        let list = |name: &str| json[name].as_array().cloned().unwrap_or_default();
        let text = |value: &Value| value.as_str().map(str::to_owned);
        // An index with a name is a column like others; pandas names the others like this.
        let unnamed = |name: &String| name.starts_with("__index_level_") && name.ends_with("__");
        let is_category = |column: &&Value| column["pandas_type"] == "categorical";
        let columns = list("columns");
        let categories = columns.iter().filter(is_category);
        Self {
            index: list("index_columns")
                .iter()
                .filter_map(text)
                .filter(unnamed)
                .collect(),
            categories: categories
                .filter_map(|column| text(&column["field_name"]))
                .collect(),
        }
    }
}

/// Whether cells of this type have a meaning as [`Scalar`].
fn is_supported(data_type: &DataType) -> bool {
    match data_type {
        DataType::Dictionary(_, values) => is_supported(values),
        DataType::Null
        | DataType::Boolean
        | DataType::Utf8
        | DataType::LargeUtf8
        | DataType::Utf8View
        | DataType::Binary
        | DataType::LargeBinary
        | DataType::BinaryView
        | DataType::Date32
        | DataType::Date64
        | DataType::Time32(_)
        | DataType::Time64(_)
        | DataType::Duration(_)
        | DataType::FixedSizeBinary(UUID_BYTES)
        | DataType::Timestamp(_, _) => true,
        other => other.is_numeric(),
    }
}

#[cfg(test)]
mod tests;
