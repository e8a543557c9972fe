//! What can be drawn in a panel.

use crate::colour::{Colour, ColourMap};

/// How a line looks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stroke {
    /// Colour.
    pub colour: Colour,
    /// Width in points.
    pub width: f64,
    /// Lengths of dashes and gaps in points; none is a whole line.
    pub dash: Option<[f64; 2]>,
}

impl Stroke {
    /// A whole line of the usual width.
    #[must_use]
    pub fn solid(colour: Colour) -> Self {
        Self {
            colour,
            width: 1.8,
            dash: None,
        }
    }

    /// A dashed thinner line.
    #[must_use]
    pub fn dashed(colour: Colour) -> Self {
        Self {
            colour,
            width: 1.3,
            dash: Some([5.0, 3.0]),
        }
    }
}

/// Numbers on a rectangular grid.
#[derive(Debug, Clone, PartialEq)]
pub struct Grid {
    /// Columns, rising.
    pub x: Vec<f64>,
    /// Rows, rising.
    pub y: Vec<f64>,
    /// `values[j * x.len() + i]` belongs to column i and row j; NaN where there is none.
    pub values: Vec<f64>,
}

impl Grid {
    /// The values of `f` at all columns and rows.
    #[must_use]
    pub fn new(x: Vec<f64>, y: Vec<f64>, f: impl Fn(f64, f64) -> f64) -> Self {
        let values = y
            .iter()
            .flat_map(|&y| x.iter().map(move |&x| (x, y)))
            .map(|(x, y)| f(x, y))
            .collect();
        Self { x, y, values }
    }
}

/// The five numbers of a lying box: whiskers from `low` and to `high`, a box over the middle half, a
/// line at the median.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LyingBox {
    /// Height at which it lies.
    pub y: f64,
    /// Left end of the left whisker.
    pub low: f64,
    /// Lower quartile.
    pub lower: f64,
    /// Median.
    pub median: f64,
    /// Upper quartile.
    pub upper: f64,
    /// Right end of the right whisker.
    pub high: f64,
}

/// Something in a panel. Later marks lie over earlier ones; those with a label appear in the legend.
#[derive(Debug, Clone, PartialEq)]
pub enum Mark {
    /// Points joined in order.
    Line {
        /// The points.
        points: Vec<[f64; 2]>,
        /// How they are joined.
        stroke: Stroke,
        /// Text in the legend; empty for none.
        label: String,
    },
    /// The area between two curves over the same x.
    Band {
        /// x, lower and upper y.
        points: Vec<[f64; 3]>,
        /// Colour, drawn light.
        colour: Colour,
        /// Text in the legend; empty for none.
        label: String,
    },
    /// Discs.
    Points {
        /// Their centres.
        points: Vec<[f64; 2]>,
        /// Colour.
        colour: Colour,
        /// Radius in points.
        radius: f64,
        /// Text in the legend; empty for none.
        label: String,
    },
    /// Arrows, each with its own colour.
    Arrows {
        /// Tail, head and colour.
        arrows: Vec<([f64; 2], [f64; 2], Colour)>,
    },
    /// A coloured cell around each number of a grid.
    HeatMap {
        /// The numbers.
        grid: Grid,
        /// Their colours.
        map: ColourMap,
        /// Number at the low end of the colours.
        low: f64,
        /// Number at the high end of the colours.
        high: f64,
    },
    /// Separate straight pieces, such as those of [`crate::contour`].
    Pieces {
        /// Both ends of each piece.
        pieces: Vec<[[f64; 2]; 2]>,
        /// How they look.
        stroke: Stroke,
        /// Text in the legend; empty for none.
        label: String,
    },
    /// A rectangle's outline.
    Outline {
        /// Lower left corner.
        low: [f64; 2],
        /// Upper right corner.
        high: [f64; 2],
        /// How it looks.
        stroke: Stroke,
        /// Text in the legend; empty for none.
        label: String,
    },
    /// The whole height of the panel between two x, drawn light.
    Columns {
        /// Left end.
        from: f64,
        /// Right end.
        to: f64,
        /// Colour.
        colour: Colour,
        /// Text in the legend; empty for none.
        label: String,
    },
    /// Box plots along the horizontal axis.
    Boxes {
        /// The boxes.
        boxes: Vec<LyingBox>,
        /// Their height, in numbers of the vertical axis.
        height: f64,
        /// Colour.
        colour: Colour,
        /// Text in the legend; empty for none.
        label: String,
    },
    /// Text centred on a point.
    Text {
        /// The point.
        at: [f64; 2],
        /// The text.
        text: String,
        /// Colour.
        colour: Colour,
    },
}

impl Mark {
    pub(crate) fn label(&self) -> &str {
        match self {
            Self::Line { label, .. }
            | Self::Band { label, .. }
            | Self::Points { label, .. }
            | Self::Pieces { label, .. }
            | Self::Outline { label, .. }
            | Self::Columns { label, .. }
            | Self::Boxes { label, .. } => label,
            Self::Arrows { .. } | Self::HeatMap { .. } | Self::Text { .. } => "",
        }
    }
}
