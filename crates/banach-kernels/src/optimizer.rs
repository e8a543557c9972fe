//! Optimizer steps over flat parameter slices, in PyTorch's form.

/// Settings of one step of stochastic gradient descent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SgdStep {
    /// Learning rate.
    pub learning_rate: f64,
    /// Momentum: the share of the last velocity that is kept, in [0, 1).
    pub momentum: f64,
    /// Whether momentum is Nesterov's.
    pub nesterov: bool,
    /// L2 penalty: `weight_decay * parameter` is added to the gradient.
    pub weight_decay: f64,
}

kernel! {
    /// One step of stochastic gradient descent.
    ///
    /// `g <- gradient * gradient_scale + weight_decay p; v <- momentum v + g;
    /// p <- p - learning_rate (nesterov ? g + momentum v : v)`.
    ///
    /// # Shapes
    /// All slices have the same length; `velocity` may be empty when momentum is 0.
    pub fn sgd_step<T: Number>(
        parameters: &mut [T], gradient: &[T], velocity: &mut [T], gradient_scale: f64,
        step: SgdStep,
    ) {
        let rate = -T::from_f64(step.learning_rate);
        let decay = T::from_f64(step.weight_decay);
        let momentum = T::from_f64(step.momentum);
        let scale = T::from_f64(gradient_scale);
        if step.momentum == 0.0 {
            for (p, &g) in parameters.iter_mut().zip(gradient) {
                let g = decay.mul_add(*p, g * scale);
                *p = rate.mul_add(g, *p);
            }
        } else {
            for ((p, &g), v) in parameters.iter_mut().zip(gradient).zip(velocity) {
                let g = decay.mul_add(*p, g * scale);
                *v = momentum.mul_add(*v, g);
                let direction = if step.nesterov { momentum.mul_add(*v, g) } else { *v };
                *p = rate.mul_add(direction, *p);
            }
        }
    }
}

/// Settings of one step of Adam or AdamW.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdamStep {
    /// Learning rate.
    pub learning_rate: f64,
    /// Decay of the first-moment estimate.
    pub beta1: f64,
    /// Decay of the second-moment estimate.
    pub beta2: f64,
    /// Added to the square root of the second-moment estimate.
    pub epsilon: f64,
    /// L2 penalty: `l2 * parameter` is added to the gradient (Adam).
    pub l2: f64,
    /// Decoupled weight decay: parameters shrink by `learning_rate * decoupled` (AdamW).
    pub decoupled: f64,
    /// Number of this step, from 1.
    pub step: u64,
}

kernel! {
    /// One step of Adam (Kingma and Ba, arXiv:1412.6980) or AdamW (Loshchilov and Hutter,
    /// arXiv:1711.05101).
    ///
    /// `p <- p (1 - learning_rate decoupled); g <- gradient * gradient_scale + l2 p;
    /// m <- beta1 m + (1 - beta1) g; v <- beta2 v + (1 - beta2) g^2;
    /// p <- p - learning_rate / (1 - beta1^t) m / (sqrt(v / (1 - beta2^t)) + epsilon)`.
    ///
    /// # Shapes
    /// All slices have the same length.
    pub fn adam_step<T: Number>(
        parameters: &mut [T], gradient: &[T], mean: &mut [T], square: &mut [T],
        gradient_scale: f64, step: AdamStep,
    ) {
        let bias1 = 1.0 - libm::pow(step.beta1, step.step as f64);
        let bias2 = 1.0 - libm::pow(step.beta2, step.step as f64);
        let rate = -T::from_f64(step.learning_rate / bias1);
        let shrink = T::from_f64(1.0 - step.learning_rate * step.decoupled);
        let l2 = T::from_f64(step.l2);
        let scale = T::from_f64(gradient_scale);
        let (beta1, rest1) = (T::from_f64(step.beta1), T::from_f64(1.0 - step.beta1));
        let (beta2, rest2) = (T::from_f64(step.beta2), T::from_f64(1.0 - step.beta2));
        let root = T::from_f64(1.0 / bias2.sqrt());
        let epsilon = T::from_f64(step.epsilon);
        for (((p, &g), m), v) in parameters.iter_mut().zip(gradient).zip(mean).zip(square) {
            let shrunk = *p * shrink;
            let g = l2.mul_add(shrunk, g * scale);
            *m = beta1.mul_add(*m, rest1 * g);
            *v = beta2.mul_add(*v, rest2 * g * g);
            *p = rate.mul_add(*m / v.sqrt().mul_add(root, epsilon), shrunk);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Isa;

    #[test]
    fn sgd_follows_its_formula_by_hand() {
        let step = SgdStep {
            learning_rate: 0.5,
            momentum: 0.5,
            nesterov: true,
            weight_decay: 0.1,
        };
        let (mut p, mut v) = ([2.0_f64], [1.0]);
        sgd_step(Isa::SCALAR, &mut p, &[8.0], &mut v, 0.1, step);
        // g = 0.8 + 0.2 = 1; v = 0.5 + 1 = 1.5; direction = 1 + 0.75; p = 2 - 0.875.
        assert_eq!((p[0], v[0]), (1.125, 1.5));
    }

    #[test]
    fn the_first_adam_step_has_the_size_of_the_learning_rate() {
        let step = AdamStep {
            learning_rate: 0.01,
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 0.0,
            l2: 0.0,
            decoupled: 0.0,
            step: 1,
        };
        let (mut p, mut m, mut v) = ([1.0_f64, 1.0], [0.0; 2], [0.0; 2]);
        adam_step(
            Isa::SCALAR,
            &mut p,
            &[3.0, -200.0],
            &mut m,
            &mut v,
            1.0,
            step,
        );
        assert!(
            (p[0] - 0.99).abs() < 1e-12 && (p[1] - 1.01).abs() < 1e-12,
            "{p:?}"
        );
    }

    #[test]
    fn every_instruction_set_gives_the_same_bits() {
        let gradient: Vec<f32> = (0..101).map(|i| (i as f32 * 0.7).sin()).collect();
        let run = |isa| {
            let mut p: Vec<f32> = gradient.iter().map(|g| g * 3.0 + 1.0).collect();
            let (mut m, mut v) = (vec![0.1; 101], vec![0.2; 101]);
            let adam = AdamStep {
                learning_rate: 0.01,
                beta1: 0.9,
                beta2: 0.95,
                epsilon: 1e-8,
                l2: 0.01,
                decoupled: 0.1,
                step: 7,
            };
            adam_step(isa, &mut p, &gradient, &mut m, &mut v, 0.9, adam);
            let sgd = SgdStep {
                learning_rate: 0.1,
                momentum: 0.9,
                nesterov: false,
                weight_decay: 0.1,
            };
            sgd_step(isa, &mut p, &gradient, &mut m, 1.0, sgd);
            (p, m, v)
        };
        for isa in Isa::supported() {
            assert_eq!(run(isa), run(Isa::SCALAR), "{}", isa.name());
        }
    }
}
