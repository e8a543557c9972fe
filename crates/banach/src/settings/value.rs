//! The types that settings have, as values of files and as text.

use std::fmt;
use std::str::FromStr;

use banach_data::{Gap, Scaling, Split, Task, trimmed_name};
use banach_nn::{Loss, NetworkKind, Optimizer, Schedule, Shape, Stopping};
use serde_json::{Number, Value};

use super::choices::{ClassWeight, FixedPoint, Preset, Validation};

/// How a setting's value is written on a command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// One value.
    One,
    /// Yes or no; without a value it is yes.
    Switch,
    /// Names as a line of CSV ([`banach_data::NameList`]); the setting can be repeated, which adds.
    List,
    /// One name; the setting can be repeated.
    Repeated,
}

/// A value as TOML and JSON have it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Raw {
    Bool(bool),
    Integer(i128),
    Float(f64),
    Text(String),
    List(Vec<Raw>),
    /// Something that no setting takes, by its name.
    Other(&'static str),
}

impl From<&Value> for Raw {
    fn from(value: &Value) -> Self {
        match value {
            Value::Null => Self::Other("null"),
            Value::Bool(value) => Self::Bool(*value),
            Value::Number(number) => match number.as_i128() {
                Some(integer) => Self::Integer(integer),
                None => number.as_f64().map_or(Self::Other("a number"), Self::Float),
            },
            Value::String(text) => Self::Text(text.clone()),
            Value::Array(items) => Self::List(items.iter().map(Self::from).collect()),
            Value::Object(_) => Self::Other("a table"),
        }
    }
}

impl From<Raw> for Value {
    fn from(raw: Raw) -> Self {
        match raw {
            Raw::Bool(value) => Self::Bool(value),
            Raw::Integer(integer) => Number::from_i128(integer).map_or(Self::Null, Self::Number),
            Raw::Float(number) => Number::from_f64(number).map_or(Self::Null, Self::Number),
            Raw::Text(text) => Self::String(text),
            Raw::List(items) => Self::Array(items.into_iter().map(Self::from).collect()),
            Raw::Other(_) => Self::Null,
        }
    }
}

impl fmt::Display for Raw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(value) => write!(f, "{value}"),
            Self::Integer(integer) => write!(f, "{integer}"),
            Self::Float(number) => write!(f, "{number}"),
            Self::Text(text) => write!(f, "{text:?}"),
            Self::List(_) => f.write_str("a list"),
            Self::Other(name) => f.write_str(name),
        }
    }
}

/// A type of settings.
pub(crate) trait SettingValue: Sized {
    const FORM: Form = Form::One;

    /// The value of a file; else what was expected and found.
    fn from_raw(raw: &Raw) -> Result<Self, String>;

    /// The value that a person typed.
    fn from_text(text: &str) -> Result<Self, String> {
        Self::from_raw(&Raw::Text(text.to_owned()))
    }

    fn to_raw(&self) -> Raw;

    /// Takes a second value of a repeated setting in; else the second stands in place of the first.
    fn add(&mut self, more: Self) {
        *self = more;
    }
}

/// Puts a value into a setting that may have one already.
pub(super) fn merge<T: SettingValue>(setting: &mut Option<T>, value: T) {
    match setting {
        Some(first) => first.add(value),
        None => *setting = Some(value),
    }
}

fn expected(what: &str, raw: &Raw) -> String {
    format!("expected {what}, got {raw}")
}

impl SettingValue for f64 {
    fn from_raw(raw: &Raw) -> Result<Self, String> {
        match raw {
            Raw::Float(number) => Ok(*number),
            Raw::Integer(integer) => Ok(*integer as Self),
            other => Err(expected("a number", other)),
        }
    }

    fn from_text(text: &str) -> Result<Self, String> {
        text.parse()
            .map_err(|_| expected("a number", &Raw::Text(text.to_owned())))
    }

    fn to_raw(&self) -> Raw {
        Raw::Float(*self)
    }
}

macro_rules! whole_number {
    ($type:ty) => {
        impl SettingValue for $type {
            fn from_raw(raw: &Raw) -> Result<Self, String> {
                let error = || expected("a whole number from 0", raw);
                match raw {
                    Raw::Integer(integer) => Self::try_from(*integer).map_err(|_| error()),
                    _ => Err(error()),
                }
            }

            fn from_text(text: &str) -> Result<Self, String> {
                let raw = || Raw::Text(text.to_owned());
                text.parse()
                    .map_err(|_| expected("a whole number from 0", &raw()))
            }

            fn to_raw(&self) -> Raw {
                Raw::Integer(*self as i128)
            }
        }
    };
}

whole_number!(u64);
whole_number!(usize);

impl SettingValue for bool {
    const FORM: Form = Form::Switch;

    fn from_raw(raw: &Raw) -> Result<Self, String> {
        match raw {
            Raw::Bool(value) => Ok(*value),
            other => Err(expected("true or false", other)),
        }
    }

