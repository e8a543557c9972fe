//! Options that several commands share.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use banach::Folds;
use banach_data::{AtomicFile, trimmed_name};

/// Most threads that can be asked for; more would only be a slip of the finger.
const MAX_THREADS: usize = 1024;

/// How much a command says, and in which form.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct Talk {
    /// Print only the result and errors
    #[arg(long, short, help_heading = "Program")]
    pub(crate) quiet: bool,
    /// Print the result as one JSON object, on one line
    #[arg(long, help_heading = "Program")]
    pub(crate) json: bool,
}

/// Most repeats; more would only be a slip of the finger.
const MAX_REPEATS: usize = 1000;

/// How a table is divided into folds.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct FoldOptions {
    /// Number of folds; with --split time=COL the rows are cut into one block more
    #[arg(long, value_name = "K", default_value_t = 5, help_heading = "Folds")]
    folds: usize,
    /// How many times to repeat with new random folds; not with --split time=COL
    #[arg(long, value_name = "R", default_value_t = 1, help_heading = "Folds")]
    repeats: usize,
    /// Column that assigns each row to a fold
    #[arg(long, value_name = "COL", conflicts_with_all = ["folds", "repeats"], help_heading = "Folds")]
    fold_column: Option<String>,
}

impl FoldOptions {
    /// What the library calls it.
    pub(crate) fn folds(&self) -> anyhow::Result<Folds> {
        if !(1..=MAX_REPEATS).contains(&self.repeats) {
            bail!("--repeats must be 1 to {MAX_REPEATS}, got {}", self.repeats);
        }
        Ok(match &self.fold_column {
            Some(column) => Folds::Column(trimmed_name(column).to_owned()),
            None => Folds::Number {
                folds: self.folds,
                repeats: self.repeats,
            },
        })
    }

    /// The column that says which fold a row is in.
    pub(crate) fn column(&self) -> Option<&str> {
        self.fold_column.as_deref().map(trimmed_name)
    }
}

/// How many threads work.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct Threads {
    /// Number of threads; does not change the result [default: BANACH_NUM_THREADS, else all processor cores]
    #[arg(long, value_name = "N", help_heading = "Program")]
    threads: Option<usize>,
}

impl Threads {
    /// The number from the flag, else from the environment, else of the processors that this process
    /// may use.
    pub(crate) fn number(self) -> anyhow::Result<usize> {
        const VARIABLE: &str = "BANACH_NUM_THREADS";
        let (name, threads) = match (self.threads, std::env::var(VARIABLE)) {
            (Some(threads), _) => ("--threads", threads),
            (None, Ok(text)) if !text.is_empty() => {
                let parsed = text.trim().parse();
                let threads =
                    parsed.with_context(|| format!("{VARIABLE} must be a number, got {text:?}"))?;
                (VARIABLE, threads)
            }
            (None, _) => return Ok(banach::available_threads()),
        };
        if !(1..=MAX_THREADS).contains(&threads) {
            bail!("{name} must be 1 to {MAX_THREADS}, got {threads}");
        }
        Ok(threads)
    }
}

/// The time of a `--budget SECONDS`.
#[cfg(feature = "compare")]
pub(crate) fn budget(seconds: Option<f64>) -> anyhow::Result<Option<std::time::Duration>> {
    use std::time::Duration;

    let checked = |seconds| {
        let budget = Duration::try_from_secs_f64(seconds).ok();
        let budget = budget.filter(|budget| !budget.is_zero());
        budget.with_context(|| format!("--budget must be above 0 seconds, got {seconds}"))
    };
    seconds.map(checked).transpose()
}

/// Paths as [`check_output`] takes them.
pub(crate) fn paths(paths: &[PathBuf]) -> Vec<&Path> {
    paths.iter().map(PathBuf::as_path).collect()
}

/// Checks before the work begins that a file can be written, and that it is none of those read.
pub(crate) fn check_output(out: &Path, inputs: &[&Path]) -> anyhow::Result<()> {
    let real = |path: &Path| {
        std::fs::canonicalize(path)
            .ok()
            .filter(|path| path.is_file())
    };
    if let Some(target) = real(out) {
        // What cannot be found is said where it is read.
        let files = banach_io::table_files(inputs);
        let files = files.unwrap_or_else(|_| inputs.iter().map(|&path| path.into()).collect());
        for input in &files {
            if real(input).as_ref() == Some(&target) {
                bail!(
                    "--out {} would overwrite the file that is read; name another",
                    out.display()
                );
            }
        }
    }
    // Begun and dropped, it leaves nothing behind.
    AtomicFile::create(out)?;
    Ok(())
}
