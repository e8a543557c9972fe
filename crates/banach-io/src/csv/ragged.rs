//! Why a row has more or fewer values than the others.

use std::fmt;

use banach_data::Delimiter;

/// The likely cause of a row of another length.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RaggedCause {
    /// A value with the delimiter in it has no quotes.
    UnquotedDelimiter {
        /// The delimiter.
        delimiter: Delimiter,
    },
    /// A value in quotes goes over several lines.
    OpenQuote {
        /// Lines that the row takes.
        lines: u64,
    },
    /// Another delimiter makes as many values as there are names.
    OtherDelimiter {
        /// That delimiter.
        delimiter: Delimiter,
    },
    /// Two files were joined without a line break.
    JoinedFiles,
    /// The header is further down.
    OtherHeader {
        /// Its line.
        line: u64,
        /// Lines above it.
        lines_above: u64,
    },
    /// The last line is no row, or cut off.
    LastLine,
    /// The values after a delimiter at the end of the line belong to no name.
    UnnamedColumn,
    /// Values are missing.
    MissingValues,
}

impl fmt::Display for RaggedCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnquotedDelimiter { delimiter } => {
                write!(f, "quote values that contain the delimiter {delimiter}")
            }
            Self::OpenQuote { lines } => write!(
                f,
                "a quoted value makes it {lines} lines long: is a quote left open?"
            ),
            Self::OtherDelimiter { delimiter } => write!(
                f,
                "cut at {delimiter} it has as many: does the delimiter change here?"
            ),
            Self::JoinedFiles => f.write_str(
                "it ends with the header: put a line break where the files were joined",
            ),
            Self::OtherHeader { line, .. } => {
                write!(f, "the header seems to be line {line}")
            }
            Self::LastLine => f.write_str(
                "it is the last line: remove it if it is no row; is the file cut off?",
            ),
            Self::UnnamedColumn => f.write_str(
                "every line before it ends with a delimiter and no value: give the last column a name",
            ),
            Self::MissingValues => f.write_str("are values missing?"),
        }
    }
}

/// Whether a line after the last row only says how many rows there are.
pub(super) fn is_footer(line: &[u8]) -> bool {
    let text = String::from_utf8_lossy(line).trim().to_ascii_lowercase();
    let text = text.trim_matches(|c| matches!(c, '(' | ')' | '"' | '-' | '*' | '#' | ' ' | '.'));
    let words: Vec<&str> = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    let counted = |word: &&str| {
        matches!(
            *word,
            "row"
                | "rows"
                | "record"
                | "records"
                | "line"
                | "lines"
                | "total"
                | "count"
                | "selected"
                | "affected"
                | "returned"
                | "exported"
                | "number"
                | "of"
                | "in"
                | "set"
                | "fetched"
        )
    };
    let number = |word: &&str| word.bytes().all(|byte| byte.is_ascii_digit());
    let end = matches!(
        words[..],
        ["end", "of", "file" | "data" | "report" | "table"] | ["eof"]
    );
    let count = words.iter().any(number)
        && words.iter().any(counted)
        && words.iter().all(|word| number(word) || counted(word));
    end || count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn footers_count_rows_or_say_that_the_file_ends() {
        for (line, expected) in [
            ("Total rows: 260", true),
            ("(260 rows)", true),
            ("260 rows selected.", true),
            ("Number of records: 5", true),
            ("-- end of file --", true),
            ("EOF", true),
            ("'", false),
            ("260", false),
            ("total", false),
            ("Row house in London", false),
            ("", false),
        ] {
            assert_eq!(is_footer(line.as_bytes()), expected, "{line:?}");
        }
    }
}
