//! One meaning for each cell, whatever text or storage type it comes from.
//!
//! All readers go through this file, so that `1.5` in a CSV file, the text `1.5` in a Parquet file
//! and the number 1.5 in an Arrow column are the same value, bit for bit.

use std::borrow::Cow;
use std::fmt::{self, Write};

use chrono::{DateTime, NaiveDate};

/// The meaning of one cell.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Scalar<'a> {
    /// No value: blank, `NA`, `N/A`, `NaN`, `nan`, `null`, `NULL`, `None`, `none`, `?`, an Arrow
    /// null, a NaN or an infinity.
    Missing,
    /// `true` or `false`, in any case.
    Boolean(bool),
    /// A finite decimal number.
    Number(f64),
    /// Seconds since 1970-01-01T00:00:00 UTC.
    DateTime(f64),
    /// Anything else, without surrounding blanks.
    Text(&'a str),
}

/// A cell that is neither a number nor UTF-8 text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotUtf8;

impl<'a> Scalar<'a> {
    /// The meaning of a cell's text.
    ///
    /// Surrounding ASCII blanks do not count. Numbers are decimal, with an optional sign and
    /// exponent; hexadecimal is text. Dates and times are ISO 8601: `2026-01-31`, or with `T` or a
    /// blank and `12:30`, `12:30:59`, `12:30:59.25`, and an optional `Z` or offset `+01:00`.
    #[must_use]
    pub fn parse(text: &'a str) -> Self {
        Self::parse_bytes(text.as_bytes()).unwrap_or(Self::Missing)
    }

    pub(crate) fn parse_bytes(bytes: &'a [u8]) -> Result<Self, NotUtf8> {
        let cell = bytes.trim_ascii();
        let Some(&first) = cell.first() else {
            return Ok(Self::Missing);
        };
        if matches!(first, b'0'..=b'9' | b'+' | b'-' | b'.') {
            if let Some(value) = parse_number(cell) {
                return Ok(Self::number(value));
            }
            if let Some(seconds) = parse_date_time(cell) {
                return Ok(Self::DateTime(seconds));
            }
        }
        if is_missing_token(cell) {
            return Ok(Self::Missing);
        }
        if cell.eq_ignore_ascii_case(b"true") {
            return Ok(Self::Boolean(true));
        }
        if cell.eq_ignore_ascii_case(b"false") {
            return Ok(Self::Boolean(false));
        }
        match std::str::from_utf8(cell) {
            Ok(text) => Ok(Self::Text(text)),
            Err(_) => Err(NotUtf8),
        }
    }

    /// A number, or missing when it is not finite. Minus zero is zero.
    #[must_use]
    pub fn number(value: f64) -> Self {
        if value.is_finite() {
            Self::Number(value + 0.0)
        } else {
            Self::Missing
        }
    }

    /// A 32-bit number as the decimal it prints as: 0.1f32 is the number 0.1.
    ///
    /// A table stored in 32 bits then equals the CSV file printed from it.
    #[must_use]
    pub fn number_f32(value: f32) -> Self {
        Self::number(widen(value))
    }

    /// The same cell with its meaning found: text means what it means in a file ([`Scalar::parse`]),
    /// and numbers and times that are not finite are missing.
    #[must_use]
    pub fn canonical(self) -> Self {
        match self {
            Self::Number(value) => Self::number(value),
            Self::DateTime(seconds) if !seconds.is_finite() => Self::Missing,
            Self::Text(text) => Self::parse(text),
            other => other,
        }
    }

    /// The canonical text of the value, by which categories and classes are known; `None` when
    /// missing. Parsing it gives the same canonical text again.
    #[must_use]
    pub fn key(&self) -> Option<Cow<'a, str>> {
        match *self {
            Self::Missing => None,
            Self::Boolean(value) => Some(Cow::Borrowed(if value { "true" } else { "false" })),
            Self::Text(text) => Some(Cow::Borrowed(text)),
            Self::Number(value) => Some(Cow::Owned(format_number(value))),
            Self::DateTime(seconds) => Some(Cow::Owned(format_date_time(seconds))),
        }
    }

    /// As [`Scalar::key`], with `buffer` for text that must be made.
    pub(crate) fn key_in<'b>(&self, buffer: &'b mut String) -> Option<&'b str>
    where
        'a: 'b,
    {
        buffer.clear();
        let written = match *self {
            Self::Missing => return None,
            Self::Boolean(value) => return Some(if value { "true" } else { "false" }),
            Self::Text(text) => return Some(text),
            Self::Number(value) => write_number(buffer, value),
            Self::DateTime(seconds) => write_date_time(buffer, seconds),
        };
        // Writing to a string fails only if what is written cannot be printed.
        written.ok().map(|()| buffer.as_str())
    }
}

