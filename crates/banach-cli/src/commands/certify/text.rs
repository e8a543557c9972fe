//! A certificate as a person reads it.

use std::fmt::Write as _;
use std::path::Path;

use banach::certify::{
    KnownBy, MeasuredMoments, MeasuredOn, NetworkCertificate, Reading, TensorNote,
};
use banach::theory::depth::{LayerReport, Spread, UnitOutside};
use banach::theory::interval::Interval;

use super::answer::answer;
use crate::commands::theory::ranges::outward;
use crate::text::{count, joined, plural, table};

/// Units that are named before "...".
const MAX_UNITS: usize = 5;

/// Tensors that are listed before "...".
const MAX_TENSORS: usize = 20;

pub(super) fn to_text(file: &Path, certificate: &NetworkCertificate) -> String {
    let (report, names) = (&certificate.report, &certificate.names);
    let mut text = format!(
        "{}\n\n{}: {}, SELU with alpha {}, lambda {}\n",
        answer(certificate),
        file.display(),
        plural(names.len(), "SELU layer", "SELU layers"),
        certificate.selu.alpha,
        certificate.selu.lambda,
    );
    if let Some(reading) = &certificate.reading {
        let _ = writeln!(text, "{}", read_as(reading));
    }
    let _ = writeln!(
        text,
        "input moments {}: mean {}, variance {}",
        certificate.input_known.name(),
        certificate.input.mean,
        certificate.input.variance,
    );
    if !names.is_empty() {
        layers(&mut text, certificate);
    }
    if let Some(measured) = &certificate.measured {
        measured_layers(&mut text, names, measured);
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
    let tensors = &certificate.tensors;
    notes(
        &mut text,
        "not covered by the theorem",
        &tensors.not_covered,
    );
    if names.is_empty() {
        text.push_str("  --layers A,B,.. names the matrices of one chain in their order\n");
    }
    if !tensors.not_covered.is_empty() {
        text.push_str(
            "  --leave-out PATTERN certifies the network as if it did not have them, and says so\n",
        );
    }
    notes(
        &mut text,
        "left out, as if the network did not have them",
        &tensors.left_out,
    );
    notes(
        &mut text,
        "no part of what the layers compute",
        &tensors.harmless,
    );
    text.push_str("\nassumed and not proved:\n");
    for assumption in &report.assumptions {
        let _ = writeln!(text, "  - {assumption}");
    }
    text
}

/// How the matrices of a foreign file were read.
fn read_as(reading: &Reading) -> String {
    let order = match reading.order {
        KnownBy::Given => "in the order that was given",
        KnownBy::Numbers => "in the order of their numbers",
        KnownBy::Shapes | KnownBy::Names => "in the only order that their shapes allow",
    };
    let known = match reading.orientation_known {
        KnownBy::Given => "as was asked for",
        KnownBy::Shapes => "by their shapes",
        KnownBy::Numbers => "by their shapes and numbers",
        KnownBy::Names => "by their names alone: shapes fit the other way as well",
    };
    format!(
        "layers read {order}, matrices as {}, {known}",
        reading.orientation.name()
    )
}

/// What is certified.
fn layers(text: &mut String, certificate: &NetworkCertificate) {
    let report = &certificate.report;
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
    for (name, layer) in certificate.names.iter().zip(&report.layers) {
        lines.push(line(name, layer));
    }
    let _ = write!(
        text,
        "\ncertified under the assumptions below\n{}",
        table(&lines)
    );
    let _ = writeln!(
        text,
        "omega and tau are smallest / average / largest of the layer's units; outside: units with omega not in {},\n\
         tau not in {}, or a bias. Mean and variance are those of the layer's activations, over inputs and units.",
        report.domain.omega, report.domain.tau
    );
    for (name, layer) in certificate.names.iter().zip(&report.layers) {
        farthest(text, name, layer);
    }
    if !report.every_unit_inside {
        text.push_str(
            "not every unit is in the domain of Theorem 1, so the theorem does not hold unit by unit\n",
        );
    }
}

/// What was measured.
fn measured_layers(text: &mut String, names: &[String], measured: &MeasuredMoments) {
    let head = [
        "layer",
        "mean",
        "variance",
        "means of most units",
        "variances of most units",
        "agrees",
        "stays",
    ];
    let mut lines = vec![head.map(str::to_owned).to_vec()];
    let most = |[low, high]: [f64; 2]| format!("{low:.2} to {high:.2}");
    let yes = |yes: bool| if yes { "yes" } else { "no" }.to_owned();
    for (name, layer) in names.iter().zip(&measured.layers) {
        lines.push(vec![
            name.clone(),
            format!("{:.4}", layer.moments.mean),
            format!("{:.4}", layer.moments.variance),
            most(layer.most_unit_means),
            most(layer.most_unit_variances),
            layer.agrees.map_or_else(|| "-".to_owned(), yes),
            yes(layer.inside),
        ]);
    }
    let rows = plural(measured.n_rows, "row", "rows");
    let on = match measured.on {
        MeasuredOn::Rows => format!("measured on {rows}"),
        MeasuredOn::Simulation => format!(
            "measured on {rows} of independent normal inputs with the moments above (simulated, no rows were looked at)"
        ),
    };
    let _ = write!(text, "\n{on}\n{}", table(&lines));
    let _ = writeln!(
        text,
        "agrees: the mean within {0} standard deviations of the certified one, the variance within {0} of it.\n\
         Most units: the 5% to the 95% quantile.",
        measured.tolerance
    );
}

fn notes(text: &mut String, title: &str, notes: &[TensorNote]) {
    if notes.is_empty() {
        return;
    }
    let _ = writeln!(text, "\n{title}:");
    for note in notes.iter().take(MAX_TENSORS) {
        let _ = writeln!(text, "  {} {:?}: {}", note.name, note.shape, note.what);
    }
    if notes.len() > MAX_TENSORS {
        let _ = writeln!(text, "  ... ({} in all, see --json)", count(notes.len()));
    }
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
                u.unit + 1,
                u.omega_by,
                u.tau_by
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
