//! The result of one run of an experiment, and its line in `results.csv`.

use crate::compare::Metric;
use crate::report::DIVERGED;

/// What one method reached in one place of an experiment.
///
/// The place is the data set with its fold, number of hidden layers and seed, as far as the experiment
/// varies them.
#[derive(Debug, Clone, PartialEq)]
pub struct ExperimentResult {
    /// Name of the data set.
    pub set: String,
    /// The fold whose rows are the test rows, from 0; `None` for a set with one fixed split.
    pub fold: Option<usize>,
    /// Hidden layers, where the experiment is about them; `None` where they are among what is chosen.
    pub layers: Option<usize>,
    /// The random seed.
    pub seed: u64,
    /// Name of the method.
    pub method: String,
    /// What is measured on the test rows; for all metrics of the experiments higher is better.
    pub metric: Metric,
    /// The metric's value; `None` when training diverged with every setting that was tried.
    pub score: Option<f64>,
    /// Seconds on one thread, over all settings that were tried.
    pub seconds: f64,
    /// The hyperparameters that the validation rows chose.
    pub setting: String,
}

/// A score below every accuracy and AUC, by more than they can differ: with it a run that diverged
/// ranks last, and its difference to one that did not is larger than all others. It is never shown.
const BELOW_ALL: f64 = -1.0;

impl ExperimentResult {
    /// First line of `results.csv`.
    pub const HEADER: &str = "set,fold,layers,seed,method,metric,score,seconds,setting";

    /// The line of `results.csv`, without its end. Line breaks within a cell become blanks, so that a
    /// result is a line.
    #[must_use]
    pub fn line(&self) -> String {
        let number = |value: Option<usize>| value.map_or(String::new(), |value| value.to_string());
        let cells = [
            quoted(&self.set),
            number(self.fold),
            number(self.layers),
            self.seed.to_string(),
            quoted(&self.method),
            self.metric.name().to_owned(),
            // All digits: a report made from the file has the numbers of one made at once.
            self.score
                .map_or(DIVERGED.to_owned(), |score| score.to_string()),
            format!("{:.2}", self.seconds),
            quoted(&self.setting),
        ];
        cells.join(",")
    }

    /// Reads a line of `results.csv`; `None` if it is not a result.
    #[must_use]
    pub fn parse(line: &str) -> Option<Self> {
        let cells: [String; 9] = cells(line)?.try_into().ok()?;
        let [
            set,
            fold,
            layers,
            seed,
            method,
            metric,
            score,
            seconds,
            setting,
        ] = cells;
        let optional = |text: &str| match text {
            "" => Some(None),
            text => text.parse().ok().map(Some),
        };
        let finite = |text: &str| text.parse().ok().filter(|value: &f64| value.is_finite());
        Some(Self {
            set,
            fold: optional(&fold)?,
            layers: optional(&layers)?,
            seed: seed.parse().ok()?,
            method,
            metric: metric.parse().ok()?,
            score: match score.as_str() {
                DIVERGED => None,
                score => Some(finite(score)?),
            },
            seconds: finite(&seconds)?,
            setting,
        })
    }

    /// The score to rank and to test by.
    pub(super) fn score_for_ranks(&self) -> f64 {
        self.score.unwrap_or(BELOW_ALL)
    }
}

/// A score with this many decimals, or that training diverged.
#[must_use]
pub fn shown(score: Option<f64>, decimals: usize) -> String {
    score.map_or(DIVERGED.to_owned(), |score| format!("{score:.decimals$}"))
}

/// Mean and standard deviation (divisor n - 1; 0 for a single score) of the runs that did not diverge;
/// `None` without one.
pub(super) fn mean_and_deviation(scores: &[Option<f64>]) -> Option<(f64, f64)> {
    let scores: Vec<f64> = scores.iter().flatten().copied().collect();
    if scores.is_empty() {
        return None;
    }
    let n = scores.len() as f64;
    let mean = scores.iter().sum::<f64>() / n;
    let squares: f64 = scores.iter().map(|score| (score - mean).powi(2)).sum();
    Some((mean, (squares / (n - 1.0).max(1.0)).sqrt()))
}

