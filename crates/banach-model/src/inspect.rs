//! What is inside a model, for people and as JSON.

use banach_data::{EncodedColumn, Encoder, ReadColumn, Table, UnusedColumn};
use banach_nn::{Connection, LayerMoments, Network, Normalization, TensorRole};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::calibration::Calibration;
use crate::error::Error;
use crate::member::{Member, MemberKind};
use crate::model::Model;
use crate::options::PredictOptions;
use crate::training_record::{MemberTraining, Training};

/// Everything worth knowing about a model.
#[derive(Debug, Clone, Serialize)]
pub struct Inspection<'a> {
    /// Name of the task.
    pub task: &'static str,
    /// Each target with its classes.
    pub targets: Vec<Target<'a>>,
    /// Each encoder: what is made from which columns.
    pub encoders: Vec<EncoderInspection<'a>>,
    /// What was decided about targets and columns while the training table was read, where there is something
    /// to say.
    pub readings: Vec<ReadColumn<'a>>,
    /// Each member.
    pub members: Vec<MemberInspection<'a>>,
    /// What stands between scores and probabilities.
    pub calibration: Calibration,
    /// How the model was trained.
    pub training: &'a Training,
    /// All settings, by their names.
    pub settings: &'a Map<String, Value>,
}

/// An encoder.
#[derive(Debug, Clone, Serialize)]
pub struct EncoderInspection<'a> {
    /// Each input column and what is made from it.
    pub columns: Vec<EncodedColumn>,
    /// Columns that are not used, and why.
    pub unused: &'a [UnusedColumn],
}

/// A member.
#[derive(Debug, Clone, Serialize)]
pub struct MemberInspection<'a> {
    /// Its encoder, from 0.
    pub encoder: usize,
    /// Its weight in the mean.
    pub weight: f64,
    /// Number of trained parameters.
    pub parameters: usize,
    /// Width of the network's input.
    pub input_width: usize,
    /// Each layer, from the input to the output.
    pub layers: Vec<Layer>,
    /// Moments of the network's input over the rows of a table, if one was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input_moments: Option<Moments>,
    /// How it was trained.
    pub training: &'a MemberTraining,
}

/// A target column.
#[derive(Debug, Clone, Serialize)]
pub struct Target<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its classes in order; empty for regression.
    pub classes: &'a [String],
}

/// One layer.
#[derive(Debug, Clone, Serialize)]
pub struct Layer {
    /// Number of units.
    pub width: usize,
    /// Name of the activation, `linear` for the output layer.
    pub activation: &'static str,
    /// What is done to the net input, by its name in a model file.
    pub normalization: Normalization,
    /// What leads around the layer, by its name in a model file.
    pub connection: Connection,
    /// Dropout rate in training.
    pub dropout: f64,
    /// Smallest and largest sum of a unit's weights (omega in arXiv:1706.02515); 0 in the theory.
    /// With weight normalization of the weights that come of it.
    pub omega: [f64; 2],
    /// Smallest and largest sum of squares of a unit's weights (tau); 1 in the theory.
    pub tau: [f64; 2],
    /// Moments of the activations over the rows of a table, if one was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub moments: Option<Moments>,
}

/// Mean and variance of activations, measured over rows.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Moments {
    /// Mean over all units and rows.
    pub mean: f64,
    /// Variance over all units and rows.
    pub variance: f64,
    /// Smallest and largest mean of a unit.
    pub unit_mean: [f64; 2],
    /// Smallest and largest variance of a unit.
    pub unit_variance: [f64; 2],
}

impl From<LayerMoments> for Moments {
    fn from(moments: LayerMoments) -> Self {
        Self {
            mean: moments.mean,
            variance: moments.variance,
            unit_mean: [moments.unit_mean.0, moments.unit_mean.1],
            unit_variance: [moments.unit_variance.0, moments.unit_variance.1],
        }
    }
}

