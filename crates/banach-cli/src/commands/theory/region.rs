//! `banach theory region`.

#[cfg(feature = "plot")]
mod picture;

use std::fmt::Write as _;
use std::io::{IsTerminal, stderr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use banach_theory::interval_map::IntervalMap;
use banach_theory::region::{Extent, RegionOptions, RegionReport, region};
use clap::Args;
use indicatif::ProgressBar;
use serde_json::json;

use super::ranges::{inward, parse};
use super::{SeluArgs, number, output};
use crate::options::Threads;
#[cfg(feature = "plot")]
use crate::picture::PictureFormat;

/// How far weights may drift before the guarantee of a fixed point ends: a proof for each cell of (omega, tau)
///
/// A cell is certified in the common rectangle of (mu, nu) when g maps that rectangle into itself and contracts there for every
/// (omega, tau) of the cell: layers may then differ and change within all such cells. Other cells may have a rectangle of their
/// own, which holds for layers that all stay in that cell. Exit status 1 when the cell at omega = 0, tau = 1 is not certified.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  banach theory region --out region.svg
  banach theory region --omega -0.2,0.2 --tau 0.9,1.2 --cells 40")]
pub(super) struct RegionArgs {
    /// Range of omega, the sum of a unit's weights
    #[arg(long, value_name = "A,B", value_parser = parse_range, default_value = "-0.9,0.9", allow_hyphen_values = true)]
    omega: Range,
    /// Range of tau, the sum of a unit's squared weights
    #[arg(long, value_name = "A,B", value_parser = parse_range, default_value = "0.5,2.6")]
    tau: Range,
    /// Means of the common rectangle
    #[arg(long, value_name = "A,B", value_parser = parse_range, default_value = "-0.1,0.1", allow_hyphen_values = true)]
    mu: Range,
    /// Variances of the common rectangle
    #[arg(long, value_name = "A,B", value_parser = parse_range, default_value = "0.8,1.5")]
    nu: Range,
    /// Cells in each direction [default: 72 along omega, 84 along tau]
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1000))]
    cells: Option<u16>,
    /// Maximum number of boxes for the claim on a cell
    #[arg(long, default_value_t = RegionOptions::default().max_boxes)]
    max_boxes: usize,
    #[command(flatten)]
    selu: SeluArgs,
    /// Draw the map into this .svg or .png file
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
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

pub(super) fn run(args: &RegionArgs) -> anyhow::Result<ExitCode> {
    // Before the search, which may take minutes.
    if let Some(out) = &args.out {
        check_picture(out)?;
    }
    let standard = RegionOptions::default();
    let options = RegionOptions {
        map: IntervalMap::of(args.selu.selu()),
        omega: args.omega.0.into(),
        tau: args.tau.0.into(),
        n_omega: args.cells.map_or(standard.n_omega, usize::from),
        n_tau: args.cells.map_or(standard.n_tau, usize::from),
        mu: args.mu.0.into(),
        nu: args.nu.0.into(),
        max_boxes: args.max_boxes,
        threads: number(args.threads)?,
    };
    let start = Instant::now();
    let bar = if stderr().is_terminal() {
        ProgressBar::new(0)
    } else {
        ProgressBar::hidden()
    };
    let report = region(&options, &mut |done, all| {
        bar.set_length(all as u64);
        bar.set_position(done as u64);
    })?;
    bar.finish_and_clear();
    let seconds = start.elapsed().as_secs_f64();
    if let Some(out) = &args.out {
        draw(&report, out)?;
    }
    let value = json!({"seconds": seconds, "region": report});
    output::write(args.json, &value, &describe(&report, seconds))?;
    Ok(ExitCode::from(u8::from(report.any.is_none())))
}

fn describe(report: &RegionReport, seconds: f64) -> String {
    let mut text = format!(
        "{} x {} cells over omega in {}, tau in {} examined in {seconds:.1} s\n",
        report.n_omega, report.n_tau, report.omega, report.tau
    );
    let mut say = |what: &str, extent: Option<Extent>| {
        // Writing into a String cannot fail.
        let _ = match extent {
            None => writeln!(text, "{what}: not even around omega = 0, tau = 1"),
            Some(extent) => writeln!(
                text,
                "{what}: {} cells around (0, 1), area {:.3}\n  at tau = 1 for omega in {}\n  at omega = 0 for tau in {}",
                extent.n_cells,
                extent.area,
                inward(extent.omega_at_tau_1),
                inward(extent.tau_at_omega_0)
            ),
        };
    };
    let common = format!(
        "one rectangle for all, mu in {}, nu in {}",
        report.mu, report.nu
    );
    say(&common, report.common);
    say("each cell with a rectangle of its own", report.any);
    text
}

#[cfg(feature = "plot")]
fn check_picture(out: &Path) -> anyhow::Result<()> {
    PictureFormat::of("--out", out).map(drop)
}

#[cfg(feature = "plot")]
fn draw(report: &RegionReport, out: &Path) -> anyhow::Result<()> {
    PictureFormat::of("--out", out)?.write(&picture::figure(report), 2.0, out)
}

#[cfg(not(feature = "plot"))]
fn check_picture(_out: &Path) -> anyhow::Result<()> {
    anyhow::bail!("{}", crate::commands::absent::message("--out", "plot"))
}

#[cfg(not(feature = "plot"))]
fn draw(_report: &RegionReport, out: &Path) -> anyhow::Result<()> {
    check_picture(out)
}
