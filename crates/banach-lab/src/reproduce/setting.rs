//! The hyperparameters of one network, and the grids of them.

use std::collections::BTreeMap;

use banach_nn::{Architecture, BlockShape, Dropout, InputSpec, NetworkKind, NetworkSpec, Shape};

/// What a network is and how it is trained.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Setting {
    /// Its kind, and the shape of its blocks.
    pub architecture: Architecture,
    /// Units of the first hidden layer; a highway network has as many as there are inputs.
    pub width: usize,
    /// Hidden layers; of a residual network, blocks and the layer before them.
    pub layers: usize,
    /// How widths run.
    pub shape: Shape,
    /// Dropout rate: alpha dropout for SELU, ordinary dropout for the others.
    pub dropout: f64,
    /// Learning rate of stochastic gradient descent.
    pub learning_rate: f64,
    /// Weight decay (L2).
    pub weight_decay: f64,
}

impl Setting {
    /// The network for this many inputs and outputs.
    #[must_use]
    pub fn spec(&self, n_inputs: usize, n_outputs: usize) -> NetworkSpec {
        let widths = self.shape.widths(self.width, self.layers, n_outputs);
        NetworkSpec {
            inputs: InputSpec {
                n_numbers: n_inputs,
                categories: vec![],
                dropout: Dropout::None,
            },
            layers: self.architecture.layers(&widths, n_inputs, self.dropout),
            n_outputs,
        }
    }

    /// In words for a table of results: `256 x 8 rectangular lr 0.1 dropout 0.05`.
    #[must_use]
    pub fn describe(&self) -> String {
        let shape = self.shape.name();
        let BlockShape { layers, bottleneck } = self.architecture.block;
        let mut text = match self.architecture.kind {
            NetworkKind::Highway => format!("input width x {}", self.layers),
            NetworkKind::ResNet => format!(
                "{} x {} blocks of {layers}, bottleneck {bottleneck}",
                self.width,
                self.layers - 1
            ),
            _ => format!("{} x {} {shape}", self.width, self.layers),
        };
        text += &format!(" lr {} dropout {}", self.learning_rate, self.dropout);
        if self.weight_decay > 0.0 {
            text += &format!(" l2 {}", self.weight_decay);
        }
        text
    }
}

/// A grid of settings: every combination of the values that a method has.
#[derive(Debug, Clone, PartialEq)]
pub struct Grid {
    /// Units of the first hidden layer.
    pub widths: Vec<usize>,
    /// Hidden layers.
    pub layers: Vec<usize>,
    /// Blocks of residual networks.
    pub blocks: Vec<usize>,
    /// Layers of a block, and the bottleneck.
    pub block_forms: Vec<(usize, f64)>,
    /// How widths run.
    pub shapes: Vec<Shape>,
    /// Learning rates.
    pub learning_rates: Vec<f64>,
    /// Alpha dropout rates of self-normalizing networks.
    pub alpha_dropout: Vec<f64>,
    /// Dropout rates of the others that use it: plain ReLU and highway networks.
    pub dropout: Vec<f64>,
    /// Weight decays (L2).
    pub weight_decays: Vec<f64>,
}

impl Grid {
    /// The paper's grid for the UCI sets (section A.4.1).
    #[must_use]
    pub fn uci_full() -> Self {
        Self {
            widths: vec![1024, 512, 256],
            layers: vec![2, 3, 4, 8, 16, 32],
            blocks: vec![2, 3, 4, 8, 16],
            block_forms: vec![(2, 1.0), (3, 1.0), (2, 0.25), (2, 0.5), (3, 0.25), (3, 0.5)],
            shapes: vec![Shape::Rectangular, Shape::Conic],
            learning_rates: vec![0.01, 0.1, 1.0],
            alpha_dropout: vec![0.05, 0.0],
            dropout: vec![0.5, 0.0],
            weight_decays: vec![0.0],
        }
    }

    /// A part of it that two cores run on 58 sets in about half an hour: the narrowest width, 2 and 4
    /// layers (2 blocks), rectangular, the two lower learning rates.
    #[must_use]
    pub fn uci_quick() -> Self {
        Self {
            widths: vec![256],
            layers: vec![2, 4],
            blocks: vec![2],
            block_forms: vec![(2, 1.0), (2, 0.5)],
            shapes: vec![Shape::Rectangular],
            learning_rates: vec![0.01, 0.1],
            ..Self::uci_full()
        }
    }

    /// The paper's grid for HTRU2 (section A.4.3).
    #[must_use]
    pub fn htru2_full() -> Self {
        Self {
            widths: vec![256, 512, 1024],
            layers: vec![2, 4, 8, 16, 32],
            shapes: vec![Shape::Rectangular],
            learning_rates: vec![0.1, 0.01, 1.0],
            dropout: vec![0.0, 0.05],
            ..Self::uci_full()
        }
    }

