//! A learning problem: a table and settings become encoders, a network specification and numbers.

use std::borrow::Cow;

use banach_data::{
    ColumnType, Encoder, Field, Gap, HoldOut, ReadOptions, Schema, Split, Splitter, Table,
    TargetCopy, TargetEncoder, Targets, Task, UnknownCategories, sample_weights, target_copies,
};
use banach_io::read_table;
use banach_nn::{Dataset, NetworkSpec, TrainError};

use crate::error::Error;
use banach_model::network_features;

use crate::inputs::input_spec;
use crate::memory;
use crate::recipe::Recipe;
use crate::settings::{ClassWeight, Settings, Validation};

/// Everything that training needs, checked and encoded.
pub(crate) struct Problem {
    pub(crate) recipe: Recipe,
    pub(crate) encoder: Encoder,
    pub(crate) target: TargetEncoder,
    pub(crate) spec: NetworkSpec,
    /// Training and validation rows; targets and weights with them.
    pub(crate) data: Dataset,
    /// Training rows of `data`, ascending.
    pub(crate) train: Vec<u32>,
    /// Validation rows of `data`, ascending.
    pub(crate) valid: Vec<u32>,
    /// Weights of the validation rows in metrics, which class weights do not enter.
    pub(crate) valid_weights: Option<Vec<f32>>,
    /// Rows of the table that are left out because they have no target.
    pub(crate) without_target: usize,
    /// Features that say nearly all about a target.
    pub(crate) copies: Vec<TargetCopy>,
    /// Rows between training and validation rows, in the gap of a split by time.
    pub(crate) in_gap: usize,
}

/// Which rows of a table a fit may use.
pub(crate) enum RowChoice<'a> {
    /// All that have a target.
    All,
    /// These, in ascending order.
    Some(&'a [u32]),
    /// These, already divided into training and validation rows.
    Divided(&'a HoldOut),
}

/// The rows and targets of a table, before anything is fitted.
pub(crate) struct Rows {
    pub(crate) target: TargetEncoder,
    /// Rows that have a target, ascending.
    pub(crate) rows: Vec<u32>,
    /// Class of each of these rows; `None` unless there are classes.
    pub(crate) classes: Option<Vec<u32>>,
    pub(crate) without_target: usize,
}

impl Rows {
    /// Finds task, classes and labelled rows. `among` limits the rows, in ascending order.
    pub(crate) fn new(
        settings: &Settings,
        table: &Table,
        among: Option<&[u32]>,
    ) -> Result<Self, Error> {
        let names = settings.target_columns();
        if names.is_empty() {
            return Err(Error::Setting {
                name: "target",
                allowed: "the name of the column to predict",
                got: "nothing".to_owned(),
            });
        }
        let named = |list: &[String]| names.iter().all(|name| list.contains(name));
        let task = settings.task.flatten().or_else(|| {
            // Whoever names the target as a number wants a number.
            (names.len() == 1 && named(settings.numeric_columns())).then_some(Task::Regression)
        });
        let target = TargetEncoder::fit(table, names, task)?;
        let labelled = target.labelled_rows(table)?;
        let n_rows = among.map_or(table.n_rows(), <[u32]>::len);
        let rows = match among {
            None => labelled,
            Some(among) => intersection(&labelled, among),
        };
        let classes = match target.task() {
            Task::Binary | Task::Multiclass => match target.encode(table, &rows)? {
                Targets::Classes(codes) => Some(codes),
                Targets::Values(_) | Targets::Labels { .. } => None,
            },
            Task::Regression | Task::Multilabel => None,
        };
        Ok(Self {
            without_target: n_rows - rows.len(),
            target,
            rows,
            classes,
        })
    }

    /// The rows that a fit may use.
    fn chosen(settings: &Settings, table: &Table, choice: &RowChoice<'_>) -> Result<Self, Error> {
        match choice {
            RowChoice::All => Self::new(settings, table, None),
            RowChoice::Some(rows) => Self::new(settings, table, Some(rows)),
            RowChoice::Divided(parts) => {
                let mut both = [&parts.train[..], &parts.valid].concat();
                both.sort_unstable();
                Self::new(settings, table, Some(&both))
            }
        }
    }

    /// Where some of these rows stand among them.
    fn positions(&self, rows: &[u32]) -> Vec<u32> {
        let position = |row: &u32| self.rows.partition_point(|other| other < row) as u32;
        rows.iter().map(position).collect()
    }

    /// Divides these rows by the settings' split.
    pub(crate) fn splitter<'a>(
        &'a self,
        table: &'a Table,
        split: &'a Split,
        gap: Gap,
        seed: u64,
    ) -> Splitter<'a> {
        Splitter {
            table,
            rows: &self.rows,
            classes: self.classes.as_deref(),
            split,
            gap,
            seed,
        }
    }
}

