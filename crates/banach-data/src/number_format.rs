//! Numbers as people write them: `48,000.50`, `48 000`, `48000,5`, `48.10%`, `€ 12`, `(1,250.00)`.

use serde::{Deserialize, Serialize};

use crate::scalar::parse_number;

/// The decimal mark of written numbers and what groups their thousands.
///
/// Around the digits there may be a sign before or after them, parentheses for negative amounts, a
/// currency, and a percent sign, which divides by 100.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NumberFormat {
    /// `.` or `,`.
    pub decimal: DecimalMark,
    /// What stands between groups of three digits, where anything does.
    pub thousands: Thousands,
}

/// A decimal mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum DecimalMark {
    /// `1234.5`
    #[serde(rename = ".")]
    Point,
    /// `1234,5`
    #[serde(rename = ",")]
    Comma,
}

/// What groups thousands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Thousands {
    /// `1,234.5`, also in groups of two before the last three digits (`12,34,567`).
    #[serde(rename = ",")]
    Comma,
    /// `1.234,5`
    #[serde(rename = ".")]
    Point,
    /// `1 234.5`: a blank, also one that does not break, or a thin one.
    #[serde(rename = " ")]
    Blank,
    /// `1'234.5`
    #[serde(rename = "'")]
    Apostrophe,
}

/// A text taken apart, but for the meaning of its separators.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct WrittenNumber<'a> {
    negative: bool,
    /// Digits, separators, perhaps an exponent.
    core: &'a str,
    percent: bool,
    /// The currency, as written.
    pub(crate) currency: Option<&'a str>,
}

/// Signs and codes of currencies that may stand before or after a number.
const CURRENCIES: [&str; 44] = [
    "US$", "R$", "A$", "C$", "$", "€", "£", "¥", "₹", "₽", "₩", "₺", "₫", "฿", "₴", "₪", "₦", "₱",
    "EUR", "USD", "GBP", "CHF", "JPY", "CNY", "INR", "SEK", "NOK", "DKK", "PLN", "CZK", "HUF",
    "BRL", "CAD", "AUD", "RUB", "TRY", "KRW", "Fr.", "kr.", "kr", "zł", "Rs.", "Rs", "Kč",
];

impl<'a> WrittenNumber<'a> {
    /// Takes a text apart; `None` when it cannot be a number.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let mut rest = text.trim();
        let (mut negative, mut signed, mut percent) = (false, false, false);
        let mut currency = None;
        if let Some(inner) = rest.strip_prefix('(').and_then(|r| r.strip_suffix(')')) {
            (negative, signed) = (true, true);
            rest = inner.trim();
        }
        // A sign and a currency may stand in either order on either side.
        loop {
            let before = rest.len();
            if !signed {
                let (sign, tail) = strip_sign(rest);
                if let Some(minus) = sign {
                    (negative, signed) = (minus, true);
                    rest = tail.trim_start();
                }
            }
            if currency.is_none()
                && let Some(sign) = CURRENCIES.iter().find(|sign| rest.starts_with(**sign))
            {
                currency = Some(&rest[..sign.len()]);
                rest = rest[sign.len()..].trim_start();
            }
            if rest.len() == before {
                break;
            }
        }
        loop {
            let before = rest.len();
            if !percent && let Some(head) = rest.strip_suffix('%') {
                percent = true;
                rest = head.trim_end();
            }
            if currency.is_none()
                && let Some(sign) = CURRENCIES.iter().find(|sign| rest.ends_with(**sign))
            {
                let at = rest.len() - sign.len();
                currency = Some(&rest[at..]);
                rest = rest[..at].trim_end();
            }
            if !signed && let Some(head) = rest.strip_suffix(['-', '−']) {
                (negative, signed) = (true, true);
                rest = head.trim_end();
            }
            if rest.len() == before {
                break;
            }
        }
        let begins = rest.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '.' | ','));
        let ends = rest.ends_with(|c: char| c.is_ascii_digit() || matches!(c, '.' | ','));
        (begins && ends).then_some(Self {
            negative,
            core: rest,
            percent,
            currency,
        })
    }

    /// Whether anything but digits, a point and an exponent is there.
    #[cfg(test)]
    fn is_plain(&self) -> bool {
        self.currency.is_none() && !self.percent && parse_number(self.core.as_bytes()).is_some()
    }

    /// The value in a format; `None` when the text does not follow it.
    pub(crate) fn value(&self, format: NumberFormat) -> Option<f64> {
        let (digits, exponent) = match self.core.find(['e', 'E']) {
            Some(at) => self.core.split_at(at),
            None => (self.core, ""),
        };
        let mark = match format.decimal {
            DecimalMark::Point => '.',
            DecimalMark::Comma => ',',
        };
        let (whole, fraction) = match digits.split_once(mark) {
            Some((whole, fraction)) => (whole, fraction),
            None => (digits, ""),
        };
        if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let mut text = String::with_capacity(self.core.len() + 8);
        if self.negative {
            text.push('-');
        }
        format.thousands.ungroup(whole, &mut text)?;
        text.push('.');
        text.push_str(fraction);
        if !text.bytes().any(|byte| byte.is_ascii_digit()) {
            return None;
        }
        match (exponent, self.percent) {
            ("", false) => {}
            // Through the exponent, so that there is one rounding.
            ("", true) => text.push_str("e-2"),
            (_, true) => return None,
            (exponent, false) => text.push_str(exponent),
        }
        parse_number(text.as_bytes())
    }
}

