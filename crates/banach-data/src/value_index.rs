//! Finds a category or class by its text, and by its value where the text is written in another way.

use std::collections::HashMap;

use crate::scalar::{parse_boolean, parse_date_time, write_date_time};

/// The codes of known texts.
///
/// A text that is known has its own code: `0071` and `71` are two. One that is not known has the code of the
/// only known text of the same value: the integer 71 of a Parquet file is the `71` or `71.0` of a CSV file,
/// and `True` is `true`.
#[derive(Debug, Clone, Default)]
pub(crate) struct ValueIndex {
    by_text: HashMap<String, u32>,
    /// By the form that all spellings of a value share; `None` where several texts have it.
    by_value: HashMap<String, Option<u32>>,
}

impl ValueIndex {
    pub(crate) fn new<'a>(texts: impl IntoIterator<Item = (&'a str, u32)>) -> Self {
        let mut index = Self::default();
        let mut form = String::new();
        for (text, code) in texts {
            index.by_text.insert(text.to_owned(), code);
            if common_form(text, &mut form) {
                let several = index.by_value.contains_key(&form);
                let code = (!several).then_some(code);
                index.by_value.insert(form.clone(), code);
            }
        }
        index
    }

    /// The code of a text; `form` is memory for the work.
    pub(crate) fn find(&self, text: &str, form: &mut String) -> Option<u32> {
        let exact = self.by_text.get(text).copied();
        exact.or_else(|| {
            common_form(text, form)
                .then(|| self.by_value.get(form.as_str()).copied().flatten())
                .flatten()
        })
    }
}

/// Writes the form that all spellings of a number, time or boolean share; false for other texts.
///
/// Numbers keep all their digits: identifiers above 2^53 are not taken for each other.
fn common_form(text: &str, out: &mut String) -> bool {
    out.clear();
    let bytes = text.as_bytes();
    match bytes.first() {
        Some(b'0'..=b'9' | b'+' | b'-' | b'.') => {
            if write_digits(bytes, out) {
                return true;
            }
            if let Some((seconds, _)) = parse_date_time(bytes) {
                out.clear();
                return write_date_time(out, seconds).is_ok();
            }
            false
        }
        Some(b't' | b'T' | b'f' | b'F') => {
            let Some((value, _)) = parse_boolean(bytes) else {
                return false;
            };
            out.push_str(if value { "true" } else { "false" });
            true
        }
        _ => false,
    }
}

/// Writes a decimal number as its digits and a power of ten: `-1.50` is `-15e-1`.
fn write_digits(text: &[u8], out: &mut String) -> bool {
    let (negative, mut rest) = match text.first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    if negative {
        out.push('-');
    }
    let start = out.len();
    let (mut n_digits, mut point, mut exponent) = (0, false, 0_i64);
    while let Some((&byte, tail)) = rest.split_first() {
        match byte {
            b'0'..=b'9' => {
                n_digits += 1;
                exponent -= i64::from(point);
                if byte != b'0' || out.len() > start {
                    out.push(char::from(byte));
                }
            }
            b'.' if !point => point = true,
            _ => break,
        }
        rest = tail;
    }
    if n_digits == 0 {
        return false;
    }
    match rest {
        [] => {}
        [b'e' | b'E', power @ ..] => {
            let power = std::str::from_utf8(power).ok();
            let Some(power) = power.and_then(|power| power.parse::<i32>().ok()) else {
                return false;
            };
            exponent += i64::from(power);
        }
        _ => return false,
    }
    if out.len() == start {
        out.clear();
        out.push('0');
        return true;
    }
    while out.ends_with('0') {
        out.pop();
        exponent += 1;
    }
    // The buffer is as long as the text, but for the exponent; to write it without formatting keeps
    // single rows free of allocations once the buffer has grown.
    out.push('e');
    if exponent < 0 {
        out.push('-');
    }
    let digits_start = out.len();
    let mut size = exponent.unsigned_abs();
    loop {
        out.insert(digits_start, char::from(b'0' + (size % 10) as u8));
        size /= 10;
        if size == 0 {
            return true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(text: &str) -> Option<String> {
        let mut out = String::new();
        common_form(text, &mut out).then_some(out)
    }

    #[test]
    fn spellings_of_one_value_share_a_form() {
        for (texts, expected) in [
            (
                &["71", "071", "71.0", "+71", "7.1e1", "710e-1"][..],
                Some("71e0"),
            ),
            (&["-1.50", "-1.5", "-15E-1"], Some("-15e-1")),
            (&["0", "-0", "0.00", "000"], Some("0")),
            (&["12000", "12E3", "12e+3"], Some("12e3")),
            (&["1234567890123456789"], Some("1234567890123456789e0")),
            (&["true", "True", "TRUE"], Some("true")),
            (&["2020-01-01", "2020-01-01T00:00:00Z"], Some("2020-01-01")),
            (&["", "x", "1.2.3", "1e", "-", "0x10", "1 2", "truth"], None),
        ] {
            for text in texts {
                assert_eq!(form(text).as_deref(), expected, "{text}");
            }
        }
    }

    #[test]
    fn own_texts_come_first_and_values_decide_only_where_they_are_one() {
        let index = ValueIndex::new([("71", 1), ("0071", 2), ("5.0", 3), ("True", 4), ("b", 5)]);
        let mut memory = String::new();
        let mut find = |text| index.find(text, &mut memory);
        assert_eq!((find("71"), find("0071")), (Some(1), Some(2)));
        assert_eq!((find("71.0"), find("00071")), (None, None));
        assert_eq!(
            (find("5"), find("true"), find("b"), find("B")),
            (Some(3), Some(4), Some(5), None)
        );
    }
}
