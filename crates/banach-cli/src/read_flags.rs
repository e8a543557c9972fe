//! Flags that say how tables are read, and what is said about the way they were.

use banach_data::{Delimiter, Dialect, FileNotice, Header, Mark};

use crate::output::say;

/// How tables are read. What is not given is found out from the file.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct ReadFlags {
    /// What stands between values: a character, or tab, blank (one or more blanks), none (one column) [default: found]
    #[arg(long, value_name = "CHAR", help_heading = "Reading")]
    delimiter: Option<Delimiter>,
    /// Character around values, or none [default: found]
    #[arg(long, value_name = "CHAR", help_heading = "Reading")]
    quote: Option<Mark>,
    /// Character that escapes quotes and delimiters, or none [default: found]
    #[arg(long, value_name = "CHAR", help_heading = "Reading")]
    escape: Option<Mark>,
    /// Character that lines begin with which are no rows, or none [default: found]
    #[arg(long, value_name = "CHAR", help_heading = "Reading")]
    comment: Option<Mark>,
    /// Lines above the header [default: found]
    #[arg(long, value_name = "N", help_heading = "Reading")]
    skip: Option<u64>,
    /// The first row has no names; columns are named c0, c1, ..
    #[arg(long, help_heading = "Reading")]
    no_header: bool,
    /// The first row has the names, whatever it looks like
    #[arg(long, conflicts_with = "no_header", help_heading = "Reading")]
    header: bool,
    /// Encoding of text files, such as windows-1252 or shift_jis [default: found]
    #[arg(long, value_name = "NAME", help_heading = "Reading")]
    encoding: Option<String>,
}

impl ReadFlags {
    /// What the library calls it.
    pub(crate) fn dialect(&self) -> Dialect {
        let header = match (self.header, self.no_header) {
            (true, _) => Some(Header::Present),
            (_, true) => Some(Header::Absent),
            _ => None,
        };
        Dialect {
            delimiter: self.delimiter,
            quote: self.quote,
            escape: self.escape,
            comment: self.comment,
            skip_lines: self.skip,
            header,
            encoding: self.encoding.clone(),
        }
    }
}

/// Says what was found in files that is not as in most, and which flag settles it otherwise.
pub(crate) fn say_notices(notices: &[FileNotice]) {
    for notice in notices {
        say(&with_flag(notice));
    }
}

/// A notice with the flag that settles it otherwise.
fn with_flag(notice: &FileNotice) -> String {
    let flag = match notice {
        FileNotice::Delimiter { .. }
        | FileNotice::DelimiterTie { .. }
        | FileNotice::OneColumn { .. } => "--delimiter CHAR",
        FileNotice::Quote { .. } => "--quote none",
        FileNotice::Escape { .. } => "--escape none",
        FileNotice::Encoding { .. } => "--encoding NAME",
        FileNotice::LinesAboveHeader { .. } => "--skip N",
        FileNotice::Comments { .. } => "--comment none",
        FileNotice::NoHeader { .. } => "--header",
        FileNotice::NumericNames { .. } => "--no-header",
        _ => return notice.to_string(),
    };
    format!("{notice} (if that is wrong: {flag})")
}