/// Rows that are in both ascending lists.
fn intersection(a: &[u32], b: &[u32]) -> Vec<u32> {
    let in_b = |row: &&u32| b.binary_search(row).is_ok();
    a.iter().filter(in_b).copied().collect()
}

impl Problem {
    /// Prepares some rows of a table. An owned table is freed piece by piece while it is encoded.
    /// `networks` is the number of networks that will train at the same time.
    pub(crate) fn new(
        settings: &Settings,
        table: Cow<'_, Table>,
        choice: &RowChoice<'_>,
        networks: usize,
    ) -> Result<Self, Error> {
        let rows = Rows::chosen(settings, &table, choice)?;
        let recipe = settings.recipe(rows.target.task(), rows.rows.len())?;
        let parts = hold_out(&rows, &table, &recipe, choice)?;
        check_counting(&rows, &table, &recipe, &parts.train)?;
        let fitted = Encoders::fit(&rows, &table, &recipe, &parts.train)?;
        let used: Vec<String> = fitted
            .encoder
            .columns()
            .into_iter()
            .map(|column| column.name)
            .collect();
        let copies = target_copies(&table, &used, &fitted.target, &parts.train);
        let batch_size = recipe.batch_size.min(parts.train.len());
        memory::check(&fitted.spec, &recipe.optimizer, batch_size, networks)?;
        // The validation file is opened before the long work on the table begins.
        let valid_table = match (choice, &recipe.validation) {
            (RowChoice::All | RowChoice::Some(_), Validation::File(path)) => {
                Some(read_table(path, &fitted.read_options(&recipe))?)
            }
            _ => None,
        };

        let (train, mut valid) = (rows.positions(&parts.train), rows.positions(&parts.valid));
        let in_gap = rows.rows.len() - train.len() - valid.len();
        let mut data = fitted.encode(table, &rows.rows, &recipe)?;
        let mut without_target = rows.without_target;
        if let Some(table) = valid_table {
            let labelled = fitted.target.labelled_rows(&table)?;
            if labelled.is_empty() {
                return Err(Error::Setting {
                    name: "valid",
                    allowed: "a file with rows that have a target",
                    got: "a file without".to_owned(),
                });
            }
            without_target += table.n_rows() - labelled.len();
            let first = data.n_rows() as u32;
            let more = fitted.encode(Cow::Owned(table), &labelled, &recipe)?;
            data.append(more).map_err(TrainError::from)?;
            valid = (first..data.n_rows() as u32).collect();
        }
        let weights = data.weights.as_ref();
        let valid_weights = weights.map(|weights| {
            let weight = |&row: &u32| weights[row as usize];
            valid.iter().map(weight).collect()
        });
        if recipe.class_weight == ClassWeight::Balanced {
            balance(&mut data, &train, fitted.target.n_outputs());
        }
        Ok(Self {
            recipe,
            encoder: fitted.encoder,
            target: fitted.target,
            spec: fitted.spec,
            data,
            train,
            valid,
            valid_weights,
            without_target,
            copies,
            in_gap,
        })
    }
}

/// Training and validation rows of the table itself; rows of a validation file come later.
fn hold_out(
    rows: &Rows,
    table: &Table,
    recipe: &Recipe,
    choice: &RowChoice<'_>,
) -> Result<HoldOut, Error> {
    match (choice, &recipe.validation) {
        (RowChoice::Divided(parts), _) => Ok(HoldOut {
            train: intersection(&rows.rows, &parts.train),
            valid: intersection(&rows.rows, &parts.valid),
        }),
        (_, Validation::File(_)) => Ok(HoldOut {
            train: rows.rows.clone(),
            valid: Vec::new(),
        }),
        (_, &Validation::Fraction(fraction)) => {
            let splitter = rows.splitter(table, &recipe.split, recipe.gap, recipe.seed);
            Ok(splitter.hold_out(fraction)?)
        }
    }
}

/// Rows of weight 0 count for nothing: something must be there to learn in the others.
fn check_counting(rows: &Rows, table: &Table, recipe: &Recipe, train: &[u32]) -> Result<(), Error> {
    let Some(weight) = &recipe.weight else {
        return Ok(());
    };
    let weights = sample_weights(table, weight, train)?;
    let counting = train.iter().zip(&weights);
    let counting = counting.filter(|&(_, &weight)| weight > 0.0);
    let counting: Vec<u32> = counting.map(|(&row, _)| row).collect();
    if counting.len() < train.len() {
        rows.target.clone().fit_rows(table, &counting)?;
    }
    Ok(())
}

/// What is fitted to the training rows, and the network that goes with it.
struct Encoders {
    target: TargetEncoder,
    encoder: Encoder,
    spec: NetworkSpec,
}

