//! `banach theory certify`.

use std::fmt::Write as _;
use std::fs;
use std::io::{IsTerminal, stderr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, bail};
use banach_data::AtomicFile;
use banach_theory::certificate::{
    ASSUMPTIONS, Budget, Certificate, Domain, Goal, Outcome, Statement, Theorem, prove,
};
use banach_theory::interval_map::IntervalMap;
use clap::{Args, ValueEnum};
use indicatif::ProgressBar;
use serde_json::{Value, json};

use super::ranges::{outward, parse};
use super::{SeluArgs, number, output, proved};
use crate::options::Threads;

/// Prove what one layer does to mean and variance on a whole domain, by interval arithmetic
///
/// A theorem of arXiv:1706.02515 on its own domains, or, with ranges, a goal on a domain of your choice. Ranges beside a theorem
/// replace the theorem's. The answer is proved, refuted with a point where the statement fails, or undecided.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  banach theory certify all --out certificates
  banach theory certify theorem1 --tau 0.95,1.5                       false: a point that shows it
  banach theory certify --mu -0.5,0.5 --omega 0 --nu 0.5,2 --tau 1 --goal fixed-point

Exit status: 0 all proved, 1 one was refuted or left undecided.")]
pub(super) struct CertifyArgs {
    /// theorem1, theorem2, theorem3 or all
    statement: Option<String>,
    /// Means of the layer's inputs
    #[arg(long, value_name = "A,B", value_parser = parse_range, allow_hyphen_values = true)]
    mu: Option<Range>,
    /// Sums of a unit's weights
    #[arg(long, value_name = "A,B", value_parser = parse_range, allow_hyphen_values = true)]
    omega: Option<Range>,
    /// Variances of the layer's inputs
    #[arg(long, value_name = "A,B", value_parser = parse_range)]
    nu: Option<Range>,
    /// Sums of a unit's squared weights
    #[arg(long, value_name = "A,B", value_parser = parse_range)]
    tau: Option<Range>,
    /// What to prove on a domain of your choice [default: fixed-point]
    #[arg(long, conflicts_with = "statement")]
    goal: Option<GoalName>,
    #[command(flatten)]
    selu: SeluArgs,
    /// Write the certificate here; with `all`, a folder for one file each
    #[arg(long, value_name = "PATH")]
    out: Option<PathBuf>,
    /// Maximum depth of bisection before the statement is left undecided
    #[arg(long, default_value_t = Budget::default().max_depth)]
    max_depth: u32,
    /// Maximum number of boxes for one claim before the statement is left undecided
    #[arg(long, default_value_t = Budget::default().max_boxes)]
    max_boxes: usize,
    #[command(flatten)]
    threads: Threads,
    /// Print the result as one JSON object, on one line
    #[arg(long, help_heading = "Program")]
    json: bool,
}

#[derive(Debug, Clone, Copy)]
struct Range([f64; 2]);

