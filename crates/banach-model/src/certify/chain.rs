//! Finds the dense layers of a network in a file that does not say how they are connected.

use std::cmp::Ordering;

use banach_theory::depth::Unit;

use super::CertifyError;
use crate::container::Container;

/// One dense layer.
#[derive(Debug, Clone, PartialEq)]
pub struct Dense {
    /// Name of the weight's tensor.
    pub name: String,
    /// Number of inputs.
    pub fan_in: usize,
    /// `[out, in]`, row by row.
    pub weight: Vec<f32>,
    /// `[out]`.
    pub bias: Option<Vec<f32>>,
}

/// Layers from the input to the output, and the matrices that are none of them.
#[derive(Debug)]
pub struct Chain {
    /// The layers, from the input to the output.
    pub layers: Vec<Dense>,
    /// Names of the matrices that are none of them.
    pub skipped: Vec<String>,
}

impl Dense {
    /// Sums over the weights of each unit.
    pub(super) fn units(&self) -> Vec<Unit> {
        let rows = self.weight.chunks_exact(self.fan_in.max(1)).enumerate();
        let unit = |(unit, weights): (usize, &[f32])| {
            let bias = self.bias.as_ref().and_then(|bias| bias.get(unit));
            Unit::from_weights(weights, bias.map_or(0.0, |&bias| f64::from(bias)))
        };
        rows.map(unit).collect()
    }
}

const WEIGHT: &str = "weight";
const BIAS: &str = "bias";

/// The longest chain of matrices named `weight` or `*.weight`, [out, in] as PyTorch has them, in the order of their names with
/// numbers compared as numbers, in which each takes as many inputs as the one before has outputs.
pub(super) fn find(container: &Container) -> Result<Chain, CertifyError> {
    let mut matrices: Vec<(&str, usize, usize, &[f32])> = container
        .tensors()
        .filter_map(|(name, shape, values)| match shape {
            &[out, fan_in] if is_weight(name) => Some((name, out, fan_in, values)),
            _ => None,
        })
        .collect();
    matrices.sort_by(|a, b| natural(a.0, b.0));
    if matrices.is_empty() {
        return Err(CertifyError::NoMatrix);
    }
    // best[i]: matrices in the longest chain that ends with matrix i, and the one before it.
    let mut best: Vec<(usize, Option<usize>)> = Vec::with_capacity(matrices.len());
    for (i, &(_, _, fan_in, _)) in matrices.iter().enumerate() {
        let before = (0..i)
            .filter(|&j| matrices[j].1 == fan_in)
            .max_by_key(|&j| best[j].0);
        best.push((before.map_or(1, |j| best[j].0 + 1), before));
    }
    let mut at = (0..best.len()).max_by_key(|&i| best[i].0);
    let mut chosen = Vec::new();
    while let Some(i) = at {
        chosen.push(i);
        at = best[i].1;
    }
    chosen.reverse();
    let bias_of = |name: &str, out: usize| {
        let wanted = format!("{}{BIAS}", &name[..name.len() - WEIGHT.len()]);
        let mut tensors = container.tensors();
        tensors.find_map(|(name, shape, values)| {
            (name == wanted && shape == [out]).then(|| values.to_vec())
        })
    };
    let skipped = (0..matrices.len()).filter(|i| !chosen.contains(i));
    Ok(Chain {
        skipped: skipped.map(|i| matrices[i].0.to_owned()).collect(),
        layers: chosen
            .iter()
            .map(|&i| matrices[i])
            .map(|(name, out, fan_in, values)| Dense {
                name: name.to_owned(),
                fan_in,
                weight: values.to_vec(),
                bias: bias_of(name, out),
            })
            .collect(),
    })
}

fn is_weight(name: &str) -> bool {
    name == WEIGHT
        || name
            .strip_suffix(WEIGHT)
            .is_some_and(|rest| rest.ends_with('.'))
}

/// Compares texts with runs of digits as numbers: layers.2 comes before layers.10.
fn natural(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a, b);
    loop {
        let (first, second) = match (a.chars().next(), b.chars().next()) {
            (Some(first), Some(second)) => (first, second),
            (first, second) => return first.cmp(&second),
        };
        if first.is_ascii_digit() && second.is_ascii_digit() {
            let number = |text: &str| text.chars().take_while(char::is_ascii_digit).count();
            let (digits_a, digits_b) = (&a[..number(a)], &b[..number(b)]);
            let (short_a, short_b) = (
                digits_a.trim_start_matches('0'),
                digits_b.trim_start_matches('0'),
            );
            let order = short_a.len().cmp(&short_b.len()).then(short_a.cmp(short_b));
            if order != Ordering::Equal {
                return order;
            }
            (a, b) = (&a[digits_a.len()..], &b[digits_b.len()..]);
        } else {
            if first != second {
                return first.cmp(&second);
            }
            (a, b) = (&a[first.len_utf8()..], &b[second.len_utf8()..]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn container(tensors: &[(&str, &[usize])]) -> Container {
        let mut container = Container::new();
        for (name, shape) in tensors {
            let n = shape.iter().product();
            container
                .insert(name, shape, vec![0.5; n])
                .expect("a tensor");
        }
        container
    }

    fn names(chain: &Chain) -> Vec<&str> {
        chain.layers.iter().map(|layer| &layer.name[..]).collect()
    }

    #[test]
    fn layers_come_in_the_order_of_their_numbers() {
        let file = container(&[
            ("net.0.weight", &[8, 4]),
            ("net.0.bias", &[8]),
            ("net.2.weight", &[6, 8]),
            ("net.10.weight", &[3, 6]),
            ("net.10.bias", &[3]),
            ("norm.weight", &[8]),
        ]);
        let chain = find(&file).expect("a chain");
        assert_eq!(
            names(&chain),
            ["net.0.weight", "net.2.weight", "net.10.weight"]
        );
        assert_eq!(chain.layers[0].bias.as_deref().map(<[f32]>::len), Some(8));
        assert_eq!(chain.layers[1].bias, None);
        assert!(chain.skipped.is_empty());
    }

    #[test]
    fn matrices_that_do_not_fit_are_left_out_and_named() {
        let file = container(&[
            ("embed.weight", &[100, 5]),
            ("fc1.weight", &[8, 4]),
            ("fc2.weight", &[8, 8]),
            ("head.weight", &[2, 8]),
        ]);
        let chain = find(&file).expect("a chain");
        assert_eq!(names(&chain), ["fc1.weight", "fc2.weight", "head.weight"]);
        assert_eq!(chain.skipped, ["embed.weight"]);
    }

    #[test]
    fn a_file_without_matrices_is_refused() {
        assert!(find(&container(&[("a.bias", &[3]), ("myweight", &[2, 2])])).is_err());
    }

    #[test]
    fn natural_order_compares_digits_as_numbers() {
        for (a, b) in [
            ("a2", "a10"),
            ("a02", "a3"),
            ("a", "a1"),
            ("a1b", "a1c"),
            ("1", "a"),
        ] {
            assert_eq!(natural(a, b), Ordering::Less, "{a} {b}");
            assert_eq!(natural(b, a), Ordering::Greater, "{b} {a}");
        }
        assert_eq!(natural("x1.y", "x1.y"), Ordering::Equal);
    }
}
