//! What a cell looks like, for guesses about a file. What it means is decided elsewhere, later.

/// What a cell looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// Nothing, or one of the usual words for nothing.
    Missing,
    /// A whole number.
    Whole,
    /// Another number.
    Decimal,
    /// A date, a time, or both.
    Date,
    Text,
}

impl Look {
    /// `comma` says that a comma can be part of a number.
    pub(super) fn of(cell: &[u8], comma: bool) -> Self {
        const MISSING: [&[u8]; 14] = [
            b"", b"?", b"-", b".", b"*", b"NA", b"N/A", b"n/a", b"na", b"NULL", b"null", b"None",
            b"NaN", b"nan",
        ];
        let cell = cell.trim_ascii();
        if MISSING.contains(&cell) || cell == b"\\N" {
            Self::Missing
        } else if let Some(number) = number(cell, comma) {
            number
        } else if is_date(cell) {
            Self::Date
        } else {
            Self::Text
        }
    }

    pub(super) fn is_number(self) -> bool {
        matches!(self, Self::Whole | Self::Decimal)
    }
}

/// Digits, perhaps with a sign, points, commas, an exponent, a percent sign.
fn number(cell: &[u8], comma: bool) -> Option<Look> {
    let digits = cell
        .strip_prefix(b"-")
        .or_else(|| cell.strip_prefix(b"+"))
        .unwrap_or(cell);
    let digits = digits.strip_suffix(b"%").unwrap_or(digits).trim_ascii();
    if digits.is_empty() {
        return None;
    }
    if digits.iter().all(u8::is_ascii_digit) {
        return Some(Look::Whole);
    }
    let (mantissa, exponent) = match digits.iter().position(|byte| matches!(byte, b'e' | b'E')) {
        Some(at) => (&digits[..at], Some(&digits[at + 1..])),
        None => (digits, None),
    };
    if let Some(exponent) = exponent {
        let exponent = exponent
            .strip_prefix(b"-")
            .or_else(|| exponent.strip_prefix(b"+"))
            .unwrap_or(exponent);
        if exponent.is_empty() || !exponent.iter().all(u8::is_ascii_digit) {
            return None;
        }
    }
    let count = |wanted: u8| mantissa.iter().filter(|&&byte| byte == wanted).count();
    let (points, commas) = (count(b'.'), count(b','));
    let rest_is_digits = mantissa
        .iter()
        .all(|&byte| byte.is_ascii_digit() || byte == b'.' || comma && byte == b',');
    let any_digit = mantissa.iter().any(u8::is_ascii_digit);
    // Of points and commas one separates thousands and can come often, the other comes once.
    let plausible = points <= 1 || commas <= 1 && groups_of_three(mantissa);
    (rest_is_digits && any_digit && plausible).then_some(Look::Decimal)
}

/// Whether points divide the digits before a comma into threes, as in 1.234.567,8.
fn groups_of_three(mantissa: &[u8]) -> bool {
    let whole = mantissa.split(|&byte| byte == b',').next();
    let mut groups = whole.unwrap_or_default().split(|&byte| byte == b'.');
    let first = groups.next().map_or(0, <[u8]>::len);
    (1..=3).contains(&first) && groups.all(|group| group.len() == 3)
}

/// Two or three groups of digits with `-`, `/` or `.` between them, perhaps with the name of a month,
/// and perhaps a time of the day.
fn is_date(cell: &[u8]) -> bool {
    let at = cell.iter().position(|byte| matches!(byte, b' ' | b'T'));
    let (day, time) = match at {
        Some(at) if at > 0 => (&cell[..at], Some(cell[at + 1..].trim_ascii())),
        _ => (cell, None),
    };
    match time {
        None => is_day(day) || is_time(day),
        Some(time) => is_day(day) && is_time(time),
    }
}

fn is_day(text: &[u8]) -> bool {
    let Some(&separator) = text.iter().find(|byte| matches!(byte, b'-' | b'/' | b'.')) else {
        return false;
    };
    let groups: Vec<&[u8]> = text.split(|&byte| byte == separator).collect();
    let digits =
        |group: &&[u8]| (1..=4).contains(&group.len()) && group.iter().all(u8::is_ascii_digit);
    let month = |group: &&[u8]| group.len() == 3 && group.iter().all(u8::is_ascii_alphabetic);
    match groups[..] {
        [a, b] => separator == b'-' && digits(&a) && digits(&b) && a.len() == 4,
        [a, b, c] => digits(&a) && digits(&c) && (digits(&b) || month(&b)),
        _ => false,
    }
}

fn is_time(text: &[u8]) -> bool {
    let end = text
        .iter()
        .position(|byte| matches!(byte, b'Z' | b'+' | b' '));
    let clock = &text[..end.unwrap_or(text.len())];
    let groups: Vec<&[u8]> = clock.split(|&byte| byte == b':').collect();
    let short = |group: &&[u8]| {
        !group.is_empty()
            && group
                .iter()
                .all(|&byte| byte.is_ascii_digit() || byte == b'.')
    };
    let two = groups.get(1).is_some_and(|minutes| minutes.len() == 2);
    (2..=3).contains(&groups.len()) && groups[0].len() <= 2 && two && groups.iter().all(short)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_look_like_what_they_are() {
        let cases = [
            ("", Look::Missing),
            (" NA ", Look::Missing),
            ("12", Look::Whole),
            ("-3", Look::Whole),
            ("1.5", Look::Decimal),
            (".5", Look::Decimal),
            ("1e-5", Look::Decimal),
            ("1.234.567,8", Look::Decimal),
            ("1,5", Look::Decimal),
            ("12%", Look::Whole),
            ("2026-01-31", Look::Date),
            ("31.01.2026", Look::Date),
            ("1/31/26 12:30", Look::Date),
            ("31-Jan-2026", Look::Date),
            ("2026-01-31T12:30:59Z", Look::Date),
            ("12:30", Look::Date),
            ("1.2.x", Look::Text),
            ("e5", Look::Text),
            ("a", Look::Text),
            ("+", Look::Text),
            ("1;2", Look::Text),
        ];
        for (cell, expected) in cases {
            assert_eq!(Look::of(cell.as_bytes(), true), expected, "{cell:?}");
        }
        assert_eq!(Look::of(b"1,5", false), Look::Text);
    }
}
