use proptest::prelude::*;
use serde_json::Value;

use super::auc::{Ranked, auc};
use super::*;

/// Both sides sum fewer than a hundred f64 terms, in different orders.
const SUM_TOLERANCE: f64 = 1e-12;

const GOLDEN: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../goldens/data/metrics.json"
);

fn golden(kind: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(GOLDEN).unwrap();
    let all: Value = serde_json::from_str(&text).unwrap();
    let cases = all[kind].as_array().unwrap().clone();
    assert!(cases.len() >= 2, "{kind}: weighted and unweighted");
    cases
}

fn f64s(value: &Value) -> Vec<f64> {
    let number = |v: &Value| v.as_f64().unwrap_or(f64::NAN);
    value.as_array().unwrap().iter().map(number).collect()
}

fn f32s(value: &Value) -> Vec<f32> {
    f64s(value).iter().map(|&v| v as f32).collect()
}

fn u32s(value: &Value) -> Vec<u32> {
    f64s(value).iter().map(|&v| v as u32).collect()
}

fn weights(case: &Value) -> Option<Vec<f32>> {
    (!case["weight"].is_null()).then(|| f32s(&case["weight"]))
}

/// The serialised metrics must have the golden's keys, no more, and its numbers.
fn assert_golden(metrics: &Metrics, expected: &Value) {
    let got = serde_json::to_value(metrics).unwrap();
    assert_close("", &got, expected);
}