fn strip_sign(text: &str) -> (Option<bool>, &str) {
    for (sign, minus) in [('-', true), ('−', true), ('+', false)] {
        if let Some(rest) = text.strip_prefix(sign) {
            return (Some(minus), rest);
        }
    }
    (None, text)
}

impl Thousands {
    /// Appends the digits of a whole number without what groups them; `None` when it is not grouped
    /// as it should be.
    fn ungroup(self, whole: &str, out: &mut String) -> Option<()> {
        let is_separator = |c: char| match self {
            Self::Comma => c == ',',
            Self::Point => c == '.',
            Self::Blank => matches!(c, ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}'),
            Self::Apostrophe => matches!(c, '\'' | '’'),
        };
        let mut groups = whole.split(is_separator).peekable();
        let mut first = true;
        while let Some(group) = groups.next() {
            if !group.bytes().all(|byte| byte.is_ascii_digit()) {
                return None;
            }
            let last = groups.peek().is_none();
            let fits = match (first, last) {
                // Not grouped.
                (true, true) => true,
                (true, false) => (1..=3).contains(&group.len()) && !group.starts_with('0'),
                (false, true) => group.len() == 3,
                (false, false) => group.len() == 3 || self == Self::Comma && group.len() == 2,
            };
            if !fits {
                return None;
            }
            out.push_str(group);
            first = false;
        }
        Some(())
    }
}

impl NumberFormat {
    /// The formats that are tried, the likelier before the others.
    pub(crate) const ALL: [Self; 6] = [
        Self::new(DecimalMark::Point, Thousands::Comma),
        Self::new(DecimalMark::Comma, Thousands::Point),
        Self::new(DecimalMark::Point, Thousands::Blank),
        Self::new(DecimalMark::Comma, Thousands::Blank),
        Self::new(DecimalMark::Point, Thousands::Apostrophe),
        Self::new(DecimalMark::Comma, Thousands::Apostrophe),
    ];

    const fn new(decimal: DecimalMark, thousands: Thousands) -> Self {
        Self { decimal, thousands }
    }

    /// The value of a text; `None` when it does not follow the format.
    pub(crate) fn value(self, text: &str) -> Option<f64> {
        WrittenNumber::parse(text)?.value(self)
    }
}

impl std::fmt::Display for NumberFormat {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let decimal = match self.decimal {
            DecimalMark::Point => "point",
            DecimalMark::Comma => "comma",
        };
        let thousands = match self.thousands {
            Thousands::Comma => "a comma",
            Thousands::Point => "a point",
            Thousands::Blank => "a blank",
            Thousands::Apostrophe => "an apostrophe",
        };
        write!(f, "decimal {decimal} and {thousands} between thousands")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The value in each of [`NumberFormat::ALL`].
    fn values(text: &str) -> [Option<f64>; 6] {
        NumberFormat::ALL.map(|format| format.value(text))
    }

    #[test]
    fn separators_are_read_as_the_format_says() {
        let en = Some(48_000.5);
        assert_eq!(values("48,000.50"), [en, None, None, None, None, None]);
        assert_eq!(values("48.000,50"), [None, en, None, None, None, None]);
        assert_eq!(values("48 000.50"), [None, None, en, None, None, None]);
        assert_eq!(values("48\u{a0}000,50"), [None, None, None, en, None, None]);
        assert_eq!(values("48'000.50"), [None, None, None, None, en, None]);
        assert_eq!(values("48’000,50"), [None, None, None, None, None, en]);
        let (thousand, one) = (Some(1234.0), Some(1.234));
        assert_eq!(values("1,234"), [thousand, one, None, one, None, one]);
        assert_eq!(values("1.234"), [one, thousand, one, None, one, None]);
        assert_eq!(values("1,234,567")[0], Some(1_234_567.0));
        assert_eq!(values("12,34,567")[0], Some(1_234_567.0));
        assert_eq!(values("0,5")[1], Some(0.5));
        assert_eq!(values("1,2345")[1], Some(1.2345));
        assert_eq!(values("1,5e3")[1], Some(1500.0));
        for text in [
            "1,23", "1234,567", ",234", "1,,234", "0,512", "1,234,56", "1.2.3", "12,3456",
        ] {
            assert_eq!(values(text)[0], None, "{text}");
        }
    }

    #[test]
    fn signs_currencies_and_percent_are_read() {
        let en = NumberFormat::ALL[0];
        for (text, expected) in [
            ("$1,234.50", 1234.5),
            ("-$1,234.50", -1234.5),
            ("$-3", -3.0),
            ("(1,234.50)", -1234.5),
            ("($5)", -5.0),
            ("12 EUR", 12.0),
            ("€ 12", 12.0),
            ("12 €", 12.0),
            ("EUR 12", 12.0),
            ("R$ 7.5", 7.5),
            ("7-", -7.0),
            ("−7", -7.0),
            ("+7", 7.0),
            ("48.10%", 0.481),
            ("48.1 %", 0.481),
            ("-5%", -0.05),
            (".5", 0.5),
            ("5.", 5.0),
        ] {
            assert_eq!(en.value(text), Some(expected), "{text}");
        }
        for text in [
            "", "%", "$", "()", "1 2", "EUR", "5 kg", "1%%", "--5", "$5$", "- -5", "e5", "5e",
            "a5", ".", "1-2", "12:30", "1/2",
        ] {
            assert_eq!(en.value(text), None, "{text}");
        }
        assert_eq!(WrittenNumber::parse("€ 12").unwrap().currency, Some("€"));
        assert!(WrittenNumber::parse("-12.5e3").unwrap().is_plain());
    }
}
