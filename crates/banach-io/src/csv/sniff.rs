//! Finds out from the beginning of a file how it is cut into cells.
//!
//! Each candidate cuts a sample. The one with most rows of equal length wins, and among equals the one
//! whose values look like numbers and dates most. Unusual dialects must cut every row alike.

use banach_data::{Delimiter, Dialect, FileNotice, Header, Mark};

use super::odd_cutter::Rules;

mod header;
mod looks;
mod trial;

use header::{Verdict, judge};
use trial::{Form, Sample, Trial};

/// How much of the file is looked at, unless its rows are longer.
pub(super) const SAMPLE_BYTES: usize = 64 * 1024;

/// Delimiters of most files; the first wins a tie.
const USUAL: [u8; 4] = [b',', b';', b'\t', b'|'];

/// Delimiters that are taken only where they cut every row alike.
const UNUSUAL: [u8; 4] = [1, b'^', b'~', b':'];

/// Share of rows below which a usual delimiter gives way to an unusual one that cuts every row alike.
const GOOD_SHARE: f64 = 0.999;

/// Characters of a line that a notice shows.
const MAX_SHOWN: usize = 60;

/// How a file is cut.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) rules: Rules,
    /// Offset of the header in the sample, or of the first row when there is none.
    pub(super) start: usize,
    /// Lines before it.
    pub(super) lines_above: u64,
    pub(super) header: FoundHeader,
    /// Offset of a line further down that may be the header, when the first row cannot be: lines from
    /// the first row.
    pub(super) other_header: Option<u64>,
    pub(super) notices: Vec<FileNotice>,
}

/// Where the names of the columns come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FoundHeader {
    /// The first row has them.
    Names,
    /// The first row has all but that of the first column.
    RowNames,
    /// The first row has them; the rows end with a delimiter, and perhaps the header does.
    TrailingDelimiter,
    /// There are none.
    Absent { trailing_delimiter: bool },
}

/// What is known of a file before it is looked at.
pub(super) struct Known<'a> {
    pub(super) file: &'a str,
    pub(super) dialect: &'a Dialect,
    /// Names that somebody expects.
    pub(super) expected: &'a [String],
}

/// Finds the dialect of a sample. `whole` says that the sample is the whole file, so that its last row
/// counts.
pub(super) fn sniff(bytes: &[u8], whole: bool, known: &Known<'_>) -> Found {
    let sample = Sample {
        bytes,
        whole,
        fixed_top: known.dialect.skip_lines.is_some(),
        hashes: known.dialect.comment.is_none(),
    };
    let (trial, tie) = choose(sample, known);
    let file = || known.file.to_owned();
    let mut notices = Vec::new();
    let given = known.dialect;
    if given.delimiter.is_none() {
        match (trial.rules.delimiter, tie) {
            (delimiter, Some(other)) => notices.push(FileNotice::DelimiterTie {
                file: file(),
                delimiter,
                other,
            }),
            (Delimiter::Character(byte), None) if USUAL.contains(&byte) => {}
            (Delimiter::Absent, None) => {}
            (delimiter, None) => notices.push(FileNotice::Delimiter {
                file: file(),
                delimiter,
            }),
        }
    }
    if let (None, Some(quote)) = (given.quote, trial.rules.quote)
        && quote != b'"'
    {
        notices.push(FileNotice::Quote {
            file: file(),
            quote: char::from(quote),
        });
    }
    if let (None, Some(escape)) = (given.escape, trial.rules.escape) {
        notices.push(FileNotice::Escape {
            file: file(),
            escape: char::from(escape),
        });
    }
    finish(bytes, trial, known, notices)
}

