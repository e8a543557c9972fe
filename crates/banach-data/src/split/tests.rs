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
        gap: Gap::NONE,
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
            let splitter = Splitter { table: &table, rows: &rows, classes: Some(&classes), split, gap: Gap::NONE, seed };
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
    fn folds_test_every_row_once_and_time_folds_all_but_the_first_block(
        (table, rows, classes) in inputs(), n_folds in 2_usize..6, repeat in 0_u32..3,
    ) {
        for split in &all_splits() {
            let splitter = Splitter { table: &table, rows: &rows, classes: Some(&classes), split, gap: Gap::NONE, seed: 1 };
            let distinct = |name: &str| rows.iter().map(|&row| table.column(name).unwrap().key(row as usize)).collect::<BTreeSet<_>>().len();
            let Ok(folds) = splitter.folds(n_folds, repeat) else {
                let too_many = match split {
                    Split::Random | Split::Stratified => n_folds > rows.len(),
                    Split::Group(name) => n_folds > distinct(name),
                    Split::Time(name) => n_folds >= distinct(name),
                };
                prop_assert!(too_many, "{split:?} {n_folds}");
                continue;
            };
            prop_assert_eq!(folds.len(), n_folds);
            let mut tested: Vec<u32> = folds.iter().flat_map(|fold| fold.test.clone()).collect();
            if let Split::Time(name) = split {
                let time = |row: &u32| table.column(name).unwrap().number(*row as usize).unwrap();
                let mut before: Vec<u32> = rows.iter().filter(|row| !tested.contains(row)).copied().collect();
                prop_assert!(!before.is_empty());
                for fold in &folds {
                    // All that came before, and nothing else.
                    prop_assert_eq!(&fold.train, &before);
                    let latest = fold.train.iter().map(time).fold(f64::MIN, f64::max);
                    prop_assert!(!fold.test.is_empty() && fold.test.iter().all(|row| time(row) > latest));
                    before.extend(&fold.test);
                    before.sort_unstable();
                }
                prop_assert_eq!(&before, &rows);
            } else {
                tested.sort_unstable();
                prop_assert_eq!(&tested, &rows);
                for fold in &folds {
                    prop_assert!(!fold.test.is_empty() && fold.test.is_sorted());
                    let others: Vec<u32> = rows.iter().filter(|row| !fold.test.contains(row)).copied().collect();
                    prop_assert_eq!(&fold.train, &others);
                }
            }
            let sizes = || folds.iter().map(|fold| fold.test.len());
            if matches!(split, Split::Random | Split::Stratified) {
                prop_assert!(sizes().max().unwrap() - sizes().min().unwrap() <= 1);
            }
            if let Split::Group(name) = split {
                let key = |row: &u32| table.column(name).unwrap().key(*row as usize).unwrap().into_owned();
                for fold in &folds {
                    let groups = |side: &[u32]| side.iter().map(key).collect::<BTreeSet<_>>();
                    prop_assert!(groups(&fold.train).is_disjoint(&groups(&fold.test)));
                }
            }
            prop_assert_eq!(splitter.folds(n_folds, repeat).unwrap(), folds);
        }
    }

    #[test]
    fn a_gap_leaves_out_the_training_rows_just_before_what_is_tested(
        (table, rows, _) in inputs(), n_folds in 2_usize..5, gap in 0_u32..5,
    ) {
        let split = Split::Time("t".to_owned());
        let plain = splitter(&table, &rows, &split);
        let gapped = Splitter { gap: Gap::number(f64::from(gap)).unwrap(), ..plain };
        let time = |row: &u32| table.column("t").unwrap().number(*row as usize).unwrap();
        let far_before = |train: &[u32], test: &[u32]| {
            let first = test.iter().map(time).fold(f64::MAX, f64::min);
            let far = train.iter().filter(|row| gap == 0 || time(row) < first - f64::from(gap));
            far.copied().collect::<Vec<u32>>()
        };
        if let Ok(folds) = plain.folds(n_folds, 0) {
            let want: Vec<Fold> = folds.iter().map(|fold| Fold {
                train: far_before(&fold.train, &fold.test),
                test: fold.test.clone(),
            }).collect();
            match gapped.folds(n_folds, 0) {
                Ok(got) => prop_assert_eq!(got, want),
                Err(SplitError::GapTooLong { fold, .. }) => prop_assert!(want[fold - 1].train.is_empty()),
                Err(other) => prop_assert!(false, "{}", other),
            }
        }
        if let Ok(HoldOut { train, valid }) = plain.hold_out(0.3) {
            let train = far_before(&train, &valid);
            match gapped.hold_out(0.3) {
                Ok(got) => prop_assert_eq!(got, HoldOut { train, valid }),
                Err(SplitError::GapTooLong { fold: 0, .. }) => prop_assert!(train.is_empty()),
                Err(other) => prop_assert!(false, "{}", other),
            }
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
    for Fold { test, .. } in splitter.folds(5, 0).unwrap() {
        assert_eq!((test.len(), ones(&test)), (40, 4));
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
}

#[test]
fn time_folds_learn_from_the_past() {
    let times = [5, 1, 4, 2, 3, 5, 1, 1, 1, 2];
    let table = grouped(&[0; 10], &times);
    let rows = table.all_rows();
    let split = Split::Time("t".to_owned());
    let splitter = splitter(&table, &rows, &split);
    let fold = |train: &[u32], test: &[u32]| Fold {
        train: train.to_vec(),
        test: test.to_vec(),
    };
    // Blocks are cut where a later time begins, next to the equal parts of 10 rows: 4, 2 and 4 rows.
    assert_eq!(
        splitter.folds(2, 0).unwrap(),
        [
            fold(&[1, 6, 7, 8], &[3, 9]),
            fold(&[1, 3, 6, 7, 8, 9], &[0, 2, 4, 5])
        ]
    );
    // As many folds as times that can be tested: each has one.
    assert_eq!(
        splitter.folds(4, 0).unwrap().map_tests(),
        [vec![3, 9], vec![4], vec![2], vec![0, 5]]
    );
    let gap = |gap: f64| Splitter {
        gap: Gap::number(gap).unwrap(),
        ..splitter
    };
    assert_eq!(gap(1.0).hold_out(0.2).unwrap().train, [1, 3, 4, 6, 7, 8, 9]);
    let error = gap(1.0).folds(4, 0).unwrap_err().to_string();
    assert_eq!(
        error,
        "a gap of 1 leaves no training rows before fold 1; it must be shorter, or there must be fewer \
         folds"
    );
    let error = gap(9.0).hold_out(0.2).unwrap_err().to_string();
    assert_eq!(
        error,
        "a gap of 9 leaves no training rows before the validation rows; it must be shorter, or there \
         must be fewer validation rows"
    );
}

trait Tests {
    fn map_tests(self) -> Vec<Vec<u32>>;
}

impl Tests for Vec<Fold> {
    fn map_tests(self) -> Vec<Vec<u32>> {
        self.into_iter().map(|fold| fold.test).collect()
    }
}

#[test]
fn a_gap_of_dates_has_a_unit_and_one_of_numbers_has_none() {
    let table = table("day,n\n2024-03-01,1\n2024-03-02,2\n2024-03-03,3\n2024-03-04T12:00:00,4\n");
    let rows = table.all_rows();
    let train = |column: &str, gap: &str| {
        let split = Split::Time(column.to_owned());
        let splitter = Splitter {
            gap: gap.parse().unwrap(),
            ..splitter(&table, &rows, &split)
        };
        splitter.hold_out(0.25).map(|sides| sides.train)
    };
    assert_eq!(train("day", "0").unwrap(), [0, 1, 2]);
    assert_eq!(train("day", "36h").unwrap(), [0, 1]);
    assert_eq!(train("day", "35h").unwrap(), [0, 1, 2]);
    assert_eq!(train("day", "2d").unwrap(), [0, 1]);
    assert_eq!(train("n", "1").unwrap(), [0, 1]);
    assert_eq!(
        train("day", "2").unwrap_err().to_string(),
        "a gap of 2 does not suit column \"day\": it holds dates, so that it needs a unit: w, d, h, min \
         or s"
    );
    assert_eq!(
        train("n", "2d").unwrap_err().to_string(),
        "a gap of 2d does not suit column \"n\": it holds numbers, so that it must be a number without a \
         unit"
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
    assert_eq!(folds.map_tests()[0], (0..50).collect::<Vec<u32>>());
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
    assert_eq!(
        error.to_string(),
        "the number of folds must be at least 2, for which the number of distinct times less one (1) is \
         too small, got 3"
    );
}

#[test]
fn a_column_can_say_the_folds() {
    let table = table("f,part,some,one\n10,b,1,1\n9,a,,1\n10,b,2,1\n2,a,2,1\n");
    let rows = table.all_rows();
    let folds = |name: &str, rows: &[u32]| {
        let folds = folds_from_column(&table, name, rows).unwrap().into_iter();
        let folds = folds.map(|(name, fold)| (name, fold.train, fold.test));
        folds.collect::<Vec<_>>()
    };
    assert_eq!(
        folds("f", &rows),
        [
            ("2".to_owned(), vec![0, 1, 2], vec![3]),
            ("9".to_owned(), vec![0, 2, 3], vec![1]),
            ("10".to_owned(), vec![1, 3], vec![0, 2]),
        ]
    );
    assert_eq!(
        folds("part", &[1, 2]),
        [
            ("a".to_owned(), vec![2], vec![1]),
            ("b".to_owned(), vec![1], vec![2]),
        ]
    );
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
