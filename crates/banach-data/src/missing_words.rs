//! Words that stand for a value that is not there.

use serde::{Deserialize, Serialize};

use crate::scalar::parse_number;

/// Which texts of a column mean that there is no value. Blank cells always do.
///
/// The usual words are, in any case: `n/a`, `#n/a`, `#na`, `<na>`, `nan`, `null`, `none`, `nat`, `?`,
/// `\N`, the not-a-numbers of C (`1.#qnan`, `-1.#ind`, `nan(ind)`) and the errors of spreadsheets
/// (`#div/0!`, `#value!`, `#ref!`, `#name?`, `#num!`, `#null!`); and `NA` in capitals. In a column that
/// otherwise holds numbers, times or booleans, further words count that could be categories elsewhere:
/// `na`, `-`, `--`, `.`, `*`, `missing`, `unknown` and the like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MissingWords {
    /// Whether the usual words count.
    usual: bool,
    /// Further words, as they are written in cells.
    words: Vec<String>,
}

impl Default for MissingWords {
    fn default() -> Self {
        Self {
            usual: true,
            words: Vec::new(),
        }
    }
}

/// Usual words in lower case, for any column.
const USUAL: [&str; 24] = [
    "?",
    "n/a",
    "#n/a",
    "#n/a n/a",
    "#na",
    "<na>",
    "nan",
    "-nan",
    "+nan",
    "null",
    "<null>",
    "(null)",
    "[null]",
    "none",
    "nat",
    "\\n",
    "1.#qnan",
    "-1.#qnan",
    "1.#ind",
    "-1.#ind",
    "nan(ind)",
    "-nan(ind)",
    "#null!",
    "#error!",
];

/// What spreadsheets show where a formula failed, in lower case.
const SPREADSHEET_ERRORS: [&str; 6] = ["#div/0!", "#value!", "#ref!", "#name?", "#num!", "#spill!"];

/// Words in lower case that mean a missing value among numbers, times and booleans only.
const USUAL_AMONG_NUMBERS: [&str; 32] = [
    "-",
    "--",
    "---",
    "–",
    "—",
    ".",
    "..",
    "...",
    "*",
    "#",
    "na",
    "n.a.",
    "n.a",
    "n.d.",
    "nd",
    "nil",
    "missing",
    "<missing>",
    "(missing)",
    "unknown",
    "unk",
    "undefined",
    "not available",
    "not applicable",
    "no data",
    "nodata",
    "no value",
    "empty",
    "(empty)",
    "blank",
    "(blank)",
    "void",
];

/// Longer than every usual word.
const LONGEST: usize = 16;

impl MissingWords {
    /// The usual words and others.
    #[must_use]
    pub fn usual_and(words: Vec<String>) -> Self {
        Self { usual: true, words }
    }

    /// These words and no others; with none, only blank cells are missing.
    #[must_use]
    pub fn only(words: Vec<String>) -> Self {
        Self {
            usual: false,
            words,
        }
    }

    /// These words and those of another list; the usual ones count only if they do in both.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.usual &= other.usual;
        self.words.extend(other.words);
        self
    }

    /// Whether the usual words count, and no others.
    #[must_use]
    pub fn is_usual(&self) -> bool {
        self.usual && self.words.is_empty()
    }

    /// Whether a cell's text, without surrounding blanks, means a missing value in any column.
    pub(crate) fn contains(&self, cell: &[u8]) -> bool {
        cell.is_empty()
            || self.usual && is_usual(cell)
            || self.words.iter().any(|word| word.as_bytes() == cell)
    }

    /// As [`MissingWords::contains`], for a column of numbers, times or booleans.
    pub(crate) fn contains_among_numbers(&self, cell: &[u8]) -> bool {
        self.contains(cell) || self.usual && is_one_of(cell, &USUAL_AMONG_NUMBERS)
    }

    /// Whether a number is one of the words, such as -999.
    pub(crate) fn contains_number(&self, value: f64) -> bool {
        let equal = |word: &String| parse_number(word.as_bytes()) == Some(value);
        self.words.iter().any(equal)
    }

    /// Whether some of the words could be taken for values.
    pub(crate) fn has_own_words(&self) -> bool {
        !self.words.is_empty()
    }
}

fn is_usual(cell: &[u8]) -> bool {
    cell == b"NA" || is_one_of(cell, &USUAL) || is_one_of(cell, &SPREADSHEET_ERRORS)
}

fn is_one_of(cell: &[u8], words: &[&str]) -> bool {
    cell.len() <= LONGEST
        && words
            .iter()
            .any(|word| word.as_bytes().eq_ignore_ascii_case(cell))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_words_count_in_any_case_and_some_among_numbers_only() {
        let usual = MissingWords::default();
        for word in [
            "", "NA", "n/a", "N/A", "#N/A", "#NA", "<NA>", "-nan", "NULL", "Null", "NaT", "\\N",
            "1.#QNAN", "-1.#IND", "None", "?", "#DIV/0!", "nan",
        ] {
            assert!(usual.contains(word.as_bytes()), "{word}");
            assert!(usual.contains_among_numbers(word.as_bytes()), "{word}");
        }
        for word in ["na", "-", ".", "Unknown", "n.a.", "—", "not applicable"] {
            assert!(!usual.contains(word.as_bytes()), "{word}");
            assert!(usual.contains_among_numbers(word.as_bytes()), "{word}");
        }
        for word in ["Nope", "0", "nano", "12", "x", "unknown species"] {
            assert!(!usual.contains_among_numbers(word.as_bytes()), "{word}");
        }
        assert!(
            USUAL_AMONG_NUMBERS
                .iter()
                .chain(&USUAL)
                .all(|word| word.len() <= LONGEST)
        );
    }

    #[test]
    fn words_are_added_or_take_the_place_of_the_usual_ones() {
        let added = MissingWords::usual_and(vec!["-999".to_owned(), "Keine".to_owned()]);
        assert!(added.contains(b"NA") && added.contains(b"Keine") && !added.contains(b"keine"));
        assert!(added.contains_number(-999.0) && !added.contains_number(999.0));
        let only = MissingWords::only(vec!["x".to_owned()]);
        assert!(only.contains(b"x") && only.contains(b"") && !only.contains(b"NA"));
        assert!(!only.contains_among_numbers(b"-"));
        assert!(!MissingWords::only(vec![]).contains(b"None"));
    }
}
