//! A comparison as a picture: the metric on every fold, and mean ranks.

use banach_plot::{Axis, Colour, Figure, LyingBox, Mark, OKABE_ITO, Panel, Stroke};

use super::{Comparison, MethodSummary};

const WIDTH: f64 = 860.0;
/// Height of a method's line, and of everything else, in points.
const LINE: f64 = 27.0;
const REST: f64 = 85.0;
/// Share of a method's line that its box takes.
const BOX: f64 = 0.55;
/// Space beside the outermost points, as a share of the range.
const PADDING: f64 = 0.06;

/// Box plots of the metric over complete folds, the best method at the top; beside them, where there
/// is a critical difference, mean ranks as bars of its length: methods whose bars do not overlap
/// differ. `None` when no fold is complete.
#[must_use]
pub fn figure(comparison: &Comparison) -> Option<Figure> {
    let ranking = &comparison.ranking;
    let measured = |method: &&MethodSummary| !method.values.is_empty();
    // From the lowest line to the highest.
    let methods: Vec<&MethodSummary> = ranking.methods.iter().filter(measured).rev().collect();
    if methods.is_empty() {
        return None;
    }
    let mut panels = vec![boxes(
        &methods,
        comparison.metric.name(),
        &comparison.task.to_string(),
    )];
    if let Some(difference) = ranking.critical_difference {
        panels.push(ranks(&methods, difference));
    }
    Some(Figure {
        width: if panels.len() > 1 { WIDTH } else { 0.6 * WIDTH },
        height: LINE * methods.len() as f64 + REST,
        panels,
    })
}

fn names(methods: &[&MethodSummary]) -> Axis {
    let names: Vec<&str> = methods.iter().map(|method| method.method).collect();
    Axis::named("", &names)
}

fn line(at: usize) -> f64 {
    at as f64 + 0.5
}

fn boxes(methods: &[&MethodSummary], metric: &str, task: &str) -> Panel {
    // The constant is there to be beaten; by how much must not hide how the others differ.
    let others = methods.iter().filter(|method| method.method != "constant");
    let mut shown: Vec<f64> = others.flat_map(|method| &method.values).copied().collect();
    if shown.is_empty() {
        shown = methods
            .iter()
            .flat_map(|method| &method.values)
            .copied()
            .collect();
    }
    let low = shown.iter().copied().fold(f64::INFINITY, f64::min);
    let high = shown.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let room = (PADDING * (high - low)).max(1e-3 * high.abs()).max(1e-9);
    let x = Axis::linear(metric, low - room, high + room);

    let mut marks = Vec::new();
    for (at, method) in methods.iter().enumerate() {
        let y = line(at);
        let one = five_numbers(&method.values, y);
        if one.high < x.low || one.low > x.high {
            let text = format!("off the scale: {:.3}", one.median);
            marks.push(Mark::Text {
                at: [0.5 * (x.low + x.high), y],
                text,
                colour: OKABE_ITO[0],
            });
            continue;
        }
        marks.push(Mark::Boxes {
            boxes: vec![one],
            height: BOX,
            colour: colour(method),
            label: String::new(),
        });
        marks.push(Mark::Points {
            points: method.values.iter().map(|&value| [value, y]).collect(),
            colour: colour(method),
            radius: 2.2,
            label: String::new(),
        });
    }
    Panel {
        title: format!("{metric} on every fold ({task})"),
        x,
        y: names(methods),
        marks,
        legend: None,
        colour_bar: None,
    }
}

/// The self-normalizing network stands out; everything else looks alike.
fn colour(method: &MethodSummary) -> Colour {
    if method.method == "snn" {
        OKABE_ITO[1]
    } else {
        OKABE_ITO[0]
    }
}

fn five_numbers(values: &[f64], y: f64) -> LyingBox {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    // Linear interpolation between order statistics, as NumPy has it.
    let quantile = |q: f64| {
        let position = q * (sorted.len() - 1) as f64;
        let (below, share) = (position.floor() as usize, position.fract());
        let above = (below + 1).min(sorted.len() - 1);
        sorted[below] * (1.0 - share) + sorted[above] * share
    };
    LyingBox {
        y,
        low: quantile(0.0),
        lower: quantile(0.25),
        median: quantile(0.5),
        upper: quantile(0.75),
        high: quantile(1.0),
    }
}

fn ranks(methods: &[&MethodSummary], difference: f64) -> Panel {
    let half = 0.5 * difference;
    let mut marks = Vec::new();
    for (at, method) in methods.iter().enumerate() {
        let Some(rank) = method.rank else { continue };
        let y = line(at);
        marks.push(Mark::Line {
            points: vec![[rank - half, y], [rank + half, y]],
            stroke: Stroke::solid(colour(method)),
            label: String::new(),
        });
        marks.push(Mark::Points {
            points: vec![[rank, y]],
            colour: colour(method),
            radius: 4.0,
            label: String::new(),
        });
    }
    let count = methods.len() as f64;
    Panel {
        title: format!("bars apart: different at 0.05 (CD {difference:.2})"),
        x: Axis::linear("mean rank, 1 is best", 0.5 - half.min(0.5), count + 0.5),
        y: names(methods),
        marks,
        legend: None,
        colour_bar: None,
    }
}
