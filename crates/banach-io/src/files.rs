//! The files that a path stands for: itself, those of a folder, those of a pattern.

use std::cmp::Ordering;
use std::fs;
use std::path::{Path, PathBuf};

use crate::error::ReadError;
use crate::source::ending;

/// What Hive and Spark write for a missing value in the name of a folder.
const MISSING: &str = "__HIVE_DEFAULT_PARTITION__";

/// Endings of tables, without compression. Parts often have none, or a number.
const ENDINGS: [&str; 16] = [
    "", "csv", "tsv", "tab", "txt", "psv", "dat", "data", "asc", "parquet", "parq", "pq", "arrow",
    "arrows", "feather", "ipc",
];

/// A column that the names of folders give, and its value.
pub(crate) type FolderColumn = (String, Option<String>);

/// One file of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TableFile {
    pub(crate) path: PathBuf,
    /// Columns that folders `name=value` give, of those that were looked for.
    pub(crate) columns: Vec<FolderColumn>,
    /// Columns that folders of the path as it was given would give.
    pub(crate) above: Vec<FolderColumn>,
}

/// The files that [`TableReader::open_all`](crate::TableReader::open_all) would read, in its order.
///
/// # Errors
/// [`ReadError::Read`] for a folder, [`ReadError::NoFiles`], [`ReadError::OtherFile`].
pub fn table_files<P: AsRef<Path>>(paths: &[P]) -> Result<Vec<PathBuf>, ReadError> {
    let paths: Vec<&Path> = paths.iter().map(AsRef::as_ref).collect();
    Ok(expand(&paths)?.into_iter().map(|file| file.path).collect())
}

/// The files that paths stand for: folders and patterns in natural order (part-2 before part-10), the
/// paths in their own.
pub(crate) fn expand(paths: &[&Path]) -> Result<Vec<TableFile>, ReadError> {
    let mut files = Vec::new();
    for &path in paths {
        if path == Path::new("-") {
            files.push(TableFile {
                path: path.to_owned(),
                columns: Vec::new(),
                above: Vec::new(),
            });
        } else if path.is_dir() {
            let (from, mut found) = (files.len(), Vec::new());
            walk(path, &mut found)?;
            files.extend(located(found, path));
            no_files(path, true, files.len() > from)?;
        } else if let (false, Some(base)) = (path.exists(), pattern_base(path)) {
            let (from, mut found) = (files.len(), Vec::new());
            let parts: Vec<&str> = path.strip_prefix(&base).map_or(Vec::new(), |rest| {
                rest.iter().filter_map(|part| part.to_str()).collect()
            });
            matching(&base, &parts, &mut found)?;
            files.extend(located(found, &base));
            no_files(path, false, files.len() > from)?;
        } else {
            files.push(TableFile {
                path: path.to_owned(),
                columns: Vec::new(),
                above: columns(path.parent().unwrap_or(Path::new(""))),
            });
        }
    }
    if files.len() > 1 {
        // Of several files the folders tell them apart, whoever wrote the list.
        for file in files.iter_mut().filter(|file| file.columns.is_empty()) {
            file.columns = std::mem::take(&mut file.above);
        }
    }
    Ok(files)
}

fn no_files(path: &Path, folder: bool, found: bool) -> Result<(), ReadError> {
    if found {
        return Ok(());
    }
    Err(ReadError::NoFiles {
        path: path.display().to_string(),
        folder,
    })
}

/// Files below `base`, in natural order.
fn located(mut paths: Vec<PathBuf>, base: &Path) -> impl Iterator<Item = TableFile> {
    paths.sort_by(|a, b| natural(&a.to_string_lossy(), &b.to_string_lossy()));
    paths.dedup();
    let base = base.to_owned();
    paths.into_iter().map(move |path| {
        let folder = path.parent().unwrap_or(Path::new(""));
        let below = folder.strip_prefix(&base).unwrap_or(folder);
        TableFile {
            columns: columns(below),
            above: columns(&base),
            path,
        }
    })
}

/// The columns that folders of the form `name=value` give.
fn columns(folder: &Path) -> Vec<FolderColumn> {
    let parts = folder.iter().filter_map(|part| part.to_str());
    let pairs = parts.filter_map(|part| part.split_once('='));
    pairs
        .filter(|(name, _)| !name.is_empty())
        .map(|(name, value)| {
            (
                unescaped(name),
                (value != MISSING).then(|| unescaped(value)),
            )
        })
        .collect()
}

