//! Axes: the map from numbers to a panel's width or height, and its ticks.

use crate::error::PlotError;

/// How an axis spaces numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// Evenly.
    Linear,
    /// Evenly in the logarithm.
    Log,
}

/// One axis of a panel.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    /// What is on it, with its unit.
    pub label: String,
    /// Number at the left or lower end.
    pub low: f64,
    /// Number at the right or upper end.
    pub high: f64,
    /// Spacing.
    pub scale: Scale,
    /// Ticks of one's own, a number and its text; without any they are at round numbers.
    pub names: Vec<(f64, String)>,
}

/// A tick: where it is from 0 to 1, and its text, empty for a minor tick.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tick {
    pub(crate) at: f64,
    pub(crate) text: String,
}

impl Axis {
    /// An evenly spaced axis.
    #[must_use]
    pub fn linear(label: &str, low: f64, high: f64) -> Self {
        Self {
            label: label.to_owned(),
            low,
            high,
            scale: Scale::Linear,
            names: Vec::new(),
        }
    }

    /// An axis of things with names: the i-th, counted from 0, is at i + 1/2 from the low end.
    #[must_use]
    pub fn named(label: &str, names: &[&str]) -> Self {
        let places = names.iter().enumerate();
        Self {
            names: places
                .map(|(i, name)| (i as f64 + 0.5, (*name).to_owned()))
                .collect(),
            ..Self::linear(label, 0.0, names.len() as f64)
        }
    }

    /// An axis that is even in the logarithm.
    #[must_use]
    pub fn log(label: &str, low: f64, high: f64) -> Self {
        Self {
            scale: Scale::Log,
            ..Self::linear(label, low, high)
        }
    }

    pub(crate) fn check(&self) -> Result<(), PlotError> {
        let above_0 = self.scale == Scale::Linear || self.low > 0.0;
        if self.low.is_finite() && self.high.is_finite() && self.low < self.high && above_0 {
            Ok(())
        } else {
            Err(PlotError::Axis {
                label: self.label.clone(),
                low: self.low,
                high: self.high,
            })
        }
    }

    /// Where `value` is, from 0 at the low end to 1 at the high end, and beyond. On a logarithmic axis a number that
    /// is not above 0 lies far below the low end.
    pub(crate) fn position(&self, value: f64) -> f64 {
        match self.scale {
            Scale::Linear => (value - self.low) / (self.high - self.low),
            Scale::Log => {
                let least = self.low * 1e-9;
                (value.max(least) / self.low).ln() / (self.high / self.low).ln()
            }
        }
    }

    pub(crate) fn ticks(&self, wanted: usize) -> Vec<Tick> {
        if !self.names.is_empty() {
            let tick = |(value, text): &(f64, String)| Tick {
                at: self.position(*value),
                text: text.clone(),
            };
            return self.names.iter().map(tick).collect();
        }
        match self.scale {
            Scale::Linear => self.linear_ticks(wanted),
            Scale::Log => self.log_ticks(),
        }
    }

    fn linear_ticks(&self, wanted: usize) -> Vec<Tick> {
        let raw = (self.high - self.low) / wanted as f64;
        let power = 10.0_f64.powf(raw.log10().floor());
        let step = [1.0, 2.0, 2.5, 5.0, 10.0]
            .into_iter()
            .map(|factor| factor * power)
            .find(|step| *step >= raw * 0.999)
            .unwrap_or(10.0 * power);
        let first = (self.low / step - 1e-9).ceil();
        let last = (self.high / step + 1e-9).floor();
        let decimals = (0..=12)
            .find(|&decimals| {
                let shifted = step * 10.0_f64.powi(decimals);
                (shifted - shifted.round()).abs() < 1e-6
            })
            .unwrap_or(12);
        (first as i64..=last as i64)
            .map(|i| {
                let value = i as f64 * step;
                Tick {
                    at: self.position(value),
                    text: number(value, decimals as usize),
                }
            })
            .collect()
    }

    fn log_ticks(&self) -> Vec<Tick> {
        let decades = (self.high / self.low).log10();
        let mut ticks = Vec::new();
        let first = self.low.log10().floor() as i32;
        let last = self.high.log10().ceil() as i32;
        for power in first..=last {
            for digit in 1..10 {
                let value = f64::from(digit) * 10.0_f64.powi(power);
                if value < self.low * (1.0 - 1e-9) || value > self.high * (1.0 + 1e-9) {
                    continue;
                }
                let labelled = digit == 1 || decades < 2.5 && [2, 5].contains(&digit);
                let text = if labelled {
                    log_number(value, power)
                } else {
                    String::new()
                };
                ticks.push(Tick {
                    at: self.position(value),
                    text,
                });
            }
        }
        ticks
    }
}

fn number(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    let is_zero = text.chars().all(|c| matches!(c, '-' | '0' | '.'));
    match text.strip_prefix('-') {
        Some(rest) if is_zero => rest.to_owned(),
        Some(rest) => format!("\u{2212}{rest}"),
        None => text,
    }
}

fn log_number(value: f64, power: i32) -> String {
    if (-3..=4).contains(&power) {
        number(value, usize::try_from(-power).unwrap_or(0))
    } else {
        format!("{value:e}").replace('-', "\u{2212}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(axis: &Axis, wanted: usize) -> Vec<String> {
        let labelled = axis.ticks(wanted).into_iter().map(|tick| tick.text);
        labelled.filter(|text| !text.is_empty()).collect()
    }

    #[test]
    fn names_stand_in_the_middle_of_their_places() {
        let axis = Axis::named("method", &["a", "b"]);
        let ticks = axis.ticks(8);
        assert_eq!(
            ticks.iter().map(|tick| tick.at).collect::<Vec<_>>(),
            [0.25, 0.75]
        );
        assert_eq!(texts(&axis, 8), ["a", "b"]);
    }

    #[test]
    fn ticks_are_round_numbers_inside_of_the_axis() {
        let axis = Axis::linear("x", -0.1, 0.1);
        assert_eq!(
            texts(&axis, 4),
            ["\u{2212}0.10", "\u{2212}0.05", "0.00", "0.05", "0.10"]
        );
        assert_eq!(
            texts(&Axis::linear("x", 0.0, 32.0), 4),
            ["0", "10", "20", "30"]
        );
        assert_eq!(
            texts(&Axis::linear("x", 0.8, 1.5), 7),
            ["0.8", "0.9", "1.0", "1.1", "1.2", "1.3", "1.4", "1.5"]
        );
        assert_eq!(
            texts(&Axis::log("x", 0.01, 100.0), 4),
            ["0.01", "0.1", "1", "10", "100"]
        );
        assert_eq!(
            texts(&Axis::log("x", 1.0, 20.0), 4),
            ["1", "2", "5", "10", "20"]
        );
    }

    #[test]
    fn an_axis_that_does_not_rise_is_refused() {
        assert!(Axis::linear("x", 1.0, 1.0).check().is_err());
        assert!(Axis::log("x", 0.0, 1.0).check().is_err());
        assert!(Axis::linear("x", f64::NAN, 1.0).check().is_err());
        assert!(Axis::log("x", 0.1, 1.0).check().is_ok());
    }
}