fn is_missing_token(cell: &[u8]) -> bool {
    match cell.len() {
        1 => cell == b"?",
        2 => cell == b"NA",
        3 => matches!(cell, b"N/A" | b"NaN" | b"nan") || is_infinity(cell),
        4 => matches!(cell, b"null" | b"NULL" | b"None" | b"none") || is_infinity(cell),
        8 | 9 => is_infinity(cell),
        _ => false,
    }
}

fn is_infinity(cell: &[u8]) -> bool {
    let word = match cell.first() {
        Some(b'+' | b'-') => &cell[1..],
        _ => cell,
    };
    matches!(word, b"inf" | b"Inf" | b"Infinity" | b"infinity")
}

/// Powers of ten that a f64 holds exactly.
const POWERS_OF_TEN: [f64; 16] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
];

/// A decimal number, correctly rounded; infinite when it exceeds the range of f64.
///
/// Up to 15 digits without an exponent are an exact integer divided by an exact power of ten: one
/// correctly rounded operation. Everything else goes to the standard library.
#[inline]
pub(crate) fn parse_number(cell: &[u8]) -> Option<f64> {
    let (negative, digits) = match *cell.first()? {
        b'-' => (true, &cell[1..]),
        b'+' => (false, &cell[1..]),
        _ => (false, cell),
    };
    let mut mantissa = 0_u64;
    let mut n_digits = 0;
    let mut n_decimals = 0;
    let mut point = false;
    let mut rest = digits;
    while let Some((&byte, tail)) = rest.split_first() {
        let digit = byte.wrapping_sub(b'0');
        if digit < 10 {
            mantissa = mantissa.wrapping_mul(10).wrapping_add(u64::from(digit));
            n_digits += 1;
            n_decimals += usize::from(point);
        } else if byte == b'.' && !point {
            point = true;
        } else {
            break;
        }
        rest = tail;
    }
    if n_digits == 0 {
        return None;
    }
    let size = if rest.is_empty() && n_digits <= 15 {
        // As a signed number, which takes one instruction; most integers need no division.
        let size = mantissa as i64 as f64;
        if n_decimals == 0 {
            size
        } else {
            size / POWERS_OF_TEN[n_decimals]
        }
    } else if rest.is_empty() || matches!(rest[0], b'e' | b'E') {
        std::str::from_utf8(digits).ok()?.parse::<f64>().ok()?
    } else {
        return None;
    };
    Some(if negative { -size } else { size })
}

/// The number that a f32 prints as.
fn widen(value: f32) -> f64 {
    let exact = f64::from(value);
    if exact.fract() == 0.0 && exact.abs() <= 16_777_216.0 || !value.is_finite() {
        return exact;
    }
    // With the fewest decimals that still read back as `value`. The products are exact: 24 bits
    // times 5^9 (21 bits). At a power of two the gap below is half the gap above, so the nearest
    // short decimal need not be the one that reads back; those take the general way.
    if (1e-3..16_777_216.0).contains(&exact.abs()) && value.to_bits() & 0x007F_FFFF != 0 {
        for power in &POWERS_OF_TEN[1..10] {
            let short = (exact * power).round() / power;
            if short as f32 == value {
                return short;
            }
        }
    }
    value.to_string().parse().unwrap_or(exact)
}

/// The shortest decimal text that reads back as `value`; without a point when it is an integer.
#[must_use]
pub fn format_number(value: f64) -> String {
    text(|out| write_number(out, value))
}

fn write_number(out: &mut String, value: f64) -> fmt::Result {
    let size = value.abs();
    if size == 0.0 {
        out.write_str("0")
    } else if (1e-5..1e16).contains(&size) {
        write!(out, "{value}")
    } else {
        write!(out, "{value:e}")
    }
}

fn text(write: impl FnOnce(&mut String) -> fmt::Result) -> String {
    let mut text = String::new();
    let written = write(&mut text);
    debug_assert!(written.is_ok(), "a string takes all text");
    text
}

