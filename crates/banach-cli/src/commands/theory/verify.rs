//! `banach theory verify`.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::Context;
use banach_data::read_text_bounded;
use banach_theory::certificate::{Certificate, Verification, verify};
use clap::Args;
use serde_json::{Value, json};

use super::{number, output, proved};
use crate::options::Threads;

/// The largest certificate that is read; the paper's theorems have 0.2 MB.
const MAX_BYTES: u64 = 256 << 20;

/// Check certificates without the search that found them
///
/// Replays the cuts of each domain, evaluates every box again and recomputes the bounds, and prints all that holds: domains, goals,
/// bounds, the constants alpha and lambda, and what is assumed. A file named after a theorem must state that theorem.
/// Exit status 1 when a certificate does not hold.
#[derive(Debug, Args)]
pub(super) struct VerifyArgs {
    /// Files that `banach theory certify --out` wrote
    #[arg(required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    threads: Threads,
    /// Print the result as one JSON object, on one line
    #[arg(long, help_heading = "Program")]
    json: bool,
}

pub(super) fn run(args: &VerifyArgs) -> anyhow::Result<ExitCode> {
    let threads = number(args.threads)?;
    let (mut text, mut values, mut all_hold) = (String::new(), Vec::new(), true);
    for file in &args.files {
        let content = read_text_bounded(file, MAX_BYTES)
            .with_context(|| format!("cannot read {}", file.display()))?;
        let name = file.display().to_string();
        let start = Instant::now();
        let checked = Certificate::from_json(&content).and_then(|certificate| {
            let verification = verify(&certificate, threads)?;
            Ok((certificate, verification))
        });
        let seconds = start.elapsed().as_secs_f64();
        match checked {
            Ok((certificate, verification)) => {
                let _ = writeln!(
                    text,
                    "{name}: {} holds: {} claims, {} boxes evaluated again in {seconds:.2} s",
                    certificate.statement, verification.n_claims, verification.n_boxes
                );
                proved::describe(&mut text, &certificate);
                let _ = writeln!(
                    text,
                    "  found by {}; source: {}\n\nmethod: {}\nrounding: {}",
                    certificate.program,
                    certificate.source,
                    certificate.method,
                    certificate.rounding
                );
                proved::assumptions(&mut text, &certificate.assumptions);
                text.push('\n');
                values.push(to_json(&name, &certificate, verification, seconds));
            }
            Err(error) => {
                all_hold = false;
                let _ = writeln!(text, "{name}: does not hold: {error}");
                values.push(json!({"file": name, "holds": false, "reason": error.to_string()}));
            }
        }
    }
    output::write(
        args.json,
        &json!({"hold": all_hold, "files": values}),
        &text,
    )?;
    Ok(ExitCode::from(u8::from(!all_hold)))
}

/// All of a certificate that holds but the trees of cuts.
fn to_json(
    file: &str,
    certificate: &Certificate,
    verification: Verification,
    seconds: f64,
) -> Value {
    let parts = certificate.parts.iter().map(|part| {
        let claims = part.claims.iter().map(|proved| {
            json!({
                "quantity": proved.claim.quantity,
                "above": proved.claim.above,
                "below": proved.claim.below,
                "bound": proved.bound,
                "n_boxes": proved.n_boxes,
                "depth": proved.depth,
            })
        });
        json!({
            "domain": part.domain,
            "goal": part.goal,
            "claims": claims.collect::<Vec<_>>(),
            "fixed_points": part.fixed_points,
        })
    });
    json!({
        "file": file,
        "holds": true,
        "statement": certificate.statement,
        "alpha": certificate.map.alpha,
        "lambda": certificate.map.lambda,
        "parts": parts.collect::<Vec<_>>(),
        "n_claims": verification.n_claims,
        "n_boxes": verification.n_boxes,
        "seconds": seconds,
        "program": certificate.program,
        "source": certificate.source,
        "method": certificate.method,
        "rounding": certificate.rounding,
        "assumptions": certificate.assumptions,
    })
}
