//! The names of tasks, splits and scalings in settings and messages, read back.

use std::fmt;
use std::str::FromStr;

use crate::encoder::Scaling;
use crate::split::Split;
use crate::target::Task;

/// A text that is none of those allowed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected {allowed}, got {got:?}")]
pub struct NameError {
    /// What is allowed, in words.
    pub allowed: &'static str,
    /// The text found.
    pub got: String,
}

fn error(allowed: &'static str, got: &str) -> NameError {
    NameError {
        allowed,
        got: got.to_owned(),
    }
}

impl FromStr for Task {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        match text {
            "binary" => Ok(Self::Binary),
            "multiclass" => Ok(Self::Multiclass),
            "regression" => Ok(Self::Regression),
            "multilabel" => Ok(Self::Multilabel),
            _ => Err(error("binary, multiclass, regression or multilabel", text)),
        }
    }
}

impl FromStr for Split {
    type Err = NameError;

    /// Reads `random`, `stratified`, `group=COLUMN` or `time=COLUMN`.
    fn from_str(text: &str) -> Result<Self, NameError> {
        match text.split_once('=') {
            None if text == "random" => Ok(Self::Random),
            None if text == "stratified" => Ok(Self::Stratified),
            Some(("group", column)) if !column.is_empty() => Ok(Self::Group(column.to_owned())),
            Some(("time", column)) if !column.is_empty() => Ok(Self::Time(column.to_owned())),
            _ => Err(error(
                "random, stratified, group=COLUMN or time=COLUMN",
                text,
            )),
        }
    }
}

impl fmt::Display for Split {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.column() {
            None => f.write_str(self.name()),
            Some(column) => write!(f, "{}={column}", self.name()),
        }
    }
}

impl Scaling {
    /// The name used in settings.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Robust => "robust",
            Self::Standard => "standard",
        }
    }
}

impl FromStr for Scaling {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        match text {
            "robust" => Ok(Self::Robust),
            "standard" => Ok(Self::Standard),
            _ => Err(error("robust or standard", text)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        for task in ["binary", "multiclass", "regression", "multilabel"] {
            assert_eq!(task.parse::<Task>().unwrap().name(), task);
        }
        for split in ["random", "stratified", "group=a=b", "time=when"] {
            assert_eq!(split.parse::<Split>().unwrap().to_string(), split);
        }
        for scaling in ["robust", "standard"] {
            assert_eq!(scaling.parse::<Scaling>().unwrap().name(), scaling);
        }
        for text in ["", "group", "group=", "time=", "random=x"] {
            let error = text.parse::<Split>().unwrap_err().to_string();
            let expected = "expected random, stratified, group=COLUMN or time=COLUMN, got ";
            assert_eq!(error, format!("{expected}{text:?}"));
        }
    }
}
