use std::path::Path;

use proptest::prelude::*;
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};

use super::read::read;
use super::*;

/// A file with this header and these data, whatever they say.
fn file(header: &str, data: &[u8]) -> Vec<u8> {
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.as_bytes());
    bytes.extend(data);
    bytes
}

fn from_header(header: &str) -> Result<Container, FormatError> {
    Container::from_bytes(&file(header, &[]))
}

/// A header's entry for a tensor.
fn tensor(name: &str, dtype: &str, shape: &str, offsets: &str) -> String {
    format!(r#""{name}":{{"dtype":"{dtype}","shape":{shape},"data_offsets":{offsets}}}"#)
}

/// The result of reading a file with one such tensor and eight bytes of data.
fn one_tensor(dtype: &str, shape: &str, offsets: &str) -> Result<Container, FormatError> {
    let header = format!("{{{}}}", tensor("a", dtype, shape, offsets));
    Container::from_bytes(&file(&header, &[0; 8]))
}

/// A container with one of everything.
fn small() -> Container {
    let mut container = Container::new();
    container.set_text("banach.format_version", "1");
    container.set_text("unicode", "naïve \"quotes\" \n \u{0} 中");
    let weight = vec![0.5, -0.0, f32::MIN_POSITIVE / 8.0, f32::MAX, -1.5, 3.0];
    container
        .insert("layers.0.weight", &[2, 3], weight)
        .unwrap();
    container.insert("layers.0.bias", &[], vec![7.0]).unwrap();
    container.insert("none", &[0, 4], Vec::new()).unwrap();
    container
}

/// The name of a variant. A new one does not compile here before [`BAD`] has a bad file for it.
fn variant(error: &FormatError) -> &'static str {
    match error {
        FormatError::File { source, .. } => variant(source),
        FormatError::Io { .. } => "Io",
        FormatError::NotSafetensors => "NotSafetensors",
        FormatError::Truncated { .. } => "Truncated",
        FormatError::TrailingBytes { .. } => "TrailingBytes",
        FormatError::HeaderTooLarge { .. } => "HeaderTooLarge",
        FormatError::BadHeader { .. } => "BadHeader",
        FormatError::TooManyMetadata { .. } => "TooManyMetadata",
        FormatError::DuplicateName { .. } => "DuplicateName",
        FormatError::ReservedName { .. } => "ReservedName",
        FormatError::TensorRank { .. } => "TensorRank",
        FormatError::TensorDtype { .. } => "TensorDtype",
        FormatError::TensorSize { .. } => "TensorSize",
        FormatError::TensorOffsets { .. } => "TensorOffsets",
        FormatError::OutOfMemory { .. } => "OutOfMemory",
        FormatError::MissingMetadata { .. } => "MissingMetadata",
        FormatError::BadMetadata { .. } => "BadMetadata",
        FormatError::UnsupportedVersion { .. } => "UnsupportedVersion",
        FormatError::TensorMissing { .. } => "TensorMissing",
        FormatError::TensorShape { .. } => "TensorShape",
        FormatError::NotFinite { .. } => "NotFinite",
        FormatError::Negative { .. } => "Negative",
        FormatError::UnknownTensor { .. } => "UnknownTensor",
        FormatError::Checksum { .. } => "Checksum",
    }
}

/// Something wrong, the variant it must give, and words that the message must have.
struct Bad {
    what: &'static str,
    run: fn() -> Result<Container, FormatError>,
    variant: &'static str,
    says: &'static str,
}

const fn bad(
    what: &'static str,
    variant: &'static str,
    says: &'static str,
    run: fn() -> Result<Container, FormatError>,
) -> Bad {
    Bad {
        what,
        run,
        variant,
        says,
    }
}

