//! Numbers and targets of any size, and outliers among amounts that mostly are 0, are learned from.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::Cursor;

use banach::data::Table;
use banach::io::{ReadOptions, TableReader};
use banach::metrics::Metrics;
use banach::{Estimator, PredictOptions, Run, Settings};

fn table(csv: String) -> Table {
    let reader =
        TableReader::from_reader("t.csv", Box::new(Cursor::new(csv)), &ReadOptions::default());
    reader.unwrap().read().unwrap()
}

/// The metrics on the rows that a fit learned and was validated with.
fn fitted(csv: String, toml: &str) -> Metrics {
    let settings = "layers = 2\nwidth = 32\nepochs = 30\nseed = 1\nlearning_rate = 0.003\n";
    let settings = Settings::from_toml(&format!("{settings}{toml}"), "s").unwrap();
    let table = table(csv);
    let fitted = Estimator::new(settings).unwrap();
    let fitted = fitted.fit(table.clone(), &Run::default()).unwrap();
    let predictor = fitted.model.predictor(&PredictOptions::default()).unwrap();
    predictor.evaluate(&table, None).unwrap().metrics
}

fn entry(metrics: &Metrics, name: &str) -> f64 {
    let entries = metrics.entries().into_iter();
    let own = entries.filter(|(entry, _)| entry == name);
    own.filter_map(|(_, value)| value).next().unwrap()
}

fn numbers(i: usize) -> (f64, f64) {
    let p = ((i * 37) % 101) as f64 / 50.0 - 1.0;
    (p, ((i * 53) % 89) as f64 / 89.0)
}

#[test]
fn numbers_of_any_size_tell_classes_apart() {
    for scaling in ["robust", "standard"] {
        for size in ["", "e-300", "e-200", "e200", "e307"] {
            let mut csv = "p,noise,hit\n".to_owned();
            for i in 0..240 {
                let (p, noise) = numbers(i);
                csv += &format!("{p}{size},{noise},{}\n", if p > 0.1 { "yes" } else { "no" });
            }
            let settings = format!("target = ['hit']\nscaling = '{scaling}'");
            let accuracy = entry(&fitted(csv, &settings), "accuracy");
            assert!(accuracy > 0.95, "{scaling}, {size}: {accuracy}");
        }
    }
}

#[test]
fn one_outlier_among_amounts_does_not_hide_the_others() {
    for outlier in ["30", "9999999999", "-1e200"] {
        let mut csv = "amount,noise,result\n".to_owned();
        for i in 0..900 {
            let (_, noise) = numbers(i);
            let amount = if i % 5 == 0 { 1 + (i * 7) % 90 } else { 0 };
            let result = if amount > 30 { "audit" } else { "pass" };
            let amount = if i == 8 {
                outlier.to_owned()
            } else {
                amount.to_string()
            };
            csv += &format!("{amount},{noise},{result}\n");
        }
        let auc = entry(&fitted(csv, "target = ['result']"), "auc");
        assert!(auc > 0.98, "{outlier}: {auc}");
    }
}

#[test]
fn targets_of_any_size_are_learned() {
    for size in ["", "e-300", "e-170", "e170", "e300"] {
        let mut csv = "p,noise,y\n".to_owned();
        for i in 0..240 {
            let (p, noise) = numbers(i);
            csv += &format!("{p},{noise},{}{size}\n", 3.0 * p + 1.0);
        }
        let metrics = fitted(csv, "target = ['y']\ntask = 'regression'");
        let (r2, rmse) = (entry(&metrics, "r2"), entry(&metrics, "rmse"));
        assert!(r2 > 0.9, "{size}: {r2}");
        assert!(rmse > 0.0 && rmse.is_finite(), "{size}: {rmse}");
    }
}
