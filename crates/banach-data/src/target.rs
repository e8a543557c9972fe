//! Turns target columns into what a network learns, and back.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::cell_format::CellFormat;
use crate::column::{Column, ColumnType};
use crate::encoder::{compare_keys, mean_and_deviation, standardized};
use crate::reading::{Doubt, ReadColumn, Reading};
use crate::schema::{Field, Schema};
use crate::table::Table;
use crate::table_error::{Location, TableError};
use crate::targets::Targets;
use crate::value_index::ValueIndex;

mod error;

pub use error::TargetError;

/// Integers with at most this many distinct values are classes.
const MAX_INTEGER_CLASSES: usize = 20;

/// What is to be predicted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Task {
    /// One of two classes.
    Binary,
    /// One of several classes.
    Multiclass,
    /// A number.
    Regression,
    /// Several targets of two classes each, any of which may be missing.
    Multilabel,
}

impl Task {
    /// The name used in settings and messages.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Binary => "binary",
            Self::Multiclass => "multiclass",
            Self::Regression => "regression",
            Self::Multilabel => "multilabel",
        }
    }
}

impl std::fmt::Display for Task {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TargetColumn {
    name: String,
    column_type: ColumnType,
    /// Own texts in order; empty for regression.
    classes: Vec<String>,
    /// How the cells of the training table were read.
    #[serde(default, skip_serializing_if = "Reading::is_default")]
    reading: Reading,
}

/// Fitted targets. As JSON they are part of the model file; reading them back gives the same bits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct TargetEncoder {
    task: Task,
    /// One; several for several labels.
    columns: Vec<TargetColumn>,
    /// Mean of the training rows for regression, else 0.
    mean: f64,
    /// Standard deviation of the training rows for regression, else 1.
    deviation: f64,
}

/// A [`TargetEncoder`] as it is in a model file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unchecked {
    task: Task,
    columns: Vec<TargetColumn>,
    mean: f64,
    deviation: f64,
}

impl TryFrom<Unchecked> for TargetEncoder {
    type Error = String;

    fn try_from(raw: Unchecked) -> Result<Self, String> {
        let task = raw.task;
        if raw.columns.is_empty() || task != Task::Multilabel && raw.columns.len() > 1 {
            let got = raw.columns.len();
            return Err(format!("{got} targets do not suit the task {task}"));
        }
        for (at, column) in raw.columns.iter().enumerate() {
            let got = column.classes.len();
            let suits = match task {
                Task::Regression => got == 0,
                Task::Binary | Task::Multilabel => got == 2,
                Task::Multiclass => got >= 2,
            };
            if !suits {
                let name = &column.name;
                return Err(format!(
                    "target {name:?} has {got} classes, which does not suit the task {task}"
                ));
            }
            let ascending = |pair: &[String]| compare_keys(&pair[0], &pair[1]).is_lt();
            if !column.classes.windows(2).all(ascending) {
                return Err("classes must be distinct and in ascending order".to_owned());
            }
            if raw.columns[..at].iter().any(|c| c.name == column.name) {
                return Err(format!("target {:?} is there twice", column.name));
            }
        }
        if !(raw.mean.is_finite() && raw.deviation.is_finite() && raw.deviation > 0.0) {
            return Err(format!(
                "a target's mean must be finite and its deviation above 0, got {} and {}",
                raw.mean, raw.deviation
            ));
        }
        Ok(Self {
            task,
            columns: raw.columns,
            mean: raw.mean,
            deviation: raw.deviation,
        })
    }
}

