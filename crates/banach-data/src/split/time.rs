//! Splits by time: what is tested is later than all that was learned from.

use super::{Fold, SplitError, Splitter, fold_count};
use crate::column::ColumnType;
use crate::split::HoldOut;
use crate::table_error::TableError;

/// The times of some rows.
struct Times {
    /// One for each row.
    of_row: Vec<f64>,
    /// All of them in ascending order.
    sorted: Vec<f64>,
    /// Length of the gap, in the same unit.
    gap: f64,
}

impl Times {
    /// Positions in the order of time at which a later time begins, without the first.
    fn changes(&self) -> Vec<usize> {
        let changes = 1..self.sorted.len();
        changes
            .filter(|&at| self.sorted[at - 1] < self.sorted[at])
            .collect()
    }
}

impl Splitter<'_> {
    /// The latest rows validate, those of the gap before them are on no side.
    pub(super) fn time_hold_out(&self, column: &str, wanted: usize) -> Result<HoldOut, SplitError> {
        let times = self.times(column)?;
        let (Some(&first), Some(&last)) = (times.sorted.first(), times.sorted.last()) else {
            return Err(self.empty_split("training"));
        };
        if first == last {
            return Err(self.empty_split("validation"));
        }
        let mut first_valid = times.sorted[times.sorted.len().saturating_sub(wanted)];
        if first_valid == first {
            // The oldest time reaches into the share: all of it trains.
            let later = times.sorted.iter().find(|&&time| time > first);
            first_valid = later.copied().unwrap_or(last);
        }
        let sides = self.before_and_from(&times, first_valid, f64::INFINITY);
        if sides.train.is_empty() {
            return Err(self.gap_too_long(0));
        }
        Ok(HoldOut {
            train: sides.train,
            valid: sides.test,
        })
    }

    /// The rows in `n_folds + 1` blocks of time, nearly equal and each with times of its own; every
    /// block but the first is tested by what lies before it.
    pub(super) fn time_folds(&self, column: &str, n_folds: usize) -> Result<Vec<Fold>, SplitError> {
        let times = self.times(column)?;
        let changes = times.changes();
        if n_folds > changes.len() {
            let what = "the number of distinct times less one";
            return Err(fold_count(n_folds, changes.len(), what));
        }
        let mut starts = Vec::with_capacity(n_folds);
        for fold in 1..=n_folds {
            let wanted = fold * times.sorted.len() / (n_folds + 1);
            // Each fold takes one change at least and leaves one for each of those after it.
            let least = starts.last().map_or(0, |&last| last + 1);
            let most = changes.len() - (n_folds + 1 - fold);
            let nearest = (least..=most).min_by_key(|&at| changes[at].abs_diff(wanted));
            starts.push(nearest.unwrap_or(least));
        }
        let start_time = |&start: &usize| times.sorted[changes[start]];
        let starts: Vec<f64> = starts.iter().map(start_time).collect();
        let mut folds = Vec::with_capacity(n_folds);
        for (at, &start) in starts.iter().enumerate() {
            let end = starts.get(at + 1).copied().unwrap_or(f64::INFINITY);
            let fold = self.before_and_from(&times, start, end);
            if fold.train.is_empty() {
                return Err(self.gap_too_long(at + 1));
            }
            folds.push(fold);
        }
        Ok(folds)
    }

    /// Rows from `start` to before `end` are tested, those before `start` by more than the gap train.
    fn before_and_from(&self, times: &Times, start: f64, end: f64) -> Fold {
        let rows = |is_in: &dyn Fn(f64) -> bool| {
            let rows = self.rows.iter().zip(&times.of_row);
            let rows = rows.filter(|&(_, &time)| is_in(time));
            rows.map(|(&row, _)| row).collect::<Vec<u32>>()
        };
        Fold {
            // Without a gap no rounding may come between.
            train: rows(&|time| time < start && (times.gap == 0.0 || time < start - times.gap)),
            test: rows(&|time| time >= start && (time < end || end == f64::INFINITY)),
        }
    }

    fn gap_too_long(&self, fold: usize) -> SplitError {
        SplitError::GapTooLong {
            gap: self.gap,
            fold,
        }
    }

    fn times(&self, name: &str) -> Result<Times, SplitError> {
        let column = self.table.require(name, "split")?;
        let mut times = Vec::with_capacity(self.rows.len());
        for &row in self.rows {
            if column.column_type() == ColumnType::Category && !column.is_missing(row as usize) {
                return Err(TableError::WrongType {
                    at: Box::new(self.table.location(row as usize)),
                    column: name.to_owned(),
                    value: column.key(row as usize).unwrap_or_default().into_owned(),
                    expected: "a date, time or number, as the time split needs",
                    more: 0,
                }
                .into());
            }
            let time = column.number(row as usize);
            times.push(time.ok_or_else(|| self.missing(column, row))?);
        }
        let mut sorted = times.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        let gap = self.gap.in_units_of(column)?;
        Ok(Times {
            of_row: times,
            sorted,
            gap,
        })
    }
}
