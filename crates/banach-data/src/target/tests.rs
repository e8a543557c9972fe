use super::*;
use crate::test_tables::{column, names, table};

/// Sums of a thousand 32-bit numbers of size 1.
const F32_TOLERANCE: f64 = 1e-5;

fn fit(table: &Table, targets: &[&str], task: Option<Task>) -> Result<TargetEncoder, TargetError> {
    TargetEncoder::fit(table, &names(targets), task)
}

fn many(n: usize, cell: impl Fn(usize) -> String) -> Table {
    column((0..n).map(cell))
}

#[test]
fn the_task_follows_from_the_values() {
    use Task::{Binary, Multiclass, Regression};
    let cases: [(&str, Table, Task); 11] = [
        ("booleans", column(["true", "false", "true"]), Binary),
        ("two numbers", column(["0.5", "2", "0.5"]), Binary),
        ("two texts", column(["no", "yes", ""]), Binary),
        ("three texts", column(["a", "b", "c", "a"]), Multiclass),
        ("mixture", column(["a", "1", "true", "1"]), Multiclass),
        ("integers", many(60, |i| (i % 20).to_string()), Multiclass),
        (
            "more integers",
            many(63, |i| (i % 21).to_string()),
            Regression,
        ),
        (
            "integers, none twice",
            many(15, |i| i.to_string()),
            Regression,
        ),
        (
            "integers as decimals",
            column(["1.0", "2.0", "3.0", "1"]),
            Multiclass,
        ),
        (
            "fractions",
            column(["1.5", "2.5", "3.5", "1.5"]),
            Regression,
        ),
        ("many numbers", many(90, |i| format!("{i}.25")), Regression),
    ];
    for (case, table, expected) in &cases {
        let encoder = fit(table, &["x"], None).unwrap();
        assert_eq!(encoder.task(), *expected, "{case}");
    }
    let several = table("a,b\n0,x\n1,y\n");
    let encoder = fit(&several, &["b", "a"], None).unwrap();
    assert_eq!(encoder.task(), Task::Multilabel);
    assert_eq!(encoder.names(), ["b", "a"]);
}

#[test]
fn classes_are_ordered_by_value() {
    let cases: [(Table, &[&str]); 10] = [
        (column(["10", "9", "10", "-1"]), &["-1", "9", "10"]),
        (column(["true", "false", "TRUE"]), &["false", "true"]),
        (column(["yes", "no", "yes"]), &["no", "yes"]),
        (column(["b", "2", "a", "2", "1e1"]), &["2", "1e1", "a", "b"]),
        (column(["02", "01", "02", "10"]), &["01", "02", "10"]),
        (column(["True", "False", "True"]), &["False", "True"]),
        (column(["1.0", "0.0", "1.0"]), &["0.0", "1.0"]),
        (column(["12E3", "12000", "12000"]), &["12000", "12E3"]),
        (
            column(["1234567890123456788", "77", "1234567890123456789", "77"]),
            &["77", "1234567890123456788", "1234567890123456789"],
        ),
        (column(["1.0", "0", "1", "0.0"]), &["0", "1"]),
    ];
    for (table, expected) in &cases {
        let encoder = fit(table, &["x"], None).unwrap();
        assert_eq!(encoder.classes(0), *expected);
        assert_eq!(encoder.n_outputs(), expected.len());
    }
}

#[test]
fn class_codes_follow_the_rows_asked_for() {
    let table = column(["b", "a", "", "c", "b"]);
    let encoder = fit(&table, &["x"], None).unwrap();
    assert_eq!(encoder.labelled_rows(&table).unwrap(), [0, 1, 3, 4]);
    let targets = encoder.encode(&table, &[4, 3, 1]).unwrap();
    assert_eq!(targets, Targets::Classes(vec![1, 2, 0]));
}