impl TargetEncoder {
    /// Finds the task and the classes from all rows that have a target.
    ///
    /// Without a task: several targets are multilabel; booleans and two distinct values are binary;
    /// categories, and integers with at most 20 distinct values that repeat, are multiclass; other
    /// numbers are regression. Classes are ordered: numbers by size, false before true, text by code points.
    ///
    /// For regression, [`TargetEncoder::fit_rows`] sets mean and deviation again from training rows.
    ///
    /// # Errors
    /// [`TableError::UnknownColumns`], [`TargetError::DuplicateTarget`], [`TargetError::TargetCount`],
    /// [`TargetError::MissingTarget`], [`TargetError::ConstantTarget`], [`TargetError::ClassCount`],
    /// [`TargetError::TooManyClasses`], [`TableError::WrongType`].
    pub fn fit(table: &Table, names: &[String], task: Option<Task>) -> Result<Self, TargetError> {
        let task_of_many = names.len() > 1 || task == Some(Task::Multilabel);
        if names.is_empty() || names.len() > 1 && task.is_some_and(|t| t != Task::Multilabel) {
            return Err(TargetError::TargetCount {
                task: task.map_or("multilabel", Task::name),
                allowed: match task {
                    None | Some(Task::Multilabel) => "one target or more",
                    Some(_) => "one target",
                },
                got: names.len(),
            });
        }
        let mut columns = Vec::new();
        let mut chosen = Task::Multilabel;
        for (at, name) in names.iter().enumerate() {
            if names[..at].contains(name) {
                return Err(TargetError::DuplicateTarget {
                    column: name.clone(),
                });
            }
            let column = table.require(name, "target")?;
            let summary = Summary::of(table, column)?;
            if !task_of_many {
                chosen = task.unwrap_or_else(|| summary.task());
            }
            columns.push(summary.target(table, chosen)?);
        }
        let encoder = Self {
            task: chosen,
            columns,
            mean: 0.0,
            deviation: 1.0,
        };
        if chosen == Task::Regression {
            let rows = encoder.labelled_rows(table)?;
            return encoder.fit_rows(table, &rows);
        }
        Ok(encoder)
    }

    /// The same targets for these training rows: mean and deviation of a regression come from them.
    ///
    /// # Errors
    /// [`TargetError::OneClass`], [`TargetError::ConstantTarget`], [`TargetError::TooManyClasses`],
    /// [`TargetError::RowWithoutTarget`].
    pub fn fit_rows(mut self, table: &Table, rows: &[u32]) -> Result<Self, TargetError> {
        let file = table.file().to_owned();
        if self.task == Task::Regression {
            let column = self.columns(table)?.remove(0);
            let mut values = Vec::with_capacity(rows.len());
            for &row in rows {
                values.push(self.number(table, &column, row)?);
            }
            if values.iter().all(|value| Some(value) == values.first()) {
                return Err(TargetError::ConstantTarget {
                    file,
                    column: column.name().to_owned(),
                    value: values.first().map_or_else(String::new, f64::to_string),
                    rows: rows.len(),
                });
            }
            (self.mean, self.deviation) = mean_and_deviation(&values);
            return Ok(self);
        }
        if let Targets::Classes(codes) = self.encode(table, rows)? {
            let target = &self.columns[0];
            if too_many_classes(target.classes.len(), rows.len()) {
                return Err(TargetError::TooManyClasses {
                    file,
                    column: target.name.clone(),
                    classes: target.classes.len(),
                    rows: rows.len(),
                    doubt: target.reading.doubt.clone().map(Box::new),
                });
            }
            if codes.iter().all(|code| Some(code) == codes.first()) {
                let code = codes.first().copied().unwrap_or(0);
                return Err(TargetError::OneClass {
                    file,
                    column: target.name.clone(),
                    class: target.classes[code as usize].clone(),
                    rows: rows.len(),
                });
            }
        }
        Ok(self)
    }

    /// What is predicted.
    #[must_use]
    pub fn task(&self) -> Task {
        self.task
    }

