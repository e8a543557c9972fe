//! Normalizations that are fixed in prediction become part of the weights.

use std::borrow::Cow;

use banach_kernels::{Isa, Line, Real, scale_columns};

use crate::layers::{LayerKind, batch_norm, weight_norm};
use crate::layout::Layout;
use crate::network::Network;
use crate::spec::{LayerSpec, NetworkSpec, Normalization};

impl Network {
    /// The same function without the normalizations that are fixed in prediction: batch normalization
    /// by its running averages and weight normalization become part of weights and biases.
    ///
    /// A layer that was normalized so has no gains and no running averages afterwards. Networks without
    /// such layers come back as they are.
    #[must_use]
    pub fn folded(&self) -> Cow<'_, Self> {
        let isa = Isa::best();
        let layout = Layout::new(self.tensors());
        let Some((spec, lines)) = ({
            let lines = layout.pack(isa, self.parameters());
            fold(&layout, isa, self.spec(), &lines)
        }) else {
            return Cow::Borrowed(self);
        };
        let all = layout.unpacked(isa, &lines, self.parameters().len());
        let mut parameters = Vec::new();
        for tensor in &spec.tensors() {
            let source = self
                .tensors()
                .iter()
                .find(|info| info.role() == tensor.role());
            parameters.extend(source.map_or(&[][..], |info| &all[info.offset..][..info.len()]));
        }
        Cow::Owned(Self::of_parts(spec, parameters))
    }
}

/// The network in which normalizations that are fixed in prediction are part of the weights: batch
/// normalization by its running averages, and weight normalization. `None` without such layers.
pub(crate) fn fold<T: Real>(
    layout: &Layout,
    isa: Isa,
    spec: &NetworkSpec,
    lines: &[Line<T>],
) -> Option<(NetworkSpec, Vec<Line<T>>)> {
    let is_folded = |layer_spec: &LayerSpec| {
        let kind = LayerKind::of(Some(layer_spec));
        matches!(kind, LayerKind::BatchNorm | LayerKind::WeightNorm)
    };
    if !spec.layers.iter().any(is_folded) {
        return None;
    }
    let (mut spec, mut folded) = (spec.clone(), lines.to_vec());
    for (layer_spec, layer) in spec.layers.iter_mut().zip(&layout.layers) {
        if !is_folded(layer_spec) {
            continue;
        }
        for panel in 0..layer.n_panels() {
            let source = layer.panel(lines, panel);
            let (scale, bias) = match layer_spec.normalization {
                Normalization::Batch => batch_norm::fold(&source),
                _ => weight_norm::fold(isa, &source),
            };
            let target = &mut folded[layer.lines(panel..panel + 1)];
            scale_columns(isa, &mut target[..layer.n_in], &scale);
            target[layer.n_in] = bias;
        }
        layer_spec.normalization = Normalization::None;
    }
    Some((spec, folded))
}
