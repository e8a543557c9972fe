//! Weights that another program wrote: tensors of any type, floats widened to f64.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::Path;

use super::header::{Allowed, Dtype, Place};
use super::read::{fill, open, read_header, reserve};
use super::{CHUNK_VALUES, FormatError};

/// Values are read of tensors with no more dimensions than this: matrices, vectors and numbers. What has more is known by its
/// name, shape and type alone.
const MAX_READ_RANK: usize = 2;

/// The longest value, in bytes.
const MAX_VALUE_BYTES: usize = 8;

/// The tensors of a safetensors file from elsewhere.
///
/// ```
/// use banach_model::container::ForeignFile;
///
/// let mut file = ForeignFile::new();
/// file.insert("fc1.bias", &[2], vec![0.5, -0.5])?;
/// assert_eq!(file.tensors()[0].values.as_deref(), Some(&[0.5, -0.5][..]));
/// # Ok::<(), banach_model::container::FormatError>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ForeignFile {
    tensors: Vec<ForeignTensor>,
}

/// A tensor of a [`ForeignFile`].
#[derive(Debug, Clone, PartialEq)]
pub struct ForeignTensor {
    /// Its name.
    pub name: String,
    /// Its dimensions; empty for a single number.
    pub shape: Vec<usize>,
    /// The type of its values as the file names it, such as `BF16`.
    pub dtype: String,
    /// Its values row by row, exact: every 16-, 32- and 64-bit float is a f64. `None` for other types and for more than two
    /// dimensions.
    pub values: Option<Vec<f64>>,
}

impl ForeignFile {
    /// A file with nothing in it.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// All tensors, by name.
    #[must_use]
    pub fn tensors(&self) -> &[ForeignTensor] {
        &self.tensors
    }

    /// Adds a tensor of 64-bit floats, values row by row.
    ///
    /// # Errors
    /// [`FormatError::DuplicateName`], or [`FormatError::TensorSize`] when the number of values is not the product of `shape`.
    pub fn insert(
        &mut self,
        name: &str,
        shape: &[usize],
        values: Vec<f64>,
    ) -> Result<(), FormatError> {
        let place = self
            .tensors
            .binary_search_by(|tensor| tensor.name[..].cmp(name));
        let Err(place) = place else {
            let name = name.to_owned();
            return Err(FormatError::DuplicateName { name });
        };
        let n_values = shape
            .iter()
            .try_fold(1usize, |product, &n| product.checked_mul(n));
        if n_values != Some(values.len()) {
            return Err(FormatError::TensorSize {
                name: name.to_owned(),
                shape: shape.iter().map(|&n| n as u64).collect(),
                value_bytes: 8,
                bytes: values.len() as u64 * 8,
            });
        }
        let tensor = ForeignTensor {
            name: name.to_owned(),
            shape: shape.to_vec(),
            dtype: Dtype::F64.name().to_owned(),
            values: Some(values),
        };
        self.tensors.insert(place, tensor);
        Ok(())
    }

    /// Reads the bytes of a file.
    ///
    /// Allocates a small multiple of the length of `bytes`, whatever they say.
    ///
    /// # Errors
    /// Any variant of [`FormatError`] that concerns the bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FormatError> {
        read(bytes, bytes.len() as u64)
    }

    /// Reads a file.
    ///
    /// # Errors
    /// [`FormatError::File`], which names the file and holds the cause.
    pub fn read_file(path: &Path) -> Result<Self, FormatError> {
        let read = open(path).and_then(|(file, file_bytes)| read(file, file_bytes));
        read.map_err(|error| error.in_file(path))
    }
}

/// The texts of a safetensors file, whatever its tensors hold.
///
/// # Errors
/// [`FormatError::File`], which names the file and holds the cause.
pub fn read_metadata(path: &Path) -> Result<BTreeMap<String, String>, FormatError> {
    let header =
        open(path).and_then(|(mut file, bytes)| read_header(&mut file, bytes, Allowed::Any));
    let header = header.map_err(|error| error.in_file(path))?;
    Ok(header.metadata)
}

