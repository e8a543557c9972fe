//! HTRU2: candidates for pulsars (Lyon et al. 2016), eight features and the class of each.

use std::path::Path;

use super::{DatasetError, HTRU2_SOURCE, numbers, read_text};
use crate::baselines::Matrix;

const FEATURES: usize = 8;

/// The HTRU2 set.
#[derive(Debug, Clone, PartialEq)]
pub struct Htru2 {
    /// Features, as they are in the file; [`super::Standardizer`] brings them to one scale.
    pub x: Matrix,
    /// 1 for a pulsar, else 0.
    pub labels: Vec<u32>,
}

/// Reads `HTRU_2.csv`, with or without a line of names at the top.
///
/// # Errors
/// [`DatasetError::Missing`], [`DatasetError::Read`], [`DatasetError::Content`].
pub fn htru2(file: &Path) -> Result<Htru2, DatasetError> {
    let text = read_text(file, HTRU2_SOURCE)?;
    let mut rest = text.as_str();
    if let Some((first, after)) = text.split_once('\n')
        && first
            .split(',')
            .all(|cell| cell.trim().parse::<f32>().is_err())
    {
        rest = after;
    }
    let rows = numbers(rest, file, HTRU2_SOURCE)?;
    let wrong = |problem: String| DatasetError::Content {
        file: file.display().to_string(),
        problem,
        address: HTRU2_SOURCE,
    };
    if rows.is_empty() {
        return Err(wrong("it has no rows".to_owned()));
    }
    let (mut values, mut labels) = (Vec::new(), Vec::new());
    for (at, row) in rows.iter().enumerate() {
        let [features @ .., class] = &row[..] else {
            continue;
        };
        if features.len() != FEATURES || ![0.0, 1.0].contains(class) {
            return Err(wrong(format!(
                "row {} must be {FEATURES} numbers and 0 or 1, got {row:?}",
                at + 1
            )));
        }
        values.extend(features);
        labels.push(*class as u32);
    }
    Ok(Htru2 {
        x: Matrix::new(labels.len(), FEATURES, values)?,
        labels,
    })
}
