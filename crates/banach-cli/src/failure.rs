//! Errors as a person sees them: every cause, then the next step where one is known.

use std::io;
use std::path::Path;
use std::process::ExitCode;

use banach::Error;
use banach::certify::CertifyError;
use banach::container::FormatError;
use banach_data::{
    AtomicFileError, DataError, Delimiter, EncodeError, SplitError, TableError, TargetError,
    UnknownName, nearest_name,
};
use banach_io::{RaggedCause, ReadError, WriteError};
use banach_nn::TrainError;

use crate::output::say;
use crate::text::quoted;

/// Exit code of an error.
pub(crate) const ERROR: u8 = 2;
/// Exit code after Ctrl-C, as shells have it for SIGINT.
pub(crate) const INTERRUPTED: u8 = 130;

/// Writes an error and gives its exit code.
pub(crate) fn report(error: &anyhow::Error) -> ExitCode {
    if is_broken_pipe(error) {
        // Whoever read the output, such as `head`, has had enough.
        return ExitCode::SUCCESS;
    }
    say(&format!("error: {}", chain(error)));
    if let Some(step) = next_step(error) {
        say(&step);
    }
    let interrupted = matches!(error.downcast_ref(), Some(Error::Interrupted));
    ExitCode::from(if interrupted { INTERRUPTED } else { ERROR })
}

/// Message and causes; a cause whose words are in the message before it is not said again.
fn chain(error: &anyhow::Error) -> String {
    let mut text = error.to_string();
    for cause in error.chain().skip(1) {
        let cause = cause.to_string();
        if !text.contains(&cause) {
            text.push_str(": ");
            text.push_str(&cause);
        }
    }
    text.trim_end().to_owned()
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let broken = |cause: &(dyn std::error::Error + 'static)| {
        let cause = cause.downcast_ref::<io::Error>();
        cause.is_some_and(|cause| cause.kind() == io::ErrorKind::BrokenPipe)
    };
    error.chain().any(broken)
}

/// What to try, where the message does not say it.
fn next_step(error: &anyhow::Error) -> Option<String> {
    if let Some(TrainError::Diverged { .. }) = train_error(error) {
        return Some(
            "Try a learning rate 10 times lower (--lr), gradient clipping (--clip-norm 1), or look for \
             extreme values in the table"
                .to_owned(),
        );
    }
    if let Some(TrainError::NoWeight { .. }) = train_error(error) {
        return Some(
            "leave rows that do not count out of the table, or choose other validation rows with --valid \
             or --split"
                .to_owned(),
        );
    }
    if let Some(error) = table_error(error) {
        return about_table(error);
    }
    let read = match library_error(error) {
        Some(Error::ReadTable(read)) => Some(read),
        _ => error.downcast_ref::<ReadError>(),
    };
    match read {
        Some(ReadError::Read { file, source }) if source.kind() == io::ErrorKind::NotFound => {
            return near_file(file);
        }
        Some(ReadError::FormatNotBuilt { .. }) => return Some(full_build()),
        Some(read) => {
            if let Some(step) = about_reading(read) {
                return Some(step);
            }
        }
        None => {}
    }
    if let Some(WriteError::FormatNotBuilt { .. }) = error.downcast_ref() {
        return Some(full_build());
    }
    if let Some(unwritten) = error.downcast_ref::<AtomicFileError>() {
        return about_folder(unwritten);
    }
    if let Some(format) = format_error(error) {
        return about_model(format);
    }
    if let Some(certify) = certify_error(error) {
        return about_certificate(certify);
    }
    match library_error(error) {
        Some(Error::UnknownSetting { .. }) => Some(
            "try `banach fit --help`: settings in a file have the names of the flags".to_owned(),
        ),
        Some(Error::ReadSettings { file, source }) if source.kind() == io::ErrorKind::NotFound => {
            near_file(file)
        }
        Some(Error::NoCheckpoint { .. }) => Some("start a new run without --resume".to_owned()),
        Some(Error::FolderInUse { .. }) => Some(
            "wait until it has ended, stop it, or give this run a folder of its own with --checkpoint"
                .to_owned(),
        ),
        Some(Error::OtherRun { .. }) => Some(
            "resume with the same settings and table, or start a new run without --resume"
                .to_owned(),
        ),
        Some(Error::OutOfMemory { .. }) => {
            Some("try a smaller --width, --layers or --batch-size".to_owned())
        }
        _ => about_comparison(error),
    }
}

