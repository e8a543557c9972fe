//! Turns the cells of named columns into typed tables, with errors that name the cell.
//!
//! Readers of any format feed a [`TableBuilder`]; what a column's cells must be, and which columns
//! there are, follows from [`ReadOptions`] alone.

use std::collections::HashSet;
use std::sync::Arc;

use crate::cell_format::CellFormat;
use crate::column::{Column, ColumnType, TextColumn};
use crate::column_builder::{CellError, ColumnBuilder};
use crate::decision::{ColumnRules, Hints, is_small_share};
use crate::file_notice::FileNotice;
use crate::origin::{Origin, Part};
use crate::read_options::ReadOptions;
use crate::reading::OddCell;
use crate::row_lines::RowLines;
use crate::schema::Field;
use crate::suggest::UnknownName;
use crate::table::{Table, check_unique};
use crate::table_error::{Location, TableError};

/// Rows are numbered with 32 bits.
const MAX_ROWS: u32 = u32::MAX - 1;

/// Characters of a cell that a message shows.
const MAX_SHOWN: usize = 80;

/// Some rows of text cells, as a reader cuts them.
pub trait TextRows {
    /// Number of rows.
    fn n_rows(&self) -> usize;

    /// Line of the file on which a row, counted from 0, begins; lines count from 1.
    fn line(&self, row: usize) -> u64;

    /// The cells of one column, from the first row to the last. `position` is that of the column
    /// among all names of the source.
    fn column(&self, position: usize) -> impl Iterator<Item = &[u8]>;
}

/// A column to be read.
#[derive(Debug)]
pub(crate) struct PlannedColumn {
    pub(crate) name: String,
    /// Position among the names of the source.
    pub(crate) position: usize,
    /// What is known about its cells.
    pub(crate) rules: Arc<ColumnRules>,
    /// Whether its cells are not to be read.
    skip: bool,
}

/// A column to be typed, in the making.
#[derive(Debug)]
struct TypedColumn {
    plan: PlannedColumn,
    builder: ColumnBuilder,
    /// Present cells of the tables that are finished.
    n_present: u64,
    /// Those of them that did not have the type, and the first one.
    n_odd: u64,
    first_odd: Option<OddCell>,
}

/// Builds a [`Table`], or several one after the other, from rows as they come.
///
/// Without a schema the type of each column is found from the rows that make up one table.
#[derive(Debug)]
pub struct TableBuilder {
    /// Where the rows of the table in the making come from.
    origin: Origin,
    typed: Vec<TypedColumn>,
    passthrough: Vec<(PlannedColumn, TextColumn)>,
    /// Whether no cell may have another type than its column.
    strict: bool,
    /// Rows of the table in the making.
    n_rows: usize,
    /// What readers found.
    notices: Vec<FileNotice>,
}

impl TableBuilder {
    /// Plans the columns of a source that has columns of these names. `file` names the source in
    /// messages. Names may occur twice among columns that are not needed.
    ///
    /// # Errors
    /// [`TableError::DuplicateColumns`]; [`TableError::UnknownColumns`] and [`TableError::TwoRoles`]
    /// for names in `options`, [`TableError::MissingColumns`] for those of the schema.
    pub fn new(
        file: impl Into<String>,
        names: &[String],
        options: &ReadOptions,
    ) -> Result<Self, TableError> {
        let file = file.into();
        let (typed, passthrough) = plan(&file, names, options)?;
        check_needed(&file, names, typed.iter().chain(&passthrough))?;
        let with_builder = |plan: PlannedColumn| TypedColumn {
            builder: ColumnBuilder::new(Arc::clone(&plan.rules)),
            plan,
            n_present: 0,
            n_odd: 0,
            first_odd: None,
        };
        Ok(Self {
            origin: Origin {
                file,
                first_row: 1,
                ..Origin::default()
            },
            typed: typed.into_iter().map(with_builder).collect(),
            passthrough: passthrough
                .into_iter()
                .map(|column| (column, TextColumn::default()))
                .collect(),
            strict: options.strict,
            n_rows: 0,
            notices: Vec::new(),
        })
    }

