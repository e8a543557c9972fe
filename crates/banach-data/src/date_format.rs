//! Dates and times as people write them: `13.02.2020`, `08/13/2021 06:45 PM`, `Tue, 5 Nov 2019 13:45:00 +0100`,
//! `2021-08-13 18:45:00 UTC`, `13-Feb-2020`.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::scalar::seconds_of;

/// The order of day and month where both are numbers. Four digits are a year, wherever they stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DateOrder {
    /// Only dates in which the order is certain: the month has a name, or the year of four digits comes first.
    Unambiguous,
    /// `13/02/2020` and `13.02.20`: day, month, year.
    DayFirst,
    /// `02/13/2020`: month, day, year.
    MonthFirst,
    /// `20/02/13`: year, month, day, where no part has four digits.
    YearFirst,
}

impl DateOrder {
    /// All orders.
    pub const ALL: [Self; 4] = [
        Self::Unambiguous,
        Self::DayFirst,
        Self::MonthFirst,
        Self::YearFirst,
    ];

    /// The name used in settings.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Unambiguous => "unambiguous",
            Self::DayFirst => "day-first",
            Self::MonthFirst => "month-first",
            Self::YearFirst => "year-first",
        }
    }
}

impl std::fmt::Display for DateOrder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Unambiguous => "year first or a named month",
            Self::DayFirst => "day before the month",
            Self::MonthFirst => "month before the day",
            Self::YearFirst => "year first",
        })
    }
}

/// A date as its parts are written, before the order of day and month is known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct WrittenDate {
    date: DateParts,
    /// Seconds after midnight UTC, and nanoseconds.
    clock: (i64, u32),
    /// Whether it is a 12-hour clock.
    pub(crate) half_day: bool,
    /// What stands between the numbers of the date; NUL when the month has a name.
    pub(crate) separator: u8,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum DateParts {
    /// Year, month and day, in whatever order they stood.
    Known(i32, u32, u32),
    /// Two parts of at most two digits and the year behind them, as written.
    TwoAndYear(u32, u32, Year),
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Year {
    Full(i32),
    /// Two digits: 69 to 99 are 1969 to 1999, as in POSIX.
    Short(u32),
}

impl Year {
    fn full(self) -> i32 {
        match self {
            Self::Full(year) => year,
            Self::Short(year) => year as i32 + if year < 69 { 2000 } else { 1900 },
        }
    }
}

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

const WEEKDAYS: [&str; 7] = [
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
];

/// Time zones that RFC 2822 names, and hours from UTC.
const ZONES: [(&str, i64); 12] = [
    ("utc", 0),
    ("gmt", 0),
    ("ut", 0),
    ("z", 0),
    ("est", -5),
    ("edt", -4),
    ("cst", -6),
    ("cdt", -5),
    ("mst", -7),
    ("mdt", -6),
    ("pst", -8),
    ("pdt", -7),
];

impl WrittenDate {
    /// Takes a text apart; `None` when it is no date.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut cursor = Cursor::new(text.trim());
        cursor.weekday();
        let (date, separator, clock_may_follow) = cursor.date()?;
        let mut parsed = Self {
            date,
            clock: (0, 0),
            half_day: false,
            separator,
        };
        if cursor.at_end() {
            return Some(parsed);
        }
        let (clock, half_day) = cursor.clock_after_date()?;
        parsed.half_day = half_day;
        let offset = cursor.zone()?;
        // `Tue Nov  5 13:45:00 2019`, as C's ctime writes it.
        if let DateParts::Known(year, month, day) = &mut parsed.date
            && *year == MISSING_YEAR
        {
            *year = cursor.year_at_end()?;
            parsed.date = DateParts::Known(*year, *month, *day);
        }
        if !cursor.at_end() || !clock_may_follow {
            return None;
        }
        parsed.clock = (clock.0 - offset, clock.1);
        Some(parsed)
    }

    /// Seconds since 1970 with the order of day and month as given; `None` when there is no such day.
    pub(crate) fn seconds(&self, order: DateOrder) -> Option<f64> {
        let (year, month, day) = match self.date {
            DateParts::Known(year, month, day) => (year, month, day),
            DateParts::TwoAndYear(first, second, year) => match (order, year) {
                (DateOrder::Unambiguous, _) => return None,
                (DateOrder::DayFirst, year) => (year.full(), second, first),
                (DateOrder::MonthFirst, year) => (year.full(), first, second),
                (DateOrder::YearFirst, Year::Short(day)) => {
                    (Year::Short(first).full(), second, day)
                }
                (DateOrder::YearFirst, Year::Full(_)) => return None,
            },
        };
        if year == MISSING_YEAR {
            return None;
        }
        let days = i64::from(NaiveDate::from_ymd_opt(year, month, day)?.to_epoch_days());
        Some(seconds_of(days * 86_400 + self.clock.0, self.clock.1))
    }
}

