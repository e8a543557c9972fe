//! Divides rows into training and validation rows, and into folds.
//!
//! Each row is on one side, but for those in the gap of a split by time, which are on none. A split
//! depends on the seed and the rows alone, and rows come out in ascending order.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use banach_kernels::random::{Purpose, Stream};

use crate::column::Column;
use crate::encoder::compare_keys;
use crate::table::Table;

mod error;
mod gap;
mod time;

pub use error::SplitError;
pub use gap::Gap;

/// How rows are divided.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Split {
    /// Each row by chance.
    Random,
    /// By chance, with the same share of each class on each side. Without classes it is
    /// [`Split::Random`].
    #[default]
    Stratified,
    /// Rows with the same value of this column stay together.
    Group(String),
    /// By this column: the latest rows validate, and folds learn from what lies before them alone.
    /// Equal times stay together.
    Time(String),
}

impl Split {
    /// The name used in settings and messages.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Random => "random",
            Self::Stratified => "stratified",
            Self::Group(_) => "group",
            Self::Time(_) => "time",
        }
    }

    /// The column that it needs.
    #[must_use]
    pub fn column(&self) -> Option<&str> {
        match self {
            Self::Random | Self::Stratified => None,
            Self::Group(column) | Self::Time(column) => Some(column),
        }
    }
}

/// Training and validation rows, both in ascending order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoldOut {
    /// Training rows.
    pub train: Vec<u32>,
    /// Validation rows.
    pub valid: Vec<u32>,
}

/// The rows of a fold, both in ascending order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fold {
    /// Training rows.
    pub train: Vec<u32>,
    /// Test rows.
    pub test: Vec<u32>,
}

/// Rows to be divided.
#[derive(Debug, Clone, Copy)]
pub struct Splitter<'a> {
    /// The table.
    pub table: &'a Table,
    /// The rows to divide, in ascending order.
    pub rows: &'a [u32],
    /// The class of each of these rows, for [`Split::Stratified`].
    pub classes: Option<&'a [u32]>,
    /// How to divide them.
    pub split: &'a Split,
    /// With [`Split::Time`]: how far before the first validation or test row the last training row
    /// lies at least. Rows in between are on no side.
    pub gap: Gap,
    /// Seed of all chance.
    pub seed: u64,
}

