//! The answer in a sentence.

use banach::certify::{MeasuredOn, NetworkCertificate, Objection};
use banach::theory::interval::Interval;

use crate::text::{joined, plural};

/// Tensors that are named before "...".
const MAX_NAMES: usize = 5;

/// yes or no, on what condition, and why.
pub(super) fn answer(certificate: &NetworkCertificate) -> String {
    let report = &certificate.report;
    let domain = &report.domain;
    if certificate.holds {
        let left_out = match certificate.tensors.left_out.len() {
            0 => String::new(),
            n => format!(", with {} left out", plural(n, "tensor", "tensors")),
        };
        return format!(
            "yes, {}{left_out}: mean stays in {} and variance in {} after every layer",
            scope(certificate),
            domain.mu,
            domain.nu
        );
    }
    let reasons: Vec<String> = certificate
        .objections
        .iter()
        .map(|objection| reason(certificate, objection))
        .collect();
    let reasons = reasons.join("; ");
    match certificate.objections.first() {
        Some(Objection::MomentsLeave { .. } | Objection::UnitsOutside) => {
            format!("no, {}: {reasons}", scope(certificate))
        }
        _ => format!("no: {reasons}"),
    }
}

/// Under which condition an answer is given.
pub(super) fn scope(certificate: &NetworkCertificate) -> String {
    let rows = match &certificate.measured {
        Some(measured) if measured.on == MeasuredOn::Rows => {
            format!("measured on {}", plural(measured.n_rows, "row", "rows"))
        }
        _ => "no rows were looked at".to_owned(),
    };
    format!("under these assumptions (listed below; {rows})")
}

fn reason(certificate: &NetworkCertificate, objection: &Objection) -> String {
    let domain = &certificate.report.domain;
    let leave = |layer: &str| {
        format!(
            "mean or variance leave {} or {} after {layer}",
            domain.mu, domain.nu
        )
    };
    let on_rows = certificate
        .measured
        .as_ref()
        .is_some_and(|measured| measured.on == MeasuredOn::Rows);
    match objection {
        Objection::NotCovered => {
            let notes = &certificate.tensors.not_covered;
            let names: Vec<&str> = notes.iter().map(|note| &note.name[..]).collect();
            let names = joined(&names, MAX_NAMES);
            let holds = "the file holds what the theorem does not cover";
            if certificate.names.is_empty() {
                format!(
                    "there is no single chain of dense layers with a hidden one, and {holds}: {names}"
                )
            } else {
                format!("{holds}: {names}")
            }
        }
        Objection::MomentsLeave { layer } => format!("certified {}", leave(layer)),
        Objection::UnitsOutside => "not every unit is in the domain of Theorem 1".to_owned(),
        Objection::AssumptionsFail { layer } if on_rows => format!(
            "the assumption fails on these rows: after {layer} {}",
            beside(certificate, layer)
        ),
        Objection::AssumptionsFail { layer } => format!(
            "the weights contradict the assumption: with independent inputs, after {layer} {}",
            beside(certificate, layer)
        ),
        Objection::MeasuredOutside { layer } => format!("measured {}", leave(layer)),
    }
}

/// Certified and measured moments of a layer.
fn beside(certificate: &NetworkCertificate, layer: &str) -> String {
    let at = certificate.names.iter().position(|name| name == layer);
    let certified = at.and_then(|at| certificate.report.layers.get(at));
    let measured = certificate.measured.as_ref();
    let measured = at.and_then(|at| measured?.layers.get(at));
    let middle = |x: Option<Interval>| short(x.map_or(f64::NAN, Interval::mid));
    match (certified, measured) {
        (Some(certified), Some(measured)) => format!(
            "mean is {} and variance {} where {} and {} are certified",
            short(measured.moments.mean),
            short(measured.moments.variance),
            middle(certified.mean),
            middle(certified.variance)
        ),
        _ => "moments differ".to_owned(),
    }
}

/// Three decimals. Adding 0 turns -0 into 0.
fn short(x: f64) -> String {
    format!("{:.3}", (x * 1e3).round() / 1e3 + 0.0)
}
