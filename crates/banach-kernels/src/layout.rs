//! Moving numbers between rows and panels.

use crate::line::{LANES, Line};

/// Sides of the squares that are turned in registers.
const SQUARE: usize = 4;

kernel! {
    /// Turns a piece of units by rows into rows by units: `t[row][unit] = x[unit][row]`.
    ///
    /// # Shapes
    /// `x`: at most 32 lines, one for each unit; `t`: at most 32 lines, one for each row that is
    /// wanted. Units that `x` lacks become 0.
    pub fn transpose<T: Real>(x: &[Line<T>], t: &mut [Line<T>]) {
        let units = x.len().min(LANES);
        for first_unit in (0..LANES).step_by(SQUARE) {
            let zero = Line([T::ZERO; LANES]);
            let line = |i: usize| if first_unit + i < units { &x[first_unit + i] } else { &zero };
            let four = [line(0), line(1), line(2), line(3)];
            for (group, rows) in t.chunks_mut(SQUARE).enumerate() {
                let first_row = group * SQUARE;
                for (row, out) in rows.iter_mut().enumerate() {
                    let square: [T; SQUARE] =
                        std::array::from_fn(|unit| four[unit].0[first_row + row]);
                    out.0[first_unit..first_unit + SQUARE].copy_from_slice(&square);
                }
            }
        }
    }
}

kernel! {
    /// Writes the panel of `weight^T` that belongs to some units of a layer: `panel[p][unit]`.
    ///
    /// # Shapes
    /// `weight`: the units' rows, [units, n_in] with at most 32 units; `panel`: n_in lines. Units that
    /// are lacking become 0.
    pub fn pack_units<T: Real>(weight: &[T], panel: &mut [Line<T>]) {
        let n_in = panel.len().max(1);
        panel.fill(Line([T::ZERO; LANES]));
        for (unit, row) in weight.chunks_exact(n_in).take(LANES).enumerate() {
            for (line, &value) in panel.iter_mut().zip(row) {
                line.0[unit] = value;
            }
        }
    }
}

kernel! {
    /// The way back of [`pack_units`].
    ///
    /// # Shapes
    /// As [`pack_units`].
    pub fn unpack_units<T: Real>(panel: &[Line<T>], weight: &mut [T]) {
        let n_in = panel.len().max(1);
        for (unit, row) in weight.chunks_exact_mut(n_in).take(LANES).enumerate() {
            for (value, line) in row.iter_mut().zip(panel) {
                *value = line.0[unit];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Isa;

    #[test]
    fn transposing_moves_every_number_and_fills_up_with_zeros() {
        for isa in Isa::supported() {
            for (units, rows) in [(32, 32), (5, 32), (32, 7), (1, 1), (30, 19)] {
                let x: Vec<_> = (0..units)
                    .map(|u| Line(std::array::from_fn(|r| (100 * u + r) as f32)))
                    .collect();
                let mut t = vec![Line([f32::NAN; LANES]); rows];
                transpose(isa, &x, &mut t);
                for (row, line) in t.iter().enumerate() {
                    for (unit, &got) in line.0.iter().enumerate() {
                        let want = if unit < units { 100 * unit + row } else { 0 };
                        assert_eq!(got, want as f32, "{units} units, {rows} rows");
                    }
                }
            }
        }
    }

    #[test]
    fn a_panel_of_units_comes_back_as_it_was() {
        for isa in Isa::supported() {
            for (units, n_in) in [(32, 40), (3, 7), (1, 1)] {
                let weight: Vec<f32> = (0..units * n_in).map(|i| i as f32).collect();
                let mut panel = vec![Line([f32::NAN; LANES]); n_in];
                pack_units(isa, &weight, &mut panel);
                assert_eq!(panel[n_in - 1].0[units - 1], (units * n_in - 1) as f32);
                assert!(panel[0].0[units..].iter().all(|&v| v == 0.0));
                let mut back = vec![0.0; weight.len()];
                unpack_units(isa, &panel, &mut back);
                assert_eq!(back, weight);
            }
        }
    }
}