/// Stands for a year that comes after the time of day.
const MISSING_YEAR: i32 = i32::MIN;

/// What is left of a text.
struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            rest: text.as_bytes(),
        }
    }

    fn at_end(&self) -> bool {
        self.rest.is_empty()
    }

    fn peek(&self) -> u8 {
        self.rest.first().copied().unwrap_or(0)
    }

    fn skip_blanks(&mut self) {
        self.rest = self.rest.trim_ascii_start();
    }

    /// Takes one of these bytes.
    fn take(&mut self, allowed: &[u8]) -> Option<u8> {
        let byte = self.peek();
        allowed.contains(&byte).then(|| {
            self.rest = &self.rest[1..];
            byte
        })
    }

    /// Digits, at least one: their value and how many.
    fn number(&mut self) -> Option<(u32, usize)> {
        let n = self.rest.iter().take_while(|b| b.is_ascii_digit()).count();
        if n == 0 || n > 9 {
            return None;
        }
        let value = self.rest[..n]
            .iter()
            .fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0'));
        self.rest = &self.rest[n..];
        Some((value, n))
    }

    /// Letters, without taking them.
    fn letters(&self) -> &'a [u8] {
        let n = self
            .rest
            .iter()
            .take_while(|b| b.is_ascii_alphabetic())
            .count();
        &self.rest[..n]
    }

    /// Takes a name of at least three letters that begins one of `names`, and a point behind an
    /// abbreviation; gives its position.
    fn name(&mut self, names: &[&str]) -> Option<usize> {
        let letters = self.letters();
        let is_it = |name: &&str| {
            let whole = name.len() == letters.len();
            (whole || letters.len() == 3 || letters.len() == 4)
                && letters.len() >= 3
                && letters.len() <= name.len()
                && name.as_bytes()[..letters.len()].eq_ignore_ascii_case(letters)
        };
        let at = names.iter().position(is_it)?;
        self.rest = &self.rest[letters.len()..];
        if letters.len() < names[at].len() {
            self.take(b".");
        }
        Some(at)
    }

    fn weekday(&mut self) {
        if self.name(&WEEKDAYS).is_some() {
            self.take(b",");
            self.skip_blanks();
        }
    }

    fn month(&mut self) -> Option<u32> {
        self.name(&MONTHS).map(|at| at as u32 + 1)
    }

    /// The parts of a date, what stands between them, and whether a time of day may follow.
    fn date(&mut self) -> Option<(DateParts, u8, bool)> {
        if self.peek().is_ascii_alphabetic() {
            return self.date_from_month();
        }
        let (first, n_first) = self.number()?;
        if n_first == 8 && matches!(self.peek(), b'T' | b't') {
            // ISO 8601's basic form; without a time it is a number.
            let known = DateParts::Known((first / 10_000) as i32, first / 100 % 100, first % 100);
            return Some((known, 0, true));
        }
        let separator = self.take(b"-/. ").unwrap_or(0);
        if separator == b'.' {
            self.skip_blanks();
        }
        if self.peek().is_ascii_alphabetic() {
            self.ordinal();
            let month = self.month()?;
            self.take(b"-/., ");
            self.skip_blanks();
            let (third, n_third) = self.number()?;
            let known = match (n_first, n_third) {
                (1 | 2, 4) => DateParts::Known(third as i32, month, first),
                (1 | 2, 2) => DateParts::Known(Year::Short(third).full(), month, first),
                (4, 1 | 2) => DateParts::Known(first as i32, month, third),
                _ => return None,
            };
            return Some((known, 0, true));
        }
        if separator == 0 {
            return None;
        }
        let (second, n_second) = self.number().filter(|&(_, n)| n <= 2)?;
        if self.take(&[separator]).is_none() {
            // A month, `2020-02`, and nothing behind it.
            let known = DateParts::Known(first as i32, second, 1);
            let is_month = n_first == 4 && n_second == 2 && separator != b'.' && self.at_end();
            return is_month.then_some((known, separator, false));
        }
        if separator == b'.' {
            self.skip_blanks();
        }
        let (third, n_third) = self.number()?;
        let parts = match (n_first, n_third) {
            (4, 1 | 2) => DateParts::Known(first as i32, second, third),
            (1 | 2, 4) => DateParts::TwoAndYear(first, second, Year::Full(third as i32)),
            (1 | 2, 2) => DateParts::TwoAndYear(first, second, Year::Short(third)),
            _ => return None,
        };
        Some((parts, separator, true))
    }

    /// `Feb 13, 2020`, `Feb 2020`, or `Nov 5` with the year after the time of day.
    fn date_from_month(&mut self) -> Option<(DateParts, u8, bool)> {
        let month = self.month()?;
        self.take(b"-/ ");
        self.skip_blanks();
        let (second, n_second) = self.number()?;
        if n_second == 4 {
            let known = DateParts::Known(second as i32, month, 1);
            return self.at_end().then_some((known, 0, false));
        }
        if n_second > 2 {
            return None;
        }
        self.ordinal();
        self.take(b",-/");
        let before = self.rest;
        self.skip_blanks();
        match self.number() {
            Some((year, 4)) => Some((DateParts::Known(year as i32, month, second), 0, true)),
            Some((_, 1 | 2)) if self.peek() == b':' => {
                self.rest = before;
                Some((DateParts::Known(MISSING_YEAR, month, second), 0, true))
            }
            _ => None,
        }
    }

    /// `st`, `nd`, `rd` or `th` behind a day.
    fn ordinal(&mut self) {
        let letters = self.letters();
        if ["st", "nd", "rd", "th"]
            .iter()
            .any(|ending| letters.eq_ignore_ascii_case(ending.as_bytes()))
        {
            self.rest = &self.rest[2..];
            self.take(b",");
            self.skip_blanks();
        }
    }

    /// The time of day behind a date: seconds and nanoseconds, and whether it has 12 hours.
    fn clock_after_date(&mut self) -> Option<((i64, u32), bool)> {
        self.take(b",");
        if self.take(b"Tt:").is_none() {
            let before = self.rest.len();
            self.skip_blanks();
            if before == self.rest.len() {
                return None;
            }
        }
        self.clock()
    }

    fn clock(&mut self) -> Option<((i64, u32), bool)> {
        let (hour, n_hour) = self.number()?;
        let (hour, minute, second) = if matches!(n_hour, 4 | 6) {
            // ISO 8601's basic form.
            if n_hour == 4 {
                (hour / 100, hour % 100, 0)
            } else {
                (hour / 10_000, hour / 100 % 100, hour % 100)
            }
        } else if n_hour <= 2 {
            self.take(b":")?;
            let (minute, _) = self.number().filter(|&(_, n)| n == 2)?;
            let mut second = 0;
            if self.take(b":").is_some() {
                (second, _) = self.number().filter(|&(_, n)| n == 2)?;
            }
            (hour, minute, second)
        } else {
            return None;
        };
        let mut nanoseconds = 0;
        if matches!(self.peek(), b'.' | b',') && self.rest.get(1).is_some_and(u8::is_ascii_digit) {
            self.rest = &self.rest[1..];
            let n = self.rest.iter().take_while(|b| b.is_ascii_digit()).count();
            let nine = self.rest[..n]
                .iter()
                .chain(std::iter::repeat(&b'0'))
                .take(9);
            nanoseconds = nine.fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0'));
            self.rest = &self.rest[n..];
        }
        let before = self.rest;
        self.skip_blanks();
        let (half, half_day) = match self.half_of_day() {
            Some(afternoon) => (Some(afternoon), true),
            None => {
                self.rest = before;
                (None, false)
            }
        };
        let hour = match half {
            None => hour,
            Some(_) if hour == 0 || hour > 12 => return None,
            Some(afternoon) => hour % 12 + if afternoon { 12 } else { 0 },
        };
        // 23:59:60 is a leap second: the second after it.
        if hour > 23 || minute > 59 || second > 60 {
            return None;
        }
        let seconds = i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second);
        Some(((seconds, nanoseconds), half_day))
    }

    /// `AM`, `p.m.`: whether it is the afternoon.
    fn half_of_day(&mut self) -> Option<bool> {
        for (text, afternoon) in [("a.m.", false), ("p.m.", true), ("am", false), ("pm", true)] {
            let head = self.rest.get(..text.len()).unwrap_or_default();
            let ends = !self
                .rest
                .get(text.len())
                .is_some_and(u8::is_ascii_alphabetic);
            if head.eq_ignore_ascii_case(text.as_bytes()) && ends {
                self.rest = &self.rest[text.len()..];
                return Some(afternoon);
            }
        }
        None
    }

    /// Seconds from UTC; 0 when no zone is named. `None` for a zone that is not known.
    fn zone(&mut self) -> Option<i64> {
        self.skip_blanks();
        let mut offset = 0;
        let letters = self.letters();
        if !letters.is_empty() {
            let known = ZONES
                .iter()
                .find(|(name, _)| name.as_bytes().eq_ignore_ascii_case(letters))?;
            offset = known.1 * 3600;
            self.rest = &self.rest[letters.len()..];
        }
        if let Some(sign) = self.take(b"+-") {
            let sign = if sign == b'-' { -1 } else { 1 };
            let (hours, n) = self.number()?;
            let (hours, minutes) = match n {
                1 | 2 if self.take(b":").is_some() => {
                    (hours, self.number().filter(|&(_, n)| n == 2)?.0)
                }
                1 | 2 => (hours, 0),
                4 => (hours / 100, hours % 100),
                _ => return None,
            };
            if hours > 23 || minutes > 59 {
                return None;
            }
            offset += sign * (i64::from(hours) * 3600 + i64::from(minutes) * 60);
        }
        self.skip_blanks();
        // JavaScript names the zone again, and RFC 2822 allows it.
        if self.peek() == b'(' && self.rest.last() == Some(&b')') {
            self.rest = &[];
        }
        Some(offset)
    }

    fn year_at_end(&mut self) -> Option<i32> {
        self.skip_blanks();
        let (year, n) = self.number()?;
        (n == 4).then_some(year as i32)
    }
}

