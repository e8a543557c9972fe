use super::*;
use crate::{Axis, Colour, ColourMap, Corner, Grid, Mark, OKABE_ITO, Stroke};

fn figure() -> Figure {
    let line = Mark::Line {
        points: vec![[0.0, 0.0], [1.0, 1.0]],
        stroke: Stroke::solid(OKABE_ITO[0]),
        label: "a < b & c".to_owned(),
    };
    let heat = Mark::HeatMap {
        grid: Grid::new(vec![0.0, 0.5, 1.0], vec![0.0, 1.0], |x, y| x * y),
        map: ColourMap::Viridis,
        low: 0.0,
        high: 1.0,
    };
    let panel = |marks| Panel {
        title: "title".to_owned(),
        x: Axis::linear("x", 0.0, 1.0),
        y: Axis::linear("y", 0.0, 1.0),
        marks,
        legend: Some(Corner::TopLeft),
        colour_bar: None,
    };
    Figure {
        width: 400.0,
        height: 200.0,
        panels: vec![panel(vec![line]), panel(vec![heat])],
    }
}

#[test]
fn svg_is_well_formed_and_says_what_was_given() {
    let text = figure().to_svg().expect("a figure");
    assert!(text.starts_with("<svg ") && text.ends_with("</svg>\n"));
    assert!(text.contains("a &lt; b &amp; c") && !text.contains("a < b"));
    assert_eq!(text.matches("<g ").count(), text.matches("</g>").count());
    assert_eq!(text, figure().to_svg().expect("a figure"));
}

#[test]
fn png_has_the_asked_size_and_colours() {
    let bytes = figure().to_png(2.0).expect("a figure");
    let picture = tiny_skia::Pixmap::decode_png(&bytes).expect("a PNG");
    assert_eq!((picture.width(), picture.height()), (800, 400));
    let count = |colour: Colour| {
        let wanted = (colour.red, colour.green, colour.blue);
        let same = |pixel: &&tiny_skia::PremultipliedColorU8| {
            (pixel.red(), pixel.green(), pixel.blue()) == wanted
        };
        picture.pixels().iter().filter(same).count()
    };
    assert!(count(OKABE_ITO[0]) > 200, "the line");
    // Five of six cells, of which two halves and two quarters are outside of the panel, are 0.
    assert!(
        count(ColourMap::Viridis.at(0.0)) > 10_000,
        "the heat map's low end"
    );
    assert!(count(Colour::WHITE) > 10_000, "the background");
}

#[test]
fn figures_that_cannot_be_drawn_are_refused() {
    let mut wrong = figure();
    wrong.panels[1].x.high = 0.0;
    let text = wrong.to_svg().unwrap_err().to_string();
    assert!(text.contains("axis \"x\" goes from 0 to 0"), "{text}");
    assert!(figure().to_png(0.0).is_err() && figure().to_png(1e9).is_err());
}