#[test]
fn numbers_are_standardized_inside_and_in_their_own_units_outside() {
    let table = many(1000, |i| format!("{}.5", 1_000_000 + i * i % 977));
    let encoder = fit(&table, &["x"], None).unwrap();
    assert_eq!((encoder.task(), encoder.n_outputs()), (Task::Regression, 1));
    assert!(encoder.classes(0).is_empty());
    let rows = table.all_rows();
    let Targets::Values(values) = encoder.encode(&table, &rows).unwrap() else {
        panic!("not values")
    };
    let wide: Vec<f64> = values.iter().map(|&value| f64::from(value)).collect();
    let (mean, deviation) = mean_and_deviation(&wide);
    assert!(mean.abs() < F32_TOLERANCE, "{mean}");
    assert!((deviation - 1.0).abs() < F32_TOLERANCE, "{deviation}");
    for (&row, &value) in rows.iter().zip(&values) {
        let own = table.column("x").unwrap().number(row as usize).unwrap();
        assert!(
            (encoder.decode(f64::from(value)) - own).abs() < 1e-3,
            "{own}"
        );
    }
    // Mean and deviation come from the training rows alone.
    let of_two = encoder.fit_rows(&table, &[0, 1]).unwrap();
    let two = Targets::Values(vec![-1.0, 1.0]);
    assert_eq!(of_two.encode(&table, &[0, 1]).unwrap(), two);
}

#[test]
fn numbers_of_any_size_are_standardized() {
    for size in ["e-320", "e-170", "e-5", "e300", "e306"] {
        let table = many(100, |i| format!("{}.5{size}", i * i % 97));
        let encoder = fit(&table, &["x"], Some(Task::Regression)).unwrap();
        let rows = table.all_rows();
        let Targets::Values(values) = encoder.encode(&table, &rows).unwrap() else {
            panic!("not values")
        };
        let wide: Vec<f64> = values.iter().map(|&value| f64::from(value)).collect();
        let (mean, deviation) = mean_and_deviation(&wide);
        // Below 1e-308 numbers have fewer digits.
        let tolerance = if size == "e-320" { 1e-2 } else { F32_TOLERANCE };
        assert!(mean.abs() < tolerance, "{size}: {mean}");
        assert!((deviation - 1.0).abs() < tolerance, "{size}: {deviation}");
    }
    // A row that was not trained on may lie farther off than numbers go.
    let table = column(["1e-300", "2e-300", "4e-300", "1e300"]);
    let encoder = fit(&table, &["x"], Some(Task::Regression)).unwrap();
    let encoder = encoder.fit_rows(&table, &[0, 1, 2]).unwrap();
    let far = encoder.encode(&table, &[3]).unwrap();
    assert_eq!(far, Targets::Values(vec![crate::MAX_Z as f32]));
    assert!(encoder.decode(1e300).is_finite());
}

#[test]
fn missing_labels_are_masked() {
    let table = table("a,x,b\n0,1,yes\n,1,no\n1,1,\n,1,\n");
    let encoder = fit(&table, &["a", "b"], Some(Task::Multilabel)).unwrap();
    assert_eq!(encoder.labelled_rows(&table).unwrap(), [0, 1, 2]);
    assert_eq!(encoder.classes(1), ["no", "yes"]);
    assert_eq!(encoder.n_outputs(), 2);
    let Targets::Labels { n_labels, values } = encoder.encode(&table, &[0, 1, 2, 3]).unwrap()
    else {
        panic!("not labels")
    };
    assert_eq!(n_labels, 2);
    let masked: Vec<Option<u32>> = values
        .iter()
        .map(|value| (!value.is_nan()).then_some(*value as u32))
        .collect();
    let expected = [Some(0), Some(1), None, Some(0), Some(1), None, None, None];
    assert_eq!(masked, expected);
    // One label is a task too.
    let single = fit(&table, &["a"], Some(Task::Multilabel)).unwrap();
    assert_eq!(single.n_outputs(), 1);
}

