//! One panel of a figure: frame, ticks, labels, marks, legend and colour bar.

mod draw;
mod legend;

use crate::axis::Axis;
use crate::canvas::{Anchor, Canvas, Frame, Turn};
use crate::colour::{Colour, ColourMap};
use crate::error::PlotError;
use crate::mark::Mark;

/// Font sizes in points.
const TITLE: f64 = 13.0;
const LABEL: f64 = 12.0;
pub(super) const SMALL: f64 = 10.5;

/// Length of ticks, and space between them and their text.
const TICK: f64 = 4.0;
const GAP: f64 = 4.0;

/// Width of a colour bar.
const BAR: f64 = 12.0;

/// Where a legend stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Corner {
    /// At the top, left.
    TopLeft,
    /// At the top, right.
    TopRight,
    /// At the bottom, left.
    BottomLeft,
    /// At the bottom, right.
    BottomRight,
}

/// The key to a heat map's or arrows' colours, at the panel's right.
#[derive(Debug, Clone, PartialEq)]
pub struct ColourBar {
    /// Colours.
    pub map: ColourMap,
    /// What they stand for, and the numbers at both ends.
    pub axis: Axis,
}

/// One panel of a figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Panel {
    /// Above the panel; may be empty.
    pub title: String,
    /// Horizontal axis.
    pub x: Axis,
    /// Vertical axis.
    pub y: Axis,
    /// What is in it, from back to front.
    pub marks: Vec<Mark>,
    /// Where the legend stands, if there is one.
    pub legend: Option<Corner>,
    /// Key to the colours, if there is one.
    pub colour_bar: Option<ColourBar>,
}

/// A panel's axes on their place.
pub(super) struct Plane<'a> {
    pub(super) frame: Frame,
    pub(super) x: &'a Axis,
    pub(super) y: &'a Axis,
}

impl Plane<'_> {
    pub(super) fn x(&self, value: f64) -> f64 {
        self.frame.left + self.x.position(value) * self.frame.width()
    }

    pub(super) fn y(&self, value: f64) -> f64 {
        self.frame.bottom - self.y.position(value) * self.frame.height()
    }

    pub(super) fn point(&self, [x, y]: [f64; 2]) -> [f64; 2] {
        [self.x(x), self.y(y)]
    }
}

impl Panel {
    /// Draws the panel into `outer`, which holds its labels too.
    pub(crate) fn draw(&self, canvas: &mut Canvas, outer: Frame) -> Result<(), PlotError> {
        self.x.check()?;
        self.y.check()?;
        let y_ticks = self.y.ticks(ticks_for(outer.height(), 45.0));
        let widest = |canvas: &Canvas, ticks: &[crate::axis::Tick]| {
            let widths = ticks.iter().map(|tick| canvas.font.width(&tick.text));
            widths.fold(0.0, f64::max) * SMALL
        };
        let mut frame = Frame {
            left: outer.left + LABEL + GAP * 2.0 + widest(canvas, &y_ticks) + TICK + GAP,
            top: outer.top
                + if self.title.is_empty() {
                    GAP
                } else {
                    TITLE + 2.0 * GAP
                },
            right: outer.right,
            bottom: outer.bottom - LABEL - SMALL - TICK - 4.0 * GAP,
        };
        if let Some(bar) = &self.colour_bar {
            bar.axis.check()?;
            let ticks = bar.axis.ticks(ticks_for(frame.height(), 45.0));
            let room = BAR + TICK + GAP * 3.0 + widest(canvas, &ticks) + LABEL;
            frame.right -= room + 2.0 * GAP;
            draw_colour_bar(canvas, bar, &ticks, frame, outer.right);
        }
        let plane = Plane {
            frame,
            x: &self.x,
            y: &self.y,
        };
        let x_ticks = self.x.ticks(ticks_for(frame.width(), 65.0));

        self.draw_grid(canvas, frame, &x_ticks, &y_ticks);
        canvas.clip(Some(frame));
        for mark in &self.marks {
            draw::mark(canvas, &plane, mark);
        }
        canvas.clip(None);
        draw_frame(canvas, frame);
        self.draw_ticks(canvas, frame, &x_ticks, &y_ticks);

        let centre = 0.5 * (frame.left + frame.right);
        let title = [centre, outer.top + 0.5 * TITLE];
        canvas.text(
            &self.title,
            title,
            TITLE,
            Colour::BLACK,
            Anchor::Middle,
            Turn::None,
        );
        let below = [centre, outer.bottom - 0.5 * LABEL];
        canvas.text(
            &self.x.label,
            below,
            LABEL,
            Colour::BLACK,
            Anchor::Middle,
            Turn::None,
        );
        let beside = [outer.left + 0.5 * LABEL, 0.5 * (frame.top + frame.bottom)];
        canvas.text(
            &self.y.label,
            beside,
            LABEL,
            Colour::BLACK,
            Anchor::Middle,
            Turn::Up,
        );
        if let Some(corner) = self.legend {
            legend::draw(canvas, frame, corner, &self.marks);
        }
        Ok(())
    }

