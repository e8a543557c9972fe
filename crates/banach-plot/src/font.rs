//! The font inside of the program: DejaVu Sans.

use ttf_parser::{Face, GlyphId, OutlineBuilder};

/// Families that an SVG viewer may take, the embedded one first.
pub(crate) const FAMILY: &str = "DejaVu Sans, Verdana, Arial, sans-serif";

/// Height of capital letters in parts of the font size.
pub(crate) const CAP_HEIGHT: f64 = 0.73;

pub(crate) struct Font {
    face: Face<'static>,
}

/// One command of a glyph's outline, in points with y downwards.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum OutlineStep {
    Move([f64; 2]),
    Line([f64; 2]),
    Quad([f64; 2], [f64; 2]),
    Close,
}

impl Font {
    pub(crate) fn embedded() -> Self {
        let face = Face::parse(dejavu::sans::regular(), 0)
            .unwrap_or_else(|error| unreachable!("the embedded font is whole: {error}"));
        Self { face }
    }

    fn glyph(&self, letter: char) -> GlyphId {
        self.face.glyph_index(letter).unwrap_or(GlyphId(0))
    }

    fn advance(&self, letter: char) -> f64 {
        let units = self.face.glyph_hor_advance(self.glyph(letter)).unwrap_or(0);
        f64::from(units) / f64::from(self.face.units_per_em())
    }

    /// Width of a line of text at font size 1.
    pub(crate) fn width(&self, text: &str) -> f64 {
        text.chars().map(|letter| self.advance(letter)).sum()
    }

    /// Outline of a line of text at font size 1, from its baseline's start.
    pub(crate) fn outline(&self, text: &str) -> Vec<OutlineStep> {
        let mut outline = Outline {
            steps: Vec::new(),
            x: 0.0,
            unit: 1.0 / f64::from(self.face.units_per_em()),
        };
        for letter in text.chars() {
            // None: a blank, which has an advance but no outline.
            let _ = self.face.outline_glyph(self.glyph(letter), &mut outline);
            outline.x += self.advance(letter);
        }
        outline.steps
    }
}

struct Outline {
    steps: Vec<OutlineStep>,
    x: f64,
    unit: f64,
}

impl Outline {
    fn point(&self, x: f32, y: f32) -> [f64; 2] {
        [f64::from(x) * self.unit + self.x, -f64::from(y) * self.unit]
    }
}

impl OutlineBuilder for Outline {
    fn move_to(&mut self, x: f32, y: f32) {
        self.steps.push(OutlineStep::Move(self.point(x, y)));
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.steps.push(OutlineStep::Line(self.point(x, y)));
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        self.steps
            .push(OutlineStep::Quad(self.point(x1, y1), self.point(x, y)));
    }

    fn curve_to(&mut self, _: f32, _: f32, x2: f32, y2: f32, x: f32, y: f32) {
        // TrueType outlines have quadratic curves only.
        self.quad_to(x2, y2, x, y);
    }

    fn close(&mut self) {
        self.steps.push(OutlineStep::Close);
    }
}