/// A cell of CSV (RFC 4180): in quotes where it has to be.
fn quoted(text: &str) -> String {
    let text = text.replace(['\r', '\n'], " ");
    if text.contains([',', '"']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

/// The cells of a line of CSV; `None` for quotes that do not fit together.
fn cells(line: &str) -> Option<Vec<String>> {
    let mut cells = Vec::new();
    let mut rest = line;
    loop {
        let (cell, after) = match rest.strip_prefix('"') {
            Some(inner) => quoted_cell(inner)?,
            None => {
                let end = rest.find(',').unwrap_or(rest.len());
                let (cell, after) = rest.split_at(end);
                if cell.contains('"') {
                    return None;
                }
                (cell.to_owned(), after)
            }
        };
        cells.push(cell);
        match after.strip_prefix(',') {
            Some(next) => rest = next,
            None => return after.is_empty().then_some(cells),
        }
    }
}

/// A cell after its opening quote, and what follows its closing one.
fn quoted_cell(text: &str) -> Option<(String, &str)> {
    let mut cell = String::new();
    let mut rest = text;
    loop {
        let (part, after) = rest.split_once('"')?;
        cell.push_str(part);
        match after.strip_prefix('"') {
            Some(next) => {
                cell.push('"');
                rest = next;
            }
            None => return Some((cell, after)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(score: Option<f64>, setting: &str) -> ExperimentResult {
        ExperimentResult {
            set: "abalone".to_owned(),
            fold: Some(2),
            layers: None,
            seed: 7,
            method: "snn".to_owned(),
            metric: Metric::Accuracy,
            score,
            seconds: 1.5,
            setting: setting.to_owned(),
        }
    }

    #[test]
    fn a_result_is_read_as_it_was_written() {
        let settings = [
            "",
            "256 x 4 lr 0.1",
            "C = 10, gamma = 0.1",
            "an \"odd\" one",
            "\"",
            ",",
        ];
        for setting in settings {
            for score in [Some(0.625), Some(2.0 / 3.0), None] {
                let result = result(score, setting);
                assert_eq!(ExperimentResult::parse(&result.line()), Some(result));
            }
        }
        let by_layers = ExperimentResult {
            set: "tox21".to_owned(),
            fold: None,
            layers: Some(32),
            metric: Metric::MeanAuc,
            ..result(Some(0.5), "")
        };
        assert_eq!(by_layers.line(), "tox21,,32,7,snn,mean_auc,0.5,1.50,");
        assert_eq!(ExperimentResult::parse(&by_layers.line()), Some(by_layers));
    }

    #[test]
    fn a_run_that_diverged_has_no_score() {
        let line = result(None, "a, \"b\"").line();
        let expected = "abalone,2,,7,snn,accuracy,diverged,1.50,\"a, \"\"b\"\"\"";
        assert_eq!(line, expected);
        assert_eq!(shown(None, 4), "diverged");
        assert_eq!(shown(Some(0.12345), 4), "0.1235");
        let scores = [Some(0.5), None, Some(0.7)];
        let (mean, deviation) = mean_and_deviation(&scores).unwrap();
        assert!((mean - 0.6).abs() < 1e-12 && (deviation - 0.02_f64.sqrt()).abs() < 1e-12);
        assert_eq!(mean_and_deviation(&[None]), None);
    }

    #[test]
    fn a_line_break_within_a_cell_does_not_make_two_lines() {
        assert!(result(None, "a\nb\r\nc").line().ends_with(",a b  c"));
    }

    #[test]
    fn lines_that_are_no_results_are_refused() {
        let good = "abalone,2,,7,snn,accuracy,0.5,1.5,x";
        assert!(ExperimentResult::parse(good).is_some());
        for bad in [
            "",
            ExperimentResult::HEADER,
            "abalone,0,snn,0.5,1.5,\"x\"",
            "abalone,2,,7,snn,accuracy,0.5,1.5",
            "abalone,2,,7,snn,accuracy,0.5,1.5,x,y",
            "abalone,2,,7,snn,accuracy,,1.5,x",
            "abalone,2,,7,snn,accuracy,NaN,1.5,x",
            "abalone,2,,7,snn,quality,0.5,1.5,x",
            "abalone,-2,,7,snn,accuracy,0.5,1.5,x",
            "abalone,2,,7,snn,accuracy,0.5,1.5,\"x",
            "abalone,2,,7,snn,accuracy,0.5,1.5,\"x\"y",
            "abalone,2,,7,snn,accuracy,0.5,1.5,x\"y\"",
        ] {
            assert_eq!(ExperimentResult::parse(bad), None, "{bad}");
        }
    }
}
