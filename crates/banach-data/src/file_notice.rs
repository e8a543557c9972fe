//! What a reader found in a file and settled by itself.

use std::fmt;

use crate::dialect::Delimiter;

/// Lines that a notice lists before it gives their number only.
const MAX_LISTED: usize = 3;

/// Numbers of lines, counted from 1: the first few of them, and how many there are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lines {
    /// The first few.
    pub first: Vec<u64>,
    /// How many there are.
    pub count: u64,
}

impl Lines {
    /// Adds a line.
    pub fn push(&mut self, line: u64) {
        if self.first.len() < MAX_LISTED {
            self.first.push(line);
        }
        self.count += 1;
    }
}

impl fmt::Display for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.count == 1 { "line " } else { "lines " })?;
        let more = self.count - self.first.len() as u64;
        for (at, line) in self.first.iter().enumerate() {
            let last = at + 1 == self.first.len() && more == 0;
            let between = match at {
                0 => "",
                _ if last => " and ",
                _ => ", ",
            };
            write!(f, "{between}{line}")?;
        }
        match more {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

/// Something about a file that is not as in most files, and how it was read. No cell is lost without
/// one of these.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileNotice {
    /// The delimiter is an unusual one.
    Delimiter {
        /// The file.
        file: String,
        /// What was taken for the delimiter.
        delimiter: Delimiter,
    },
    /// More than one delimiter cuts all rows alike.
    DelimiterTie {
        /// The file.
        file: String,
        /// What was taken for the delimiter.
        delimiter: Delimiter,
        /// What could have been taken.
        other: Delimiter,
    },
    /// There is one column, although its name looks like several.
    OneColumn {
        /// The file.
        file: String,
        /// The name.
        name: String,
    },
    /// Quotes are not double quotes.
    Quote {
        /// The file.
        file: String,
        /// The character.
        quote: char,
    },
    /// A character escapes quotes and delimiters.
    Escape {
        /// The file.
        file: String,
        /// The character.
        escape: char,
    },
    /// The text is not UTF-8.
    Encoding {
        /// The file.
        file: String,
        /// The encoding.
        encoding: &'static str,
        /// The first line with a character that shows it; `None` when the file begins with a mark,
        /// or with bytes, that do.
        line: Option<u64>,
    },
    /// Lines above the header were left out.
    LinesAboveHeader {
        /// The file.
        file: String,
        /// How many, blank ones among them.
        count: u64,
        /// Beginning of the first of them.
        first: String,
    },
    /// Comments among the rows were left out.
    Comments {
        /// The file.
        file: String,
        /// The character they begin with.
        mark: char,
        /// Where they are.
        lines: Lines,
    },
    /// The header stands among the rows again.
    RepeatedHeader {
        /// The file.
        file: String,
        /// Where.
        lines: Lines,
    },
    /// The first row looks like the others, so that columns got names.
    NoHeader {
        /// The file.
        file: String,
        /// What the names would have been.
        first_row: Vec<String>,
    },
    /// The first row is taken for names although its cells are numbers.
    NumericNames {
        /// The file.
        file: String,
        /// The names.
        names: Vec<String>,
    },
    /// The rows have a value more than the header has names, as R writes them.
    RowNames {
        /// The file.
        file: String,
        /// The name that the first column got.
        column: String,
    },
    /// Rows end with a delimiter, after which nothing follows.
    TrailingDelimiter {
        /// The file.
        file: String,
        /// The delimiter.
        delimiter: Delimiter,
    },
    /// A line after the last row is no row.
    Footer {
        /// The file.
        file: String,
        /// Where.
        line: u64,
        /// The line.
        text: String,
    },
    /// Bytes after the end of the packed data were left out.
    TrailingBytes {
        /// The file.
        file: String,
        /// How it is packed.
        format: &'static str,
    },
    /// A folder of the path names a column.
    FolderColumn {
        /// The first file.
        file: String,
        /// The column.
        column: String,
    },
}

/// The first few of some names, quoted.
fn listed(names: &[String]) -> String {
    let mut text: Vec<String> = names
        .iter()
        .take(6)
        .map(|name| format!("{name:?}"))
        .collect();
    if names.len() > 6 {
        text.push("..".to_owned());
    }
    text.join(", ")
}

