//! Gradients of whole networks against central differences, and far-out inputs.

use banach_kernels::{LANES, Line, Real};

use super::{LOSSES, SGD, all_rows, data, network, spec, widened};

use crate::step::StepperOf;
use crate::{Batch, Dataset, Loss, NetworkSpec, Shape, StepOptions};

/// Masks and hidden categories of this step: the loss is then a fixed function of the parameters.
const STEP: u64 = 17;

/// Half the distance of the two points. Its square, 1e-12, is what the formula leaves out; rounding
/// of a loss L adds some 1e-16 L / 1e-6.
const HALF_STEP: f64 = 1e-6;

/// What the two errors above may come to, beside a loss L and a gradient g: this times
/// (1 + |L| + |g|).
const TOLERANCE: f64 = 2e-9;

/// Most parameters of a tensor that are moved one by one, and about how many tensors are.
const MOVED_PARAMETERS: usize = 12;
const MOVED_TENSORS: usize = 24;

/// A step that moves nothing, with dropout and hidden categories.
fn still(loss: Loss) -> StepOptions {
    StepOptions {
        loss,
        optimizer: SGD,
        learning_rate: 0.0,
        weight_decay: 0.0,
        clip_norm: None,
        category_dropout: 0.25,
        seed: 2,
    }
}

/// Loss of all rows at `parameters`; the gradient is then the stepper's last.
fn loss_at<T: Real>(
    stepper: &mut StepperOf<T>,
    data: &Dataset,
    loss: &Loss,
    parameters: &[T],
) -> f64 {
    stepper.restore(parameters, STEP, &[vec![], vec![]]);
    stepper.keep_gradient();
    let rows = all_rows(data);
    let batch = Batch::new(data, &rows);
    stepper.step(&batch, &still(*loss)).loss()
}

/// Compares every tensor's gradient with differences; gives the largest one as a share of what is
/// allowed, and the largest gradient of the first layer's weights.
fn compare(spec: NetworkSpec, loss: &Loss) -> (f64, f64) {
    let data = data(loss, spec.n_outputs, 9, 1.0);
    let network = network(spec);
    let tensors = network.tensors().to_vec();
    let parameters = widened(&network);
    let mut stepper = StepperOf::new(network.spec(), &parameters, &SGD, 9, 1).unwrap();
    let value = loss_at(&mut stepper, &data, loss, &parameters);
    let gradient = stepper.last_gradient();
    let mut worst: f64 = 0.0;
    // Odd, so that weights and biases take turns.
    let every = tensors.len().div_ceil(MOVED_TENSORS) | 1;
    for info in tensors.iter().step_by(every) {
        let every = info.len().div_ceil(MOVED_PARAMETERS);
        for index in (info.offset..info.offset + info.len()).step_by(every) {
            let mut at = |distance: f64| {
                let mut moved = parameters.clone();
                moved[index] += distance;
                loss_at(&mut stepper, &data, loss, &moved)
            };
            let difference = (at(HALF_STEP) - at(-HALF_STEP)) / (2.0 * HALF_STEP);
            let error = (difference - gradient[index]).abs();
            let share = error / (TOLERANCE * (1.0 + value + gradient[index].abs()));
            assert!(
                share <= 1.0,
                "{loss:?}, {}[{}]: difference {difference}, gradient {}",
                info.name,
                index - info.offset,
                gradient[index]
            );
            worst = worst.max(share);
        }
    }
    let first = tensors.iter().find(|info| info.name == "layers.0.weight");
    let first = &gradient[first.unwrap().offset..][..first.unwrap().len()];
    (worst, first.iter().fold(0.0, |top, g| top.max(g.abs())))
}

#[test]
fn gradients_are_central_differences_for_every_loss_shape_and_depth() {
    for (loss, n_outputs) in LOSSES {
        for (shape, width, depth) in [
            (Shape::Rectangular, 7, 1),
            (Shape::Conic, 20, 4),
            (Shape::Rectangular, 24, 256),
            (Shape::Conic, 48, 256),
        ] {
            // Not down to one unit: a chain of single units passes on no gradient.
            let widths = shape.widths(width, depth, 8);
            let (worst, first) = compare(spec(&widths, n_outputs), &loss);
            println!(
                "{loss:?}, {shape:?}, {depth} layers: {:.1}% of what is allowed; largest gradient \
                 of the first layer {first:.1e}",
                100.0 * worst
            );
            // Else the deep layers would be compared with nothing.
            assert!(first > 1e3 * TOLERANCE, "the gradient reaches the input");
        }
    }
}

#[test]
fn forward_and_backward_stay_finite_far_out() {
    for (loss, n_outputs) in LOSSES {
        for depth in [1, 8, 256] {
            for size in [100.0, 1e4] {
                let mut data = data(&loss, n_outputs, 9, size);
                for (i, number) in data.features.numbers.iter_mut().enumerate() {
                    *number = if i % 2 == 0 { size } else { -size };
                }
                let network = network(spec(&vec![16; depth], n_outputs));
                let parameters = network.parameters().to_vec();
                let mut stepper = StepperOf::new(network.spec(), &parameters, &SGD, 9, 2).unwrap();
                let value = loss_at(&mut stepper, &data, &loss, &parameters);
                let case = format!("{loss:?}, {depth} layers, inputs of {size}");
                assert!(value.is_finite(), "{case}: loss {value}");
                for shard in &stepper.shards {
                    let finite = |lines: &[Line<f32>], lanes: usize| {
                        let mut values = lines.iter().flat_map(|line| &line.0[..lanes]);
                        values.all(|value| value.is_finite())
                    };
                    // At most 16 rows: one panel.
                    let n_rows = shard.n_rows;
                    for place in 0..depth + 2 {
                        let units = shard.units(place).lines();
                        assert!(finite(units, n_rows), "{case}: units at {place}");
                    }
                    for layer in 0..depth + 1 {
                        let d = shard.row_gradients(layer, 0);
                        assert_eq!(d.len(), n_rows);
                        assert!(finite(d, LANES), "{case}: d of layer {layer}");
                    }
                }
                assert!(
                    stepper.last_gradient().iter().all(|g| g.is_finite()),
                    "{case}"
                );
            }
        }
    }
}