impl Model {
    /// Looks inside; with a table also at the activations that its rows cause.
    ///
    /// # Errors
    /// [`Error::Data`] when the table does not suit the model.
    pub fn inspect(&self, table: Option<&Table>) -> Result<Inspection<'_>, Error> {
        let moments = match table {
            Some(table) => {
                let options = PredictOptions::default().threads(1);
                Some(self.predictor(&options)?.moments(table)?)
            }
            None => None,
        };
        let names = self.target().names();
        let targets = names.into_iter().enumerate().map(|(at, name)| Target {
            name,
            classes: self.target().classes(at),
        });
        let encoders = self.encoders().iter().map(|encoder| EncoderInspection {
            columns: encoder.columns(),
            unused: encoder.unused_columns(),
        });
        let members = self.members().iter().enumerate().map(|(at, member)| {
            let moments = moments.as_ref().and_then(|members| members.get(at));
            inspect_member(member, moments.map_or(&[], Vec::as_slice))
        });
        let mut readings = self.target().readings();
        for reading in self.encoders().iter().flat_map(Encoder::readings) {
            if !readings.contains(&reading) {
                readings.push(reading);
            }
        }
        Ok(Inspection {
            readings,
            task: self.task().name(),
            targets: targets.collect(),
            encoders: encoders.collect(),
            members: members.collect(),
            calibration: self.calibration(),
            training: self.training(),
            settings: self.settings(),
        })
    }
}

/// `moments` are those of the input and of each layer, if they were measured.
fn inspect_member<'a>(member: &'a Member, moments: &[LayerMoments]) -> MemberInspection<'a> {
    let moments_at = |index: usize| moments.get(index).map(|&moments| Moments::from(moments));
    let MemberKind::Network(network) = &member.kind;
    let spec = network.spec();
    let widths = spec.widths();
    let folded = network.folded();
    let layers = widths.windows(2).enumerate().map(|(at, pair)| {
        let hidden = spec.layers.get(at);
        // Weight normalization is a way to write the weights; batch normalization depends on the data.
        let by_weights = hidden.is_some_and(|layer| layer.normalization == Normalization::Weight);
        let used = if by_weights { &folded } else { network };
        let (omega, tau) = unit_sums(weights(used, at), pair[0]);
        Layer {
            width: pair[1],
            activation: hidden.map_or("linear", |layer| layer.activation.name()),
            normalization: hidden.map_or(Normalization::None, |layer| layer.normalization),
            connection: hidden.map_or(Connection::Plain, |layer| layer.connection),
            dropout: hidden.map_or(0.0, |layer| layer.dropout.rate()),
            omega,
            tau,
            moments: moments_at(at + 1),
        }
    });
    MemberInspection {
        encoder: member.encoder,
        weight: member.weight,
        parameters: n_trained(network),
        input_width: spec.inputs.width(),
        layers: layers.collect(),
        input_moments: moments_at(0),
        training: &member.training,
    }
}

/// What happens to a layer's net inputs, in this order.
pub(crate) fn units(
    activation: &str,
    normalization: Normalization,
    connection: Connection,
) -> String {
    let normalization = match normalization {
        Normalization::None => "",
        Normalization::Batch => "batch norm, ",
        Normalization::Layer => "layer norm, ",
        Normalization::Weight => "weight norm, ",
    };
    match connection {
        Connection::Plain => format!("{normalization}{activation}"),
        Connection::Highway => format!("{normalization}{activation}, highway"),
        Connection::Residual { layers } => {
            format!("{normalization}residual of {layers}, {activation}")
        }
    }
}

impl Layer {
    /// What happens to the net inputs, in a few words.
    #[must_use]
    pub fn units(&self) -> String {
        units(self.activation, self.normalization, self.connection)
    }
}

/// Parameters without the running averages, which are measured and not trained.
fn n_trained(network: &Network) -> usize {
    let trained = network.tensors().iter().filter(|tensor| {
        let role = tensor.role();
        !matches!(
            role,
            TensorRole::RunningMean { .. } | TensorRole::RunningVariance { .. }
        )
    });
    trained.map(|tensor| tensor.len()).sum()
}

/// The weights of a layer, [out, in].
fn weights(network: &Network, layer: usize) -> &[f32] {
    let role = TensorRole::Weight { layer };
    let tensor = network.tensors().iter().find(|info| info.role() == role);
    tensor.map_or(&[], |tensor| network.tensor(tensor))
}

/// Range over units of the sum and of the sum of squares of their weights, in f64.
fn unit_sums(weight: &[f32], fan_in: usize) -> ([f64; 2], [f64; 2]) {
    let start = [f64::INFINITY, f64::NEG_INFINITY];
    let widen = |range: [f64; 2], value: f64| [range[0].min(value), range[1].max(value)];
    let units = weight.chunks_exact(fan_in);
    units.fold((start, start), |(omega, tau), unit| {
        let sum: f64 = unit.iter().map(|&w| f64::from(w)).sum();
        let squares: f64 = unit.iter().map(|&w| f64::from(w) * f64::from(w)).sum();
        (widen(omega, sum), widen(tau, squares))
    })
}