fn assert_close(path: &str, got: &Value, expected: &Value) {
    match (got, expected) {
        (Value::Object(got), Value::Object(expected)) => {
            let keys = |map: &serde_json::Map<String, Value>| {
                let mut keys: Vec<String> = map.keys().cloned().collect();
                keys.sort();
                keys
            };
            assert_eq!(keys(got), keys(expected), "{path}");
            for (key, value) in got {
                assert_close(&format!("{path}.{key}"), value, &expected[key]);
            }
        }
        (Value::Number(got), Value::Number(expected)) => {
            let (got, expected) = (got.as_f64().unwrap(), expected.as_f64().unwrap());
            assert!(
                (got - expected).abs() <= SUM_TOLERANCE * expected.abs().max(1.0),
                "{path}: got {got}, expected {expected}"
            );
        }
        _ => assert_eq!(got, expected, "{path}"),
    }
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

#[test]
fn values_of_any_size_have_the_metrics_of_those_near_one() {
    let target = [1.0, 2.5, -3.0, 0.25];
    let predicted = [1.5, 2.0, -3.5, 1.0];
    let metrics = |size: f64| {
        let sized = |values: &[f64; 4]| values.map(|value| value * size);
        let (target, predicted) = (sized(&target), sized(&predicted));
        let rows = ValueRows::new(&target, &predicted, None).unwrap();
        (rows.rmse(), rows.mae(), rows.r2())
    };
    let (rmse, mae, r2) = metrics(1.0);
    assert!(r2.is_some());
    for size in [2.0_f64.powi(-1000), 2.0_f64.powi(-600), 2.0_f64.powi(1020)] {
        assert_eq!(metrics(size), (rmse * size, mae * size, r2), "{size:e}");
    }
}

#[test]
fn classes_match_scikit_learn() {
    for case in golden("classes") {
        let (target, proba) = (u32s(&case["target"]), f32s(&case["proba"]));
        let n_classes = case["n_classes"].as_u64().unwrap() as usize;
        let weight = weights(&case);
        let rows = ClassRows::new(&target, &proba, n_classes, weight.as_deref()).unwrap();
        assert_golden(&rows.metrics(), &case["metrics"]);
        let classes: Vec<String> = (0..n_classes).map(|c| c.to_string()).collect();
        let confusion = rows.confusion(&classes).unwrap();
        assert_eq!(square(&confusion), f64s(&case["confusion"]));
    }
}

#[test]
fn values_match_scikit_learn() {
    for case in golden("values") {
        let (target, predicted) = (f64s(&case["target"]), f64s(&case["predicted"]));
        let weight = weights(&case);
        let rows = ValueRows::new(&target, &predicted, weight.as_deref()).unwrap();
        assert_golden(&rows.metrics(), &case["metrics"]);
    }
}

#[test]
fn labels_match_scikit_learn() {
    for case in golden("labels") {
        let tasks: Vec<String> = serde_json::from_value(case["tasks"].clone()).unwrap();
        let (target, proba) = (f32s(&case["target"]), f32s(&case["proba"]));
        let weight = weights(&case);
        let rows = LabelRows::new(&tasks, &target, &proba, weight.as_deref()).unwrap();
        assert_golden(&rows.metrics(), &case["metrics"]);
    }
}

#[test]
fn undefined_numbers_are_null() {
    let rows = ClassRows::new(&[1, 1], &[0.5, 0.5, 0.1, 0.9], 2, None).unwrap();
    assert_eq!(rows.auc(), None);
    let json = serde_json::to_value(rows.metrics()).unwrap();
    assert_eq!(json["auc"], Value::Null);
    // A class with weight 0 only does not occur.
    let rows = ClassRows::new(&[0, 1], &[0.5, 0.5, 0.1, 0.9], 2, Some(&[0.0, 1.0])).unwrap();
    assert_eq!(rows.auc(), None);
    assert_eq!(rows.balanced_accuracy(), 1.0);
    // 0.1 repeated: its mean is not 0.1 in f64, the variance must count as 0 all the same.
    let rows = ValueRows::new(&[0.1; 3], &[1.0; 3], None).unwrap();
    assert_eq!(rows.r2(), None);
    let tasks = names(&["a"]);
    let rows = LabelRows::new(&tasks, &[1.0, f32::NAN], &[0.5, 0.5], None).unwrap();
    assert_eq!((rows.task_auc(0), rows.mean_auc()), (None, None));
}

#[test]
fn a_class_that_does_not_occur_is_left_out_of_the_mean_auc() {
    let proba = [0.5, 0.25, 0.25, 0.25, 0.5, 0.25, 0.25, 0.75, 0.0];
    let rows = ClassRows::new(&[0, 1, 1], &proba, 3, None).unwrap();
    assert_eq!(rows.auc(), Some(1.0));
}

#[test]
fn log_loss_is_finite_at_zero_probability() {
    let rows = ClassRows::new(&[1], &[1.0, 0.0], 2, None).unwrap();
    assert_eq!(rows.log_loss(), -f64::EPSILON.ln());
    let tasks = names(&["a"]);
    let rows = LabelRows::new(&tasks, &[0.0], &[1.0], None).unwrap();
    assert_eq!(rows.log_loss(), -f64::EPSILON.ln());
}

#[test]
fn equal_probabilities_predict_the_first_class() {
    let rows = ClassRows::new(&[0, 1], &[0.5; 4], 2, None).unwrap();
    let confusion = rows.confusion(&names(&["a", "b"])).unwrap();
    assert_eq!(square(&confusion), [1.0, 0.0, 1.0, 0.0]);
}

#[test]
fn bad_rows_are_named() {
    let tasks = names(&["a", "b"]);
    let half = [0.5f32; 4];
    let class = |target: &[u32], proba: &[f32], n| ClassRows::new(target, proba, n, None).err();
    let weighted = |weight: &[f32]| ClassRows::new(&[0, 1], &half, 2, Some(weight)).err();
    let value = |target: &[f64], predicted: &[f64]| ValueRows::new(target, predicted, None).err();
    let label = |target: &[f32], proba: &[f32]| LabelRows::new(&tasks, target, proba, None).err();
    let cases = [
        (class(&[], &[], 2), "there are no rows to score"),
        (
            class(&[0], &[1.0], 1),
            "a classification needs at least 2 classes, got 1",
        ),
        (
            class(&[0], &half, 2),
            "class probability has 4 entries, expected 2",
        ),
        (
            class(&[0, 2], &half, 2),
            "row 2: class code must be below 2, got 2",
        ),
        (
            class(&[0], &[0.5, -0.1], 2),
            "row 1, column 2: a probability must be in [0, 1], got -0.1",
        ),
        (
            class(&[0], &[0.5, f32::NAN], 2),
            "row 1, column 2: a probability must be in [0, 1], got NaN",
        ),
        (weighted(&[1.0]), "sample weight has 1 entries, expected 2"),
        (
            weighted(&[1.0, -1.0]),
            "row 2: a sample weight must be finite and not negative, got -1",
        ),
        (
            weighted(&[f32::INFINITY, 1.0]),
            "row 1: a sample weight must be finite and not negative, got inf",
        ),
        (
            weighted(&[0.0, 0.0]),
            "all 2 sample weights are 0: at least one must be positive",
        ),
        (
            value(&[1.0], &[]),
            "predicted value has 0 entries, expected 1",
        ),
        (
            value(&[1.0], &[f64::NAN]),
            "row 1: the predicted value must be finite, got NaN",
        ),
        (
            value(&[f64::INFINITY], &[1.0]),
            "row 1: the true value must be finite, got inf",
        ),
        (
            label(&[1.0; 3], &[0.5; 3]),
            "label has 3 entries, expected 2",
        ),
        (
            label(&[1.0, 0.5], &[0.5; 2]),
            "row 1, label 2: a label must be 0, 1 or NaN (missing), got 0.5",
        ),
        (
            label(&[f32::NAN; 2], &[0.5; 2]),
            "all labels are missing in the 1 rows to score",
        ),
    ];
    for (error, text) in cases {
        assert_eq!(error.map(|e| e.to_string()).as_deref(), Some(text));
    }
    assert_eq!(
        LabelRows::new(&[], &[], &[], None).err(),
        Some(MetricsError::NoRows)
    );
}

#[test]
fn metrics_read_back_from_their_json() {
    let tasks = names(&["a", "b"]);
    let all = [
        ClassRows::new(&[1, 1], &[0.5, 0.5, 0.1, 0.9], 2, None)
            .unwrap()
            .metrics(),
        ValueRows::new(&[0.1, 0.2], &[0.3, 0.7], None)
            .unwrap()
            .metrics(),
        LabelRows::new(&tasks, &[1.0, 0.0, 0.0, 0.0], &[0.3; 4], None)
            .unwrap()
            .metrics(),
    ];
    let firsts = ["accuracy", "rmse", "log_loss"];
    for (metrics, first) in all.iter().zip(firsts) {
        let text = serde_json::to_string(metrics).unwrap();
        assert_eq!(
            &serde_json::from_str::<Metrics>(&text).unwrap(),
            metrics,
            "{text}"
        );
        assert_eq!(metrics.entries()[0].0, first);
    }
    let entries = all[2].entries();
    assert_eq!(entries[2], ("auc.a".to_owned(), Some(0.5)));
    assert_eq!(entries[3], ("auc.b".to_owned(), None));
}

/// The counts as JSON has them for few classes.
fn square(confusion: &Confusion) -> Vec<f64> {
    f64s(&serde_json::to_value(confusion).unwrap()["counts"])
}

#[test]
fn a_confusion_of_many_classes_is_a_list_of_what_occurs() {
    // Class 7 is taken for 3 four times, 0 for 1 twice, 1 for 0 once.
    let pairs = [(7, 3, 4), (7, 7, 12), (0, 1, 2), (1, 0, 1), (1, 1, 3)];
    let rows = || {
        pairs
            .iter()
            .flat_map(|&(t, p, n)| std::iter::repeat_n((t, p), n))
    };
    let of = |n_classes: usize| {
        let target: Vec<u32> = rows().map(|(truth, _)| truth).collect();
        let mut proba = vec![0.0; target.len() * n_classes];
        for (row, (_, predicted)) in rows().enumerate() {
            proba[row * n_classes + predicted] = 1.0;
        }
        let classes: Vec<String> = (0..n_classes).map(|class| format!("c{class}")).collect();
        let rows = ClassRows::new(&target, &proba, n_classes, None).unwrap();
        rows.confusion(&classes).unwrap()
    };
    let (few, many) = (of(30), of(31));
    assert_eq!(few.cells(), many.cells());
    assert_eq!(square(&few).len(), 900);
    let json = serde_json::to_value(&many).unwrap();
    assert_eq!(
        json["cells"],
        serde_json::json!([
            [0, 1, 2.0],
            [1, 0, 1.0],
            [1, 1, 3.0],
            [7, 3, 4.0],
            [7, 7, 12.0]
        ])
    );
    assert!(json.get("counts").is_none());
    assert!(few.to_string().starts_with("true \\ predicted  c0"));
    let expected = "\
confused classes
true  predicted  count  of its class
c7    c3             4         25.0%
c0    c1             2        100.0%
c1    c0             1         25.0%";
    assert_eq!(many.to_string(), expected);

    // Of very many pairs the first are shown, and no memory is taken for those that do not occur.
    let classes: Vec<String> = (0..1_000_000).map(|class| format!("c{class}")).collect();
    let rows = (0..50).map(|row| (row, row + 1, 1.0));
    let text = Confusion::new(classes, rows).to_string();
    assert_eq!(text.lines().count(), 22);
    assert!(
        text.starts_with("most confused classes, 20 of 50 pairs\n"),
        "{text}"
    );
}

#[test]
fn confusion_is_aligned_text() {
    let proba = [0.9, 0.1, 0.2, 0.8, 0.4, 0.6];
    let rows = ClassRows::new(&[0, 1, 0], &proba, 2, None).unwrap();
    let text = rows
        .confusion(&names(&["größer", "no\nway"]))
        .unwrap()
        .to_string();
    let expected = "\
true \\ predicted  größer  no way  sum
größer                 1       1    2
no way                 0       1    1";
    assert_eq!(text, expected);

    let rows = ClassRows::new(&[0, 1, 0], &proba, 2, Some(&[0.5, 10.0, 0.25])).unwrap();
    let text = rows.confusion(&names(&["a", "b"])).unwrap().to_string();
    let expected = "\
true \\ predicted     a      b    sum
a                 0.50   0.25   0.75
b                 0.00  10.00  10.00";
    assert_eq!(text, expected);
    let error = rows.confusion(&names(&["a"])).unwrap_err();
    assert_eq!(error.to_string(), "class name has 1 entries, expected 2");
}

/// (score, positive, weight): few distinct scores, so that ties are common.
fn ranked() -> impl Strategy<Value = Vec<(i8, bool, u8)>> {
    prop::collection::vec((-9i8..9, any::<bool>(), 0u8..4), 0..60)
}

fn auc_of(rows: &[(i8, bool, u8)], score: impl Fn(i8) -> f32) -> Option<f64> {
    let mut ranked: Vec<Ranked> = rows
        .iter()
        .map(|&(s, positive, w)| Ranked {
            score: score(s),
            positive,
            weight: f64::from(w),
        })
        .collect();
    auc(&mut ranked)
}

proptest! {
    /// The reference is the definition: every pair of a positive and a negative row.
    #[test]
    fn auc_is_the_share_of_pairs_in_order(rows in ranked()) {
        let (mut won, mut pairs) = (0u64, 0u64);
        for &(s, _, w) in rows.iter().filter(|row| row.1) {
            for &(t, _, v) in rows.iter().filter(|row| !row.1) {
                let weight = u64::from(w) * u64::from(v);
                pairs += 2 * weight;
                won += weight * if s > t { 2 } else { u64::from(s == t) };
            }
        }
        let expected = (pairs > 0).then(|| won as f64 / pairs as f64);
        // Sums of small integers and halves are exact: equality to the last bit is the claim.
        prop_assert_eq!(auc_of(&rows, f32::from), expected);
    }

    #[test]
    fn auc_ignores_monotone_maps_and_turns_with_decreasing_ones(rows in ranked()) {
        let plain = auc_of(&rows, f32::from);
        prop_assert_eq!(auc_of(&rows, |s| f32::from(s).powi(3) - 7.0), plain);
        prop_assert_eq!(auc_of(&rows, |s| f32::from(s).exp()), plain);
        let turned = auc_of(&rows, |s| -f32::from(s));
        prop_assert_eq!(turned.is_some(), plain.is_some());
        if let (Some(turned), Some(plain)) = (turned, plain) {
            prop_assert!((turned + plain - 1.0).abs() < SUM_TOLERANCE);
        }
    }

    #[test]
    fn whole_weights_are_repetitions(
        rows in prop::collection::vec((0u32..3, [0u8..9, 0u8..9, 1u8..9], 0u8..4), 1..40),
    ) {
        prop_assume!(rows.iter().any(|row| row.2 > 0));
        let proba_of = |parts: &[u8; 3]| {
            let sum: u8 = parts.iter().sum();
            parts.map(|part| f32::from(part) / f32::from(sum))
        };
        let target: Vec<u32> = rows.iter().map(|row| row.0).collect();
        let proba: Vec<f32> = rows.iter().flat_map(|row| proba_of(&row.1)).collect();
        let weight: Vec<f32> = rows.iter().map(|row| f32::from(row.2)).collect();
        let (mut target_r, mut proba_r) = (Vec::new(), Vec::new());
        for (class, parts, times) in &rows {
            for _ in 0..*times {
                target_r.push(*class);
                proba_r.extend(proba_of(parts));
            }
        }
        let weighted = ClassRows::new(&target, &proba, 3, Some(&weight)).unwrap().metrics();
        let repeated = ClassRows::new(&target_r, &proba_r, 3, None).unwrap().metrics();
        assert_golden(&weighted, &serde_json::to_value(&repeated).unwrap());

        let values: Vec<f64> = proba.iter().step_by(3).map(|&p| f64::from(p)).collect();
        let values_r: Vec<f64> = proba_r.iter().step_by(3).map(|&p| f64::from(p)).collect();
        let truth: Vec<f64> = target.iter().map(|&t| f64::from(t)).collect();
        let truth_r: Vec<f64> = target_r.iter().map(|&t| f64::from(t)).collect();
        let weighted = ValueRows::new(&truth, &values, Some(&weight)).unwrap().metrics();
        let repeated = ValueRows::new(&truth_r, &values_r, None).unwrap().metrics();
        assert_golden(&weighted, &serde_json::to_value(&repeated).unwrap());
    }

    #[test]
    fn a_missing_label_does_not_count(
        rows in prop::collection::vec((0u8..3, 0u8..9), 1..40),
    ) {
        let tasks = names(&["a"]);
        let label = |y: u8| if y == 2 { f32::NAN } else { f32::from(y) };
        let target: Vec<f32> = rows.iter().map(|row| label(row.0)).collect();
        let proba: Vec<f32> = rows.iter().map(|row| f32::from(row.1) / 8.0).collect();
        let present: Vec<(u8, u8)> = rows.iter().copied().filter(|row| row.0 < 2).collect();
        let target_p: Vec<f32> = present.iter().map(|row| label(row.0)).collect();
        let proba_p: Vec<f32> = present.iter().map(|row| f32::from(row.1) / 8.0).collect();
        let all = LabelRows::new(&tasks, &target, &proba, None).map(|rows| rows.metrics());
        let some = LabelRows::new(&tasks, &target_p, &proba_p, None).map(|rows| rows.metrics());
        prop_assert_eq!(all.ok(), some.ok());
    }
}

#[test]
fn roc_auc_counts_pairs_in_order() {
    let auc = |scores: &[f32], positive: &[bool]| super::roc_auc(scores, positive);
    let positive = [false, false, true, true];
    assert_eq!(auc(&[0.1, 0.4, 0.35, 0.8], &positive), Some(0.75));
    assert_eq!(auc(&[1.0, 1.0], &[false, true]), Some(0.5));
    assert_eq!(auc(&[1.0, 2.0], &[true, true]), None);
    assert_eq!(auc(&[1.0], &positive), None);
}
