//! Settings as a person gives them: what was set, and nothing else.
//!
//! A setting comes from the caller, else from a settings file, else from the preset
//! ([`Settings::or`], [`Settings::recipe`]). [`crate::Recipe`] is the complete form.

use std::fmt;
use std::path::Path;

use banach_data::read_text_bounded;
use banach_nn::NetworkKind;
use serde_json::{Map, Value};
use toml::de::{DeTable, DeValue};

use crate::error::Error;

mod builder;
pub(crate) mod choices;
mod complete;
mod defaults;
mod define;
pub(crate) mod error;
pub(crate) mod kind;
mod list;
mod setting;
mod value;

pub use choices::{ClassWeight, FixedPoint, Preset, Validation};
pub use error::SettingError;
pub use list::{SETTINGS, Settings};
pub use setting::Setting;
pub use value::Form;
use value::Raw;

/// A settings file has a line for each setting.
const MAX_SETTINGS_BYTES: u64 = 1 << 20;

impl Settings {
    /// Settings that name the column to predict.
    pub fn for_target(name: impl Into<String>) -> Self {
        Self::default().target([name])
    }

    /// The value of a setting by its name, as a file has it; `None` where it is not set.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Value> {
        let setting = Setting::find(name)?;
        (setting.given)(self).map(Value::from)
    }

    /// Names of the target columns.
    #[must_use]
    pub fn target_columns(&self) -> &[String] {
        self.target.as_deref().unwrap_or_default()
    }

    /// Name of the column of sample weights.
    #[must_use]
    pub fn weight_column(&self) -> Option<&str> {
        self.weight.as_deref()
    }

    /// Name of the column that rows are divided by.
    #[must_use]
    pub fn split_column(&self) -> Option<&str> {
        self.split.as_ref()?.column()
    }

    /// Names of the columns that are not used.
    #[must_use]
    pub fn dropped_columns(&self) -> &[String] {
        self.drop.as_deref().unwrap_or_default()
    }

    /// Names of the columns that are treated as categories.
    #[must_use]
    pub fn categorical_columns(&self) -> &[String] {
        self.categorical.as_deref().unwrap_or_default()
    }

    /// Names of the columns that are treated as numbers.
    #[must_use]
    pub fn numeric_columns(&self) -> &[String] {
        self.numeric.as_deref().unwrap_or_default()
    }

    /// The file of validation rows.
    #[must_use]
    pub fn validation_file(&self) -> Option<&Path> {
        match &self.valid {
            Some(Validation::File(file)) => Some(file),
            Some(Validation::Fraction(_)) | None => None,
        }
    }

    /// These settings for another kind of network, without those that have no meaning for it.
    #[must_use]
    pub fn for_network(mut self, network: NetworkKind) -> Self {
        self.network = Some(network);
        if network != NetworkKind::Snn {
            self.fixed_point = None;
        }
        if network == NetworkKind::Highway {
            self.width = None;
        }
        if matches!(network, NetworkKind::Highway | NetworkKind::ResNet) {
            self.shape = None;
        }
        if network != NetworkKind::ResNet {
            (self.block, self.bottleneck) = (None, None);
        }
        self
    }

    /// Reads a TOML file whose keys are the names of the settings; `weight-decay` and `weight_decay`
    /// are the same key.
    ///
    /// # Errors
    /// [`Error::ReadSettings`], [`Error::UnknownSetting`] with the nearest name,
    /// [`Error::SettingsFile`] or [`Error::SettingValue`] with line and column.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, Error> {
        let file = path.as_ref().display().to_string();
        let text = read_text_bounded(path.as_ref(), MAX_SETTINGS_BYTES).map_err(|source| {
            Error::ReadSettings {
                file: file.clone(),
                source,
            }
        })?;
        Self::from_toml(&text, &file)
    }

    /// Reads TOML text; `file` stands for it in messages. See [`Settings::read`].
    ///
    /// # Errors
    /// As [`Settings::read`].
    pub fn from_toml(text: &str, file: &str) -> Result<Self, Error> {
        let table = DeTable::parse(text).map_err(|source| Error::SettingsFile {
            file: file.to_owned(),
            source: Box::new(source),
        })?;
        let mut settings = Self::default();
        // In the order of the file, so that the first mistake is the one that is named.
        let mut entries: Vec<_> = table.get_ref().iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        for (key, value) in entries {
            let setting = Setting::find(key.get_ref()).ok_or_else(|| Error::UnknownSetting {
                file: file.to_owned(),
                nearest: Setting::nearest(key.get_ref()),
                key: key.get_ref().to_string(),
            })?;
            let value_error = |at: usize, reason| {
                let (line, column) = position(text, at);
                Error::SettingValue {
                    file: file.to_owned(),
                    line,
                    column,
                    name: setting.name,
                    reason,
                }
            };
            if (setting.given)(&settings).is_some() {
                let reason = "it is set twice".to_owned();
                return Err(value_error(key.span().start, reason));
            }
            (setting.read)(&mut settings, &raw(value.get_ref()))
                .map_err(|reason| value_error(value.span().start, reason))?;
        }
        Ok(settings)
    }

    /// Reads an object of names and values as JSON has them; `null` is a setting that is not set.
    ///
    /// # Errors
    /// [`SettingError::Unknown`] with the nearest name, [`SettingError::Value`].
    pub fn from_json(object: &Map<String, Value>) -> Result<Self, SettingError> {
        let mut settings = Self::default();
        for (name, value) in object {
            let setting = Setting::find(name).ok_or_else(|| SettingError::Unknown {
                name: name.clone(),
                nearest: Setting::nearest(name),
            })?;
            if value.is_null() {
                continue;
            }
            (setting.read)(&mut settings, &Raw::from(value)).map_err(|reason| {
                SettingError::Value {
                    name: setting.name,
                    reason,
                }
            })?;
        }
        Ok(settings)
    }

    /// The settings that are set, as an object of names and values.
    #[must_use]
    pub fn to_json(&self) -> Map<String, Value> {
        let given = |setting: &Setting| {
            let value = (setting.given)(self)?;
            Some((setting.name.to_owned(), value.into()))
        };
        SETTINGS.iter().filter_map(given).collect()
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let given = |setting: &'static Setting| Some((setting.name, (setting.given)(self)?));
        f.write_str("Settings ")?;
        f.debug_map()
            .entries(SETTINGS.iter().filter_map(given))
            .finish()
    }
}

/// Line and column of a byte of a text, from 1.
fn position(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |end| end + 1);
    let line = before.matches('\n').count() + 1;
    (line, before[line_start..].chars().count() + 1)
}

fn raw(value: &DeValue<'_>) -> Raw {
    match value {
        DeValue::String(text) => Raw::Text(text.to_string()),
        DeValue::Integer(integer) => i128::from_str_radix(integer.as_str(), integer.radix())
            .map_or(Raw::Other("a number"), Raw::Integer),
        DeValue::Float(number) => number
            .as_str()
            .parse()
            .map_or(Raw::Other("a number"), Raw::Float),
        DeValue::Boolean(value) => Raw::Bool(*value),
        DeValue::Datetime(_) => Raw::Other("a date"),
        DeValue::Array(items) => Raw::List(items.iter().map(|item| raw(item.get_ref())).collect()),
        DeValue::Table(_) => Raw::Other("a table"),
    }
}

#[cfg(test)]
mod tests;