    /// A part of it.
    #[must_use]
    pub fn htru2_quick() -> Self {
        Self {
            widths: vec![256],
            layers: vec![2, 4],
            blocks: vec![2],
            block_forms: vec![(2, 1.0)],
            learning_rates: vec![0.1, 0.01],
            alpha_dropout: vec![0.0, 0.05],
            ..Self::htru2_full()
        }
    }

    /// How many settings each kind of network has to choose from, in words. More of them are an advantage.
    #[must_use]
    pub fn choices(&self) -> String {
        let mut by_count = BTreeMap::<usize, Vec<&str>>::new();
        for kind in &NetworkKind::ALL {
            let names = by_count.entry(self.settings(*kind).len());
            names.or_default().push(kind.name());
        }
        let groups = by_count.iter().rev();
        let groups: Vec<String> = groups
            .map(|(count, names)| format!("{count} for {}", names.join(", ")))
            .collect();
        format!(
            "The grid does not have as many settings for every network: {}. More settings to \
             choose from are an advantage.",
            groups.join("; ")
        )
    }

    /// The settings of one kind of network.
    #[must_use]
    pub fn settings(&self, kind: NetworkKind) -> Vec<Setting> {
        let dropouts = match kind {
            NetworkKind::Snn => self.alpha_dropout.clone(),
            NetworkKind::Msra | NetworkKind::Highway => self.dropout.clone(),
            _ => vec![0.0],
        };
        let widths = match kind {
            NetworkKind::Highway => vec![self.widths[0]],
            _ => self.widths.clone(),
        };
        // A residual or highway network has one form: its blocks and layers are as wide as each other.
        let (shapes, layers, kinds) = match kind {
            NetworkKind::ResNet => {
                let form = |&(layers, bottleneck): &(usize, f64)| Architecture {
                    kind,
                    block: BlockShape { layers, bottleneck },
                };
                let layers = self.blocks.iter().map(|blocks| blocks + 1).collect();
                let kinds = self.block_forms.iter().map(form).collect();
                (vec![Shape::Rectangular], layers, kinds)
            }
            NetworkKind::Highway => (
                vec![Shape::Rectangular],
                self.layers.clone(),
                vec![kind.into()],
            ),
            _ => (self.shapes.clone(), self.layers.clone(), vec![kind.into()]),
        };
        let mut settings = Vec::new();
        for &architecture in &kinds {
            for &width in &widths {
                for &layers in &layers {
                    for &shape in &shapes {
                        for &dropout in &dropouts {
                            for &learning_rate in &self.learning_rates {
                                for &weight_decay in &self.weight_decays {
                                    settings.push(Setting {
                                        architecture,
                                        width,
                                        layers,
                                        shape,
                                        dropout,
                                        learning_rate,
                                        weight_decay,
                                    });
                                }
                            }
                        }
                    }
                }
            }
        }
        settings
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grids_have_the_papers_sizes_and_every_setting_can_be_built() {
        let sizes = |grid: &Grid| -> Vec<usize> {
            let size = |kind| grid.settings(kind).len();
            NetworkKind::ALL.into_iter().map(size).collect()
        };
        // Widths, layers, rates, forms, dropout; highway without widths and forms; residual blocks.
        let full = [
            3 * 6 * 3 * 2 * 2,
            216,
            108,
            108,
            108,
            6 * 3 * 2,
            3 * 5 * 3 * 6,
        ];
        assert_eq!(sizes(&Grid::uci_full()), full);
        assert_eq!(sizes(&Grid::uci_quick()), [8, 8, 4, 4, 4, 8, 4]);
        for grid in [Grid::uci_full(), Grid::uci_quick(), Grid::htru2_quick()] {
            for kind in NetworkKind::ALL {
                for setting in grid.settings(kind) {
                    assert_eq!(setting.spec(7, 3).check(), Ok(()), "{}", setting.describe());
                }
            }
        }
    }

    #[test]
    fn a_grid_says_how_much_each_network_has_to_choose_from() {
        let words = Grid::uci_quick().choices();
        let part = "8 for snn, msra, highway; 4 for batchnorm, layernorm, weightnorm, resnet";
        assert!(words.contains(part), "{words}");
    }

    #[test]
    fn a_setting_says_what_it_is() {
        let setting = Grid::uci_quick().settings(NetworkKind::Snn)[0];
        let words = "256 x 2 rectangular lr 0.01 dropout 0.05";
        assert_eq!(setting.describe(), words);
        let blocks = NetworkKind::ResNet;
        let setting = Grid::uci_quick().settings(blocks)[0];
        let words = "256 x 2 blocks of 2, bottleneck 1 lr 0.01 dropout 0";
        assert_eq!(setting.describe(), words);
    }
}
