//! Burn, on its fastest processor backend.

use anyhow::Context;
use burn::module::{Module, Param};
use burn::nn::Linear;
use burn::nn::loss::{CrossEntropyLoss, CrossEntropyLossConfig};
use burn::optim::{AdamConfig, GradientsParams, ModuleOptimizer, SgdConfig};
use burn::tensor::activation::selu;
use burn::tensor::{Device, Int, Tensor, TensorData};

use crate::Peer;
use crate::mask::{AlphaDropout, Random};
use crate::request::{Network, Optimizer};

#[derive(Module, Debug)]
struct Mlp {
    layers: Vec<Linear>,
}

pub(crate) struct Burn {
    device: Device,
    // Taken out for the length of a step, which consumes it.
    model: Option<Mlp>,
    optimizer: ModuleOptimizer,
    loss: CrossEntropyLoss,
    dropout: Option<AlphaDropout>,
    learning_rate: f64,
    random: Random,
    batches: Vec<(Tensor<2>, Tensor<1, Int>)>,
    last_loss: Option<Tensor<1>>,
}

impl Burn {
    pub(crate) fn new(network: &Network) -> Self {
        #[cfg(feature = "burn-cpu")]
        let device = Device::cpu();
        #[cfg(not(feature = "burn-cpu"))]
        let device = Device::flex();
        let training = device.clone().autodiff();
        let mut random = Random::new(2);
        let widths = network.widths();
        let layers = widths.windows(2).map(|pair| {
            let (fan_in, n_out) = (pair[0], pair[1]);
            let weights = network.weights(&mut random, fan_in, fan_in * n_out);
            let weights = TensorData::new(weights, [fan_in, n_out]);
            Linear {
                weight: Param::from_tensor(Tensor::from_data(weights, &training)),
                bias: Some(Param::from_tensor(Tensor::zeros([n_out], &training))),
            }
        });
        let model = Mlp {
            layers: layers.collect(),
        };
        let batches = network.batches().into_iter().map(|(x, y)| {
            let y: Vec<i32> = y.into_iter().map(|class| class as i32).collect();
            (
                Tensor::from_data(
                    TensorData::new(x, [network.batch, network.features]),
                    &training,
                ),
                Tensor::from_data(TensorData::new(y, [network.batch]), &training),
            )
        });
        Self {
            model: Some(model),
            optimizer: match network.optimizer {
                Optimizer::Sgd => SgdConfig::new().init(),
                Optimizer::Adam => AdamConfig::new().with_epsilon(1e-8).init(),
            },
            loss: CrossEntropyLossConfig::new().init(&training),
            dropout: (network.dropout > 0.0).then(|| AlphaDropout::new(network.dropout)),
            learning_rate: network.learning_rate,
            random,
            batches: batches.collect(),
            last_loss: None,
            device: training,
        }
    }
}

impl Peer for Burn {
    fn step(&mut self, batch: usize) -> anyhow::Result<()> {
        let model = self.model.take().context("a step before failed")?;
        let (x, y) = self.batches[batch].clone();
        let mut x = x;
        let last = model.layers.len() - 1;
        for (index, layer) in model.layers.iter().enumerate() {
            x = layer.forward(x);
            if index == last {
                break;
            }
            x = selu(x);
            if let Some(dropout) = &self.dropout {
                let shape = x.dims();
                let mask = dropout.mask(&mut self.random, shape[0] * shape[1]);
                let mask = Tensor::from_data(TensorData::new(mask, shape), &self.device);
                let shift = dropout.a * dropout.dropped + dropout.b;
                x = (x - dropout.dropped) * mask + shift;
            }
        }
        let loss = self.loss.forward(x, y);
        let grads = GradientsParams::from_grads(loss.backward(), &model);
        self.last_loss = Some(loss);
        self.model = Some(self.optimizer.step(self.learning_rate, model, grads));
        Ok(())
    }

    fn finish(&mut self) -> anyhow::Result<f32> {
        let loss = self.last_loss.clone().context("no step was taken")?;
        self.device.sync().context("Burn cannot finish its steps")?;
        Ok(loss.into_scalar())
    }
}
