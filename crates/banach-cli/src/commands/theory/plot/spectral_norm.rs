//! The spectral norm of the Jacobian: where g contracts.

use banach_plot::{
    Axis, Colour, ColourBar, ColourMap, Corner, Figure, Grid, Mark, Panel, Stroke, contour,
};
use banach_theory::{MomentMap, Moments, Selu};

use super::even;

const MU: [f64; 2] = [-0.6, 0.6];
const NU: [f64; 2] = [0.2, 2.2];
const CELLS: usize = 81;

/// Points per direction of Theorem 1's weights that the greatest norm is taken over; it lies at their border.
const WEIGHTS: usize = 5;

pub(super) fn figure(selu: Selu) -> anyhow::Result<Figure> {
    let initial = panel(selu, "at initialisation (ω = 0, τ = 1)", &[(0.0, 1.0)])?;
    let mut weights = Vec::new();
    for omega in even(-0.1, 0.1, WEIGHTS) {
        for tau in even(0.95, 1.1, WEIGHTS) {
            weights.push((omega, tau));
        }
    }
    let worst = panel(
        selu,
        "greatest over ω in [−0.1, 0.1], τ in [0.95, 1.1]",
        &weights,
    )?;
    Ok(Figure {
        width: 980.0,
        height: 430.0,
        panels: vec![initial, worst],
    })
}

fn panel(selu: Selu, title: &str, weights: &[(f64, f64)]) -> anyhow::Result<Panel> {
    let (means, variances) = (even(MU[0], MU[1], CELLS), even(NU[0], NU[1], CELLS));
    let mut values = Vec::new();
    for &variance in &variances {
        for &mean in &means {
            let mut norm = 0.0_f64;
            for &(omega, tau) in weights {
                let (_, jacobian) =
                    MomentMap::new(selu, omega, tau)?.evaluate(Moments { mean, variance })?;
                norm = norm.max(jacobian.spectral_norm());
            }
            values.push(norm);
        }
    }
    let grid = Grid {
        x: means,
        y: variances,
        values,
    };
    let border = contour(&grid, 1.0);
    let weak = [0.7, 0.8, 0.9, 1.1]
        .into_iter()
        .flat_map(|level| contour(&grid, level))
        .collect();
    let thin = Stroke {
        width: 0.7,
        ..Stroke::solid(Colour::WHITE)
    };
    let (low, high) = (0.6, 1.2);
    Ok(Panel {
        title: title.to_owned(),
        x: Axis::linear("mean μ", MU[0], MU[1]),
        y: Axis::linear("variance ν", NU[0], NU[1]),
        marks: vec![
            Mark::HeatMap {
                grid,
                map: ColourMap::Viridis,
                low,
                high,
            },
            Mark::Pieces {
                pieces: weak,
                stroke: thin,
                label: String::new(),
            },
            Mark::Pieces {
                pieces: border,
                stroke: Stroke::solid(Colour::WHITE),
                label: String::new(),
            },
            Mark::Outline {
                low: [-0.1, 0.8],
                high: [0.1, 1.5],
                stroke: Stroke::dashed(Colour::BLACK),
                label: "domain of Theorem 1".to_owned(),
            },
        ],
        legend: Some(Corner::TopRight),
        colour_bar: Some(ColourBar {
            map: ColourMap::Viridis,
            axis: Axis::linear("spectral norm (strong line: 1)", low, high),
        }),
    })
}
