//! A setting as a table has it: by its name, whatever its type.

use banach_data::{NameError, NameList, nearest_name};

use super::error::SettingError;
use super::value::{Form, Raw};
use super::{SETTINGS, Settings};
use crate::error::Error;
use crate::recipe::Recipe;

/// One of [`SETTINGS`]: its names, its help, and how it is read from text.
pub struct Setting {
    pub(super) name: &'static str,
    pub(super) long_name: &'static str,
    pub(super) heading: &'static str,
    pub(super) value_name: &'static str,
    pub(super) help: &'static str,
    pub(super) form: Form,
    pub(super) stated_default: Option<&'static str>,
    pub(super) read: fn(&mut Settings, &Raw) -> Result<(), String>,
    pub(super) read_text: fn(&mut Settings, &str) -> Result<(), String>,
    pub(super) unset: fn(&mut Settings),
    pub(super) given: fn(&Settings) -> Option<Raw>,
    pub(super) apply: fn(&Settings, &mut Recipe) -> Result<(), Error>,
    pub(super) of_recipe: fn(&Recipe) -> Option<Raw>,
}

impl Setting {
    /// The setting with this name in settings files, short or long; `-` and `_` are the same.
    #[must_use]
    pub fn find(name: &str) -> Option<&'static Self> {
        let name = name.replace('-', "_");
        SETTINGS
            .iter()
            .find(|setting| setting.name == name || setting.long_name == name)
    }

    /// The existing name most like this one.
    pub(super) fn nearest(name: &str) -> Option<String> {
        let name = name.replace('-', "_");
        nearest_name(&name, SETTINGS.iter().map(|setting| setting.name))
    }

    /// The name in settings files and model files, such as `lr`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The name of the method of [`Settings`], such as `learning_rate`; files take it too.
    #[must_use]
    pub fn long_name(&self) -> &'static str {
        self.long_name
    }

    /// The group that it belongs to in help.
    #[must_use]
    pub fn heading(&self) -> &'static str {
        self.heading
    }

    /// What stands for its value in help.
    #[must_use]
    pub fn value_name(&self) -> &'static str {
        self.value_name
    }

    /// What it is, in a sentence or two, without its default ([`Setting::default_text`]).
    #[must_use]
    pub fn help(&self) -> &'static str {
        self.help.trim_start()
    }

    /// How its value is written on a command line.
    #[must_use]
    pub fn form(&self) -> Form {
        self.form
    }

    /// Sets it from the texts that a person typed: one, or several for [`Form::List`] and
    /// [`Form::Repeated`].
    ///
    /// # Errors
    /// What was expected and what was found.
    pub fn parse(
        &self,
        settings: &mut Settings,
        texts: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> Result<(), SettingError> {
        let error = |reason| SettingError::Value {
            name: self.name,
            reason,
        };
        (self.unset)(settings);
        for text in texts {
            let text = text.as_ref();
            if self.form == Form::List {
                let NameList(names) = text.parse().map_err(|e: NameError| error(e.to_string()))?;
                for name in names {
                    (self.read_text)(settings, &name).map_err(error)?;
                }
            } else {
                (self.read_text)(settings, text).map_err(error)?;
            }
        }
        Ok(())
    }
}

impl Setting {
    /// Writes it to a recipe, if it is set.
    pub(crate) fn apply(&self, settings: &Settings, recipe: &mut Recipe) -> Result<(), Error> {
        (self.apply)(settings, recipe)
    }

    /// Its value in a recipe; `None` where it has no meaning.
    pub(crate) fn of_recipe(&self, recipe: &Recipe) -> Option<Raw> {
        (self.of_recipe)(recipe)
    }
}

impl std::fmt::Debug for Setting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Setting").field(&self.name).finish()
    }
}