    /// Names of the target columns.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        self.columns
            .iter()
            .map(|column| column.name.as_str())
            .collect()
    }

    /// Names of the classes: of the one target, or of the labels, whose second class is 1. Empty
    /// for regression.
    #[must_use]
    pub fn classes(&self, target: usize) -> &[String] {
        self.columns
            .get(target)
            .map_or(&[], |column| &column.classes)
    }

    /// What the cells of a target are.
    #[must_use]
    pub fn column_type(&self, target: usize) -> ColumnType {
        let column = self.columns.get(target);
        column.map_or(ColumnType::Missing, |column| column.column_type)
    }

    /// Outputs that a network needs: 1 for regression, else one for each class or label.
    #[must_use]
    pub fn n_outputs(&self) -> usize {
        match self.task {
            Task::Regression => 1,
            Task::Binary | Task::Multiclass => self.columns[0].classes.len(),
            Task::Multilabel => self.columns.len(),
        }
    }

    /// The targets about whose reading there is something to say.
    #[must_use]
    pub fn readings(&self) -> Vec<ReadColumn<'_>> {
        let columns = self.columns.iter().map(|column| ReadColumn {
            name: &column.name,
            column_type: column.column_type,
            reading: &column.reading,
        });
        columns
            .filter(|column| column.reading.is_notable())
            .collect()
    }

    /// Words that were taken for missing values of targets of classes, and in how many rows: they may have been
    /// classes. For each target that has some.
    #[must_use]
    pub fn words_for_missing(&self) -> Vec<(&str, &[(String, u64)])> {
        let classes = self
            .columns
            .iter()
            .filter(|column| !column.classes.is_empty());
        let found = classes.filter(|column| !column.reading.missing_words.is_empty());
        found
            .map(|column| (&*column.name, &*column.reading.missing_words))
            .collect()
    }

    /// The columns that tables with targets must have.
    #[must_use]
    pub fn schema(&self) -> Schema {
        let fields = self.columns.iter().map(|column| Field {
            name: column.name.clone(),
            column_type: column.column_type,
            format: column.reading.format,
            missing: column.reading.missing.clone(),
        });
        Schema {
            fields: fields.collect(),
        }
    }

    /// The rows whose target is present; for several labels, any of them.
    ///
    /// # Errors
    /// [`TableError::UnknownColumns`], [`TableError::WrongType`].
    pub fn labelled_rows(&self, table: &Table) -> Result<Vec<u32>, TableError> {
        let columns = self.columns(table)?;
        // An infinite number cannot be predicted, so it counts as missing.
        let numbers = self.task == Task::Regression;
        let labelled = |&row: &u32| {
            columns
                .iter()
                .any(|column| match column.number(row as usize) {
                    Some(value) if numbers => value.is_finite(),
                    _ => !column.is_missing(row as usize),
                })
        };
        Ok((0..table.n_rows() as u32).filter(labelled).collect())
    }

    /// The targets of some rows, in their order.
    ///
    /// # Errors
    /// [`TargetError::RowWithoutTarget`], [`TargetError::UnknownClass`], [`TableError::WrongType`],
    /// [`TableError::UnknownColumns`].
    pub fn encode(&self, table: &Table, rows: &[u32]) -> Result<Targets, TargetError> {
        let columns = self.columns(table)?;
        match self.task {
            Task::Regression => {
                let mut values = Vec::with_capacity(rows.len());
                for &row in rows {
                    let value = self.number(table, &columns[0], row)?;
                    values.push(standardized(value, self.mean, self.deviation) as f32);
                }
                Ok(Targets::Values(values))
            }
            Task::Binary | Task::Multiclass => {
                let codes = self.codes(table, &columns[0], &self.columns[0], rows)?;
                let mut present = Vec::with_capacity(rows.len());
                for (&row, code) in rows.iter().zip(codes) {
                    present.push(code.ok_or_else(|| without_target(table, &columns[0], row))?);
                }
                Ok(Targets::Classes(present))
            }
            Task::Multilabel => {
                let n_labels = columns.len();
                let mut values = vec![f32::NAN; rows.len() * n_labels];
                for (label, (column, target)) in columns.iter().zip(&self.columns).enumerate() {
                    let codes = self.codes(table, column, target, rows)?;
                    for (at, code) in codes.into_iter().enumerate() {
                        if let Some(code) = code {
                            values[at * n_labels + label] = code as f32;
                        }
                    }
                }
                Ok(Targets::Labels { n_labels, values })
            }
        }
    }

    /// A network's output for a regression in the target's own units: `mean + deviation * standardized`,
    /// finite for every finite output.
    #[must_use]
    pub fn decode(&self, standardized: f64) -> f64 {
        let value = self.mean + self.deviation * standardized;
        if standardized.is_finite() {
            value.clamp(-f64::MAX, f64::MAX)
        } else {
            value
        }
    }

    /// Mean and standard deviation of the training rows for regression, else 0 and 1.
    #[must_use]
    pub fn moments(&self) -> (f64, f64) {
        (self.mean, self.deviation)
    }

    /// Whether another encoder predicts the same: task, columns and classes. Means and deviations, which
    /// come from the training rows, may differ.
    #[must_use]
    pub fn same_meaning(&self, other: &Self) -> bool {
        self.task == other.task && self.columns == other.columns
    }

    /// The target columns of a table, in the types of training.
    fn columns<'a>(&self, table: &'a Table) -> Result<Vec<Cow<'a, Column>>, TableError> {
        let typed = |target: &TargetColumn| {
            let column = table.require(&target.name, "target")?;
            table.cast(column, target.column_type, target.reading.format)
        };
        self.columns.iter().map(typed).collect()
    }

    fn number(&self, table: &Table, column: &Column, row: u32) -> Result<f64, TargetError> {
        let number = column
            .number(row as usize)
            .filter(|number| number.is_finite());
        number.ok_or_else(|| without_target(table, column, row))
    }

    fn codes(
        &self,
        table: &Table,
        column: &Column,
        target: &TargetColumn,
        rows: &[u32],
    ) -> Result<Vec<Option<u32>>, TargetError> {
        let classes = target.classes.iter().map(String::as_str);
        let (index, mut form) = (ValueIndex::new(classes.zip(0..)), String::new());
        let mut codes = Vec::with_capacity(rows.len());
        for &row in rows {
            let Some(key) = column.key(row as usize) else {
                codes.push(None);
                continue;
            };
            let Some(code) = index.find(&key, &mut form) else {
                return Err(TargetError::UnknownClass {
                    at: Box::new(table.location(row as usize)),
                    column: target.name.clone(),
                    value: key.into_owned(),
                    known: some_of(&target.classes),
                });
            };
            codes.push(Some(code));
        }
        Ok(codes)
    }
}

