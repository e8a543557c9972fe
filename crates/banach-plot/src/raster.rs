//! A canvas as PNG bytes.

use tiny_skia::{
    Color, FillRule, LineJoin, Mask, Paint, Path, PathBuilder, Pixmap, Rect, Stroke, StrokeDash,
    Transform,
};

use crate::canvas::{Canvas, Frame, Shape, Turn};
use crate::colour::Colour;
use crate::error::PlotError;
use crate::font::OutlineStep;

/// More than any screen or page has; keeps memory below 400 MB.
const MAX_PIXELS: f64 = 1e8;

/// PNG of `width` x `height` points with `scale` pixels for a point.
pub(crate) fn png(
    canvas: &Canvas,
    width: f64,
    height: f64,
    scale: f64,
) -> Result<Vec<u8>, PlotError> {
    let size = PlotError::Size {
        width,
        height,
        scale,
    };
    let (columns, rows) = ((width * scale).round(), (height * scale).round());
    if !(columns >= 1.0 && rows >= 1.0 && columns * rows <= MAX_PIXELS) {
        return Err(size);
    }
    let mut pixmap = Pixmap::new(columns as u32, rows as u32).ok_or(size)?;
    pixmap.fill(Color::WHITE);
    let transform = Transform::from_scale(scale as f32, scale as f32);
    let mut clip: Option<Mask> = None;
    for shape in &canvas.shapes {
        match shape {
            Shape::Polygon {
                points,
                fill,
                opacity,
            } => {
                if let Some(path) = path(points, true) {
                    let paint = paint(*fill, *opacity);
                    pixmap.fill_path(&path, &paint, FillRule::Winding, transform, clip.as_ref());
                }
            }
            Shape::Rectangle {
                frame,
                fill,
                opacity,
            } => {
                if let Some(rect) = rect(*frame) {
                    let mut paint = paint(*fill, *opacity);
                    paint.anti_alias = false;
                    pixmap.fill_rect(rect, &paint, transform, clip.as_ref());
                }
            }
            Shape::Disc {
                centre: [x, y],
                radius,
                fill,
            } => {
                let path = PathBuilder::from_circle(*x as f32, *y as f32, *radius as f32);
                if let Some(path) = path {
                    let paint = paint(*fill, 1.0);
                    pixmap.fill_path(&path, &paint, FillRule::Winding, transform, clip.as_ref());
                }
            }
            Shape::Polyline {
                points,
                colour,
                width,
                dash,
            } => {
                if let Some(path) = path(points, false) {
                    let stroke = Stroke {
                        width: *width as f32,
                        line_join: LineJoin::Round,
                        dash: dash.and_then(|[on, off]| {
                            StrokeDash::new(vec![on as f32, off as f32], 0.0)
                        }),
                        ..Stroke::default()
                    };
                    let paint = paint(*colour, 1.0);
                    pixmap.stroke_path(&path, &paint, &stroke, transform, clip.as_ref());
                }
            }
            Shape::Text {
                text,
                at,
                size,
                colour,
                turn,
            } => {
                if let Some(path) = text_path(&canvas.font.outline(text), *at, *size, *turn) {
                    let paint = paint(*colour, 1.0);
                    pixmap.fill_path(&path, &paint, FillRule::Winding, transform, clip.as_ref());
                }
            }
            Shape::Clip(None) => clip = None,
            Shape::Clip(Some(frame)) => {
                clip = rect(*frame)
                    .zip(Mask::new(pixmap.width(), pixmap.height()))
                    .map(|(rect, mut mask)| {
                        let path = PathBuilder::from_rect(rect);
                        mask.fill_path(&path, FillRule::Winding, false, transform);
                        mask
                    });
            }
        }
    }
    pixmap.encode_png().map_err(|error| PlotError::Png {
        reason: error.to_string(),
    })
}

fn rect(frame: Frame) -> Option<Rect> {
    let Frame {
        left,
        top,
        right,
        bottom,
    } = frame;
    Rect::from_ltrb(left as f32, top as f32, right as f32, bottom as f32)
}

fn paint(colour: Colour, opacity: f64) -> Paint<'static> {
    let mut paint = Paint::default();
    let alpha = (opacity * 255.0).round() as u8;
    paint.set_color_rgba8(colour.red, colour.green, colour.blue, alpha);
    paint
}

/// None where there is nothing to draw.
fn path(points: &[[f64; 2]], closed: bool) -> Option<Path> {
    let mut builder = PathBuilder::new();
    for (i, [x, y]) in points.iter().enumerate() {
        if i == 0 {
            builder.move_to(*x as f32, *y as f32);
        } else {
            builder.line_to(*x as f32, *y as f32);
        }
    }
    if closed {
        builder.close();
    }
    builder.finish()
}

fn text_path(outline: &[OutlineStep], at: [f64; 2], size: f64, turn: Turn) -> Option<Path> {
    let place = |[x, y]: [f64; 2]| {
        let [x, y] = match turn {
            Turn::None => [at[0] + size * x, at[1] + size * y],
            Turn::Up => [at[0] + size * y, at[1] - size * x],
        };
        (x as f32, y as f32)
    };
    let mut builder = PathBuilder::new();
    for step in outline {
        match *step {
            OutlineStep::Move(to) => {
                let (x, y) = place(to);
                builder.move_to(x, y);
            }
            OutlineStep::Line(to) => {
                let (x, y) = place(to);
                builder.line_to(x, y);
            }
            OutlineStep::Quad(over, to) => {
                let ((x1, y1), (x, y)) = (place(over), place(to));
                builder.quad_to(x1, y1, x, y);
            }
            OutlineStep::Close => builder.close(),
        }
    }
    builder.finish()
}
