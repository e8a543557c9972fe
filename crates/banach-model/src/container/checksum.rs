//! A checksum over the content of a container, so that one flipped bit is an error and not another
//! model.
//!
//! XXH64 with seed 0 (<https://github.com/Cyan4973/xxHash>), written with 16 hexadecimal digits. It
//! covers every text whose key starts with `banach.`, but for the checksum's own, and every tensor, each
//! in the order of its name: key, a zero byte, text, a zero byte; name, a zero byte, the number of
//! dimensions, the dimensions, the values (integers as 64 bits, all little-endian). It protects from
//! damage, not from somebody who changes a file on purpose.

use std::hash::Hasher;

use twox_hash::XxHash64;

use super::{CHUNK_VALUES, Container, FormatError};

/// The key of the checksum.
const CHECKSUM_KEY: &str = "banach.checksum";

/// Keys that the checksum covers; others may be added by anyone.
const OWN_KEYS: &str = "banach.";

impl Container {
    /// Computes the checksum of the content and keeps it as a text.
    pub fn seal(&mut self) {
        let checksum = self.checksum();
        self.set_text(CHECKSUM_KEY, checksum);
    }

    /// Checks the content against the checksum that was kept with it.
    ///
    /// # Errors
    /// [`FormatError::MissingMetadata`] without a checksum, [`FormatError::Checksum`] for another one.
    pub fn check_seal(&self) -> Result<(), FormatError> {
        let (expected, got) = (self.text(CHECKSUM_KEY)?, self.checksum());
        if expected == got {
            return Ok(());
        }
        Err(FormatError::Checksum {
            expected: expected.to_owned(),
            got,
        })
    }

    fn checksum(&self) -> String {
        let mut hash = XxHash64::with_seed(0);
        let own = |key: &&String| key.starts_with(OWN_KEYS) && *key != CHECKSUM_KEY;
        for (key, text) in self.metadata.iter().filter(|(key, _)| own(key)) {
            for part in [key, text] {
                hash.write(part.as_bytes());
                hash.write(&[0]);
            }
        }
        let mut bytes = Vec::with_capacity(CHUNK_VALUES * size_of::<f32>());
        for (name, tensor) in &self.tensors {
            hash.write(name.as_bytes());
            hash.write(&[0]);
            hash.write(&(tensor.shape.len() as u64).to_le_bytes());
            for &n in &tensor.shape {
                hash.write(&(n as u64).to_le_bytes());
            }
            for values in tensor.data.chunks(CHUNK_VALUES) {
                bytes.clear();
                bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
                hash.write(&bytes);
            }
        }
        format!("{:016x}", hash.finish())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed() -> Container {
        let mut container = Container::new();
        container.set_text("banach.a", "text");
        container.set_text("author", "someone");
        container.insert("w", &[2, 1], vec![1.0, -0.5]).unwrap();
        container.seal();
        container
    }

    #[test]
    fn the_checksum_is_the_one_that_the_format_describes() {
        // xxhash.xxh64(b"banach.a\0text\0w\0" + pack("<3Q", 2, 2, 1) + pack("<2f", 1.0, -0.5), seed=0)
        // by Python's xxhash 3.
        assert_eq!(sealed().text(CHECKSUM_KEY).unwrap(), "0f2355ef3f5984bc");
    }

    #[test]
    fn a_change_of_content_is_seen_and_a_foreign_key_is_not() {
        let mut other = sealed();
        other.set_text("author", "someone else");
        other.check_seal().unwrap();
        other.set_text("banach.a", "texts");
        assert!(matches!(
            other.check_seal(),
            Err(FormatError::Checksum { .. })
        ));
        for (shape, values) in [
            (&[2, 1][..], [1.0, 0.5]),
            (&[1, 2], [1.0, -0.5]),
            (&[2], [1.0, -0.5]),
        ] {
            let mut other = sealed();
            other.take("w", &[2, 1]).unwrap();
            other.insert("w", shape, values.to_vec()).unwrap();
            assert!(other.check_seal().is_err(), "{shape:?} {values:?}");
        }
        let mut without = sealed();
        without.metadata.remove(CHECKSUM_KEY);
        assert!(matches!(
            without.check_seal(),
            Err(FormatError::MissingMetadata { .. })
        ));
    }
}