/// A text with `%41` decoded; as it is when that is not UTF-8.
fn unescaped(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = text.get(at + 1..at + 3).filter(|_| bytes[at] == b'%');
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8(out).unwrap_or_else(|_| text.to_owned())
}

/// Names that are not of tables: hidden ones, and those that mark that a job succeeded.
fn is_hidden(name: &str) -> bool {
    name.starts_with(['.', '_']) && !name.contains('=')
}

/// The tables in a folder and the folders in it.
fn walk(folder: &Path, found: &mut Vec<PathBuf>) -> Result<(), ReadError> {
    for (name, path) in entries(folder)? {
        if is_hidden(&name) {
            continue;
        }
        if path.is_dir() {
            walk(&path, found)?;
        } else if fs::metadata(&path).is_ok_and(|metadata| metadata.len() == 0) {
            // A marker.
        } else {
            let ending = ending(&name);
            let number = ending.bytes().all(|byte| byte.is_ascii_digit());
            if !number && !ENDINGS.contains(&ending.as_str()) {
                return Err(ReadError::OtherFile {
                    file: path.display().to_string(),
                });
            }
            found.push(path);
        }
    }
    Ok(())
}

/// Names and paths in a folder.
fn entries(folder: &Path) -> Result<Vec<(String, PathBuf)>, ReadError> {
    let error = |source| ReadError::Read {
        file: folder.display().to_string(),
        source,
    };
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(error)? {
        let entry = entry.map_err(error)?;
        found.push((
            entry.file_name().to_string_lossy().into_owned(),
            entry.path(),
        ));
    }
    Ok(found)
}

fn is_pattern(part: &str) -> bool {
    part.contains(['*', '?', '['])
}

/// The part of a path before the first pattern; `None` when there is no pattern.
fn pattern_base(path: &Path) -> Option<PathBuf> {
    let parts = || path.iter();
    parts()
        .any(|part| part.to_str().is_some_and(is_pattern))
        .then(|| {
            parts()
                .take_while(|part| !part.to_str().is_some_and(is_pattern))
                .collect()
        })
}

/// The files whose paths below `folder` match the parts of a pattern.
fn matching(folder: &Path, parts: &[&str], found: &mut Vec<PathBuf>) -> Result<(), ReadError> {
    let Some((part, rest)) = parts.split_first() else {
        if folder.is_dir() {
            walk(folder, found)?;
        } else if folder.exists() {
            found.push(folder.to_owned());
        }
        return Ok(());
    };
    if !is_pattern(part) {
        return matching(&folder.join(part), rest, found);
    }
    if *part == "**" {
        matching(folder, rest, found)?;
    }
    let here = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    if !here.is_dir() {
        return Ok(());
    }
    for (name, path) in entries(here)? {
        let shown = !is_hidden(&name) || part.starts_with(['.', '_']);
        let path = if folder.as_os_str().is_empty() {
            PathBuf::from(&name)
        } else {
            path
        };
        if *part == "**" {
            if shown && path.is_dir() {
                matching(&path, parts, found)?;
            }
        } else if shown && matches_part(part.as_bytes(), name.as_bytes()) {
            matching(&path, rest, found)?;
        }
    }
    Ok(())
}

/// Whether a name matches a pattern of `*`, `?`, `[abc]`, `[a-z]` and `[!a]`.
fn matches_part(pattern: &[u8], name: &[u8]) -> bool {
    match (pattern.split_first(), name.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), _) => (0..=name.len()).any(|from| matches_part(rest, &name[from..])),
        (Some((b'?', rest)), Some((_, name))) => matches_part(rest, name),
        (Some((b'[', rest)), Some((&byte, name_rest))) => {
            let Some(end) = rest.iter().skip(1).position(|&byte| byte == b']') else {
                return byte == b'[' && matches_part(rest, name_rest);
            };
            let (set, rest) = (&rest[..=end], &rest[end + 2..]);
            let (set, inside) = match set {
                [b'!' | b'^', set @ ..] if !set.is_empty() => (set, false),
                _ => (set, true),
            };
            in_set(set, byte) == inside && matches_part(rest, name_rest)
        }
        (Some((a, rest)), Some((b, name))) => a == b && matches_part(rest, name),
        _ => false,
    }
}

fn in_set(set: &[u8], byte: u8) -> bool {
    match set {
        [low, b'-', high, rest @ ..] => (low..=high).contains(&&byte) || in_set(rest, byte),
        [one, rest @ ..] => *one == byte || in_set(rest, byte),
        [] => false,
    }
}

