//! What a fit says while it runs: a few lines, and on a terminal a bar.

use std::io::{IsTerminal, stderr};
use std::sync::Mutex;

use banach::{Event, FoldResult, Overview, Stage};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::output::say;
use crate::text::{count, joined, metric, plural, quoted, some_lines};

/// Target classes, widths and the like that a line names before it says "...".
const MAX_NAMES: usize = 8;

/// Listens to a run. Without a terminal there is no bar, with `--quiet` nothing at all.
pub(crate) struct Progress {
    quiet: bool,
    on_terminal: bool,
    bar: ProgressBar,
    epochs: Mutex<Epochs>,
}

/// What the bar's text is made from.
#[derive(Default)]
struct Epochs {
    stage: &'static str,
    total: usize,
    steps: usize,
    /// Lowest validation loss and its epoch.
    best: Option<(f64, usize)>,
}

impl Progress {
    pub(crate) fn new(quiet: bool) -> Self {
        let bar = ProgressBar::hidden();
        let style = ProgressStyle::with_template("{prefix} [{bar:16}] {elapsed}<{eta} {wide_msg}");
        if let Ok(style) = style {
            bar.set_style(style.progress_chars("=> "));
        }
        Self {
            quiet,
            on_terminal: stderr().is_terminal(),
            bar,
            epochs: Mutex::default(),
        }
    }

    /// Says a line, above the bar if there is one.
    pub(crate) fn note(&self, line: &str) {
        if !self.quiet {
            self.bar.suspend(|| say(line));
        }
    }

    /// Shows the bar from here on; drawn before there is anything to show it would be an empty line.
    fn begin(&self, prefix: &'static str, length: usize) {
        if self.on_terminal && !self.quiet && self.bar.is_hidden() {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        self.bar.set_prefix(prefix);
        self.bar.set_length(length as u64);
    }

    /// Takes the bar away.
    pub(crate) fn done(&self) {
        self.bar.finish_and_clear();
    }

    /// Shows what happened in a run.
    pub(crate) fn observe(&self, event: Event<'_>) {
        match event {
            Event::Prepared(overview) => self.overview(&overview),
            Event::Stage {
                stage,
                epochs,
                done,
                steps,
            } => {
                let mut state = lock(&self.epochs);
                *state = Epochs {
                    stage: match stage {
                        Stage::Train => "training",
                        Stage::Refit => "training on all rows",
                    },
                    total: epochs,
                    steps,
                    best: None,
                };
                self.begin(state.stage, epochs * steps);
                self.bar.set_position((done * steps) as u64);
                self.bar.reset_eta();
                self.bar.set_message(format!("epoch {}/{epochs}", done + 1));
                if done > 0 {
                    drop(state);
                    self.note(&format!(
                        "continuing after {}",
                        plural(done, "epoch", "epochs")
                    ));
                }
            }
            Event::Step { epoch, step, .. } => {
                let steps = lock(&self.epochs).steps;
                self.bar.set_position(((epoch - 1) * steps + step) as u64);
            }
            Event::Epoch(report) => {
                let mut state = lock(&self.epochs);
                if report.best {
                    state.best = Some((report.valid_loss, report.epoch));
                }
                let best = state.best.map_or_else(String::new, |(loss, epoch)| {
                    format!(", best {loss:.4} ({epoch})")
                });
                self.bar.set_message(format!(
                    "epoch {}/{}, loss {:.4}, valid {:.4}{best}",
                    report.epoch, state.total, report.train_loss, report.valid_loss,
                ));
            }
            Event::Fold { done, folds, fold } => {
                if done == 1 {
                    self.begin("folds", folds);
                }
                self.bar.set_position(done as u64);
                self.bar.set_message(format!("{done}/{folds}"));
                let name = &fold.fold;
                match &fold.result {
                    FoldResult::Scored { metrics, .. } => {
                        let shown = metrics.entries().into_iter().take(4);
                        let shown = shown.map(|(name, value)| format!("{name} {}", metric(value)));
                        let shown: Vec<String> = shown.collect();
                        self.note(&format!("fold {name}: {}", shown.join(", ")));
                    }
                    FoldResult::NotScored { not_scored } => {
                        self.note(&format!("fold {name} is not scored: {not_scored}"));
                    }
                }
            }
            _ => {}
        }
    }

    fn overview(&self, overview: &Overview<'_>) {
        let columns = overview.unused.iter().map(ToString::to_string);
        let readings = overview.readings.iter().map(ToString::to_string);
        for notice in some_lines(&readings.chain(columns).collect::<Vec<_>>()) {
            self.note(&notice);
        }
        for notice in some_lines(overview.copies) {
            self.note(&notice);
        }
        for (target, words) in &overview.words_for_missing {
            let words: Vec<String> = words
                .iter()
                .map(|(word, count)| {
                    format!("{word:?} ({})", plural(*count as usize, "row", "rows"))
                })
                .collect();
            self.note(&format!(
                "target {target:?}: {} taken for missing; if it is a class, give {}",
                joined(&words, MAX_NAMES),
                quoted(&format!("--na={target}="))
            ));
        }
        if overview.without_target > 0 {
            let rows = plural(overview.without_target, "row has", "rows have");
            self.note(&format!("{rows} no target and will be ignored"));
        }
        if overview.in_gap > 0 {
            let rows = plural(overview.in_gap, "row lies", "rows lie");
            self.note(&format!("{rows} in the gap and will be ignored"));
        }
        let target = joined(&overview.target, MAX_NAMES);
        self.note(&format!("{} of {target}", overview.task));
        self.note(&format!(
            "{}, {}, {}",
            plural(overview.train_rows, "training row", "training rows"),
            plural(overview.valid_rows, "validation row", "validation rows"),
            plural(overview.features, "feature", "features"),
        ));
        self.note(&format!(
            "network {}: {} parameters",
            widths(&overview.widths),
            count(overview.parameters)
        ));
    }
}

/// Widths of layers; equal ones in a row are counted.
pub(crate) fn widths(widths: &[usize]) -> String {
    let runs = widths.chunk_by(|a, b| a == b).map(|run| match run {
        [width] => width.to_string(),
        [width, ..] => format!("{} x {width}", run.len()),
        [] => String::new(),
    });
    runs.collect::<Vec<_>>().join(" - ")
}

fn lock(mutex: &Mutex<Epochs>) -> std::sync::MutexGuard<'_, Epochs> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_widths_are_counted() {
        assert_eq!(widths(&[9, 256, 256, 256, 3]), "9 - 3 x 256 - 3");
        assert_eq!(widths(&[4, 1]), "4 - 1");
    }
}