    fn from_text(text: &str) -> Result<Self, String> {
        text.parse()
            .map_err(|_| expected("true or false", &Raw::Text(text.to_owned())))
    }

    fn to_raw(&self) -> Raw {
        Raw::Bool(*self)
    }
}

/// The name of a column, without the blanks around it, as tables have it.
impl SettingValue for String {
    fn from_raw(raw: &Raw) -> Result<Self, String> {
        match raw {
            Raw::Text(text) => Ok(trimmed_name(text).to_owned()),
            other => Err(expected("a name", other)),
        }
    }

    fn to_raw(&self) -> Raw {
        Raw::Text(self.clone())
    }
}

/// Names of columns. A text is one of them; [`super::Setting::parse`] takes lists apart.
impl SettingValue for Vec<String> {
    const FORM: Form = Form::List;

    fn from_raw(raw: &Raw) -> Result<Self, String> {
        match raw {
            Raw::List(items) => items.iter().map(String::from_raw).collect(),
            other => Err(expected("a list of names", other)),
        }
    }

    fn from_text(text: &str) -> Result<Self, String> {
        Ok(vec![trimmed_name(text).to_owned()])
    }

    fn to_raw(&self) -> Raw {
        Raw::List(self.iter().map(String::to_raw).collect())
    }

    fn add(&mut self, more: Self) {
        self.extend(more);
    }
}

impl SettingValue for Option<Task> {
    fn from_raw(raw: &Raw) -> Result<Self, String> {
        match raw {
            Raw::Text(text) if text == "auto" => Ok(None),
            Raw::Text(text) => text
                .parse()
                .map(Some)
                .map_err(|_| expected("auto, binary, multiclass, regression or multilabel", raw)),
            other => Err(expected("the name of a task", other)),
        }
    }

    fn to_raw(&self) -> Raw {
        Raw::Text(self.map_or("auto", Task::name).to_owned())
    }
}

impl SettingValue for Validation {
    fn from_raw(raw: &Raw) -> Result<Self, String> {
        match raw {
            Raw::Float(fraction) => Ok(Self::Fraction(*fraction)),
            Raw::Integer(fraction) => Ok(Self::Fraction(*fraction as f64)),
            Raw::Text(file) => Ok(Self::File(file.into())),
            other => Err(expected("a fraction or a file", other)),
        }
    }

    fn from_text(text: &str) -> Result<Self, String> {
        Ok(match text.parse() {
            Ok(fraction) => Self::Fraction(fraction),
            Err(_) => Self::File(text.into()),
        })
    }

    fn to_raw(&self) -> Raw {
        match self {
            Self::Fraction(fraction) => Raw::Float(*fraction),
            Self::File(file) => Raw::Text(file.to_string_lossy().into_owned()),
        }
    }
}

impl SettingValue for Gap {
    fn from_raw(raw: &Raw) -> Result<Self, String> {
        let gap = match raw {
            Raw::Float(number) => Self::number(*number),
            Raw::Integer(integer) => Self::number(*integer as f64),
            other => text(other)?.parse(),
        };
        gap.map_err(|error| error.to_string())
    }

    fn to_raw(&self) -> Raw {
        match self.as_number() {
            Some(number) => Raw::Float(number),
            None => Raw::Text(self.to_string()),
        }
    }
}

/// The losses that a regression can choose from.
impl SettingValue for Loss {
    fn from_raw(raw: &Raw) -> Result<Self, String> {
        match text(raw)?.parse() {
            Ok(loss @ (Self::Squared | Self::Huber { .. })) => Ok(loss),
            _ => Err(expected("squared or huber", raw)),
        }
    }

    fn to_raw(&self) -> Raw {
        Raw::Text(self.name().to_owned())
    }
}

fn text(raw: &Raw) -> Result<&str, String> {
    match raw {
        Raw::Text(text) => Ok(text),
        other => Err(expected("text", other)),
    }
}

/// Types that stand in a file as the text that a person types.
macro_rules! as_text {
    ($type:ty, $to_text:expr) => {
        impl SettingValue for $type {
            fn from_raw(raw: &Raw) -> Result<Self, String> {
                Self::from_str(text(raw)?).map_err(|error| error.to_string())
            }

            fn to_raw(&self) -> Raw {
                let to_text: fn(&Self) -> String = $to_text;
                Raw::Text(to_text(self))
            }
        }
    };
}

as_text!(Split, Self::to_string);
as_text!(FixedPoint, Self::to_string);
as_text!(Preset, |value| value.name().to_owned());
as_text!(ClassWeight, |value| value.name().to_owned());
as_text!(Scaling, |value| value.name().to_owned());
as_text!(NetworkKind, |value| value.name().to_owned());
as_text!(Shape, |value| value.name().to_owned());
as_text!(Optimizer, |value| value.name().to_owned());
as_text!(Schedule, |value| value.name().to_owned());
as_text!(Stopping, |value| value.name().to_owned());
