//! Marks on a panel's plane.

use super::{Plane, SMALL};
use crate::canvas::{Anchor, Canvas, Frame, Turn};
use crate::colour::{Colour, ColourMap};
use crate::mark::{Grid, LyingBox, Mark, Stroke};

/// Opacity of bands and columns, through which lines behind stay visible.
pub(super) const LIGHT: f64 = 0.22;

/// Width of a box's lines in points.
const WHISKER: f64 = 1.3;

/// Length and half width of an arrow's head in points, at most this share of the arrow.
const HEAD: [f64; 2] = [5.0, 2.4];
const HEAD_SHARE: f64 = 0.6;

pub(super) fn mark(canvas: &mut Canvas, plane: &Plane<'_>, mark: &Mark) {
    match mark {
        Mark::Line { points, stroke, .. } => line(canvas, plane, points, *stroke),
        Mark::Band { points, colour, .. } => {
            let upper = points.iter().map(|&[x, _, high]| plane.point([x, high]));
            let lower = points
                .iter()
                .rev()
                .map(|&[x, low, _]| plane.point([x, low]));
            canvas.polygon(upper.chain(lower).collect(), *colour, LIGHT);
        }
        Mark::Points {
            points,
            colour,
            radius,
            ..
        } => {
            for &point in points {
                let at = plane.point(point);
                canvas.disc(at, radius + 0.8, Colour::WHITE);
                canvas.disc(at, *radius, *colour);
            }
        }
        Mark::Arrows { arrows } => {
            for (tail, head, colour) in arrows {
                arrow(canvas, plane.point(*tail), plane.point(*head), *colour);
            }
        }
        Mark::HeatMap {
            grid,
            map,
            low,
            high,
        } => heat_map(canvas, plane, grid, *map, [*low, *high]),
        Mark::Pieces { pieces, stroke, .. } => {
            for piece in pieces {
                line(canvas, plane, piece, *stroke);
            }
        }
        Mark::Outline {
            low, high, stroke, ..
        } => {
            let ([l, b], [r, t]) = (*low, *high);
            line(
                canvas,
                plane,
                &[[l, b], [r, b], [r, t], [l, t], [l, b]],
                *stroke,
            );
        }
        Mark::Columns {
            from, to, colour, ..
        } => {
            let frame = Frame {
                left: plane.x(*from),
                right: plane.x(*to),
                ..plane.frame
            };
            canvas.rectangle(frame, *colour, LIGHT);
        }
        Mark::Boxes {
            boxes,
            height,
            colour,
            ..
        } => {
            for one in boxes {
                lying_box(canvas, plane, one, *height, *colour);
            }
        }
        Mark::Text { at, text, colour } => {
            let at = plane.point(*at);
            canvas.text(text, at, SMALL, *colour, Anchor::Middle, Turn::None);
        }
    }
}

/// Points that are not finite end a piece of the line.
fn line(canvas: &mut Canvas, plane: &Plane<'_>, points: &[[f64; 2]], stroke: Stroke) {
    for piece in points.split(|[x, y]| !(x.is_finite() && y.is_finite())) {
        let piece: Vec<_> = piece.iter().map(|&point| plane.point(point)).collect();
        if piece.len() > 1 {
            canvas.polyline(piece, stroke.colour, stroke.width, stroke.dash);
        }
    }
}

fn lying_box(canvas: &mut Canvas, plane: &Plane<'_>, one: &LyingBox, height: f64, colour: Colour) {
    let y = plane.y(one.y);
    let (top, bottom) = (plane.y(one.y + 0.5 * height), plane.y(one.y - 0.5 * height));
    let [low, lower, median, upper, high] =
        [one.low, one.lower, one.median, one.upper, one.high].map(|x| plane.x(x));
    canvas.line([low, y], [lower, y], colour, WHISKER);
    canvas.line([upper, y], [high, y], colour, WHISKER);
    for end in [low, high] {
        let half = 0.25 * (bottom - top);
        canvas.line([end, y - half], [end, y + half], colour, WHISKER);
    }
    let frame = Frame {
        left: lower,
        right: upper,
        top,
        bottom,
    };
    canvas.rectangle(frame, colour, LIGHT);
    let corners = vec![
        [lower, top],
        [upper, top],
        [upper, bottom],
        [lower, bottom],
        [lower, top],
    ];
    canvas.polyline(corners, colour, WHISKER, None);
    canvas.line([median, top], [median, bottom], colour, 2.0 * WHISKER);
}

fn arrow(canvas: &mut Canvas, tail: [f64; 2], head: [f64; 2], colour: Colour) {
    let (dx, dy) = (head[0] - tail[0], head[1] - tail[1]);
    let length = dx.hypot(dy);
    if !(length > 0.0 && length.is_finite()) {
        return;
    }
    let (ux, uy) = (dx / length, dy / length);
    let shrink = (HEAD_SHARE * length / HEAD[0]).min(1.0);
    let (long, half) = (HEAD[0] * shrink, HEAD[1] * shrink);
    let neck = [head[0] - ux * long, head[1] - uy * long];
    canvas.line(tail, neck, colour, 1.1);
    let corners = vec![
        head,
        [neck[0] - uy * half, neck[1] + ux * half],
        [neck[0] + uy * half, neck[1] - ux * half],
    ];
    canvas.polygon(corners, colour, 1.0);
}

fn heat_map(
    canvas: &mut Canvas,
    plane: &Plane<'_>,
    grid: &Grid,
    map: ColourMap,
    [low, high]: [f64; 2],
) {
    let columns = edges(grid.x.iter().map(|&x| plane.x(x)).collect());
    let rows = edges(grid.y.iter().map(|&y| plane.y(y)).collect());
    for (j, row) in rows.windows(2).enumerate() {
        for (i, column) in columns.windows(2).enumerate() {
            let value = grid.values[j * grid.x.len() + i];
            if !value.is_finite() {
                continue;
            }
            let cell = Frame {
                left: column[0],
                right: column[1],
                top: row[1],
                bottom: row[0],
            };
            canvas.rectangle(cell, map.at((value - low) / (high - low)), 1.0);
        }
    }
}

/// Borders of cells: midway between their centres, and as far beyond the first and last.
fn edges(centres: Vec<f64>) -> Vec<f64> {
    let mut edges: Vec<f64> = centres
        .windows(2)
        .map(|pair| 0.5 * (pair[0] + pair[1]))
        .collect();
    if let (Some(&first), Some(&last), [from, .., to]) = (edges.first(), edges.last(), &centres[..])
    {
        edges.insert(0, 2.0 * from - first);
        edges.push(2.0 * to - last);
    }
    edges
}
