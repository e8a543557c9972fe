//! Flags for all settings, made from the library's list of them.

use banach::{Form, SETTINGS, Setting, Settings};
use clap::builder::ValueParser;
use clap::{Arg, ArgAction, ArgMatches, Command, Error, error::ErrorKind};

/// The settings that flags give; a command takes them in by `#[command(flatten)]`.
#[derive(Debug, Clone, Default)]
pub(crate) struct SettingFlags(pub(crate) Settings);

/// A setting's flag is its long name; a shorter name is another.
fn flag(setting: &'static Setting) -> Arg {
    let dashed = |name: &str| name.replace('_', "-");
    let mut arg = Arg::new(setting.name())
        .long(dashed(setting.long_name()))
        .value_name(setting.value_name())
        .help_heading(setting.heading())
        .help(help(setting))
        .action(ArgAction::Append)
        // A mean may be negative, and `-1,2` is no number.
        .allow_hyphen_values(setting.name() == "fixed_point")
        .value_parser(ValueParser::new(move |text: &str| checked(setting, text)));
    if setting.name() != setting.long_name() {
        arg = arg.visible_alias(dashed(setting.name()));
    }
    match setting.form() {
        Form::One => arg.action(ArgAction::Set),
        Form::Switch => arg
            .action(ArgAction::Set)
            .num_args(0..=1)
            .default_missing_value("true"),
        Form::List | Form::Repeated => arg,
    }
}

fn help(setting: &Setting) -> String {
    format!("{} [default: {}]", setting.help(), setting.default_text())
}

/// A text that the setting takes.
fn checked(setting: &'static Setting, text: &str) -> Result<String, String> {
    match setting.parse(&mut Settings::default(), [text]) {
        Ok(()) => Ok(text.to_owned()),
        // What was found stands before it in the program's message.
        Err(banach::SettingError::Value { reason, .. }) => {
            Err(match reason.rsplit_once(", got ") {
                Some((expected, _)) => expected.to_owned(),
                None => reason,
            })
        }
        Err(other) => Err(other.to_string()),
    }
}

impl clap::Args for SettingFlags {
    fn augment_args(command: Command) -> Command {
        command.args(SETTINGS.iter().map(flag))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl clap::FromArgMatches for SettingFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let mut flags = Self::default();
        flags.update_from_arg_matches(matches)?;
        Ok(flags)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        for setting in SETTINGS {
            if let Some(texts) = matches.get_many::<String>(setting.name()) {
                setting
                    .parse(&mut self.0, texts)
                    .map_err(|error| Error::raw(ErrorKind::ValueValidation, error))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use clap::{Args, FromArgMatches};

    use super::*;

    fn parse(arguments: &[&str]) -> Settings {
        let command = SettingFlags::augment_args(Command::new("fit").no_binary_name(true));
        let matches = command.try_get_matches_from(arguments).unwrap();
        SettingFlags::from_arg_matches(&matches).unwrap().0
    }

    #[test]
    fn every_setting_has_a_flag_with_help_and_a_default() {
        let command = SettingFlags::augment_args(Command::new("fit"));
        command.clone().debug_assert();
        for setting in SETTINGS {
            let name = setting.name().replace('_', "-");
            let arg = command.get_arguments().find(|arg| {
                let aliases = arg.get_visible_aliases().unwrap_or_default();
                arg.get_long() == Some(&name) || aliases.contains(&name.as_str())
            });
            let arg = arg.unwrap_or_else(|| panic!("no flag --{name}"));
            let help = arg.get_help().unwrap().to_string();
            assert!(help.contains("[default: "), "{name}: {help}");
            assert!(!help.contains("[default: ]"), "{name}: {help}");
            assert!(arg.get_help_heading().is_some(), "{name}");
        }
    }

    #[test]
    fn flags_are_the_settings_of_a_file() {
        let flags = parse(&[
            "--target",
            "a",
            "--target",
            "b,c",
            "--drop",
            "d, e",
            "--drop",
            "\"f, g\",h \"i\"",
            "--lr",
            "0.5",
            "--batch-size",
            "8",
            "--nesterov",
            "--refit",
            "false",
            "--valid",
            "rows.csv",
            "--task",
            "auto",
            "--fixed-point=-1,2",
        ]);
        let file = "target = ['a', 'b,c']\ndrop = ['d', 'e', 'f, g', 'h \"i\"']\nlr = 0.5\nbatch = 8\nnesterov = true\n\
                    refit = false\nvalid = 'rows.csv'\ntask = 'auto'\nfixed_point = '-1,2'";
        assert_eq!(flags, Settings::from_toml(file, "s").unwrap());
        assert_eq!(parse(&["--learning-rate", "1"]), parse(&["--lr", "1"]));
        assert_eq!(parse(&["--batch", "1"]), parse(&["--batch-size", "1"]));
    }
}
