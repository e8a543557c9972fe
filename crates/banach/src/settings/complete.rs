//! From settings to the complete recipe, and from a recipe to all of its settings.

use banach_data::Task;
use banach_nn::NetworkKind;
use serde_json::{Map, Value};

use super::{SETTINGS, Setting, SettingError, Settings};
use crate::error::Error;
use crate::recipe::Recipe;

impl Settings {
    /// The recipe for a task and a number of training rows: these settings over those of their preset.
    ///
    /// # Errors
    /// As [`Recipe::new`].
    pub fn recipe(&self, task: Task, n_rows: usize) -> Result<Recipe, Error> {
        Recipe::new(self, task, n_rows)
    }
}

impl Recipe {
    /// Lays settings over the recipe of their preset and network, for a task and a number of training
    /// rows, and checks every value.
    ///
    /// # Errors
    /// [`Error::Setting`], [`Error::SettingForTask`], [`Error::FixedPoint`], or [`Error::Train`] for a
    /// value out of range.
    pub fn new(settings: &Settings, task: Task, n_rows: usize) -> Result<Self, Error> {
        let preset = settings.preset.unwrap_or_default();
        let network = settings.network.unwrap_or(NetworkKind::Snn);
        let mut recipe = Self::preset(preset, task, n_rows, network);
        for setting in SETTINGS {
            setting.apply(settings, &mut recipe)?;
        }
        recipe.check()?;
        Ok(recipe)
    }

    /// Every setting with its value, in the order of [`SETTINGS`]; `null` where it has no meaning for
    /// this recipe.
    #[must_use]
    pub fn to_json(&self) -> Map<String, Value> {
        let value = |setting: &Setting| {
            let value = setting.of_recipe(self).map_or(Value::Null, Value::from);
            (setting.name().to_owned(), value)
        };
        SETTINGS.iter().map(value).collect()
    }

    /// Reads what [`Recipe::to_json`] wrote.
    ///
    /// # Errors
    /// [`Error::StoredSetting`] for a name that does not exist, a value of another type, or one that
    /// is missing; and those of [`Recipe::new`].
    pub fn from_json(object: &Map<String, Value>) -> Result<Self, Error> {
        let settings = Settings::from_json(object)?;
        let Some(task) = settings.task.flatten() else {
            return Err(SettingError::Missing { name: "task" }.into());
        };
        // The number of rows decides defaults, and of these none is left.
        let recipe = Self::new(&settings, task, 1)?;
        for setting in SETTINGS {
            let needed = setting.of_recipe(&recipe).is_some();
            if needed && settings.get(setting.name()).is_none() {
                return Err(SettingError::Missing {
                    name: setting.name(),
                }
                .into());
            }
        }
        Ok(recipe)
    }
}
