//! The names of optimizers, losses and the like in settings and reports, both ways.

use std::str::FromStr;

use crate::architecture::Architecture;
use crate::loss::Loss;
use crate::optimizer::Optimizer;
use crate::predict::Precision;
use crate::schedule::Schedule;
use crate::spec::Shape;
use crate::stopping::Stopping;

/// A name that is none of those known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected {allowed}, got {got:?}")]
pub struct NameError {
    /// The names known, as a list in words.
    pub allowed: String,
    /// The name found.
    pub got: String,
}

/// The one of `all` that has this name.
fn named<T: Copy>(text: &str, all: &[T], name: fn(&T) -> &'static str) -> Result<T, NameError> {
    let found = all.iter().find(|value| name(value) == text);
    found.copied().ok_or_else(|| {
        let names: Vec<&str> = all.iter().map(name).collect();
        NameError {
            allowed: match names.split_last() {
                Some((last, others)) if !others.is_empty() => {
                    format!("{} or {last}", others.join(", "))
                }
                _ => names.join(""),
            },
            got: text.to_owned(),
        }
    })
}

macro_rules! from_str {
    ($name:ident, $(#[$doc:meta])* [$($value:expr),* $(,)?]) => {
        $(#[$doc])*
        impl FromStr for $name {
            type Err = NameError;

            fn from_str(text: &str) -> Result<Self, NameError> {
                named(text, &[$($value),*], Self::name)
            }
        }
    };
}

impl Optimizer {
    /// The name in settings and reports.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Sgd { .. } => "sgd",
            Self::Adam { .. } => "adam",
            Self::AdamW { .. } => "adamw",
        }
    }
}

from_str!(
    Optimizer,
    /// With the usual parameters: no momentum; beta1 0.9, beta2 0.999 and epsilon 1e-8 as in
    /// arXiv:1412.6980.
    [
        Self::Sgd {
            momentum: 0.0,
            nesterov: false,
        },
        Self::Adam {
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
        },
        Self::AdamW {
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
        },
    ]
);

from_str!(
    Loss,
    /// Without label smoothing, and with delta 1.
    [
        Self::CrossEntropy {
            label_smoothing: 0.0,
        },
        Self::BinaryCrossEntropy,
        Self::Squared,
        Self::Huber { delta: 1.0 },
    ]
);

impl Stopping {
    /// The name in settings and reports.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Last => "last",
            Self::Best { .. } => "best",
            Self::Smoothed { .. } => "smoothed",
        }
    }
}

from_str!(
    Stopping,
    /// Without early stopping, and with a window of 10 epochs.
    [
        Self::Best { patience: None },
        Self::Smoothed { window: 10 },
        Self::Last,
    ]
);

impl Schedule {
    /// The name in settings and reports.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Constant => "constant",
            Self::Cosine => "cosine",
            Self::OneCycle => "one_cycle",
            Self::Coslog4 => "coslog4",
        }
    }
}

from_str!(
    Schedule,
    [Self::Constant, Self::Cosine, Self::OneCycle, Self::Coslog4]
);

impl Shape {
    /// The name in settings and reports.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Rectangular => "rectangular",
            Self::Conic => "conic",
        }
    }
}

from_str!(Shape, [Self::Rectangular, Self::Conic]);

impl Precision {
    /// The name in settings and reports.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Single => "single",
            Self::Bf16 => "bf16",
        }
    }
}

from_str!(Precision, [Self::Single, Self::Bf16]);

impl FromStr for Architecture {
    type Err = NameError;

    /// One of [`Architecture::ALL`].
    fn from_str(text: &str) -> Result<Self, NameError> {
        named(text, &Self::ALL, Self::name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        for name in ["sgd", "adam", "adamw"] {
            assert_eq!(name.parse::<Optimizer>().map(|o| o.name()), Ok(name));
        }
        for name in ["cross_entropy", "binary_cross_entropy", "squared", "huber"] {
            assert_eq!(name.parse::<Loss>().map(|loss| loss.name()), Ok(name));
        }
        for name in ["best", "smoothed", "last"] {
            assert_eq!(name.parse::<Stopping>().map(|s| s.name()), Ok(name));
        }
        for name in ["constant", "cosine", "one_cycle", "coslog4"] {
            assert_eq!(name.parse::<Schedule>().map(|s| s.name()), Ok(name));
        }
        for name in ["rectangular", "conic"] {
            assert_eq!(name.parse::<Shape>().map(|shape| shape.name()), Ok(name));
        }
        for name in ["single", "bf16"] {
            assert_eq!(name.parse::<Precision>().map(|p| p.name()), Ok(name));
        }
        for network in Architecture::ALL {
            assert_eq!(network.name().parse(), Ok(network));
        }
    }

    #[test]
    fn an_unknown_name_is_answered_with_those_known() {
        let error = "adm".parse::<Optimizer>().unwrap_err().to_string();
        assert_eq!(error, "expected sgd, adam or adamw, got \"adm\"");
        let error = "".parse::<Shape>().unwrap_err().to_string();
        assert_eq!(error, "expected rectangular or conic, got \"\"");
    }
}
