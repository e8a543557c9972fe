//! `banach theory verify`.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::Context;
use banach_theory::certificate::{Certificate, verify};
use clap::Args;
use serde_json::json;

use super::{number, output};
use crate::options::Threads;

/// Check certificates without the search that found them
///
/// Replays the cuts of each domain, evaluates every box again and recomputes the bounds. A file named after a theorem must state
/// that theorem. Exit status 1 when a certificate does not hold.
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
        let content =
            fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
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
                for part in &certificate.parts {
                    let _ = writeln!(text, "  {}:\n  {}", part.domain, part.goal.text());
                }
                values.push(json!({
                    "file": name,
                    "holds": true,
                    "statement": certificate.statement,
                    "n_claims": verification.n_claims,
                    "n_boxes": verification.n_boxes,
                    "seconds": seconds,
                }));
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
