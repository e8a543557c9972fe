//! `banach certify`: what the theory says about the weights of one network.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use banach::certify::{
    CertifyOptions, InputMoments, NetworkCertificate, certify_container, is_model,
};
use banach::container::Container;
use banach::io::{ReadOptions, TableReader};
use banach::theory::depth::{LayerReport, Spread, UnitOutside};
use banach::theory::interval::Interval;
use banach::{Model, certify};
use serde_json::{Value, json};

use super::theory::ranges::{outward, parse};
use crate::output::{print, print_json};
use crate::read_flags::{ReadFlags, say_notices};
use crate::text::{count, joined, plural, table};

/// Units that are named before "...".
const MAX_UNITS: usize = 5;

/// Certify that mean and variance stay near their fixed point through a network's layers
///
/// For a banach model or any safetensors file with a chain of dense SELU layers (PyTorch's names and [out, in] weights):
/// omega (sum of weights) and tau (sum of squares) of every unit, and an interval, proved by interval arithmetic, in which the mean
/// and variance of each layer lie. The last matrix is treated as a linear output layer.
///
/// The answer is yes when both stay in the rectangle of Theorem 1 (arXiv:1706.02515) after every layer. Assumptions that
/// are not proved are part of the answer.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  banach certify model.safetensors test.csv           input moments measured on the rows
  banach certify pytorch.safetensors                  input assumed to have mean 0, variance 1
  banach certify pytorch.safetensors --every-unit     each unit must satisfy Theorem 1 by itself

Exit status: 0 yes, 1 no, 2 error.")]
pub(crate) struct CertifyArgs {
    /// A banach model, or a safetensors file with dense layers
    file: PathBuf,
    /// Rows to measure the network's input moments on; for banach models only
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
    #[arg(long)]
    last_is_selu: bool,
    /// Print the result as one JSON object
    #[arg(long)]
    json: bool,
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
    fn options(&self) -> CertifyOptions {
        CertifyOptions {
            input: self.input_moments,
            mu: self.mu.map(|range| range.0),
            nu: self.nu.map(|range| range.0),
            alpha: self.alpha,
            lambda: self.lambda,
            every_unit: self.every_unit,
            last_is_selu: self.last_is_selu,
        }
    }
}

pub(crate) fn run(args: CertifyArgs) -> anyhow::Result<ExitCode> {
    let certificates = certificates(&args)
        .with_context(|| format!("{} cannot be certified", args.file.display()))?;
    let holds = certificates.iter().all(|certificate| certificate.holds);
    if args.json {
        match &certificates[..] {
            [only] => print_json(&to_json(only))?,
            all => {
                let members: Vec<Value> = all.iter().map(to_json).collect();
                print_json(&json!({ "holds": holds, "members": members }))?;
            }
        }
    } else {
        for (index, certificate) in certificates.iter().enumerate() {
            if certificates.len() > 1 {
                print(&format!(
                    "{}member {}\n",
                    if index > 0 { "\n" } else { "" },
                    index + 1
                ))?;
            }
            print(&to_text(&args, certificate))?;
        }
    }
    Ok(ExitCode::from(u8::from(!holds)))
}

/// The certificate of each network in the file.
fn certificates(args: &CertifyArgs) -> anyhow::Result<Vec<NetworkCertificate>> {
    let container = Container::read_file(&args.file)?;
    if args.data.is_empty() {
        return Ok(certify_container(container, &args.options())?);
    }
    if !is_model(&container) {
        return Err(certify::CertifyError::RowsOfForeignFile.into());
    }
    let model = Model::from_container(container)?;
    let columns = ReadOptions {
        schema: Some(model.schema()),
        ..args.reading.options()?
    };
    let rows = TableReader::open_all(&args.data, &columns)?.read()?;
    say_notices(rows.file_notices());
    Ok(model.certify(Some(&rows), &args.options())?)
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
        "skipped": certificate.skipped,
        "assumptions": report.assumptions,
    })
}

