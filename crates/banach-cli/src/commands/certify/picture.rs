//! Certified and measured moments through the layers.

use banach::certify::{MeasuredLayer, MeasuredOn, NetworkCertificate};
use banach::theory::interval::Interval;
use banach_plot::{Axis, Colour, Corner, Figure, Mark, OKABE_ITO, Panel, Stroke};

/// One of the two moments.
struct Moment {
    name: &'static str,
    certified: fn(&NetworkCertificate, usize) -> Option<Interval>,
    measured: fn(&MeasuredLayer) -> f64,
    most_units: fn(&MeasuredLayer) -> [f64; 2],
    input: fn(&NetworkCertificate) -> f64,
    allowed: fn(&NetworkCertificate) -> Interval,
}

const MEAN: Moment = Moment {
    name: "mean μ",
    certified: |certificate, layer| certificate.report.layers[layer].mean,
    measured: |layer| layer.moments.mean,
    most_units: |layer| layer.most_unit_means,
    input: |certificate| certificate.input.mean,
    allowed: |certificate| certificate.report.domain.mu,
};

const VARIANCE: Moment = Moment {
    name: "variance ν",
    certified: |certificate, layer| certificate.report.layers[layer].variance,
    measured: |layer| layer.moments.variance,
    most_units: |layer| layer.most_unit_variances,
    input: |certificate| certificate.input.variance,
    allowed: |certificate| certificate.report.domain.nu,
};

/// Layers from left to right, 0 is the input; a colour for each member.
pub(super) fn figure(certificates: &[NetworkCertificate]) -> Figure {
    Figure {
        width: 980.0,
        height: 400.0,
        panels: vec![panel(&MEAN, certificates), panel(&VARIANCE, certificates)],
    }
}

fn panel(moment: &Moment, certificates: &[NetworkCertificate]) -> Panel {
    let mut marks = Vec::new();
    let deepest = certificates
        .iter()
        .map(|certificate| certificate.names.len())
        .max();
    let deepest = deepest.unwrap_or(0).max(1) as f64;
    if let Some(first) = certificates.first() {
        let allowed = (moment.allowed)(first);
        for (end, label) in [(allowed.lo(), "allowed range"), (allowed.hi(), "")] {
            marks.push(Mark::Line {
                points: vec![[0.0, end], [deepest, end]],
                stroke: Stroke::dashed(Colour::BLACK),
                label: label.to_owned(),
            });
        }
    }
    let several = certificates.len() > 1;
    for (member, certificate) in certificates.iter().enumerate() {
        let label = |what: &str| match (several, member) {
            (false, _) | (true, 0) => what.to_owned(),
            (true, _) => String::new(),
        };
        let colour = |at: usize| OKABE_ITO[(2 * member + at) % OKABE_ITO.len()];
        let input = [0.0, (moment.input)(certificate)];
        let layers = 0..certificate.names.len();
        let certified = layers.filter_map(|layer| {
            let middle = (moment.certified)(certificate, layer)?.mid();
            Some([layer as f64 + 1.0, middle])
        });
        let certified = std::iter::once(input).chain(certified);
        if let Some(measured) = &certificate.measured {
            let (on, layers) = (measured.on, measured.layers.iter().enumerate());
            if !several {
                let most = layers.clone().map(|(layer, measured)| {
                    let [low, high] = (moment.most_units)(measured);
                    [layer as f64 + 1.0, low, high]
                });
                marks.push(Mark::Band {
                    points: most.collect(),
                    colour: colour(2),
                    label: "measured, 5% to 95% of units".to_owned(),
                });
            }
            let points =
                layers.map(|(layer, measured)| [layer as f64 + 1.0, (moment.measured)(measured)]);
            marks.push(Mark::Line {
                points: std::iter::once(input).chain(points).collect(),
                stroke: Stroke::solid(colour(2)),
                label: label(match on {
                    MeasuredOn::Rows => "measured on the rows",
                    MeasuredOn::Simulation => "measured on simulated rows",
                }),
            });
        }
        marks.push(Mark::Line {
            points: certified.collect(),
            stroke: Stroke {
                dash: Some([2.0, 2.0]),
                ..Stroke::solid(colour(1))
            },
            label: label("certified under the assumptions"),
        });
    }
    let [low, high] = ends(&marks);
    let room = 0.08 * (high - low).max(1e-6);
    Panel {
        title: format!("{} of a layer's activations", moment.name),
        x: Axis::linear("layer", 0.0, deepest),
        // The legend has the upper part to itself.
        y: Axis::linear(moment.name, low - room, high + 7.0 * room),
        marks,
        legend: Some(Corner::TopLeft),
        colour_bar: None,
    }
}

/// Smallest and largest of all that is drawn.
fn ends(marks: &[Mark]) -> [f64; 2] {
    let values = marks.iter().flat_map(|mark| match mark {
        Mark::Line { points, .. } => points.iter().map(|point| point[1]).collect(),
        Mark::Band { points, .. } => points
            .iter()
            .flat_map(|point| [point[1], point[2]])
            .collect(),
        _ => Vec::new(),
    });
    let finite = values.filter(|value| value.is_finite());
    finite.fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], value| {
        [low.min(value), high.max(value)]
    })
}
