//! The order in which kernels read parameters.
//!
//! [`Network`] holds parameters as a model file names them: a row of weights for each unit. Products
//! want them in panels (see `banach_kernels::Panels`), so the engine keeps its own copy: for every
//! layer the panels of `weight^T`, each followed by the line of its 32 units' biases; embedding tables
//! row by row. Gradients and optimiser slots lie the same way.

use std::ops::Range;

use banach_kernels::{
    HalfLine, Isa, LANES, Line, Panels, Real, flat, flat_mut, lines_for, pack_units, unpack_units,
};

use crate::network::{Network, Role, TensorInfo};

/// Where each tensor lies, in lines.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Layout {
    pub(crate) layers: Vec<Layer>,
    pub(crate) tables: Vec<Table>,
    pub(crate) n_lines: usize,
}

/// Weights and biases of one layer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Layer {
    first_line: usize,
    pub(crate) n_in: usize,
    pub(crate) n_out: usize,
    /// First elements of the tensors in the network's flat buffer.
    weight: usize,
    bias: usize,
}

/// One embedding table.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Table {
    first_line: usize,
    pub(crate) category: usize,
    pub(crate) unit: usize,
    pub(crate) dimension: usize,
    n_codes: usize,
    offset: usize,
}

impl Layer {
    /// Panels of 32 units.
    pub(crate) fn n_panels(&self) -> usize {
        lines_for(self.n_out)
    }

    /// Lines from one panel to the next: a row for each input, and the biases.
    pub(crate) fn stride(&self) -> usize {
        self.n_in + 1
    }

    /// The lines of some panels, biases included.
    pub(crate) fn lines(&self, panels: Range<usize>) -> Range<usize> {
        let at = |panel: usize| self.first_line + panel * self.stride();
        at(panels.start)..at(panels.end)
    }

    /// The units of one panel.
    pub(crate) fn units(&self, panel: usize) -> Range<usize> {
        panel * LANES..self.n_out.min((panel + 1) * LANES)
    }

    /// `weight^T`: [in, out].
    pub(crate) fn weights<'a, T: Real>(&self, lines: &'a [Line<T>]) -> Panels<'a, T> {
        let lines = &lines[self.lines(0..self.n_panels())];
        Panels::new(lines, self.n_in, self.n_out, self.stride())
    }
}

impl Table {
    pub(crate) fn lines(&self) -> Range<usize> {
        self.first_line..self.first_line + lines_for(self.n_codes * self.dimension)
    }

    /// The vectors, one behind the other.
    pub(crate) fn vectors<'a, T: Real>(&self, lines: &'a [Line<T>]) -> &'a [T] {
        &flat(&lines[self.lines()])[..self.n_codes * self.dimension]
    }
}

impl Layout {
    pub(crate) fn new(tensors: &[TensorInfo]) -> Self {
        let mut layout = Self {
            layers: Vec::new(),
            tables: Vec::new(),
            n_lines: 0,
        };
        for (index, tensor) in tensors.iter().enumerate() {
            let first_line = layout.n_lines;
            match tensor.role {
                Role::Embedding { category, unit } => {
                    let table = Table {
                        first_line,
                        category,
                        unit,
                        n_codes: tensor.shape[0],
                        dimension: tensor.shape[1],
                        offset: tensor.offset,
                    };
                    layout.n_lines = table.lines().end;
                    layout.tables.push(table);
                }
                Role::Weight { .. } => {
                    let layer = Layer {
                        first_line,
                        n_out: tensor.shape[0],
                        n_in: tensor.shape[1],
                        weight: tensor.offset,
                        bias: tensors[index + 1].offset,
                    };
                    layout.n_lines = layer.lines(0..layer.n_panels()).end;
                    layout.layers.push(layer);
                }
                // Its place is in the panels of the weights before it.
                Role::Bias { .. } => {}
            }
        }
        layout
    }

    /// Lines of the embedding tables, which come first.
    pub(crate) fn table_lines(&self) -> usize {
        self.tables.last().map_or(0, |table| table.lines().end)
    }

    /// Numbers of the network's order in lines.
    pub(crate) fn pack<T: Real>(&self, isa: Isa, numbers: &[T]) -> Vec<Line<T>> {
        let mut lines = vec![Line::ZERO; self.n_lines];
        for table in &self.tables {
            let source = &numbers[table.offset..][..table.n_codes * table.dimension];
            flat_mut(&mut lines[table.lines()])[..source.len()].copy_from_slice(source);
        }
        for layer in &self.layers {
            for panel in 0..layer.n_panels() {
                let units = layer.units(panel);
                let weight =
                    &numbers[layer.weight + units.start * layer.n_in..][..units.len() * layer.n_in];
                let bias = &numbers[layer.bias + units.start..][..units.len()];
                let target = &mut lines[layer.lines(panel..panel + 1)];
                let (panel, biases) = target.split_at_mut(layer.n_in);
                pack_units(isa, weight, panel);
                biases[0].0[..units.len()].copy_from_slice(bias);
            }
        }
        lines
    }

    /// The way back of [`Layout::pack`].
    pub(crate) fn unpack<T: Real>(&self, isa: Isa, lines: &[Line<T>], numbers: &mut [T]) {
        for table in &self.tables {
            let vectors = table.vectors(lines);
            numbers[table.offset..][..vectors.len()].copy_from_slice(vectors);
        }
        for layer in &self.layers {
            for panel in 0..layer.n_panels() {
                let units = layer.units(panel);
                let source = &lines[layer.lines(panel..panel + 1)];
                let (panel, biases) = source.split_at(layer.n_in);
                let weight = &mut numbers[layer.weight + units.start * layer.n_in..]
                    [..units.len() * layer.n_in];
                unpack_units(isa, panel, weight);
                let bias = &mut numbers[layer.bias + units.start..][..units.len()];
                bias.copy_from_slice(&biases[0].0[..units.len()]);
            }
        }
    }

    /// Numbers in the network's order, from lines that may be empty.
    pub(crate) fn unpacked<T: Real>(&self, isa: Isa, lines: &[Line<T>], len: usize) -> Vec<T> {
        if lines.is_empty() {
            return Vec::new();
        }
        let mut numbers = vec![T::ZERO; len];
        self.unpack(isa, lines, &mut numbers);
        numbers
    }
}

/// A layout with parameters in it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Weights<'a, T> {
    pub(crate) layout: &'a Layout,
    /// All lines, or those of the embedding tables alone when the layers are in `half`.
    pub(crate) lines: &'a [Line<T>],
    /// All lines as bfloat16.
    pub(crate) half: Option<&'a [HalfLine]>,
}

impl<T: Real> Network<T> {
    pub(crate) fn layout(&self) -> Layout {
        Layout::new(self.tensors())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{network, spec};

    #[test]
    fn every_parameter_comes_back_as_it_was() {
        for widths in [&[7][..], &[33, 64, 5], &[100, 1, 40]] {
            let network = network::<f32>(spec(widths, 35));
            let layout = network.layout();
            let lines = layout.pack(Isa::best(), network.parameters());
            assert_eq!(lines.len(), layout.n_lines);
            let back = layout.unpacked(Isa::best(), &lines, network.parameters().len());
            assert_eq!(back, network.parameters());
            let total: f64 = flat(&lines).iter().map(|&v| f64::from(v).abs()).sum();
            let want: f64 = back.iter().map(|&v| f64::from(v).abs()).sum();
            assert!(
                (total - want).abs() < 1e-9 * want,
                "nothing but zeros between"
            );
        }
    }
}
