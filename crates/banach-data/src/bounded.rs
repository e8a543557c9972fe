//! Reading whole files that have a size nobody exceeds by accident.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// All bytes of a file that has at most `limit` of them.
///
/// Devices and pipes are read as well, up to the limit: `/dev/zero` is an error and not all of memory.
///
/// # Errors
/// What the operating system says, or [`io::ErrorKind::FileTooLarge`] with the limit.
pub fn read_bounded(path: impl AsRef<Path>, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?
        .take(limit.saturating_add(1))
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!("it has more than {limit} bytes, which is more than any such file needs"),
        ));
    }
    Ok(bytes)
}

/// The text of a file that has at most `limit` bytes.
///
/// # Errors
/// Those of [`read_bounded`], and [`io::ErrorKind::InvalidData`] for bytes that are no UTF-8.
pub fn read_text_bounded(path: impl AsRef<Path>, limit: u64) -> io::Result<String> {
    String::from_utf8(read_bounded(path, limit)?)
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.utf8_error()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_the_last_size_that_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("text");
        std::fs::write(&file, "abc").unwrap();
        assert_eq!(read_text_bounded(&file, 3).unwrap(), "abc");
        let error = read_text_bounded(&file, 2).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
        assert!(error.to_string().starts_with("it has more than 2 bytes"));
        std::fs::write(&file, b"\xff").unwrap();
        let error = read_text_bounded(&file, 9).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    }
}