impl Encoders {
    fn fit(rows: &Rows, table: &Table, recipe: &Recipe, train: &[u32]) -> Result<Self, Error> {
        let target = rows.target.clone().fit_rows(table, train)?;
        let weight = recipe.weight.as_deref();
        let features = feature_names(table, &target, weight, &recipe.split);
        let encoder = Encoder::fit(table, train, &features, &recipe.encoder_options())?;
        let inputs = input_spec(&encoder, recipe)?;
        let spec = recipe.network_spec(inputs, target.n_outputs())?;
        spec.check()?;
        Ok(Self {
            target,
            encoder,
            spec,
        })
    }

    /// The columns that a table of further rows must have.
    fn read_options(&self, recipe: &Recipe) -> ReadOptions {
        let weight = recipe.weight.as_ref();
        let weight = weight.map(|name| Field::new(name, ColumnType::Number));
        let weight = Schema {
            fields: weight.into_iter().collect(),
        };
        ReadOptions {
            schema: Some(
                self.encoder
                    .schema()
                    .with(self.target.schema())
                    .with(weight),
            ),
            ..ReadOptions::default()
        }
    }

    /// Encodes some rows; an owned table is freed piece by piece.
    fn encode(
        &self,
        table: Cow<'_, Table>,
        rows: &[u32],
        recipe: &Recipe,
    ) -> Result<Dataset, Error> {
        let targets = self.target.encode(&table, rows)?;
        let weights = match &recipe.weight {
            Some(name) => Some(sample_weights(&table, name, rows)?),
            None => None,
        };
        let features = match table {
            Cow::Owned(table) => {
                let (mut parts, _) = self.encoder.encode_parts(table, &[rows])?;
                network_features(parts.pop().unwrap_or_default(), &self.spec)
            }
            Cow::Borrowed(table) => {
                let (features, _) = self.encoder.encode(table, UnknownCategories::Count)?;
                network_features(features, &self.spec).select(rows)
            }
        };
        Ok(Dataset {
            features,
            targets,
            weights,
        })
    }
}

/// Columns that features may be made from: all but targets, weights and groups, whose values say
/// nothing about rows of other groups.
pub(crate) fn feature_names(
    table: &Table,
    target: &TargetEncoder,
    weight: Option<&str>,
    split: &Split,
) -> Vec<String> {
    let group = match split {
        Split::Group(column) => Some(column.as_str()),
        Split::Random | Split::Stratified | Split::Time(_) => None,
    };
    let targets = target.names();
    let names = table.columns().iter().map(|column| column.name());
    let used = names.filter(|name| {
        let role = Some(*name) == weight || Some(*name) == group;
        !role && !targets.contains(name)
    });
    used.map(str::to_owned).collect()
}

/// Class weights are part of the loss that training minimizes and that chooses the epoch: multiplies the
/// weight of each row by `total / (classes * total of its class)`, the totals being those of the training
/// rows: scikit-learn's "balanced", with sample weights. Metrics have no part in it, so that they mean
/// what they mean everywhere.
fn balance(data: &mut Dataset, train: &[u32], n_classes: usize) {
    let Targets::Classes(classes) = &data.targets else {
        return;
    };
    let mut totals = vec![0.0; n_classes];
    for &row in train {
        totals[classes[row as usize] as usize] += data.weight(row as usize);
    }
    let all: f64 = totals.iter().sum();
    let present = totals.iter().filter(|&&total| total > 0.0).count() as f64;
    let weights = (0..data.n_rows()).map(|row| {
        let total = totals[classes[row] as usize];
        let factor = if total > 0.0 {
            all / (present * total)
        } else {
            1.0
        };
        (data.weight(row) * factor) as f32
    });
    data.weights = Some(weights.collect());
}

#[cfg(test)]
mod tests {
    use banach_data::Features;

    use super::*;

    #[test]
    fn balanced_classes_have_equal_totals_and_keep_the_sum() {
        let mut data = Dataset {
            features: Features::default(),
            targets: Targets::Classes(vec![0, 0, 0, 1, 1, 0]),
            weights: Some(vec![1.0, 2.0, 1.0, 1.0, 1.0, 9.0]),
        };
        data.features.n_rows = 6;
        balance(&mut data, &[0, 1, 2, 3, 4], 2);
        let weights = data.weights.unwrap();
        let zero: f32 = weights[..3].iter().sum();
        let one: f32 = weights[3..5].iter().sum();
        assert!(
            (zero - 3.0).abs() < 1e-6 && (one - 3.0).abs() < 1e-6,
            "{weights:?}"
        );
        assert!((weights[5] - 9.0 * 3.0 / 4.0).abs() < 1e-6);
    }
}