fn read(mut reader: impl Read, file_bytes: u64) -> Result<ForeignFile, FormatError> {
    let header = read_header(&mut reader, file_bytes, Allowed::Any)?;
    let mut tensors = Vec::with_capacity(header.tensors.len());
    for place in header.tensors {
        let values = match widening(&place) {
            Some((size, widen)) => {
                let data_bytes = header.data_bytes;
                Some(read_widened(&mut reader, &place, size, widen, data_bytes)?)
            }
            None => {
                skip(&mut reader, place.n_bytes)?;
                None
            }
        };
        tensors.push(ForeignTensor {
            name: place.name,
            shape: place.shape,
            dtype: place.dtype.name().to_owned(),
            values,
        });
    }
    tensors.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(ForeignFile { tensors })
}

/// Makes a number of the bytes of a value, which come first in the array.
type Widen = fn([u8; MAX_VALUE_BYTES]) -> f64;

/// Bytes of a value and what makes a f64 of them; `None` for tensors whose values are not read.
fn widening(place: &Place) -> Option<(usize, Widen)> {
    if place.shape.len() > MAX_READ_RANK {
        return None;
    }
    let widen: Widen = match place.dtype {
        Dtype::F64 => f64::from_le_bytes,
        Dtype::F32 => |[a, b, c, d, ..]| f64::from(f32::from_le_bytes([a, b, c, d])),
        Dtype::F16 => |[a, b, ..]| f16_to_f64(u16::from_le_bytes([a, b])),
        Dtype::Bf16 => |[a, b, ..]| {
            let upper_half = u32::from(u16::from_le_bytes([a, b])) << 16;
            f64::from(f32::from_bits(upper_half))
        },
        Dtype::Other(_) => return None,
    };
    Some((place.dtype.value_bytes()? as usize, widen))
}

/// The number that the bits of an IEEE 754 16-bit float denote.
fn f16_to_f64(bits: u16) -> f64 {
    let sign = if bits & 0x8000 == 0 { 1.0 } else { -1.0 };
    let exponent = i32::from(bits >> 10 & 0x1f);
    let fraction = f64::from(bits & 0x3ff);
    // Multiplying by a power of two is exact.
    let size = match exponent {
        0 => fraction * 2.0_f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (1024.0 + fraction) * 2.0_f64.powi(exponent - 25),
    };
    sign * size
}

fn read_widened(
    reader: &mut impl Read,
    place: &Place,
    size: usize,
    widen: Widen,
    data_bytes: u64,
) -> Result<Vec<f64>, FormatError> {
    let mut values = reserve(place.n_values, data_bytes)?;
    let mut chunk = [0; CHUNK_VALUES * MAX_VALUE_BYTES];
    let mut left = place.n_values;
    while left > 0 {
        let n = left.min(CHUNK_VALUES);
        let bytes = &mut chunk[..n * size];
        fill(reader, bytes)?;
        values.extend(bytes.chunks_exact(size).map(|bytes| {
            let mut value = [0; MAX_VALUE_BYTES];
            value[..size].copy_from_slice(bytes);
            widen(value)
        }));
        left -= n;
    }
    Ok(values)
}

