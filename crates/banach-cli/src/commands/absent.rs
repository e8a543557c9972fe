//! What this build was made without.

/// Takes any arguments: those of a command that is not there.
#[cfg(not(feature = "reproduce"))]
#[derive(Debug, clap::Args)]
#[command(disable_help_flag = true)]
pub(crate) struct AbsentArgs {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
    _arguments: Vec<std::ffi::OsString>,
}

/// Says that a part of the program is not there, and how to get it.
pub(crate) fn message(what: &str, feature: &str) -> String {
    format!(
        "this build of banach has no {what}: it was made without the feature {feature:?}; install one \
         that has it with `cargo install --path crates/banach-cli --features {feature}`"
    )
}

/// Refuses a command.
#[cfg(not(feature = "reproduce"))]
pub(crate) fn run(command: &str, feature: &str) -> anyhow::Result<std::process::ExitCode> {
    anyhow::bail!("{}", message(&format!("command {command:?}"), feature))
}
