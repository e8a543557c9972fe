use super::*;

const ALL: [Baseline; 6] = [
    Baseline::RandomForest,
    Baseline::Boosting,
    Baseline::Svm,
    Baseline::Neighbours,
    Baseline::Linear,
    Baseline::Constant,
];

/// Points on a grid that is shifted by the row number, so that rows differ.
fn points(n: usize) -> Matrix {
    let value = |i: usize| {
        [
            ((i * 37) % 101) as f32 / 50.0 - 1.0,
            ((i * 53) % 89) as f32 / 44.0 - 1.0,
        ]
    };
    Matrix::new(n, 2, (0..n).flat_map(value).collect()).unwrap()
}

fn accuracy(outcome: &Outcome, truth: &[u32]) -> f64 {
    let guesses = outcome.predictions.classes();
    let right = guesses.iter().zip(truth).filter(|(a, b)| a == b).count();
    right as f64 / truth.len() as f64
}

fn halves(x: &Matrix) -> (Vec<u32>, Vec<u32>) {
    (0..x.n_rows() as u32).partition(|row| row % 2 == 0)
}

#[test]
fn each_method_learns_two_and_three_classes_and_the_same_twice() {
    let x = points(400);
    let (train, test) = halves(&x);
    for n_classes in [2, 3] {
        let class = |&row: &u32| {
            let [a, b] = x.row(row as usize) else {
                unreachable!()
            };
            if n_classes == 2 {
                u32::from(a + b > 0.1)
            } else {
                1 + u32::from(a + b > 0.3) - u32::from(a - b > 0.4)
            }
        };
        let truth: Vec<u32> = test.iter().map(class).collect();
        let codes: Vec<u32> = train.iter().map(class).collect();
        let target = Target::Classes {
            codes: &codes,
            n_classes,
        };
        for method in ALL {
            let run = || method.fit_predict(&x.select(&train), target, &x.select(&test), 7);
            let outcome = run().unwrap();
            let found = accuracy(&outcome, &truth);
            let least = if method == Baseline::Constant {
                0.3
            } else {
                0.85
            };
            assert!(found > least, "{method:?} {n_classes}: {found}");
            let Predictions::Classes { proba, .. } = &outcome.predictions else {
                unreachable!()
            };
            for row in proba.chunks_exact(n_classes) {
                let sum: f32 = row.iter().sum();
                assert!((sum - 1.0).abs() < 1e-4, "{method:?}: {row:?}");
            }
            assert_eq!(run().unwrap(), outcome, "{method:?}");
        }
    }
}

#[test]
fn each_method_learns_numbers() {
    let x = points(400);
    let (train, test) = halves(&x);
    let value = |&row: &u32| x.row(row as usize)[0] - 0.5 * x.row(row as usize)[1];
    let values: Vec<f32> = train.iter().map(value).collect();
    for method in ALL {
        let outcome = method
            .fit_predict(
                &x.select(&train),
                Target::Values(&values),
                &x.select(&test),
                7,
            )
            .unwrap();
        let Predictions::Values(guesses) = outcome.predictions else {
            unreachable!()
        };
        let errors = guesses.iter().zip(&test);
        let mse: f64 = errors
            .map(|(g, row)| (g - f64::from(value(row))).powi(2))
            .sum::<f64>()
            / test.len() as f64;
        // The values' own variance is about 0.4.
        let most = if method == Baseline::Constant {
            0.6
        } else {
            0.02
        };
        assert!(mse < most, "{method:?}: {mse}");
    }
}

#[test]
fn classes_that_do_not_occur_get_no_probability() {
    let x = points(60);
    let codes: Vec<u32> = (0..60)
        .map(|row| if x.row(row)[0] > 0.0 { 3 } else { 1 })
        .collect();
    let target = Target::Classes {
        codes: &codes,
        n_classes: 5,
    };
    for method in ALL {
        let outcome = method.fit_predict(&x, target, &x, 1).unwrap();
        let Predictions::Classes { proba, .. } = &outcome.predictions else {
            unreachable!()
        };
        for row in proba.chunks_exact(5) {
            assert_eq!((row[0], row[2], row[4]), (0.0, 0.0, 0.0), "{method:?}");
        }
    }
}

