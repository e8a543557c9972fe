//! Files that are known not to be tables that are read here, and what to do with them.

use crate::encoding::is_utf16;
use crate::error::ReadError;

/// Bytes of a file that are looked at.
pub(crate) const HEAD_BYTES: usize = 1024;

/// Characters of a name that a message shows.
const MAX_SHOWN: usize = 80;

/// Endings of files that hold tables but are of other programs, with what they are.
const ENDINGS: [(&str, &str); 20] = [
    ("xlsx", "a spreadsheet"),
    ("xls", "a spreadsheet"),
    ("ods", "a spreadsheet"),
    ("npy", "a NumPy file"),
    ("npz", "a NumPy file"),
    ("pkl", "a Python pickle"),
    ("pickle", "a Python pickle"),
    ("h5", "an HDF5 file"),
    ("hdf5", "an HDF5 file"),
    ("sav", "an SPSS file"),
    ("dta", "a Stata file"),
    ("sas7bdat", "a SAS file"),
    ("rds", "an R object"),
    ("rdata", "an R workspace"),
    ("orc", "an ORC file"),
    ("avro", "an Avro file"),
    ("sqlite", "an SQLite database"),
    ("safetensors", "a safetensors file"),
    ("xml", "an XML file"),
    ("pdf", "a PDF file"),
];

/// The way out for tables of other programs.
const SAVE_AS: &str = "save the table as CSV or Parquet";

/// The error for a file that is known not to be a table that is read here.
pub(crate) fn check(file: &str, ending: &str, head: &[u8]) -> Result<(), ReadError> {
    match foreign(file, ending, head) {
        None => Ok(()),
        Some((found, way_out)) => Err(ReadError::UnsupportedFormat {
            file: file.to_owned(),
            found,
            way_out,
        }),
    }
}

/// What a file is, and the way out.
fn foreign(file: &str, ending: &str, head: &[u8]) -> Option<(String, String)> {
    let unpack = |format: &str, command: &str| {
        let path = file.rsplit_once('.').map_or(file, |(path, _)| path);
        Some((
            format!("packed with {format}"),
            format!("unpack it first: `{command} {file} > {path}`, or pipe it to standard input"),
        ))
    };
    let save = |found: &str| Some((found.to_owned(), SAVE_AS.to_owned()));
    match head {
        [b'P', b'A', b'R', b'1', ..]
        | [b'A', b'R', b'R', b'O', b'W', b'1', ..]
        | [0xFF, 0xFF, 0xFF, 0xFF, ..] => return None,
        [b'P', b'K', 3, 4, ..] => return Some(zip(file, ending, head)),
        [b'P', b'K', 5, 6, ..] => return save("an empty zip archive"),
        [b'B', b'Z', b'h', b'1'..=b'9', b'1', b'A', b'Y', ..] => {
            return unpack("bzip2", "bunzip2 -c");
        }
        [0xFD, b'7', b'z', b'X', b'Z', 0, ..] => return unpack("xz", "xz -dc"),
        [0x04, 0x22, 0x4D, 0x18, ..] => return unpack("LZ4", "lz4 -dc"),
        [0xFF, 0x06, 0, 0, b's', b'N', b'a', b'P', ..] => return unpack("Snappy", "snzip -dc"),
        [0x1F, 0x9D, ..] => return unpack("compress", "uncompress -c"),
        [b'7', b'z', 0xBC, 0xAF, ..] => return unpack("7-Zip", "7z x -so"),
        [b'R', b'a', b'r', b'!', ..] => return unpack("RAR", "unrar p -inul"),
        [b'P', b'A', b'R', b'E', ..] => {
            return Some((
                "an encrypted Parquet file".to_owned(),
                "write it again without encryption".to_owned(),
            ));
        }
        [b'F', b'E', b'A', b'1', ..] => {
            return Some((
                "a Feather file of version 1".to_owned(),
                "write it again as version 2 or as Parquet".to_owned(),
            ));
        }
        [0xD0, 0xCF, 0x11, 0xE0, ..] => return save("a spreadsheet or other Office file"),
        [0x89, b'H', b'D', b'F', ..] => return save("an HDF5 file"),
        [0x93, b'N', b'U', b'M', b'P', b'Y', ..] => return save("a NumPy file"),
        [b'O', b'R', b'C', ..] if ending == "orc" || head.contains(&0) => {
            return save("an ORC file");
        }
        [b'O', b'b', b'j', 1, ..] => return save("an Avro file"),
        [b'%', b'P', b'D', b'F', ..] => return save("a PDF file"),
        [0x89, b'P', b'N', b'G', ..] => return save("a PNG image"),
        _ if head.starts_with(b"SQLite format 3\0") => return save("an SQLite database"),
        _ => {}
    }
    match ending {
        "br" => return unpack("Brotli", "brotli -dc"),
        "bz2" | "xz" | "lz4" | "zip" if !head.contains(&0) => return None,
        // Their decoders say what is wrong.
        "parquet" | "parq" | "pq" | "arrow" | "arrows" | "feather" | "ipc" => return None,
        "json" | "jsonl" | "ndjson" | "geojson" => return Some(json()),
        _ => {}
    }
    if let Some((_, found)) = ENDINGS.iter().find(|(known, _)| *known == ending) {
        return save(found);
    }
    if is_json(head) {
        return Some(json());
    }
    let lower: Vec<u8> = head.trim_ascii_start().to_ascii_lowercase();
    if lower.starts_with(b"<!doctype html") || lower.starts_with(b"<html") {
        return save("a web page");
    }
    if lower.starts_with(b"<?xml") {
        return save("an XML file");
    }
    // Zeros that pad the end of a short file are no sign of a binary one.
    let content = head.iter().rposition(|&byte| !matches!(byte, 0 | 0x1A));
    let content = &head[..content.map_or(0, |last| last + 1)];
    let binary = content.iter().take(8).any(|&byte| byte == 0);
    let unread_text = matches!(head, [0xFF, 0xFE, ..] | [0, 0, 0xFE, 0xFF, ..]);
    (binary && !unread_text && !is_utf16(head)).then(|| {
        (
            "a binary file of an unknown kind".to_owned(),
            "use CSV or TSV (also .gz and .zst), Parquet or Arrow IPC".to_owned(),
        )
    })
}

