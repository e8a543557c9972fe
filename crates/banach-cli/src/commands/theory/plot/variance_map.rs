//! The variance after a layer for each variance before it, with the regions of Theorems 2 and 3.

use banach_plot::{Axis, Colour, Corner, Figure, Mark, OKABE_ITO, Panel, Stroke};
use banach_theory::Selu;

use super::{apply, even, even_log};

const NU: [f64; 2] = [0.01, 30.0];
const POINTS: usize = 121;

pub(super) fn figure(selu: Selu) -> anyhow::Result<Figure> {
    let variances = even_log(NU[0], NU[1], POINTS);
    // Theorem 2 has mu in [-1, 1], Theorem 3 mu in [-0.1, 0.1]; both omega in [-0.1, 0.1] and tau in [0.8, 1.25].
    let wide = band(selu, &variances, 1.0)?;
    let narrow = band(selu, &variances, 0.1)?;
    let mut centre = Vec::new();
    for &variance in &variances {
        centre.push([variance, apply(selu, 0.0, 1.0, 0.0, variance)?.variance]);
    }
    let panel = Panel {
        title: "variance after a layer".to_owned(),
        x: Axis::log("variance ν before", NU[0], NU[1]),
        y: Axis::log("variance after", NU[0], NU[1]),
        marks: vec![
            Mark::Columns {
                from: 0.02,
                to: 0.16,
                colour: OKABE_ITO[4],
                label: "Theorem 3: the variance grows".to_owned(),
            },
            Mark::Columns {
                from: 3.0,
                to: 16.0,
                colour: OKABE_ITO[2],
                label: "Theorem 2: the variance falls".to_owned(),
            },
            Mark::Band {
                points: wide,
                colour: OKABE_ITO[5],
                label: "μ in [−1, 1], ω in [−0.1, 0.1], τ in [0.8, 1.25]".to_owned(),
            },
            Mark::Band {
                points: narrow,
                colour: OKABE_ITO[0],
                label: "μ in [−0.1, 0.1], ω and τ the same".to_owned(),
            },
            Mark::Line {
                points: vec![[NU[0], NU[0]], [NU[1], NU[1]]],
                stroke: Stroke::dashed(Colour::BLACK),
                label: "unchanged".to_owned(),
            },
            Mark::Line {
                points: centre,
                stroke: Stroke::solid(OKABE_ITO[0]),
                label: "μ = 0, ω = 0, τ = 1".to_owned(),
            },
            Mark::Points {
                points: vec![[1.0, 1.0]],
                colour: OKABE_ITO[1],
                radius: 4.0,
                label: String::new(),
            },
        ],
        legend: Some(Corner::TopLeft),
        colour_bar: None,
    };
    Ok(Figure {
        width: 640.0,
        height: 560.0,
        panels: vec![panel],
    })
}

/// Least and greatest variance over a grid of |mu| <= `reach` and the weights; both lie at corners.
fn band(selu: Selu, variances: &[f64], reach: f64) -> anyhow::Result<Vec<[f64; 3]>> {
    let mut band = Vec::new();
    for &variance in variances {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for mean in even(-reach, reach, 5) {
            for omega in even(-0.1, 0.1, 5) {
                for tau in [0.8, 1.25] {
                    let next = apply(selu, omega, tau, mean, variance)?.variance;
                    (low, high) = (low.min(next), high.max(next));
                }
            }
        }
        band.push([variance, low, high]);
    }
    Ok(band)
}