#[test]
fn tables_at_the_edge_are_no_trouble() {
    struct Case {
        name: &'static str,
        rows: usize,
        columns: usize,
        value: fn(usize) -> f32,
        codes: Vec<u32>,
    }
    let cases = [
        Case {
            name: "one row",
            rows: 1,
            columns: 2,
            value: |i| i as f32,
            codes: vec![0],
        },
        Case {
            name: "one class",
            rows: 9,
            columns: 2,
            value: |i| i as f32,
            codes: vec![1; 9],
        },
        Case {
            name: "no columns",
            rows: 4,
            columns: 0,
            value: |_| 0.0,
            codes: vec![0, 1, 0, 1],
        },
        Case {
            name: "constant columns",
            rows: 8,
            columns: 3,
            value: |_| 2.5,
            codes: vec![0, 1, 0, 1, 0, 1, 0, 0],
        },
        Case {
            name: "a class of one row",
            rows: 7,
            columns: 1,
            value: |i| i as f32,
            codes: vec![0, 0, 0, 0, 0, 0, 1],
        },
        Case {
            name: "more columns than rows",
            rows: 6,
            columns: 40,
            value: |i| ((i * 7919) % 101) as f32,
            codes: vec![0, 1, 0, 1, 0, 1],
        },
        Case {
            name: "two rows",
            rows: 2,
            columns: 1,
            value: |i| i as f32,
            codes: vec![0, 1],
        },
        Case {
            name: "huge numbers",
            rows: 6,
            columns: 2,
            value: |i| i as f32 * 1e6,
            codes: vec![0, 1, 0, 1, 0, 1],
        },
    ];
    for Case {
        name,
        rows,
        columns,
        value,
        codes,
    } in cases
    {
        let x = Matrix::new(rows, columns, (0..rows * columns).map(value).collect()).unwrap();
        let values: Vec<f32> = codes.iter().map(|&code| code as f32).collect();
        for method in ALL {
            for target in [
                Target::Classes {
                    codes: &codes,
                    n_classes: 2,
                },
                Target::Values(&values),
            ] {
                let outcome = method.fit_predict(&x, target, &x, 1);
                assert!(
                    outcome.is_ok(),
                    "{name}, {method:?}, {target:?}: {outcome:?}"
                );
            }
        }
        let none = x.select(&[]);
        let outcome = Baseline::RandomForest.fit_predict(&x, Target::Values(&values), &none, 1);
        assert!(
            outcome.is_ok_and(|o| o.predictions.n_rows() == 0),
            "{name}: nothing to predict"
        );
    }
}

#[test]
fn rows_that_do_not_fit_together_are_refused() {
    let x = points(3);
    let text = |target, test: &Matrix| {
        Baseline::Linear
            .fit_predict(&x, target, test, 0)
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        text(Target::Values(&[1.0]), &x),
        "the list of numbers has 1 entries, expected 3"
    );
    assert_eq!(
        text(
            Target::Classes {
                codes: &[0, 1, 2],
                n_classes: 2
            },
            &x
        ),
        "class code must be below 2, got 2"
    );
    assert_eq!(
        text(Target::Values(&[1.0, f32::NAN, 0.0]), &x),
        "features and targets must be finite, got NaN"
    );
    let narrow = Matrix::new(1, 1, vec![0.0]).unwrap();
    assert_eq!(
        text(Target::Values(&[1.0, 2.0, 3.0]), &narrow),
        "a row to predict has 1 entries, expected 2"
    );
    assert!(
        Matrix::new(1, 2, vec![0.0]).is_err() && Matrix::new(1, 1, vec![f32::INFINITY]).is_err()
    );
}
