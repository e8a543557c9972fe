//! The names of tasks, splits and scalings in settings and messages, read back.

use std::fmt;
use std::str::FromStr;

use crate::encoder::Scaling;
use crate::name_list::trimmed_name;
use crate::split::Split;
use crate::target::Task;

/// A text that is none of those allowed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected {allowed}, got {got:?}")]
pub struct NameError {
    /// What is allowed, in words.
    pub allowed: String,
    /// The text found.
    pub got: String,
}

impl NameError {
    /// `got` in place of what is allowed.
    #[must_use]
    pub fn new(allowed: impl Into<String>, got: &str) -> Self {
        Self {
            allowed: allowed.into(),
            got: got.to_owned(),
        }
    }
}

/// The choice among `all` with this name.
///
/// # Errors
/// [`NameError`] with all names.
pub fn by_name<T: Copy>(
    all: &[T],
    name: impl Fn(&T) -> &'static str,
    got: &str,
) -> Result<T, NameError> {
    let found = all.iter().find(|choice| name(choice) == got);
    found.copied().ok_or_else(|| {
        let names: Vec<&str> = all.iter().map(name).collect();
        let (last, others) = names.split_last().unwrap_or((&"nothing", &[]));
        match others {
            [] => NameError::new(*last, got),
            _ => NameError::new(format!("{} or {last}", others.join(", ")), got),
        }
    })
}

impl FromStr for Task {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let all = [
            Self::Binary,
            Self::Multiclass,
            Self::Regression,
            Self::Multilabel,
        ];
        by_name(&all, |task| task.name(), text)
    }
}

impl FromStr for Split {
    type Err = NameError;

    /// Reads `random`, `stratified`, `group=COLUMN` or `time=COLUMN`.
    fn from_str(text: &str) -> Result<Self, NameError> {
        let how = text.split_once('=');
        match how.map(|(how, column)| (how, trimmed_name(column))) {
            None if text == "random" => Ok(Self::Random),
            None if text == "stratified" => Ok(Self::Stratified),
            Some(("group", column)) if !column.is_empty() => Ok(Self::Group(column.to_owned())),
            Some(("time", column)) if !column.is_empty() => Ok(Self::Time(column.to_owned())),
            _ => Err(NameError::new(
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
        by_name(&[Self::Robust, Self::Standard], Self::name, text)
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
