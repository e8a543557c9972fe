//! Certificates: what the theory says about the weights of one network.
//!
//! For a chain of dense SELU layers: omega (sum of weights) and tau (sum of squared weights) of every
//! unit, and intervals, by interval arithmetic, in which mean and variance of each layer lie under the
//! assumptions that the certificate states ([`DepthReport::assumptions`]; arXiv:1706.02515, Theorem 1).

mod chain;
pub(crate) mod error;

use banach_data::Table;
use banach_nn::{Activation, LayerSpec, Network};
use banach_theory::certificate::Domain;
use banach_theory::depth::{DepthReport, Unit, theorem_1, through_layers};
use banach_theory::interval::Interval;
use banach_theory::interval_map::IntervalMap;
use banach_theory::{ALPHA_01, LAMBDA_01, Selu};

use crate::container::{Container, FormatError};
use crate::error::Error;
use crate::member::MemberKind;
use crate::model::Model;
use crate::model_file::{self, MEMBERS_KEY, NETWORK_KEY};
use crate::predictor::Predictor;
use crate::{PredictOptions, inspect};

pub use chain::{Chain, Dense};
pub use error::CertifyError;

/// What is asked of a network. Values that are not given are those of the paper, of the model, or
/// measured.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
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
    /// In a foreign file, whether the last matrix is followed by SELU too; else it is the linear output
    /// layer.
    pub last_is_selu: bool,
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

/// The certificate of one network.
#[derive(Debug, Clone, PartialEq)]
pub struct NetworkCertificate {
    /// Whether everything that was asked holds.
    pub holds: bool,
    /// Name of the weights of each certified layer.
    pub names: Vec<String>,
    /// What was computed for each of them.
    pub report: DepthReport,
    /// SELU's parameters.
    pub selu: Selu,
    /// Moments of the input.
    pub input: InputMoments,
    /// How they are known.
    pub input_known: InputKnown,
    /// Matrices of a foreign file that are no part of the chain.
    pub skipped: Vec<String>,
}

impl Model {
    /// Certifies the network of every member, with the input's moments measured on the rows of a table
    /// if one is given.
    ///
    /// # Errors
    /// [`Error::Certify`] for networks that the theory says nothing about, [`Error::Data`] when the table
    /// does not suit the model.
    pub fn certify(
        &self,
        rows: Option<&Table>,
        options: &CertifyOptions,
    ) -> Result<Vec<NetworkCertificate>, Error> {
        let measured = match rows {
            Some(rows) if options.input.is_none() => Some(measure(self, rows)?),
            _ => None,
        };
        let mut certificates = Vec::with_capacity(self.members().len());
        for (index, member) in self.members().iter().enumerate() {
            let MemberKind::Network(network) = &member.kind;
            let (input, known) = match (options.input, &measured) {
                (Some(input), _) => (input, InputKnown::Given),
                (None, Some(measured)) => (measured[index], InputKnown::Measured),
                (None, None) => (STANDARD, InputKnown::Assumed),
            };
            let selu = with_options(own_selu(network)?, options);
            let (layers, skipped) = (dense_layers(network), Vec::new());
            let subject = Subject {
                layers,
                skipped,
                selu,
                input,
                known,
            };
            certificates.push(certify(subject, options)?);
        }
        Ok(certificates)
    }
}

/// Certifies a safetensors file: every member of a banach model, or else the longest chain of dense
/// layers in it, with PyTorch's names and `[out, in]` weights.
///
/// # Errors
/// [`Error::Format`] for a banach model that is damaged, [`Error::Certify`] for a file without a chain.
pub fn certify_container(
    container: Container,
    options: &CertifyOptions,
) -> Result<Vec<NetworkCertificate>, Error> {
    if is_model(&container) {
        return model_file::model(container)?.certify(None, options);
    }
    let Chain { layers, skipped } = chain::find(&container)?;
    let selu = Selu {
        alpha: ALPHA_01,
        lambda: LAMBDA_01,
    };
    let (input, known) = match options.input {
        Some(input) => (input, InputKnown::Given),
        None => (STANDARD, InputKnown::Assumed),
    };
    let selu = with_options(selu, options);
    let subject = Subject {
        layers,
        skipped,
        selu,
        input,
        known,
    };
    Ok(vec![certify(subject, options)?])
}

/// Whether a container holds a banach model, rather than weights from elsewhere.
#[must_use]
pub fn is_model(container: &Container) -> bool {
    let keys = container.metadata();
    keys.contains_key(MEMBERS_KEY) || keys.contains_key(NETWORK_KEY)
}

impl Model {
    /// The model in a container that was read already.
    ///
    /// # Errors
    /// [`FormatError`].
    pub fn from_container(container: Container) -> Result<Self, FormatError> {
        model_file::model(container)
    }
}

const STANDARD: InputMoments = InputMoments {
    mean: 0.0,
    variance: 1.0,
};

/// What is to be certified.
struct Subject {
    layers: Vec<Dense>,
    skipped: Vec<String>,
    selu: Selu,
    input: InputMoments,
    known: InputKnown,
}

fn certify(subject: Subject, options: &CertifyOptions) -> Result<NetworkCertificate, CertifyError> {
    let n_hidden = subject.layers.len() - usize::from(!options.last_is_selu);
    let hidden = &subject.layers[..n_hidden];
    if hidden.is_empty() {
        let name = subject.layers[0].name.clone();
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
    Ok(NetworkCertificate {
        holds: report.moments_stay && (report.every_unit_inside || !options.every_unit),
        names: hidden.iter().map(|layer| layer.name.clone()).collect(),
        report,
        selu: subject.selu,
        input: subject.input,
        input_known: subject.known,
        skipped: subject.skipped,
    })
}

/// Moments of each member's input over the rows of a table.
fn measure(model: &Model, rows: &Table) -> Result<Vec<InputMoments>, Error> {
    if rows.n_rows() == 0 {
        return Err(CertifyError::NoRows.into());
    }
    let predictor: Predictor = model.predictor(&PredictOptions::default().threads(1))?;
    let members = predictor.moments(rows)?.into_iter();
    let input = members.map(|layers| {
        let first = layers.first();
        first.map_or(STANDARD, |input| InputMoments {
            mean: input.mean,
            variance: input.variance,
        })
    });
    Ok(input.collect())
}

fn with_options(selu: Selu, options: &CertifyOptions) -> Selu {
    Selu {
        alpha: options.alpha.unwrap_or(selu.alpha),
        lambda: options.lambda.unwrap_or(selu.lambda),
    }
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
    let layers = 0..=network.spec().layers.len();
    let dense = layers.filter_map(|layer| {
        let weight = find(format!("layers.{layer}.weight"))?;
        let bias = find(format!("layers.{layer}.bias"));
        Some(Dense {
            name: weight.name.clone(),
            fan_in: weight.shape[1],
            weight: network.tensor(weight).to_vec(),
            bias: bias.map(|bias| network.tensor(bias).to_vec()),
        })
    });
    dense.collect()
}
