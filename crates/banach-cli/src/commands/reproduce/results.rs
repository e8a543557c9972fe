//! The folder of an experiment: `results.csv`, to which every finished piece is added, and `run.json`,
//! which says what made it.

use std::fs::{File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, bail};
use banach_data::AtomicFile;
use banach_lab::report::{Report, machine};
use banach_lab::reproduce::ExperimentResult;
use banach_lab::reproduce::figure1::{self, Curve};
use serde::{Deserialize, Serialize};

use crate::commands::typed;

const RESULTS: &str = "results.csv";
const RUN: &str = "run.json";

/// A piece of an experiment, as a line of `results.csv`.
pub(super) trait Piece: Sized {
    /// First line of the file.
    const HEADER: &'static str;
    /// Its line.
    fn line(&self) -> String;
    /// Reads a line; `None` if it is none of these.
    fn parse(line: &str) -> Option<Self>;
    /// Seconds of work.
    fn seconds(&self) -> f64;
}

impl Piece for ExperimentResult {
    const HEADER: &'static str = Self::HEADER;

    fn line(&self) -> String {
        self.line()
    }

    fn parse(line: &str) -> Option<Self> {
        Self::parse(line)
    }

    fn seconds(&self) -> f64 {
        self.seconds
    }
}

impl Piece for Curve {
    const HEADER: &'static str = figure1::HEADER;

    fn line(&self) -> String {
        self.line()
    }

    fn parse(line: &str) -> Option<Self> {
        Self::parse(line)
    }

    fn seconds(&self) -> f64 {
        self.seconds
    }
}

/// What made results.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Origin {
    command: String,
    settings: String,
    machine: String,
    version: String,
    /// Seconds of the last run that added a result.
    seconds: f64,
}

impl Origin {
    /// This command, on this machine, begun at `start`.
    pub(super) fn now(settings: &str, start: Instant) -> Self {
        Self {
            command: typed(),
            settings: settings.to_owned(),
            machine: machine(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            seconds: start.elapsed().as_secs_f64(),
        }
    }

    /// Names and values for a report. `pieces` are the seconds of all results, of earlier runs too.
    pub(super) fn facts(&self, pieces: Option<f64>) -> Vec<(String, String)> {
        let mut facts = vec![
            ("command", self.command.clone()),
            ("settings", self.settings.clone()),
            ("machine", self.machine.clone()),
            ("version", self.version.clone()),
            ("seconds of the last run", format!("{:.0}", self.seconds)),
        ];
        if let Some(pieces) = pieces {
            facts.push(("seconds of all results", format!("{pieces:.0}")));
        }
        let owned = |(name, value): (&str, String)| (name.to_owned(), value);
        facts.into_iter().map(owned).collect()
    }
}

/// All results of an experiment, those of the file and those added since.
pub(super) struct Results<P> {
    folder: PathBuf,
    file: File,
    pieces: Vec<P>,
    settings: String,
    start: Instant,
    /// What made the results that the file had, as long as none has been added.
    old: Option<Origin>,
}

impl<P: Piece> Results<P> {
    /// Opens the results of `folder` and reads those that it has; without `resume` it must have none.
    /// Results of other settings are not gone on with.
    pub(super) fn open(folder: &Path, settings: &str, resume: bool) -> anyhow::Result<Self> {
        let start = Instant::now();
        let path = folder.join(RESULTS);
        let shown = path.display();
        let text = read(&path)?;
        // A run that was killed in the middle of a line: the line is no result.
        let whole = text.rfind('\n').map_or("", |end| &text[..=end]);
        let pieces = pieces::<P>(whole, &path)?;
        if !pieces.is_empty() && !resume {
            bail!(
                "{shown} has {} results already: go on with --resume, or name another folder with --out",
                pieces.len()
            );
        }
        let old = if pieces.is_empty() {
            None
        } else {
            Some(origin(&folder.join(RUN), &path, settings)?)
        };
        let opened = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path);
        let mut file = opened.with_context(|| format!("cannot write {shown}"))?;
        let mut begin = || {
            file.set_len(whole.len() as u64)?;
            file.seek(SeekFrom::End(0))?;
            if whole.is_empty() {
                writeln!(file, "{}", P::HEADER)?;
            }
            Ok::<(), std::io::Error>(())
        };
        begin().with_context(|| format!("cannot write {shown}"))?;
        let results = Self {
            folder: folder.to_owned(),
            file,
            pieces,
            settings: settings.to_owned(),
            start,
            old,
        };
        if results.old.is_none() {
            results.write_origin()?;
        }
        Ok(results)
    }

