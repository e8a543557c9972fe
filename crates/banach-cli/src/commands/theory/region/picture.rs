//! The map of certified cells.

use banach_plot::{Axis, Colour, ColourMap, Corner, Figure, Grid, Mark, Panel, Stroke};
use banach_theory::interval::Interval;
use banach_theory::region::{CellProof, RegionReport};

/// Cells as colours, with the paper's weights outlined.
pub(super) fn figure(report: &RegionReport) -> Figure {
    let middles = |range: Interval, n: usize| {
        let step = (range.hi() - range.lo()) / n as f64;
        (0..n)
            .map(|k| range.lo() + step * (k as f64 + 0.5))
            .collect::<Vec<_>>()
    };
    let grid = Grid {
        x: middles(report.omega, report.n_omega),
        y: middles(report.tau, report.n_tau),
        values: report
            .cells
            .iter()
            .map(|cell| match cell {
                CellProof::Nothing => f64::NAN,
                CellProof::OwnDomain { .. } => OWN,
                CellProof::CommonDomain => COMMON,
            })
            .collect(),
    };
    let square = |shade: f64, label: &str| Mark::Points {
        points: Vec::new(),
        colour: ColourMap::Viridis.at(shade),
        radius: 5.0,
        label: label.to_owned(),
    };
    // Above the cells, for the legend.
    let room = 0.2 * (report.tau.hi() - report.tau.lo());
    Figure {
        width: 620.0,
        height: 560.0,
        panels: vec![Panel {
            title: "Weights for which g provably has an attracting fixed point".to_owned(),
            x: Axis::linear("sum of weights ω", report.omega.lo(), report.omega.hi()),
            y: Axis::linear(
                "sum of squared weights τ",
                report.tau.lo(),
                report.tau.hi() + room,
            ),
            marks: vec![
                Mark::HeatMap {
                    grid,
                    map: ColourMap::Viridis,
                    low: 0.0,
                    high: 1.0,
                },
                square(
                    COMMON,
                    &format!("with μ in {}, ν in {} for all", report.mu, report.nu),
                ),
                square(OWN, "with a rectangle of (μ, ν) of its own"),
                Mark::Outline {
                    low: [-0.1, 0.95],
                    high: [0.1, 1.1],
                    stroke: Stroke::solid(Colour::BLACK),
                    label: "Theorem 1".to_owned(),
                },
                Mark::Points {
                    points: vec![[0.0, 1.0]],
                    colour: Colour::BLACK,
                    radius: 3.0,
                    label: "initialisation".to_owned(),
                },
            ],
            legend: Some(Corner::TopLeft),
            colour_bar: None,
        }],
    }
}

/// Places on the colour map: far apart, readable under the black marks.
const OWN: f64 = 0.45;
const COMMON: f64 = 0.95;
