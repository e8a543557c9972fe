//! Trajectories of mean and variance into the fixed point.

use banach_plot::{Axis, Colour, Corner, Figure, Mark, OKABE_ITO, Panel, Stroke};
use banach_theory::{MomentMap, Moments, Selu};

const STARTS: [(f64, f64); 10] = [
    (-1.0, 0.05),
    (-0.6, 0.02),
    (0.0, 0.02),
    (0.8, 0.05),
    (1.0, 0.5),
    (1.0, 8.0),
    (0.3, 14.0),
    (-0.4, 14.0),
    (-1.0, 8.0),
    (-1.0, 0.7),
];

/// omega and tau of the panels: the initialisation, and a corner of Theorem 1's domain.
const WEIGHTS: [(f64, f64); 2] = [(0.0, 1.0), (0.1, 1.1)];

pub(super) fn figure(selu: Selu, layers: usize) -> anyhow::Result<Figure> {
    let mut panels = Vec::new();
    for (omega, tau) in WEIGHTS {
        panels.push(panel(selu, omega, tau, layers)?);
    }
    Ok(Figure {
        width: 980.0,
        height: 430.0,
        panels,
    })
}

fn panel(selu: Selu, omega: f64, tau: f64, layers: usize) -> anyhow::Result<Panel> {
    let map = MomentMap::new(selu, omega, tau)?;
    let mut marks = Vec::new();
    let (mut starts, mut ends) = (Vec::new(), Vec::new());
    for (i, (mean, variance)) in STARTS.into_iter().enumerate() {
        let colour = OKABE_ITO[i % OKABE_ITO.len()];
        let mut at = Moments { mean, variance };
        let mut points = vec![[mean, variance]];
        for _ in 0..layers {
            at = map.apply(at)?;
            points.push([at.mean, at.variance]);
        }
        starts.push([mean, variance]);
        ends.push([at.mean, at.variance]);
        let stroke = Stroke {
            width: 1.2,
            ..Stroke::solid(colour)
        };
        marks.push(Mark::Line {
            points: points.clone(),
            stroke,
            label: String::new(),
        });
        marks.push(Mark::Points {
            points,
            colour,
            radius: 1.7,
            label: String::new(),
        });
    }
    marks.push(Mark::Points {
        points: starts,
        colour: Colour::GREY,
        radius: 3.0,
        label: "input".to_owned(),
    });
    marks.push(Mark::Points {
        points: ends,
        colour: Colour::BLACK,
        radius: 4.5,
        label: format!("after {layers} layers"),
    });
    Ok(Panel {
        title: format!("ω = {omega}, τ = {tau}: one dot per layer"),
        x: Axis::linear("mean μ", -1.2, 1.2),
        y: Axis::log("variance ν", 0.01, 20.0),
        marks,
        legend: Some(Corner::BottomRight),
        colour_bar: None,
    })
}