    /// Pale lines behind the marks, except behind heat maps, which cover them.
    fn draw_grid(
        &self,
        canvas: &mut Canvas,
        frame: Frame,
        x_ticks: &[crate::axis::Tick],
        y_ticks: &[crate::axis::Tick],
    ) {
        for tick in x_ticks.iter().filter(|tick| !tick.text.is_empty()) {
            let x = frame.left + tick.at * frame.width();
            canvas.line([x, frame.top], [x, frame.bottom], Colour::PALE, 0.8);
        }
        for tick in y_ticks.iter().filter(|tick| !tick.text.is_empty()) {
            let y = frame.bottom - tick.at * frame.height();
            canvas.line([frame.left, y], [frame.right, y], Colour::PALE, 0.8);
        }
    }

    fn draw_ticks(
        &self,
        canvas: &mut Canvas,
        frame: Frame,
        x_ticks: &[crate::axis::Tick],
        y_ticks: &[crate::axis::Tick],
    ) {
        for tick in x_ticks {
            let x = frame.left + tick.at * frame.width();
            let length = if tick.text.is_empty() {
                0.5 * TICK
            } else {
                TICK
            };
            let end = frame.bottom + length;
            canvas.line([x, frame.bottom], [x, end], Colour::BLACK, 0.8);
            let at = [x, frame.bottom + TICK + GAP + 0.5 * SMALL];
            canvas.text(
                &tick.text,
                at,
                SMALL,
                Colour::BLACK,
                Anchor::Middle,
                Turn::None,
            );
        }
        for tick in y_ticks {
            let y = frame.bottom - tick.at * frame.height();
            let length = if tick.text.is_empty() {
                0.5 * TICK
            } else {
                TICK
            };
            canvas.line(
                [frame.left - length, y],
                [frame.left, y],
                Colour::BLACK,
                0.8,
            );
            let at = [frame.left - TICK - GAP, y];
            canvas.text(
                &tick.text,
                at,
                SMALL,
                Colour::BLACK,
                Anchor::End,
                Turn::None,
            );
        }
    }
}

/// How many ticks fit when each needs `room` points.
fn ticks_for(length: f64, room: f64) -> usize {
    ((length / room) as usize).clamp(2, 8)
}

fn draw_frame(canvas: &mut Canvas, frame: Frame) {
    let Frame {
        left,
        top,
        right,
        bottom,
    } = frame;
    let corners = vec![
        [left, top],
        [right, top],
        [right, bottom],
        [left, bottom],
        [left, top],
    ];
    canvas.polyline(corners, Colour::BLACK, 0.8, None);
}

fn draw_colour_bar(
    canvas: &mut Canvas,
    bar: &ColourBar,
    ticks: &[crate::axis::Tick],
    panel: Frame,
    right: f64,
) {
    let left = panel.right + 2.0 * GAP;
    let frame = Frame {
        left,
        right: left + BAR,
        ..panel
    };
    let steps = 128;
    for i in 0..steps {
        let share = |i: i32| f64::from(i) / f64::from(steps);
        let cell = Frame {
            bottom: frame.bottom - share(i) * frame.height(),
            top: frame.bottom - share(i + 1) * frame.height(),
            ..frame
        };
        canvas.rectangle(cell, bar.map.at(share(i) + 0.5 / f64::from(steps)), 1.0);
    }
    draw_frame(canvas, frame);
    for tick in ticks {
        let y = frame.bottom - tick.at * frame.height();
        canvas.line(
            [frame.right, y],
            [frame.right + TICK, y],
            Colour::BLACK,
            0.8,
        );
        let at = [frame.right + TICK + GAP, y];
        canvas.text(
            &tick.text,
            at,
            SMALL,
            Colour::BLACK,
            Anchor::Start,
            Turn::None,
        );
    }
    let beside = [right - 0.5 * LABEL, 0.5 * (frame.top + frame.bottom)];
    canvas.text(
        &bar.axis.label,
        beside,
        LABEL,
        Colour::BLACK,
        Anchor::Middle,
        Turn::Up,
    );
}
