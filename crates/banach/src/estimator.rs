//! From a table to a model.

use std::borrow::Cow;

use banach_data::{HoldOut, Table, Task};
use banach_model::{Calibration, Member, Model, ModelParts};

use crate::error::Error;
use crate::problem::{Problem, RowChoice};
use crate::run::{Event, Overview, Run};
use crate::settings::Settings;
use crate::training::{Trained, train};

/// Rows assumed for the check of settings before a table is seen.
const ASSUMED_ROWS: usize = 1000;

/// Settings that were checked as far as they can be without a table.
///
/// ```no_run
/// use banach::io::read_table;
/// use banach::{Estimator, Run, Settings};
///
/// let settings = Settings::for_target("species").layers(4);
/// let table = read_table("penguins.csv", &Default::default())?;
/// let fitted = Estimator::new(settings)?.fit(table, &Run::default())?;
/// fitted.model.save("model.safetensors")?;
/// # Ok::<(), banach::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Estimator {
    pub(crate) settings: Settings,
}

/// The result of a fit.
#[derive(Debug, Clone)]
pub struct Fitted {
    /// The model.
    pub model: Model,
    /// Whether the fit was stopped by [`Run::interrupt`]; the model then has the best weights up to
    /// then.
    pub interrupted: bool,
}

impl Estimator {
    /// Checks the settings.
    ///
    /// # Errors
    /// [`Error::Setting`], [`Error::SettingForTask`] or [`Error::Train`], naming the setting. Some
    /// can only be checked when the task is found from the table.
    pub fn new(settings: Settings) -> Result<Self, Error> {
        let task = settings.task.flatten();
        let possible = match task {
            Some(task) => vec![task],
            None => vec![Task::Binary, Task::Regression, Task::Multilabel],
        };
        let mut checks = possible
            .into_iter()
            .map(|task| settings.recipe(task, ASSUMED_ROWS));
        // Without a task it is enough that the settings suit one.
        let first = checks.next().map(|check| check.map(drop));
        match first {
            Some(Err(error)) if !checks.any(|check| check.is_ok()) => Err(error),
            _ => Ok(Self { settings }),
        }
    }

    /// Fits a model to a table, which is given up so that its memory can be used.
    ///
    /// # Errors
    /// [`Error::Data`] for the table, [`Error::Setting`] for settings that do not suit it,
    /// [`Error::OutOfMemory`], [`Error::Train`] when the loss does not stay finite, and the errors of
    /// a run's folder.
    pub fn fit(&self, table: Table, run: &Run<'_>) -> Result<Fitted, Error> {
        let problem = Problem::new(&self.settings, Cow::Owned(table), &RowChoice::All, 1)?;
        fit(problem, run)
    }

    /// Fits a model to some rows of a table, given in ascending order.
    ///
    /// # Errors
    /// As [`Estimator::fit`].
    pub fn fit_rows(&self, table: &Table, rows: &[u32], run: &Run<'_>) -> Result<Fitted, Error> {
        let rows = RowChoice::Some(rows);
        fit(
            Problem::new(&self.settings, Cow::Borrowed(table), &rows, 1)?,
            run,
        )
    }

    /// Fits a model to rows that are already divided into training and validation rows; the settings
    /// `valid` and `split` then do not count.
    ///
    /// # Errors
    /// As [`Estimator::fit`].
    pub fn fit_divided(
        &self,
        table: &Table,
        rows: &HoldOut,
        run: &Run<'_>,
    ) -> Result<Fitted, Error> {
        let rows = RowChoice::Divided(rows);
        fit(
            Problem::new(&self.settings, Cow::Borrowed(table), &rows, 1)?,
            run,
        )
    }
}

pub(crate) fn fit(problem: Problem, run: &Run<'_>) -> Result<Fitted, Error> {
    (run.observe)(Event::Prepared(Overview {
        task: problem.target.task(),
        target: problem.target.names(),
        train_rows: problem.train.len(),
        valid_rows: problem.valid.len(),
        without_target: problem.without_target,
        in_gap: problem.in_gap,
        features: problem.encoder.columns().len(),
        widths: problem.spec.widths(),
        parameters: problem.spec.n_parameters().unwrap_or(0),
        unused: problem.encoder.unused_columns(),
        readings: [problem.target.readings(), problem.encoder.readings()].concat(),
        words_for_missing: problem.target.words_for_missing(),
        copies: &problem.copies,
    }));
    let Trained {
        network,
        record,
        interrupted,
    } = train(&problem, run)?;
    let model = Model::new(ModelParts {
        settings: problem.recipe.to_json(),
        encoders: vec![problem.encoder],
        target: problem.target,
        members: vec![Member::network(network, record.member)],
        calibration: Calibration::None,
        training: record.model,
    })?;
    Ok(Fitted { model, interrupted })
}
