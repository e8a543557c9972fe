//! The field of g at omega = 0, tau = 1 (Figure 2 of arXiv:1706.02515).

use banach_plot::{Axis, Colour, ColourBar, ColourMap, Figure, Mark, OKABE_ITO, Panel};
use banach_theory::fixed_point::follow;
use banach_theory::{MomentMap, Moments, Selu};

use super::{apply, even};

/// omega of the left panel is the paper's; the right one shows a layer whose weights do not sum to 0.
const OMEGAS: [f64; 2] = [0.0, 0.1];
const TAU: f64 = 1.0;

pub(super) fn figure(selu: Selu) -> anyhow::Result<Figure> {
    let mut panels = Vec::new();
    for omega in OMEGAS {
        panels.push(panel(selu, omega)?);
    }
    Ok(Figure {
        width: 980.0,
        height: 430.0,
        panels,
    })
}

fn panel(selu: Selu, omega: f64) -> anyhow::Result<Panel> {
    let (mut arrows, mut longest) = (Vec::new(), 0.0_f64);
    for mean in even(-0.1, 0.1, 9) {
        for variance in even(0.8, 1.5, 8) {
            let next = apply(selu, omega, TAU, mean, variance)?;
            let step = (next.mean - mean).hypot(next.variance - variance);
            longest = longest.max(step);
            arrows.push(([mean, variance], [next.mean, next.variance], step));
        }
    }
    let map = MomentMap::new(selu, omega, TAU)?;
    let start = Moments {
        mean: 0.0,
        variance: 1.0,
    };
    let found = follow(|at| map.evaluate(at), start)?.fixed_point;
    let colour = |step: f64| ColourMap::Viridis.at(0.9 * step / longest);
    let mut marks = vec![
        Mark::Arrows {
            arrows: arrows
                .iter()
                .map(|&(tail, head, step)| (tail, head, colour(step)))
                .collect(),
        },
        Mark::Points {
            points: arrows.iter().map(|&(tail, ..)| tail).collect(),
            colour: Colour::GREY,
            radius: 1.6,
            label: String::new(),
        },
    ];
    marks.extend(found.map(|found| Mark::Points {
        points: vec![[found.moments.mean, found.moments.variance]],
        colour: OKABE_ITO[1],
        radius: 5.0,
        label: String::new(),
    }));
    Ok(Panel {
        title: format!("(μ, ν) → g(μ, ν),  ω = {omega}, τ = {TAU}"),
        x: Axis::linear("mean μ", -0.11, 0.11),
        y: Axis::linear("variance ν", 0.77, 1.53),
        marks,
        legend: None,
        colour_bar: Some(ColourBar {
            map: ColourMap::Viridis,
            axis: Axis::linear("length of the step", 0.0, longest / 0.9),
        }),
    })
}
