//! Certificates: what the theory says about the weights of one network.
//!
//! For a chain of dense SELU layers: omega (sum of weights) and tau (sum of squared weights) of every
//! unit, and intervals, by interval arithmetic, in which mean and variance of each layer lie under the
//! assumptions that the certificate states ([`DepthReport::assumptions`]; arXiv:1706.02515, Theorem 1).
//!
//! The assumptions are not proved, but they can be refuted, and a certificate says yes only where they are not: the moments
//! that each layer has on given rows, or else on simulated ones, stand beside the certified ones ([`MeasuredMoments`]).

mod account;
mod chain;
pub(crate) mod error;
mod measured;
mod names;
mod orders;
mod simulation;

use std::path::Path;

use banach_data::Table;
use banach_nn::{Activation, LayerMoments, LayerSpec, Network, TensorRole};
use banach_theory::certificate::Domain;
use banach_theory::depth::{DepthReport, Unit, theorem_1, through_layers};
use banach_theory::interval::Interval;
use banach_theory::interval_map::IntervalMap;
use banach_theory::{ALPHA_01, LAMBDA_01, Selu};
use serde::Serialize;

use crate::container::{ForeignFile, FormatError, read_metadata};
use crate::error::Error;
use crate::member::MemberKind;
use crate::model::Model;
use crate::model_file::{MEMBERS_KEY, NETWORK_KEY};
use crate::{PredictOptions, inspect};

pub use account::{TensorAccount, TensorNote};
pub use chain::{ChainOptions, Dense, KnownBy, Orientation, Reading};
pub use error::CertifyError;
pub use measured::{MeasuredLayer, MeasuredMoments, MeasuredOn, TOLERANCE};

/// What is asked of a network. Values that are not given are those of the paper, of the model, or
/// measured.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CertifyOptions {
    /// Mean and variance of the network's input.
    pub input: Option<InputMoments>,
    /// Means that are allowed after each layer; those of Theorem 1 if not given.
    pub mu: Option<[f64; 2]>,
    /// Variances that are allowed after each layer; those of Theorem 1 if not given.
    pub nu: Option<[f64; 2]>,
    /// SELU's alpha.
    pub alpha: Option<f64>,
    /// SELU's lambda.
    pub lambda: Option<f64>,
    /// Ask more: each unit must have its omega and tau in the domain of Theorem 1, and no bias.
    pub every_unit: bool,
    /// By how much measured moments may differ from certified ones; [`TOLERANCE`] if not given.
    pub tolerance: Option<f64>,
    /// In a foreign file, whether the last matrix is followed by SELU too; else it is the linear output
    /// layer.
    pub last_is_selu: bool,
    /// In a foreign file, what is known of its layers.
    pub chain: ChainOptions,
}

/// Mean and variance of a network's input.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct InputMoments {
    /// The mean.
    pub mean: f64,
    /// The variance, above 0.
    pub variance: f64,
}

/// How the moments of the input are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InputKnown {
    /// They were given.
    Given,
    /// They were measured on the rows of a table.
    Measured,
    /// Nobody knows them: mean 0 and variance 1 are taken.
    Assumed,
}

impl InputKnown {
    /// In a word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Given => "given",
            Self::Measured => "measured",
            Self::Assumed => "assumed",
        }
    }
}

/// Why the answer is no. Layers are given by their weights.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "objection", rename_all = "snake_case")]
pub enum Objection {
    /// The file holds tensors that the theory does not cover ([`TensorAccount::not_covered`]).
    NotCovered,
    /// The certified moments leave the rectangle first after this layer.
    MomentsLeave {
        /// The layer.
        layer: String,
    },
    /// Units are outside of the domain, and it was asked that none is.
    UnitsOutside,
    /// Measured moments differ from the certified ones by more than the tolerance, first after this layer: the assumptions
    /// do not hold.
    AssumptionsFail {
        /// The layer.
        layer: String,
    },
    /// Measured moments are outside of the rectangle first after this layer.
    MeasuredOutside {
        /// The layer.
        layer: String,
    },
}

