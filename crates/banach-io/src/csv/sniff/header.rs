//! Whether the first row of a table has names or is a row like the others.

use std::collections::HashSet;

use super::looks::Look;

/// Whether the first row has names, and how sure that is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It has names: a column of numbers or dates has something else there.
    Names,
    /// It has names as far as can be told.
    PerhapsNames,
    /// It has numbers for names.
    Numbers,
    /// It is a row like the others.
    Row,
}

/// Rows that are needed before a first row can be one of them.
const MIN_ROWS: usize = 2;

/// Share of cells that must look alike for a column to be one of numbers or dates.
const ALIKE: f64 = 0.9;

/// One column without its first cell.
struct Column<'a> {
    looks: Vec<Look>,
    cells: Vec<&'a [u8]>,
}

impl Column<'_> {
    fn share(&self, which: impl Fn(Look) -> bool) -> f64 {
        let present = self.looks.iter().filter(|&&look| look != Look::Missing);
        let (mut n, mut hits) = (0, 0);
        for &look in present {
            n += 1;
            hits += u32::from(which(look));
        }
        if n == 0 {
            0.0
        } else {
            f64::from(hits) / f64::from(n)
        }
    }

    fn is_numeric(&self) -> bool {
        self.share(Look::is_number) >= ALIKE
    }

    fn is_dates(&self) -> bool {
        self.share(|look| look == Look::Date) >= ALIKE
    }
}

/// A whole number of at most nine digits.
fn whole(cell: &[u8]) -> Option<i64> {
    std::str::from_utf8(cell.trim_ascii()).ok()?.parse().ok()
}

/// The constant step between numbers, if there is one.
fn step(numbers: &[f64]) -> Option<f64> {
    let [first, second, ..] = numbers else {
        return None;
    };
    let step = second - first;
    let even = numbers
        .windows(2)
        .all(|pair| ((pair[1] - pair[0]) - step).abs() <= 1e-6 * step.abs());
    (step != 0.0 && even).then_some(step)
}

/// Whether `first` has the names of the columns that `rows` have. `comma` says that a comma can be part
/// of a number.
///
/// Names are the rule; a first row is one of the others only if it looks like them in every column, and
/// is no series such as 2019, 2020, 2021, which makes good names.
pub(super) fn judge(first: &[&[u8]], rows: &[Vec<&[u8]>], comma: bool) -> Verdict {
    // Files that were joined have the header among their rows. Numbers occur again by chance.
    let mut looks = first.iter().map(|cell| Look::of(cell, comma));
    let text = looks.any(|look| look == Look::Text);
    let rows = rows.iter().filter(|row| !text || row.as_slice() != first);
    let rows: Vec<&Vec<&[u8]>> = rows.collect();
    if rows.is_empty() {
        return Verdict::PerhapsNames;
    }
    let column = |at: usize| {
        let cells: Vec<&[u8]> = rows
            .iter()
            .filter_map(|row| row.get(at))
            .map(|cell| cell.trim_ascii())
            .collect();
        let looks = cells.iter().map(|cell| Look::of(cell, comma)).collect();
        Column { looks, cells }
    };
    let columns: Vec<Column<'_>> = (0..first.len()).map(column).collect();
    let first: Vec<&[u8]> = first.iter().map(|cell| cell.trim_ascii()).collect();
    let first_looks: Vec<Look> = first.iter().map(|cell| Look::of(cell, comma)).collect();

    let typed: Vec<usize> = (0..columns.len())
        .filter(|&at| columns[at].is_numeric() || columns[at].is_dates())
        .collect();
    for &at in &typed {
        let fits = match first_looks[at] {
            Look::Missing => true,
            Look::Date => columns[at].is_dates(),
            Look::Whole | Look::Decimal => columns[at].is_numeric(),
            Look::Text => false,
        };
        if !fits {
            return Verdict::Names;
        }
    }
    if rows.len() < MIN_ROWS {
        return Verdict::PerhapsNames;
    }
    let texts: Vec<usize> = (0..columns.len())
        .filter(|at| !typed.contains(at))
        .collect();
    let occurs_again = |&at: &usize| columns[at].cells.contains(&first[at]);
    let present: Vec<usize> = typed
        .iter()
        .copied()
        .filter(|&at| first_looks[at] != Look::Missing)
        .collect();
    if present.is_empty() {
        // Text alone: a name does not occur among the values of every column.
        let named: Vec<usize> = texts
            .iter()
            .copied()
            .filter(|&at| !first[at].is_empty())
            .collect();
        let row = named.len() >= 2 && named.iter().all(occurs_again);
        return if row {
            Verdict::Row
        } else {
            Verdict::PerhapsNames
        };
    }
    let mut row_points = 0;
    for &at in &texts {
        let distinct: HashSet<&[u8]> = columns[at].cells.iter().copied().collect();
        let few = distinct.len() * 2 <= columns[at].cells.len();
        if first[at].is_empty() {
            continue;
        }
        if occurs_again(&at) {
            row_points += 2;
        } else if few {
            row_points -= 1;
        }
    }
    row_points += points_of_numbers(&first, &first_looks, &columns, &present);
    if row_points >= 1 {
        Verdict::Row
    } else {
        Verdict::Numbers
    }
}