#[cfg(feature = "compare")]
fn about_comparison(error: &anyhow::Error) -> Option<String> {
    match error.downcast_ref()? {
        banach_lab::LabError::WeightsNeedNetworks {
            setting, networks, ..
        } => Some(format!(
            "leave --{} out, or compare networks alone with --methods {networks}",
            setting.replace('_', "-")
        )),
        _ => None,
    }
}

#[cfg(not(feature = "compare"))]
fn about_comparison(_: &anyhow::Error) -> Option<String> {
    None
}

/// The library's error that this one is or holds; of a fold that failed, what is wrong in it.
fn library_error(error: &anyhow::Error) -> Option<&Error> {
    let mut own = error.chain().find_map(|cause| {
        let boxed = cause.downcast_ref::<Box<Error>>();
        cause.downcast_ref().or(boxed.map(|boxed| &**boxed))
    })?;
    while let Error::Fold { source, .. } = own {
        own = source;
    }
    Some(own)
}

/// What is wrong with the training of a network.
fn train_error(error: &anyhow::Error) -> Option<&TrainError> {
    match library_error(error) {
        Some(Error::Train(own)) => Some(own),
        _ => error.downcast_ref(),
    }
}

/// The fault of a model file that an error is about.
fn format_error(error: &anyhow::Error) -> Option<&FormatError> {
    if let Some(error) = error.downcast_ref() {
        return Some(error);
    }
    let own = match library_error(error) {
        Some(Error::Model(own)) => Some(own),
        _ => error.downcast_ref(),
    };
    match own {
        Some(banach::model::Error::Format(error)) => Some(error),
        _ => None,
    }
}

/// Why a network has no certificate.
fn certify_error(error: &anyhow::Error) -> Option<&CertifyError> {
    match error.downcast_ref() {
        Some(banach::model::Error::Certify(error)) => Some(error),
        _ => error.downcast_ref(),
    }
}

fn about_certificate(error: &CertifyError) -> Option<String> {
    let step = match error {
        CertifyError::NotSelu { .. } => "train such a network with `banach fit --network snn`",
        CertifyError::RowsOfForeignFile => {
            "leave the table out, and give mean and variance of the input with --input-moments"
        }
        CertifyError::Order { .. } => {
            "name the layers in their order, the output layer last, with --layers A,B,.."
        }
        CertifyError::Orientation { .. } => {
            "say which it is with --orientation out-in (PyTorch) or in-out (Keras, Flax)"
        }
        CertifyError::OnlyOutput { .. } => "with --last-is-selu it is certified as a SELU layer",
        _ => return None,
    };
    Some(step.to_owned())
}

/// The fault of a table that an error is about.
fn table_error(error: &anyhow::Error) -> Option<&TableError> {
    if let Some(error) = error.downcast_ref() {
        return Some(error);
    }
    if let Some(EncodeError::Table(error)) = error.downcast_ref() {
        return Some(error);
    }
    if let Some(TargetError::Table(error)) = error.downcast_ref() {
        return Some(error);
    }
    if let Some(SplitError::Table(error)) = error.downcast_ref() {
        return Some(error);
    }
    if let Some(ReadError::Table(error)) = error.downcast_ref() {
        return Some(error);
    }
    if let Some(DataError::Table(error)) = error.downcast_ref() {
        return Some(error);
    }
    if let Some(banach::model::Error::Data(DataError::Table(error))) = error.downcast_ref() {
        return Some(error);
    }
    match library_error(error) {
        Some(Error::Data(DataError::Table(error))) => Some(error),
        _ => None,
    }
}

/// How names with commas are written, where a name may have been taken apart at one.
fn about_list(setting: &str, names: &[UnknownName]) -> Option<String> {
    let flag = match setting {
        "skip" | "drop" => "drop",
        "passthrough" => "keep",
        "categorical" | "numeric" => setting,
        "target" | "weight" if names.iter().any(|unknown| unknown.name.starts_with('"')) => {
            return Some(format!(
                "--{setting} takes one name as it stands, without quotes"
            ));
        }
        _ => return None,
    };
    let step = format!("--{flag} takes names of columns of the table, separated by commas");
    Some(match names.len() {
        1 => step,
        _ => format!(
            "{step}; a name with a comma is written in double quotes: --{flag} '\"a, b\",c'"
        ),
    })
}

