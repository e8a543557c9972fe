//! `banach certify`: what the theory says about the weights of one network.

mod answer;
#[cfg(feature = "plot")]
mod picture;
mod text;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use banach::Model;
use banach::certify::{
    CertifyError, CertifyOptions, ChainOptions, InputMoments, NetworkCertificate, Orientation,
    TOLERANCE, certify_weights, is_model,
};
use banach::container::ForeignFile;
use banach::io::{ReadOptions, TableReader};
use clap::ValueEnum;
use serde_json::{Value, json};

use super::theory::ranges::parse;
use crate::output::{print, print_json};
#[cfg(feature = "plot")]
use crate::picture::PictureFormat;
use crate::read_flags::{ReadFlags, say_notices};
use crate::text::plural;

/// Certify, under stated assumptions, that mean and variance stay near their fixed point through a network's layers
///
/// For a banach model or a safetensors file with a chain of dense SELU layers: omega (sum of weights) and tau (sum of squares) of
/// every unit, and an interval in which the mean and variance of each layer lie if the assumptions hold that the answer lists,
/// such as independent inputs. The interval is proved by interval arithmetic; the assumptions are not, and real rows may refute
/// them. With DATA the moments of each layer are measured on its rows; without, on simulated rows of independent inputs.
///
/// The answer is yes, under these assumptions, when the certified mean and variance stay in the rectangle of Theorem 1 (arXiv:1706.02515) after every layer,
/// and the measured ones do and agree with them. It is no as well when a file holds tensors that the theorem does not
/// cover, such as normalization, unless they are left out on purpose.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  banach certify model.safetensors test.csv           moments measured on the rows beside the certified ones
  banach certify pytorch.safetensors                  no rows: input assumed to have mean 0, variance 1
  banach certify pytorch.safetensors --every-unit     each unit must satisfy Theorem 1 by itself
  banach certify autoencoder.safetensors --layers encoder.0,encoder.2,decoder.0,decoder.2
  banach certify net.safetensors --leave-out 'norm*'  as if there were no normalization, which the answer says

Files from elsewhere: matrices named weight ([out, in]) or kernel ([in, out]) of 16-, 32- or 64-bit floats, with their
biases. The last one is the linear output layer. Shapes and numbers in names must leave one order of all of them.

Exit status: 0 yes, 1 no, 2 error.

--json keys: holds, answer, objections, moments_stay, every_unit_inside, alpha, lambda, input_moments, domain, layers
(certified), measured (on, n_rows, tolerance, layers), tensors (used, harmless, not_covered, left_out), skipped (names
of those not covered or left out), reading, assumptions; of a model with several members holds, answer, members.")]
pub(crate) struct CertifyArgs {
    /// A banach model, or a safetensors file with dense layers
    file: PathBuf,
    /// Rows to measure the moments of input and layers on; for banach models only
    data: Vec<PathBuf>,
    #[command(flatten)]
    reading: ReadFlags,
    /// Mean and variance of the network's input [default: 0,1, or measured]
    #[arg(long, value_name = "MEAN,VARIANCE", value_parser = moments, allow_hyphen_values = true, conflicts_with = "data")]
    input_moments: Option<InputMoments>,
    /// Allowed means after each layer
    #[arg(long, value_name = "A,B", value_parser = range, allow_hyphen_values = true)]
    mu: Option<Range>,
    /// Allowed variances after each layer
    #[arg(long, value_name = "A,B", value_parser = range)]
    nu: Option<Range>,
    /// By how much measured moments may differ from certified ones: the mean in standard deviations, the variance as a share
    #[arg(long, value_name = "SHARE", default_value_t = TOLERANCE)]
    tolerance: f64,
    /// SELU's alpha [default: the model's]
    #[arg(long)]
    alpha: Option<f64>,
    /// SELU's lambda [default: the model's]
    #[arg(long)]
    lambda: Option<f64>,
    /// Stricter: each unit must have its omega and tau in the domain of Theorem 1, and no bias
    #[arg(long)]
    every_unit: bool,
    /// The last layer has a SELU activation too
    #[arg(long, help_heading = "Files from elsewhere")]
    last_is_selu: bool,
    /// Names of the layers' weights in their order, the output layer last; several times or separated by commas
    #[arg(
        long,
        value_name = "A,B,..",
        allow_hyphen_values = true,
        help_heading = "Files from elsewhere"
    )]
    layers: Vec<String>,
    /// Tensors to leave out, as if the network did not have them: a name, * stands for any text; may be given several times
    #[arg(
        long,
        value_name = "PATTERN",
        allow_hyphen_values = true,
        help_heading = "Files from elsewhere"
    )]
    leave_out: Vec<String>,
    /// Whether a row of a matrix belongs to a unit or to an input, where shapes do not say
    #[arg(long, value_name = "HOW", help_heading = "Files from elsewhere")]
    orientation: Option<OrientationName>,
    /// Draw certified and measured moments into a file ending in .svg or .png
    #[arg(long, value_name = "FILE")]
    plot: Option<PathBuf>,
    /// Print the result as one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum OrientationName {
    /// A row for each unit, as PyTorch has it
    OutIn,
    /// A row for each input, as Keras and Flax have it
    InOut,
}