/// What the cells of the first row that are numbers or dates, as those below are, say for its being a
/// row (positive) or names.
fn points_of_numbers(
    first: &[&[u8]],
    first_looks: &[Look],
    columns: &[Column<'_>],
    present: &[usize],
) -> i32 {
    let mut points = 0;
    let texts: HashSet<&[u8]> = present.iter().map(|&at| first[at]).collect();
    let distinct = texts.len() == present.len();
    if !distinct {
        points += 2;
    }
    let all_whole = present.iter().all(|&at| first_looks[at] == Look::Whole);
    let number = |cell: &[u8]| {
        let text = std::str::from_utf8(cell).ok()?;
        text.replace(',', ".").parse::<f64>().ok()
    };
    let numbers_of = |row: &dyn Fn(usize) -> Option<f64>| -> Option<Vec<f64>> {
        present.iter().map(|&at| row(at)).collect()
    };
    let own = numbers_of(&|at| number(first[at]));
    // A series across the columns, which the rows below are not.
    let n_rows = columns[present[0]].cells.len();
    let series_below = (0..n_rows)
        .filter(|&row| {
            let numbers = numbers_of(&|at| number(columns[at].cells.get(row)?));
            numbers.is_some_and(|numbers| step(&numbers).is_some())
        })
        .count();
    let series = own
        .as_deref()
        .and_then(step)
        .filter(|step| present.len() >= 3 || present.len() == 2 && all_whole && *step == 1.0);
    let years = |cells: &[&[u8]]| {
        let mut present = cells.iter().filter(|cell| !cell.is_empty()).peekable();
        let year = |cell: &&[u8]| whole(cell).is_some_and(|year| (1800..2200).contains(&year));
        present.peek().is_some() && present.all(year)
    };
    let ascending = own
        .as_ref()
        .is_some_and(|own| own.windows(2).all(|pair| pair[0] < pair[1]));
    let year_names = present.len() >= 2
        && ascending
        && years(&present.iter().map(|&at| first[at]).collect::<Vec<_>>())
        && !present.iter().any(|&at| years(&columns[at].cells));
    // Whole numbers above columns of fractions.
    let fractions_below = present
        .iter()
        .all(|&at| n_rows >= 5 && columns[at].share(|look| look == Look::Decimal) >= 1.0);
    let is_series = series.is_some() && series_below * 5 < n_rows.max(1);
    if is_series || year_names || all_whole && distinct && fractions_below {
        points -= 3;
    } else if !all_whole {
        points += 2;
    } else if present.len() >= 2 {
        points += 1;
    }
    // A column that counts rows goes on from the first.
    let counts = present.iter().any(|&at| {
        let numbers: Option<Vec<i64>> = columns[at].cells.iter().map(|cell| whole(cell)).collect();
        let (Some(first), Some(numbers)) = (whole(first[at]), numbers) else {
            return false;
        };
        (0_i64..)
            .zip(&numbers)
            .all(|(row, &number)| number == first + 1 + row)
    });
    if counts && n_rows >= 3 {
        points += 3;
    }
    points
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(text: &str) -> Verdict {
        let rows: Vec<Vec<&[u8]>> = text
            .lines()
            .map(|line| line.split(';').map(str::as_bytes).collect())
            .collect();
        judge(&rows[0], &rows[1..], true)
    }

    #[test]
    fn a_first_row_has_names_unless_it_looks_like_the_others() {
        let cases = [
            ("a;b;y\n1;2;yes\n3;4;no", Verdict::Names),
            ("a;b\nx;y\nz;w\nx;w", Verdict::PerhapsNames),
            // No header: numbers and classes as below.
            (
                "1.5;0.7;yes\n-0.8;0.9;no\n-0.1;0.9;yes\n1.4;0.8;no",
                Verdict::Row,
            ),
            (
                "95;48;83;178\n91;41;84;141\n104;50;106;209\n93;41;82;159",
                Verdict::Row,
            ),
            ("p;x;s\ne;x;s\np;x;y\ne;f;y\np;x;y", Verdict::Row),
            ("1;Braund\n2;Cumings\n3;Heikkinen\n4;Futrelle", Verdict::Row),
            (
                "2020-01-01;1.5\n2020-01-02;2.5\n2020-01-03;3.5",
                Verdict::Row,
            ),
            // Names that are numbers.
            (
                "country;2019;2020;2021\nDE;1.5;2.1;3\nFR;1.2;2.3;4\nIT;1.1;2;5",
                Verdict::Numbers,
            ),
            (
                "2019;2020;2021\n1.5;2.1;3\n1.2;2.3;4\n1.1;2;5",
                Verdict::Numbers,
            ),
            (
                "0;1;2;3\n5.1;3.5;1.4;0.2\n4.9;3;1.4;0.2\n4.7;3.2;1.3;0.2",
                Verdict::Numbers,
            ),
            (
                "850.5;851.0;851.5\n0.1;0.2;0.15\n0.1;0.3;0.19\n0.2;0.2;0.17",
                Verdict::Numbers,
            ),
            (
                "1;2;5;10\n0.5;0.7;0.9;1.5\n0.4;0.7;0.9;1.5\n0.5;0.6;0.9;1.5\n0.5;0.7;0.8;1.4\n0.1;0.2;0.4;0.5",
                Verdict::Numbers,
            ),
            (
                "2010;2015;2021\n15;21;30\n12;23;41\n11;20;55",
                Verdict::Numbers,
            ),
            // Too little to tell.
            ("a;b", Verdict::PerhapsNames),
            ("1;2\n3;4", Verdict::PerhapsNames),
        ];
        for (text, expected) in cases {
            assert_eq!(verdict(text), expected, "{text:?}");
        }
    }
}
