//! Standard output and standard error: results go to the one, everything else to the other.

use std::io::{self, Write};

use anyhow::Context;
use serde::Serialize;

/// Writes a result.
pub(crate) fn print(text: &str) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .context("cannot write to standard output")
}

/// Writes the one JSON object of `--json`, on one line.
pub(crate) fn print_json(value: &impl Serialize) -> anyhow::Result<()> {
    let mut line = serde_json::to_string(value).context("cannot write the result as JSON")?;
    line.push('\n');
    print(&line)
}

/// Writes a line to standard error, where it may get lost without harm.
pub(crate) fn say(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}