/// What follows from the trial that was chosen.
fn finish(
    sample: &[u8],
    trial: Trial<'_>,
    known: &Known<'_>,
    mut notices: Vec<FileNotice>,
) -> Found {
    let Some(&top) = trial.rows.get(trial.top) else {
        return Found {
            rules: trial.rules,
            start: 0,
            lines_above: 0,
            header: FoundHeader::Names,
            other_header: None,
            notices,
        };
    };
    let given = known.dialect;
    let file = || known.file.to_owned();
    let first = trial.cells(trial.top);
    let shown = |cells: &[&[u8]]| -> Vec<String> {
        let each = cells
            .iter()
            .map(|cell| String::from_utf8_lossy(cell.trim_ascii()));
        each.map(|cell| cell.chars().take(MAX_SHOWN).collect())
            .collect()
    };
    let verdict = match given.header {
        Some(Header::Present) => Verdict::Names,
        Some(Header::Absent) => Verdict::Row,
        None if trial.form == Form::RowNames => Verdict::Names,
        None => expected_verdict(&first, known.expected)
            .unwrap_or_else(|| judge(&first, &trial.body(), trial.comma())),
    };
    let cut_further = |byte: &u8| matches!(byte, b' ' | b'\t' | b';' | b'|' | b':' | b'^' | b'~');
    if given.delimiter.is_none()
        && first.len() == 1
        && first[0].trim_ascii().iter().any(cut_further)
    {
        notices.push(FileNotice::OneColumn {
            file: file(),
            name: shown(&first).swap_remove(0),
        });
    }
    let trailing = trial.form == Form::TrailingDelimiter;
    if trailing {
        notices.push(FileNotice::TrailingDelimiter {
            file: file(),
            delimiter: trial.rules.delimiter,
        });
    }
    let header = match verdict {
        Verdict::Row => {
            if given.header.is_none() {
                let cells = first.len() - usize::from(trailing);
                notices.push(FileNotice::NoHeader {
                    file: file(),
                    first_row: shown(&first[..cells]),
                });
            }
            FoundHeader::Absent {
                trailing_delimiter: trailing,
            }
        }
        Verdict::Names | Verdict::PerhapsNames | Verdict::Numbers => {
            if verdict == Verdict::Numbers {
                notices.push(FileNotice::NumericNames {
                    file: file(),
                    names: shown(&first),
                });
            }
            match trial.form {
                Form::Even => FoundHeader::Names,
                Form::RowNames => FoundHeader::RowNames,
                Form::TrailingDelimiter => FoundHeader::TrailingDelimiter,
            }
        }
    };
    if top.line > 0
        && let Some(above) = trial.rows[..trial.top].first()
    {
        let text = sample[above.start..].split(|byte| matches!(byte, b'\n' | b'\r'));
        let text = String::from_utf8_lossy(text.into_iter().next().unwrap_or_default());
        notices.push(FileNotice::LinesAboveHeader {
            file: file(),
            count: top.line,
            first: text.trim().chars().take(MAX_SHOWN).collect(),
        });
    }
    let mut rules = trial.rules;
    if sample[top.start] != b'#' && given.comment.is_none() && hashes_are_comments(&trial) {
        rules.comment = Some(b'#');
    }
    Found {
        rules,
        start: top.start,
        lines_above: top.line,
        header,
        other_header: other_header(&trial),
        notices,
    }
}

/// What the names that somebody expects say about the first row.
fn expected_verdict(first: &[&[u8]], expected: &[String]) -> Option<Verdict> {
    let found = |name: &String| {
        first
            .iter()
            .any(|cell| cell.trim_ascii() == name.as_bytes())
    };
    if expected.iter().any(found) {
        return Some(Verdict::Names);
    }
    let made_up = |name: &String| {
        let number = name.strip_prefix('c');
        number.is_some_and(|number| number.parse::<usize>().is_ok())
    };
    (!expected.is_empty() && expected.iter().all(made_up)).then_some(Verdict::Row)
}

/// Whether lines that begin with # are comments even if they have as many values as rows: some of them
/// have not, or stand above the header, and the first column is one of numbers or dates.
fn hashes_are_comments(trial: &Trial<'_>) -> bool {
    let hashes = || trial.rows.iter().filter(|row| row.hash);
    if hashes().next().is_none() {
        return false;
    }
    let body = trial.body();
    let looks = body.iter().filter_map(|row| row.first());
    let text = looks.filter(|cell| looks::Look::of(cell, trial.comma()) == looks::Look::Text);
    !body.is_empty() && text.count() == 0
}