#[derive(Debug, Clone, Copy)]
struct Range([f64; 2]);

fn range(text: &str) -> Result<Range, String> {
    parse(text).map(Range)
}

fn moments(text: &str) -> Result<InputMoments, String> {
    let numbers: Vec<Option<f64>> = text
        .split(',')
        .map(|part| part.trim().parse().ok())
        .collect();
    match numbers[..] {
        [Some(mean), Some(variance)] if variance > 0.0 => Ok(InputMoments { mean, variance }),
        _ => Err("allowed are a mean and a positive variance, such as 0,1".to_owned()),
    }
}

impl CertifyArgs {
    fn options(&self, layers: Vec<String>) -> CertifyOptions {
        CertifyOptions {
            input: self.input_moments,
            mu: self.mu.map(|range| range.0),
            nu: self.nu.map(|range| range.0),
            alpha: self.alpha,
            lambda: self.lambda,
            every_unit: self.every_unit,
            tolerance: Some(self.tolerance),
            last_is_selu: self.last_is_selu,
            chain: ChainOptions {
                layers,
                leave_out: self.leave_out.clone(),
                orientation: self.orientation.map(|name| match name {
                    OrientationName::OutIn => Orientation::OutIn,
                    OrientationName::InOut => Orientation::InOut,
                }),
            },
        }
    }

    /// A banach model says itself what its layers are.
    fn check_for_model(&self) -> anyhow::Result<()> {
        let flags = [
            ("--last-is-selu", self.last_is_selu),
            ("--layers", !self.layers.is_empty()),
            ("--leave-out", !self.leave_out.is_empty()),
            ("--orientation", self.orientation.is_some()),
        ];
        match flags.into_iter().find(|&(_, given)| given) {
            Some((flag, _)) => bail!(
                "{flag} is for files from elsewhere: this one is a banach model, which says what its layers are"
            ),
            None => Ok(()),
        }
    }
}

pub(crate) fn run(args: CertifyArgs) -> anyhow::Result<ExitCode> {
    if let Some(file) = &args.plot {
        check_picture(file)?;
    }
    let certificates = certificates(&args)
        .with_context(|| format!("{} cannot be certified", args.file.display()))?;
    if let Some(file) = &args.plot {
        draw(&certificates, file)?;
    }
    let holds = certificates.iter().all(|certificate| certificate.holds);
    if args.json {
        match &certificates[..] {
            [only] => print_json(&to_json(only))?,
            all => {
                let members: Vec<Value> = all.iter().map(to_json).collect();
                let answer = overall(all);
                print_json(&json!({ "holds": holds, "answer": answer, "members": members }))?;
            }
        }
    } else {
        print(&all_text(&args.file, &certificates))?;
    }
    Ok(ExitCode::from(u8::from(!holds)))
}

