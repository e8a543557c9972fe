//! Numbers that describe a point in time.

use std::f64::consts::TAU;

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};

const SECONDS_PER_DAY: f64 = 86_400.0;

/// One number made from a point in time (UTC).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DatePart {
    /// Days since 1970.
    Days,
    YearSin,
    YearCos,
    WeekSin,
    WeekCos,
    DaySin,
    DayCos,
}

impl DatePart {
    pub(crate) const ALL: [Self; 7] = [
        Self::Days,
        Self::YearSin,
        Self::YearCos,
        Self::WeekSin,
        Self::WeekCos,
        Self::DaySin,
        Self::DayCos,
    ];

    /// What the number says, for the name of the feature.
    pub(crate) fn describe(self) -> &'static str {
        match self {
            Self::Days => "days since 1970",
            Self::YearSin => "sin of the day of the year",
            Self::YearCos => "cos of the day of the year",
            Self::WeekSin => "sin of the weekday",
            Self::WeekCos => "cos of the weekday",
            Self::DaySin => "sin of the time of day",
            Self::DayCos => "cos of the time of day",
        }
    }

    /// The number for a point in time, in seconds since 1970.
    pub(crate) fn of(self, seconds: f64) -> f64 {
        let days = seconds / SECONDS_PER_DAY;
        let day = days.floor();
        match self {
            Self::Days => days,
            Self::YearSin => libm::sin(TAU * year_share(day)),
            Self::YearCos => libm::cos(TAU * year_share(day)),
            // 1970-01-01 was a Thursday; the week begins on Monday.
            Self::WeekSin => libm::sin(TAU * (day + 3.0).rem_euclid(7.0) / 7.0),
            Self::WeekCos => libm::cos(TAU * (day + 3.0).rem_euclid(7.0) / 7.0),
            Self::DaySin => libm::sin(TAU * (days - day)),
            Self::DayCos => libm::cos(TAU * (days - day)),
        }
    }
}

/// How much of its year has gone by at the start of a day.
fn year_share(day: f64) -> f64 {
    match NaiveDate::from_epoch_days(day as i32) {
        Some(date) => {
            let length = if date.leap_year() { 366.0 } else { 365.0 };
            f64::from(date.ordinal0()) / length
        }
        // Beyond chrono's range of a quarter of a million years.
        None => day.rem_euclid(365.2425) / 365.2425,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scalar::Scalar;

    fn seconds(text: &str) -> f64 {
        match Scalar::parse(text) {
            Scalar::DateTime(seconds) => seconds,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn parts_turn_with_the_calendar() {
        let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-9, "{a} {b}");
        let noon = seconds("2024-01-01T12:00");
        close(DatePart::Days.of(noon), 19_723.5);
        close(DatePart::YearSin.of(noon), 0.0);
        close(DatePart::YearCos.of(noon), 1.0);
        // A Monday.
        close(DatePart::WeekSin.of(noon), 0.0);
        close(DatePart::DayCos.of(noon), -1.0);
        let later = seconds("2024-07-02T06:00");
        close(DatePart::YearCos.of(later), -1.0);
        close(DatePart::DaySin.of(later), 1.0);
        close(DatePart::WeekSin.of(later), (TAU / 7.0).sin());
        close(DatePart::DaySin.of(seconds("1969-12-31T18:00")), -1.0);
    }

    #[test]
    fn parts_are_finite_at_any_time() {
        for seconds in [0.0, -1.0, 1e12, -1e18, 1e300, -1e300] {
            for part in DatePart::ALL {
                assert!(part.of(seconds).is_finite(), "{part:?} of {seconds}");
            }
        }
    }
}
