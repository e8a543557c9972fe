//! The UCI classification sets as the paper's authors prepared them: a folder NAME with the files
//! NAME_py.dat (features), labels_py.dat, folds_py.dat and validation_folds_py.dat.

use std::path::{Path, PathBuf};

use super::{DatasetError, UCI_SOURCE, numbers, read_text};
use crate::baselines::Matrix;

/// Folds of each set.
pub const UCI_FOLDS: usize = 4;

/// A UCI set. Features are standardized already.
#[derive(Debug, Clone, PartialEq)]
pub struct UciSet {
    /// Name of its folder.
    pub name: String,
    /// Features.
    pub x: Matrix,
    /// Class of each row, below `n_classes`.
    pub labels: Vec<u32>,
    /// Number of classes.
    pub n_classes: usize,
    /// Rows of each fold; sets with an official test set repeat it.
    pub folds: [UciFold; UCI_FOLDS],
}

/// The rows of a fold, ascending.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UciFold {
    /// Training rows.
    pub train: Vec<u32>,
    /// Validation rows.
    pub valid: Vec<u32>,
    /// Test rows.
    pub test: Vec<u32>,
}

/// The folders in `folder` that look like UCI sets, by name.
///
/// # Errors
/// [`DatasetError::Read`]; [`DatasetError::Missing`] when there is none.
pub fn uci_sets(folder: &Path) -> Result<Vec<PathBuf>, DatasetError> {
    let failed = |reason: std::io::Error| {
        let file = folder.display().to_string();
        if reason.kind() == std::io::ErrorKind::NotFound {
            let address = UCI_SOURCE;
            return DatasetError::Missing { file, address };
        }
        DatasetError::Read { file, reason }
    };
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.join("labels_py.dat").is_file() {
            found.push(path);
        }
    }
    if found.is_empty() {
        return Err(DatasetError::Missing {
            file: folder.join("*").join("labels_py.dat").display().to_string(),
            address: UCI_SOURCE,
        });
    }
    found.sort();
    Ok(found)
}

/// Reads a UCI set from its folder.
///
/// # Errors
/// [`DatasetError::Missing`], [`DatasetError::Read`], [`DatasetError::Content`] for files that do not
/// fit together or a row that is in two parts of a fold.
pub fn uci_set(folder: &Path) -> Result<UciSet, DatasetError> {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let file = |name: &str| folder.join(name);
    let load = |file: &Path| numbers(&read_text(file, UCI_SOURCE)?, file, UCI_SOURCE);
    let wrong = |file: &Path, problem: String| DatasetError::Content {
        file: file.display().to_string(),
        problem,
        address: UCI_SOURCE,
    };

    let features_file = file(&format!("{name}_py.dat"));
    let features = load(&features_file)?;
    let n = features.len();
    let n_columns = features.first().map_or(0, Vec::len);
    if let Some(at) = features.iter().position(|row| row.len() != n_columns) {
        let problem = format!(
            "row {} has {} features, the first has {n_columns}",
            at + 1,
            features[at].len()
        );
        return Err(wrong(&features_file, problem));
    }
    // The other files: whole numbers, as many rows as there are features, a width and a limit each.
    let whole = |name: &str, width: usize, limit: f32| {
        let file = file(name);
        let rows = load(&file)?;
        if rows.len() != n {
            let problem = format!("it has {} rows, the features have {n}", rows.len());
            return Err(wrong(&file, problem));
        }
        let fits = |value: &f32| *value >= 0.0 && *value < limit && value.fract() == 0.0;
        let bad = |row: &Vec<f32>| row.len() != width || !row.iter().all(fits);
        if let Some(at) = rows.iter().position(bad) {
            let problem = format!(
                "row {} must be {width} whole numbers below {limit}, got {:?}",
                at + 1,
                rows[at]
            );
            return Err(wrong(&file, problem));
        }
        Ok(rows)
    };
    let labels = whole("labels_py.dat", 1, MAX_CLASSES)?;
    let test = whole("folds_py.dat", UCI_FOLDS, 2.0)?;
    let valid = whole("validation_folds_py.dat", UCI_FOLDS, 2.0)?;

    let mut folds: [UciFold; UCI_FOLDS] = Default::default();
    for (row, (test, valid)) in test.iter().zip(&valid).enumerate() {
        for (fold, (&test, &valid)) in folds.iter_mut().zip(test.iter().zip(valid)) {
            let part = match (test == 1.0, valid == 1.0) {
                (true, false) => &mut fold.test,
                (false, true) => &mut fold.valid,
                (false, false) => &mut fold.train,
                (true, true) => {
                    let problem = format!("row {} is a test row of the same fold", row + 1);
                    return Err(wrong(&file("validation_folds_py.dat"), problem));
                }
            };
            part.push(row as u32);
        }
    }
    let labels: Vec<u32> = labels.iter().map(|row| row[0] as u32).collect();
    let n_classes = labels.iter().max().map_or(0, |&last| last as usize + 1);
    Ok(UciSet {
        name: name.into_owned(),
        x: Matrix::new(n, n_columns, features.concat())?,
        labels,
        n_classes,
        folds,
    })
}

/// More classes than any set has (100); a label beyond would be a slip.
const MAX_CLASSES: f32 = 1000.0;