/// The certificate of each network in the file.
fn certificates(args: &CertifyArgs) -> anyhow::Result<Vec<NetworkCertificate>> {
    if !is_model(&args.file)? {
        if !args.data.is_empty() {
            return Err(CertifyError::RowsOfForeignFile.into());
        }
        let file = ForeignFile::read_file(&args.file)?;
        let options = args.options(names(&args.layers, &file));
        return Ok(vec![certify_weights(&file, &options)?]);
    }
    args.check_for_model()?;
    let model = Model::load(&args.file)?;
    let rows = if args.data.is_empty() {
        None
    } else {
        let columns = ReadOptions {
            schema: Some(model.schema()),
            ..args.reading.options()?
        };
        let rows = TableReader::open_all(&args.data, &columns)?.read()?;
        say_notices(rows.file_notices());
        Some(rows)
    };
    Ok(model.certify(rows.as_ref(), &args.options(Vec::new()))?)
}

/// Names that were given one by one or separated by commas. A tensor may have a comma in its name.
fn names(given: &[String], file: &ForeignFile) -> Vec<String> {
    let is_name = |text: &str| file.tensors().iter().any(|tensor| tensor.name == text);
    let split = |text: &String| -> Vec<String> {
        if is_name(text) {
            return vec![text.clone()];
        }
        let names = text
            .split(',')
            .map(str::trim)
            .filter(|name| !name.is_empty());
        names.map(str::to_owned).collect()
    };
    given.iter().flat_map(split).collect()
}

/// The answer for a model of several networks.
fn overall(certificates: &[NetworkCertificate]) -> String {
    let refused = certificates
        .iter()
        .filter(|certificate| !certificate.holds)
        .count();
    match certificates.iter().find(|certificate| !certificate.holds) {
        None => {
            let first = certificates.first().map(answer::scope).unwrap_or_default();
            format!("yes, {first}, for all {} members", certificates.len())
        }
        Some(first) => format!(
            "no for {refused} of {}; the first of them says {}",
            plural(certificates.len(), "member", "members"),
            answer::answer(first)
        ),
    }
}

fn all_text(file: &Path, certificates: &[NetworkCertificate]) -> String {
    if let [only] = certificates {
        return text::to_text(file, only);
    }
    let mut all = format!("{}\n", overall(certificates));
    for (index, certificate) in certificates.iter().enumerate() {
        let member = text::to_text(file, certificate);
        all.push_str(&format!("\nmember {}\n{member}", index + 1));
    }
    all
}

fn to_json(certificate: &NetworkCertificate) -> Value {
    let report = &certificate.report;
    let layers = certificate
        .names
        .iter()
        .zip(&report.layers)
        .map(|(name, layer)| {
            let mut value = json!(layer);
            if let Value::Object(members) = &mut value {
                members.insert("weight".to_owned(), json!(name));
            }
            value
        });
    json!({
        "holds": certificate.holds,
        "answer": answer::answer(certificate),
        "objections": certificate.objections,
        "moments_stay": report.moments_stay,
        "every_unit_inside": report.every_unit_inside,
        "alpha": certificate.selu.alpha,
        "lambda": certificate.selu.lambda,
        "input_moments": {
            "mean": certificate.input.mean,
            "variance": certificate.input.variance,
            "known": certificate.input_known.name(),
        },
        "domain": report.domain,
        "layers": layers.collect::<Vec<_>>(),
        "measured": certificate.measured,
        "tensors": certificate.tensors,
        "skipped": certificate.tensors.skipped().collect::<Vec<_>>(),
        "reading": certificate.reading,
        "assumptions": report.assumptions,
    })
}

#[cfg(feature = "plot")]
fn check_picture(file: &Path) -> anyhow::Result<()> {
    PictureFormat::of("--plot", file).map(drop)
}

#[cfg(feature = "plot")]
fn draw(certificates: &[NetworkCertificate], file: &Path) -> anyhow::Result<()> {
    PictureFormat::of("--plot", file)?.write(&picture::figure(certificates), 2.0, file)
}

#[cfg(not(feature = "plot"))]
fn check_picture(_file: &Path) -> anyhow::Result<()> {
    bail!("{}", crate::commands::absent::message("--plot", "plot"))
}

#[cfg(not(feature = "plot"))]
fn draw(_certificates: &[NetworkCertificate], file: &Path) -> anyhow::Result<()> {
    check_picture(file)
}
