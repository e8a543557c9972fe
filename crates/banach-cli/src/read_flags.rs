//! Flags that say how tables are read, and what is said about the way they were.

use anyhow::{Context, bail};
use banach_data::{
    DateOrder, DecimalMark, Delimiter, Dialect, EpochUnit, FileNotice, Header, Mark, MissingWords,
    NameError, NameList, NumberFormat, Thousands, by_name,
};
use banach_io::ReadOptions;

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
    /// Further words for missing values, such as -999; only:WORD,.. in place of the usual ones, none for no
    /// words at all; COL=WORD,.. in one column. Repeatable [default: the usual ones]
    #[arg(
        long,
        value_name = "[COL=]WORD,..",
        allow_hyphen_values = true,
        help_heading = "Reading"
    )]
    na: Vec<String>,
    /// Decimal mark of numbers: a point or a comma [default: found, column by column]
    #[arg(long, value_name = "CHAR", value_parser = decimal_mark, help_heading = "Reading")]
    decimal: Option<DecimalMark>,
    /// What groups thousands: a comma, a point, blank or an apostrophe [default: found, column by column]
    #[arg(long, value_name = "CHAR", value_parser = thousands, help_heading = "Reading")]
    thousands: Option<Thousands>,
    /// Order of dates: day-first, month-first or year-first [default: found, column by column]
    #[arg(long, value_name = "ORDER", value_parser = date_order, help_heading = "Reading")]
    dates: Option<DateOrder>,
    /// Column of times that counts seconds since 1970, or another unit: s, ms, us or ns. Repeatable
    #[arg(long, value_name = "COL[=UNIT]", help_heading = "Reading")]
    epoch: Vec<String>,
    /// Fail on the first cell that does not have the type of its column; else up to 5% of a column's cells may
    /// differ and count as missing
    #[arg(long, help_heading = "Reading")]
    strict: bool,
}

fn decimal_mark(text: &str) -> Result<DecimalMark, String> {
    match text {
        "." | "point" => Ok(DecimalMark::Point),
        "," | "comma" => Ok(DecimalMark::Comma),
        _ => Err("expected . or ,".to_owned()),
    }
}

fn thousands(text: &str) -> Result<Thousands, String> {
    match text {
        "," | "comma" => Ok(Thousands::Comma),
        "." | "point" => Ok(Thousands::Point),
        " " | "blank" => Ok(Thousands::Blank),
        "'" | "apostrophe" => Ok(Thousands::Apostrophe),
        _ => Err("expected a comma, a point, blank or an apostrophe".to_owned()),
    }
}

fn date_order(text: &str) -> Result<DateOrder, String> {
    let orders = [
        DateOrder::DayFirst,
        DateOrder::MonthFirst,
        DateOrder::YearFirst,
    ];
    by_name(&orders, DateOrder::name, text).map_err(|error| error.to_string())
}

/// What one `--na` says, and of which column.
fn missing_words(text: &str) -> Result<(Option<String>, MissingWords), NameError> {
    let (column, words) = match text.rsplit_once('=') {
        Some((column, words)) => (Some(column.to_owned()), words),
        None => (None, text),
    };
    let words = match words.strip_prefix("only:") {
        _ if matches!(words, "" | "none") => MissingWords::only(Vec::new()),
        Some(only) => MissingWords::only(only.parse::<NameList>()?.0),
        None => MissingWords::usual_and(words.parse::<NameList>()?.0),
    };
    Ok((column, words))
}

impl ReadFlags {
    /// What the library calls it.
    pub(crate) fn options(&self) -> anyhow::Result<ReadOptions> {
        let mut options = ReadOptions {
            dialect: self.dialect(),
            dates: self.dates,
            strict: self.strict,
            numbers: self.numbers()?,
            ..ReadOptions::default()
        };
        for text in &self.na {
            match missing_words(text).with_context(|| format!("--na {text}"))? {
                (Some(column), words) => options.missing_in.push((column, words)),
                (None, words) => {
                    let all = options.missing.take();
                    options.missing = Some(all.map_or(words.clone(), |all| all.and(words)));
                }
            }
        }
        for text in &self.epoch {
            let (column, unit) = match text.rsplit_once('=') {
                Some((column, unit)) => {
                    let unit = by_name(&EpochUnit::ALL, EpochUnit::name, unit);
                    (column, unit.with_context(|| format!("--epoch {text}"))?)
                }
                None => (text.as_str(), EpochUnit::Seconds),
            };
            options.epoch.push((column.to_owned(), unit));
        }
        Ok(options)
    }

    /// The format of numbers, if anything is said about it.
    fn numbers(&self) -> anyhow::Result<Option<NumberFormat>> {
        let (decimal, thousands) = match (self.decimal, self.thousands) {
            (None, None) => return Ok(None),
            (Some(DecimalMark::Comma), None) => (DecimalMark::Comma, Thousands::Point),
            (Some(DecimalMark::Point), None) => (DecimalMark::Point, Thousands::Comma),
            (None, Some(Thousands::Point)) => (DecimalMark::Comma, Thousands::Point),
            (None, Some(thousands)) => (DecimalMark::Point, thousands),
            (Some(decimal), Some(thousands)) => (decimal, thousands),
        };
        if matches!(
            (decimal, thousands),
            (DecimalMark::Point, Thousands::Point) | (DecimalMark::Comma, Thousands::Comma)
        ) {
            bail!("--decimal and --thousands must differ");
        }
        Ok(Some(NumberFormat { decimal, thousands }))
    }

    fn dialect(&self) -> Dialect {
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
