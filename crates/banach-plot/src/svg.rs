//! A canvas as SVG text.

use std::fmt::{self, Write};

use crate::canvas::{Canvas, Frame, Shape, Turn};
use crate::colour::Colour;
use crate::font::FAMILY;

/// SVG of `width` x `height` points.
pub(crate) fn svg(canvas: &Canvas, width: f64, height: f64) -> String {
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" font-family=\"{FAMILY}\">\n\
         <style>.c{{shape-rendering:crispEdges}}</style>\n\
         <rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>\n"
    );
    let mut clips = Clips::default();
    for shape in &canvas.shapes {
        // Writing into a String cannot fail.
        let _ = match shape {
            Shape::Clip(frame) => clips.set(&mut out, frame.as_ref()),
            shape => draw(&mut out, shape),
        };
    }
    let _ = clips.set(&mut out, None);
    out.push_str("</svg>\n");
    out
}

/// The groups of shapes that are cut to a rectangle, one after the other.
#[derive(Default)]
struct Clips {
    count: usize,
    is_open: bool,
}

impl Clips {
    /// Ends the group that is open, and begins one with another rectangle.
    fn set(&mut self, out: &mut String, frame: Option<&Frame>) -> fmt::Result {
        if std::mem::take(&mut self.is_open) {
            out.push_str("</g>\n");
        }
        let Some(frame) = frame else {
            return Ok(());
        };
        self.count += 1;
        self.is_open = true;
        let clip = self.count;
        writeln!(
            out,
            "<clipPath id=\"clip{clip}\"><rect x=\"{:.2}\" y=\"{:.2}\" width=\"{:.2}\" height=\"{:.2}\"/></clipPath>\n\
             <g clip-path=\"url(#clip{clip})\">",
            frame.left,
            frame.top,
            frame.width(),
            frame.height()
        )
    }
}

/// One shape, on a line.
fn draw(out: &mut String, shape: &Shape) -> fmt::Result {
    match shape {
        Shape::Polygon {
            points,
            fill,
            opacity,
        } => writeln!(
            out,
            "<polygon points=\"{}\" fill=\"{}\"{}/>",
            coordinates(points),
            hex(*fill),
            fill_opacity(*opacity)
        ),
        Shape::Rectangle {
            frame,
            fill,
            opacity,
        } => writeln!(
            out,
            "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" fill=\"{}\"{} class=\"c\"/>",
            frame.left,
            frame.top,
            frame.width(),
            frame.height(),
            hex(*fill),
            fill_opacity(*opacity)
        ),
        Shape::Disc {
            centre: [x, y],
            radius,
            fill,
        } => writeln!(
            out,
            "<circle cx=\"{x:.2}\" cy=\"{y:.2}\" r=\"{radius:.2}\" fill=\"{}\"/>",
            hex(*fill)
        ),
        Shape::Polyline {
            points,
            colour,
            width,
            dash,
        } => writeln!(
            out,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"{width}\" stroke-linejoin=\"round\"{}/>",
            coordinates(points),
            hex(*colour),
            dash.map_or_else(String::new, |[on, off]| format!(
                " stroke-dasharray=\"{on} {off}\""
            ))
        ),
        Shape::Text {
            text,
            at: [x, y],
            size,
            colour,
            turn,
        } => writeln!(
            out,
            "<text x=\"{x:.2}\" y=\"{y:.2}\" font-size=\"{size}\" fill=\"{}\"{}>{}</text>",
            hex(*colour),
            rotation(*turn, *x, *y),
            escape(text)
        ),
        // It is no shape of its own, but cuts those after it.
        Shape::Clip(_) => Ok(()),
    }
}

fn rotation(turn: Turn, x: f64, y: f64) -> String {
    match turn {
        Turn::None => String::new(),
        Turn::Up => format!(" transform=\"rotate(-90 {x:.2} {y:.2})\""),
    }
}

fn coordinates(points: &[[f64; 2]]) -> String {
    let mut out = String::new();
    for [x, y] in points {
        let _ = write!(out, "{x:.2},{y:.2} ");
    }
    out.pop();
    out
}

fn fill_opacity(opacity: f64) -> String {
    if opacity < 1.0 {
        format!(" fill-opacity=\"{opacity}\"")
    } else {
        String::new()
    }
}

fn hex(colour: Colour) -> String {
    format!("#{:02x}{:02x}{:02x}", colour.red, colour.green, colour.blue)
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