const BAD: &[Bad] = &[
    bad("a content that was changed", "Checksum", "damaged", || {
        let mut container = small();
        container.seal();
        container.set_text("banach.more", "text");
        container.check_seal().map(|()| container)
    }),
    bad(
        "no bytes",
        "Truncated",
        "8 bytes are needed, it has 0",
        || Container::from_bytes(&[]),
    ),
    bad("half a length", "Truncated", "it has 7", || {
        Container::from_bytes(&[1, 0, 0, 0, 0, 0, 0])
    }),
    bad("half a header", "Truncated", "108 bytes are needed", || {
        Container::from_bytes(&[100, 0, 0, 0, 0, 0, 0, 0, b'{'])
    }),
    bad("half the data", "Truncated", "it has", || {
        let header = format!("{{{}}}", tensor("a", "F32", "[2]", "[0,8]"));
        Container::from_bytes(&file(&header, &[0; 7]))
    }),
    bad(
        "no data of exabytes",
        "Truncated",
        "9223372036854775",
        || one_tensor("F32", "[2305843009213693951]", "[0,9223372036854775804]"),
    ),
    bad(
        "a header of exabytes",
        "HeaderTooLarge",
        "18446744073709551615",
        || Container::from_bytes(&[255; 16]),
    ),
    bad(
        "a header one byte too large",
        "HeaderTooLarge",
        "at most 100000000",
        || Container::from_bytes(&(MAX_HEADER_BYTES + 1).to_le_bytes()),
    ),
    bad(
        "bytes after the last tensor",
        "TrailingBytes",
        "it has 17",
        || Container::from_bytes(&file("{}", &[0; 7])),
    ),
    bad(
        "an empty header",
        "NotSafetensors",
        "not a safetensors file",
        || from_header(""),
    ),
    bad(
        "another kind of file",
        "NotSafetensors",
        "not a safetensors file",
        || from_header("PK\x03\x04"),
    ),
    bad("a list", "NotSafetensors", "not a safetensors file", || {
        from_header("[]")
    }),
    bad("half a JSON object", "BadHeader", "EOF", || {
        from_header("{\"a\":")
    }),
    bad("text after the object", "BadHeader", "trailing", || {
        from_header("{}x")
    }),
    bad("bytes that are not UTF-8", "BadHeader", "", || {
        let mut bytes = file("{\"a_\":0}", &[]);
        bytes[11] = 0xff;
        Container::from_bytes(&bytes)
    }),
    bad("deep brackets", "BadHeader", "", || {
        from_header(&format!("{{\"a\":{}", "[".repeat(100_000)))
    }),
    bad(
        "a number in place of a tensor",
        "BadHeader",
        "invalid type",
        || from_header("{\"a\":1}"),
    ),
    bad("a tensor without a shape", "BadHeader", "shape", || {
        from_header("{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,0]}}")
    }),
    bad(
        "a tensor with two shapes",
        "BadHeader",
        "duplicate field",
        || one_tensor("F32", "[2],\"shape\":[2]", "[0,8]"),
    ),
    bad(
        "a tensor with an unknown field",
        "BadHeader",
        "unknown field",
        || one_tensor("F32", "[2],\"stride\":[1]", "[0,8]"),
    ),
    bad("a negative offset", "BadHeader", "-4", || {
        one_tensor("F32", "[2]", "[-4,4]")
    }),
    bad("an offset above 64 bits", "BadHeader", "", || {
        one_tensor("F32", "[2]", "[0,18446744073709551616]")
    }),
    bad("a fractional offset", "BadHeader", "0.5", || {
        one_tensor("F32", "[2]", "[0.5,8]")
    }),
    bad("three offsets", "BadHeader", "", || {
        one_tensor("F32", "[2]", "[0,4,8]")
    }),
    bad("a negative dimension", "BadHeader", "-2", || {
        one_tensor("F32", "[-2]", "[0,8]")
    }),
    bad(
        "a dimension that is text",
        "BadHeader",
        "invalid type",
        || one_tensor("F32", "[\"2\"]", "[0,8]"),
    ),
    bad(
        "metadata that is no text",
        "BadHeader",
        "invalid type",
        || from_header("{\"__metadata__\":{\"a\":1}}"),
    ),
    bad(
        "metadata that is no object",
        "BadHeader",
        "invalid type",
        || from_header("{\"__metadata__\":[]}"),
    ),
    bad("257 texts", "TooManyMetadata", "257", || {
        let texts: Vec<_> = (0..257).map(|i| format!("\"{i}\":\"\"")).collect();
        from_header(&format!("{{\"__metadata__\":{{{}}}}}", texts.join(",")))
    }),
    bad(
        "257 texts to write",
        "TooManyMetadata",
        "at most 256",
        || {
            let mut container = Container::new();
            (0..257).for_each(|i| container.set_text(&i.to_string(), ""));
            Container::from_bytes(&container.to_bytes()?)
        },
    ),
    bad(
        "a text that is too long to write",
        "HeaderTooLarge",
        "100000",
        || {
            let mut container = Container::new();
            container.set_text("a", "x".repeat(MAX_HEADER_BYTES as usize));
            Container::from_bytes(&container.to_bytes()?)
        },
    ),
    bad(
        "two tensors with one name",
        "DuplicateName",
        "\"a\"",
        || {
            let a = tensor("a", "F32", "[1]", "[0,4]");
            let again = tensor("\\u0061", "F32", "[1]", "[4,8]");
            Container::from_bytes(&file(&format!("{{{a},{again}}}"), &[0; 8]))
        },
    ),
    bad("two texts with one key", "DuplicateName", "\"k\"", || {
        from_header("{\"__metadata__\":{\"k\":\"1\",\"k\":\"2\"}}")
    }),
    bad("metadata twice", "DuplicateName", "__metadata__", || {
        from_header("{\"__metadata__\":{},\"__metadata__\":{}}")
    }),
    bad(
        "a tensor inserted twice",
        "DuplicateName",
        "\"none\"",
        || {
            let mut container = small();
            container.insert("none", &[0], Vec::new())?;
            Ok(container)
        },
    ),
    bad(
        "a tensor named like the metadata",
        "ReservedName",
        "__metadata__",
        || {
            let mut container = Container::new();
            container.insert("__metadata__", &[0], Vec::new())?;
            Ok(container)
        },
    ),
    bad("half precision", "TensorDtype", "F16", || {
        one_tensor("F16", "[4]", "[0,8]")
    }),
    bad("an unknown type", "TensorDtype", "Q\\\"3", || {
        one_tensor("Q\\\"3", "[4]", "[0,8]")
    }),
    bad(
        "nine dimensions",
        "TensorRank",
        "has 9 dimensions, at most 8",
        || one_tensor("F32", "[1,1,1,1,1,1,1,1,2]", "[0,8]"),
    ),
    bad(
        "nine dimensions inserted",
        "TensorRank",
        "has 9 dimensions",
        || {
            let mut container = Container::new();
            container.insert("a", &[1; 9], vec![1.0])?;
            Ok(container)
        },
    ),
    bad("more values than bytes", "TensorSize", "[3]", || {
        one_tensor("F32", "[3]", "[0,8]")
    }),
    bad("fewer values than bytes", "TensorSize", "[1]", || {
        one_tensor("F32", "[1]", "[0,8]")
    }),
    bad(
        "a shape whose bytes overflow to 8",
        "TensorSize",
        "4611686018427387906",
        || one_tensor("F32", "[4611686018427387906]", "[0,8]"),
    ),
    bad(
        "a shape whose product overflows",
        "TensorSize",
        "4294967296",
        || one_tensor("F32", "[4294967296,4294967296,4294967296]", "[0,8]"),
    ),
    bad(
        "values that do not fit the shape",
        "TensorSize",
        "[2, 2]",
        || {
            let mut container = Container::new();
            container.insert("a", &[2, 2], vec![0.0; 3])?;
            Ok(container)
        },
    ),
    bad(
        "an inserted shape that overflows",
        "TensorSize",
        "18446744073709551615",
        || {
            let mut container = Container::new();
            container.insert("a", &[usize::MAX, usize::MAX], Vec::new())?;
            Ok(container)
        },
    ),
    bad("an end before the start", "TensorOffsets", "8..0", || {
        one_tensor("F32", "[2]", "[8,0]")
    }),
    bad(
        "a gap before the first tensor",
        "TensorOffsets",
        "must start at 0",
        || one_tensor("F32", "[1]", "[4,8]"),
    ),
    bad(
        "a gap between tensors",
        "TensorOffsets",
        "must start at 4",
        || {
            let a = tensor("a", "F32", "[1]", "[0,4]");
            let b = tensor("b", "F32", "[1]", "[8,12]");
            Container::from_bytes(&file(&format!("{{{a},{b}}}"), &[0; 12]))
        },
    ),
    bad(
        "tensors that overlap",
        "TensorOffsets",
        "must start at 8",
        || {
            let a = tensor("a", "F32", "[2]", "[0,8]");
            let b = tensor("b", "F32", "[2]", "[4,12]");
            Container::from_bytes(&file(&format!("{{{a},{b}}}"), &[0; 12]))
        },
    ),
    bad(
        "more values than memory",
        "OutOfMemory",
        "9223372036854775808 bytes",
        || {
            // The promised length cannot be had; a reader that claims it stands for such a file.
            let entry = tensor(
                "a",
                "F32",
                "[2305843009213693952]",
                "[0,9223372036854775808]",
            );
            let bytes = file(&format!("{{{entry}}}"), &[]);
            read(&bytes[..], (1 << 63) + bytes.len() as u64)
        },
    ),
    bad(
        "a file that shrinks while it is read",
        "Io",
        "cannot read",
        || {
            let header = format!("{{{}}}", tensor("a", "F32", "[2]", "[0,8]"));
            let bytes = file(&header, &[0; 8]);
            read(&bytes[..bytes.len() - 1], bytes.len() as u64)
        },
    ),
    bad(
        "an absent file",
        "Io",
        "absent.safetensors: cannot open",
        || Container::read_file(Path::new("/absent/absent.safetensors")),
    ),
    bad("a folder", "Io", "not a regular file", || {
        Container::read_file(Path::new("/"))
    }),
    bad(
        "a key that is not there",
        "MissingMetadata",
        "\"banach.network\"",
        || {
            small().text("banach.network")?;
            Ok(small())
        },
    ),
    bad(
        "a text that is not the JSON wanted",
        "BadMetadata",
        "\"unicode\"",
        || {
            small().json::<Vec<u8>>("unicode")?;
            Ok(small())
        },
    ),
    bad("a value without JSON", "BadMetadata", "\"a\"", || {
        let no_text_keys = BTreeMap::from([((1, 2), 3)]);
        small().set_json("a", &no_text_keys)?;
        Ok(small())
    }),
    bad(
        "another version",
        "UnsupportedVersion",
        "reads version \"2\" or \"3\"",
        || {
            small().version("banach.format_version", &["2", "3"])?;
            Ok(small())
        },
    ),
    bad(
        "a tensor that is not there",
        "TensorMissing",
        "\"layers.1.bias\"",
        || {
            small().take("layers.1.bias", &[])?;
            Ok(small())
        },
    ),
    bad(
        "a value below 0",
        "Negative",
        "\"layers.0.weight\" must be at least 0, value 5 is -1.5",
        || {
            small().take_not_negative("layers.0.weight", &[2, 3])?;
            Ok(small())
        },
    ),
    bad(
        "another shape",
        "TensorShape",
        "must have shape [3, 2], got [2, 3]",
        || {
            small().take("layers.0.weight", &[3, 2])?;
            Ok(small())
        },
    ),
    bad("NaN in a file", "NotFinite", "value 2 is NaN", || {
        let header = format!("{{{}}}", tensor("a", "F32", "[2]", "[0,8]"));
        let values = [1.0f32.to_le_bytes(), f32::NAN.to_le_bytes()].concat();
        let mut container = Container::from_bytes(&file(&header, &values))?;
        container.take("a", &[2])?;
        Ok(container)
    }),
    bad("infinity inserted", "NotFinite", "value 1 is -inf", || {
        let mut container = Container::new();
        container.insert("a", &[1], vec![f32::NEG_INFINITY])?;
        Ok(container)
    }),
    bad(
        "a tensor that nobody took",
        "UnknownTensor",
        "\"none\"",
        || {
            let mut container = small();
            container.take("layers.0.weight", &[2, 3])?;
            container.take("layers.0.bias", &[])?;
            container.expect_no_tensors()?;
            Ok(container)
        },
    ),
];

