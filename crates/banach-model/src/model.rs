//! A trained model: everything that it takes to predict from a table, in one value and one file.

use banach_data::{Encoder, Schema, TargetEncoder, Task};
use banach_nn::{CategorySpec, Network, NetworkSpec};
use serde_json::{Map, Value};

use crate::calibration::Calibration;
use crate::error::Error;
use crate::member::{Affine, Member, MemberKind};
use crate::training_record::Training;

/// Most members of a model.
pub(crate) const MAX_MEMBERS: usize = 1024;

/// Everything that it takes to predict from a table: encoders, target, members, calibration; and how it
/// came to be.
///
/// ```no_run
/// use banach_model::{Model, PredictOptions};
///
/// # fn example(table: &banach_model::data::Table) -> Result<(), banach_model::Error> {
/// let model = Model::load("model.safetensors")?;
/// // `table` has the columns of `model.schema()`.
/// let (predictions, _) = model.predictor(&PredictOptions::default())?.predict(table)?;
/// println!("{} rows", predictions.n_rows());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    parts: ModelParts,
}

/// What a [`Model`] is made of.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelParts {
    /// The complete settings of the fit, by their names: for people and for fitting again; a prediction
    /// does not look at them.
    pub settings: Map<String, Value>,
    /// How columns become inputs; each member names one of them.
    pub encoders: Vec<Encoder>,
    /// How outputs become predictions.
    pub target: TargetEncoder,
    /// What the prediction is the weighted mean of; at least one.
    pub members: Vec<Member>,
    /// What stands between scores and probabilities.
    pub calibration: Calibration,
    /// How the model was trained.
    pub training: Training,
}

impl Model {
    /// Puts a model together.
    ///
    /// # Errors
    /// [`Error::Inconsistent`] when the parts do not fit each other: no members, an encoder that is not
    /// there, inputs or outputs of another number than encoder and target have, weights that are not
    /// above 0, or a calibration that the task does not have.
    pub fn new(parts: ModelParts) -> Result<Self, Error> {
        match check(&parts) {
            Ok(()) => Ok(Self { parts }),
            Err(reason) => Err(Error::Inconsistent { reason }),
        }
    }

    /// The mean of several models of one target: their members together, each model with the same total
    /// weight.
    ///
    /// Settings are those of the first model, rows those of all models together; there are no scores of
    /// validation rows, which each model had of its own. The models' calibrations must be
    /// [`Calibration::None`]: the mean has one of its own.
    ///
    /// # Errors
    /// [`Error::Ensemble`] for no models and for models of other targets or classes, or with a
    /// calibration.
    pub fn ensemble(models: Vec<Self>) -> Result<Self, Error> {
        let refuse = |reason: String| Err(Error::Ensemble { reason });
        let n_models = models.len();
        let mut models = models.into_iter().map(|model| model.parts);
        let Some(mut all) = models.next() else {
            return refuse("there are no models".to_owned());
        };
        equal_shares(&mut all.members, n_models);
        all.training.valid = Default::default();
        for (index, mut model) in models.enumerate() {
            let number = index + 2;
            if !model.target.same_meaning(&all.target) {
                return refuse(format!(
                    "model {number} has another target or other classes than model 1"
                ));
            }
            if model.calibration != Calibration::None || all.calibration != Calibration::None {
                return refuse("a model with a calibration cannot be part of a mean".to_owned());
            }
            equal_shares(&mut model.members, n_models);
            let map = to_units(&model.target, &all.target);
            for member in &mut model.members {
                member.output = compose(member.output, map);
                let encoder = &model.encoders[member.encoder];
                let known = all.encoders.iter().position(|other| other == encoder);
                member.encoder = known.unwrap_or_else(|| {
                    all.encoders.push(encoder.clone());
                    all.encoders.len() - 1
                });
            }
            all.members.append(&mut model.members);
            all.training.train_rows += model.training.train_rows;
            all.training.valid_rows += model.training.valid_rows;
        }
        Self::new(all)
    }

    /// The same model with another calibration.
    ///
    /// # Errors
    /// [`Error::Inconsistent`] for a calibration that cannot be used or that the task does not have.
    pub fn with_calibration(mut self, calibration: Calibration) -> Result<Self, Error> {
        self.parts.calibration = calibration;
        Self::new(self.parts)
    }

    /// The parts, to be changed and put together again by [`Model::new`].
    #[must_use]
    pub fn into_parts(self) -> ModelParts {
        self.parts
    }

    /// The parts.
    pub(crate) fn parts(&self) -> &ModelParts {
        &self.parts
    }

    /// The complete settings of the fit, by their names.
    #[must_use]
    pub fn settings(&self) -> &Map<String, Value> {
        &self.parts.settings
    }

    /// What is predicted.
    #[must_use]
    pub fn task(&self) -> Task {
        self.parts.target.task()
    }

    /// The columns that a table for prediction must have.
    #[must_use]
    pub fn schema(&self) -> Schema {
        schema(&self.parts.encoders)
    }

    /// How columns become inputs; each member names one of these by its index.
    #[must_use]
    pub fn encoders(&self) -> &[Encoder] {
        &self.parts.encoders
    }

    /// How outputs become predictions.
    #[must_use]
    pub fn target(&self) -> &TargetEncoder {
        &self.parts.target
    }

    /// What the prediction is the weighted mean of.
    #[must_use]
    pub fn members(&self) -> &[Member] {
        &self.parts.members
    }

    /// What stands between scores and probabilities.
    #[must_use]
    pub fn calibration(&self) -> Calibration {
        self.parts.calibration
    }

