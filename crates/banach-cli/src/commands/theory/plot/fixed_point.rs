//! Mean and variance of the fixed point as functions of omega and tau.

use banach_plot::{
    Axis, Colour, ColourBar, ColourMap, Corner, Figure, Grid, Mark, Panel, Stroke, contour,
};
use banach_theory::fixed_point::follow;
use banach_theory::{FixedPoint, MomentMap, Moments, Outcome, Selu};

use super::even;

const OMEGA: [f64; 2] = [-0.4, 0.4];
const TAU: [f64; 2] = [0.8, 1.3];
const CELLS: usize = 81;

pub(super) fn figure(selu: Selu) -> anyhow::Result<Figure> {
    let omegas = even(OMEGA[0], OMEGA[1], CELLS);
    let taus = even(TAU[0], TAU[1], CELLS);
    let mut found = Vec::new();
    for &tau in &taus {
        for &omega in &omegas {
            found.push(attracting(selu, omega, tau)?);
        }
    }
    let grid = |value: fn(&FixedPoint) -> f64| Grid {
        x: omegas.clone(),
        y: taus.clone(),
        values: found
            .iter()
            .map(|found| found.as_ref().map_or(f64::NAN, value))
            .collect(),
    };
    let mean = grid(|found| found.moments.mean);
    let variance = grid(|found| found.moments.variance);
    let extent = |grid: &Grid| {
        let finite = grid
            .values
            .iter()
            .copied()
            .filter(|value| value.is_finite());
        let (low, high) = finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
            (low.min(value), high.max(value))
        });
        (low, high)
    };
    let (low, high) = extent(&mean);
    let most = low.abs().max(high.abs());
    let mean = panel(
        "mean of the fixed point",
        mean,
        ColourMap::BlueRed,
        [-most, most],
        (0.0, 0.05),
    );
    let (low, high) = extent(&variance);
    let variance = panel(
        "variance of the fixed point",
        variance,
        ColourMap::Viridis,
        [low, high],
        (1.0, 0.25),
    );
    Ok(Figure {
        width: 980.0,
        height: 430.0,
        panels: vec![mean, variance],
    })
}

fn attracting(selu: Selu, omega: f64, tau: f64) -> anyhow::Result<Option<FixedPoint>> {
    let map = MomentMap::new(selu, omega, tau)?;
    let start = Moments {
        mean: 0.0,
        variance: 1.0,
    };
    let report = follow(|at| map.evaluate(at), start)?;
    Ok(report
        .fixed_point
        .filter(|_| report.outcome == Outcome::Attracted))
}

/// A heat map with a strong line at `level` and weak ones at multiples of `step` from it.
fn panel(
    title: &str,
    grid: Grid,
    map: ColourMap,
    [low, high]: [f64; 2],
    (level, step): (f64, f64),
) -> Panel {
    let strong = contour(&grid, level);
    let steps = ((low - level) / step).ceil() as i32..=((high - level) / step) as i32;
    let weak = steps
        .filter(|&k| k != 0)
        .flat_map(|k| contour(&grid, level + f64::from(k) * step))
        .collect();
    let thin = Stroke {
        width: 0.7,
        ..Stroke::solid(Colour::BLACK)
    };
    Panel {
        title: title.to_owned(),
        x: Axis::linear("ω, sum of the weights", OMEGA[0], OMEGA[1]),
        y: Axis::linear("τ, sum of the squared weights", TAU[0], TAU[1]),
        marks: vec![
            Mark::HeatMap {
                grid,
                map,
                low,
                high,
            },
            Mark::Pieces {
                pieces: weak,
                stroke: thin,
                label: format!("steps of {step}"),
            },
            Mark::Pieces {
                pieces: strong,
                stroke: Stroke::solid(Colour::BLACK),
                label: format!("{level}"),
            },
            Mark::Outline {
                low: [-0.1, 0.95],
                high: [0.1, 1.1],
                stroke: Stroke::dashed(Colour::BLACK),
                label: "weights of Theorem 1".to_owned(),
            },
        ],
        legend: Some(Corner::TopRight),
        colour_bar: Some(ColourBar {
            map,
            axis: Axis::linear(title, low, high),
        }),
    }
}
