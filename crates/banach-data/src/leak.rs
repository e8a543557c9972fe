//! Features that say what the target is.

use std::collections::HashMap;

use crate::column::{Column, ColumnType};
use crate::table::Table;
use crate::target::{TargetEncoder, Task};

/// Size of the correlation of two columns of numbers from which on one is taken for a copy of the other.
const MIN_CORRELATION: f64 = 0.9999;

/// Share of rows in which a value goes with one class, and the class with that value.
const MIN_AGREEMENT: f64 = 0.995;

/// Fewest rows from which a column is judged.
const MIN_ROWS: usize = 20;

/// Most rows that are looked at, taken evenly from all.
const MAX_ROWS: usize = 50_000;

/// Share of rows in which the feature has a value.
const MIN_PRESENT: f64 = 0.9;

/// A feature that is a copy of a target, or nearly so: it may not be known when predictions are needed.
#[derive(Debug, Clone, PartialEq)]
pub struct TargetCopy {
    /// The feature.
    pub column: String,
    /// The target.
    pub target: String,
    /// The correlation of two numbers, or the share of rows in which value and class go together.
    pub agreement: f64,
}

impl std::fmt::Display for TargetCopy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "column {:?} says nearly all about the target {:?} (agreement {:.4}); is it known before the target is?",
            self.column, self.target, self.agreement
        )
    }
}

/// The features, among the named ones, that are copies of a target in these rows, or in 50,000 of them where there
/// are more.
#[must_use]
pub fn target_copies(
    table: &Table,
    features: &[String],
    target: &TargetEncoder,
    rows: &[u32],
) -> Vec<TargetCopy> {
    let step = rows.len().div_ceil(MAX_ROWS).max(1);
    let rows: Vec<u32> = rows.iter().copied().step_by(step).collect();
    let mut copies = Vec::new();
    for name in target.names() {
        let Some(truth) = table.column(name) else {
            continue;
        };
        let classes = (target.task() != Task::Regression).then(|| Classes::of(truth, &rows));
        for feature in features.iter().filter_map(|feature| table.column(feature)) {
            let agreement = match &classes {
                None => correlation(feature, truth, &rows).filter(|&r| r >= MIN_CORRELATION),
                Some(classes) => classes
                    .agreement(feature, &rows)
                    .filter(|&share| share >= MIN_AGREEMENT),
            };
            copies.extend(agreement.map(|agreement| TargetCopy {
                column: feature.name().to_owned(),
                target: name.to_owned(),
                agreement,
            }));
        }
    }
    copies
}

/// The size of the correlation of two columns of numbers; `None` where it is not defined.
fn correlation(feature: &Column, target: &Column, rows: &[u32]) -> Option<f64> {
    if !matches!(
        feature.column_type(),
        ColumnType::Number | ColumnType::DateTime
    ) {
        return None;
    }
    let pairs: Vec<(f64, f64)> = rows
        .iter()
        .map(|&row| {
            (
                feature.stored_number(row as usize),
                target.stored_number(row as usize),
            )
        })
        .filter(|(x, y)| x.is_finite() && y.is_finite())
        .collect();
    if !enough(pairs.len(), rows) {
        return None;
    }
    // Divided by their largest sizes, squares neither overflow nor vanish.
    let size =
        |get: fn(&(f64, f64)) -> f64| pairs.iter().map(get).map(f64::abs).fold(0.0, f64::max);
    let (x_size, y_size) = (size(|pair| pair.0), size(|pair| pair.1));
    let n = pairs.len() as f64;
    let mean = |get: fn(&(f64, f64)) -> f64, size: f64| {
        pairs.iter().map(|pair| get(pair) / size).sum::<f64>() / n
    };
    let (x_mean, y_mean) = (mean(|pair| pair.0, x_size), mean(|pair| pair.1, y_size));
    let (mut xx, mut yy, mut xy) = (0.0, 0.0, 0.0);
    for (x, y) in &pairs {
        let (x, y) = (x / x_size - x_mean, y / y_size - y_mean);
        xx += x * x;
        yy += y * y;
        xy += x * y;
    }
    let r = (xy / (xx * yy).sqrt()).abs();
    r.is_finite().then_some(r)
}

