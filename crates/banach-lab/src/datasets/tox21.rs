//! Tox21: twelve kinds of toxicity, descriptors and fingerprint bits of molecules.

use std::path::Path;

use banach_data::Column;
use banach_io::{ReadOptions, read_table};

use super::{DatasetError, Standardizer, TOX21_SOURCE};
use crate::baselines::Matrix;

/// The Tox21 set.
#[derive(Debug, Clone, PartialEq)]
pub struct Tox21 {
    /// Features, standardized by the training rows; what is missing is 0, the mean.
    pub x: Matrix,
    /// Names of the tasks.
    pub tasks: Vec<String>,
    /// 0, 1 or NaN (missing): [n_rows, n_tasks], row by row.
    pub labels: Vec<f32>,
    /// Training rows.
    pub train: Vec<u32>,
    /// Validation rows.
    pub valid: Vec<u32>,
    /// Test rows.
    pub test: Vec<u32>,
}

/// Reads a table whose column `split` says train, valid or test, whose columns `desc_*` and `ecfp_*`
/// are features, and whose columns `NR-*` (nuclear receptors) and `SR-*` (stress response) are tasks.
/// Other columns, such as the molecule's name, are left alone.
///
/// # Errors
/// [`DatasetError::Missing`], [`DatasetError::Table`], [`DatasetError::Content`] for a table without
/// such columns, with another split, or a label that is neither 0, 1 nor missing.
pub fn tox21(file: &Path) -> Result<Tox21, DatasetError> {
    let name = || file.display().to_string();
    if !file.exists() {
        return Err(DatasetError::Missing {
            file: name(),
            address: TOX21_SOURCE,
        });
    }
    let wrong = |problem: String| DatasetError::Content {
        file: name(),
        problem,
        address: TOX21_SOURCE,
    };
    let table = read_table(file, &ReadOptions::default())?;
    let named = |starts: [&str; 2]| -> Vec<&Column> {
        let of_kind = |column: &&Column| starts.iter().any(|s| column.name().starts_with(s));
        table.columns().iter().filter(of_kind).collect()
    };
    let (features, tasks) = (named(["desc_", "ecfp_"]), named(["NR-", "SR-"]));
    let Some(split) = table.column("split") else {
        return Err(wrong("there is no column \"split\"".to_owned()));
    };
    for (what, none) in [
        ("features", features.is_empty()),
        ("tasks", tasks.is_empty()),
    ] {
        if none {
            return Err(wrong(format!("it has no columns of {what}")));
        }
    }

    let n_rows = table.n_rows();
    let (mut train, mut valid, mut test) = (Vec::new(), Vec::new(), Vec::new());
    for row in 0..n_rows {
        let part = match split.key(row).as_deref() {
            Some("train") => &mut train,
            Some("valid") => &mut valid,
            Some("test") => &mut test,
            other => {
                let got = other.unwrap_or("nothing");
                let row = row + 1;
                let problem = format!("row {row}: split must be train, valid or test, got {got}");
                return Err(wrong(problem));
            }
        };
        part.push(row as u32);
    }
    let mut labels = Vec::with_capacity(n_rows * tasks.len());
    for row in 0..n_rows {
        for task in &tasks {
            let label = match (task.is_missing(row), task.number(row)) {
                (true, _) => f32::NAN,
                (false, Some(label)) if [0.0, 1.0].contains(&label) => label as f32,
                _ => {
                    let got = task.key(row).unwrap_or_default();
                    return Err(wrong(format!(
                        "row {}, {}: a label must be 0, 1 or missing, got {got}",
                        row + 1,
                        task.name()
                    )));
                }
            };
            labels.push(label);
        }
    }
    Ok(Tox21 {
        x: standardized(&features, n_rows, &train)?,
        tasks: tasks.iter().map(|task| task.name().to_owned()).collect(),
        labels,
        train,
        valid,
        test,
    })
}

/// Features with the training rows' mean for what is missing, standardized by the training rows.
fn standardized(
    features: &[&Column],
    n_rows: usize,
    train: &[u32],
) -> Result<Matrix, DatasetError> {
    let mut values = vec![0.0_f32; n_rows * features.len()];
    for (at, feature) in features.iter().enumerate() {
        let known = train.iter().filter_map(|&row| feature.number(row as usize));
        let (sum, n) = known.fold((0.0, 0.0), |(sum, n), value| (sum + value, n + 1.0));
        let mean: f64 = if n > 0.0 { sum / n } else { 0.0 };
        for row in 0..n_rows {
            values[row * features.len() + at] = feature.number(row).unwrap_or(mean) as f32;
        }
    }
    let x = Matrix::new(n_rows, features.len(), values)?;
    Ok(Standardizer::fit(&x, train).apply(&x)?)
}
