//! Contour lines of a grid of numbers (marching squares).

use crate::mark::Grid;

/// Pieces of the lines on which `grid`, interpolated linearly along the edges of its cells, is `level`.
///
/// Cells with a corner that is not finite have none. At a saddle the two pieces are joined by the mean of the corners.
#[must_use]
pub fn contour(grid: &Grid, level: f64) -> Vec<[[f64; 2]; 2]> {
    let (xs, ys) = (&grid.x, &grid.y);
    let value = |i: usize, j: usize| grid.values[j * xs.len() + i] - level;
    let mut pieces = Vec::new();
    for j in 1..ys.len() {
        for i in 1..xs.len() {
            let corners = [(i - 1, j - 1), (i, j - 1), (i, j), (i - 1, j)];
            let heights = corners.map(|(i, j)| value(i, j));
            if heights.iter().any(|height| !height.is_finite()) {
                continue;
            }
            let mut crossings = Vec::new();
            for k in 0..4 {
                let next = (k + 1) % 4;
                if (heights[k] > 0.0) != (heights[next] > 0.0) {
                    let share = heights[k] / (heights[k] - heights[next]);
                    let (from, to) = (corners[k], corners[next]);
                    let along = |a: f64, b: f64| a + share * (b - a);
                    crossings.push([along(xs[from.0], xs[to.0]), along(ys[from.1], ys[to.1])]);
                }
            }
            match crossings[..] {
                [a, b] => pieces.push([a, b]),
                [a, b, c, d] => {
                    let centre = heights.iter().sum::<f64>() > 0.0;
                    if centre == (heights[0] > 0.0) {
                        pieces.extend([[a, b], [c, d]]);
                    } else {
                        pieces.extend([[a, d], [b, c]]);
                    }
                }
                _ => {}
            }
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contour_of_a_plane_is_its_line() {
        let x: Vec<f64> = (0..5).map(f64::from).collect();
        let grid = Grid::new(x.clone(), x, |x, y| x + 2.0 * y);
        let pieces = contour(&grid, 5.5);
        assert!(!pieces.is_empty());
        for [x, y] in pieces.into_iter().flatten() {
            assert!((x + 2.0 * y - 5.5).abs() < 1e-12);
        }
        assert!(contour(&grid, 100.0).is_empty());
    }
}