    /// Notes about the column at a position of the source that it holds an index of rows, or that its cells are of a
    /// type that is not read.
    #[cfg(feature = "arrow")]
    pub(crate) fn note_column(
        &mut self,
        position: usize,
        index: bool,
        unreadable: Option<String>,
    ) -> Result<(), TableError> {
        let typed = self
            .typed
            .iter_mut()
            .filter(|column| column.plan.position == position);
        for column in typed {
            let rules = Arc::make_mut(&mut column.plan.rules);
            rules.is_index = index;
            rules.unreadable.clone_from(&unreadable);
            column.builder = ColumnBuilder::new(Arc::clone(&column.plan.rules));
        }
        let Some(type_name) = unreadable else {
            return Ok(());
        };
        let must = self.typed.iter().map(|column| &column.plan).find(|plan| {
            plan.position == position && !plan.skip && plan.rules.column_type.is_some()
        });
        let passes = self.passthrough.iter().map(|(plan, _)| plan);
        let needed = must.or_else(|| passes.into_iter().find(|plan| plan.position == position));
        match needed {
            None => Ok(()),
            Some(plan) => Err(TableError::UnsupportedType {
                file: self.origin.file.clone(),
                column: plan.name.clone(),
                type_name,
            }),
        }
    }

    /// Says that the rows that follow come from another file, and are counted anew in messages.
    pub fn begin_file(&mut self, file: impl Into<String>) {
        self.origin.parts.push(Part {
            file: file.into(),
            n_before: self.origin.first_row - 1 + self.n_rows as u64,
        });
    }

    /// Keeps what a reader found in the file.
    pub fn note(&mut self, notice: FileNotice) {
        self.notices.push(notice);
    }

    /// What was found in the file so far.
    #[must_use]
    pub fn file_notices(&self) -> &[FileNotice] {
        &self.notices
    }