#[test]
fn every_bad_file_gives_its_error() {
    let mut wrong = Vec::new();
    for case in BAD {
        match (case.run)() {
            Ok(_) => wrong.push(format!("{}: no error", case.what)),
            Err(error) => {
                let (got, text) = (variant(&error), error.to_string());
                if got != case.variant || !text.contains(case.says) {
                    wrong.push(format!("{}: {got}: {text}", case.what));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_file_keeps_every_bit_of_its_content() {
    let container = small();
    let bytes = container.to_bytes().unwrap();
    let mut read = Container::from_bytes(&bytes).unwrap();
    assert_eq!(read, container);
    assert_eq!(read.to_bytes().unwrap(), bytes);
    let weight = read.take("layers.0.weight", &[2, 3]).unwrap();
    assert_eq!(weight[1].to_bits(), (-0.0f32).to_bits());
}

#[test]
fn values_of_a_file_start_at_a_multiple_of_eight() {
    let mut container = Container::new();
    for length in 0..9 {
        container.set_text("a", "x".repeat(length));
        let bytes = container.to_bytes().unwrap();
        assert_eq!(bytes.len() % 8, 0, "text of {length} bytes");
    }
}

#[test]
fn the_limits_themselves_are_allowed() {
    let mut container = Container::new();
    container.insert("a", &[1; MAX_RANK], vec![1.0]).unwrap();
    for i in 0..MAX_METADATA_ENTRIES {
        container.set_text(&i.to_string(), "");
    }
    let bytes = container.to_bytes().unwrap();
    assert_eq!(Container::from_bytes(&bytes).unwrap(), container);
}

#[test]
fn tensors_may_lie_in_any_order() {
    let b = tensor("b", "F32", "[1]", "[0,4]");
    let a = tensor("a", "F32", "[1]", "[4,8]");
    let data = [1.0f32.to_le_bytes(), 2.0f32.to_le_bytes()].concat();
    let mut read = Container::from_bytes(&file(&format!("{{{a},{b}}}"), &data)).unwrap();
    assert_eq!(read.take("b", &[1]).unwrap(), [1.0]);
    assert_eq!(read.take("a", &[1]).unwrap(), [2.0]);
}

#[test]
fn a_file_on_disk_is_replaced_as_a_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    Container::new().write_file(&path).unwrap();
    small().write_file(&path).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), small().to_bytes().unwrap());
    assert_eq!(Container::read_file(&path).unwrap(), small());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn writing_where_there_is_no_folder_names_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("absent").join("model.safetensors");
    let error = small().write_file(&path).unwrap_err();
    assert!(matches!(
        error.cause(),
        FormatError::Io {
            action: "write",
            ..
        }
    ));
    let (text, name) = (error.to_string(), path.display().to_string());
    assert_eq!(text.matches(&name).count(), 1, "{text}");
}

#[test]
fn a_read_error_names_the_file_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    std::fs::write(&path, b"column,target\n1,2\n").unwrap();
    let error = Container::read_file(&path)
        .unwrap_err()
        .in_file(Path::new("other"));
    let text = error.to_string();
    assert!(matches!(error.cause(), FormatError::HeaderTooLarge { .. }));
    assert!(
        text.contains("model.safetensors") && !text.contains("other"),
        "{text}"
    );
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]{1,4}(\\.[0-9]{1,2})?\\.(weight|bias)",
        "\\PC{0,6}".prop_filter("reserved", |name| name != METADATA_KEY),
    ]
}

