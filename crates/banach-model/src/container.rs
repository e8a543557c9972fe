//! The model file's container: named f32 tensors and named texts in one safetensors file.
//!
//! The only way in and out for the bytes of models and checkpoints. What is written is a function of the
//! content alone: names are sorted, so the same content gives the same bytes. What is read may come from a
//! stranger: every length is checked against the real size of the file before anything is allocated, and
//! each thing that can be wrong is a variant of [`FormatError`]. Meaning (which keys and tensors there must
//! be) is the caller's; FORMAT.md describes the whole model file.
//!
//! Weights that another program wrote are a [`ForeignFile`]: the same format with values of any type.
//!
//! The header is read and written here rather than by the `safetensors` crate: that keeps the metadata in
//! the order of a hash table with a random seed, takes the last of two entries with the same name, and adds
//! hostile offsets without a check. The tests hold both against each other.

mod checksum;
mod error;
mod foreign;
mod header;
mod read;
mod write;

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use error::FormatError;
pub use foreign::{ForeignFile, ForeignTensor, read_metadata};

/// Largest header in bytes; the limit of the safetensors format itself, so that what is written here opens
/// everywhere.
pub const MAX_HEADER_BYTES: u64 = 100_000_000;

/// Largest number of dimensions of a tensor. Networks need two; a cap keeps a header of brackets small in
/// memory.
pub const MAX_RANK: usize = 8;

/// Largest number of metadata entries. A model file needs seven.
pub const MAX_METADATA_ENTRIES: usize = 256;

/// Values converted at a time between a file's bytes and memory.
const CHUNK_VALUES: usize = 4096;

/// The header's key that holds the texts; no tensor can have this name.
const METADATA_KEY: &str = "__metadata__";

/// Named texts and named f32 tensors, as they stand in a safetensors file.
///
/// ```
/// use banach_model::container::Container;
///
/// let mut container = Container::new();
/// container.set_json("banach.training", &vec![3, 1])?;
/// container.insert("layers.0.bias", &[2], vec![0.5, -0.5])?;
/// let bytes = container.to_bytes()?;
///
/// let mut read = Container::from_bytes(&bytes)?;
/// assert_eq!(read.json::<Vec<u32>>("banach.training")?, [3, 1]);
/// assert_eq!(read.take("layers.0.bias", &[2])?, [0.5, -0.5]);
/// read.expect_no_tensors()?;
/// # Ok::<(), banach_model::container::FormatError>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Container {
    metadata: BTreeMap<String, String>,
    tensors: BTreeMap<String, Tensor>,
}

/// Invariant: the product of `shape` is the length of `data`, and there are at most [`MAX_RANK`] dimensions.
#[derive(Debug, Clone, PartialEq)]
struct Tensor {
    shape: Vec<usize>,
    data: Vec<f32>,
}

impl Container {
    /// A container with nothing in it.
    pub fn new() -> Self {
        Self::default()
    }

    /// All texts, by key.
    pub fn metadata(&self) -> &BTreeMap<String, String> {
        &self.metadata
    }

    /// Sets the text of `key`, replacing what was there.
    pub fn set_text(&mut self, key: &str, text: impl Into<String>) {
        self.metadata.insert(key.to_owned(), text.into());
    }

    /// The text of `key`.
    ///
    /// # Errors
    /// [`FormatError::MissingMetadata`].
    pub fn text(&self, key: &str) -> Result<&str, FormatError> {
        let text = self.metadata.get(key).map(String::as_str);
        text.ok_or_else(|| FormatError::MissingMetadata {
            key: key.to_owned(),
        })
    }

    /// Sets the text of `key` to the compact JSON of `value`, replacing what was there.
    ///
    /// # Errors
    /// [`FormatError::BadMetadata`] when `value` has no JSON form (a map whose keys are not text).
    pub fn set_json<T: Serialize + ?Sized>(
        &mut self,
        key: &str,
        value: &T,
    ) -> Result<(), FormatError> {
        let text = serde_json::to_string(value).map_err(|source| bad_metadata(key, source))?;
        self.set_text(key, text);
        Ok(())
    }

    /// The value whose JSON is the text of `key`.
    ///
    /// # Errors
    /// [`FormatError::MissingMetadata`], or [`FormatError::BadMetadata`] when the text is not the JSON of a `T`.
    pub fn json<T: DeserializeOwned>(&self, key: &str) -> Result<T, FormatError> {
        serde_json::from_str(self.text(key)?).map_err(|source| bad_metadata(key, source))
    }

