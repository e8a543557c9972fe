//! Mean and variance through the depth of random networks, beside the map.

use banach_plot::{Axis, Colour, Corner, Figure, Mark, OKABE_ITO, Panel, Stroke};
use banach_theory::propagate::{
    LayerProfile, PropagateOptions, PropagateReport, Spread, propagate,
};
use banach_theory::{Moments, Selu};

use super::PlotArgs;

pub(super) fn figure(args: &PlotArgs, selu: Selu) -> anyhow::Result<Figure> {
    let threads = args.threads.number()?;
    let mut reports = Vec::new();
    for &width in &args.width {
        let options = PropagateOptions {
            selu,
            n_layers: args.layers,
            width,
            n_samples: args.samples,
            seed: args.seed,
            ..PropagateOptions::default()
        };
        reports.push(propagate(&options, threads)?);
    }
    let mean = panel("mean μ", &reports, |layer| layer.mean, |at| at.mean);
    let variance = panel(
        "variance ν",
        &reports,
        |layer| layer.variance,
        |at| at.variance,
    );
    Ok(Figure {
        width: 980.0,
        height: 400.0,
        panels: vec![mean, variance],
    })
}

fn panel(
    label: &str,
    reports: &[PropagateReport],
    spread: fn(&LayerProfile) -> Spread,
    predicted: fn(&Moments) -> f64,
) -> Panel {
    let mut marks = Vec::new();
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    for (i, report) in reports.iter().enumerate() {
        let colour = OKABE_ITO[(i + 1) % OKABE_ITO.len()];
        let over = |value: fn(Spread) -> f64| -> Vec<f64> {
            report
                .layers
                .iter()
                .map(|layer| value(spread(layer)))
                .collect()
        };
        let (from, to) = (
            over(|s| s.average - s.deviation),
            over(|s| s.average + s.deviation),
        );
        low = from.iter().copied().fold(low, f64::min);
        high = to.iter().copied().fold(high, f64::max);
        let points = (0..from.len())
            .map(|k| [k as f64, from[k], to[k]])
            .collect();
        marks.push(Mark::Band {
            points,
            colour,
            label: format!("{} units wide, ± 1 standard deviation", report.width),
        });
        let averages = over(|s| s.average).into_iter().enumerate();
        marks.push(Mark::Line {
            points: averages.map(|(k, average)| [k as f64, average]).collect(),
            stroke: Stroke::solid(colour),
            label: format!("average of {} networks", report.n_samples),
        });
    }
    let layers = reports.first().map_or(&[][..], |report| &report.layers);
    let map: Vec<[f64; 2]> = layers
        .iter()
        .map(|layer| [layer.layer as f64, predicted(&layer.predicted)])
        .collect();
    for point in &map {
        (low, high) = (low.min(point[1]), high.max(point[1]));
    }
    marks.push(Mark::Line {
        points: map,
        stroke: Stroke::dashed(Colour::BLACK),
        label: "the map g".to_owned(),
    });
    let room = 0.08 * (high - low).max(1e-6);
    Panel {
        title: format!("{label} of a layer's units"),
        x: Axis::linear("layer", 0.0, layers.len().max(2) as f64 - 1.0),
        // The legend has the upper part to itself.
        y: Axis::linear(label, low - room, high + 7.0 * room),
        marks,
        legend: Some(Corner::TopLeft),
        colour_bar: None,
    }
}
