//! The file that every finished piece is added to.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

/// Lines of results under a header.
pub(super) struct Results {
    path: PathBuf,
    file: File,
}

impl Results {
    /// Opens the file, and gives the lines that it has; without `resume` it must have none.
    pub(super) fn open(
        path: &Path,
        header: &str,
        resume: bool,
    ) -> anyhow::Result<(Self, Vec<String>)> {
        let name = path.display();
        let old = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error).with_context(|| format!("cannot read {name}")),
        };
        let mut lines = old.lines();
        let lines: Vec<String> = match lines.next() {
            None => Vec::new(),
            Some(first) if first == header => lines.map(str::to_owned).collect(),
            Some(first) => bail!(
                "{name} begins with {first:?}, not with {header:?}: it is of another experiment; \
                 name another folder with --out"
            ),
        };
        if !lines.is_empty() && !resume {
            bail!(
                "{name} has {} results already: go on with --resume, or name another folder with \
                 --out",
                lines.len()
            );
        }
        let file = OpenOptions::new().create(true).append(true).open(path);
        let mut file = file.with_context(|| format!("cannot write {name}"))?;
        if old.is_empty() {
            writeln!(file, "{header}").with_context(|| format!("cannot write {name}"))?;
        } else if !old.ends_with('\n') {
            // A run that was killed in the middle of a line: the line is no result.
            writeln!(file).with_context(|| format!("cannot write {name}"))?;
        }
        let path = path.to_owned();
        Ok((Self { path, file }, lines))
    }

    /// Adds a line, at once.
    pub(super) fn add(&mut self, line: &str) -> anyhow::Result<()> {
        let written = writeln!(self.file, "{line}").and_then(|()| self.file.flush());
        written.with_context(|| format!("cannot write {}", self.path.display()))
    }
}
