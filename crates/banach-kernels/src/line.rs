//! The memory layout of matrices: panels of 32 columns.
//!
//! A panel is a stack of lines, and a line has 32 lanes: one number of each of the panel's columns. In a
//! matrix of activations [units, batch rows] units run down the lines, batch rows across the lanes: line
//! u holds unit u of 32 rows of the batch, lane r of every line is row r of these.

use crate::number::Number;

/// Columns of a panel, and lanes (numbers) of a [`Line`].
pub const LANES: usize = 32;

/// One row of a panel: 32 neighbouring numbers of one row of a matrix, a lane for each column, on a cache
/// line's boundary.
#[derive(Debug, Clone, Copy, PartialEq)]
#[repr(C, align(64))]
pub struct Line<T>(pub [T; LANES]);

impl<T: Number> Line<T> {
    /// All numbers 0.
    pub const ZERO: Self = Self([T::ZERO; LANES]);
}

/// How many lines hold `n` numbers, or how many panels `n` columns.
#[must_use]
pub const fn lines_for(n: usize) -> usize {
    n.div_ceil(LANES)
}

/// The numbers of some lines, an array for each.
#[inline(always)]
pub(crate) fn arrays<T>(lines: &[Line<T>]) -> &[[T; LANES]] {
    const { assert!(size_of::<Line<T>>() == LANES * size_of::<T>()) };
    // SAFETY: a line is an array of LANES numbers without padding, as asserted.
    unsafe { std::slice::from_raw_parts(lines.as_ptr().cast(), lines.len()) }
}

/// The numbers of some lines, one after the other.
#[must_use]
pub fn flat<T>(lines: &[Line<T>]) -> &[T] {
    const { assert!(size_of::<Line<T>>() == LANES * size_of::<T>()) };
    // SAFETY: a line is an array of LANES numbers without padding, as asserted, and its alignment
    // is no smaller than a number's.
    unsafe { std::slice::from_raw_parts(lines.as_ptr().cast(), lines.len() * LANES) }
}

/// The numbers of some lines, to be changed.
#[must_use]
pub fn flat_mut<T>(lines: &mut [Line<T>]) -> &mut [T] {
    const { assert!(size_of::<Line<T>>() == LANES * size_of::<T>()) };
    // SAFETY: as in `flat`; the borrow is exclusive.
    unsafe { std::slice::from_raw_parts_mut(lines.as_mut_ptr().cast(), lines.len() * LANES) }
}

/// A matrix in panels of 32 columns: `[panel][row]`, a [`Line`] each, so that a product walks
/// through memory in one direction whichever side the matrix is on.
///
/// A panel may be followed by lines that do not belong to the matrix (a layer's biases). What the
/// last panel holds beyond the matrix's columns is no part of it either.
#[derive(Debug, Clone, Copy)]
pub struct Panels<'a, T> {
    lines: &'a [Line<T>],
    rows: usize,
    columns: usize,
    stride: usize,
}

impl<'a, T> Panels<'a, T> {
    /// A matrix of `rows` x `columns`, `stride` lines from panel to panel.
    ///
    /// # Panics
    /// If `stride < rows` or if `lines` does not hold exactly the panels.
    #[must_use]
    pub fn new(lines: &'a [Line<T>], rows: usize, columns: usize, stride: usize) -> Self {
        check(lines.len(), rows, columns, stride);
        Self {
            lines,
            rows,
            columns,
            stride,
        }
    }

    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of columns.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Lines from one panel to the next.
    #[must_use]
    pub fn stride(&self) -> usize {
        self.stride
    }

    /// Columns of the panel that are part of the matrix: 32 but for the last.
    #[must_use]
    pub fn width(&self, panel: usize) -> usize {
        LANES.min(self.columns - panel * LANES)
    }

    /// The rows of one panel.
    #[must_use]
    pub fn panel(&self, panel: usize) -> &'a [Line<T>] {
        &self.lines[panel * self.stride..][..self.rows]
    }

    /// All lines.
    #[must_use]
    pub fn lines(&self) -> &'a [Line<T>] {
        self.lines
    }
}

/// [`Panels`] to be written.
#[derive(Debug)]
pub struct PanelsMut<'a, T> {
    lines: &'a mut [Line<T>],
    rows: usize,
    columns: usize,
    stride: usize,
}

impl<'a, T> PanelsMut<'a, T> {
    /// As [`Panels::new`].
    ///
    /// # Panics
    /// If `stride < rows` or if `lines` does not hold exactly the panels.
    #[must_use]
    pub fn new(lines: &'a mut [Line<T>], rows: usize, columns: usize, stride: usize) -> Self {
        check(lines.len(), rows, columns, stride);
        Self {
            lines,
            rows,
            columns,
            stride,
        }
    }

    /// The same matrix, to be read.
    #[must_use]
    pub fn as_ref(&self) -> Panels<'_, T> {
        Panels {
            lines: self.lines,
            rows: self.rows,
            columns: self.columns,
            stride: self.stride,
        }
    }

    /// The rows of one panel.
    #[must_use]
    pub fn panel_mut(&mut self, panel: usize) -> &mut [Line<T>] {
        &mut self.lines[panel * self.stride..][..self.rows]
    }
}

fn check(len: usize, rows: usize, columns: usize, stride: usize) {
    assert!(stride >= rows, "{rows} rows in a panel of {stride} lines");
    let expected = lines_for(columns) * stride;
    assert_eq!(len, expected, "lines of a {rows} x {columns} matrix");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_their_numbers_on_cache_lines() {
        let mut lines = vec![Line::<f32>::ZERO; 3];
        flat_mut(&mut lines)[LANES] = 5.0;
        assert_eq!(lines[1].0[0], 5.0);
        assert_eq!(flat(&lines).len(), 96);
        assert_eq!(lines.as_ptr() as usize % 64, 0);
        assert_eq!(flat(&[Line::<f64>::ZERO; 2]).len(), 64);
    }

    #[test]
    fn the_last_panel_may_be_narrow_and_panels_may_lie_apart() {
        let lines: Vec<_> = (0..8).map(|i| Line([i as f32; LANES])).collect();
        let panels = Panels::new(&lines, 3, 40, 4);
        assert_eq!((panels.width(0), panels.width(1)), (32, 8));
        assert_eq!(panels.panel(1)[2].0[0], 6.0);
    }

    #[test]
    #[should_panic(expected = "lines of a 3 x 40 matrix")]
    fn a_length_that_does_not_fit_is_refused() {
        let lines = vec![Line::<f32>::ZERO; 7];
        let _ = Panels::new(&lines, 3, 40, 4);
    }
}
