//! Numbers, names and tables as people read them.

use banach::metrics::Metrics;

/// A number with its thousands apart: 30,162.
pub(crate) fn count(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number of things, in the right form.
pub(crate) fn plural(number: usize, one: &str, many: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { many })
}

/// Names in a row, the first `most` of them.
pub(crate) fn joined(names: &[impl AsRef<str>], most: usize) -> String {
    let shown: Vec<&str> = names.iter().take(most).map(AsRef::as_ref).collect();
    let mut text = shown.join(", ");
    if names.len() > most {
        text.push_str(&format!(", ... ({} in all)", count(names.len())));
    }
    text
}

/// A metric with four significant decimals, or why there is none.
pub(crate) fn metric(value: Option<f64>) -> String {
    match value {
        None => "undefined".to_owned(),
        Some(value) if value != 0.0 && !(1e-3..1e7).contains(&value.abs()) => {
            format!("{value:.3e}")
        }
        Some(value) => {
            let decimals = if value.abs() < 10.0 { 4 } else { 2 };
            format!("{value:.decimals$}")
        }
    }
}

/// Metrics that are listed before "...": some tasks have one for each label.
const MAX_METRICS: usize = 40;

/// A line for every metric.
pub(crate) fn metrics(metrics: &Metrics) -> Vec<Vec<String>> {
    let entries = metrics.entries();
    let shown = entries.iter().take(MAX_METRICS);
    let mut lines: Vec<Vec<String>> = shown
        .map(|(name, value)| vec![name.clone(), metric(*value)])
        .collect();
    if entries.len() > MAX_METRICS {
        lines.push(more(entries.len() - MAX_METRICS));
    }
    lines
}

/// What stands in place of further lines of a table.
pub(crate) fn more(left_out: usize) -> Vec<String> {
    vec![
        "...".to_owned(),
        format!("{} more with --json", count(left_out)),
    ]
}

/// Lines about columns, the first of them.
pub(crate) fn some_lines<T: std::fmt::Display>(lines: &[T]) -> Vec<String> {
    const MOST: usize = 20;
    let mut shown: Vec<String> = lines.iter().take(MOST).map(T::to_string).collect();
    if lines.len() > MOST {
        let left_out = plural(lines.len() - MOST, "more column", "more columns");
        shown.push(format!("... and {left_out}"));
    }
    shown
}

/// Lines of cells as aligned columns: the first to the left, the others to the right.
pub(crate) fn table(lines: &[Vec<String>]) -> String {
    aligned(lines, |column| column > 0)
}

/// Pairs of a name and a text.
pub(crate) fn pairs(lines: &[Vec<String>]) -> String {
    aligned(lines, |_| false)
}

fn aligned(lines: &[Vec<String>], to_the_right: impl Fn(usize) -> bool) -> String {
    let columns = lines.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let cells = lines.iter().filter_map(|line| line.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for line in lines {
        let cells = line
            .iter()
            .zip(&widths)
            .enumerate()
            .map(|(column, (cell, &width))| {
                if to_the_right(column) {
                    format!("{cell:>width$}")
                } else {
                    format!("{cell:<width$}")
                }
            });
        text.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        text.push('\n');
    }
    text
}

/// An argument as it can be pasted into a shell.
pub(crate) fn quoted(argument: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./,=+:@%".contains(&byte);
    if !argument.is_empty() && argument.bytes().all(plain) {
        return argument.to_owned();
    }
    format!("'{}'", argument.replace('\'', "'\\''"))
}

/// The name under which this program was started, so that a suggested command works when pasted.
pub(crate) fn program() -> String {
    quoted(
        &std::env::args()
            .next()
            .unwrap_or_else(|| "banach".to_owned()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_stand_apart() {
        assert_eq!(count(7), "7");
        assert_eq!(count(100), "100");
        assert_eq!(count(1000), "1,000");
        assert_eq!(count(1234567), "1,234,567");
    }

    #[test]
    fn metrics_keep_their_digits() {
        assert_eq!(metric(Some(0.98765)), "0.9877");
        assert_eq!(metric(Some(12.3456)), "12.35");
        assert_eq!(metric(Some(0.0)), "0.0000");
        assert_eq!(metric(Some(-2.0)), "-2.0000");
        assert_eq!(metric(Some(1.5e-5)), "1.500e-5");
        assert_eq!(metric(None), "undefined");
    }

    #[test]
    fn arguments_are_quoted_where_a_shell_would_split_them() {
        assert_eq!(quoted("a/b-c.csv"), "a/b-c.csv");
        assert_eq!(quoted("my file"), "'my file'");
        assert_eq!(quoted("it's"), "'it'\\''s'");
        assert_eq!(quoted(""), "''");
    }

    #[test]
    fn columns_are_aligned() {
        let lines = [
            vec!["a".to_owned(), "10".to_owned()],
            vec!["bcd".to_owned(), "2".to_owned()],
        ];
        assert_eq!(table(&lines), "a    10\nbcd   2\n");
        assert_eq!(pairs(&lines), "a    10\nbcd  2\n");
    }
}
