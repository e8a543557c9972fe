use std::sync::Arc;

use arrow_array::types::Int8Type;
use arrow_array::{
    ArrayRef, Decimal32Array, Decimal64Array, Decimal128Array, Decimal256Array, DictionaryArray,
    Float16Array, Int8Array, Int64Array, StringArray, UInt64Array,
};
use arrow_schema::{Field, Schema};

use super::*;
use crate::column::ColumnType;

/// A table of one column `x`, which also passes through.
fn table(array: ArrayRef) -> Table {
    let field = Field::new("x", array.data_type().clone(), true);
    let schema = Arc::new(Schema::new(vec![field]));
    let batch = RecordBatch::try_new(schema.clone(), vec![array]).unwrap();
    let options = ReadOptions {
        passthrough: vec!["x".to_owned()],
        ..ReadOptions::default()
    };
    Table::from_record_batches("memory", &schema, [batch], &options).unwrap()
}

/// The texts that pass through.
fn texts(table: &Table) -> Vec<&str> {
    let texts = &table.passthrough()[0].1;
    (0..table.n_rows()).map(|row| texts.get(row)).collect()
}

#[test]
fn decimals_are_written_out_with_all_their_digits() {
    let values = [12_345, -12_345, 5, -5, 0, 100];
    struct Case {
        scale: i8,
        texts: [&'static str; 6],
    }
    let cases = [
        Case {
            scale: 0,
            texts: ["12345", "-12345", "5", "-5", "0", "100"],
        },
        Case {
            scale: 2,
            texts: ["123.45", "-123.45", "0.05", "-0.05", "0.00", "1.00"],
        },
        Case {
            scale: 7,
            texts: [
                "0.0012345",
                "-0.0012345",
                "0.0000005",
                "-0.0000005",
                "0.0000000",
                "0.0000100",
            ],
        },
        Case {
            scale: -3,
            texts: ["12345000", "-12345000", "5000", "-5000", "0", "100000"],
        },
    ];
    for Case {
        scale,
        texts: expected,
    } in cases
    {
        macro_rules! array {
            ($array:ident, $native:ty, $precision:expr) => {{
                let values = values.map(|value| Some(<$native>::from(value)));
                let values = values.into_iter().chain([None]);
                let array = <$array>::from_iter(values);
                Arc::new(array.with_precision_and_scale($precision, scale).unwrap()) as ArrayRef
            }};
        }
        let arrays = [
            array!(Decimal32Array, i32, 9),
            array!(Decimal64Array, i64, 18),
            array!(Decimal128Array, i128, 38),
            array!(Decimal256Array, I256, 76),
        ];
        for array in arrays {
            let name = array.data_type().to_string();
            let table = table(array);
            assert_eq!(texts(&table)[..6], expected, "{name}");
            assert_eq!(texts(&table)[6], "", "{name}");
            let column = &table.columns()[0];
            assert_eq!(column.column_type(), ColumnType::Number, "{name}");
            for (row, text) in expected.iter().enumerate() {
                let number = text.parse::<f64>().unwrap() + 0.0;
                assert_eq!(column.number(row), Some(number), "{name}");
            }
        }
    }
}

type I256 = <Decimal256Type as ArrowPrimitiveType>::Native;

#[test]
fn decimals_beyond_64_bits_keep_their_digits_as_text() {
    let value = -170_141_183_460_469_231_731_687_303_715_884_105_i128;
    let array = Decimal128Array::from_iter([Some(value)]);
    let array = array.with_precision_and_scale(38, 10).unwrap();
    let table = table(Arc::new(array));
    assert_eq!(texts(&table), ["-17014118346046923173168730.3715884105"]);
}

#[test]
fn integers_pass_through_with_all_their_digits() {
    let table_of_i64 = table(Arc::new(Int64Array::from(vec![i64::MIN, -1, 0, i64::MAX])));
    assert_eq!(
        texts(&table_of_i64),
        ["-9223372036854775808", "-1", "0", "9223372036854775807"]
    );
    let table_of_u64 = table(Arc::new(UInt64Array::from(vec![Some(u64::MAX), None])));
    assert_eq!(texts(&table_of_u64), ["18446744073709551615", ""]);
    let column = &table_of_u64.columns()[0];
    assert_eq!(column.number(0), Some(18_446_744_073_709_551_615.0));
    assert_eq!(column.key(0).as_deref(), Some("18446744073709551615"));
}

#[test]
fn half_precision_numbers_are_the_decimals_of_32_bits() {
    let half = |bits| Some(Half::from_bits(bits));
    // 1.5, the number nearest to 0.1, infinity, NaN, the smallest above 0.
    let bits = [
        half(0x3E00),
        half(0x2E66),
        half(0x7C00),
        half(0x7E00),
        half(1),
        None,
    ];
    let table = table(Arc::new(Float16Array::from_iter(bits)));
    assert_eq!(
        texts(&table),
        ["1.5", "0.099975586", "inf", "", "5.9604645e-8", ""]
    );
}

#[test]
fn dictionaries_are_looked_up() {
    let keys = Int8Array::from(vec![Some(1), None, Some(0), Some(2), Some(1)]);
    let values: ArrayRef = Arc::new(StringArray::from(vec![Some("7"), Some("8.50"), None]));
    let inner = DictionaryArray::<Int8Type>::new(keys, values);
    let table_of_texts = table(Arc::new(inner.clone()));
    assert_eq!(texts(&table_of_texts), ["8.50", "", "7", "", "8.50"]);
    let column = &table_of_texts.columns()[0];
    // Whoever made a dictionary means categories.
    assert_eq!(column.column_type(), ColumnType::Category);
    assert_eq!(column.key(4).as_deref(), Some("8.50"));
    // A dictionary of a dictionary.
    let keys = Int8Array::from(vec![Some(4), Some(3), None, Some(2), Some(1)]);
    let outer = DictionaryArray::<Int8Type>::new(keys, Arc::new(inner));
    assert_eq!(texts(&table(Arc::new(outer))), ["8.50", "", "", "7", ""]);
    // Integers in a dictionary keep their digits too.
    let keys = Int8Array::from(vec![0, 0]);
    let values: ArrayRef = Arc::new(Int64Array::from(vec![i64::MAX]));
    let array = DictionaryArray::<Int8Type>::new(keys, values);
    assert_eq!(texts(&table(Arc::new(array))), ["9223372036854775807"; 2]);
    // No values at all.
    let keys = Int8Array::from(vec![None, None]);
    let values: ArrayRef = Arc::new(StringArray::from(Vec::<&str>::new()));
    let array = DictionaryArray::<Int8Type>::new(keys, values);
    assert_eq!(texts(&table(Arc::new(array))), ["", ""]);
}

#[test]
fn batches_must_have_the_columns_of_the_schema() {
    let schema = Arc::new(Schema::new(vec![
        Field::new(" a ", DataType::Int64, true),
        Field::new("b", DataType::Utf8, true),
    ]));
    let a: ArrayRef = Arc::new(Int64Array::from(vec![1, 2]));
    let b: ArrayRef = Arc::new(StringArray::from(vec!["x", "y"]));
    let good = RecordBatch::try_new(schema.clone(), vec![a.clone(), b.clone()]).unwrap();
    let other = RecordBatch::try_from_iter([("a", b), ("b", a.clone())]).unwrap();
    let fewer = RecordBatch::try_from_iter([("a", a)]).unwrap();
    let read = |batches: &[RecordBatch]| {
        Table::from_record_batches("memory", &schema, batches, &ReadOptions::default())
    };
    let table = read(&[good.clone(), good.clone()]).unwrap();
    assert_eq!((table.n_rows(), table.columns()[0].name()), (4, "a"));
    for bad in [other, fewer] {
        let error = read(&[good.clone(), bad]).unwrap_err().to_string();
        assert_eq!(
            error,
            "memory: record batch 2 does not have the columns of the schema"
        );
    }
    let error = read(&[]).unwrap_err().to_string();
    assert_eq!(error, "memory has a header but no rows");
}