/// An ISO 8601 date or date-time as seconds since 1970 UTC.
fn parse_date_time(cell: &[u8]) -> Option<f64> {
    if cell.len() < 10 || cell[4] != b'-' || cell[7] != b'-' {
        return None;
    }
    let year = digits(&cell[..4])?;
    let date = NaiveDate::from_ymd_opt(year as i32, digits(&cell[5..7])?, digits(&cell[8..10])?)?;
    let days = i64::from(date.to_epoch_days());
    if cell.len() == 10 {
        return Some(seconds_of(days * 86_400, 0));
    }
    if !matches!(cell[10], b'T' | b't' | b' ') {
        return None;
    }
    let (clock, offset) = split_offset(&cell[11..])?;
    if clock.len() < 5 || clock[2] != b':' {
        return None;
    }
    let hour = digits(&clock[..2]).filter(|&hour| hour < 24)?;
    let minute = digits(&clock[3..5]).filter(|&minute| minute < 60)?;
    let (second, nanoseconds) = match clock.get(5..) {
        None | Some([]) => (0, 0),
        Some([b':', rest @ ..]) if rest.len() >= 2 => {
            let second = digits(&rest[..2]).filter(|&second| second < 60)?;
            (second, fraction(&rest[2..])?)
        }
        Some(_) => return None,
    };
    let clock = i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second);
    Some(seconds_of(days * 86_400 + clock - offset, nanoseconds))
}

/// Cuts `Z`, `+HH:MM`, `+HHMM` or `+HH` off; gives the offset in seconds.
fn split_offset(text: &[u8]) -> Option<(&[u8], i64)> {
    if let Some((b'Z' | b'z', clock)) = text.split_last() {
        return Some((clock.trim_ascii_end(), 0));
    }
    let Some(at) = text.iter().rposition(|byte| matches!(byte, b'+' | b'-')) else {
        return Some((text, 0));
    };
    let sign = if text[at] == b'-' { -1 } else { 1 };
    let (hours, minutes) = match &text[at + 1..] {
        [h1, h2] => (digits(&[*h1, *h2])?, 0),
        [h1, h2, b':', m1, m2] | [h1, h2, m1, m2] => (digits(&[*h1, *h2])?, digits(&[*m1, *m2])?),
        _ => return None,
    };
    if hours > 23 || minutes > 59 {
        return None;
    }
    let offset = i64::from(hours) * 3600 + i64::from(minutes) * 60;
    Some((text[..at].trim_ascii_end(), sign * offset))
}

/// Nanoseconds of `.5` or of nothing; digits beyond the ninth are cut off.
fn fraction(text: &[u8]) -> Option<u32> {
    match text {
        [] => Some(0),
        [b'.' | b',', decimals @ ..] if !decimals.is_empty() => {
            if !decimals.iter().all(u8::is_ascii_digit) {
                return None;
            }
            let nine = decimals.iter().chain(std::iter::repeat(&b'0')).take(9);
            Some(nine.fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0')))
        }
        _ => None,
    }
}

fn digits(text: &[u8]) -> Option<u32> {
    text.iter().try_fold(0_u32, |sum, byte| {
        let digit = byte.wrapping_sub(b'0');
        (digit < 10).then(|| sum * 10 + u32::from(digit))
    })
}

/// Seconds since 1970 from whole seconds and nanoseconds: the one place where the two are added.
pub(crate) fn seconds_of(whole: i64, nanoseconds: u32) -> f64 {
    whole as f64 + f64::from(nanoseconds) / 1e9
}

/// The ISO 8601 text of a date-time in UTC, to the microsecond; a date alone at midnight.
#[must_use]
pub fn format_date_time(seconds: f64) -> String {
    text(|out| write_date_time(out, seconds))
}

fn write_date_time(out: &mut String, seconds: f64) -> fmt::Result {
    // Whole seconds apart: times a million, the sum would be rounded, and a text read back could
    // then be printed as another one.
    let whole = seconds.floor();
    let microseconds = ((seconds - whole) * 1e6).round() as i64;
    let time = if whole.abs() < 9e12 {
        DateTime::from_timestamp_micros(whole as i64 * 1_000_000 + microseconds)
    } else {
        None
    };
    let Some(time) = time else {
        return write_number(out, seconds);
    };
    let midnight = time.timestamp_micros().rem_euclid(86_400_000_000) == 0;
    let format = if midnight {
        "%Y-%m-%d"
    } else {
        "%Y-%m-%dT%H:%M:%S%.f"
    };
    // Without a time zone, whose name would be allocated.
    time.naive_utc().format(format).write_to(out)
}

#[cfg(test)]
mod tests;