/// The line, counted from the first row, of a row further down from which on all have more values than
/// the first.
fn other_header(trial: &Trial<'_>) -> Option<u64> {
    let plain: Vec<_> = trial.rows.iter().filter(|row| !row.hash).collect();
    let last = plain.last()?.n_cells;
    let from_end = plain.iter().rev().take_while(|row| row.n_cells == last);
    let at = plain.len() - from_end.count();
    let first_line = trial.rows[trial.top].line;
    let found = at > 0 && last > plain[0].n_cells && plain.len() - at >= 3;
    found.then(|| plain[at].line - first_line)
}

/// The best trial, and a delimiter that did as well.
fn choose<'a>(sample: Sample<'a>, known: &Known<'_>) -> (Trial<'a>, Option<Delimiter>) {
    let trial = |delimiter| best_quoting(delimiter, sample, known.dialect);
    if let Some(delimiter) = known.dialect.delimiter {
        return (trial(delimiter), None);
    }
    let occurs = |byte: &u8| sample.bytes.contains(byte);
    let usual = USUAL.into_iter().filter(occurs);
    let usual = usual.map(|byte| trial(Delimiter::Character(byte)));
    let (mut best, mut tie) = (None::<Trial<'a>>, None);
    for trial in usual.filter(|trial| trial.width >= 2) {
        match &best {
            Some(other) if !better(&trial, other) => {
                if ties(&trial, other) {
                    tie = Some(trial.rules.delimiter);
                }
            }
            other => {
                let other = other.as_ref().filter(|other| ties(&trial, other));
                tie = other.map(|other| other.rules.delimiter);
                best = Some(trial);
            }
        }
    }
    let whole_line = || trial(Delimiter::Absent);
    if best.as_ref().is_none_or(|best| best.share < GOOD_SHARE) {
        let unusual = UNUSUAL.into_iter().filter(occurs);
        let unusual = unusual.map(Delimiter::Character).chain([Delimiter::Blanks]);
        for trial in unusual.map(trial) {
            if is_certain(&trial, known, whole_line)
                && best.as_ref().is_none_or(|best| {
                    best.share < trial.share && (best.sense < trial.sense || best.share < 0.5)
                })
            {
                tie = None;
                best = Some(trial);
            }
        }
    }
    match best {
        Some(best) => (best, tie),
        // One column. A comma in it is a fault, unless it is quoted.
        None => (trial(Delimiter::Character(b',')), None),
    }
}

fn better(trial: &Trial<'_>, other: &Trial<'_>) -> bool {
    let merit = |trial: &Trial<'_>| {
        let even = f64::from(u8::from(trial.form != Form::RowNames));
        (trial.share, even, trial.sense, trial.width)
    };
    merit(trial) > merit(other)
}

/// Whether two delimiters cut every row alike.
fn ties(trial: &Trial<'_>, other: &Trial<'_>) -> bool {
    let whole = |trial: &Trial<'_>| trial.share >= 1.0 && trial.form != Form::RowNames;
    whole(trial) && whole(other)
}

/// Whether an unusual delimiter cuts every row alike, and into values that make sense.
fn is_certain<'a>(
    trial: &Trial<'_>,
    known: &Known<'_>,
    whole_line: impl Fn() -> Trial<'a>,
) -> bool {
    if trial.width < 2 || trial.rows.len() < 2 || !trial.certain {
        return false;
    }
    // Titles hold blanks and colons too.
    let rare = match trial.rules.delimiter {
        Delimiter::Character(byte) => byte != b':',
        Delimiter::Blanks | Delimiter::Absent => false,
    };
    let comments_above = trial.rows[..trial.top].iter().all(|row| row.hash);
    if trial.share < 1.0 && !(trial.top > 0 && (rare || comments_above)) {
        return false;
    }
    match trial.rules.delimiter {
        Delimiter::Character(b':') => {
            trial.width >= 3 && trial.sense > 0.0 && {
                let line = whole_line();
                line.sense == 0.0
                    && !trial
                        .body()
                        .iter()
                        .flatten()
                        .any(|cell| cell.contains(&b' '))
            }
        }
        Delimiter::Blanks => {
            let line = whole_line();
            let names = line.rows.get(line.top).map(|_| line.cells(line.top));
            let one_name = names.is_some_and(|names| {
                known
                    .expected
                    .iter()
                    .any(|name| names[0].trim_ascii() == name.as_bytes())
            });
            trial.sense > 0.0 && line.sense == 0.0 && !one_name
        }
        _ => true,
    }
}

