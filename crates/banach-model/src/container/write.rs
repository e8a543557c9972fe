//! Writing a container: the same content always gives the same bytes.

use std::io::{self, Write};
use std::path::Path;

use banach_data::AtomicFile;

use super::header::{LENGTH_BYTES, VALUE_BYTES, write_header};
use super::{CHUNK_VALUES, Container, FormatError};

impl Container {
    /// The bytes of the file: the header's length, the header, the values in the order of the names.
    ///
    /// # Errors
    /// [`FormatError::TooManyMetadata`] or [`FormatError::HeaderTooLarge`].
    pub fn to_bytes(&self) -> Result<Vec<u8>, FormatError> {
        let header = self.header()?;
        let n_values: usize = self.tensors.values().map(|tensor| tensor.data.len()).sum();
        let mut bytes = Vec::with_capacity(
            LENGTH_BYTES as usize + header.len() + n_values * VALUE_BYTES as usize,
        );
        self.write_to(&header, &mut bytes).map_err(cannot_write)?;
        Ok(bytes)
    }

    /// Writes the file beside `path`, brings it to the disk and renames it: whoever looks sees the file that
    /// was there before or the whole new one. After an error nothing is left behind.
    ///
    /// # Errors
    /// [`FormatError::File`], which names the file and holds the cause: the variants of
    /// [`Container::to_bytes`], or [`FormatError::Io`], also for a full disk.
    pub fn write_file(&self, path: &Path) -> Result<(), FormatError> {
        self.save(path).map_err(|error| error.in_file(path))
    }

    fn save(&self, path: &Path) -> Result<(), FormatError> {
        let header = self.header()?;
        // The error names the file already; what the operating system said is enough.
        let mut file = AtomicFile::create(path).map_err(|error| cannot_write(error.source))?;
        self.write_to(&header, &mut file).map_err(cannot_write)?;
        file.commit().map_err(|error| cannot_write(error.source))
    }

    fn header(&self) -> Result<Vec<u8>, FormatError> {
        write_header(&self.metadata, &self.tensors)
    }

    fn write_to(&self, header: &[u8], writer: &mut impl Write) -> io::Result<()> {
        writer.write_all(&(header.len() as u64).to_le_bytes())?;
        writer.write_all(header)?;
        let mut chunk = Vec::with_capacity(CHUNK_VALUES * VALUE_BYTES as usize);
        for tensor in self.tensors.values() {
            for values in tensor.data.chunks(CHUNK_VALUES) {
                chunk.clear();
                chunk.extend(values.iter().flat_map(|value| value.to_le_bytes()));
                writer.write_all(&chunk)?;
            }
        }
        Ok(())
    }
}

fn cannot_write(source: io::Error) -> FormatError {
    FormatError::Io {
        action: "write",
        source,
    }
}
