//! Which columns are worth learning from.

use serde::{Deserialize, Serialize};

use super::category::count_codes;
use crate::column::{Cells, Column, ColumnType};
use crate::reading::Doubt;

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
    /// What could have been decided otherwise when it was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doubt: Option<Doubt>,
}

impl UnusedColumn {
    pub(super) fn new(column: &Column, reason: DropReason) -> Self {
        Self {
            column: column.name().to_owned(),
            reason,
            doubt: column.reading().doubt.clone(),
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
    /// The writer of the table says that it numbers or names the rows.
    Index,
    /// Its cells are of a type that is not read.
    Unreadable {
        /// The name of the type.
        type_name: String,
    },
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
            DropReason::Index => f.write_str(
                "it is the index that pandas keeps of the rows (name it as categorical or numeric to keep it)",
            ),
            DropReason::Unreadable { type_name } => {
                write!(f, "cells of the type {type_name} are not read")
            }
            DropReason::Rare { min_category_count } => write!(
                f,
                "no value occurs in {min_category_count} training rows or more"
            ),
        }?;
        match &self.doubt {
            // These are the reason.
            None | Some(Doubt::Index | Doubt::Unreadable { .. }) => Ok(()),
            Some(doubt) => write!(f, "; {doubt}"),
        }
    }
}

/// The reason to leave a column out, if there is one.
pub(super) fn reason_to_drop(column: &Column, rows: &[u32]) -> Option<DropReason> {
    match &column.reading().doubt {
        Some(Doubt::Index) => return Some(DropReason::Index),
        Some(Doubt::Unreadable { type_name }) => {
            let type_name = type_name.clone();
            return Some(DropReason::Unreadable { type_name });
        }
        _ => {}
    }
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
    let first = *rows.first()? as usize;
    let value = column.scalar(first);
    let equal = |&row: &u32| column.scalar(row as usize) == value;
    rows.iter()
        .all(equal)
        .then(|| column.key(first).unwrap_or_default().into_owned())
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
            let number = rows.len() >= MIN_IDENTIFIER_ROWS && is_row_number(column, rows);
            number || is_identifier_name(column.name()) && all_distinct(column, rows)
        }
        _ => false,
    }
}

fn is_integer(column: &Column) -> bool {
    let Cells::Numbers(chunks, _) = column.cells() else {
        return false;
    };
    let mut integer = true;
    for chunk in chunks {
        chunk.for_each(|_, value| integer &= value.is_nan() || value.fract() == 0.0);
    }
    integer
}

/// Whether the number is that of its row, counted from 0 or 1. Numbers that count from elsewhere, such as
/// years, may say something.
fn is_row_number(column: &Column, rows: &[u32]) -> bool {
    let start = |&row: &u32| {
        column
            .number(row as usize)
            .map(|value| value - f64::from(row))
    };
    let first = rows.first().and_then(start);
    matches!(first, Some(0.0 | 1.0)) && rows.iter().all(|row| start(row) == first)
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
        || lower.starts_with("unnamed: 0")
        || matches!(
            lower.as_str(),
            "id" | "index" | "uuid" | "guid" | "rowid" | "row_names" | "row.names" | "rownames"
        )
        || ["_id", "-id", " id"]
            .iter()
            .any(|ending| lower.ends_with(ending))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_tables::typed_column;

    fn reason(name: &str, cells: &[String]) -> Option<DropReason> {
        let rows: Vec<u32> = (0..cells.len() as u32).collect();
        let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
        reason_to_drop(&typed_column(name, None, &cells), &rows)
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
            ("x", cells(30, |_| "1.0".into()), constant("1.0")),
            ("x", cells(30, |_| "TRUE".into()), constant("TRUE")),
            (
                "x",
                cells(30, |i| if i == 3 { "" } else { "1" }.into()),
                None,
            ),
            ("x", cells(30, |i| format!("name {i}")), Some(Identifier)),
            ("x", cells(19, |i| format!("name {i}")), None),
            ("x", cells(100, |i| format!("name {}", i.min(94))), None),
            ("x", cells(30, |i| (i + 1).to_string()), Some(Identifier)),
            ("x", cells(30, |i| i.to_string()), Some(Identifier)),
            ("x", cells(19, |i| (i + 1).to_string()), None),
            ("year", cells(30, |i| (i + 1900).to_string()), None),
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
