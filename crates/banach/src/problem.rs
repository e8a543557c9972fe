//! A learning problem: a table and settings become encoders, a network specification and numbers.

use std::borrow::Cow;

use banach_data::{
    ColumnType, Encoder, Field, HoldOut, ReadOptions, Schema, Split, Splitter, Table,
    TargetEncoder, Targets, Task, UnknownCategories, sample_weights,
};
use banach_io::read_table;
use banach_nn::{Dataset, Inputs, NetworkSpec};

use crate::config::Config;
use crate::error::Error;
use crate::inputs::{input_spec, inputs};
use crate::memory;
use crate::settings::{ClassWeight, Settings, SplitChoice, Valid};

/// Everything that training needs, checked and encoded.
pub(crate) struct Problem {
    pub(crate) config: Config,
    pub(crate) encoder: Encoder,
    pub(crate) target: TargetEncoder,
    pub(crate) spec: NetworkSpec,
    /// Training and validation rows; targets and weights with them.
    pub(crate) data: Dataset,
    /// Rows of `data` to learn from, ascending.
    pub(crate) train: Vec<u32>,
    /// Rows of `data` to validate on, ascending.
    pub(crate) valid: Vec<u32>,
    /// Rows of the table that are left out because they have no target.
    pub(crate) without_target: usize,
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
        let names = settings.target.as_deref().unwrap_or_default();
        if names.is_empty() {
            return Err(Error::Setting {
                name: "target",
                allowed: "the name of the column to predict",
                got: "nothing".to_owned(),
            });
        }
        let task = settings.task.and_then(crate::TaskChoice::task);
        let target = TargetEncoder::fit(table, names, task)?;
        let labelled = target.labelled_rows(table)?;
        let n_rows = among.map_or(table.n_rows(), <[u32]>::len);
        let rows = match among {
            None => labelled,
            Some(among) => intersection(&labelled, among),
        };
        let classes = match target.task() {
            Task::Binary | Task::Multiclass => match target.encode(table, &rows)? {
                Targets::Classes { codes } => Some(codes),
                Targets::Values { .. } | Targets::Labels { .. } => None,
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

    /// Divides these rows by the settings' split.
    pub(crate) fn splitter<'a>(
        &'a self,
        table: &'a Table,
        split: &'a Split,
        seed: u64,
    ) -> Splitter<'a> {
        Splitter {
            table,
            rows: &self.rows,
            classes: self.classes.as_deref(),
            split,
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
        let rows = match choice {
            RowChoice::All => Rows::new(settings, &table, None)?,
            RowChoice::Some(rows) => Rows::new(settings, &table, Some(rows))?,
            RowChoice::Divided(hold_out) => {
                let mut both = [&hold_out.train[..], &hold_out.valid].concat();
                both.sort_unstable();
                Rows::new(settings, &table, Some(&both))?
            }
        };
        let task = rows.target.task();
        let config = Config::resolve(settings, task, rows.rows.len())?;
        let settings = &config.settings;
        let split = settings
            .split
            .clone()
            .map_or_else(Split::default, |SplitChoice(split)| split);
        let hold_out = match (choice, &settings.valid) {
            (RowChoice::Divided(hold_out), _) => HoldOut {
                train: intersection(&rows.rows, &hold_out.train),
                valid: intersection(&rows.rows, &hold_out.valid),
            },
            (_, Some(Valid::File(_))) => HoldOut {
                train: rows.rows.clone(),
                valid: Vec::new(),
            },
            (_, &Some(Valid::Fraction(fraction))) => rows
                .splitter(&table, &split, config.train.seed)
                .hold_out(fraction)?,
            (_, None) => unreachable!("every preset says where validation rows come from"),
        };
        let target = rows.target.fit_rows(&table, &hold_out.train)?;
        let features = feature_names(&table, &target, settings, &split);
        let encoder = Encoder::fit(&table, &hold_out.train, &features, &config.encoder)?;
        let spec = config.network(input_spec(&encoder, &config), target.n_outputs());
        spec.check()?;
        let (optimizer, batch_size) = (&config.train.optimizer, config.train.batch_size);
        memory::check(
            &spec,
            optimizer,
            batch_size.min(hold_out.train.len()),
            networks,
        )?;

        // The validation file is opened before the long work on the table begins.
        let valid_table = match (choice, &settings.valid) {
            (RowChoice::All | RowChoice::Some(_), Some(Valid::File(path))) => {
                let schema = encoder
                    .schema()
                    .with(target.schema())
                    .with(weight_schema(settings));
                let options = ReadOptions {
                    schema: Some(schema),
                    ..ReadOptions::default()
                };
                Some(read_table(path, &options)?)
            }
            _ => None,
        };
        let targets = target.encode(&table, &rows.rows)?;
        let weights = match &settings.weight {
            Some(name) => Some(sample_weights(&table, name, &rows.rows)?),
            None => None,
        };
        let position = |list: &[u32]| -> Vec<u32> {
            list.iter()
                .map(|row| rows.rows.partition_point(|r| r < row) as u32)
                .collect()
        };
        let (train, mut valid) = (position(&hold_out.train), position(&hold_out.valid));
        let encoded = encode(&encoder, &spec, table, &rows.rows)?;
        let mut data = dataset(encoded, targets, weights);
        let mut without_target = rows.without_target;
        if let Some(table) = valid_table {
            let labelled = target.labelled_rows(&table)?;
            without_target += table.n_rows() - labelled.len();
            let targets = target.encode(&table, &labelled)?;
            let weights = match &settings.weight {
                Some(name) => Some(sample_weights(&table, name, &labelled)?),
                None => None,
            };
            let first = data.n_rows() as u32;
            let encoded = encode(&encoder, &spec, Cow::Owned(table), &labelled)?;
            append(&mut data, dataset(encoded, targets, weights));
            valid = (first..data.n_rows() as u32).collect();
            if valid.is_empty() {
                return Err(Error::Setting {
                    name: "valid",
                    allowed: "a file with rows that have a target",
                    got: "a file without".to_owned(),
                });
            }
        }
        if settings.class_weight == Some(ClassWeight::Balanced) {
            balance(&mut data, &train, target.n_outputs());
        }
        Ok(Self {
            config,
            encoder,
            target,
            spec,
            data,
            train,
            valid,
            without_target,
        })
    }
}

/// Columns that features may be made from: all but targets, weights and groups, whose values say
/// nothing about rows of other groups.
pub(crate) fn feature_names(
    table: &Table,
    target: &TargetEncoder,
    settings: &Settings,
    split: &Split,
) -> Vec<String> {
    let group = match split {
        Split::Group(column) => Some(column.as_str()),
        Split::Random | Split::Stratified | Split::Time(_) => None,
    };
    let targets = target.names();
    let names = table.columns().iter().map(|column| column.name());
    let used = names.filter(|name| {
        let role = Some(*name) == settings.weight.as_deref() || Some(*name) == group;
        !role && !targets.contains(name)
    });
    used.map(str::to_owned).collect()
}

fn weight_schema(settings: &Settings) -> Schema {
    let field = |name: &String| Field {
        name: name.clone(),
        column_type: ColumnType::Number,
    };
    Schema {
        fields: settings.weight.iter().map(field).collect(),
    }
}

/// Encodes some rows; an owned table is freed piece by piece.
fn encode(
    encoder: &Encoder,
    spec: &NetworkSpec,
    table: Cow<'_, Table>,
    rows: &[u32],
) -> Result<Inputs, Error> {
    match table {
        Cow::Owned(table) => {
            let (mut parts, _) = encoder.encode_parts(table, &[rows])?;
            Ok(inputs(parts.pop().unwrap_or_default(), spec))
        }
        Cow::Borrowed(table) => {
            let (features, _) = encoder.encode(table, UnknownCategories::Count)?;
            Ok(inputs(features, spec).select(rows))
        }
    }
}

fn dataset(inputs: Inputs, targets: Targets, weights: Option<Vec<f32>>) -> Dataset {
    Dataset {
        inputs,
        targets: match targets {
            Targets::Classes { codes } => banach_nn::Targets::Classes(codes),
            Targets::Values { values } => banach_nn::Targets::Values(values),
            Targets::Labels { values, .. } => banach_nn::Targets::Labels(values),
        },
        weights,
    }
}

/// Adds the rows of another dataset of the same encoders.
fn append(data: &mut Dataset, other: Dataset) {
    data.inputs.n_rows += other.inputs.n_rows;
    data.inputs.numbers.extend(other.inputs.numbers);
    data.inputs.codes.extend(other.inputs.codes);
    match (&mut data.targets, other.targets) {
        (banach_nn::Targets::Classes(mine), banach_nn::Targets::Classes(more)) => mine.extend(more),
        (banach_nn::Targets::Values(mine), banach_nn::Targets::Values(more))
        | (banach_nn::Targets::Labels(mine), banach_nn::Targets::Labels(more)) => mine.extend(more),
        _ => unreachable!("one target encoder made both"),
    }
    if let (Some(mine), Some(more)) = (&mut data.weights, other.weights) {
        mine.extend(more);
    }
}

/// Multiplies the weight of each row by `total / (classes * total of its class)`, the totals being
/// those of the training rows: scikit-learn's "balanced", with sample weights.
fn balance(data: &mut Dataset, train: &[u32], n_classes: usize) {
    let banach_nn::Targets::Classes(classes) = &data.targets else {
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
    use super::*;

    #[test]
    fn balanced_classes_have_equal_totals_and_keep_the_sum() {
        let mut data = Dataset {
            inputs: banach_nn::Inputs::default(),
            targets: banach_nn::Targets::Classes(vec![0, 0, 0, 1, 1, 0]),
            weights: Some(vec![1.0, 2.0, 1.0, 1.0, 1.0, 9.0]),
        };
        data.inputs.n_rows = 6;
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