fn json() -> (String, String) {
    (
        "a JSON file".to_owned(),
        "write it as CSV, for example with `jq -r`, or as Parquet".to_owned(),
    )
}

/// Whether bytes begin an object, or a list of objects or lists.
fn is_json(head: &[u8]) -> bool {
    let head = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head);
    let mut signs = head.iter().filter(|byte| !byte.is_ascii_whitespace());
    match (signs.next(), signs.next()) {
        (Some(b'{'), Some(b'"')) => signs.any(|&byte| byte == b':'),
        (Some(b'['), Some(b'{' | b'[')) => true,
        _ => false,
    }
}

/// A zip archive, by the first file in it.
fn zip(file: &str, ending: &str, head: &[u8]) -> (String, String) {
    let length = |at: usize| {
        Some(usize::from(u16::from_le_bytes([
            *head.get(at)?,
            *head.get(at + 1)?,
        ])))
    };
    let first = length(26).and_then(|length| head.get(30..30 + length));
    let first = String::from_utf8_lossy(first.unwrap_or_default());
    let first: String = first.chars().take(MAX_SHOWN).collect();
    if matches!(ending, "xlsx" | "ods") || first == "[Content_Types].xml" || first == "mimetype" {
        return ("a spreadsheet".to_owned(), SAVE_AS.to_owned());
    }
    if ending == "npz" || first.ends_with(".npy") {
        return ("a NumPy file".to_owned(), SAVE_AS.to_owned());
    }
    if first.is_empty() || first.ends_with('/') {
        return ("a zip archive".to_owned(), "unzip it first".to_owned());
    }
    (
        format!("a zip archive that begins with {first}"),
        format!(
            "unpack the table first: `unzip -p {file} {first} > table.csv`, or pipe it to standard input"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_files_are_named_with_a_way_out() {
        let zip = |name: &str| {
            let mut bytes = b"PK\x03\x04".to_vec();
            bytes.extend([0; 22]);
            bytes.extend((name.len() as u16).to_le_bytes());
            bytes.extend([0, 0]);
            bytes.extend(name.as_bytes());
            bytes
        };
        let cases: Vec<(&str, Vec<u8>, &str)> = vec![
            (
                "t.csv.bz2",
                b"BZh91AY&SY".to_vec(),
                "t.csv.bz2 is packed with bzip2, which is not read; unpack it first: `bunzip2 -c t.csv.bz2 > t.csv`",
            ),
            (
                "t.csv.xz",
                b"\xFD7zXZ\0\0".to_vec(),
                "t.csv.xz is packed with xz",
            ),
            (
                "t.csv.br",
                b"\x0b\x02".to_vec(),
                "t.csv.br is packed with Brotli",
            ),
            (
                "t.zip",
                zip("table.csv"),
                "t.zip is a zip archive that begins with table.csv, which is not read; unpack the table first: `unzip -p t.zip table.csv > table.csv`",
            ),
            (
                "t",
                zip("[Content_Types].xml"),
                "t is a spreadsheet, which is not read; save the table as CSV or Parquet",
            ),
            (
                "t.feather",
                b"FEA1\0\0\0\0".to_vec(),
                "t.feather is a Feather file of version 1",
            ),
            (
                "t.parquet",
                b"PARE....".to_vec(),
                "t.parquet is an encrypted Parquet file",
            ),
            ("t.csv", b" [ {\"a\": 1}]".to_vec(), "t.csv is a JSON file"),
            ("t", b"{\"a\": 1}\n{\"a\": 2}".to_vec(), "t is a JSON file"),
            (
                "t.csv",
                b"<!DOCTYPE html><html>".to_vec(),
                "t.csv is a web page",
            ),
            (
                "t.dat",
                b"\x01\0\x02\0\x03".to_vec(),
                "t.dat is a binary file of an unknown kind",
            ),
        ];
        for (name, head, message) in cases {
            let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
            let error = check(name, ending, &head).unwrap_err().to_string();
            assert!(error.starts_with(message), "{error}");
        }
        for head in [
            &b"a,b\n1,2\n"[..],
            b"a\0,\0b\0\n\0",
            b"a\n1\n\0\0\0\0",
            b"{a},[b]\n1,2\n",
            b"[a],b\n1,2",
            b"BZh,a\n",
        ] {
            assert!(check("t.csv", "csv", head).is_ok(), "{head:?}");
        }
    }
}
