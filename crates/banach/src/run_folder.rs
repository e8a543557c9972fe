//! The folder of a run: its checkpoint and its log.

use std::fs::{File, TryLockError, create_dir_all};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use banach_nn::{EpochReport, Trainer};
use serde::Serialize;

use crate::checkpoint::{Checkpoint, Fingerprint, First};
use crate::error::Error;
use crate::problem::Problem;
use crate::run::Stage;

/// A checkpoint may take this share of the time.
const CHECKPOINT_SHARE: u32 = 20;

/// The folder of a run: its checkpoint and its log. Two runs in one folder would overwrite each other's,
/// so that a run locks it.
pub(crate) struct RunFolder {
    /// Holds the lock; the system takes it back when the run ends, however it ends.
    _lock: File,
    checkpoint: PathBuf,
    log_file: String,
    log: File,
    run: Fingerprint,
    pub(crate) resumed: Option<Checkpoint>,
    saved: Instant,
    cost: Duration,
}

impl RunFolder {
    pub(crate) fn open(folder: &Path, problem: &Problem, resume: bool) -> Result<Self, Error> {
        let write_error = |path: &Path, source| Error::Write {
            file: path.display().to_string(),
            source,
        };
        create_dir_all(folder).map_err(|source| write_error(folder, source))?;
        let lock = lock(folder)?;
        let checkpoint = folder.join("checkpoint.safetensors");
        let run = Fingerprint::of(problem)?;
        let resumed = if resume {
            Some(Checkpoint::read(&checkpoint, run)?)
        } else {
            None
        };
        let log_path = folder.join("metrics.jsonl");
        let log = File::create(&log_path).map_err(|source| write_error(&log_path, source))?;
        let mut opened = Self {
            _lock: lock,
            checkpoint,
            log_file: log_path.display().to_string(),
            log,
            run,
            resumed: None,
            saved: Instant::now(),
            cost: Duration::ZERO,
        };
        // The log is written anew: what came after the checkpoint will come again.
        if let Some(checkpoint) = &resumed {
            let first = checkpoint
                .first
                .iter()
                .flat_map(|first| &first.record.member.history);
            for report in first {
                opened.log(Stage::Train, report)?;
            }
            for report in &checkpoint.state.history {
                opened.log(checkpoint.stage, report)?;
            }
        }
        opened.resumed = resumed;
        Ok(opened)
    }

    /// Adds a line to `metrics.jsonl`.
    pub(crate) fn log(&mut self, stage: Stage, report: &EpochReport) -> Result<(), Error> {
        #[derive(Serialize)]
        struct Line<'a> {
            stage: Stage,
            #[serde(flatten)]
            report: &'a EpochReport,
        }
        let mut line = serde_json::to_string(&Line { stage, report }).unwrap_or_default();
        line.push('\n');
        self.log
            .write_all(line.as_bytes())
            .map_err(|source| Error::Write {
                file: self.log_file.clone(),
                source,
            })
    }

    /// Saves the state, unless the last time was too short ago for what it costs.
    pub(crate) fn save(
        &mut self,
        stage: Stage,
        trainer: &Trainer<'_>,
        first: Option<&First>,
        last: bool,
    ) -> Result<(), Error> {
        if !last && self.saved.elapsed() < self.cost * CHECKPOINT_SHARE {
            return Ok(());
        }
        let start = Instant::now();
        Checkpoint::write(&self.checkpoint, self.run, stage, trainer.state(), first)?;
        self.cost = start.elapsed();
        self.saved = Instant::now();
        Ok(())
    }
}

/// Locks a folder by a file in it, which stays there: a lock of a file that was deleted would keep nobody
/// out who makes a new one.
fn lock(folder: &Path) -> Result<File, Error> {
    let path = folder.join("lock");
    let write_error = |source| Error::Write {
        file: path.display().to_string(),
        source,
    };
    let options = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path);
    let file = options.map_err(write_error)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::FolderInUse {
            folder: folder.display().to_string(),
        }),
        // Some network file systems have no locks: there a run goes on without.
        Err(TryLockError::Error(source)) if source.kind() == ErrorKind::Unsupported => Ok(file),
        Err(TryLockError::Error(source)) => Err(write_error(source)),
    }
}
