//! A figure: panels side by side.

use crate::canvas::{Canvas, Frame};
use crate::error::PlotError;
use crate::panel::Panel;
use crate::{raster, svg};

/// Space around and between panels, in points.
const MARGIN: f64 = 10.0;
const GUTTER: f64 = 24.0;

/// Panels side by side, of equal width.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// Width in points.
    pub width: f64,
    /// Height in points.
    pub height: f64,
    /// The panels, from left to right.
    pub panels: Vec<Panel>,
}

impl Figure {
    /// The figure as SVG text.
    ///
    /// # Errors
    /// If an axis does not rise.
    pub fn to_svg(&self) -> Result<String, PlotError> {
        Ok(svg::svg(&self.draw()?, self.width, self.height))
    }

    /// The figure as PNG bytes, with `scale` pixels for a point: 2 is sharp on screens, 4 in print.
    ///
    /// # Errors
    /// If an axis does not rise, or the picture has no pixels or too many.
    pub fn to_png(&self, scale: f64) -> Result<Vec<u8>, PlotError> {
        raster::png(&self.draw()?, self.width, self.height, scale)
    }

    fn draw(&self) -> Result<Canvas, PlotError> {
        let mut canvas = Canvas::new();
        let columns = self.panels.len() as f64;
        let width = (self.width - 2.0 * MARGIN - GUTTER * (columns - 1.0)) / columns;
        for (i, panel) in self.panels.iter().enumerate() {
            let left = MARGIN + (width + GUTTER) * i as f64;
            let frame = Frame {
                left,
                top: MARGIN,
                right: left + width,
                bottom: self.height - MARGIN,
            };
            panel.draw(&mut canvas, frame)?;
        }
        Ok(canvas)
    }
}

#[cfg(test)]
mod tests;