/// The certificate of one network.
#[derive(Debug, Clone, PartialEq)]
pub struct NetworkCertificate {
    /// Whether everything that was asked holds, under the assumptions of the report.
    pub holds: bool,
    /// Why not; empty when it holds.
    pub objections: Vec<Objection>,
    /// Name of the weights of each certified layer; none where a foreign file has no chain.
    pub names: Vec<String>,
    /// What was computed for each of them.
    pub report: DepthReport,
    /// The moments that they have on rows; `None` without layers.
    pub measured: Option<MeasuredMoments>,
    /// SELU's parameters.
    pub selu: Selu,
    /// Moments of the input.
    pub input: InputMoments,
    /// How they are known.
    pub input_known: InputKnown,
    /// What became of every tensor.
    pub tensors: TensorAccount,
    /// How the matrices of a foreign file were read, if they make a chain.
    pub reading: Option<Reading>,
}

impl Model {
    /// Certifies the network of every member. With a table, the input's moments are measured on its rows unless they are
    /// given, and so are those of each layer, which the certified ones must not contradict.
    ///
    /// # Errors
    /// [`Error::Certify`] for networks that the theory says nothing about, [`Error::Data`] when the table
    /// does not suit the model.
    pub fn certify(
        &self,
        rows: Option<&Table>,
        options: &CertifyOptions,
    ) -> Result<Vec<NetworkCertificate>, Error> {
        let measured = rows.map(|rows| measure(self, rows)).transpose()?;
        let mut certificates = Vec::with_capacity(self.members().len());
        for (index, member) in self.members().iter().enumerate() {
            let MemberKind::Network(network) = &member.kind;
            let rows = measured.as_ref().map(|(members, n_rows)| MeasuredRows {
                moments: &members[index],
                n_rows: *n_rows,
            });
            let (input, known) = match (options.input, &rows) {
                (Some(input), _) => (input, InputKnown::Given),
                (None, Some(rows)) => (rows.input(), InputKnown::Measured),
                (None, None) => (STANDARD, InputKnown::Assumed),
            };
            let subject = Subject {
                selu: with_options(own_selu(network)?, options),
                layers: dense_layers(network),
                tensors: own_tensors(network),
                reading: None,
                input,
                known,
                rows,
            };
            let own = CertifyOptions {
                // The output layer is linear.
                last_is_selu: false,
                ..options.clone()
            };
            certificates.push(certify(subject, &own)?);
        }
        Ok(certificates)
    }
}

/// Certifies the chain of dense layers in weights that another program wrote.
///
/// Every tensor is accounted for: what is no part of the chain and not harmless makes the answer no, unless it is left out
/// ([`ChainOptions::leave_out`]), which the certificate says.
///
/// # Errors
/// [`CertifyError`] where the order of the layers or what the rows of their matrices are cannot be told, or the file has no
/// hidden layer.
pub fn certify_weights(
    file: &ForeignFile,
    options: &CertifyOptions,
) -> Result<NetworkCertificate, CertifyError> {
    let chain = chain::find(file, &options.chain)?;
    let selu = Selu {
        alpha: ALPHA_01,
        lambda: LAMBDA_01,
    };
    let (input, known) = match options.input {
        Some(input) => (input, InputKnown::Given),
        None => (STANDARD, InputKnown::Assumed),
    };
    let subject = |layers| Subject {
        layers,
        tensors: chain.tensors.clone(),
        reading: chain.reading,
        selu: with_options(selu, options),
        input,
        known,
        rows: None,
    };
    let certificate = certify(subject(chain.layers), options)?;
    if let Some(turned) = chain.turned {
        let holds = certify(subject(turned), options).is_ok_and(|turned| turned.holds);
        if holds != certificate.holds {
            return Err(CertifyError::Orientation {
                names: certificate.names,
            });
        }
    }
    Ok(certificate)
}

