//! The JSON header of a safetensors file: texts, and where each tensor lies.
//!
//! `{"__metadata__": {key: text, ..}, name: {"dtype": "F32", "shape": [..], "data_offsets": [start, end]}, ..}`
//! with offsets in bytes from the end of the header.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{FormatError, MAX_HEADER_BYTES, MAX_METADATA_ENTRIES, MAX_RANK, METADATA_KEY, Tensor};

/// Bytes of the length that precedes the header.
pub(super) const LENGTH_BYTES: u64 = size_of::<u64>() as u64;

/// Bytes of one value.
pub(super) const VALUE_BYTES: u64 = size_of::<f32>() as u64;

/// How the values of a tensor are stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Dtype {
    /// IEEE 754, 32 bits: all that a model file holds.
    F32,
    /// IEEE 754, 64 bits.
    F64,
    /// IEEE 754, 16 bits.
    F16,
    /// The upper half of an `F32`.
    Bf16,
    /// Anything else, by its name in the file.
    Other(String),
}

impl Dtype {
    fn of(name: Cow<'_, str>) -> Self {
        match &*name {
            "F32" => Self::F32,
            "F64" => Self::F64,
            "F16" => Self::F16,
            "BF16" => Self::Bf16,
            _ => Self::Other(name.into_owned()),
        }
    }

    /// The name in the file.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::F32 => "F32",
            Self::F64 => "F64",
            Self::F16 => "F16",
            Self::Bf16 => "BF16",
            Self::Other(name) => name,
        }
    }

    /// Bytes of a value; `None` for types that have no whole number of them, or are not known here.
    pub(super) fn value_bytes(&self) -> Option<u64> {
        Some(match self {
            Self::F64 => 8,
            Self::F32 => VALUE_BYTES,
            Self::F16 | Self::Bf16 => 2,
            Self::Other(name) => match &name[..] {
                "I64" | "U64" | "C64" => 8,
                "I32" | "U32" => 4,
                "I16" | "U16" => 2,
                "I8" | "U8" | "BOOL" | "F8_E4M3" | "F8_E5M2" | "F8_E8M0" => 1,
                _ => return None,
            },
        })
    }
}

/// Which types of values a file may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Allowed {
    /// 32-bit floats, as in every file that is written here.
    OnlyF32,
    /// All: what cannot be used is for the caller to say.
    Any,
}

/// A checked header: names are unique, and tensors follow each other without gaps.
#[derive(Debug)]
pub(super) struct Header {
    pub(super) metadata: BTreeMap<String, String>,
    /// In the order in which they lie in the file.
    pub(super) tensors: Vec<Place>,
    /// Bytes of all tensors.
    pub(super) data_bytes: u64,
}

/// A tensor as the header describes it.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) name: String,
    pub(super) shape: Vec<usize>,
    pub(super) dtype: Dtype,
    pub(super) n_values: usize,
    pub(super) n_bytes: u64,
}

impl Header {
    /// Reads the text of a header and checks it in itself; the caller holds `data_bytes` against the file.
    pub(super) fn parse(text: &[u8], allowed: Allowed) -> Result<Self, FormatError> {
        if text.first() != Some(&b'{') {
            return Err(FormatError::NotSafetensors);
        }
        let raw: RawHeader<'_> =
            serde_json::from_slice(text).map_err(|source| FormatError::BadHeader { source })?;

        let mut metadata = BTreeMap::new();
        let mut seen = false;
        for RawMetadata { entries, n_entries } in raw.metadata {
            if std::mem::replace(&mut seen, true) {
                let name = METADATA_KEY.to_owned();
                return Err(FormatError::DuplicateName { name });
            }
            if n_entries > MAX_METADATA_ENTRIES {
                return Err(FormatError::TooManyMetadata {
                    got: n_entries,
                    limit: MAX_METADATA_ENTRIES,
                });
            }
            for (key, text) in entries {
                if metadata.contains_key(&key) {
                    return Err(FormatError::DuplicateName { name: key });
                }
                metadata.insert(key, text);
            }
        }

        let mut tensors = raw.tensors;
        tensors.sort_by(|a, b| a.0.cmp(&b.0));
        if let Some(twice) = tensors.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            let name = twice[0].0.clone();
            return Err(FormatError::DuplicateName { name });
        }
        // Stable: tensors without values share their offsets and stay in the order of their names.
        tensors.sort_by_key(|(_, raw)| raw.data_offsets);
        let mut data_bytes = 0;
        let mut places = Vec::with_capacity(tensors.len());
        for (name, raw) in tensors {
            places.push(raw.check(name, allowed, &mut data_bytes)?);
        }
        Ok(Header {
            metadata,
            tensors: places,
            data_bytes,
        })
    }
}

/// The header's text for this content, padded with blanks so that the data starts at a multiple of 8 bytes.
///
/// Keeps the limits that [`Header::parse`] sets, so that everything written can be read.
pub(super) fn write_header(
    metadata: &BTreeMap<String, String>,
    tensors: &BTreeMap<String, Tensor>,
) -> Result<Vec<u8>, FormatError> {
    if metadata.len() > MAX_METADATA_ENTRIES {
        return Err(FormatError::TooManyMetadata {
            got: metadata.len(),
            limit: MAX_METADATA_ENTRIES,
        });
    }
    let header = HeaderText { metadata, tensors };
    let mut text =
        serde_json::to_vec(&header).map_err(|source| FormatError::BadHeader { source })?;
    text.resize(text.len().next_multiple_of(8), b' ');
    if text.len() as u64 > MAX_HEADER_BYTES {
        return Err(FormatError::HeaderTooLarge {
            got: text.len() as u64,
            limit: MAX_HEADER_BYTES,
        });
    }
    Ok(text)
}