fn shape() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(0usize..5, 0..4)
}

/// Any container that can be made.
fn any_container() -> impl Strategy<Value = Container> {
    let texts = prop::collection::btree_map(name(), "(?s).{0,12}", 0..4);
    let tensors = prop::collection::btree_map(name(), (shape(), any::<u64>()), 0..5);
    (texts, tensors).prop_map(|(texts, tensors)| {
        let mut container = Container::new();
        for (key, text) in texts {
            container.set_text(&key, text);
        }
        for (name, (shape, bits)) in tensors {
            let n = shape.iter().product::<usize>() as u64;
            let value = |i: u64| {
                let mixed = (bits ^ i).wrapping_mul(0x9E37_79B9_7F4A_7C15);
                let value = f32::from_bits((mixed >> 32) as u32);
                if value.is_finite() { value } else { i as f32 }
            };
            container
                .insert(&name, &shape, (0..n).map(value).collect())
                .unwrap();
        }
        container
    })
}

/// A change of a file's bytes.
#[derive(Debug, Clone)]
enum Change {
    Flip(prop::sample::Index, u8),
    Cut(prop::sample::Index),
    Insert(prop::sample::Index, u8),
    /// Replaces a number in the header, keeping the header's length true.
    Number(prop::sample::Index, &'static str),
}

fn change() -> impl Strategy<Value = Change> {
    let numbers = [
        "0",
        "-1",
        "1",
        "3",
        "4",
        "8",
        "1e3",
        "4294967296",
        "9223372036854775808",
    ];
    let more = [
        "18446744073709551612",
        "18446744073709551616",
        "[]",
        "null",
        "\"F16\"",
    ];
    let number = prop::sample::select([&numbers[..], &more[..]].concat());
    prop_oneof![
        (any::<prop::sample::Index>(), 1u8..).prop_map(|(at, bits)| Change::Flip(at, bits)),
        any::<prop::sample::Index>().prop_map(Change::Cut),
        (any::<prop::sample::Index>(), any::<u8>()).prop_map(|(at, byte)| Change::Insert(at, byte)),
        (any::<prop::sample::Index>(), number).prop_map(|(at, text)| Change::Number(at, text)),
    ]
}

fn apply(change: &Change, bytes: &mut Vec<u8>) {
    match change {
        Change::Flip(at, bits) if !bytes.is_empty() => {
            let at = at.index(bytes.len());
            bytes[at] ^= bits;
        }
        Change::Cut(at) if !bytes.is_empty() => bytes.truncate(at.index(bytes.len())),
        Change::Insert(at, byte) => bytes.insert(at.index(bytes.len() + 1), *byte),
        Change::Number(at, text) => replace_number(at, text, bytes),
        Change::Flip(..) | Change::Cut(_) => {}
    }
}

fn replace_number(at: &prop::sample::Index, text: &str, bytes: &mut Vec<u8>) {
    let Some((length, rest)) = bytes.split_first_chunk() else {
        return;
    };
    let length = u64::from_le_bytes(*length) as usize;
    let Some(header) = rest.get(..length) else {
        return;
    };
    let is_start =
        |i: &usize| header[*i].is_ascii_digit() && (*i == 0 || !header[*i - 1].is_ascii_digit());
    let starts: Vec<_> = (0..header.len()).filter(is_start).collect();
    if starts.is_empty() {
        return;
    }
    let start = starts[at.index(starts.len())];
    let digits = header[start..]
        .iter()
        .take_while(|byte| byte.is_ascii_digit());
    let (start, end) = (8 + start, 8 + start + digits.count());
    let length = (length + text.len() - (end - start)) as u64;
    bytes.splice(start..end, text.bytes());
    bytes[..8].copy_from_slice(&length.to_le_bytes());
}

/// Reading gives an error or a container that is written and read back as itself, and that the safetensors
/// crate reads too.
fn check_reading(bytes: &[u8]) -> Result<(), TestCaseError> {
    if let Ok(container) = Container::from_bytes(bytes) {
        let written = container.to_bytes().unwrap();
        let again = Container::from_bytes(&written).unwrap();
        // By bytes: a file may hold NaN, which no comparison of values finds equal.
        prop_assert_eq!(&again.to_bytes().unwrap(), &written);
        let theirs = SafeTensors::deserialize(bytes);
        prop_assert!(theirs.is_ok(), "{:?}", theirs.err());
    }
    Ok(())
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(container in any_container()) {
        let bytes = container.to_bytes().unwrap();
        prop_assert_eq!(&Container::from_bytes(&bytes).unwrap(), &container);
        prop_assert_eq!(container.to_bytes().unwrap(), bytes);
    }

    #[test]
    fn the_safetensors_crate_reads_what_is_written(container in any_container()) {
        let bytes = container.to_bytes().unwrap();
        let theirs = SafeTensors::deserialize(&bytes).unwrap();
        prop_assert_eq!(theirs.len(), container.tensors().count());
        for (name, shape, data) in container.tensors() {
            let tensor = theirs.tensor(name).unwrap();
            prop_assert_eq!(tensor.dtype(), Dtype::F32);
            prop_assert_eq!(tensor.shape(), shape);
            let expected: Vec<u8> = data.iter().flat_map(|value| value.to_le_bytes()).collect();
            prop_assert_eq!(tensor.data(), expected);
        }
        let (_, header) = SafeTensors::read_metadata(&bytes).unwrap();
        let texts = header.metadata().clone().unwrap_or_default();
        prop_assert_eq!(&texts.into_iter().collect::<BTreeMap<_, _>>(), container.metadata());
    }

    #[test]
    fn what_the_safetensors_crate_writes_is_read(container in any_container()) {
        let values: Vec<(&str, &[usize], Vec<u8>)> = container
            .tensors()
            .map(|(name, shape, data)| {
                (name, shape, data.iter().flat_map(|value| value.to_le_bytes()).collect())
            })
            .collect();
        let views = values.iter().map(|(name, shape, data)| {
            (*name, TensorView::new(Dtype::F32, shape.to_vec(), data).unwrap())
        });
        // Of no tensors and an empty table of texts that crate makes a header that is no JSON.
        let texts = (!container.metadata().is_empty())
            .then(|| container.metadata().clone().into_iter().collect());
        let bytes = safetensors::serialize(views, texts).unwrap();
        prop_assert_eq!(Container::from_bytes(&bytes).unwrap(), container);
    }

    #[test]
    fn random_bytes_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        check_reading(&bytes)?;
    }

    #[test]
    fn random_headers_do_no_harm(header in "\\{[ \"a{}\\[\\],:0-9.eF3_\\\\-]{0,60}") {
        check_reading(&file(&header, &[0; 8]))?;
    }

    #[test]
    fn a_damaged_file_does_no_harm(
        container in any_container(),
        changes in prop::collection::vec(change(), 1..4),
    ) {
        let mut bytes = container.to_bytes().unwrap();
        for change in &changes {
            apply(change, &mut bytes);
        }
        check_reading(&bytes)?;
    }

    #[test]
    fn every_beginning_of_a_file_is_refused(container in any_container()) {
        let bytes = container.to_bytes().unwrap();
        for length in 0..bytes.len() {
            let error = Container::from_bytes(&bytes[..length]).unwrap_err();
            prop_assert_eq!(variant(&error), "Truncated");
        }
    }
}
