//! One meaning for each cell, whatever text or storage type it comes from.
//!
//! All readers go through this file, so that `1.5` in a CSV file, the text `1.5` in a Parquet file
//! and the number 1.5 in an Arrow column are the same value, bit for bit.

use std::borrow::Cow;
use std::fmt::{self, Write};

use chrono::{DateTime, NaiveDate};

use crate::missing_words::MissingWords;
use crate::spelling;

/// The meaning of one cell.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Scalar<'a> {
    /// No value: a blank cell, one of the usual [words](crate::MissingWords), an Arrow null or a NaN.
    Missing,
    /// `true` or `false`, in any case.
    Boolean(bool),
    /// A decimal number, or an infinity.
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
            if let Some((seconds, _)) = parse_date_time(cell) {
                return Ok(Self::DateTime(seconds));
            }
        }
        if MissingWords::default().contains(cell) {
            return Ok(Self::Missing);
        }
        if let Some(value) = parse_infinity(cell) {
            return Ok(Self::Number(value));
        }
        if let Some((value, _)) = parse_boolean(cell) {
            return Ok(Self::Boolean(value));
        }
        match std::str::from_utf8(cell) {
            Ok(text) => Ok(Self::Text(text)),
            Err(_) => Err(NotUtf8),
        }
    }

    /// A number, or missing when it is NaN. Minus zero is zero.
    #[must_use]
    pub fn number(value: f64) -> Self {
        if value.is_nan() {
            Self::Missing
        } else {
            Self::Number(value + 0.0)
        }
    }

    /// A 32-bit number as the decimal it prints as: 0.1f32 is the number 0.1.
    ///
    /// A table stored in 32 bits then equals the CSV file printed from it.
    #[must_use]
    pub fn number_f32(value: f32) -> Self {
        Self::number(widen(value))
    }

    /// The canonical text of the value: text itself, else the shortest that reads back as the value. `None` when
    /// missing.
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

/// `inf`, `Infinity` and `∞`, with or without a sign.
pub(crate) fn parse_infinity(cell: &[u8]) -> Option<f64> {
    let (negative, word) = match cell.first()? {
        b'-' => (true, &cell[1..]),
        b'+' => (false, &cell[1..]),
        _ => (false, cell),
    };
    let is_word = |known: &str| known.as_bytes().eq_ignore_ascii_case(word);
    let infinite = ["inf", "infinity", "∞", "1.#inf"].into_iter().any(is_word);
    let size = if negative {
        -f64::INFINITY
    } else {
        f64::INFINITY
    };
    infinite.then_some(size)
}

/// `true` or `false` in any case, and its spelling.
pub(crate) fn parse_boolean(cell: &[u8]) -> Option<(bool, u8)> {
    let value = cell.eq_ignore_ascii_case(b"true");
    if !value && !cell.eq_ignore_ascii_case(b"false") {
        return None;
    }
    let spelling = match cell {
        b"true" | b"false" => 0,
        b"True" | b"False" => 1,
        b"TRUE" | b"FALSE" => 2,
        _ => spelling::OTHER,
    };
    Some((value, spelling))
}

/// Powers of ten that a f64 holds exactly.
const POWERS_OF_TEN: [f64; 16] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
];

/// A decimal number, correctly rounded; infinite when it exceeds the range of f64.
#[inline]
pub(crate) fn parse_number(cell: &[u8]) -> Option<f64> {
    parse_spelled_number(cell).map(|(value, _)| value)
}

/// A decimal number as [`parse_number`] has it, and its spelling.
///
/// Up to 15 digits without an exponent are an exact integer divided by an exact power of ten: one
/// correctly rounded operation. Everything else goes to the standard library.
#[inline]
pub(crate) fn parse_spelled_number(cell: &[u8]) -> Option<(f64, u8)> {
    let first = *cell.first()?;
    let negative = first == b'-';
    let digits = &cell[usize::from(matches!(first, b'-' | b'+'))..];
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
    let (size, spelling) = if rest.is_empty() && n_digits <= 15 {
        // As a signed number, which takes one instruction; most integers need no division.
        let size = mantissa as i64 as f64;
        let n_whole = n_digits - n_decimals;
        // Without branches: which of these it is not, a processor could not guess.
        let start = (n_whole == 0) | ((n_whole != 1) & (digits[0] == b'0')) | (first == b'+');
        let unusual = start | (point & (n_decimals == 0)) | (negative & (mantissa == 0));
        let spelling = if unusual {
            unusual_spelling(cell, digits, n_whole, n_decimals)
        } else {
            n_decimals as u8
        };
        if n_decimals == 0 {
            (size, spelling)
        } else {
            (size / POWERS_OF_TEN[n_decimals], spelling)
        }
    } else if rest.is_empty() || matches!(rest[0], b'e' | b'E') {
        let size: f64 = fast_float2::parse(digits).ok()?;
        let integer = rest.is_empty() && !point;
        (
            size,
            if integer {
                spelling::OTHER
            } else {
                spelling::LONG
            },
        )
    } else {
        return None;
    };
    Some((if negative { -size } else { size }, spelling))
}