fn without_target(table: &Table, column: &Column, row: u32) -> TargetError {
    TargetError::RowWithoutTarget {
        at: Box::new(table.location(row as usize)),
        column: column.name().to_owned(),
    }
}

/// Classes that no row repeats cannot be learned. Two classes have errors of their own.
fn too_many_classes(classes: usize, rows: usize) -> bool {
    classes > 2 && classes >= rows
}

/// The first few names, for a message.
fn some_of(names: &[String]) -> String {
    let shown: Vec<String> = names
        .iter()
        .take(10)
        .map(|name| format!("{name:?}"))
        .collect();
    let more = if names.len() > shown.len() {
        ", ..."
    } else {
        ""
    };
    shown.join(", ") + more
}

/// What spellings of one class share: numbers may have zeros behind their decimals, as where some rows of a table
/// hold `1` and others `1.0`, and booleans any case. Other texts are classes of their own.
fn class_form(column_type: ColumnType, text: &str) -> Cow<'_, str> {
    match column_type {
        ColumnType::Number if text.contains('.') && !text.contains(['e', 'E', ',']) => {
            Cow::Borrowed(text.trim_end_matches('0').trim_end_matches('.'))
        }
        ColumnType::Boolean => Cow::Owned(text.to_ascii_lowercase()),
        _ => Cow::Borrowed(text),
    }
}

/// The distinct values of a target column.
struct Summary<'a> {
    column: &'a Column,
    /// In class order.
    keys: Vec<String>,
    n_present: usize,
}

impl<'a> Summary<'a> {
    fn of(table: &Table, column: &'a Column) -> Result<Self, TargetError> {
        if let Some(Doubt::Unreadable { type_name }) = &column.reading().doubt {
            return Err(TargetError::Table(TableError::UnsupportedType {
                file: table.file().to_owned(),
                column: column.name().to_owned(),
                type_name: type_name.clone(),
            }));
        }
        let mut names: BTreeMap<String, String> = BTreeMap::new();
        let mut n_present = 0;
        for row in 0..column.n_rows() {
            if let Some(key) = column.key(row) {
                n_present += 1;
                let form = class_form(column.column_type(), &key);
                match names.get_mut(&*form) {
                    None => {
                        names.insert(form.into_owned(), key.into_owned());
                    }
                    Some(name) if *name != form && key == form => *name = key.into_owned(),
                    Some(_) => {}
                }
            }
        }
        let mut keys: Vec<String> = names.into_values().collect();
        keys.sort_by(|a, b| compare_keys(a, b));
        let (file, name) = (table.file().to_owned(), column.name().to_owned());
        match keys.as_slice() {
            [] => Err(TargetError::MissingTarget { file, column: name }),
            [value] => Err(TargetError::ConstantTarget {
                file,
                column: name,
                value: value.clone(),
                rows: n_present,
            }),
            _ => Ok(Self {
                column,
                keys,
                n_present,
            }),
        }
    }