fn to_text(args: &CertifyArgs, certificate: &NetworkCertificate) -> String {
    let (report, names) = (&certificate.report, &certificate.names);
    let domain = &report.domain;
    let mut text = format!(
        "{}: {}, SELU with alpha {}, lambda {}\ninput moments {}: mean {}, variance {}\n\n",
        args.file.display(),
        plural(names.len(), "SELU layer", "SELU layers"),
        certificate.selu.alpha,
        certificate.selu.lambda,
        certificate.input_known.name(),
        certificate.input.mean,
        certificate.input.variance,
    );
    let head = [
        "layer",
        "units",
        "omega",
        "tau",
        "outside",
        "mean in",
        "variance in",
        "stays",
    ];
    let mut lines = vec![head.map(str::to_owned).to_vec()];
    for (name, layer) in names.iter().zip(&report.layers) {
        lines.push(line(name, layer));
    }
    text.push_str(&table(&lines));
    let _ = writeln!(
        text,
        "\nomega and tau are smallest / average / largest of the layer's units; outside: units with omega not in {},\n\
         tau not in {}, or a bias. Mean and variance are those of the layer's activations, over inputs and units.",
        domain.omega, domain.tau
    );
    for (name, layer) in names.iter().zip(&report.layers) {
        farthest(&mut text, name, layer);
    }
    let mut mistakes: Vec<&str> = report
        .layers
        .iter()
        .filter_map(|layer| layer.mistake.as_deref())
        .collect();
    mistakes.dedup();
    for mistake in mistakes {
        let _ = writeln!(text, "\nlikely mistake: {mistake}");
    }
    if !certificate.skipped.is_empty() {
        let _ = writeln!(
            text,
            "\nnot part of the chain: {}",
            joined(&certificate.skipped, MAX_UNITS)
        );
    }
    verdict(&mut text, args, certificate);
    text.push_str("\nassumed and not proved:\n");
    for assumption in &report.assumptions {
        let _ = writeln!(text, "  - {assumption}");
    }
    text
}

fn line(name: &str, layer: &LayerReport) -> Vec<String> {
    // Adding 0 turns -0 into 0.
    let short = |x: f64, unit: f64| (x / unit).round() * unit + 0.0;
    let spread = |s: &Spread| {
        let (min, mean, max) = (short(s.min, 0.01), short(s.mean, 0.001), short(s.max, 0.01));
        format!("{min:.2} / {mean:.3} / {max:.2}")
    };
    let bound = |x: Option<Interval>| x.map_or_else(|| "unbounded".to_owned(), outward);
    vec![
        name.to_owned(),
        count(layer.n_units),
        spread(&layer.omega),
        spread(&layer.tau),
        count(layer.outside.len()),
        bound(layer.mean),
        bound(layer.variance),
        if layer.inside { "yes" } else { "no" }.to_owned(),
    ]
}

/// The units that are farthest outside, by omega or tau.
fn farthest(text: &mut String, name: &str, layer: &LayerReport) {
    let mut units = layer.outside.clone();
    units.sort_by(|a, b| {
        let far = |unit: &UnitOutside| unit.omega_by.abs().max(unit.tau_by.abs());
        far(b).total_cmp(&far(a))
    });
    if units.is_empty() {
        return;
    }
    let named: Vec<String> = units
        .iter()
        .map(|u| {
            format!(
                "{} (omega {:+.3}, tau {:+.3})",
                u.unit, u.omega_by, u.tau_by
            )
        })
        .collect();
    let _ = writeln!(
        text,
        "  {} outside by: unit {}",
        name,
        joined(&named, MAX_UNITS)
    );
}

fn verdict(text: &mut String, args: &CertifyArgs, certificate: &NetworkCertificate) {
    let report = &certificate.report;
    let domain = &report.domain;
    let answer = if certificate.holds { "yes" } else { "no" };
    let first = report.layers.iter().position(|layer| !layer.inside);
    let moments = match first {
        None => format!(
            "mean stays in {} and variance in {} after every layer",
            domain.mu, domain.nu
        ),
        Some(at) => format!(
            "mean or variance leave {} or {} after layer {}",
            domain.mu,
            domain.nu,
            at + 1
        ),
    };
    let units = if report.every_unit_inside {
        "every unit is in the domain of Theorem 1"
    } else {
        "not every unit is in the domain of Theorem 1, so the theorem does not hold unit by unit"
    };
    let asked = if args.every_unit {
        "asked of the layers and of every unit"
    } else {
        "asked of the layers"
    };
    let _ = writeln!(text, "\n{answer} ({asked}): {moments}; {units}");
}
