//! Which columns are worth learning from.

use serde::{Deserialize, Serialize};

use super::category::count_codes;
use crate::column::{Cells, Column, ColumnType};

/// Fewest rows from which a column can be taken for an identifier by its values alone.
const MIN_IDENTIFIER_ROWS: usize = 20;

/// Share of distinct texts above which a text column is taken for an identifier.
const IDENTIFIER_SHARE: f64 = 0.95;

/// A column that is not used, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnusedColumn {
    /// The column.
    pub column: String,
    /// Why it is not used.
    pub reason: DropReason,
}

impl UnusedColumn {
    pub(super) fn new(column: &str, reason: DropReason) -> Self {
        Self {
            column: column.to_owned(),
            reason,
        }
    }
}

/// Why a column is not used as a feature. Judged on the training rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum DropReason {
    /// It has no value.
    AllMissing,
    /// It has one value only.
    Constant {
        /// The value.
        value: String,
    },
    /// Its values count rows or name them, all different: it looks like an identifier.
    Identifier,
    /// No value occurs often enough to be learned.
    Rare {
        /// The number of rows that a value must occur in.
        min_category_count: u64,
    },
}

impl std::fmt::Display for UnusedColumn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "column {:?} is not used: ", self.column)?;
        match &self.reason {
            DropReason::AllMissing => f.write_str("it has no value in the training rows"),
            DropReason::Constant { value } => {
                write!(f, "it is {value:?} in all training rows")
            }
            DropReason::Identifier => f.write_str(
                "it looks like an identifier (name it as categorical or numeric to keep it)",
            ),
            DropReason::Rare { min_category_count } => write!(
                f,
                "no value occurs in {min_category_count} training rows or more"
            ),
        }
    }
}

/// The reason to leave a column out, if there is one.
pub(super) fn reason_to_drop(column: &Column, rows: &[u32]) -> Option<DropReason> {
    let n_present = rows
        .iter()
        .filter(|&&row| !column.is_missing(row as usize))
        .count();
    if n_present == 0 {
        return Some(DropReason::AllMissing);
    }
    if n_present == rows.len()
        && let Some(value) = constant(column, rows)
    {
        return Some(DropReason::Constant { value });
    }
    is_identifier(column, rows, n_present).then_some(DropReason::Identifier)
}

/// The value that all rows have.
fn constant(column: &Column, rows: &[u32]) -> Option<String> {
    let first = column.scalar(*rows.first()? as usize);
    let equal = |&row: &u32| column.scalar(row as usize) == first;
    rows.iter()
        .all(equal)
        .then(|| first.key().unwrap_or_default().into_owned())
}

fn is_identifier(column: &Column, rows: &[u32], n_present: usize) -> bool {
    match column.column_type() {
        ColumnType::Category => {
            let (counts, _) = count_codes(column, rows);
            let n_distinct = counts.iter().filter(|&&count| count > 0).count();
            let many = n_distinct as f64 > IDENTIFIER_SHARE * n_present as f64;
            let all = n_distinct == n_present;
            many && n_present >= MIN_IDENTIFIER_ROWS || all && is_identifier_name(column.name())
        }
        ColumnType::Number if n_present == rows.len() => {
            if !is_integer(column) {
                return false;
            }
            let steps = rows.len() >= MIN_IDENTIFIER_ROWS && counts_rows(column, rows);
            steps || is_identifier_name(column.name()) && all_distinct(column, rows)
        }
        _ => false,
    }
}

fn is_integer(column: &Column) -> bool {
    let Cells::Numbers(chunks) = column.cells() else {
        return false;
    };
    let mut integer = true;
    for chunk in chunks {
        chunk.for_each(|_, value| integer &= value.is_nan() || value.fract() == 0.0);
    }
    integer
}

/// Whether the number grows by 1 from each row of the table to the next.
fn counts_rows(column: &Column, rows: &[u32]) -> bool {
    let start = |&row: &u32| {
        column
            .number(row as usize)
            .map(|value| value - f64::from(row))
    };
    let first = rows.first().and_then(start);
    first.is_some() && rows.iter().all(|row| start(row) == first)
}

fn all_distinct(column: &Column, rows: &[u32]) -> bool {
    let mut values: Vec<f64> = rows
        .iter()
        .filter_map(|&row| column.number(row as usize))
        .collect();
    values.sort_unstable_by(f64::total_cmp);
    values.windows(2).all(|pair| pair[0] != pair[1])
}

/// Names that people give to identifiers.
fn is_identifier_name(name: &str) -> bool {
    let lower = name.to_lowercase();
    let camel = ["Id", "ID"].iter().any(|ending| {
        name.strip_suffix(ending)
            .is_some_and(|stem| stem.ends_with(char::is_lowercase))
    });
    camel
        || matches!(lower.as_str(), "id" | "index" | "unnamed: 0")
        || ["_id", "-id", " id"]
            .iter()
            .any(|ending| lower.ends_with(ending))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::column_builder::ColumnBuilder;

    fn reason(name: &str, cells: &[String]) -> Option<DropReason> {
        let mut builder = ColumnBuilder::new(None);
        for cell in cells {
            builder.push_bytes(cell.as_bytes()).unwrap();
        }
        let rows: Vec<u32> = (0..cells.len() as u32).collect();
        reason_to_drop(&builder.finish(name.to_owned()), &rows)
    }

    fn cells(n: usize, cell: impl Fn(usize) -> String) -> Vec<String> {
        (0..n).map(cell).collect()
    }

    #[test]
    fn columns_without_information_are_dropped() {
        use DropReason::{AllMissing, Identifier};
        let constant = |value: &str| {
            Some(DropReason::Constant {
                value: value.into(),
            })
        };
        let cases = [
            ("x", cells(30, |_| String::new()), Some(AllMissing)),
            ("x", cells(30, |_| "1.0".into()), constant("1")),
            ("x", cells(30, |_| "TRUE".into()), constant("true")),
            (
                "x",
                cells(30, |i| if i == 3 { "" } else { "1" }.into()),
                None,
            ),
            ("x", cells(30, |i| format!("name {i}")), Some(Identifier)),
            ("x", cells(19, |i| format!("name {i}")), None),
            ("x", cells(100, |i| format!("name {}", i.min(94))), None),
            ("x", cells(30, |i| (i + 7).to_string()), Some(Identifier)),
            ("x", cells(19, |i| (i + 7).to_string()), None),
            ("x", cells(30, |i| (i * 2).to_string()), None),
            ("x", cells(30, |i| format!("{}.5", i)), None),
            (
                "user_id",
                cells(5, |i| (i * i).to_string()),
                Some(Identifier),
            ),
            ("user_id", cells(5, |i| (i / 2).to_string()), None),
            (
                "PassengerId",
                cells(5, |i| format!("p{i}")),
                Some(Identifier),
            ),
            ("PAID", cells(5, |i| (i * i).to_string()), None),
            ("date", cells(30, |i| format!("2020-01-{:02}", i + 1)), None),
        ];
        for (name, cells, expected) in cases {
            assert_eq!(reason(name, &cells), expected, "{name} {:?}", &cells[..3]);
        }
    }
}
