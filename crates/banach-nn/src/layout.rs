//! The order in which kernels read parameters.
//!
//! [`crate::Network`] holds parameters as a model file names them: a row of weights for each unit. Products
//! want them in panels (see `banach_kernels::Panels`), so the engine keeps its own copy: for every
//! layer the panels of `weight^T`, each followed by the line of its 32 units' biases and those of their
//! gains and running averages, if there are any; a panel of highway gates follows the panel of their
//! units; embedding tables row by row. Gradients and optimizer slots lie the same way.

use std::ops::Range;

use banach_kernels::{
    Bf16Line, Isa, LANES, Line, Panels, Real, flat, flat_mut, lines_for, pack_units, unpack_units,
};

use crate::tensor::{TensorInfo, TensorRole};

/// Where each tensor lies, in lines.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Layout {
    pub(crate) layers: Vec<LayerLayout>,
    pub(crate) tables: Vec<EmbeddingTable>,
    pub(crate) n_lines: usize,
}

/// Parameters of one layer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct LayerLayout {
    first_line: usize,
    pub(crate) n_in: usize,
    pub(crate) width: usize,
    /// Whether each panel of units is followed by one of their highway gates.
    pub(crate) gated: bool,
    /// First elements of the tensors in the network's flat buffer: weight and bias of the units, then
    /// of the gates.
    affine: Vec<(usize, usize)>,
    /// First elements of the tensors that have a line of their own behind the biases.
    extras: Vec<usize>,
}

/// One embedding table.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct EmbeddingTable {
    first_line: usize,
    pub(crate) category: usize,
    pub(crate) unit: usize,
    pub(crate) dimension: usize,
    n_codes: usize,
    offset: usize,
}

impl LayerLayout {
    /// Lines that a product with the layer's weights gives: a unit each, gates among them.
    pub(crate) fn n_out(&self) -> usize {
        if self.gated {
            2 * LANES * lines_for(self.width)
        } else {
            self.width
        }
    }

    /// Panels of 32 units.
    pub(crate) fn n_panels(&self) -> usize {
        lines_for(self.n_out())
    }

    /// Lines from one panel to the next: a row for each input, the biases, and what else belongs to
    /// the panel's units.
    pub(crate) fn stride(&self) -> usize {
        self.n_in + 1 + self.extras.len()
    }

    /// Lines of a panel that are trained: all but running averages, which come last.
    pub(crate) fn n_trained(&self) -> usize {
        self.n_in + 1 + self.extras.len().min(1)
    }

    /// The lines of some panels.
    pub(crate) fn lines(&self, panels: Range<usize>) -> Range<usize> {
        let at = |panel: usize| self.first_line + panel * self.stride();
        at(panels.start)..at(panels.end)
    }

    /// The lines of one panel.
    pub(crate) fn panel<'a, T: Real>(
        &self,
        lines: &'a [Line<T>],
        panel: usize,
    ) -> PanelLines<'a, T> {
        PanelLines::new(&lines[self.lines(panel..panel + 1)], self.n_in)
    }

    /// The lines of a product that one panel gives.
    pub(crate) fn units(&self, panel: usize) -> Range<usize> {
        panel * LANES..self.n_out().min((panel + 1) * LANES)
    }

    /// `weight^T`: [in, out].
    pub(crate) fn weights<'a, T: Real>(&self, lines: &'a [Line<T>]) -> Panels<'a, T> {
        let lines = &lines[self.lines(0..self.n_panels())];
        Panels::new(lines, self.n_in, self.n_out(), self.stride())
    }

    /// For every panel: the panel, the units of the tensors that are in it, and where their weights
    /// and biases begin in the network's flat buffer.
    fn sources(&self) -> impl Iterator<Item = (usize, Range<usize>, usize, usize)> {
        let per_unit = self.affine.len();
        (0..self.n_panels()).map(move |panel| {
            let (group, part) = (panel / per_unit, panel % per_unit);
            let units = group * LANES..self.width.min((group + 1) * LANES);
            let (weight, bias) = self.affine[part];
            let weight = weight + units.start * self.n_in;
            (panel, units.clone(), weight, bias + units.start)
        })
    }
}

