use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::test_tables::table;

/// Rows with a group `g` of few values and a time `t` with ties.
fn grouped(groups: &[u32], times: &[u32]) -> Table {
    let mut text = "g,t,text,some\n".to_owned();
    for (at, (group, time)) in groups.iter().zip(times).enumerate() {
        let some = if at == 1 { "" } else { "1" };
        text += &format!("g{group},{time},a{time},{some}\n");
    }
    table(&text)
}

fn all_splits() -> [Split; 4] {
    [
        Split::Random,
        Split::Stratified,
        Split::Group("g".to_owned()),
        Split::Time("t".to_owned()),
    ]
}

fn splitter<'a>(table: &'a Table, rows: &'a [u32], split: &'a Split) -> Splitter<'a> {
    Splitter {
        table,
        rows,
        classes: None,
        split,
        seed: 7,
    }
}

/// A table, the rows to divide and their classes.
fn inputs() -> impl Strategy<Value = (Table, Vec<u32>, Vec<u32>)> {
    prop::collection::vec((0_u32..6, 0_u32..8, 0_u32..3, any::<bool>()), 2..60).prop_map(|cells| {
        let groups: Vec<u32> = cells.iter().map(|cell| cell.0).collect();
        let times: Vec<u32> = cells.iter().map(|cell| cell.1).collect();
        let used = (0_u32..)
            .zip(&cells)
            .filter(|(row, cell)| *row < 2 || cell.3);
        let rows: Vec<u32> = used.clone().map(|(row, _)| row).collect();
        let classes: Vec<u32> = used.map(|(_, cell)| cell.2).collect();
        (grouped(&groups, &times), rows, classes)
    })
}

proptest! {
    #[test]
    fn a_hold_out_is_a_partition((table, rows, classes) in inputs(), fraction in 0.01_f64..0.99, seed in any::<u64>()) {
        for split in &all_splits() {
            let splitter = Splitter { table: &table, rows: &rows, classes: Some(&classes), split, seed };
            let Ok(HoldOut { train, valid }) = splitter.hold_out(fraction) else {
                // One class per row, one group or one time cannot be divided.
                let column = |name| rows.iter().map(|&row| table.column(name).unwrap().key(row as usize)).collect::<BTreeSet<_>>().len();
                let impossible = match split {
                    Split::Random => false,
                    Split::Stratified => classes.iter().collect::<BTreeSet<_>>().len() == rows.len(),
                    Split::Group(_) => column("g") < 2,
                    Split::Time(_) => column("t") < 2,
                };
                prop_assert!(impossible, "{split:?}");
                continue;
            };
            prop_assert!(!train.is_empty() && !valid.is_empty());
            prop_assert!(train.is_sorted() && valid.is_sorted());
            let mut all = [train.as_slice(), valid.as_slice()].concat();
            all.sort_unstable();
            prop_assert_eq!(&all, &rows);
            match split {
                Split::Random => prop_assert_eq!(valid.len(), ((rows.len() as f64 * fraction).round() as usize).clamp(1, rows.len() - 1)),
                Split::Stratified => {
                    let at = |row: &u32| classes[rows.binary_search(row).unwrap()];
                    let trained: BTreeSet<u32> = train.iter().map(at).collect();
                    prop_assert_eq!(trained, classes.iter().copied().collect::<BTreeSet<u32>>());
                }
                Split::Group(name) => {
                    let groups = |side: &[u32]| side.iter().map(|&row| table.column(name).unwrap().key(row as usize).unwrap().into_owned()).collect::<BTreeSet<_>>();
                    prop_assert!(groups(&train).is_disjoint(&groups(&valid)));
                }
                Split::Time(name) => {
                    let time = |row: &u32| table.column(name).unwrap().number(*row as usize).unwrap();
                    let latest = train.iter().map(time).fold(f64::MIN, f64::max);
                    prop_assert!(valid.iter().map(time).all(|t| t > latest));
                }
            }
            prop_assert_eq!(splitter.hold_out(fraction).unwrap(), HoldOut { train, valid });
        }
    }

    #[test]
    fn folds_are_a_partition((table, rows, classes) in inputs(), n_folds in 2_usize..6, repeat in 0_u32..3) {
        for split in &all_splits() {
            let splitter = Splitter { table: &table, rows: &rows, classes: Some(&classes), split, seed: 1 };
            let Ok(folds) = splitter.folds(n_folds, repeat) else {
                prop_assert!(n_folds > rows.len() || matches!(split, Split::Group(_) | Split::Time(_)), "{split:?}");
                continue;
            };
            prop_assert_eq!(folds.len(), rows.len());
            let used: BTreeSet<u32> = folds.iter().copied().collect();
            prop_assert_eq!(used, (0..n_folds as u32).collect::<BTreeSet<u32>>());
            let size = |fold| folds.iter().filter(|&&f| f == fold).count();
            let sizes: Vec<usize> = (0..n_folds as u32).map(size).collect();
            if matches!(split, Split::Random | Split::Stratified) {
                prop_assert!(sizes.iter().max().unwrap() - sizes.iter().min().unwrap() <= 1);
            }
            if let Some(name) = split.column() {
                let keys = rows.iter().map(|&row| table.column(name).unwrap().key(row as usize).unwrap());
                let pairs: BTreeSet<_> = keys.clone().zip(&folds).collect();
                prop_assert_eq!(pairs.len(), keys.collect::<BTreeSet<_>>().len());
            }
            prop_assert_eq!(splitter.folds(n_folds, repeat).unwrap(), folds);
        }
    }
}

