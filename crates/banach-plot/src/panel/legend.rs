//! The legend of a panel.

use super::{Corner, SMALL, draw::LIGHT};
use crate::canvas::{Anchor, Canvas, Frame, Turn};
use crate::colour::Colour;
use crate::mark::{Mark, Stroke};

const PADDING: f64 = 6.0;
const SAMPLE: f64 = 22.0;
const ROW: f64 = 15.0;

pub(super) fn draw(canvas: &mut Canvas, panel: Frame, corner: Corner, marks: &[Mark]) {
    let entries: Vec<&Mark> = marks
        .iter()
        .filter(|mark| !mark.label().is_empty())
        .collect();
    if entries.is_empty() {
        return;
    }
    let widest = entries
        .iter()
        .map(|mark| canvas.font.width(mark.label()) * SMALL)
        .fold(0.0, f64::max);
    let width = widest + SAMPLE + 3.0 * PADDING;
    let height = ROW * entries.len() as f64 + PADDING;
    let left = match corner {
        Corner::TopLeft | Corner::BottomLeft => panel.left + PADDING,
        Corner::TopRight | Corner::BottomRight => panel.right - PADDING - width,
    };
    let top = match corner {
        Corner::TopLeft | Corner::TopRight => panel.top + PADDING,
        Corner::BottomLeft | Corner::BottomRight => panel.bottom - PADDING - height,
    };
    let frame = Frame {
        left,
        top,
        right: left + width,
        bottom: top + height,
    };
    canvas.rectangle(frame, Colour::WHITE, 0.85);
    for (i, mark) in entries.into_iter().enumerate() {
        let y = top + 0.5 * PADDING + ROW * (i as f64 + 0.5);
        sample(canvas, [left + PADDING, y], mark);
        let at = [left + 2.0 * PADDING + SAMPLE, y];
        canvas.text(
            mark.label(),
            at,
            SMALL,
            Colour::BLACK,
            Anchor::Start,
            Turn::None,
        );
    }
}

fn sample(canvas: &mut Canvas, [x, y]: [f64; 2], mark: &Mark) {
    let mut line = |stroke: &Stroke| {
        let ends = vec![[x, y], [x + SAMPLE, y]];
        canvas.polyline(ends, stroke.colour, stroke.width, stroke.dash);
    };
    match mark {
        Mark::Line { stroke, .. } | Mark::Pieces { stroke, .. } | Mark::Outline { stroke, .. } => {
            line(stroke);
        }
        Mark::Band { colour, .. } | Mark::Columns { colour, .. } | Mark::Boxes { colour, .. } => {
            let frame = Frame {
                left: x,
                right: x + SAMPLE,
                top: y - 4.5,
                bottom: y + 4.5,
            };
            canvas.rectangle(frame, *colour, LIGHT);
        }
        Mark::Points { colour, radius, .. } => {
            canvas.disc([x + 0.5 * SAMPLE, y], *radius, *colour);
        }
        Mark::Arrows { .. } | Mark::HeatMap { .. } | Mark::Text { .. } => {}
    }
}