impl fmt::Display for FileNotice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Delimiter { file, delimiter } => {
                write!(f, "{file}: values are taken to be separated by {delimiter}")
            }
            Self::DelimiterTie {
                file,
                delimiter,
                other,
            } => write!(
                f,
                "{file}: both {delimiter} and {other} cut all rows alike; {delimiter} was taken for the delimiter, as its values make more sense"
            ),
            Self::OneColumn { file, name } => write!(
                f,
                "{file} is taken to have one column, {name:?}: no delimiter was found that cuts all its rows alike"
            ),
            Self::Quote { file, quote } => {
                write!(f, "{file}: values are taken to be quoted with {quote:?}")
            }
            Self::Escape { file, escape } => write!(
                f,
                "{file}: {:?} is taken to escape quotes and delimiters",
                escape
            ),
            Self::Encoding {
                file,
                encoding,
                line: None,
            } => write!(f, "{file} is read as {encoding} text"),
            Self::Encoding {
                file,
                encoding,
                line: Some(line),
            } => write!(
                f,
                "{file} is not UTF-8 text (line {line}); it is read as {encoding}"
            ),
            Self::LinesAboveHeader { file, count, first } => {
                let (lines, are) = if *count == 1 {
                    ("line", "is")
                } else {
                    ("lines", "are")
                };
                write!(
                    f,
                    "{file}: the first {count} {lines} {are} above the table and not read, beginning with {first:?}"
                )
            }
            Self::Comments { file, mark, lines } => write!(
                f,
                "{file}: {lines} {} with {mark:?} and {} not read",
                if lines.count == 1 { "begins" } else { "begin" },
                if lines.count == 1 { "is" } else { "are" },
            ),
            Self::RepeatedHeader { file, lines } => write!(
                f,
                "{file}: {lines} {} the header and {} not read",
                if lines.count == 1 {
                    "repeats"
                } else {
                    "repeat"
                },
                if lines.count == 1 { "is" } else { "are" },
            ),
            Self::NoHeader { file, first_row } => write!(
                f,
                "{file} seems to have no header, as its first row looks like the others ({}); its columns are named c0 to c{}",
                listed(first_row),
                first_row.len().saturating_sub(1)
            ),
            Self::NumericNames { file, names } => write!(
                f,
                "{file}: the first row is taken for the header, although its names are numbers: {}",
                listed(names)
            ),
            Self::RowNames { file, column } => write!(
                f,
                "{file}: every row has one value more than the header has names, as R writes row names; the first column is named {column:?}"
            ),
            Self::TrailingDelimiter { file, delimiter } => write!(
                f,
                "{file}: every row ends with {delimiter}; the empty column after it is not read"
            ),
            Self::Footer { file, line, text } => write!(
                f,
                "{file}: the last line ({line}) is no row and not read: {text:?}"
            ),
            Self::TrailingBytes { file, format } => write!(
                f,
                "{file}: the bytes after the end of its {format} data are not read"
            ),
            Self::FolderColumn { file, column } => write!(
                f,
                "column {column:?} comes from the names of folders, as in {file}"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_listed_up_to_three() {
        let mut lines = Lines::default();
        let mut texts = Vec::new();
        for line in [4, 9, 12, 20, 31] {
            lines.push(line);
            texts.push(lines.to_string());
        }
        assert_eq!(
            texts,
            [
                "line 4",
                "lines 4 and 9",
                "lines 4, 9 and 12",
                "lines 4, 9, 12 and 1 more",
                "lines 4, 9, 12 and 2 more"
            ]
        );
    }

    #[test]
    fn notices_name_file_and_facts() {
        let file = || "t.csv".to_owned();
        let lines = Lines {
            first: vec![7],
            count: 1,
        };
        let cases = [
            (
                FileNotice::RepeatedHeader {
                    file: file(),
                    lines: lines.clone(),
                },
                "t.csv: line 7 repeats the header and is not read",
            ),
            (
                FileNotice::Comments {
                    file: file(),
                    mark: '#',
                    lines,
                },
                "t.csv: line 7 begins with '#' and is not read",
            ),
            (
                FileNotice::NoHeader {
                    file: file(),
                    first_row: vec!["1.5".into(), "yes".into()],
                },
                "t.csv seems to have no header, as its first row looks like the others (\"1.5\", \"yes\"); its columns are named c0 to c1",
            ),
            (
                FileNotice::TrailingDelimiter {
                    file: file(),
                    delimiter: Delimiter::Character(b';'),
                },
                "t.csv: every row ends with ';'; the empty column after it is not read",
            ),
        ];
        for (notice, text) in cases {
            assert_eq!(notice.to_string(), text);
        }
    }
}