#[test]
fn stratified_sides_have_the_same_shares() {
    let table = grouped(&[0; 200], &[0; 200]);
    let rows = table.all_rows();
    // 180 of class 0, 20 of class 1, in no order.
    let classes: Vec<u32> = rows.iter().map(|row| u32::from(row % 10 == 3)).collect();
    let split = Split::Stratified;
    let splitter = Splitter {
        classes: Some(&classes),
        ..splitter(&table, &rows, &split)
    };
    let HoldOut { valid, .. } = splitter.hold_out(0.2).unwrap();
    let ones = |rows: &[u32]| rows.iter().filter(|&&row| row % 10 == 3).count();
    assert_eq!((valid.len(), ones(&valid)), (40, 4));
    let folds = splitter.folds(5, 0).unwrap();
    for fold in 0..5 {
        let of_fold = rows.iter().filter(|&&row| folds[row as usize] == fold);
        let of_fold: Vec<u32> = of_fold.copied().collect();
        assert_eq!((of_fold.len(), ones(&of_fold)), (40, 4), "fold {fold}");
    }
}

#[test]
fn classes_of_one_row_train() {
    let table = grouped(&[0; 3], &[0; 3]);
    let rows = table.all_rows();
    let split = Split::Stratified;
    let splitter = Splitter {
        classes: Some(&[1, 0, 0]),
        ..splitter(&table, &rows, &split)
    };
    for fraction in [0.01, 0.5, 0.99] {
        let HoldOut { train, valid } = splitter.hold_out(fraction).unwrap();
        assert!(train.contains(&0) && valid.len() == 1, "{fraction}");
    }
}

#[test]
fn seed_and_repeat_give_other_splits() {
    let groups: Vec<u32> = (0..100).map(|row| row % 20).collect();
    let table = grouped(&groups, &groups);
    let rows = table.all_rows();
    for split in &all_splits()[..3] {
        let first = splitter(&table, &rows, split);
        let second = Splitter { seed: 8, ..first };
        assert_ne!(first.hold_out(0.3).unwrap(), second.hold_out(0.3).unwrap());
        assert_ne!(first.folds(4, 0).unwrap(), second.folds(4, 0).unwrap());
        assert_ne!(first.folds(4, 0).unwrap(), first.folds(4, 1).unwrap());
    }
}

#[test]
fn a_time_split_validates_on_the_latest_rows() {
    let times = [5, 1, 4, 2, 3, 5, 1, 1, 1, 2];
    let table = grouped(&[0; 10], &times);
    let rows = table.all_rows();
    let split = Split::Time("t".to_owned());
    let splitter = splitter(&table, &rows, &split);
    assert_eq!(splitter.hold_out(0.3).unwrap().valid, [0, 2, 5]);
    // Equal times stay together, even when that makes a side larger or smaller than asked for.
    assert_eq!(splitter.hold_out(0.1).unwrap().valid, [0, 5]);
    assert_eq!(splitter.hold_out(0.9).unwrap().train, [1, 6, 7, 8]);
    assert_eq!(
        splitter.folds(2, 0).unwrap(),
        [1, 0, 1, 0, 1, 1, 0, 0, 0, 0]
    );
}

#[test]
fn group_folds_are_nearly_equal() {
    // Groups of 50, 20, 10, 10 and 10 rows.
    let groups: Vec<u32> = (0..100)
        .map(|row| match row {
            0..50 => 0,
            50..70 => 1,
            _ => row / 10,
        })
        .collect();
    let table = grouped(&groups, &groups);
    let rows = table.all_rows();
    let split = Split::Group("g".to_owned());
    let folds = splitter(&table, &rows, &split).folds(2, 0).unwrap();
    assert_eq!(folds.iter().filter(|&&fold| fold == 0).count(), 50);
    assert!(folds[..50].iter().all(|&fold| fold == folds[0]));
}

