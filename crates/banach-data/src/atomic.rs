//! Files that appear whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// A file that cannot be written, with its name.
#[derive(Debug, thiserror::Error)]
#[error("cannot write {file}; nothing was left behind")]
pub struct AtomicFileError {
    /// The file.
    pub file: String,
    /// What the operating system said.
    #[source]
    pub source: io::Error,
}

/// A file that is written beside its target and takes the target's place on
/// [`AtomicFile::commit`]. Dropped without that, it leaves nothing behind.
///
/// A target that is no regular file (a device, a pipe) is written to directly.
#[derive(Debug)]
pub struct AtomicFile {
    target: PathBuf,
    /// Where the bytes are until the commit; `None` when they go to the target directly.
    temporary: Option<PathBuf>,
    file: File,
}

impl AtomicFile {
    /// Begins a new file. The target stays as it is until the commit.
    ///
    /// # Errors
    /// [`AtomicFileError`] when the folder does not exist or cannot be written to.
    pub fn create(target: impl AsRef<Path>) -> Result<Self, AtomicFileError> {
        static COUNTER: AtomicU64 = AtomicU64::new(0);
        let target = target.as_ref();
        let write_error = |source| write_error(target, source);
        let metadata = fs::metadata(target);
        if metadata.as_ref().is_ok_and(fs::Metadata::is_dir) {
            return Err(write_error(io::ErrorKind::IsADirectory.into()));
        }
        if metadata.is_ok_and(|metadata| !metadata.is_file()) {
            let file = OpenOptions::new()
                .write(true)
                .open(target)
                .map_err(write_error)?;
            return Ok(Self {
                target: target.to_owned(),
                temporary: None,
                file,
            });
        }
        // A link stays a link: what it points to is replaced.
        let target = fs::canonicalize(target).unwrap_or_else(|_| target.to_owned());
        let Some(name) = target.file_name() else {
            return Err(write_error(io::ErrorKind::InvalidInput.into()));
        };
        loop {
            let count = COUNTER.fetch_add(1, Ordering::Relaxed);
            let mut hidden = std::ffi::OsString::from(".");
            hidden.push(name);
            hidden.push(format!(".{}-{count}.tmp", std::process::id()));
            let temporary = target.with_file_name(hidden);
            match OpenOptions::new()
                .write(true)
                .create_new(true)
                .open(&temporary)
            {
                Ok(file) => {
                    return Ok(Self {
                        target,
                        temporary: Some(temporary),
                        file,
                    });
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(write_error(error)),
            }
        }
    }

    /// Puts the file in its target's place, after its bytes have reached the disk.
    ///
    /// # Errors
    /// [`AtomicFileError`]; then nothing is left behind and the target is as it was.
    pub fn commit(mut self) -> Result<(), AtomicFileError> {
        let Some(temporary) = self.temporary.take() else {
            return Ok(());
        };
        let done = self
            .file
            .sync_all()
            .and_then(|()| fs::rename(&temporary, &self.target));
        if let Err(source) = done {
            self.temporary = Some(temporary);
            return Err(write_error(&self.target, source));
        }
        Ok(())
    }

    /// Writes a whole file at once.
    ///
    /// # Errors
    /// [`AtomicFileError`]; then nothing is left behind and the target is as it was.
    pub fn write(target: impl AsRef<Path>, bytes: &[u8]) -> Result<(), AtomicFileError> {
        let mut file = Self::create(&target)?;
        file.write_all(bytes)
            .map_err(|source| write_error(target.as_ref(), source))?;
        file.commit()
    }
}

fn write_error(target: &Path, source: io::Error) -> AtomicFileError {
    AtomicFileError {
        file: target.display().to_string(),
        source,
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for AtomicFile {
    fn drop(&mut self) {
        if let Some(temporary) = &self.temporary {
            // Nothing better can be done when this fails too.
            let _ = fs::remove_file(temporary);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    }

    #[test]
    fn a_file_appears_on_commit_and_not_before() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("model");
        fs::write(&target, "old").unwrap();
        let mut file = AtomicFile::create(&target).unwrap();
        file.write_all(b"new").unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"old");
        file.commit().unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"new");
        assert_eq!(names(folder.path()), ["model"]);
    }

    #[test]
    fn dropped_without_commit_it_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let mut file = AtomicFile::create(folder.path().join("model")).unwrap();
        file.write_all(b"half").unwrap();
        assert_eq!(names(folder.path()).len(), 1);
        drop(file);
        assert!(names(folder.path()).is_empty());
    }

    #[test]
    fn targets_that_cannot_be_written_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let absent = folder.path().join("absent").join("model");
        for target in [absent.as_path(), folder.path()] {
            let error = AtomicFile::create(target).unwrap_err().to_string();
            assert!(error.contains(&target.display().to_string()), "{error}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_an_error_and_devices_stay_devices() {
        let full = Path::new("/dev/full");
        let error = AtomicFile::write(full, b"x").unwrap_err();
        assert!(error.to_string().contains("/dev/full"), "{error}");
        AtomicFile::write("/dev/null", b"x").unwrap();
        assert!(!fs::metadata("/dev/null").unwrap().is_file());
    }
}
