//! Figures for papers: panels with axes, lines, bands, boxes, arrows, heat maps and legends, as SVG text or PNG bytes.
//!
//! It owns how pictures look: one font that is inside of the program, colours that colour-blind readers can tell apart.
//! It refuses files and computation: numbers in, bytes out. The same figure gives the same bytes on every machine.
#![forbid(unsafe_code)]

mod axis;
mod canvas;
mod colour;
mod contour;
mod error;
mod figure;
mod font;
mod mark;
mod panel;
mod raster;
mod svg;

pub use axis::{Axis, Scale};
pub use colour::{Colour, ColourMap, OKABE_ITO};
pub use contour::contour;
pub use error::PlotError;
pub use figure::Figure;
pub use mark::{Grid, LyingBox, Mark, Stroke};
pub use panel::{ColourBar, Corner, Panel};
