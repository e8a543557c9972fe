//! candle.

use anyhow::Context;
use candle_core::{DType, Device, Tensor, Var};
use candle_nn::{AdamW, Linear, Module, Optimizer as _, ParamsAdamW, SGD};

use crate::Peer;
use crate::mask::{AlphaDropout, Random};
use crate::request::{Network, Optimizer};

const ALPHA: f64 = 1.673_263_242_354_377_2;
const LAMBDA: f64 = 1.050_700_987_355_480_5;

enum Update {
    Sgd(SGD),
    Adam(AdamW),
}

pub(crate) struct Candle {
    layers: Vec<Linear>,
    update: Update,
    dropout: Option<AlphaDropout>,
    random: Random,
    batches: Vec<(Tensor, Tensor)>,
    last_loss: Option<Tensor>,
}

impl Candle {
    pub(crate) fn new(network: &Network) -> anyhow::Result<Self> {
        let device = &Device::Cpu;
        let mut random = Random::new(2);
        let (mut variables, mut layers) = (Vec::new(), Vec::new());
        for pair in network.widths().windows(2) {
            let (fan_in, n_out) = (pair[0], pair[1]);
            let weights = network.weights(&mut random, fan_in, fan_in * n_out);
            let weight = Var::from_vec(weights, (n_out, fan_in), device)?;
            let bias = Var::zeros(n_out, DType::F32, device)?;
            let tensor = |variable: &Var| variable.as_tensor().clone();
            layers.push(Linear::new(tensor(&weight), Some(tensor(&bias))));
            variables.extend([weight, bias]);
        }
        let batches = network.batches().into_iter().map(|(x, y)| {
            let x = Tensor::from_vec(x, (network.batch, network.features), device)?;
            Ok((x, Tensor::from_vec(y, network.batch, device)?))
        });
        let adam = ParamsAdamW {
            lr: network.learning_rate,
            weight_decay: 0.0,
            ..ParamsAdamW::default()
        };
        Ok(Self {
            layers,
            update: match network.optimizer {
                Optimizer::Sgd => Update::Sgd(SGD::new(variables, network.learning_rate)?),
                Optimizer::Adam => Update::Adam(AdamW::new(variables, adam)?),
            },
            dropout: (network.dropout > 0.0).then(|| AlphaDropout::new(network.dropout)),
            random,
            batches: batches.collect::<anyhow::Result<_>>()?,
            last_loss: None,
        })
    }
}

impl Peer for Candle {
    fn step(&mut self, batch: usize) -> anyhow::Result<()> {
        let (x, y) = &self.batches[batch];
        let mut x = x.clone();
        let last = self.layers.len() - 1;
        for (index, layer) in self.layers.iter().enumerate() {
            x = layer.forward(&x)?;
            if index == last {
                break;
            }
            x = x.elu(ALPHA)?;
            x = match &self.dropout {
                None => (x * LAMBDA)?,
                Some(dropout) => {
                    let mask = dropout.mask(&mut self.random, x.elem_count());
                    let mask = Tensor::from_vec(mask, x.shape(), x.device())?;
                    let shift = dropout.a * dropout.dropped + dropout.b;
                    // SELU's scale and the shift of dropped units in one pass.
                    ((x.affine(LAMBDA, -dropout.dropped)? * mask)? + shift)?
                }
            };
        }
        let loss = candle_nn::loss::cross_entropy(&x, y)?;
        match &mut self.update {
            Update::Sgd(sgd) => sgd.backward_step(&loss)?,
            Update::Adam(adam) => adam.backward_step(&loss)?,
        }
        self.last_loss = Some(loss);
        Ok(())
    }

    fn finish(&mut self) -> anyhow::Result<f32> {
        let loss = self.last_loss.as_ref().context("no step was taken")?;
        Ok(loss.to_scalar()?)
    }
}