    /// How the model was trained.
    #[must_use]
    pub fn training(&self) -> &Training {
        &self.parts.training
    }

    /// The same model before its training, with the weights that `seed` draws: to see what training
    /// changed.
    ///
    /// # Errors
    /// [`Error::Network`] for a network that cannot be built, which no trained model has.
    pub fn untrained(&self, seed: u64) -> Result<Self, Error> {
        let mut parts = self.parts.clone();
        for member in &mut parts.members {
            match &mut member.kind {
                MemberKind::Network(network) => {
                    *network = Network::new(network.spec().clone(), seed)?;
                }
            }
        }
        Self::new(parts)
    }
}

/// The columns that the encoders need together.
pub(crate) fn schema(encoders: &[Encoder]) -> Schema {
    let schemas = encoders.iter().map(Encoder::schema);
    schemas.fold(Schema::default(), Schema::with)
}

/// Gives each of `n_models` models the same total weight.
fn equal_shares(members: &mut [Member], n_models: usize) {
    let total: f64 = members.iter().map(|member| member.weight).sum();
    for member in members {
        member.weight /= total * n_models as f64;
    }
}

/// The map from standardized numbers of one target to those of another; `None` if they are the same.
fn to_units(from: &TargetEncoder, to: &TargetEncoder) -> Option<Affine> {
    let ((mean, deviation), (to_mean, to_deviation)) = (from.moments(), to.moments());
    ((mean, deviation) != (to_mean, to_deviation)).then(|| Affine {
        scale: deviation / to_deviation,
        shift: (mean - to_mean) / to_deviation,
    })
}

/// First one map, then the other.
fn compose(first: Option<Affine>, then: Option<Affine>) -> Option<Affine> {
    match (first, then) {
        (Some(first), Some(then)) => Some(Affine {
            scale: then.scale * first.scale,
            shift: then.scale * first.shift + then.shift,
        }),
        (first, then) => first.or(then),
    }
}

/// Whether the parts of a model fit each other; if not, why.
pub(crate) fn check(parts: &ModelParts) -> Result<(), String> {
    let n_members = parts.members.len();
    if !(1..=MAX_MEMBERS).contains(&n_members) {
        return Err(format!(
            "a model has 1 to {MAX_MEMBERS} members, got {n_members}"
        ));
    }
    check_schemas(&parts.encoders)?;
    let task = parts.target.task();
    for (index, member) in parts.members.iter().enumerate() {
        let in_member = |reason: String| format!("member {}: {reason}", index + 1);
        let encoder = parts
            .encoders
            .get(member.encoder)
            .ok_or_else(|| in_member(no_encoder(member.encoder, parts.encoders.len())))?;
        let weight = member.weight;
        if !(weight.is_finite() && weight > 0.0) {
            return Err(in_member(format!(
                "its weight must be above 0, got {weight}"
            )));
        }
        if let Some(Affine { scale, shift }) = member.output {
            if task != Task::Regression {
                return Err(in_member(format!("the task {task} has no output map")));
            }
            if !(scale.is_finite() && scale != 0.0 && shift.is_finite()) {
                return Err(in_member(format!(
                    "its output map must be finite and its scale not 0, got {scale} and {shift}"
                )));
            }
        }
        match &member.kind {
            MemberKind::Network(network) => {
                check_network(network.spec(), encoder, &parts.target).map_err(in_member)?;
            }
        }
    }
    let total: f64 = parts.members.iter().map(|member| member.weight).sum();
    if !total.is_finite() {
        return Err("the members' weights are too large to be added".to_owned());
    }
    if parts.calibration != Calibration::None && task == Task::Regression {
        return Err("numbers have no calibration".to_owned());
    }
    parts.calibration.check()
}

/// What is wrong with the index of an encoder.
pub(crate) fn no_encoder(index: usize, n_encoders: usize) -> String {
    format!("there is no encoder {}, only {n_encoders}", index + 1)
}

/// A column that several encoders take has one type.
fn check_schemas(encoders: &[Encoder]) -> Result<(), String> {
    let schema = schema(encoders);
    for encoder in encoders {
        for field in encoder.schema().fields {
            let same = schema.fields.iter().find(|known| known.name == field.name);
            if same.is_some_and(|known| known.column_type != field.column_type) {
                return Err(format!(
                    "column {:?} has two types in two encoders",
                    field.name
                ));
            }
        }
    }
    Ok(())
}

/// Whether a network takes what the encoder gives and gives what the target needs.
pub(crate) fn check_network(
    spec: &NetworkSpec,
    encoder: &Encoder,
    target: &TargetEncoder,
) -> Result<(), String> {
    spec.check().map_err(|error| error.to_string())?;
    let counts = encoder.category_counts();
    let codes: Vec<usize> = counts.iter().map(|counts| counts.len()).collect();
    let categories = spec.inputs.categories.iter();
    let expected: Vec<usize> = categories.map(CategorySpec::n_codes).collect();
    let (numbers, outputs) = (encoder.n_numbers(), target.n_outputs());
    if spec.inputs.n_numbers != numbers || expected != codes {
        return Err(format!(
            "its inputs must be {numbers} numbers and categories of {codes:?} codes, as the encoder \
             makes them, got {} and {expected:?}",
            spec.inputs.n_numbers
        ));
    }
    if spec.n_outputs != outputs {
        let got = spec.n_outputs;
        return Err(format!(
            "it must have {outputs} outputs, as the target needs, got {got}"
        ));
    }
    Ok(())
}