    /// The task that suits the values.
    fn task(&self) -> Task {
        match self.column.column_type() {
            _ if self.keys.len() == 2 => Task::Binary,
            ColumnType::Category => Task::Multiclass,
            ColumnType::Number => {
                let integer = |row| {
                    self.column
                        .number(row)
                        .is_none_or(|value| value.fract() == 0.0)
                };
                let few = self.keys.len() <= MAX_INTEGER_CLASSES
                    && !too_many_classes(self.keys.len(), self.n_present);
                if few && (0..self.column.n_rows()).all(integer) {
                    Task::Multiclass
                } else {
                    Task::Regression
                }
            }
            _ => Task::Regression,
        }
    }

    fn target(self, table: &Table, task: Task) -> Result<TargetColumn, TargetError> {
        let name = self.column.name().to_owned();
        let (file, found) = (table.file().to_owned(), self.keys.len());
        let mut column_type = self.column.column_type();
        let mut classes = self.keys;
        match task {
            Task::Regression => {
                column_type = ColumnType::Number;
                classes = Vec::new();
                table.cast(self.column, column_type, CellFormat::Plain)?;
            }
            Task::Binary | Task::Multilabel if found != 2 => {
                return Err(TargetError::ClassCount {
                    file,
                    column: name,
                    found,
                    task: task.name(),
                    allowed: "exactly two",
                });
            }
            Task::Multiclass if too_many_classes(found, self.n_present) => {
                return Err(TargetError::TooManyClasses {
                    file,
                    column: name,
                    classes: found,
                    rows: self.n_present,
                    doubt: self.column.reading().doubt.clone().map(Box::new),
                });
            }
            _ => {}
        }
        Ok(TargetColumn {
            name,
            column_type,
            classes,
            reading: self.column.reading().clone(),
        })
    }
}

/// The sample weights of some rows, in their order.
///
/// # Errors
/// [`TableError::UnknownColumns`], [`TableError::WrongType`] or [`TargetError::BadWeight`] with the row,
/// [`TargetError::ZeroWeights`].
pub fn sample_weights(table: &Table, name: &str, rows: &[u32]) -> Result<Vec<f32>, TargetError> {
    let column = table.require(name, "weight")?;
    let column = match column.column_type() {
        ColumnType::Number | ColumnType::Boolean | ColumnType::Missing => Cow::Borrowed(column),
        // One text among numbers makes a column of texts: it is that one that the error names.
        ColumnType::Category | ColumnType::DateTime => {
            table.cast(column, ColumnType::Number, CellFormat::Plain)?
        }
    };
    if let Some(odd) = column.reading().odd_examples.first() {
        return Err(TargetError::BadWeight {
            at: Box::new(Location {
                file: odd.file.clone().unwrap_or_else(|| table.file().to_owned()),
                row: odd.row,
                line: odd.line,
            }),
            column: name.to_owned(),
            value: format!("{:?}", odd.text),
        });
    }
    let mut weights = Vec::with_capacity(rows.len());
    for &row in rows {
        let weight = column.number(row as usize).map(|value| value as f32);
        match weight.filter(|weight| *weight >= 0.0 && weight.is_finite()) {
            Some(weight) => weights.push(weight),
            None => {
                let key = column.key(row as usize);
                return Err(TargetError::BadWeight {
                    at: Box::new(table.location(row as usize)),
                    column: name.to_owned(),
                    value: key.map_or_else(|| "missing".to_owned(), Cow::into_owned),
                });
            }
        }
    }
    if weights.iter().all(|&weight| weight == 0.0) {
        return Err(TargetError::ZeroWeights {
            file: table.file().to_owned(),
            column: name.to_owned(),
            rows: rows.len(),
        });
    }
    Ok(weights)
}

#[cfg(test)]
mod tests;
