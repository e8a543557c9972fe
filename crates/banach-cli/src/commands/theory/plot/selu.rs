//! SELU and its derivative.

use banach_plot::{Axis, Colour, Corner, Figure, Mark, OKABE_ITO, Panel, Stroke};
use banach_theory::Selu;

use super::even;

pub(super) fn figure(selu: Selu) -> Figure {
    let Selu { alpha, lambda } = selu;
    let negative = even(-5.0, 0.0, 201);
    let curve = |left: &dyn Fn(f64) -> f64| -> Vec<[f64; 2]> {
        negative.iter().map(|&x| [x, left(x)]).collect()
    };
    let mut value = curve(&|x| lambda * alpha * x.exp_m1());
    value.push([3.0, lambda * 3.0]);
    let mut slope = curve(&|x| lambda * alpha * x.exp());
    // The derivative jumps at 0.
    slope.extend([[0.0, f64::NAN], [0.0, lambda], [3.0, lambda]]);
    let panel = |title: &str, label: &str, low: f64, high: f64, marks| Panel {
        title: title.to_owned(),
        x: Axis::linear("x", -5.0, 3.0),
        y: Axis::linear(label, low, high),
        marks,
        legend: Some(Corner::TopLeft),
        colour_bar: None,
    };
    let level = |y: f64, label: String| Mark::Line {
        points: vec![[-5.0, y], [3.0, y]],
        stroke: Stroke::dashed(Colour::GREY),
        label,
    };
    let line = |points, colour, label: String| Mark::Line {
        points,
        stroke: Stroke::solid(colour),
        label,
    };
    let saturation = -lambda * alpha;
    let left = panel(
        "SELU",
        "selu(x)",
        1.25 * saturation,
        3.0 * lambda * 1.1,
        vec![
            level(saturation, format!("−λα = −{:.4}", lambda * alpha)),
            line(
                value,
                OKABE_ITO[0],
                format!("α = {alpha:.4}, λ = {lambda:.4}"),
            ),
        ],
    );
    let top = lambda * alpha.max(1.0);
    let right = panel(
        "derivative",
        "selu′(x)",
        -0.05 * top,
        1.3 * top,
        vec![
            level(1.0, "1: steeper units raise the variance".to_owned()),
            line(
                slope,
                OKABE_ITO[1],
                format!("λα = {:.4} at 0 from the left", lambda * alpha),
            ),
            Mark::Points {
                points: vec![[0.0, lambda * alpha]],
                colour: OKABE_ITO[1],
                radius: 3.0,
                label: String::new(),
            },
        ],
    );
    Figure {
        width: 860.0,
        height: 380.0,
        panels: vec![left, right],
    }
}