/// Whether a file is a banach model, rather than weights from elsewhere.
///
/// # Errors
/// [`FormatError::File`] for a file that is no safetensors file.
pub fn is_model(path: &Path) -> Result<bool, FormatError> {
    let keys = read_metadata(path)?;
    Ok(keys.contains_key(MEMBERS_KEY) || keys.contains_key(NETWORK_KEY))
}

const STANDARD: InputMoments = InputMoments {
    mean: 0.0,
    variance: 1.0,
};

/// Moments of one member's input and layers over the rows of a table.
struct MeasuredRows<'a> {
    /// Those of the input come first, those of the output last.
    moments: &'a [LayerMoments],
    n_rows: usize,
}

impl MeasuredRows<'_> {
    fn input(&self) -> InputMoments {
        self.moments.first().map_or(STANDARD, |input| InputMoments {
            mean: input.mean,
            variance: input.variance,
        })
    }
}

/// What is to be certified.
struct Subject<'a> {
    layers: Vec<Dense>,
    tensors: TensorAccount,
    reading: Option<Reading>,
    selu: Selu,
    input: InputMoments,
    known: InputKnown,
    rows: Option<MeasuredRows<'a>>,
}

fn certify(
    subject: Subject<'_>,
    options: &CertifyOptions,
) -> Result<NetworkCertificate, CertifyError> {
    let tolerance = options.tolerance.unwrap_or(TOLERANCE);
    if !(tolerance.is_finite() && tolerance > 0.0) {
        return Err(CertifyError::Tolerance { got: tolerance });
    }
    let n_linear = usize::from(!options.last_is_selu);
    let hidden = &subject.layers[..subject.layers.len().saturating_sub(n_linear)];
    if let (true, true, Some(output)) = (
        hidden.is_empty(),
        subject.tensors.not_covered.is_empty(),
        subject.layers.first(),
    ) {
        let name = output.name.clone();
        return Err(CertifyError::OnlyOutput { name });
    }
    let paper = theorem_1();
    let domain = Domain {
        mu: options.mu.map_or(paper.mu, Interval::from),
        nu: options.nu.map_or(paper.nu, Interval::from),
        ..paper
    };
    let units: Vec<Vec<Unit>> = hidden.iter().map(Dense::units).collect();
    let report = through_layers(
        &IntervalMap::of(subject.selu),
        &units,
        Interval::point(subject.input.mean),
        Interval::point(subject.input.variance),
        domain,
    )?;
    let measured = (!hidden.is_empty()).then(|| match &subject.rows {
        Some(rows) => {
            let layers = rows.moments.get(1..).unwrap_or_default();
            let on = MeasuredOn::Rows;
            MeasuredMoments::compare(on, rows.n_rows, tolerance, layers, &report)
        }
        None => {
            let (layers, n_rows) = simulation::simulate(hidden, subject.selu, subject.input);
            let on = MeasuredOn::Simulation;
            MeasuredMoments::compare(on, n_rows, tolerance, &layers, &report)
        }
    });
    let names: Vec<String> = hidden.iter().map(|layer| layer.name.clone()).collect();
    let objections = objections(
        &names,
        &report,
        measured.as_ref(),
        &subject.tensors,
        options.every_unit,
    );
    Ok(NetworkCertificate {
        holds: objections.is_empty() && !names.is_empty(),
        objections,
        names,
        report,
        measured,
        selu: subject.selu,
        input: subject.input,
        input_known: subject.known,
        tensors: subject.tensors,
        reading: subject.reading,
    })
}

