//! Arguments before they are parsed: names of columns may begin with a dash.

use std::ffi::OsString;

use clap::{Arg, Command};

/// The arguments, with a name that begins with a dash tied to its flag: `--target -y` becomes
/// `--target=-y`. What is a flag of the command stays one, and so does what looks like a long one, which
/// is more likely a slip of the finger.
pub(crate) fn with_dashed_names(command: &mut Command, arguments: Vec<OsString>) -> Vec<OsString> {
    command.build();
    let mut command: &Command = command;
    let mut tied: Vec<OsString> = Vec::with_capacity(arguments.len());
    let mut arguments = arguments.into_iter().peekable();
    tied.extend(arguments.next());
    while let Some(mut argument) = arguments.next() {
        let Some(text) = argument.to_str() else {
            tied.push(argument);
            continue;
        };
        if text == "--" {
            tied.push(argument);
            break;
        }
        if let Some(inner) = command.find_subcommand(text) {
            command = inner;
        } else if takes_a_name(command, text)
            && let Some(next) = arguments.peek().and_then(|next| next.to_str())
            && is_dashed_name(command, next)
        {
            argument.push("=");
            argument.push(next);
            arguments.next();
        }
        tied.push(argument);
    }
    tied.extend(arguments);
    tied
}

/// Whether an argument is a flag whose value names columns.
fn takes_a_name(command: &Command, argument: &str) -> bool {
    let Some(long) = argument.strip_prefix("--") else {
        return false;
    };
    let of_columns = |arg: &Arg| {
        let names = arg.get_value_names().unwrap_or_default();
        names.iter().any(|name| name.starts_with("COL"))
    };
    command
        .get_arguments()
        .any(|arg| has_long(arg, long) && of_columns(arg))
}

fn has_long(arg: &Arg, long: &str) -> bool {
    let aliases = arg.get_all_aliases().unwrap_or_default();
    arg.get_long() == Some(long) || aliases.contains(&long)
}

/// Whether what follows such a flag is a name that begins with a dash.
fn is_dashed_name(command: &Command, text: &str) -> bool {
    let Some(rest) = text.strip_prefix('-').filter(|rest| !rest.is_empty()) else {
        return false;
    };
    if let Some(long) = rest.strip_prefix('-') {
        let mut chars = long.split('=').next().unwrap_or_default().chars();
        let looks_like_a_flag = chars.all(|char| char.is_ascii_lowercase() || char == '-');
        return !looks_like_a_flag;
    }
    let is_short = |char| {
        command
            .get_arguments()
            .any(|arg| arg.get_short() == Some(char))
    };
    !rest.chars().all(is_short)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tied(line: &[&str]) -> Vec<String> {
        let mut command = Command::new("p").subcommand(
            Command::new("fit")
                .arg(Arg::new("data"))
                .arg(Arg::new("quiet").long("quiet").short('q').num_args(0))
                .arg(Arg::new("target").long("target").value_name("COL"))
                .arg(Arg::new("drop").long("drop").value_name("COL,.."))
                .arg(Arg::new("out").long("out").value_name("FILE")),
        );
        let line = line.iter().map(OsString::from).collect();
        let tied = with_dashed_names(&mut command, line);
        tied.into_iter()
            .map(|argument| argument.into_string().unwrap())
            .collect()
    }

    #[test]
    fn names_with_a_dash_are_tied_to_their_flag_and_flags_stay_flags() {
        let cases: [(&[&str], &[&str]); 9] = [
            (
                &["p", "fit", "t", "--target", "-y"],
                &["p", "fit", "t", "--target=-y"],
            ),
            (
                &["p", "fit", "--drop", "-a,-b"],
                &["p", "fit", "--drop=-a,-b"],
            ),
            (&["p", "fit", "--drop", "--A"], &["p", "fit", "--drop=--A"]),
            (&["p", "fit", "--drop", "-5"], &["p", "fit", "--drop=-5"]),
            // A value was forgotten, or a flag misspelt: that is for the parser to say.
            (
                &["p", "fit", "--drop", "--target", "y"],
                &["p", "fit", "--drop", "--target", "y"],
            ),
            (
                &["p", "fit", "--drop", "--taget", "y"],
                &["p", "fit", "--drop", "--taget", "y"],
            ),
            (&["p", "fit", "--drop", "-q"], &["p", "fit", "--drop", "-q"]),
            // Not the name of a column.
            (&["p", "fit", "--out", "-y"], &["p", "fit", "--out", "-y"]),
            (
                &["p", "fit", "--", "--drop", "-y"],
                &["p", "fit", "--", "--drop", "-y"],
            ),
        ];
        for (line, expected) in cases {
            assert_eq!(tied(line), expected);
        }
    }
}