/// The classes of some rows.
struct Classes {
    n_classes: usize,
    /// Of each row, where it has one.
    of_rows: Vec<Option<usize>>,
}

impl Classes {
    fn of(target: &Column, rows: &[u32]) -> Self {
        let mut known: HashMap<String, usize> = HashMap::new();
        let mut class = |row: &u32| {
            let key = target.key(*row as usize)?.into_owned();
            let next = known.len();
            Some(*known.entry(key).or_insert(next))
        };
        let of_rows = rows.iter().map(&mut class).collect();
        Self {
            n_classes: known.len(),
            of_rows,
        }
    }

    /// The share of rows in which each value of a feature goes with a class of its own; `None` unless there are
    /// as many values as classes.
    fn agreement(&self, feature: &Column, rows: &[u32]) -> Option<f64> {
        let n_classes = self.n_classes;
        let mut values: HashMap<String, usize> = HashMap::new();
        // A square of all pairs could be too large: there may be nearly as many classes as rows.
        let mut counts: HashMap<(usize, usize), usize> = HashMap::new();
        let mut n_rows = 0;
        for (&row, class) in rows.iter().zip(&self.of_rows) {
            let (Some(value), Some(class)) = (feature.key(row as usize), class) else {
                continue;
            };
            let next = values.len();
            let value = *values.entry(value.into_owned()).or_insert(next);
            if value == n_classes {
                // Most columns have more values than there are classes: they are done with after a few rows.
                return None;
            }
            *counts.entry((value, *class)).or_default() += 1;
            n_rows += 1;
        }
        if values.len() != n_classes || !enough(n_rows, rows) {
            return None;
        }
        // The largest count of each value, and of each class: they are of the same pairs.
        let (mut of_value, mut of_class) = (vec![0; n_classes], vec![0; n_classes]);
        let mut pairs: Vec<_> = counts.into_iter().collect();
        pairs.sort_unstable();
        for ((value, class), count) in pairs {
            of_value[value] = count.max(of_value[value]);
            of_class[class] = count.max(of_class[class]);
        }
        let together = of_value.iter().sum::<usize>().min(of_class.iter().sum());
        Some(together as f64 / n_rows as f64)
    }
}

fn enough(n_present: usize, rows: &[u32]) -> bool {
    n_present >= MIN_ROWS && n_present as f64 >= MIN_PRESENT * rows.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_tables::{names, table};

    fn copies(text: &str, target: &str) -> Vec<String> {
        let table = table(text);
        let target = TargetEncoder::fit(&table, &names(&[target]), None).unwrap();
        let features: Vec<String> = table
            .columns()
            .iter()
            .map(|column| column.name().to_owned())
            .filter(|name| !target.names().contains(&name.as_str()))
            .collect();
        let copies = target_copies(&table, &features, &target, &table.all_rows());
        copies.into_iter().map(|copy| copy.column).collect()
    }

    #[test]
    fn copies_of_a_number_are_found_in_any_unit() {
        let mut text = "y,cents,rounded,noise,half,big\n".to_owned();
        for i in 0..200 {
            let y = f64::from((i * 37) % 401) + 0.25;
            let half = if i % 2 == 0 {
                y.to_string()
            } else {
                String::new()
            };
            text += &format!(
                "{y},{},{},{},{half},{}e200\n",
                -100.0 * y,
                y.round(),
                (i * 7) % 13,
                y
            );
        }
        assert_eq!(copies(&text, "y"), ["cents", "rounded", "big"]);
    }

    #[test]
    fn copies_of_a_class_are_found_under_other_names() {
        let mut text = "y,code,nearly,noise,same,many\n".to_owned();
        for i in 0..400 {
            let class = ["a", "b", "c"][(i * 7) % 3];
            let code = ["1", "2", "3"][(i * 7) % 3];
            let nearly = if i == 5 { "1" } else { code };
            text += &format!("{class},{code},{nearly},{},k,v{i}\n", (i * 11) % 5);
        }
        assert_eq!(copies(&text, "y"), ["code", "nearly"]);
    }
}