    /// The text of `key`, if it is one of the versions that this program reads.
    ///
    /// # Errors
    /// [`FormatError::MissingMetadata`] or [`FormatError::UnsupportedVersion`].
    pub fn version(
        &self,
        key: &str,
        supported: &'static [&'static str],
    ) -> Result<&'static str, FormatError> {
        let got = self.text(key)?;
        let known = supported.iter().find(|&&version| version == got);
        known
            .copied()
            .ok_or_else(|| FormatError::UnsupportedVersion {
                got: got.to_owned(),
                supported,
            })
    }

    /// All tensors as (name, shape, values row by row), by name.
    pub fn tensors(&self) -> impl Iterator<Item = (&str, &[usize], &[f32])> {
        let tensors = self.tensors.iter();
        tensors.map(|(name, tensor)| (&name[..], &tensor.shape[..], &tensor.data[..]))
    }

    /// Adds a tensor of the given shape, values row by row. A scalar has the shape `[]`.
    ///
    /// Refuses what [`Container::take`] would refuse, so that no file is written that cannot be used.
    ///
    /// # Errors
    /// [`FormatError::ReservedName`], [`FormatError::DuplicateName`], [`FormatError::TensorRank`],
    /// [`FormatError::TensorSize`] when the number of values is not the product of `shape`, or
    /// [`FormatError::NotFinite`].
    pub fn insert(
        &mut self,
        name: &str,
        shape: &[usize],
        data: Vec<f32>,
    ) -> Result<(), FormatError> {
        let name = name.to_owned();
        if name == METADATA_KEY {
            return Err(FormatError::ReservedName { name });
        }
        if self.tensors.contains_key(&name) {
            return Err(FormatError::DuplicateName { name });
        }
        if shape.len() > MAX_RANK {
            return Err(FormatError::TensorRank {
                name,
                got: shape.len(),
                limit: MAX_RANK,
            });
        }
        let n_values = shape
            .iter()
            .try_fold(1usize, |product, &n| product.checked_mul(n));
        if n_values != Some(data.len()) {
            return Err(FormatError::TensorSize {
                name,
                shape: shape.iter().map(|&n| n as u64).collect(),
                value_bytes: header::VALUE_BYTES,
                bytes: data.len() as u64 * header::VALUE_BYTES,
            });
        }
        check_finite(&name, &data)?;
        let shape = shape.to_vec();
        self.tensors.insert(name, Tensor { shape, data });
        Ok(())
    }

    /// Takes the values of a tensor out, checked to have the given shape and to be finite.
    ///
    /// # Errors
    /// [`FormatError::TensorMissing`], [`FormatError::TensorShape`] or [`FormatError::NotFinite`].
    pub fn take(&mut self, name: &str, shape: &[usize]) -> Result<Vec<f32>, FormatError> {
        let owned = || name.to_owned();
        let Some(tensor) = self.tensors.get(name) else {
            return Err(FormatError::TensorMissing { name: owned() });
        };
        if tensor.shape != shape {
            return Err(FormatError::TensorShape {
                name: owned(),
                expected: shape.to_vec(),
                got: tensor.shape.clone(),
            });
        }
        check_finite(name, &tensor.data)?;
        let taken = self.tensors.remove(name);
        Ok(taken.map(|tensor| tensor.data).unwrap_or_default())
    }

    /// Takes the values of a tensor out as [`Container::take`], checked to be at least 0.
    ///
    /// # Errors
    /// Those of [`Container::take`], or [`FormatError::Negative`].
    pub fn take_not_negative(
        &mut self,
        name: &str,
        shape: &[usize],
    ) -> Result<Vec<f32>, FormatError> {
        let values = self.take(name, shape)?;
        match values.iter().position(|&value| value < 0.0) {
            None => Ok(values),
            Some(index) => Err(FormatError::Negative {
                name: name.to_owned(),
                index,
                value: values[index],
            }),
        }
    }

    /// Checks that every tensor has been taken: what nobody asked for is not a part of the model.
    ///
    /// # Errors
    /// [`FormatError::UnknownTensor`] naming the first tensor that is left.
    pub fn expect_no_tensors(&self) -> Result<(), FormatError> {
        match self.tensors.keys().next() {
            None => Ok(()),
            Some(name) => Err(FormatError::UnknownTensor { name: name.clone() }),
        }
    }
}

fn check_finite(name: &str, data: &[f32]) -> Result<(), FormatError> {
    match data.iter().position(|value| !value.is_finite()) {
        None => Ok(()),
        Some(index) => Err(FormatError::NotFinite {
            name: name.to_owned(),
            index,
            value: data[index],
        }),
    }
}

fn bad_metadata(key: &str, source: serde_json::Error) -> FormatError {
    FormatError::BadMetadata {
        key: key.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests;