#[test]
fn targets_that_cannot_be_learned_are_errors() {
    struct Case {
        text: &'static str,
        targets: &'static [&'static str],
        task: Option<Task>,
        message: &'static str,
    }
    let case = |text, targets, task, message| Case {
        text,
        targets,
        task,
        message,
    };
    use Task::{Binary, Multiclass, Multilabel, Regression};
    let cases = [
        case(
            "income,z\n1,2\n",
            &["incme"],
            None,
            "t.csv has no column \"incme\" (did you mean \"income\"?) (named in target)",
        ),
        case(
            "y,z\n1,2\n0,1\n",
            &["y", "z", "y"],
            None,
            "target \"y\" is named twice; name each target once",
        ),
        case(
            "y,z\n1,2\n",
            &[],
            None,
            "the task multilabel takes one target or more, got 0",
        ),
        case(
            "y,z\n1,2\n",
            &["y", "z"],
            Some(Regression),
            "the task regression takes one target, got 2",
        ),
        case(
            "y,z\n,2\nNA,3\n",
            &["y"],
            None,
            "t.csv: target \"y\" is missing in every row",
        ),
        case(
            "y,z\n1.0,2\n1,3\n,4\n",
            &["y"],
            None,
            "t.csv: target \"y\" has the single value \"1\" in 2 rows; there is nothing to learn",
        ),
        case(
            "y,z\n5,2\n5,3\n",
            &["y"],
            Some(Regression),
            "t.csv: target \"y\" has the single value \"5\" in 2 rows; there is nothing to learn",
        ),
        case(
            "y,z\na,2\nb,3\nc,3\na,3\n",
            &["y"],
            Some(Binary),
            "t.csv: target \"y\" has 3 different values, but the task binary needs exactly two",
        ),
        case(
            "y,z\n1,2\n0,3\n1,4\n",
            &["y", "z"],
            Some(Multilabel),
            "t.csv: target \"z\" has 3 different values, but the task multilabel needs exactly two",
        ),
        case(
            "y,z\na,2\nb,3\nc,3\n",
            &["y"],
            None,
            "t.csv: target \"y\" has 3 classes in 3 rows; there must be more rows than classes",
        ),
        case(
            "y,z\n1,2\n2,3\n3,3\n",
            &["y"],
            Some(Multiclass),
            "t.csv: target \"y\" has 3 classes in 3 rows; there must be more rows than classes",
        ),
        case(
            "y,z\n1,2\nhigh,3\n3,3\n",
            &["y"],
            Some(Regression),
            "t.csv, row 2 (line 3), column \"y\": \"high\" is not a number",
        ),
    ];
    for Case {
        text,
        targets,
        task,
        message,
    } in cases
    {
        let error = fit(&table(text), targets, task).unwrap_err().to_string();
        assert!(error.starts_with(message), "{error}");
    }
}

#[test]
fn training_rows_that_cannot_be_learned_from_are_errors() {
    let classes = column(["a", "b", "c", "a", "a", "b"]);
    let encoder = || fit(&classes, &["x"], None).unwrap();
    assert!(encoder().fit_rows(&classes, &[0, 1, 2, 3]).is_ok());
    let error = encoder().fit_rows(&classes, &[0, 1, 2]).unwrap_err();
    assert!(
        matches!(
            error,
            TargetError::TooManyClasses {
                classes: 3,
                rows: 3,
                ..
            }
        ),
        "{error}"
    );
    let two = column(["a", "b", "a", "a", ""]);
    let encoder = || fit(&two, &["x"], None).unwrap();
    let error = encoder().fit_rows(&two, &[0, 2, 3]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "t.csv: all 3 training rows have the class \"a\" of target \"x\"; use a stratified split or more rows"
    );
    let error = encoder().fit_rows(&two, &[0, 1, 4]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "t.csv, row 5 (line 6): target \"x\" is missing; leave the row out or fill it in"
    );
    let numbers = column(["1.5", "2", "2", "3.25", ""]);
    let encoder = || fit(&numbers, &["x"], Some(Task::Regression)).unwrap();
    let error = encoder().fit_rows(&numbers, &[1, 2]).unwrap_err();
    assert!(
        matches!(error, TargetError::ConstantTarget { rows: 2, .. }),
        "{error}"
    );
    let error = encoder().encode(&numbers, &[4]).unwrap_err();
    assert!(
        matches!(error, TargetError::RowWithoutTarget { ref at, .. } if at.row == 5),
        "{error}"
    );
}

#[test]
fn a_class_that_training_did_not_know_is_an_error() {
    let encoder = fit(&column(["a", "b", "a"]), &["x"], None).unwrap();
    let error = encoder.encode(&column(["b", "z"]), &[0, 1]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "t.csv, row 2 (line 3): target \"x\" has the class \"z\", which the model does not know; known are \"a\", \"b\""
    );
    let many = fit(&many(60, |i| format!("class {:02}", i % 30)), &["x"], None);
    let error = many.unwrap().encode(&column(["z", "z"]), &[0]).unwrap_err();
    assert!(error.to_string().ends_with("\"class 09\", ..."), "{error}");
}