impl Splitter<'_> {
    /// Sets a share of the rows apart for validation.
    ///
    /// Stratified classes keep at least one training row each.
    ///
    /// # Errors
    /// [`SplitError::Fraction`] unless 0 < `fraction` < 1, [`SplitError::EmptySplit`],
    /// [`SplitError::MissingSplitValue`], [`SplitError::GapUnit`], [`SplitError::GapTooLong`], and those
    /// of a table that lacks the column or has no times in it.
    pub fn hold_out(&self, fraction: f64) -> Result<HoldOut, SplitError> {
        if !(fraction > 0.0 && fraction < 1.0) {
            return Err(SplitError::Fraction { got: fraction });
        }
        let n = self.rows.len();
        let wanted = ((n as f64 * fraction).round() as usize).clamp(1, n.saturating_sub(1).max(1));
        let is_valid = match self.split {
            Split::Random => self.random_valid(wanted, None),
            Split::Stratified => self.random_valid(wanted, self.classes),
            Split::Group(column) => self.group_valid(column, wanted)?,
            Split::Time(column) => return self.time_hold_out(column, wanted),
        };
        let side = |valid| {
            let marked = self.rows.iter().zip(&is_valid);
            let rows = marked.filter(move |&(_, &is_valid)| is_valid == valid);
            rows.map(|(&row, _)| row).collect::<Vec<u32>>()
        };
        let (train, valid) = (side(false), side(true));
        for (side, rows) in [("training", &train), ("validation", &valid)] {
            if rows.is_empty() {
                return Err(self.empty_split(side));
            }
        }
        Ok(HoldOut { train, valid })
    }

    /// The rows of each fold. `repeat` gives other folds for the same seed, except by time.
    ///
    /// Every row is tested once, by a model of the rows of all other folds. By time there is a first
    /// block of rows that is never tested, and a fold trains on all rows before its own, without those
    /// in the gap.
    ///
    /// # Errors
    /// [`SplitError::FoldCount`], [`SplitError::MissingSplitValue`], [`SplitError::GapUnit`],
    /// [`SplitError::GapTooLong`], and those of a table that lacks the column or has no times in it.
    pub fn folds(&self, n_folds: usize, repeat: u32) -> Result<Vec<Fold>, SplitError> {
        let limit = self.rows.len();
        if n_folds < 2 || n_folds > limit {
            return Err(fold_count(n_folds, limit, "the number of rows"));
        }
        let in_turn = |order: Vec<u32>| {
            let mut folds = vec![0; order.len()];
            for (at, position) in order.into_iter().enumerate() {
                folds[position as usize] = (at % n_folds) as u32;
            }
            folds
        };
        let fold_of = match self.split {
            Split::Random => in_turn(self.shuffled(repeat, None)),
            Split::Stratified => in_turn(self.shuffled(repeat, self.classes)),
            Split::Group(column) => self.group_folds(column, n_folds, repeat)?,
            Split::Time(column) => return self.time_folds(column, n_folds),
        };
        let folds =
            (0..n_folds as u32).map(|fold| each_against_the_others(self.rows, &fold_of, fold));
        Ok(folds.collect())
    }

    /// Positions of all rows in random order, then sorted by class if there are classes.
    fn shuffled(&self, repeat: u32, classes: Option<&[u32]>) -> Vec<u32> {
        let mut order: Vec<u32> = (0..self.rows.len() as u32).collect();
        Stream::new(self.seed, Purpose::Split, repeat, 0).shuffle(&mut order);
        if let Some(classes) = classes {
            order.sort_by_key(|&position| classes[position as usize]);
        }
        order
    }

    /// Marks about `wanted` positions, evenly along the rows sorted by class. Every class keeps a
    /// training row: without one it could not be learned.
    fn random_valid(&self, wanted: usize, classes: Option<&[u32]>) -> Vec<bool> {
        let mut is_valid = vec![false; self.rows.len()];
        let order = self.shuffled(0, classes);
        let class_of = |position: u32| classes.map(|classes| classes[position as usize]);
        let runs = || order.chunk_by(|&a, &b| class_of(a) == class_of(b));
        let divisible: Vec<u32> = runs()
            .filter(|run| run.len() > 1)
            .flatten()
            .copied()
            .collect();
        let n = divisible.len();
        let wanted = wanted.min(n);
        for (at, &position) in divisible.iter().enumerate() {
            is_valid[position as usize] = (at + 1) * wanted / n > at * wanted / n;
        }
        for run in runs() {
            if run.iter().all(|&position| is_valid[position as usize]) {
                is_valid[run[0] as usize] = false;
            }
        }
        is_valid
    }

    fn group_valid(&self, column: &str, wanted: usize) -> Result<Vec<bool>, SplitError> {
        let (group_of, sizes) = self.groups(column)?;
        let mut order: Vec<u32> = (0..sizes.len() as u32).collect();
        Stream::new(self.seed, Purpose::Split, 0, 0).shuffle(&mut order);
        let mut chosen = vec![false; sizes.len()];
        let mut n_valid = 0;
        for &group in &order {
            let size = sizes[group as usize];
            let closer = (n_valid + size).abs_diff(wanted) < n_valid.abs_diff(wanted);
            if closer && n_valid + size < self.rows.len() {
                chosen[group as usize] = true;
                n_valid += size;
            }
        }
        if n_valid == 0 && sizes.len() > 1 {
            // Every group is larger than twice the share: the smallest is nearest.
            let smallest = order.iter().min_by_key(|&&group| sizes[group as usize]);
            smallest
                .iter()
                .for_each(|&&group| chosen[group as usize] = true);
        }
        Ok(group_of
            .iter()
            .map(|&group| chosen[group as usize])
            .collect())
    }

    fn group_folds(
        &self,
        column: &str,
        n_folds: usize,
        repeat: u32,
    ) -> Result<Vec<u32>, SplitError> {
        let (group_of, sizes) = self.groups(column)?;
        if n_folds > sizes.len() {
            return Err(fold_count(n_folds, sizes.len(), "the number of groups"));
        }
        let mut order: Vec<u32> = (0..sizes.len() as u32).collect();
        Stream::new(self.seed, Purpose::Split, repeat, 0).shuffle(&mut order);
        // Largest first, each to the smallest fold: folds come out nearly equal.
        order.sort_by_key(|&group| std::cmp::Reverse(sizes[group as usize]));
        let mut fold_sizes = vec![0_usize; n_folds];
        let mut fold_of = vec![0_u32; sizes.len()];
        for &group in &order {
            let smallest = (0..n_folds)
                .min_by_key(|&fold| fold_sizes[fold])
                .unwrap_or(0);
            fold_of[group as usize] = smallest as u32;
            fold_sizes[smallest] += sizes[group as usize];
        }
        Ok(group_of
            .iter()
            .map(|&group| fold_of[group as usize])
            .collect())
    }

    /// The group of each row, numbered by first appearance, and the size of each group.
    fn groups(&self, name: &str) -> Result<(Vec<u32>, Vec<usize>), SplitError> {
        let column = self.table.require(name, "split")?;
        let mut numbers: HashMap<Cow<'_, str>, u32> = HashMap::new();
        let mut sizes: Vec<usize> = Vec::new();
        let mut group_of = Vec::with_capacity(self.rows.len());
        for &row in self.rows {
            let key = column
                .key(row as usize)
                .ok_or_else(|| self.missing(column, row))?;
            let group = *numbers.entry(key).or_insert_with(|| {
                sizes.push(0);
                sizes.len() as u32 - 1
            });
            sizes[group as usize] += 1;
            group_of.push(group);
        }
        Ok((group_of, sizes))
    }

    fn missing(&self, column: &Column, row: u32) -> SplitError {
        SplitError::MissingSplitValue {
            at: Box::new(self.table.location(row as usize)),
            column: column.name().to_owned(),
            split: self.split.name(),
        }
    }

    fn empty_split(&self, side: &'static str) -> SplitError {
        SplitError::EmptySplit {
            split: self.split.name(),
            rows: self.rows.len(),
            side,
            advice: match self.split {
                Split::Group(_) => "at least two groups are needed",
                Split::Time(_) => "more distinct times are needed",
                Split::Random => "at least two rows are needed",
                Split::Stratified => "at least two rows of one class are needed",
            },
        }
    }
}