    /// Name of the source, for messages.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.origin.file
    }

    /// Positions, among the names of the source, of the columns whose cells are needed; ascending.
    #[must_use]
    pub fn positions(&self) -> Vec<usize> {
        let typed = self.typed.iter().map(|column| &column.plan);
        let passthrough = self.passthrough.iter().map(|(column, _)| column);
        let mut positions: Vec<usize> = typed
            .chain(passthrough)
            .filter(|column| !column.skip)
            .map(|column| column.position)
            .collect();
        positions.sort_unstable();
        positions.dedup();
        positions
    }

    /// Number of rows since the last [`TableBuilder::finish`].
    #[must_use]
    pub fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// Appends rows of text. After an error the rows of the table in the making are lost.
    ///
    /// # Errors
    /// [`TableError::NotUtf8`], [`TableError::WrongType`], [`TableError::TooManyRows`].
    pub fn append_text(&mut self, rows: &impl TextRows) -> Result<(), TableError> {
        let line = |row| Some(rows.line(row));
        let lines = &mut self.origin.lines;
        (0..rows.n_rows()).for_each(|row| lines.push(rows.line(row)));
        self.append(rows.n_rows(), line, |column, cells| {
            let texts = rows.column(column.position);
            match cells {
                Cells::Typed(builder) => {
                    let pushed = builder.push_texts(texts);
                    pushed.map_err(|(row, cell, error)| BadCell::new(row, cell, error))
                }
                Cells::Passthrough(out) => texts
                    .enumerate()
                    .try_for_each(|(row, cell)| push_text(out, row, cell)),
            }
        })
    }

    /// Appends rows, the needed columns one after the other. `fill` gives one column its cells.
    pub(crate) fn append(
        &mut self,
        n_rows: usize,
        line: impl Fn(usize) -> Option<u64>,
        fill: impl Fn(&PlannedColumn, Cells<'_>) -> Result<(), BadCell>,
    ) -> Result<(), TableError> {
        let appended = self.try_append(n_rows, line, fill);
        if appended.is_err() {
            self.take();
        }
        appended
    }

    fn try_append(
        &mut self,
        n_rows: usize,
        line: impl Fn(usize) -> Option<u64>,
        fill: impl Fn(&PlannedColumn, Cells<'_>) -> Result<(), BadCell>,
    ) -> Result<(), TableError> {
        if self.n_rows + n_rows > MAX_ROWS as usize {
            return Err(TableError::TooManyRows {
                file: self.origin.file.clone(),
                limit: MAX_ROWS,
            });
        }
        let (origin, rows_before) = (&self.origin, self.n_rows);
        let located = |column: &PlannedColumn, bad: BadCell| {
            let at = Location {
                line: line(bad.row),
                ..origin.location(rows_before + bad.row)
            };
            bad.at(Box::new(at), column.name.clone())
        };
        for column in self.typed.iter_mut().filter(|column| !column.plan.skip) {
            fill(&column.plan, Cells::Typed(&mut column.builder))
                .map_err(|bad| located(&column.plan, bad))?;
        }
        for (column, texts) in &mut self.passthrough {
            fill(column, Cells::Passthrough(texts)).map_err(|bad| located(column, bad))?;
        }
        self.n_rows += n_rows;
        Ok(())
    }

    /// The table of the rows so far; `None` when there are none. Rows that follow belong to the
    /// next table, and their numbers in messages go on.
    pub fn finish(&mut self) -> Option<Table> {
        let (n_rows, origin) = (self.n_rows, self.origin.clone());
        let (columns, passthrough) = self.take();
        (n_rows > 0).then(|| Table::new(origin, n_rows, columns, passthrough, self.notices.clone()))
    }

    /// Checks, when all rows are there, that the cells of each column have its type: all of them in strict
    /// reading, else all but a [small share](crate::MAX_ODD_SHARE).
    ///
    /// # Errors
    /// [`TableError::WrongType`] with the first cell that has not.
    pub fn check(&self) -> Result<(), TableError> {
        for column in &self.typed {
            let few = !self.strict && is_small_share(column.n_odd, column.n_present);
            if let Some(first) = column.first_odd.as_ref().filter(|_| !few) {
                let column_type = column.plan.rules.column_type;
                return Err(TableError::WrongType {
                    at: Box::new(Location {
                        file: first.file.as_ref().unwrap_or(&self.origin.file).clone(),
                        row: first.row,
                        line: first.line,
                    }),
                    column: column.plan.name.clone(),
                    value: first.text.clone(),
                    expected: column_type.unwrap_or(ColumnType::Number).expected(),
                    more: column.n_odd - 1,
                });
            }
        }
        Ok(())
    }

    /// Takes the cells so far.
    fn take(&mut self) -> (Vec<Column>, Vec<(String, TextColumn)>) {
        self.decide();
        let (n_rows, origin) = (self.n_rows, &self.origin);
        let strict = self.strict;
        let columns = self.typed.iter_mut().map(|column| {
            let empty = ColumnBuilder::new(Arc::clone(&column.plan.rules));
            let builder = std::mem::replace(&mut column.builder, empty);
            if column.plan.skip {
                return Column::without_values(column.plan.name.clone(), n_rows);
            }
            let finished = builder.finish(column.plan.name.clone(), origin);
            let reading = finished.reading();
            // Columns whose type was found have few odd cells, or they are categories.
            if strict || column.plan.rules.column_type.is_some() {
                column.n_present += finished.n_present() as u64 + reading.odd;
                column.n_odd += reading.odd;
                let first = reading.odd_examples.first().cloned();
                column.first_odd = column.first_odd.take().or(first);
            }
            finished
        });
        let columns = columns.collect();
        let passthrough = self.passthrough.iter_mut();
        let passthrough =
            passthrough.map(|(column, texts)| (column.name.clone(), std::mem::take(texts)));
        let passthrough = passthrough.collect();
        self.origin.first_row += n_rows as u64;
        self.origin.lines = RowLines::default();
        self.n_rows = 0;
        (columns, passthrough)
    }

    /// Decides what each column is; columns in doubt follow those that are certain.
    fn decide(&mut self) {
        let mut all = Hints::default();
        for column in self.typed.iter_mut().filter(|column| !column.plan.skip) {
            let says = column.builder.decide(Hints::default());
            all.decimal_comma |= says.decimal_comma;
            all.date_order = all.date_order.or(says.date_order);
        }
        if all != Hints::default() {
            for column in self.typed.iter_mut().filter(|column| !column.plan.skip) {
                column.builder.decide(all);
            }
        }
    }
}

/// Where the cells of a column go.
pub(crate) enum Cells<'a> {
    /// A column to be typed.
    Typed(&'a mut ColumnBuilder),
    /// A column that passes through.
    Passthrough(&'a mut TextColumn),
}

/// A cell that cannot be one of its column.
#[derive(Debug)]
pub(crate) struct BadCell {
    /// Its row among those that are appended.
    row: usize,
    /// The cell, as much of it as a message shows.
    value: String,
    error: CellError,
}

impl BadCell {
    #[cold]
    pub(crate) fn new(row: usize, cell: &[u8], error: CellError) -> Self {
        let text = String::from_utf8_lossy(cell.trim_ascii());
        Self {
            row,
            value: text.chars().take(MAX_SHOWN).collect(),
            error,
        }
    }

    fn at(self, at: Box<Location>, column: String) -> TableError {
        let value = self.value;
        match self.error {
            CellError::NotUtf8 => TableError::NotUtf8 { at, column, value },
            CellError::WrongType { expected } => TableError::WrongType {
                at,
                column,
                value,
                expected,
                more: 0,
            },
        }
    }
}

/// Refuses names that occur twice and are needed.
fn check_needed<'a>(
    file: &str,
    names: &[String],
    needed: impl Iterator<Item = &'a PlannedColumn>,
) -> Result<(), TableError> {
    let needed: HashSet<&str> = needed
        .filter(|column| !column.skip)
        .map(|column| column.name.as_str())
        .collect();
    let names = names.iter().map(String::as_str);
    check_unique(file, names.filter(|name| needed.contains(name)))
}

/// What is known about the cells of a column from the options.
fn rules(name: &str, options: &ReadOptions, given: Option<&Field>) -> ColumnRules {
    let own = options.missing_in.iter().find(|(column, _)| column == name);
    let words = own.map(|(_, words)| words).or(options.missing.as_ref());
    let words = words.or(given.map(|field| &field.missing)).cloned();
    let words = words.unwrap_or_default();
    let epoch = options.epoch.iter().find(|(column, _)| column == name);
    let epoch = epoch.map(|&(_, unit)| CellFormat::Epoch(unit));
    let named = |list: &[String]| list.iter().any(|other| other == name);
    let (column_type, format) = match given {
        Some(field) => (Some(field.column_type), Some(field.format)),
        None if epoch.is_some() => (Some(ColumnType::DateTime), epoch),
        None if named(&options.categorical) => (Some(ColumnType::Category), None),
        None if named(&options.numeric) => (Some(ColumnType::Number), None),
        None => (None, None),
    };
    // What somebody gives for this file goes before what the training table was like.
    let given_format = match column_type {
        Some(ColumnType::Number) => options.numbers.map(CellFormat::Number),
        Some(ColumnType::DateTime) => epoch.or(options.dates.map(CellFormat::Date)),
        _ => None,
    };
    ColumnRules {
        column_type,
        format: given_format.filter(|_| format.is_some()).or(format),
        numbers: options.numbers,
        dates: options.dates,
        words,
        ..ColumnRules::default()
    }
}

/// Appends a cell that passes through.
pub(crate) fn push_text(out: &mut TextColumn, row: usize, cell: &[u8]) -> Result<(), BadCell> {
    match std::str::from_utf8(cell) {
        Ok(text) => {
            out.push(text);
            Ok(())
        }
        Err(_) => Err(BadCell::new(row, cell, CellError::NotUtf8)),
    }
}

fn names_of<T>(settings: &[(String, T)]) -> Vec<String> {
    settings.iter().map(|(name, _)| name.clone()).collect()
}

/// The columns to be typed and those that pass through.
fn plan(
    file: &str,
    names: &[String],
    options: &ReadOptions,
) -> Result<(Vec<PlannedColumn>, Vec<PlannedColumn>), TableError> {
    let position = |name: &str| names.iter().position(|other| other == name);
    let unknown = |name: &str| UnknownName::new(name, names.iter().map(String::as_str));
    for (setting, listed) in [
        ("categorical", &options.categorical),
        ("numeric", &options.numeric),
        ("columns", options.columns.as_ref().unwrap_or(&Vec::new())),
        ("skip", &options.skip),
        ("passthrough", &options.passthrough),
        ("missing words", &names_of(&options.missing_in)),
        ("epoch", &names_of(&options.epoch)),
    ] {
        let absent = listed.iter().filter(|name| position(name).is_none());
        let absent: Vec<UnknownName> = absent.map(|name| unknown(name)).collect();
        if !absent.is_empty() {
            return Err(TableError::UnknownColumns {
                file: file.to_owned(),
                setting,
                names: absent,
            });
        }
    }
    if let Some(both) = options
        .categorical
        .iter()
        .find(|name| options.numeric.contains(name))
    {
        return Err(TableError::TwoRoles {
            column: both.clone(),
            first: "categorical",
            second: "numeric",
        });
    }
    let mut passthrough = Vec::new();
    for name in &options.passthrough {
        passthrough.extend(position(name).map(|position| PlannedColumn {
            name: name.clone(),
            position,
            rules: Arc::default(),
            skip: false,
        }));
    }
    let mut typed = Vec::new();
    if let Some(schema) = &options.schema {
        let mut absent = Vec::new();
        for field in &schema.fields {
            match position(&field.name) {
                None => absent.push(unknown(&field.name)),
                Some(position) => typed.push(PlannedColumn {
                    name: field.name.clone(),
                    position,
                    rules: Arc::new(rules(&field.name, options, Some(field))),
                    skip: false,
                }),
            }
        }
        if !absent.is_empty() {
            return Err(TableError::MissingColumns {
                file: file.to_owned(),
                names: absent,
            });
        }
        return Ok((typed, passthrough));
    }
    for (position, name) in names.iter().enumerate() {
        if options
            .columns
            .as_ref()
            .is_some_and(|columns| !columns.contains(name))
        {
            continue;
        }
        typed.push(PlannedColumn {
            name: name.clone(),
            position,
            rules: Arc::new(rules(name, options, None)),
            skip: options.skip.contains(name),
        });
    }
    Ok((typed, passthrough))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Schema;

    /// Rows of text in memory.
    struct Rows(Vec<Vec<&'static str>>);

    impl TextRows for Rows {
        fn n_rows(&self) -> usize {
            self.0.len()
        }

        fn line(&self, row: usize) -> u64 {
            row as u64 + 2
        }

        fn column(&self, position: usize) -> impl Iterator<Item = &[u8]> {
            self.0.iter().map(move |row| row[position].as_bytes())
        }
    }

    fn builder(options: &ReadOptions) -> TableBuilder {
        let names = ["a", "b", "c"].map(str::to_owned);
        TableBuilder::new("t", &names, options).unwrap()
    }

    #[test]
    fn tables_follow_each_other_and_rows_keep_their_numbers() {
        let mut builder = builder(&ReadOptions {
            passthrough: vec!["c".to_owned()],
            skip: vec!["b".to_owned()],
            ..ReadOptions::default()
        });
        assert_eq!(builder.positions(), [0, 2]);
        assert!(builder.finish().is_none());
        builder
            .append_text(&Rows(vec![vec!["1", "x", "p"]]))
            .unwrap();
        builder
            .append_text(&Rows(vec![vec!["2", "y", "q"]]))
            .unwrap();
        let first = builder.finish().unwrap();
        assert_eq!((first.n_rows(), first.location(0).row), (2, 1));
        assert_eq!(first.passthrough()[0].1.get(1), "q");
        assert_eq!(first.columns()[1].column_type(), ColumnType::Missing);
        builder
            .append_text(&Rows(vec![vec!["x", "z", "r"]]))
            .unwrap();
        let second = builder.finish().unwrap();
        assert_eq!((second.n_rows(), second.location(0).row), (1, 3));
        assert_eq!(second.columns()[0].column_type(), ColumnType::Category);
    }

    #[test]
    fn after_an_error_the_rows_so_far_are_gone() {
        let mut builder = builder(&ReadOptions::default());
        builder
            .append_text(&Rows(vec![vec!["1", "1", "1"]]))
            .unwrap();
        let error = builder.append_text(&Bytes(b"\xff"));
        assert_eq!(
            error.unwrap_err().to_string(),
            "t, row 2 (line 9), column \"a\": \"\u{fffd}\" is not UTF-8 text; convert the file, for example with `iconv -f WINDOWS-1252 -t UTF-8`"
        );
        assert!(builder.finish().is_none());
    }

    /// One row whose cells are all these bytes.
    struct Bytes(&'static [u8]);

    impl TextRows for Bytes {
        fn n_rows(&self) -> usize {
            1
        }

        fn line(&self, _: usize) -> u64 {
            9
        }

        fn column(&self, _: usize) -> impl Iterator<Item = &[u8]> {
            std::iter::once(self.0)
        }
    }

    #[test]
    fn cells_of_another_type_are_few_or_an_error_however_tables_are_cut() {
        let rows = |n: usize, cell: &'static str| Rows(vec![vec![cell, "1", "1"]; n]);
        let read = |strict, n_good: usize, cut: bool| {
            let mut builder = builder(&ReadOptions {
                numeric: vec!["a".to_owned()],
                strict,
                ..ReadOptions::default()
            });
            builder.append_text(&rows(1, "x")).unwrap();
            let first = cut.then(|| builder.finish().unwrap());
            builder.append_text(&rows(n_good, "2.5")).unwrap();
            let last = builder.finish().unwrap();
            let odd = first.unwrap_or(last).columns()[0].reading().odd;
            builder
                .check()
                .map(|()| odd)
                .map_err(|error| error.to_string())
        };
        let expected = "t, row 1 (line 2), column \"a\": \"x\" is not a number; correct it, or write a missing value as an empty cell or NA";
        for cut in [false, true] {
            assert_eq!(read(false, 19, cut), Ok(1));
            assert_eq!(read(false, 18, cut), Err(expected.to_owned()));
            assert_eq!(read(true, 500, cut), Err(expected.to_owned()));
        }
    }

    #[test]
    fn names_may_occur_twice_where_nobody_needs_them() {
        let names = ["a", "note", "note"].map(str::to_owned);
        let new = |options: &ReadOptions| TableBuilder::new("t", &names, options);
        let error = new(&ReadOptions::default()).unwrap_err().to_string();
        assert!(error.contains("several columns named \"note\""), "{error}");
        for options in [
            ReadOptions {
                skip: vec!["note".to_owned()],
                ..ReadOptions::default()
            },
            ReadOptions {
                schema: Some(Schema {
                    fields: vec![Field::new("a", ColumnType::Number)],
                }),
                ..ReadOptions::default()
            },
        ] {
            assert!(new(&options).is_ok());
        }
        let options = ReadOptions {
            passthrough: vec!["note".to_owned()],
            columns: Some(vec!["a".to_owned()]),
            ..ReadOptions::default()
        };
        assert!(new(&options).is_err());
    }

    #[test]
    fn one_column_that_is_certain_helps_another() {
        let mut builder = builder(&ReadOptions::default());
        let row = vec!["1,263", "0,5", "01/02/2020"];
        let other = vec!["4,512", "7,25", "03/04/2020"];
        builder.append_text(&Rows(vec![row, other])).unwrap();
        let table = builder.finish().unwrap();
        assert_eq!(table.columns()[0].number(0), Some(1.263));
        assert_eq!(table.columns()[1].number(1), Some(7.25));
        assert!(table.columns()[0].reading().doubt.is_some());
        assert_eq!(table.columns()[2].key(0).as_deref(), Some("01/02/2020"));
    }
}