/// The spelling of at most 15 digits that are not written in the usual way.
#[cold]
fn unusual_spelling(cell: &[u8], digits: &[u8], n_whole: usize, n_decimals: usize) -> u8 {
    let zeros = digits.iter().take_while(|&&digit| digit == b'0').count();
    let zeros = zeros.min(n_whole.saturating_sub(1));
    let is_integer = n_decimals == 0 && digits.last() != Some(&b'.');
    // Minus zero is stored as zero.
    let minus_zero = cell[0] == b'-' && zeros + 1 == n_whole && digits.last() == Some(&b'0');
    if !is_integer {
        return spelling::LONG;
    }
    if cell[0] == b'+' || minus_zero || zeros == 0 {
        return spelling::OTHER;
    }
    spelling::of_number(0, zeros)
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
/// Infinities are `inf` and `-inf`.
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

/// An ISO 8601 date or date-time as seconds since 1970 UTC, and its spelling.
pub(crate) fn parse_date_time(cell: &[u8]) -> Option<(f64, u8)> {
    if cell.len() < 10 || cell[4] != b'-' || cell[7] != b'-' {
        return None;
    }
    let year = digits(&cell[..4])?;
    let date = NaiveDate::from_ymd_opt(year as i32, digits(&cell[5..7])?, digits(&cell[8..10])?)?;
    let days = i64::from(date.to_epoch_days());
    if cell.len() == 10 {
        return Some((seconds_of(days * 86_400, 0), DATE_ALONE));
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
            // 23:59:60 is a leap second: the second after it.
            let second = digits(&rest[..2]).filter(|&second| second <= 60)?;
            (second, fraction(&rest[2..])?)
        }
        Some(_) => return None,
    };
    let spelling = if second == 60 {
        spelling::LONG
    } else {
        date_time_spelling(cell[10], clock, &cell[11..])
    };
    let clock = i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second);
    let seconds = seconds_of(days * 86_400 + clock - offset, nanoseconds);
    Some((seconds, spelling))
}

/// The spelling of a date without a time of day. Those with one follow: `1 + (separator * 3 + zone) *
/// 8 + precision`.
const DATE_ALONE: u8 = 0;

/// What may stand between date and time.
const SEPARATORS: [u8; 2] = *b"T ";

/// What may stand behind the time.
const ZONES: [&str; 3] = ["", "Z", "+00:00"];

/// Digits of a second that a f64 keeps; more make a text of its own.
const MAX_FRACTION: usize = 6;

/// Texts of these lengths are hours and minutes, with seconds, and with 1 to 6 decimals.
fn date_time_spelling(separator: u8, clock: &[u8], with_zone: &[u8]) -> u8 {
    let separator = SEPARATORS.iter().position(|&byte| byte == separator);
    let zone = &with_zone[clock.len()..];
    let zone = ZONES.iter().position(|known| known.as_bytes() == zone);
    let precision = match clock.len() {
        5 => Some(0),
        8 => Some(1),
        length if length > 9 && length <= 9 + MAX_FRACTION && clock[8] == b'.' => Some(length - 8),
        _ => None,
    };
    match (separator, zone, precision) {
        (Some(separator), Some(zone), Some(precision)) => {
            1 + ((separator * ZONES.len() + zone) * 8 + precision) as u8
        }
        _ => spelling::LONG,
    }
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

pub(crate) fn write_date_time(out: &mut String, seconds: f64) -> fmt::Result {
    let Some(time) = utc(seconds) else {
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

/// To the microsecond; `None` beyond the range of years that can be written.
fn utc(seconds: f64) -> Option<DateTime<chrono::Utc>> {
    // Whole seconds apart: times a million, the sum would be rounded, and a text read back could
    // then be printed as another one.
    let whole = seconds.floor();
    let microseconds = ((seconds - whole) * 1e6).round() as i64;
    if whole.abs() < 9e12 {
        DateTime::from_timestamp_micros(whole as i64 * 1_000_000 + microseconds)
    } else {
        None
    }
}

/// Writes a time in the spelling of [`parse_date_time`].
pub(crate) fn write_date_time_as(out: &mut String, seconds: f64, spelling: u8) {
    let Some(time) = utc(seconds).map(|time| time.naive_utc()) else {
        let written = write_number(out, seconds);
        return debug_assert!(written.is_ok(), "a string takes all text");
    };
    let mut written = time.format("%Y-%m-%d").write_to(out);
    if spelling != DATE_ALONE {
        let code = usize::from(spelling - 1);
        let (precision, rest) = (code % 8, code / 8);
        out.push(char::from(
            SEPARATORS[(rest / ZONES.len()) % SEPARATORS.len()],
        ));
        written = written.and_then(|()| {
            let clock = if precision == 0 { "%H:%M" } else { "%H:%M:%S" };
            time.format(clock).write_to(out)?;
            if precision > 1 {
                let decimals = format!("{:06}", time.and_utc().timestamp_subsec_micros());
                write!(out, ".{}", &decimals[..precision - 1])?;
            }
            out.write_str(ZONES[rest % ZONES.len()])
        });
    }
    debug_assert!(written.is_ok(), "a string takes all text");
}

#[cfg(test)]
mod tests;
