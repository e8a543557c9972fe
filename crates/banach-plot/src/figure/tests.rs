use super::*;
use crate::{Axis, Colour, ColourMap, Corner, Grid, LyingBox, Mark, OKABE_ITO, Stroke};

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

#[test]
fn a_box_covers_the_middle_half_and_its_whiskers_the_rest() {
    let one = LyingBox {
        y: 0.5,
        low: 0.1,
        lower: 0.3,
        median: 0.4,
        upper: 0.7,
        high: 0.9,
    };
    let mark = Mark::Boxes {
        boxes: vec![one],
        height: 0.5,
        colour: OKABE_ITO[1],
        label: String::new(),
    };
    let mut plain = figure();
    plain.panels.truncate(1);
    plain.panels[0].marks = Vec::new();
    let mut with = plain.clone();
    with.panels[0].marks = vec![mark];
    let colour = format!(
        "#{:02x}{:02x}{:02x}",
        OKABE_ITO[1].red, OKABE_ITO[1].green, OKABE_ITO[1].blue
    );
    let count = |figure: &Figure, part: &str| {
        let text = figure.to_svg().expect("a figure");
        text.lines()
            .filter(|line| line.starts_with(part) && line.contains(&colour))
            .count()
    };
    assert_eq!(count(&plain, "<polyline"), 0);
    // Two whiskers, their ends, the outline, the median; and the light inside.
    assert_eq!((count(&with, "<polyline"), count(&with, "<rect")), (6, 1));
}
