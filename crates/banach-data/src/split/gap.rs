//! A length of time, as a person writes it.

use std::fmt;
use std::str::FromStr;

use crate::column::{Column, ColumnType};
use crate::names::NameError;
use crate::split::SplitError;

/// Units of time and their seconds. Months and years are missing because they differ in length.
const UNITS: [(&str, f64); 5] = [
    ("w", 604_800.0),
    ("d", 86_400.0),
    ("h", 3600.0),
    ("min", 60.0),
    ("s", 1.0),
];

const FORM: &str = "a length of time such as 7d, 12h or 30min (w, d, h, min, s), or a number for a \
                    column of numbers";

/// How much time lies between the rows that a model learns from and those that it is tested on: a
/// length of time such as `7d` for a column of dates, a plain number for a column of numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gap {
    amount: f64,
    /// Place in [`UNITS`]; `None` for a plain number.
    unit: Option<usize>,
}

impl Gap {
    /// No gap.
    pub const NONE: Self = Self {
        amount: 0.0,
        unit: None,
    };

    /// A gap in the column's own numbers.
    ///
    /// # Errors
    /// If it is negative or not finite.
    pub fn number(amount: f64) -> Result<Self, NameError> {
        if amount.is_finite() && amount >= 0.0 {
            Ok(Self { amount, unit: None })
        } else {
            Err(NameError::new(FORM, &amount.to_string()))
        }
    }

    /// Its number, if it has no unit.
    #[must_use]
    pub fn as_number(&self) -> Option<f64> {
        self.unit.is_none().then_some(self.amount)
    }

    /// Its length in what [`Column::number`] gives: seconds for dates.
    pub(super) fn in_units_of(&self, column: &Column) -> Result<f64, SplitError> {
        let error = |needs| SplitError::GapUnit {
            gap: *self,
            column: column.name().to_owned(),
            needs,
        };
        match (self.unit, column.column_type()) {
            _ if self.amount == 0.0 => Ok(0.0),
            (Some(unit), ColumnType::DateTime) => Ok(self.amount * UNITS[unit].1),
            (None, ColumnType::DateTime) => {
                Err(error("dates, so that it needs a unit: w, d, h, min or s"))
            }
            (Some(_), _) => Err(error("numbers, so that it must be a number without a unit")),
            (None, _) => Ok(self.amount),
        }
    }
}

impl Default for Gap {
    fn default() -> Self {
        Self::NONE
    }
}

impl FromStr for Gap {
    type Err = NameError;

    /// Reads a number from 0, with or without one of the units w, d, h, min and s.
    fn from_str(text: &str) -> Result<Self, NameError> {
        let error = || NameError::new(FORM, text);
        let trimmed = text.trim();
        let end = trimmed.trim_end_matches(|char: char| char.is_ascii_alphabetic());
        let unit = match &trimmed[end.len()..] {
            "" => None,
            name => Some(
                UNITS
                    .iter()
                    .position(|(unit, _)| *unit == name)
                    .ok_or_else(error)?,
            ),
        };
        let amount = end.trim_end().parse().map_err(|_| error())?;
        let gap = Self::number(amount).map_err(|_| error())?;
        Ok(Self { unit, ..gap })
    }
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = self.unit.map_or("", |unit| UNITS[unit].0);
        write!(f, "{}{unit}", self.amount)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_are_read_as_they_are_written() {
        for text in ["7d", "12h", "30min", "0.5s", "2w", "0", "3", "2.5"] {
            assert_eq!(text.parse::<Gap>().unwrap().to_string(), text);
        }
        assert_eq!(" 7 d ".parse::<Gap>().unwrap().to_string(), "7d");
        for text in [
            "", "d", "-1d", "7 days", "1y", "1m", "1e999", "NaN", "inf", "7d 2h",
        ] {
            let error = text.parse::<Gap>().unwrap_err().to_string();
            assert!(
                error.starts_with("expected a length of time such as 7d"),
                "{text}: {error}"
            );
        }
        assert!(Gap::number(-1.0).is_err());
    }
}