/// The order of names in which numbers count as numbers.
fn natural(a: &str, b: &str) -> Ordering {
    let (mut a_rest, mut b_rest) = (a, b);
    loop {
        let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
        let (a_digits, b_digits) = (digits(a_rest), digits(b_rest));
        if a_digits > 0 && b_digits > 0 {
            let (a_number, b_number) = (&a_rest[..a_digits], &b_rest[..b_digits]);
            let (a_short, b_short) = (
                a_number.trim_start_matches('0'),
                b_number.trim_start_matches('0'),
            );
            let order = a_short.len().cmp(&b_short.len()).then(a_short.cmp(b_short));
            if order != Ordering::Equal {
                return order;
            }
            (a_rest, b_rest) = (&a_rest[a_digits..], &b_rest[b_digits..]);
            continue;
        }
        match (a_rest.chars().next(), b_rest.chars().next()) {
            (Some(x), Some(y)) if x == y => {
                (a_rest, b_rest) = (&a_rest[x.len_utf8()..], &b_rest[y.len_utf8()..]);
            }
            // A folder comes before names that go on where its name ends.
            (x, y) => {
                let rank = |c: Option<char>| c.map(|c| (c != '/', c));
                return rank(x).cmp(&rank(y)).then_with(|| a.cmp(b));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_names_count_as_numbers() {
        let mut names = [
            "part-10.csv",
            "part-2.csv",
            "part-02b.csv",
            "a/9",
            "a/10",
            "part.csv",
        ];
        names.sort_by(|a, b| natural(a, b));
        assert_eq!(
            names,
            [
                "a/9",
                "a/10",
                "part-2.csv",
                "part-02b.csv",
                "part-10.csv",
                "part.csv"
            ]
        );
    }

    #[test]
    fn patterns_match_as_in_a_shell() {
        for (pattern, name, expected) in [
            ("*.csv", "a.csv", true),
            ("*.csv", "a.csv.gz", false),
            ("part-?.csv", "part-1.csv", true),
            ("part-?.csv", "part-10.csv", false),
            ("[ab]*", "b1", true),
            ("[!ab]*", "b1", false),
            ("[a-c]", "b", true),
            ("*a*b", "xaxb", true),
            ("[", "[", true),
        ] {
            assert_eq!(
                matches_part(pattern.as_bytes(), name.as_bytes()),
                expected,
                "{pattern} {name}"
            );
        }
    }

    #[test]
    fn folders_give_columns() {
        assert_eq!(
            columns(Path::new(
                "v/year=2020/town=S%C3%A3o%20Paulo/x=__HIVE_DEFAULT_PARTITION__/=2"
            )),
            [
                ("year".to_owned(), Some("2020".to_owned())),
                ("town".to_owned(), Some("São Paulo".to_owned())),
                ("x".to_owned(), None),
            ]
        );
    }

    #[test]
    fn folders_and_patterns_stand_for_their_tables() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for name in [
            "v/year=2021/part-10.csv",
            "v/year=2021/part-2.csv",
            "v/year=2020/part-1.csv",
            "v/_SUCCESS",
            "v/.part-1.crc",
            "v/year=2020/_meta/x.json",
        ] {
            fs::create_dir_all(path(name).parent().unwrap()).unwrap();
            fs::write(path(name), "a\n1\n").unwrap();
        }
        fs::write(path("v/year=2020/empty.csv"), "").unwrap();
        let names = |pattern: &str| -> Result<Vec<String>, ReadError> {
            let files = expand(&[&path(pattern)])?;
            let short = |file: &TableFile| {
                let short = file.path.strip_prefix(folder.path()).unwrap();
                format!("{} {}", short.display(), file.columns.len())
            };
            Ok(files.iter().map(short).collect())
        };
        let all = [
            "v/year=2020/part-1.csv 1",
            "v/year=2021/part-2.csv 1",
            "v/year=2021/part-10.csv 1",
        ];
        for pattern in ["v", "v/*/*.csv", "v/**/part-*.csv", "v/year=*"] {
            let found = names(pattern).unwrap();
            let expected: &[&str] = if pattern == "v/*/*.csv" {
                &["v/year=2020/empty.csv 1", all[0], all[1], all[2]]
            } else {
                &all
            };
            assert_eq!(found, expected, "{pattern}");
        }
        assert!(matches!(
            names("v/*.tsv"),
            Err(ReadError::NoFiles { folder: false, .. })
        ));
        fs::write(path("v/README.md"), "text").unwrap();
        let error = names("v").unwrap_err().to_string();
        assert!(
            error.contains("README.md is no table by its ending"),
            "{error}"
        );
    }
}