#[test]
fn the_fraction_lies_inside_0_and_1() {
    let table = grouped(&[0, 1, 2], &[0, 1, 2]);
    let rows = table.all_rows();
    for split in &all_splits() {
        let splitter = splitter(&table, &rows, split);
        for fraction in [0.0, 1.0, -0.1, 1.5, f64::NAN, f64::INFINITY] {
            let error = splitter.hold_out(fraction).unwrap_err();
            assert!(matches!(error, SplitError::Fraction { .. }), "{error}");
        }
        for fraction in [f64::MIN_POSITIVE, 1.0 - f64::EPSILON] {
            assert!(splitter.hold_out(fraction).is_ok(), "{split:?} {fraction}");
        }
    }
    let error = splitter(&table, &rows, &Split::Random).hold_out(1.0);
    assert_eq!(
        error.unwrap_err().to_string(),
        "the validation fraction must be above 0 and below 1, got 1"
    );
}

#[test]
fn what_cannot_be_divided_is_an_error() {
    struct Case {
        split: Split,
        rows: Vec<u32>,
        message: &'static str,
    }
    let table = grouped(&[0, 0, 0, 1], &[1, 1, 1, 2]);
    let group = |column: &str| Split::Group(column.to_owned());
    let time = |column: &str| Split::Time(column.to_owned());
    let cases = [
        Case {
            split: Split::Random,
            rows: vec![2],
            message: "the random split of 1 rows leaves no",
        },
        Case {
            split: Split::Stratified,
            rows: vec![],
            message: "the stratified split of 0 rows leaves no",
        },
        Case {
            split: group("g"),
            rows: vec![0, 1, 2],
            message: "the group split of 3 rows leaves no validation rows; at least two groups",
        },
        Case {
            split: time("t"),
            rows: vec![0, 1, 2],
            message: "the time split of 3 rows leaves no validation rows; more distinct times",
        },
        Case {
            split: group("gg"),
            rows: vec![0, 3],
            message: "t.csv has no column \"gg\"",
        },
        Case {
            split: group("some"),
            rows: vec![0, 1],
            message: "t.csv, row 2 (line 3): column \"some\" is missing, but the group split needs it",
        },
        Case {
            split: time("some"),
            rows: vec![0, 1],
            message: "t.csv, row 2 (line 3): column \"some\" is missing, but the time split needs it",
        },
        Case {
            split: time("text"),
            rows: vec![1, 3],
            message: "t.csv, row 2 (line 3), column \"text\": \"a1\" is not a date, time or number",
        },
    ];
    for Case {
        split,
        rows,
        message,
    } in cases
    {
        let error = splitter(&table, &rows, &split).hold_out(0.5).unwrap_err();
        assert!(error.to_string().starts_with(message), "{error}");
    }
}

#[test]
fn the_number_of_folds_is_bounded() {
    let table = grouped(&[0, 0, 1, 2], &[1, 2, 2, 2]);
    let rows = table.all_rows();
    let folds = |split: Split, n_folds| splitter(&table, &rows, &split).folds(n_folds, 0);
    for n_folds in [0, 1, 5] {
        let error = folds(Split::Random, n_folds).unwrap_err().to_string();
        let expected =
            format!("the number of folds must be from 2 to 4 (the number of rows), got {n_folds}");
        assert_eq!(error, expected);
    }
    assert!(folds(Split::Random, 4).is_ok());
    let group = || Split::Group("g".to_owned());
    assert!(folds(group(), 3).is_ok());
    let error = folds(group(), 4).unwrap_err().to_string();
    assert!(
        error.contains("from 2 to 3 (the number of groups), got 4"),
        "{error}"
    );
    let error = folds(Split::Time("t".to_owned()), 3).unwrap_err();
    assert!(matches!(error, SplitError::EmptySplit { .. }), "{error}");
}

#[test]
fn a_column_can_say_the_folds() {
    let table = table("f,part,some,one\n10,b,1,1\n9,a,,1\n10,b,2,1\n2,a,2,1\n");
    let rows = table.all_rows();
    let (folds, names) = folds_from_column(&table, "f", &rows).unwrap();
    assert_eq!(names, ["2", "9", "10"]);
    assert_eq!(folds, [2, 1, 2, 0]);
    let (folds, names) = folds_from_column(&table, "part", &[1, 2]).unwrap();
    assert_eq!((folds, names), (vec![0, 1], vec!["a".into(), "b".into()]));
    for (name, message) in [
        ("fold", "t.csv has no column \"fold\""),
        (
            "some",
            "t.csv, row 2 (line 3): column \"some\" is missing, but the fold column split",
        ),
        (
            "one",
            "the number of folds must be from 2 to 4 (the number of rows), got 1",
        ),
    ] {
        let error = folds_from_column(&table, name, &rows).unwrap_err();
        assert!(error.to_string().starts_with(message), "{error}");
    }
}
