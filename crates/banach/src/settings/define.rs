//! What the list of settings becomes: a type with a field and a builder method for each, and a table.

use crate::error::Error;
use crate::recipe::Recipe;

/// How a setting of type `T` is written to a recipe and read from one.
pub(super) struct Access<T> {
    pub(super) set: fn(&mut Recipe, T) -> Result<(), Error>,
    /// `None` where the setting has no meaning for the recipe.
    pub(super) get: fn(&Recipe) -> Option<T>,
}

/// See `settings/list.rs` for the form of an entry.
macro_rules! settings {
    ($($heading:literal { $(
        $(#[doc = $help:literal])+
        $field:ident $(= $key:literal)?: $type:ty, ($arg:ty => $into:path), $value_name:literal,
            $(form $form:ident,)? $(default $default:literal,)? { $($access:tt)+ };
    )+ })+) => {
        /// What somebody set about a fit, and nothing else: the recipe's preset decides the rest.
        ///
        /// Values come from the methods, from a TOML file ([`Settings::read`]) or from text, such as
        /// flags ([`crate::Setting::parse`]), and lie over each other by [`Settings::or`]. Their
        /// ranges are checked by [`crate::Estimator::new`] and [`Settings::recipe`], which know the
        /// task.
        ///
        /// ```
        /// use banach::Settings;
        ///
        /// let settings = Settings::for_target("species").layers(4).dropout(0.1);
        /// let file = Settings::from_toml("layers = 8\nweight-decay = 0.01", "settings.toml")?;
        /// let both = settings.or(file);
        /// assert_eq!(both.get("layers"), Some(4.into()));
        /// assert_eq!(both.get("weight_decay"), Some(0.01.into()));
        /// # Ok::<(), banach::Error>(())
        /// ```
        #[derive(Clone, Default, PartialEq)]
        pub struct Settings {
            $($(pub(crate) $field: Option<$type>,)+)+
        }

        /// A method for each setting.
        impl Settings {
            $($(
                $(#[doc = $help])+
                #[must_use]
                pub fn $field(mut self, value: $arg) -> Self {
                    let value = $into(&mut self, value);
                    self.$field = Some(value);
                    self
                }
            )+)+

            /// These settings, completed by `other` where they say nothing.
            #[must_use]
            pub fn or(self, other: Self) -> Self {
                Self { $($($field: self.$field.or(other.$field),)+)+ }
            }
        }

        /// Every setting, in the order of help and files.
        pub static SETTINGS: &[crate::settings::Setting] = &[$($(crate::settings::Setting {
            name: crate::settings::define::name!($field $(= $key)?),
            long_name: stringify!($field),
            heading: $heading,
            value_name: $value_name,
            help: concat!($($help),+),
            form: crate::settings::define::form!($type $(, $form)?),
            stated_default: crate::settings::define::stated!($($default)?),
            read: |settings, raw| {
                settings.$field = Some(crate::settings::value::SettingValue::from_raw(raw)?);
                Ok(())
            },
            read_text: |settings, text| {
                let value = crate::settings::value::SettingValue::from_text(text)?;
                crate::settings::value::merge(&mut settings.$field, value);
                Ok(())
            },
            unset: |settings| settings.$field = None,
            given: |settings| {
                let value = settings.$field.as_ref()?;
                Some(crate::settings::value::SettingValue::to_raw(value))
            },
            apply: |settings, recipe| match &settings.$field {
                Some(value) => (crate::settings::define::access!($type, $($access)+).set)(recipe, value.clone()),
                None => Ok(()),
            },
            of_recipe: |recipe| {
                let value = (crate::settings::define::access!($type, $($access)+).get)(recipe)?;
                Some(crate::settings::value::SettingValue::to_raw(&value))
            },
        },)+)+];
    };
}

macro_rules! name {
    ($field:ident) => {
        stringify!($field)
    };
    ($field:ident = $key:literal) => {
        $key
    };
}

macro_rules! form {
    ($type:ty) => {
        <$type as crate::settings::value::SettingValue>::FORM
    };
    ($type:ty, $form:ident) => {
        crate::settings::value::Form::$form
    };
}

macro_rules! stated {
    () => {
        None
    };
    ($default:literal) => {
        Some($default)
    };
}

macro_rules! access {
    ($type:ty, $field:ident) => {
        crate::settings::define::Access::<$type> {
            set: |recipe, value| {
                recipe.$field = value;
                Ok(())
            },
            get: |recipe| Some(recipe.$field.clone()),
        }
    };
    ($type:ty, $set:path, $get:path) => {
        crate::settings::define::Access::<$type> {
            set: $set,
            get: $get,
        }
    };
}

pub(super) use {access, form, name, settings, stated};