/// The lines of one panel of a layer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PanelLines<'a, T> {
    /// A line for each input.
    pub(crate) weights: &'a [Line<T>],
    pub(crate) bias: &'a Line<T>,
    /// The gain, then running mean and variance, as far as the layer has them.
    pub(crate) extras: &'a [Line<T>],
}

impl<'a, T> PanelLines<'a, T> {
    pub(crate) fn new(lines: &'a [Line<T>], n_in: usize) -> Self {
        let (weights, rest) = lines.split_at(n_in);
        let (bias, extras) = rest.split_at(1);
        Self {
            weights,
            bias: &bias[0],
            extras,
        }
    }
}

impl EmbeddingTable {
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
        let mut tensors = tensors.iter().peekable();
        while let Some(tensor) = tensors.next() {
            let first_line = layout.n_lines;
            if let TensorRole::Embedding { category, unit } = tensor.role() {
                let table = EmbeddingTable {
                    first_line,
                    category,
                    unit,
                    n_codes: tensor.shape[0],
                    dimension: tensor.shape[1],
                    offset: tensor.offset,
                };
                layout.n_lines = table.lines().end;
                layout.tables.push(table);
                continue;
            }
            let mut layer = LayerLayout {
                first_line,
                width: tensor.shape[0],
                n_in: tensor.shape[1],
                gated: false,
                affine: vec![(tensor.offset, 0)],
                extras: Vec::new(),
            };
            let same_layer = |next: &&TensorInfo| !matches!(next.role(), TensorRole::Weight { .. });
            while let Some(tensor) = tensors.next_if(same_layer) {
                match tensor.role() {
                    TensorRole::GateWeight { .. } => {
                        layer.gated = true;
                        layer.affine.push((tensor.offset, 0));
                    }
                    TensorRole::Bias { .. } | TensorRole::GateBias { .. } => {
                        if let Some((_, bias)) = layer.affine.last_mut() {
                            *bias = tensor.offset;
                        }
                    }
                    _ => layer.extras.push(tensor.offset),
                }
            }
            layout.n_lines = layer.lines(0..layer.n_panels()).end;
            layout.layers.push(layer);
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
            for (panel, units, weight, bias) in layer.sources() {
                let weight = &numbers[weight..][..units.len() * layer.n_in];
                let target = &mut lines[layer.lines(panel..panel + 1)];
                let (weights, others) = target.split_at_mut(layer.n_in);
                pack_units(isa, weight, weights);
                let extras = layer.extras.iter().map(|offset| offset + units.start);
                for (line, start) in others.iter_mut().zip([bias].into_iter().chain(extras)) {
                    line.0[..units.len()].copy_from_slice(&numbers[start..][..units.len()]);
                }
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
            for (panel, units, weight, bias) in layer.sources() {
                let source = &lines[layer.lines(panel..panel + 1)];
                let (weights, others) = source.split_at(layer.n_in);
                let weight = &mut numbers[weight..][..units.len() * layer.n_in];
                unpack_units(isa, weights, weight);
                let extras = layer.extras.iter().map(|offset| offset + units.start);
                for (line, start) in others.iter().zip([bias].into_iter().chain(extras)) {
                    numbers[start..][..units.len()].copy_from_slice(&line.0[..units.len()]);
                }
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
    /// All lines, or those of the embedding tables alone when the layers are in `bf16`.
    pub(crate) lines: &'a [Line<T>],
    /// All lines as bfloat16.
    pub(crate) bf16: Option<&'a [Bf16Line]>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{network, spec};

    #[test]
    fn every_parameter_comes_back_as_it_was() {
        for widths in [&[7][..], &[33, 64, 5], &[100, 1, 40]] {
            let network = network(spec(widths, 35));
            let layout = Layout::new(network.tensors());
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