/// A fold's own rows are tested, all others train.
fn each_against_the_others(rows: &[u32], fold_of: &[u32], fold: u32) -> Fold {
    let rows = rows.iter().zip(fold_of);
    let (test, train): (Vec<_>, Vec<_>) = rows.partition(|&(_, &of)| of == fold);
    let only_rows = |pairs: Vec<(&u32, &u32)>| pairs.into_iter().map(|(&row, _)| row).collect();
    Fold {
        train: only_rows(train),
        test: only_rows(test),
    }
}

fn fold_count(got: usize, limit: usize, what: &'static str) -> SplitError {
    SplitError::FoldCount { got, limit, what }
}

/// The folds as a column of the table says them, with their names, in order. Each is tested by a model
/// of the rows of all others.
///
/// # Errors
/// [`SplitError::MissingSplitValue`], [`SplitError::FoldCount`] unless there are at least two folds, and
/// that of a table that lacks the column.
pub fn folds_from_column(
    table: &Table,
    name: &str,
    rows: &[u32],
) -> Result<Vec<(String, Fold)>, SplitError> {
    let column = table.require(name, "fold column")?;
    let mut keys = Vec::with_capacity(rows.len());
    let mut seen = BTreeMap::new();
    for &row in rows {
        let key = column
            .key(row as usize)
            .ok_or_else(|| SplitError::MissingSplitValue {
                at: Box::new(table.location(row as usize)),
                column: name.to_owned(),
                split: "fold column",
            })?;
        seen.insert(key.clone(), 0);
        keys.push(key);
    }
    let mut names: Vec<String> = seen.keys().map(|key| key.clone().into_owned()).collect();
    names.sort_by(|a, b| compare_keys(a, b));
    if names.len() < 2 {
        return Err(fold_count(names.len(), rows.len(), "the number of rows"));
    }
    for (fold, name) in names.iter().enumerate() {
        seen.insert(Cow::Borrowed(name), fold as u32);
    }
    let fold_of: Vec<u32> = keys.iter().map(|key| seen[key]).collect();
    let folds = (0..).zip(&names);
    let folds = folds.map(|(fold, name)| {
        let rows = each_against_the_others(rows, &fold_of, fold);
        (name.clone(), rows)
    });
    Ok(folds.collect())
}

#[cfg(test)]
mod tests;