/// Everything that speaks against a yes.
fn objections(
    names: &[String],
    report: &DepthReport,
    measured: Option<&MeasuredMoments>,
    tensors: &TensorAccount,
    every_unit: bool,
) -> Vec<Objection> {
    let mut objections = Vec::new();
    if !tensors.not_covered.is_empty() || names.is_empty() {
        objections.push(Objection::NotCovered);
    }
    let named = |at: Option<usize>| at.and_then(|at| names.get(at).cloned());
    let leaves = report.layers.iter().position(|layer| !layer.inside);
    let leaves = named(leaves).map(|layer| Objection::MomentsLeave { layer });
    let differs = measured.and_then(|measured| {
        let mut layers = measured.layers.iter();
        named(layers.position(|layer| layer.agrees == Some(false)))
    });
    let differs = differs.map(|layer| Objection::AssumptionsFail { layer });
    let outside = measured.and_then(|measured| {
        let mut layers = measured.layers.iter();
        named(layers.position(|layer| !layer.inside))
    });
    let outside = outside.map(|layer| Objection::MeasuredOutside { layer });
    objections.extend(differs.into_iter().chain(leaves).chain(outside));
    if every_unit && !report.every_unit_inside {
        objections.push(Objection::UnitsOutside);
    }
    objections
}

/// Moments of each member's input and layers over the rows of a table, and the number of rows.
fn measure(model: &Model, rows: &Table) -> Result<(Vec<Vec<LayerMoments>>, usize), Error> {
    if rows.n_rows() == 0 {
        return Err(CertifyError::NoRows.into());
    }
    let predictor = model.predictor(&PredictOptions::default().threads(1))?;
    Ok((predictor.moments(rows)?, rows.n_rows()))
}

fn with_options(selu: Selu, options: &CertifyOptions) -> Selu {
    Selu {
        alpha: options.alpha.unwrap_or(selu.alpha),
        lambda: options.lambda.unwrap_or(selu.lambda),
    }
}

/// What each tensor of a network of plain dense layers is.
fn own_tensors(network: &Network) -> TensorAccount {
    let mut account = TensorAccount::default();
    for info in network.tensors() {
        let note = |what: &str| TensorNote {
            name: info.name.clone(),
            shape: info.shape.clone(),
            what: what.to_owned(),
        };
        match info.role() {
            TensorRole::Weight { .. } => account.used.push(note("weights")),
            TensorRole::Bias { .. } => account.used.push(note("biases")),
            TensorRole::Embedding { .. } => {
                let what = "vectors of categories: part of the input, whose moments are stated";
                account.harmless.push(note(what));
            }
            _ => account
                .not_covered
                .push(note("part of another kind of layer")),
        }
    }
    account
}

/// SELU's parameters, which must be the same in all layers of a network.
fn own_selu(network: &Network) -> Result<Selu, CertifyError> {
    let mut found: Option<Selu> = None;
    for (index, layer) in network.spec().layers.iter().enumerate() {
        let dense = LayerSpec::dense(layer.width, layer.activation, layer.dropout);
        let (Activation::Selu { alpha, lambda, .. }, true) = (layer.activation, *layer == dense)
        else {
            return Err(CertifyError::NotSelu {
                layer: index,
                units: inspect::units(
                    layer.activation.name(),
                    layer.normalization,
                    layer.connection,
                ),
            });
        };
        let selu = Selu { alpha, lambda };
        if found.is_some_and(|first| first != selu) {
            return Err(CertifyError::OtherSelu { layer: index });
        }
        found = Some(selu);
    }
    // A network has a hidden layer (`NetworkSpec::check`).
    Ok(found.unwrap_or(Selu {
        alpha: ALPHA_01,
        lambda: LAMBDA_01,
    }))
}

/// The layers of a network of plain dense layers, the output layer last.
fn dense_layers(network: &Network) -> Vec<Dense> {
    let find = |name: String| network.tensors().iter().find(|info| info.name == name);
    let values = |info| {
        network
            .tensor(info)
            .iter()
            .map(|&value| f64::from(value))
            .collect()
    };
    let layers = 0..=network.spec().layers.len();
    let dense = layers.filter_map(|layer| {
        let weight = find(format!("layers.{layer}.weight"))?;
        let bias = find(format!("layers.{layer}.bias"));
        Some(Dense {
            name: weight.name.clone(),
            fan_in: weight.shape[1],
            weight: values(weight),
            bias: bias.map(values),
        })
    });
    dense.collect()
}