#[test]
fn another_storage_of_the_same_classes_is_read() {
    // All of one type here, a mixture there.
    let encoder = fit(&column(["1", "0", "1"]), &["x"], None).unwrap();
    let booleans = column(["true", "false"]);
    let codes = encoder.encode(&booleans, &[0, 1]).unwrap();
    assert_eq!(codes, Targets::Classes(vec![1, 0]));
}

#[test]
fn json_gives_the_same_bits() {
    let table = table("r,c,l,m\n0.1,a,0,no\n0.7,b,1,yes\n-1e-7,c,0,no\n3,a,1,yes\n");
    for (targets, task) in [
        (&["r"][..], Some(Task::Regression)),
        (&["c"], None),
        (&["l"], None),
        (&["l", "m"], None),
    ] {
        let encoder = fit(&table, targets, task).unwrap();
        let json = serde_json::to_string(&encoder).unwrap();
        let again: TargetEncoder = serde_json::from_str(&json).unwrap();
        assert_eq!(again, encoder);
        assert_eq!(again.mean.to_bits(), encoder.mean.to_bits());
        assert_eq!(again.deviation.to_bits(), encoder.deviation.to_bits());
    }
}

#[test]
fn a_false_model_file_is_refused() {
    let json = |task: &str, columns: &str, deviation: &str| {
        format!(r#"{{"task":"{task}","columns":[{columns}],"mean":0.0,"deviation":{deviation}}}"#)
    };
    let column = |name: &str, classes: &str| {
        format!(r#"{{"name":"{name}","column_type":"category","classes":[{classes}]}}"#)
    };
    let two = column("y", r#""a","b""#);
    let good = json("binary", &two, "1.0");
    assert!(serde_json::from_str::<TargetEncoder>(&good).is_ok());
    for bad in [
        json("binary", "", "1.0"),
        json("binary", &format!("{two},{two}"), "1.0"),
        json("multilabel", &format!("{two},{two}"), "1.0"),
        json("binary", &column("y", r#""a""#), "1.0"),
        json("binary", &column("y", r#""b","a""#), "1.0"),
        json("multiclass", &column("y", r#""a","a","b""#), "1.0"),
        json("regression", &two, "1.0"),
        json("regression", &column("y", ""), "0.0"),
        json("regression", &column("y", ""), "1e999"),
        json("ranking", &two, "1.0"),
    ] {
        let read = serde_json::from_str::<TargetEncoder>(&bad);
        assert!(read.is_err(), "{bad}");
    }
}

#[test]
fn weights_are_numbers_from_0() {
    let table =
        table("w,zero,text,b\n0.5,0,a,true\n0,0.0,1,false\n-1,0,2,true\n,0,3,true\n1e39,0,4,\n");
    let weights = |name, rows: &[u32]| sample_weights(&table, name, rows);
    assert_eq!(weights("w", &[1, 0]).unwrap(), [0.0, 0.5]);
    assert_eq!(weights("b", &[0, 1]).unwrap(), [1.0, 0.0]);
    for (name, rows, message) in [
        (
            "w",
            &[0, 2][..],
            "t.csv, row 3 (line 4): weight \"w\" is -1; weights must be numbers from 0 to 3.4e38",
        ),
        (
            "w",
            &[0, 3],
            "t.csv, row 4 (line 5): weight \"w\" is missing; ",
        ),
        (
            "w",
            &[0, 4],
            "t.csv, row 5 (line 6): weight \"w\" is 1e39; ",
        ),
        (
            "text",
            &[1],
            "t.csv, row 1 (line 2), column \"text\": \"a\" is not a number; ",
        ),
        (
            "zero",
            &[0, 1],
            "t.csv: weight \"zero\" is 0 in all 2 rows; some weight must be above 0",
        ),
        ("wt", &[0], "t.csv has no column \"wt\""),
    ] {
        let error = weights(name, rows).unwrap_err().to_string();
        assert!(error.starts_with(message), "{error}");
    }
}
