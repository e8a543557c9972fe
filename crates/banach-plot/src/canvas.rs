//! What a figure is drawn on: a list of shapes in points, y downwards, that SVG and PNG are made from.

use crate::colour::Colour;
use crate::font::{CAP_HEIGHT, Font};

/// A rectangle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Frame {
    pub(crate) left: f64,
    pub(crate) top: f64,
    pub(crate) right: f64,
    pub(crate) bottom: f64,
}

impl Frame {
    pub(crate) fn width(&self) -> f64 {
        self.right - self.left
    }

    pub(crate) fn height(&self) -> f64 {
        self.bottom - self.top
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// From left to right.
    None,
    /// From bottom to top.
    Up,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Shape {
    Polygon {
        points: Vec<[f64; 2]>,
        fill: Colour,
        opacity: f64,
    },
    /// Drawn without smoothing, so that neighbours show no seam.
    Rectangle {
        frame: Frame,
        fill: Colour,
        opacity: f64,
    },
    Disc {
        centre: [f64; 2],
        radius: f64,
        fill: Colour,
    },
    Polyline {
        points: Vec<[f64; 2]>,
        colour: Colour,
        width: f64,
        dash: Option<[f64; 2]>,
    },
    Text {
        text: String,
        /// Start of the baseline.
        at: [f64; 2],
        size: f64,
        colour: Colour,
        turn: Turn,
    },
    /// Sets the rectangle that later shapes are cut to; none takes it away.
    Clip(Option<Frame>),
}

pub(crate) struct Canvas {
    pub(crate) font: Font,
    pub(crate) shapes: Vec<Shape>,
}

impl Canvas {
    pub(crate) fn new() -> Self {
        Self {
            font: Font::embedded(),
            shapes: Vec::new(),
        }
    }

    pub(crate) fn clip(&mut self, frame: Option<Frame>) {
        self.shapes.push(Shape::Clip(frame));
    }

    pub(crate) fn polygon(&mut self, points: Vec<[f64; 2]>, fill: Colour, opacity: f64) {
        self.shapes.push(Shape::Polygon {
            points,
            fill,
            opacity,
        });
    }

    pub(crate) fn rectangle(&mut self, frame: Frame, fill: Colour, opacity: f64) {
        self.shapes.push(Shape::Rectangle {
            frame,
            fill,
            opacity,
        });
    }

    pub(crate) fn polyline(
        &mut self,
        points: Vec<[f64; 2]>,
        colour: Colour,
        width: f64,
        dash: Option<[f64; 2]>,
    ) {
        self.shapes.push(Shape::Polyline {
            points,
            colour,
            width,
            dash,
        });
    }

    pub(crate) fn line(&mut self, from: [f64; 2], to: [f64; 2], colour: Colour, width: f64) {
        self.polyline(vec![from, to], colour, width, None);
    }

    pub(crate) fn disc(&mut self, centre: [f64; 2], radius: f64, fill: Colour) {
        self.shapes.push(Shape::Disc {
            centre,
            radius,
            fill,
        });
    }

    /// A line of text whose capital letters are centred on `at` across the line; `anchor` is along it.
    pub(crate) fn text(
        &mut self,
        text: &str,
        at: [f64; 2],
        size: f64,
        colour: Colour,
        anchor: Anchor,
        turn: Turn,
    ) {
        let along = self.font.width(text)
            * size
            * match anchor {
                Anchor::Start => 0.0,
                Anchor::Middle => 0.5,
                Anchor::End => 1.0,
            };
        let across = 0.5 * CAP_HEIGHT * size;
        let at = match turn {
            Turn::None => [at[0] - along, at[1] + across],
            Turn::Up => [at[0] + across, at[1] + along],
        };
        self.shapes.push(Shape::Text {
            text: text.to_owned(),
            at,
            size,
            colour,
            turn,
        });
    }
}