struct HeaderText<'a> {
    metadata: &'a BTreeMap<String, String>,
    tensors: &'a BTreeMap<String, Tensor>,
}

#[derive(Serialize)]
struct PlaceText<'a> {
    dtype: &'static str,
    shape: &'a [usize],
    data_offsets: (u64, u64),
}

impl Serialize for HeaderText<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if !self.metadata.is_empty() {
            map.serialize_entry(METADATA_KEY, self.metadata)?;
        }
        let mut start = 0;
        for (name, tensor) in self.tensors {
            let end = start + tensor.data.len() as u64 * VALUE_BYTES;
            let place = PlaceText {
                dtype: "F32",
                shape: &tensor.shape,
                data_offsets: (start, end),
            };
            map.serialize_entry(name, &place)?;
            start = end;
        }
        map.end()
    }
}

/// The header as it stands, names possibly repeated.
struct RawHeader<'a> {
    metadata: Vec<RawMetadata>,
    tensors: Vec<(String, RawTensor<'a>)>,
}

/// The first entries of the metadata, one more than allowed at most, and the number of all.
struct RawMetadata {
    entries: Vec<(String, String)>,
    n_entries: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTensor<'a> {
    #[serde(borrow)]
    dtype: Cow<'a, str>,
    shape: RawShape,
    data_offsets: (u64, u64),
}

/// The first dimensions of a shape, one more than allowed at most, and the number of all.
struct RawShape {
    dimensions: Vec<u64>,
    rank: usize,
}

impl RawTensor<'_> {
    /// Checks everything that can be checked without the file; `data_bytes` is where the tensor must start
    /// and becomes where it ends.
    fn check(
        self,
        name: String,
        allowed: Allowed,
        data_bytes: &mut u64,
    ) -> Result<Place, FormatError> {
        let dtype = Dtype::of(self.dtype);
        if allowed == Allowed::OnlyF32 && dtype != Dtype::F32 {
            return Err(FormatError::TensorDtype {
                name,
                got: dtype.name().to_owned(),
            });
        }
        if self.shape.rank > MAX_RANK {
            return Err(FormatError::TensorRank {
                name,
                got: self.shape.rank,
                limit: MAX_RANK,
            });
        }
        let (start, end) = self.data_offsets;
        if start != *data_bytes || end < start {
            return Err(FormatError::TensorOffsets {
                name,
                start,
                end,
                expected_start: *data_bytes,
            });
        }
        let dimensions = self.shape.dimensions;
        let n_values = dimensions
            .iter()
            .try_fold(1u64, |product, &n| product.checked_mul(n));
        let value_bytes = dtype.value_bytes();
        let fits = match (n_values, value_bytes) {
            (Some(n), Some(size)) => n.checked_mul(size) == Some(end - start),
            // Values of unknown size are never read.
            (Some(_), None) => true,
            (None, _) => false,
        };
        let shape: Result<Vec<usize>, _> = dimensions.iter().map(|&n| n.try_into()).collect();
        match (n_values.map(usize::try_from), shape) {
            (Some(Ok(n_values)), Ok(shape)) if fits => {
                *data_bytes = end;
                Ok(Place {
                    name,
                    shape,
                    dtype,
                    n_values,
                    n_bytes: end - start,
                })
            }
            _ => Err(FormatError::TensorSize {
                name,
                shape: dimensions,
                value_bytes: value_bytes.unwrap_or(0),
                bytes: end - start,
            }),
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for RawHeader<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Header;
        impl<'de> Visitor<'de> for Header {
            type Value = RawHeader<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of tensors")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut header = RawHeader {
                    metadata: Vec::new(),
                    tensors: Vec::new(),
                };
                while let Some(name) = map.next_key::<String>()? {
                    if name == METADATA_KEY {
                        header.metadata.push(map.next_value()?);
                    } else {
                        header.tensors.push((name, map.next_value()?));
                    }
                }
                Ok(header)
            }
        }
        deserializer.deserialize_map(Header)
    }
}

impl<'de> Deserialize<'de> for RawMetadata {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Texts;
        impl<'de> Visitor<'de> for Texts {
            type Value = RawMetadata;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of texts")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RawMetadata, A::Error> {
                let mut entries = Vec::new();
                while entries.len() <= MAX_METADATA_ENTRIES {
                    match map.next_entry()? {
                        Some(entry) => entries.push(entry),
                        None => break,
                    }
                }
                let mut n_entries = entries.len();
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {
                    n_entries += 1;
                }
                Ok(RawMetadata { entries, n_entries })
            }
        }
        deserializer.deserialize_map(Texts)
    }
}

impl<'de> Deserialize<'de> for RawShape {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Dimensions;
        impl<'de> Visitor<'de> for Dimensions {
            type Value = RawShape;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of dimensions")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<RawShape, A::Error> {
                let mut dimensions = Vec::new();
                while dimensions.len() <= MAX_RANK {
                    match seq.next_element()? {
                        Some(n) => dimensions.push(n),
                        None => break,
                    }
                }
                let mut rank = dimensions.len();
                while seq.next_element::<IgnoredAny>()?.is_some() {
                    rank += 1;
                }
                Ok(RawShape { dimensions, rank })
            }
        }
        deserializer.deserialize_seq(Dimensions)
    }
}
