//! The confusion matrix, as numbers and as text for people.

use std::collections::BTreeMap;
use std::fmt;

use serde::ser::{Serialize, SerializeStruct, Serializer};

/// Most classes whose matrix is written as a square; a larger one is a list of what is not 0.
const MAX_SQUARE: usize = 30;

/// Pairs that are shown of a larger matrix.
const SHOWN_PAIRS: usize = 20;

/// How much weight of each true class was predicted as each class.
///
/// It takes memory for the pairs of classes that occur, not for all of them. Up to 30 classes it
/// serializes as `{classes, counts}`, counts being \[n_classes, n_classes\] row by row, true class first;
/// with more classes as `{classes, cells}`, each of them `[true class, predicted class, count]` with the
/// places of both in `classes`, those without a count left out.
#[derive(Debug, Clone, PartialEq)]
pub struct Confusion {
    classes: Vec<String>,
    cells: Vec<ConfusionCell>,
}

/// A true class, what it was predicted as, and how often.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ConfusionCell {
    /// The true class, a place in [`Confusion::classes`].
    pub truth: usize,
    /// The predicted class, likewise.
    pub predicted: usize,
    /// Number of rows, with sample weights their sum; above 0.
    pub count: f64,
}

impl Confusion {
    /// From a true class, a predicted class and a weight for each row.
    pub(super) fn new(
        classes: Vec<String>,
        rows: impl Iterator<Item = (usize, usize, f64)>,
    ) -> Self {
        let mut counts: BTreeMap<(usize, usize), f64> = BTreeMap::new();
        for (truth, predicted, weight) in rows {
            *counts.entry((truth, predicted)).or_default() += weight;
        }
        let cells = counts.into_iter().filter(|&(_, count)| count > 0.0).map(
            |((truth, predicted), count)| ConfusionCell {
                truth,
                predicted,
                count,
            },
        );
        Self {
            classes,
            cells: cells.collect(),
        }
    }

    /// Class names, in code order.
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// All pairs that occur, by true class and then by predicted class.
    pub fn cells(&self) -> &[ConfusionCell] {
        &self.cells
    }

    /// The pairs of different classes, the most frequent first.
    #[must_use]
    pub fn confused(&self) -> Vec<ConfusionCell> {
        let cells = self.cells.iter().copied();
        let mut wrong: Vec<_> = cells.filter(|cell| cell.truth != cell.predicted).collect();
        wrong.sort_by(|a, b| b.count.total_cmp(&a.count));
        wrong
    }

    /// The count of each true class.
    #[must_use]
    pub fn sums(&self) -> Vec<f64> {
        let mut sums = vec![0.0; self.classes.len()];
        for cell in &self.cells {
            sums[cell.truth] += cell.count;
        }
        sums
    }

    /// All counts, \[true class, predicted class\] row by row.
    fn square(&self) -> Vec<f64> {
        let n = self.classes.len();
        let mut counts = vec![0.0; n * n];
        for cell in &self.cells {
            counts[cell.truth * n + cell.predicted] = cell.count;
        }
        counts
    }

    /// Names on one line each: a label may hold a line end.
    fn printable(&self, class: usize) -> String {
        self.classes[class].replace(char::is_control, " ")
    }

    /// Decimals of counts: whole numbers are printed as such.
    fn decimals(&self) -> usize {
        let whole = self.cells.iter().all(|cell| cell.count.fract() == 0.0);
        if whole { 0 } else { 2 }
    }

    /// A line per true class, a column per predicted class and the sum of each line.
    fn square_lines(&self) -> Vec<Vec<String>> {
        let (n, decimals) = (self.classes.len(), self.decimals());
        let names = || (0..n).map(|class| self.printable(class));
        let mut head = vec!["true \\ predicted".to_owned()];
        head.extend(names());
        head.push("sum".to_owned());
        let mut lines = vec![head];
        for (name, counts) in names().zip(self.square().chunks(n.max(1))) {
            let mut line = vec![name];
            line.extend(counts.iter().map(|count| format!("{count:.decimals$}")));
            line.push(format!("{:.decimals$}", counts.iter().sum::<f64>()));
            lines.push(line);
        }
        lines
    }

    /// A line for each of the most confused pairs.
    fn pair_lines(&self, pairs: &[ConfusionCell]) -> Vec<Vec<String>> {
        let (decimals, sums) = (self.decimals(), self.sums());
        let head = ["true", "predicted", "count", "of its class"];
        let mut lines = vec![head.map(str::to_owned).to_vec()];
        for pair in pairs {
            lines.push(vec![
                self.printable(pair.truth),
                self.printable(pair.predicted),
                format!("{:.decimals$}", pair.count),
                format!("{:.1}%", 100.0 * pair.count / sums[pair.truth]),
            ]);
        }
        lines
    }
}

impl Serialize for Confusion {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Confusion", 2)?;
        fields.serialize_field("classes", &self.classes)?;
        if self.classes.len() <= MAX_SQUARE {
            fields.serialize_field("counts", &self.square())?;
        } else {
            let cells = self.cells.iter();
            let cells: Vec<(usize, usize, f64)> = cells
                .map(|cell| (cell.truth, cell.predicted, cell.count))
                .collect();
            fields.serialize_field("cells", &cells)?;
        }
        fields.end()
    }
}

/// Up to 30 classes a table with a line per true class, a column per predicted class and the sum of each
/// line; with more the 20 most confused pairs, with their count and its share of the true class.
///
/// Whole numbers are printed as such, weights with two decimals. Control characters in class names are
/// printed as blanks.
impl fmt::Display for Confusion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.classes.len() <= MAX_SQUARE {
            return aligned(f, &self.square_lines(), 1);
        }
        let pairs = self.confused();
        if pairs.is_empty() {
            return f.write_str("no class was taken for another");
        }
        let shown = &pairs[..pairs.len().min(SHOWN_PAIRS)];
        if shown.len() == pairs.len() {
            writeln!(f, "confused classes")?;
        } else {
            let (shown, all) = (shown.len(), pairs.len());
            writeln!(f, "most confused classes, {shown} of {all} pairs")?;
        }
        aligned(f, &self.pair_lines(shown), 2)
    }
}

/// Lines of cells as columns, the first ones to the left, the others to the right.
fn aligned(f: &mut fmt::Formatter<'_>, lines: &[Vec<String>], to_the_left: usize) -> fmt::Result {
    let n_columns = lines.first().map_or(0, Vec::len);
    let width = |column: usize| {
        let cells = lines.iter().map(|line| line[column].chars().count());
        cells.max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..n_columns).map(width).collect();
    for (number, line) in lines.iter().enumerate() {
        if number > 0 {
            writeln!(f)?;
        }
        for (column, (cell, width)) in line.iter().zip(&widths).enumerate() {
            if column > 0 {
                f.write_str("  ")?;
            }
            if column < to_the_left {
                write!(f, "{cell:<width$}")?;
            } else {
                write!(f, "{cell:>width$}")?;
            }
        }
    }
    Ok(())
}
