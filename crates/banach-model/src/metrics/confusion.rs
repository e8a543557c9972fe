//! The confusion matrix, as numbers and as text for people.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How much weight of each true class was predicted as each class.
///
/// # Shapes
/// `counts` \[n_classes, n_classes\] row by row: true class first, then predicted class; the number of
/// rows without sample weights, their summed weight with them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Confusion {
    classes: Vec<String>,
    counts: Vec<f64>,
}

impl Confusion {
    pub(super) fn new(classes: Vec<String>, counts: Vec<f64>) -> Self {
        Confusion { classes, counts }
    }

    /// Class names, in code order.
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// All counts, \[true class, predicted class\] row by row.
    pub fn counts(&self) -> &[f64] {
        &self.counts
    }
}

/// A table with one line per true class, one column per predicted class and the sum of each line.
///
/// Whole numbers are printed as such, weights with two decimals. Control characters in class names
/// (a label may hold a line end) are printed as blanks, so that a class stays on one line.
impl fmt::Display for Confusion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimals = if self.counts.iter().all(|count| count.fract() == 0.0) {
            0
        } else {
            2
        };
        let printable = |name: &String| name.replace(char::is_control, " ");
        let names: Vec<String> = self.classes.iter().map(printable).collect();

        let mut head = vec!["true \\ predicted".to_owned()];
        head.extend(names.iter().cloned());
        head.push("sum".to_owned());
        let mut lines = vec![head];
        for (name, counts) in names.iter().zip(self.counts.chunks(names.len().max(1))) {
            let mut line = vec![name.clone()];
            line.extend(counts.iter().map(|count| format!("{count:.decimals$}")));
            line.push(format!("{:.decimals$}", counts.iter().sum::<f64>()));
            lines.push(line);
        }

        let width = |column: usize| {
            let cells = lines.iter().map(|line| line[column].chars().count());
            cells.max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..names.len() + 2).map(width).collect();
        for (number, line) in lines.iter().enumerate() {
            if number > 0 {
                writeln!(f)?;
            }
            write!(f, "{:<1$}", line[0], widths[0])?;
            for (cell, width) in line.iter().zip(&widths).skip(1) {
                write!(f, "  {cell:>width$}")?;
            }
        }
        Ok(())
    }
}