fn about_table(error: &TableError) -> Option<String> {
    let step = match error {
        TableError::NotUtf8 { .. } => {
            "try --encoding windows-1252, or the name of another encoding"
        }
        TableError::MissingColumns { .. } => {
            "try `banach inspect MODEL` to see the columns that the model needs"
        }
        TableError::UnknownColumns { setting, names, .. } => return about_list(setting, names),
        _ => return None,
    };
    Some(step.to_owned())
}

/// The flag that helps with a file that cannot be cut into rows, or whose text cannot be decoded.
fn about_reading(error: &ReadError) -> Option<String> {
    let step = match error {
        ReadError::RaggedRow { cause, .. } => return about_ragged_row(cause),
        ReadError::UnclosedQuote { .. } => {
            "try --quote none if quotes have no meaning in this file, or --escape CHAR if another character escapes them"
        }
        ReadError::RowTooLong { .. } => "try --quote none if quotes have no meaning in this file",
        ReadError::HeaderNotUtf8 { .. } => {
            "try --encoding windows-1252, or the name of another encoding"
        }
        ReadError::NotText { .. } => "try --encoding NAME with the encoding of the file",
        _ => return None,
    };
    Some(step.to_owned())
}

fn about_ragged_row(cause: &RaggedCause) -> Option<String> {
    let step = match cause {
        RaggedCause::OtherHeader { lines_above, .. } => {
            return Some(format!("try --skip {lines_above}"));
        }
        RaggedCause::OtherDelimiter {
            delimiter: Delimiter::Character(byte),
        } => {
            let character = match byte {
                b'\t' => "tab".to_owned(),
                byte => quoted(&char::from(*byte).to_string()),
            };
            return Some(format!(
                "try --delimiter {character} if that is the one of the whole file"
            ));
        }
        RaggedCause::OpenQuote { .. } => {
            "try --quote none if quotes have no meaning in this file, or --escape CHAR if another character escapes them"
        }
        RaggedCause::UnquotedDelimiter { .. } => {
            "try --delimiter CHAR if the values are separated by something else, or --comment CHAR if the line is a comment"
        }
        _ => return None,
    };
    Some(step.to_owned())
}

fn full_build() -> String {
    "try `cargo install --path crates/banach-cli --features full` for a build with every format"
        .to_owned()
}

fn about_model(error: &FormatError) -> Option<String> {
    let (file, cause) = match error {
        FormatError::File { path, source } => (path.to_str(), &**source),
        other => (None, other),
    };
    match cause {
        FormatError::Io { source, .. } if source.kind() == io::ErrorKind::NotFound => {
            near_file(file?)
        }
        // The message says what to do.
        FormatError::Io { .. } | FormatError::UnsupportedVersion { .. } => None,
        FormatError::NotSafetensors | FormatError::HeaderTooLarge { .. } => Some(
            "is it a model? The model comes before the table, as in `banach predict MODEL DATA`"
                .to_owned(),
        ),
        _ if file.is_some_and(|file| file.ends_with("checkpoint.safetensors")) => {
            Some("start a new run without --resume".to_owned())
        }
        _ => Some(
            "try to copy the file again, or to train the model again with `banach fit`".to_owned(),
        ),
    }
}

/// A file that cannot be begun because its folder is not there.
fn about_folder(error: &AtomicFileError) -> Option<String> {
    let folder = Path::new(&error.file).parent()?;
    let lacks = error.source.kind() == io::ErrorKind::NotFound && !folder.exists();
    lacks.then(|| format!("there is no folder {}: create it first", folder.display()))
}

/// The file with the nearest name in the same folder.
fn near_file(file: &str) -> Option<String> {
    let path = Path::new(file);
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let names: Vec<String> = std::fs::read_dir(folder)
        .ok()?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    // Endings are alike among strangers too, so the rest of the name must be near by itself.
    let stem = |name: &str| Some(Path::new(name).file_stem()?.to_str()?.to_owned());
    let wanted = stem(file)?;
    let near = |name: &&str| {
        stem(name).is_some_and(|stem| nearest_name(&wanted, [stem.as_str()]).is_some())
    };
    let names = names.iter().map(String::as_str).filter(near);
    let nearest = nearest_name(path.file_name()?.to_str()?, names)?;
    let near = path.with_file_name(nearest);
    Some(format!("did you mean {}?", near.display()))
}
