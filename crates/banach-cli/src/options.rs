//! Options that several commands share.

use std::path::Path;

use anyhow::{Context, bail};
use banach_data::AtomicFile;

/// Most threads that can be asked for; more would only be a slip of the finger.
const MAX_THREADS: usize = 1024;

/// How much a command says, and in which form.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct Talk {
    /// Say nothing but the result and errors
    #[arg(long, short, help_heading = "Program")]
    pub(crate) quiet: bool,
    /// Print the result as one JSON object, on one line
    #[arg(long, help_heading = "Program")]
    pub(crate) json: bool,
}

/// How many threads work.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct Threads {
    /// Threads; the result is the same for any number [default: BANACH_NUM_THREADS, else all processors]
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

/// Checks before the work begins that a file can be written, and that it is none of those read.
pub(crate) fn check_output(out: &Path, inputs: &[&Path]) -> anyhow::Result<()> {
    let real = |path: &Path| {
        std::fs::canonicalize(path)
            .ok()
            .filter(|path| path.is_file())
    };
    if let Some(target) = real(out) {
        for input in inputs {
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