    /// The results there are.
    pub(super) fn pieces(&self) -> &[P] {
        &self.pieces
    }

    /// Adds a result, at once.
    pub(super) fn add(&mut self, piece: P) -> anyhow::Result<()> {
        if self.old.take().is_some() {
            self.write_origin()?;
        }
        let written = writeln!(self.file, "{}", piece.line()).and_then(|()| self.file.flush());
        written.with_context(|| format!("cannot write {}", self.folder.join(RESULTS).display()))?;
        self.pieces.push(piece);
        Ok(())
    }

    /// Orders the results for a report.
    pub(super) fn sort_by_key<K: Ord>(&mut self, key: impl FnMut(&P) -> K) {
        self.pieces.sort_by_key(key);
    }

    /// Writes the report. What it says about machine and command is of the run that added results last.
    pub(super) fn finish<E>(
        self,
        report: impl FnOnce(&[P], &[(String, String)]) -> Result<Report, E>,
    ) -> anyhow::Result<()>
    where
        anyhow::Error: From<E>,
    {
        let origin = match &self.old {
            Some(old) => old.clone(),
            None => self.write_origin()?,
        };
        let seconds = self.pieces.iter().map(Piece::seconds).sum();
        let report = report(&self.pieces, &origin.facts(Some(seconds)))?;
        write(&self.folder, &report)
    }

    fn write_origin(&self) -> anyhow::Result<Origin> {
        let origin = Origin::now(&self.settings, self.start);
        let text = format!("{}\n", serde_json::to_string_pretty(&origin)?);
        AtomicFile::write(self.folder.join(RUN), text.as_bytes())?;
        Ok(origin)
    }
}

/// Writes a report into the folder of its experiment.
pub(super) fn write(folder: &Path, report: &Report) -> anyhow::Result<()> {
    AtomicFile::write(folder.join("report.html"), report.html().as_bytes())?;
    Ok(())
}

/// The results in the text of a file.
fn pieces<P: Piece>(text: &str, path: &Path) -> anyhow::Result<Vec<P>> {
    let shown = path.display();
    let mut lines = text.lines();
    match lines.next() {
        Some(first) if first != P::HEADER => bail!(
            "{shown} begins with {first:?}, not with {:?}: it is of another experiment; name another \
             folder with --out",
            P::HEADER
        ),
        _ => {}
    }
    let piece = |(number, line)| {
        P::parse(line).with_context(|| format!("{shown}, line {number}: {line:?} is no result"))
    };
    (2..).zip(lines).map(piece).collect()
}

/// What made the results that are gone on with, if it is what would be done now.
fn origin(path: &Path, results: &Path, settings: &str) -> anyhow::Result<Origin> {
    let (shown, results) = (path.display(), results.display());
    let text = read(path)?;
    let origin: Origin = serde_json::from_str(&text).with_context(|| {
        format!("{shown} does not say what the results in {results} were made with")
    })?;
    if origin.settings != settings {
        bail!(
            "the results in {results} were made with {:?}, not with {settings:?}: give the same \
             options, or name another folder with --out",
            origin.settings
        );
    }
    Ok(origin)
}

/// No experiment writes as many bytes of results.
const MAX_RESULTS_BYTES: u64 = 1 << 30;

/// The text of a file; of one that is not there, none.
fn read(path: &Path) -> anyhow::Result<String> {
    match banach_data::read_text_bounded(path, MAX_RESULTS_BYTES) {
        Ok(text) => Ok(text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}