fn parse_range(text: &str) -> Result<Range, String> {
    parse(text).map(Range)
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum GoalName {
    /// g maps the rectangle of (mu, nu) into itself and contracts: one attracting fixed point for each (omega, tau)
    FixedPoint,
    /// The variance after the layer is below nu
    Shrinks,
    /// The variance after the layer is above nu
    Grows,
}

impl From<GoalName> for Goal {
    fn from(name: GoalName) -> Self {
        match name {
            GoalName::FixedPoint => Goal::FixedPoint,
            GoalName::Shrinks => Goal::VarianceShrinks,
            GoalName::Grows => Goal::VarianceGrows,
        }
    }
}

pub(super) fn run(args: &CertifyArgs) -> anyhow::Result<ExitCode> {
    let statements = statements(args)?;
    let budget = Budget {
        max_depth: args.max_depth,
        max_boxes: args.max_boxes,
        threads: number(args.threads)?,
    };
    let (mut text, mut values) = (String::new(), Vec::new());
    let (mut all_proved, mut any_proved) = (true, false);
    for statement in &statements {
        let start = Instant::now();
        let outcome = examine(statement, &budget)?;
        let seconds = start.elapsed().as_secs_f64();
        if let Outcome::Proved(certificate) = &outcome {
            any_proved = true;
            if let Some(out) = &args.out {
                save(certificate, out, statements.len() > 1)?;
            }
        } else {
            all_proved = false;
        }
        describe(&mut text, statement, &outcome, seconds);
        values.push(to_json(statement, &outcome, seconds));
    }
    if any_proved {
        proved::assumptions(&mut text, &ASSUMPTIONS);
    }
    let value = json!({"proved": all_proved, "statements": values});
    output::write(args.json, &value, &text)?;
    Ok(ExitCode::from(u8::from(!all_proved)))
}

fn statements(args: &CertifyArgs) -> anyhow::Result<Vec<Statement>> {
    let map = IntervalMap::of(args.selu.selu());
    let theorems = match args.statement.as_deref() {
        None => {
            let (Some(mu), Some(omega), Some(nu), Some(tau)) =
                (args.mu, args.omega, args.nu, args.tau)
            else {
                bail!(
                    "name a theorem (theorem1, theorem2, theorem3 or all), or give all of --mu, --omega, --nu and --tau"
                );
            };
            let domain = Domain::new(mu.0, omega.0, nu.0, tau.0);
            let goal = args.goal.unwrap_or(GoalName::FixedPoint);
            return Ok(vec![Statement::custom(map, domain, goal.into())]);
        }
        Some("all") => Theorem::ALL.to_vec(),
        Some(name) => vec![Theorem::from_name(name)?],
    };
    let changed = |paper: Statement| {
        let parts = paper.parts.iter().map(|&(domain, goal)| {
            let or = |range: Option<Range>, paper| range.map_or(paper, |range| range.0.into());
            let domain = Domain {
                mu: or(args.mu, domain.mu),
                omega: or(args.omega, domain.omega),
                nu: or(args.nu, domain.nu),
                tau: or(args.tau, domain.tau),
            };
            (domain, goal)
        });
        let changed = Statement {
            name: "custom".to_owned(),
            map,
            parts: parts.collect(),
        };
        // Under its own name only as the paper states it.
        if (changed.map, &changed.parts) == (paper.map, &paper.parts) {
            paper
        } else {
            changed
        }
    };
    Ok(theorems
        .into_iter()
        .map(|theorem| changed(theorem.statement()))
        .collect())
}

fn examine(statement: &Statement, budget: &Budget) -> anyhow::Result<Outcome> {
    let bar = if stderr().is_terminal() {
        ProgressBar::new_spinner()
    } else {
        ProgressBar::hidden()
    };
    let outcome = prove(statement, budget, &mut |progress| {
        bar.set_message(format!(
            "{}: {}, {} boxes, {} open",
            statement.name, progress.claim, progress.n_boxes, progress.n_open
        ));
        bar.tick();
    });
    bar.finish_and_clear();
    Ok(outcome?)
}

fn save(certificate: &Certificate, out: &Path, many: bool) -> anyhow::Result<()> {
    let file = if many {
        fs::create_dir_all(out)
            .with_context(|| format!("cannot make the folder {}", out.display()))?;
        out.join(format!("{}.json", certificate.statement))
    } else {
        out.to_owned()
    };
    let mut text = certificate.to_json()?;
    text.push('\n');
    Ok(AtomicFile::write(&file, text.as_bytes())?)
}

fn describe(text: &mut String, statement: &Statement, outcome: &Outcome, seconds: f64) {
    let name = &statement.name;
    let map = &statement.map;
    match outcome {
        Outcome::Proved(certificate) => {
            let _ = writeln!(
                text,
                "{name}: proved with {} boxes in {seconds:.2} s",
                certificate.n_boxes()
            );
            proved::describe(text, certificate);
            text.push('\n');
            return;
        }
        Outcome::Refuted(refutation) => {
            let w = &refutation.witness;
            let _ = writeln!(
                text,
                "{name}: refuted in {seconds:.2} s\n  {}:\n    not {}: at mu = {}, omega = {}, nu = {}, tau = {} it lies in {}",
                refutation.domain,
                refutation.claim,
                w.mu,
                w.omega,
                w.nu,
                w.tau,
                outward(w.value)
            );
        }
        Outcome::Undecided(open) => {
            let _ = writeln!(
                text,
                "{name}: undecided after {} boxes and {} cuts in {seconds:.2} s\n    {}: open on {} boxes, such as\n    {}, where it lies in {}\n    try more with --max-depth and --max-boxes",
                open.n_boxes,
                open.depth,
                open.claim,
                open.n_open,
                open.cell,
                outward(open.enclosure)
            );
        }
    }
    let _ = writeln!(text, "  alpha in {}, lambda in {}\n", map.alpha, map.lambda);
}

fn to_json(statement: &Statement, outcome: &Outcome, seconds: f64) -> Value {
    let head = json!({"statement": statement.name, "seconds": seconds});
    let rest = match outcome {
        Outcome::Proved(certificate) => {
            json!({"verdict": "proved", "n_boxes": certificate.n_boxes(), "certificate": certificate})
        }
        Outcome::Refuted(refutation) => json!({
            "verdict": "refuted",
            "domain": refutation.domain,
            "claim": refutation.claim,
            "witness": refutation.witness,
        }),
        Outcome::Undecided(open) => json!({
            "verdict": "undecided",
            "claim": open.claim,
            "box": open.cell,
            "enclosure": open.enclosure,
            "n_boxes": open.n_boxes,
            "n_open": open.n_open,
            "depth": open.depth,
        }),
    };
    output::merge(head, rest)
}