/// A trial with the quotes that suit best.
fn best_quoting<'a>(delimiter: Delimiter, sample: Sample<'a>, given: &Dialect) -> Trial<'a> {
    let mut rules = Rules::usual(delimiter);
    rules.quote = given.quote.map_or(rules.quote, Mark::character);
    rules.escape = given.escape.and_then(Mark::character);
    rules.comment = given.comment.and_then(Mark::character);
    let mut best = best_escaping(rules, sample, given);
    if given.quote.is_none() && sample.bytes.contains(&b'\'') {
        let rules = Rules {
            quote: Some(b'\''),
            ..rules
        };
        let other = best_escaping(rules, sample, given);
        let takes = other.seen.quoted > 0
            && other.seen.faults == 0
            && other.width >= best.width.min(2)
            && (other.share > best.share
                || other.share >= best.share
                    && best.seen.quoted == 0
                    && (other.seen.doubled + other.seen.escapes > 0
                        || quotes_a_column(&other, &best)));
        if takes {
            best = other;
        }
    }
    best
}

/// A trial with the escape character, and blanks around quotes, that suit the quotes best.
fn best_escaping<'a>(rules: Rules, sample: Sample<'a>, given: &Dialect) -> Trial<'a> {
    let mut best = Trial::new(rules, sample);
    let Some(quote) = rules.quote else {
        return best;
    };
    let pairs = || sample.bytes.windows(2);
    let delimiter = rules.delimiter;
    let escapes = |pair: &[u8]| {
        let delimits = delimiter == Delimiter::Character(pair[1]);
        pair[0] == b'\\' && (pair[1] == quote || delimits)
    };
    let mut escape = vec![rules.escape];
    if given.escape.is_none() && pairs().any(escapes) {
        escape.push(Some(b'\\'));
        let other = Trial::new(
            Rules {
                escape: Some(b'\\'),
                ..rules
            },
            sample,
        );
        if other.seen.escapes > 0 && suits_better(&other, &best) {
            best = other;
        }
    }
    let blank = |byte: u8| matches!(byte, b' ' | b'\t') && delimiter != Delimiter::Character(byte);
    let after_blank = |pair: &[u8]| blank(pair[0]) && pair[1] == quote;
    if delimiter != Delimiter::Blanks && pairs().any(after_blank) {
        for escape in escape {
            let rules = Rules {
                escape,
                blanks_around_quotes: true,
                ..rules
            };
            let other = Trial::new(rules, sample);
            let sound = other.seen.faults <= best.seen.faults && other.share >= best.share;
            if other.seen.after_blanks > 0 && sound {
                best = other;
            }
        }
    }
    best
}

/// Whether other quoting cuts more rows alike, or as many with fewer quotes in odd places.
fn suits_better(other: &Trial<'_>, best: &Trial<'_>) -> bool {
    other.share > best.share || other.share >= best.share && other.seen.faults < best.seen.faults
}

/// Whether every value of some column, as `plain` cuts it, is in single quotes.
fn quotes_a_column(quoted: &Trial<'_>, plain: &Trial<'_>) -> bool {
    let body = plain.body();
    if body.len() < 2 || quoted.width != plain.width {
        return false;
    }
    (0..plain.width).any(|column| {
        let mut cells = body.iter().filter_map(|row| row.get(column));
        let mut any = false;
        cells.all(|cell| {
            let cell = cell.trim_ascii();
            any |= !cell.is_empty();
            cell.is_empty() || cell.len() >= 2 && cell.starts_with(b"'") && cell.ends_with(b"'")
        }) && any
    })
}

#[cfg(test)]
mod tests;