fn skip(reader: &mut impl Read, n_bytes: u64) -> Result<(), FormatError> {
    let action = "read";
    let skipped = io::copy(&mut reader.take(n_bytes), &mut io::sink());
    match skipped.map_err(|source| FormatError::Io { action, source })? {
        skipped if skipped == n_bytes => Ok(()),
        _ => Err(FormatError::Io {
            action,
            source: io::ErrorKind::UnexpectedEof.into(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file of these tensors: name, type, shape, bytes.
    fn file(tensors: &[(&str, &str, &str, &[u8])]) -> Vec<u8> {
        let (mut header, mut data) = (Vec::new(), Vec::new());
        for (name, dtype, shape, bytes) in tensors {
            let start = data.len();
            data.extend_from_slice(bytes);
            header.push(format!(
                "{name:?}:{{\"dtype\":{dtype:?},\"shape\":{shape},\"data_offsets\":[{start},{}]}}",
                data.len()
            ));
        }
        let header = format!("{{{}}}", header.join(","));
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend_from_slice(header.as_bytes());
        bytes.extend_from_slice(&data);
        bytes
    }

    #[test]
    fn floats_of_every_width_are_widened_exactly() {
        let halves: Vec<u8> = [
            0x3c00_u16, 0xc000, 0x0001, 0x83ff, 0x0400, 0x7bff, 0x3555, 0x8000,
        ]
        .iter()
        .flat_map(|bits| bits.to_le_bytes())
        .collect();
        let brain: Vec<u8> = [0x3f80_u16, 0xc049, 0x0001]
            .iter()
            .flat_map(|bits| bits.to_le_bytes())
            .collect();
        let bytes = file(&[
            ("a", "F16", "[8]", &halves),
            ("b", "BF16", "[3]", &brain),
            ("c", "F64", "[1]", &0.1_f64.to_le_bytes()),
            ("d", "F32", "[1]", &0.1_f32.to_le_bytes()),
        ]);
        let read = ForeignFile::from_bytes(&bytes).expect("a file");
        let values = |at: usize| read.tensors()[at].values.clone().expect("floats");
        // 0x3555 is the nearest half to 1/3: (1024 + 0x155) 2^-12.
        assert_eq!(
            values(0),
            [
                1.0,
                -2.0,
                2.0_f64.powi(-24),
                -1023.0 * 2.0_f64.powi(-24),
                2.0_f64.powi(-14),
                65504.0,
                1365.0 / 4096.0,
                0.0
            ]
        );
        assert!(values(0)[7].is_sign_negative());
        assert_eq!(
            values(1),
            [1.0, -3.140625, f64::from(f32::from_bits(1 << 16))]
        );
        assert_eq!((values(2)[0], values(3)[0]), (0.1, f64::from(0.1_f32)));
        assert!(f16_to_f64(0x7e00).is_nan());
        assert_eq!(f16_to_f64(0xfc00), f64::NEG_INFINITY);
    }

    #[test]
    fn tensors_that_cannot_be_used_are_known_and_do_not_stop_the_reading() {
        let bytes = file(&[
            ("bn.num_batches_tracked", "I64", "[]", &7_i64.to_le_bytes()),
            ("conv.weight", "F16", "[2,1,1]", &[0; 4]),
            ("packed", "F4", "[4]", &[0; 2]),
            ("z.bias", "F32", "[1]", &2.0_f32.to_le_bytes()),
        ]);
        let read = ForeignFile::from_bytes(&bytes).expect("a file");
        let known: Vec<_> = read
            .tensors()
            .iter()
            .map(|tensor| (&tensor.name[..], &tensor.dtype[..], tensor.values.clone()))
            .collect();
        assert_eq!(
            known,
            [
                ("bn.num_batches_tracked", "I64", None),
                ("conv.weight", "F16", None),
                ("packed", "F4", None),
                ("z.bias", "F32", Some(vec![2.0])),
            ]
        );
    }

    #[test]
    fn sizes_are_those_of_the_type() {
        for (dtype, shape, bytes) in [("F16", "[3]", 4), ("I64", "[]", 4), ("F64", "[1]", 4)] {
            let damaged = file(&[("a", dtype, shape, &vec![0; bytes])]);
            let error = ForeignFile::from_bytes(&damaged).expect_err("too few bytes");
            assert!(
                matches!(error, FormatError::TensorSize { .. }),
                "{dtype}: {error}"
            );
        }
    }
}