/// A time of day or a duration in seconds: `7:30`, `18:45:00.5`, `6:45 PM`, `100:00:00`,
/// `2 days 03:00:00`, `-1 days +23:59:59`.
pub(crate) fn parse_clock(text: &str) -> Option<f64> {
    let mut rest = text.trim();
    let mut days = 0.0;
    if let Some(at) = rest.find("day") {
        days = rest[..at].trim().parse::<i64>().ok()? as f64;
        rest = rest[at + 3..].strip_prefix('s').unwrap_or(&rest[at + 3..]);
        rest = rest.trim_start_matches(',').trim();
        if rest.is_empty() {
            return Some(days * 86_400.0);
        }
        rest = rest.strip_prefix('+').unwrap_or(rest);
    }
    let (negative, body) = match rest.strip_prefix('-') {
        Some(body) => (true, body),
        None => (false, rest),
    };
    if body.contains(|c: char| c.is_ascii_alphabetic()) {
        let mut cursor = Cursor::new(body);
        let ((seconds, nanoseconds), _) = cursor.clock()?;
        return (cursor.at_end() && !negative).then(|| seconds_of(seconds, nanoseconds));
    }
    let mut parts = body.split(':');
    let (hours, minutes, seconds) = (parts.next()?, parts.next()?, parts.next());
    if parts.next().is_some() {
        return None;
    }
    let digits = |part: &str, n: std::ops::RangeInclusive<usize>| {
        let is_number = part.bytes().all(|byte| byte.is_ascii_digit());
        (is_number && n.contains(&part.len())).then(|| part.parse::<u32>().ok())?
    };
    let hours = f64::from(digits(hours, 1..=6)?);
    let minutes = f64::from(digits(minutes, 2..=2).filter(|&minutes| minutes < 60)?);
    let seconds = match seconds {
        None => 0.0,
        Some(seconds) => {
            let (whole, fraction) = seconds.split_once('.').unwrap_or((seconds, "0"));
            digits(whole, 2..=2).filter(|&seconds| seconds <= 60)?;
            if fraction.is_empty() || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
                return None;
            }
            seconds.parse::<f64>().ok()?
        }
    };
    let clock = hours * 3600.0 + minutes * 60.0 + seconds;
    Some(days * 86_400.0 + if negative { -clock } else { clock })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scalar::Scalar;

    fn iso(text: &str) -> f64 {
        match Scalar::parse(text) {
            Scalar::DateTime(seconds) => seconds,
            other => panic!("{text}: {other:?}"),
        }
    }

    fn seconds(text: &str, order: DateOrder) -> Option<f64> {
        WrittenDate::parse(text)?.seconds(order)
    }

    #[test]
    fn dates_are_read_in_the_forms_that_occur() {
        for (text, expected) in [
            ("13.02.2020", "2020-02-13"),
            ("13. 2. 2020", "2020-02-13"),
            ("13/02/2020", "2020-02-13"),
            ("13-02-2020", "2020-02-13"),
            ("13 02 2020", "2020-02-13"),
            ("13.02.20", "2020-02-13"),
            ("13.02.69", "1969-02-13"),
            ("2020/02/13", "2020-02-13"),
            ("2020.2.3", "2020-02-03"),
            ("2020-02", "2020-02-01"),
            ("2020/02", "2020-02-01"),
            ("13 Feb 2020", "2020-02-13"),
            ("13-Feb-20", "2020-02-13"),
            ("13FEB2020", "2020-02-13"),
            ("13FEB2020:10:15:00", "2020-02-13T10:15:00"),
            ("2020-Feb-13", "2020-02-13"),
            ("February 13, 2020", "2020-02-13"),
            ("Feb. 13, 2020", "2020-02-13"),
            ("Sept 3, 2020", "2020-09-03"),
            ("13 February 2020", "2020-02-13"),
            ("13th February 2020", "2020-02-13"),
            ("February 13th, 2020", "2020-02-13"),
            ("Feb 2020", "2020-02-01"),
            ("Thursday, 13 February 2020", "2020-02-13"),
            ("Thu, 13 Feb 2020 10:15:00 +0100", "2020-02-13T09:15:00"),
            ("Thu, 13 Feb 2020 10:15:00 EST", "2020-02-13T15:15:00"),
            ("Thu Feb 13 10:15:00 2020", "2020-02-13T10:15:00"),
            (
                "Thu Feb 13 2020 10:15:00 GMT+0100 (Central European Time)",
                "2020-02-13T09:15:00",
            ),
            ("2020-02-13 10:15:00 UTC", "2020-02-13T10:15:00"),
            ("2020-02-13 10:15:00.250 GMT", "2020-02-13T10:15:00.250"),
            ("2020-02-13T10:15:00Z", "2020-02-13T10:15:00"),
            ("20200213T101500Z", "2020-02-13T10:15:00"),
            ("20200213T1015", "2020-02-13T10:15:00"),
            ("13/Feb/2020:10:15:00 -0700", "2020-02-13T17:15:00"),
            ("13.02.2020 10:15", "2020-02-13T10:15:00"),
            ("13.02.2020, 10:15:30", "2020-02-13T10:15:30"),
            ("13/02/2020 9:05", "2020-02-13T09:05:00"),
            ("13/02/2020 12:05 AM", "2020-02-13T00:05:00"),
            ("13/02/2020 12:05 p.m.", "2020-02-13T12:05:00"),
            ("2016-12-31 23:59:60 UTC", "2017-01-01"),
        ] {
            assert_eq!(
                seconds(text, DateOrder::DayFirst),
                Some(iso(expected)),
                "{text}"
            );
        }
        assert_eq!(
            seconds("08/13/2021 06:45 PM", DateOrder::MonthFirst),
            Some(iso("2021-08-13T18:45"))
        );
        assert_eq!(
            seconds("20/02/13", DateOrder::YearFirst),
            Some(iso("2020-02-13"))
        );
        assert_eq!(
            seconds("20/02/13", DateOrder::DayFirst),
            Some(iso("2013-02-20"))
        );
        assert_eq!(seconds("08/13/2021", DateOrder::DayFirst), None);
        assert!(WrittenDate::parse("08/13/2021 06:45 PM").unwrap().half_day);
        assert_eq!(WrittenDate::parse("08/13/2021").unwrap().separator, b'/');
    }

    #[test]
    fn other_texts_are_no_dates() {
        for text in [
            "",
            "13",
            "13.02",
            "1.2.3",
            "10.0.0.1",
            "13/02",
            "Feb",
            "May",
            "13 kg",
            "2020",
            "20200213",
            "32.01.2020",
            "13.13.2020",
            "30.02.2020",
            "13.02.2020 25:00",
            "13.02.2020 10",
            "a13.02.2020",
            "13.02.2020x",
            "13-02/2020",
            "555-12-3456",
            "2020-13",
            "Mar-a-Lago 2020",
            "13.02.2020 13:00 PM",
            "2020-02-13 10:15 Europe/Berlin",
            "2020-02-13T",
            "12345-67-89",
            "1/2/3",
        ] {
            for order in DateOrder::ALL {
                assert_eq!(seconds(text, order), None, "{text} {order:?}");
            }
        }
    }

    #[test]
    fn clocks_and_durations_are_seconds() {
        for (text, expected) in [
            ("7:30", Some(27_000.0)),
            ("18:45:00", Some(67_500.0)),
            ("00:00:01.5", Some(1.5)),
            ("6:45 PM", Some(67_500.0)),
            ("100:00:00", Some(360_000.0)),
            ("-01:00:00", Some(-3600.0)),
            ("2 days 03:00:00", Some(183_600.0)),
            ("1 day, 0:00:01", Some(86_401.0)),
            ("-1 days +23:59:59", Some(-1.0)),
            ("3 days", Some(259_200.0)),
            ("7:3", None),
            ("7:60", None),
            ("7", None),
            ("7:30:00:00", None),
            ("holiday", None),
            ("x days", None),
            ("7:30 xm", None),
        ] {
            assert_eq!(parse_clock(text), expected, "{text}");
        }
    }
}
