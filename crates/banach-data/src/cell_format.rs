//! How the cells of a column are written, where that is not the plain form.

use serde::{Deserialize, Serialize};

use crate::date_format::DateOrder;
use crate::number_format::NumberFormat;

/// How the numbers or times of a column are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum CellFormat {
    /// Numbers as `-1234.5` or `1e-3`, times as ISO 8601, `true` and `false`.
    #[default]
    Plain,
    /// Numbers with a decimal comma, thousands separators, percent or currency signs.
    Number(NumberFormat),
    /// Dates and times in another form than ISO 8601.
    Date(DateOrder),
    /// Times of day and durations, `7:30`, `18:45:00` or `2 days 03:00:00`; seconds, as numbers.
    Clock,
    /// Times as a count of units since 1970-01-01T00:00:00 UTC.
    Epoch(EpochUnit),
}

/// What an epoch counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EpochUnit {
    /// Seconds.
    #[default]
    Seconds,
    /// Milliseconds.
    Milliseconds,
    /// Microseconds.
    Microseconds,
    /// Nanoseconds.
    Nanoseconds,
}

impl EpochUnit {
    /// All units.
    pub const ALL: [Self; 4] = [
        Self::Seconds,
        Self::Milliseconds,
        Self::Microseconds,
        Self::Nanoseconds,
    ];

    /// The abbreviation: `s`, `ms`, `us` or `ns`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Seconds => "s",
            Self::Milliseconds => "ms",
            Self::Microseconds => "us",
            Self::Nanoseconds => "ns",
        }
    }

    /// Units in a second.
    pub(crate) fn per_second(self) -> f64 {
        match self {
            Self::Seconds => 1.0,
            Self::Milliseconds => 1e3,
            Self::Microseconds => 1e6,
            Self::Nanoseconds => 1e9,
        }
    }
}

impl CellFormat {
    /// Whether this is the plain form.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        *self == Self::Plain
    }
}
