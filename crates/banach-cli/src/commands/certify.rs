//! `banach certify`: what the theory says about the weights of one network.

mod chain;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use banach::Model;
use banach::container::Container;
use banach::io::{ReadOptions, read_table};
use banach_nn::{Activation, LayerSpec, NetworkSpec};
use banach_theory::certificate::Domain;
use banach_theory::depth::{DepthReport, LayerReport, Spread, Unit, theorem_1, through_layers};
use banach_theory::interval::Interval;
use banach_theory::interval_map::IntervalMap;
use banach_theory::{ALPHA_01, LAMBDA_01, Selu};
use serde_json::{Value, json};

use super::inspect::units as made_of;
use super::theory::ranges::{outward, parse};
use crate::output::{print, print_json};
use crate::text::{count, joined, plural, table};
use chain::{Chain, Dense};

/// Metadata of banach's own models that says what the layers are.
const NETWORK_KEY: &str = "banach.network";

/// Where its dense layers are.
const OWN_LAYERS: &str = "layers.";

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
    data: Option<PathBuf>,
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
struct InputMoments {
    mean: f64,
    variance: f64,
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

/// What is to be certified.
struct Subject {
    chain: Chain,
    selu: Selu,
    input: InputMoments,
    /// How the input moments are known.
    input_is: &'static str,
}

pub(crate) fn run(args: CertifyArgs) -> anyhow::Result<ExitCode> {
    let mut subject = subject(&args)?;
    let selu = &mut subject.selu;
    selu.alpha = args.alpha.unwrap_or(selu.alpha);
    selu.lambda = args.lambda.unwrap_or(selu.lambda);
    let layers = &subject.chain.layers;
    let hidden = if args.last_is_selu {
        &layers[..]
    } else {
        &layers[..layers.len() - 1]
    };
    if hidden.is_empty() {
        bail!(
            "{} has only the one dense layer {}, which is taken as the linear output; with --last-is-selu it is certified",
            args.file.display(),
            layers[0].name
        );
    }
    let paper = theorem_1();
    let domain = Domain {
        mu: args.mu.map_or(paper.mu, |range| range.0.into()),
        nu: args.nu.map_or(paper.nu, |range| range.0.into()),
        ..paper
    };
    let units: Vec<Vec<Unit>> = hidden.iter().map(units).collect();
    let report = through_layers(
        &IntervalMap::of(subject.selu),
        &units,
        Interval::point(subject.input.mean),
        Interval::point(subject.input.variance),
        domain,
    )?;
    let holds = report.moments_stay && (report.every_unit_inside || !args.every_unit);
    if args.json {
        print_json(&to_json(&subject, hidden, &report, holds))?;
    } else {
        print(&to_text(&args, &subject, hidden, &report, holds))?;
    }
    Ok(ExitCode::from(u8::from(!holds)))
}

fn units(layer: &Dense) -> Vec<Unit> {
    let rows = layer.weight.chunks_exact(layer.fan_in.max(1)).enumerate();
    rows.map(|(unit, weights)| {
        let bias = layer.bias.as_ref().and_then(|bias| bias.get(unit));
        Unit::from_weights(weights, bias.map_or(0.0, |&bias| f64::from(bias)))
    })
    .collect()
}

fn subject(args: &CertifyArgs) -> anyhow::Result<Subject> {
    let container = Container::read_file(&args.file)?;
    let own = container.metadata().contains_key(NETWORK_KEY);
    let (selu, prefix) = if own {
        let selu = own_selu(&container);
        (
            selu.with_context(|| format!("{} cannot be certified", args.file.display()))?,
            OWN_LAYERS,
        )
    } else {
        (
            Selu {
                alpha: ALPHA_01,
                lambda: LAMBDA_01,
            },
            "",
        )
    };
    if args.data.is_some() && !own {
        bail!(
            "rows can be read only for models of banach's, which know their columns; {} is none: measure the moments of its input and \
             give them with --input-moments",
            args.file.display()
        );
    }
    let (input, input_is) = match (args.input_moments, &args.data) {
        (Some(input), _) => (input, "given"),
        (None, Some(data)) => (measure(&Model::load(&args.file)?, data)?, "measured"),
        (None, None) => (
            InputMoments {
                mean: 0.0,
                variance: 1.0,
            },
            "assumed",
        ),
    };
    let chain = chain::find(&container, prefix)
        .with_context(|| format!("{} cannot be certified", args.file.display()))?;
    Ok(Subject {
        chain,
        selu,
        input,
        input_is,
    })
}

fn measure(model: &Model, data: &Path) -> anyhow::Result<InputMoments> {
    let options = ReadOptions {
        schema: Some(model.schema()),
        ..ReadOptions::default()
    };
    let rows = read_table(data, &options)?;
    let inspection = model.inspect(Some(&rows))?;
    let measured = inspection
        .input_moments
        .context("the table has no rows to measure on")?;
    Ok(InputMoments {
        mean: measured.mean,
        variance: measured.variance,
    })
}

/// SELU's parameters in a model of banach's, which must be the same in all of its layers.
fn own_selu(container: &Container) -> anyhow::Result<Selu> {
    let network: NetworkSpec = container.json(NETWORK_KEY)?;
    let mut found: Option<Selu> = None;
    for (index, layer) in network.layers.iter().enumerate() {
        let dense = LayerSpec::dense(layer.width, layer.activation, layer.dropout);
        let (Activation::Selu { alpha, lambda, .. }, true) = (layer.activation, *layer == dense)
        else {
            bail!(
                "the theory is about self-normalizing networks, whose units are SELU of weights times inputs; hidden layer {} is {}: \
                 certify a model of `fit --network snn`",
                index + 1,
                made_of(
                    layer.activation.name(),
                    layer.normalization,
                    layer.connection
                )
            );
        };
        let selu = Selu { alpha, lambda };
        if found.is_some_and(|first| first != selu) {
            bail!(
                "hidden layer {} has another alpha and lambda than the layers before",
                index + 1
            );
        }
        found = Some(selu);
    }
    found.context("the model has no hidden layer to certify")
}

fn to_json(subject: &Subject, hidden: &[Dense], report: &DepthReport, holds: bool) -> Value {
    let layers = hidden.iter().zip(&report.layers).map(|(dense, layer)| {
        let mut value = json!(layer);
        if let Value::Object(members) = &mut value {
            members.insert("weight".to_owned(), json!(dense.name));
        }
        value
    });
    json!({
        "holds": holds,
        "moments_stay": report.moments_stay,
        "every_unit_inside": report.every_unit_inside,
        "alpha": subject.selu.alpha,
        "lambda": subject.selu.lambda,
        "input_moments": {
            "mean": subject.input.mean,
            "variance": subject.input.variance,
            "known": subject.input_is,
        },
        "domain": report.domain,
        "layers": layers.collect::<Vec<_>>(),
        "skipped": subject.chain.skipped,
        "assumptions": report.assumptions,
    })
}

fn to_text(
    args: &CertifyArgs,
    subject: &Subject,
    hidden: &[Dense],
    report: &DepthReport,
    holds: bool,
) -> String {
    let domain = &report.domain;
    let mut text = format!(
        "{}: {}, SELU with alpha {}, lambda {}\ninput moments {}: mean {}, variance {}\n\n",
        args.file.display(),
        plural(hidden.len(), "SELU layer", "SELU layers"),
        subject.selu.alpha,
        subject.selu.lambda,
        subject.input_is,
        subject.input.mean,
        subject.input.variance,
    );
    let names = [
        "layer",
        "units",
        "omega",
        "tau",
        "outside",
        "mean in",
        "variance in",
        "stays",
    ];
    let mut lines = vec![names.map(str::to_owned).to_vec()];
    for (dense, layer) in hidden.iter().zip(&report.layers) {
        lines.push(line(dense, layer));
    }
    text.push_str(&table(&lines));
    let _ = writeln!(
        text,
        "\nomega and tau are smallest / average / largest of the layer's units; outside: units with omega not in {},\n\
         tau not in {}, or a bias. Mean and variance are those of the layer's activations, over inputs and units.",
        domain.omega, domain.tau
    );
    for (dense, layer) in hidden.iter().zip(&report.layers) {
        farthest(&mut text, dense, layer);
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
    if !subject.chain.skipped.is_empty() {
        let _ = writeln!(
            text,
            "\nnot part of the chain: {}",
            joined(&subject.chain.skipped, MAX_UNITS)
        );
    }
    verdict(&mut text, args, report, holds);
    text.push_str("\nassumed and not proved:\n");
    for assumption in &report.assumptions {
        let _ = writeln!(text, "  - {assumption}");
    }
    text
}

fn line(dense: &Dense, layer: &LayerReport) -> Vec<String> {
    // Adding 0 turns -0 into 0.
    let short = |x: f64, unit: f64| (x / unit).round() * unit + 0.0;
    let spread = |s: &Spread| {
        let (min, mean, max) = (short(s.min, 0.01), short(s.mean, 0.001), short(s.max, 0.01));
        format!("{min:.2} / {mean:.3} / {max:.2}")
    };
    let bound = |x: Option<Interval>| x.map_or_else(|| "unbounded".to_owned(), outward);
    vec![
        dense.name.clone(),
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
fn farthest(text: &mut String, dense: &Dense, layer: &LayerReport) {
    let mut units = layer.outside.clone();
    units.sort_by(|a, b| {
        let far =
            |unit: &banach_theory::depth::UnitOutside| unit.omega_by.abs().max(unit.tau_by.abs());
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
        dense.name,
        joined(&named, MAX_UNITS)
    );
}

fn verdict(text: &mut String, args: &CertifyArgs, report: &DepthReport, holds: bool) {
    let domain = &report.domain;
    let answer = if holds { "yes" } else { "no" };
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
