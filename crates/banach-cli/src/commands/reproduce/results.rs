//! The file that every finished piece is added to.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use banach_data::AtomicFile;

/// Lines of results under a header.
pub(super) struct Results {
    path: PathBuf,
    file: File,
}

impl Results {
    /// Opens a file of `folder`, and gives the lines that it has; without `resume` it must have none. The
    /// settings stand in a file beside it, and results of others are not gone on with.
    pub(super) fn open(
        folder: &Path,
        name: &str,
        header: &str,
        settings: &str,
        resume: bool,
    ) -> anyhow::Result<(Self, Vec<String>)> {
        let path = folder.join(name);
        let shown = path.display();
        let old = read(&path)?;
        // A run that was killed in the middle of a line: the line is no result.
        let whole = old.rfind('\n').map_or("", |end| &old[..=end]);
        let mut lines = whole.lines();
        let lines: Vec<String> = match lines.next() {
            None => Vec::new(),
            Some(first) if first == header => lines.map(str::to_owned).collect(),
            Some(first) => bail!(
                "{shown} begins with {first:?}, not with {header:?}: it is of another experiment; \
                 name another folder with --out"
            ),
        };
        if !lines.is_empty() {
            if !resume {
                bail!(
                    "{shown} has {} results already: continue with --resume, or name another folder \
                     with --out",
                    lines.len()
                );
            }
            let made_with = read(&folder.join(SETTINGS))?;
            if made_with.trim_end() != settings {
                bail!(
                    "the results in {shown} were made with {:?}, not with {settings:?}: give the same \
                     options, or name another folder with --out",
                    made_with.trim_end()
                );
            }
        }
        AtomicFile::write(folder.join(SETTINGS), format!("{settings}\n").as_bytes())?;
        let opened = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path);
        let mut file = opened.with_context(|| format!("cannot write {shown}"))?;
        let mut begin = || {
            file.set_len(whole.len() as u64)?;
            std::io::Seek::seek(&mut file, std::io::SeekFrom::End(0))?;
            if whole.is_empty() {
                writeln!(file, "{header}")?;
            }
            Ok::<(), std::io::Error>(())
        };
        begin().with_context(|| format!("cannot write {shown}"))?;
        Ok((Self { path, file }, lines))
    }

    /// Adds a line, at once.
    pub(super) fn add(&mut self, line: &str) -> anyhow::Result<()> {
        let written = writeln!(self.file, "{line}").and_then(|()| self.file.flush());
        written.with_context(|| format!("cannot write {}", self.path.display()))
    }
}

/// The settings that results were made with.
const SETTINGS: &str = "settings.txt";

/// The text of a file; of one that is not there, none.
fn read(path: &Path) -> anyhow::Result<String> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}
