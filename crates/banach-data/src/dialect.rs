//! How a text file is cut into lines and cells.

use std::fmt;
use std::str::FromStr;

/// How a text file is cut into lines and cells. What is `None` is found out from the file; what is
/// given is taken as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dialect {
    /// What stands between the values of a row.
    pub delimiter: Option<Delimiter>,
    /// The character around values that hold delimiters or line breaks.
    pub quote: Option<Mark>,
    /// The character that takes the special meaning from the one after it. A quote inside a quoted
    /// value can be doubled as well.
    pub escape: Option<Mark>,
    /// The character at the beginning of lines that are no rows.
    pub comment: Option<Mark>,
    /// Lines above the header, or above the first row when there is no header.
    pub skip_lines: Option<u64>,
    /// Whether the first row has the names of the columns. Without names they are `c0`, `c1`, ..
    pub header: Option<Header>,
    /// Name of the encoding, as in the WHATWG Encoding Standard: `utf-8`, `windows-1252`,
    /// `utf-16le`, `shift_jis`, ..
    pub encoding: Option<String>,
}

/// What stands between the values of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delimiter {
    /// One ASCII character.
    Character(u8),
    /// One or more blanks or tabs; those at the ends of a line do not count.
    Blanks,
    /// Nothing: a line is one value.
    Absent,
}

/// A character with a special meaning, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// One ASCII character.
    Character(u8),
    /// No character has this meaning.
    Absent,
}

impl Mark {
    /// The character, if there is one.
    #[must_use]
    pub fn character(self) -> Option<u8> {
        match self {
            Self::Character(byte) => Some(byte),
            Self::Absent => None,
        }
    }
}

/// Whether the first row has the names of the columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Header {
    /// It has.
    Present,
    /// It is a row like the others.
    Absent,
}

/// A text that names no delimiter, or no other special character.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{allowed}, got {got:?}")]
pub struct DialectError {
    allowed: &'static str,
    got: String,
}

/// The one character that a text names: itself, or `tab` and the usual ways to write control
/// characters (`\t`, `\x01`).
fn character(text: &str) -> Option<u8> {
    let byte = match text {
        "tab" | "\\t" => b'\t',
        _ => match (text.as_bytes(), text.strip_prefix("\\x")) {
            (&[byte], _) => byte,
            (_, Some(digits)) if digits.len() == 2 => u8::from_str_radix(digits, 16).ok()?,
            _ => return None,
        },
    };
    let special = byte.is_ascii() && !byte.is_ascii_alphanumeric();
    (special && !matches!(byte, 0 | b'\n' | b'\r')).then_some(byte)
}

impl FromStr for Delimiter {
    type Err = DialectError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "none" => return Ok(Self::Absent),
            "blank" | "blanks" | " " => return Ok(Self::Blanks),
            _ => {}
        }
        let error = || DialectError {
            allowed: "a delimiter is one ASCII character that is no letter or digit, or one of the words tab, blank and none",
            got: text.to_owned(),
        };
        character(text).map(Self::Character).ok_or_else(error)
    }
}

impl FromStr for Mark {
    type Err = DialectError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "none" {
            return Ok(Self::Absent);
        }
        let error = || DialectError {
            allowed: "allowed are one ASCII character that is no letter or digit, and the word none",
            got: text.to_owned(),
        };
        character(text).map(Self::Character).ok_or_else(error)
    }
}

impl fmt::Display for Delimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Character(byte) => write!(f, "{:?}", char::from(*byte)),
            Self::Blanks => f.write_str("blanks"),
            Self::Absent => f.write_str("none"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delimiters_are_characters_or_words() {
        let cases = [
            (";", Some(Delimiter::Character(b';'))),
            ("tab", Some(Delimiter::Character(b'\t'))),
            ("\\t", Some(Delimiter::Character(b'\t'))),
            ("\t", Some(Delimiter::Character(b'\t'))),
            ("\\x01", Some(Delimiter::Character(1))),
            ("blank", Some(Delimiter::Blanks)),
            (" ", Some(Delimiter::Blanks)),
            ("none", Some(Delimiter::Absent)),
            ("", None),
            ("a", None),
            ("::", None),
            ("\n", None),
            ("é", None),
        ];
        for (text, expected) in cases {
            assert_eq!(text.parse::<Delimiter>().ok(), expected, "{text:?}");
        }
        let error = "ab".parse::<Delimiter>().unwrap_err().to_string();
        assert!(
            error.ends_with("tab, blank and none, got \"ab\""),
            "{error}"
        );
    }

    #[test]
    fn marks_are_characters_or_none() {
        assert_eq!("'".parse(), Ok(Mark::Character(b'\'')));
        assert_eq!("none".parse(), Ok(Mark::Absent));
        assert_eq!(Mark::Absent.character(), None);
        assert!("ab".parse::<Mark>().is_err());
    }
}
