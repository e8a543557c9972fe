//! Finds the dense layers of a network in a file that does not say how they are connected.
//!
//! Every tensor is accounted for. The matrices named `weight` or `kernel` must make one chain: each takes as many inputs as
//! the one before has outputs. Where more than one order fits, numbers in names decide; where they do not, nobody can know.

use banach_data::nearest_name;
use banach_theory::depth::Unit;
use serde::Serialize;

use super::CertifyError;
use super::account::{TensorAccount, harmless, no_layer, not_covered, note};
use super::names::{KERNEL, Name, fits, numbered};
use super::orders::{Orders, orders};
use crate::container::{ForeignFile, ForeignTensor};

/// One dense layer.
#[derive(Debug, Clone, PartialEq)]
pub struct Dense {
    /// Name of the weight's tensor.
    pub name: String,
    /// Number of inputs.
    pub fan_in: usize,
    /// `[out, in]`, row by row.
    pub weight: Vec<f64>,
    /// `[out]`.
    pub bias: Option<Vec<f64>>,
}

impl Dense {
    /// Sums over the weights of each unit.
    pub(super) fn units(&self) -> Vec<Unit> {
        let rows = self.weight.chunks_exact(self.fan_in.max(1)).enumerate();
        let unit = |(unit, weights): (usize, &[f64])| {
            let bias = self.bias.as_ref().and_then(|bias| bias.get(unit));
            Unit::from_weights(weights, bias.copied().unwrap_or(0.0))
        };
        rows.map(unit).collect()
    }
}

/// What the rows of a matrix of weights are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Orientation {
    /// A row for each unit, as PyTorch has it.
    OutIn,
    /// A row for each input, as Keras and Flax have it.
    InOut,
}

impl Orientation {
    /// As a shape.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::OutIn => "[out, in]",
            Self::InOut => "[in, out]",
        }
    }

    fn other(self) -> Self {
        match self {
            Self::OutIn => Self::InOut,
            Self::InOut => Self::OutIn,
        }
    }
}

/// How something about a file is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum KnownBy {
    /// It was given.
    Given,
    /// Shapes of weights and biases leave no other way.
    Shapes,
    /// Numbers in the names.
    Numbers,
    /// The names `weight` and `kernel`, which usually stand for `[out, in]` and `[in, out]`.
    Names,
}

/// How the matrices of a foreign file were read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Reading {
    /// How the order of the layers is known.
    pub order: KnownBy,
    /// What the rows of the matrices are.
    pub orientation: Orientation,
    /// How that is known.
    pub orientation_known: KnownBy,
}

/// What is known of a foreign file beforehand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChainOptions {
    /// Names of the layers' weights from the input to the output; empty to find them.
    pub layers: Vec<String>,
    /// Patterns of the names of tensors to leave out, with `*` for any text and `?` for a character.
    pub leave_out: Vec<String>,
    /// What the rows of matrices are; found by shapes if not given.
    pub orientation: Option<Orientation>,
}

/// The layers of a file.
#[derive(Debug)]
pub(super) struct Chain {
    /// The layers, from the input to the output; none where no chain was found.
    pub(super) layers: Vec<Dense>,
    /// How they were read, if there are any.
    pub(super) reading: Option<Reading>,
    /// The same layers with rows and columns exchanged, where nothing but names speaks against it.
    pub(super) turned: Option<Vec<Dense>>,
    /// Every tensor.
    pub(super) tensors: TensorAccount,
}

/// A matrix that may be a layer, and the vector of its biases.
struct Matrix<'a> {
    tensor: &'a ForeignTensor,
    values: &'a [f64],
    name: Name,
    bias: Option<&'a ForeignTensor>,
}

impl<'a> Matrix<'a> {
    fn of(tensor: &'a ForeignTensor, all: &'a [ForeignTensor]) -> Option<Self> {
        let (2, Some(values)) = (tensor.shape.len(), tensor.values.as_deref()) else {
            return None;
        };
        let name = Name::of(&tensor.name);
        let is_bias = |other: &&ForeignTensor| {
            other.shape.len() == 1
                && other.values.is_some()
                && Name::of(&other.name).is_bias_of(&name)
        };
        let bias = all.iter().find(is_bias);
        Some(Self {
            tensor,
            values,
            name,
            bias,
        })
    }

    /// Inputs and outputs.
    fn size(&self, orientation: Orientation) -> (usize, usize) {
        match orientation {
            Orientation::OutIn => (self.tensor.shape[1], self.tensor.shape[0]),
            Orientation::InOut => (self.tensor.shape[0], self.tensor.shape[1]),
        }
    }

    /// Whether there is a bias for each unit, if there are biases.
    fn suits_bias(&self, orientation: Orientation) -> bool {
        let n_out = self.size(orientation).1;
        self.bias.is_none_or(|bias| bias.shape[0] == n_out)
    }

    fn dense(&self, orientation: Orientation) -> Dense {
        let (fan_in, n_out) = self.size(orientation);
        let weight = match orientation {
            Orientation::OutIn => self.values.to_vec(),
            Orientation::InOut => {
                let unit = |unit: usize| (0..fan_in).map(move |k| self.values[k * n_out + unit]);
                (0..n_out).flat_map(unit).collect()
            }
        };
        let bias = self.bias.filter(|bias| bias.shape[0] == n_out);
        Dense {
            name: self.tensor.name.clone(),
            fan_in,
            weight,
            bias: bias.and_then(|bias| bias.values.clone()),
        }
    }

    /// Whether it holds the numbers of another matrix, turned or under a name that is no number of the same kind.
    fn repeats(&self, other: &Self) -> bool {
        let (rows, columns) = (self.tensor.shape[0], self.tensor.shape[1]);
        if rows.min(columns) < 2 {
            return false;
        }
        if self.tensor.shape == other.tensor.shape && self.values == other.values {
            // Layers 1 and 2 may well have begun alike; an embedding and the output layer are tied.
            return numbered(&[self.name.clone(), other.name.clone()]).is_empty();
        }
        let turned = || {
            let mut cells = (0..rows).flat_map(|i| (0..columns).map(move |j| (i, j)));
            cells.all(|(i, j)| self.values[i * columns + j] == other.values[j * rows + i])
        };
        other.tensor.shape[..] == [columns, rows] && turned()
    }
}

/// The chain of a file's dense layers, and what becomes of every other tensor.
pub(super) fn find(file: &ForeignFile, options: &ChainOptions) -> Result<Chain, CertifyError> {
    let all = file.tensors();
    if all.is_empty() {
        return Err(CertifyError::NoTensors);
    }
    let mut account = TensorAccount::default();
    let mut open: Vec<&ForeignTensor> = Vec::new();
    check_patterns(all, &options.leave_out)?;
    for tensor in all {
        let pattern = options
            .leave_out
            .iter()
            .find(|pattern| fits(pattern, &tensor.name));
        match (pattern, harmless(tensor, &Name::of(&tensor.name))) {
            (Some(pattern), _) => {
                let what = format!("left out as {pattern}");
                account.left_out.push(note(tensor, &what));
            }
            (None, Some(why)) => account.harmless.push(note(tensor, why)),
            (None, None) => open.push(tensor),
        }
    }
    let names: Vec<Name> = open.iter().map(|tensor| Name::of(&tensor.name)).collect();
    let found = if options.layers.is_empty() {
        let (matrices, set_aside) = candidates(&open, all, &names);
        account.not_covered.extend(set_aside);
        in_some_order(matrices, options.orientation)?
    } else {
        Some(in_given_order(&open, all, options)?)
    };
    let Some(found) = found else {
        let rest = open.iter().zip(&names);
        let rest = rest.filter(|(tensor, _)| !noted(&account.not_covered, tensor));
        let notes = rest.map(|(tensor, name)| {
            let what = if tensor.shape.len() == 2 && name.is_weight() {
                "a matrix that makes no single chain with the others".to_owned()
            } else {
                not_covered(tensor, name, &names)
            };
            note(tensor, &what)
        });
        let notes: Vec<_> = notes.collect();
        account.not_covered.extend(notes);
        return Ok(Chain {
            layers: Vec::new(),
            reading: None,
            turned: None,
            tensors: account,
        });
    };
    let orientation = found.reading.orientation;
    for matrix in &found.matrices {
        account.used.push(note(matrix.tensor, "weights"));
        if let (Some(bias), true) = (matrix.bias, matrix.suits_bias(orientation)) {
            account.used.push(note(bias, "biases"));
        }
    }
    for (tensor, name) in open.iter().zip(&names) {
        if !noted(&account.used, tensor) && !noted(&account.not_covered, tensor) {
            let what = not_covered(tensor, name, &names);
            account.not_covered.push(note(tensor, &what));
        }
    }
    let layers = |orientation| {
        let dense = found
            .matrices
            .iter()
            .map(|matrix| matrix.dense(orientation));
        dense.collect::<Vec<_>>()
    };
    Ok(Chain {
        turned: found.can_be_turned().then(|| layers(orientation.other())),
        layers: layers(orientation),
        reading: Some(found.reading),
        tensors: account,
    })
}

fn noted(notes: &[super::account::TensorNote], tensor: &ForeignTensor) -> bool {
    notes.iter().any(|note| note.name == tensor.name)
}

fn check_patterns(all: &[ForeignTensor], patterns: &[String]) -> Result<(), CertifyError> {
    for pattern in patterns {
        if !all.iter().any(|tensor| fits(pattern, &tensor.name)) {
            let names = all.iter().map(|tensor| &tensor.name[..]);
            return Err(CertifyError::NothingLeftOut {
                pattern: pattern.clone(),
                nearest: nearest_name(pattern, names),
            });
        }
    }
    Ok(())
}

/// The matrices that must be layers, and notes on those that cannot be.
fn candidates<'a>(
    open: &[&'a ForeignTensor],
    all: &'a [ForeignTensor],
    names: &[Name],
) -> (Vec<Matrix<'a>>, Vec<super::account::TensorNote>) {
    let (mut matrices, mut set_aside) = (Vec::<Matrix<'a>>::new(), Vec::new());
    for &tensor in open {
        let Some(matrix) = Matrix::of(tensor, all).filter(|matrix| matrix.name.is_weight()) else {
            continue;
        };
        if let Some(what) = no_layer(&matrix.name, names) {
            set_aside.push(note(tensor, what));
        } else if let Some(first) = matrices.iter().find(|first| matrix.repeats(first)) {
            let what = format!("holds the numbers of {}: tied weights", first.tensor.name);
            set_aside.push(note(tensor, &what));
        } else {
            matrices.push(matrix);
        }
    }
    (matrices, set_aside)
}

/// Matrices in their order.
struct Found<'a> {
    matrices: Vec<Matrix<'a>>,
    reading: Reading,
}

impl Found<'_> {
    /// Whether names alone say what the rows are, and the same order fits the other way.
    fn can_be_turned(&self) -> bool {
        let other = self.reading.orientation.other();
        let mut pairs = self.matrices.windows(2);
        self.reading.orientation_known == KnownBy::Names
            && pairs.all(|pair| pair[0].size(other).1 == pair[1].size(other).0)
    }
}

/// Orders that an error shows.
const SHOWN: usize = 2;

/// All matrices in the one order that names and shapes allow; `None` where they make no chain.
fn in_some_order(
    matrices: Vec<Matrix<'_>>,
    asked: Option<Orientation>,
) -> Result<Option<Found<'_>>, CertifyError> {
    let names: Vec<Name> = matrices.iter().map(|matrix| matrix.name.clone()).collect();
    let before = numbered(&names);
    let allowed = allowed(&matrices, asked);
    let sizes = |orientation| -> Vec<(usize, usize)> {
        let sizes = matrices.iter().map(|matrix| matrix.size(orientation));
        sizes.collect()
    };
    // Orders that keep the numbers come first, and then the orientation that names are for.
    let mut kinds = Vec::new();
    for before in [&before[..], &[]] {
        for &orientation in &allowed {
            kinds.push((orientation, orders(&sizes(orientation), before, SHOWN)));
        }
    }
    let Some(at) = kinds.iter().position(|(_, orders)| exists(orders)) else {
        return Ok(None);
    };
    let (orientation, chosen) = &kinds[at];
    let Some(order) = chosen.only() else {
        let named = |order: &Vec<usize>| {
            let names = order.iter().map(|&k| matrices[k].tensor.name.clone());
            names.collect()
        };
        return Err(CertifyError::Order {
            candidates: chosen.found.iter().map(named).collect(),
            more: chosen.more,
        });
    };
    let order = order.to_vec();
    let by_shapes = orders(&sizes(*orientation), &[], 1).only() == Some(&order[..]);
    let n_ways = allowed.len();
    let other_way = |kinds: &[(Orientation, Orders)]| {
        let mut others = kinds.iter().filter(|other| other.0 != *orientation);
        others.any(|other| exists(&other.1))
    };
    // Kinds come in groups with all ways to read the matrices.
    let same_group = at / n_ways * n_ways..(at / n_ways + 1) * n_ways;
    let reading = Reading {
        order: if by_shapes {
            KnownBy::Shapes
        } else {
            KnownBy::Numbers
        },
        orientation: *orientation,
        orientation_known: match asked {
            Some(_) => KnownBy::Given,
            None if other_way(&kinds[same_group]) => KnownBy::Names,
            None if other_way(&kinds) => KnownBy::Numbers,
            None => KnownBy::Shapes,
        },
    };
    let mut matrices: Vec<Option<Matrix<'_>>> = matrices.into_iter().map(Some).collect();
    let in_order = order.iter().filter_map(|&k| matrices[k].take());
    Ok(Some(Found {
        matrices: in_order.collect(),
        reading,
    }))
}

fn exists(orders: &Orders) -> bool {
    !orders.found.is_empty() || orders.more
}

/// What the rows can be, the way that the names are for first. Biases, one for each unit, may leave one way only.
fn allowed(matrices: &[Matrix<'_>], asked: Option<Orientation>) -> Vec<Orientation> {
    if let Some(asked) = asked {
        return vec![asked];
    }
    let usual = if matrices.iter().all(|matrix| matrix.name.stem == KERNEL) {
        Orientation::InOut
    } else {
        Orientation::OutIn
    };
    let both = [usual, usual.other()];
    let suits =
        |&orientation: &Orientation| matrices.iter().all(|matrix| matrix.suits_bias(orientation));
    let suited: Vec<Orientation> = both.into_iter().filter(suits).collect();
    if suited.is_empty() {
        both.to_vec()
    } else {
        suited
    }
}

/// The matrices that were named, by their own names or those of their modules.
fn in_given_order<'a>(
    open: &[&'a ForeignTensor],
    all: &'a [ForeignTensor],
    options: &ChainOptions,
) -> Result<Found<'a>, CertifyError> {
    let mut matrices: Vec<Matrix<'a>> = Vec::with_capacity(options.layers.len());
    let known: Vec<Matrix<'a>> = open
        .iter()
        .filter_map(|&tensor| Matrix::of(tensor, all))
        .collect();
    for wanted in &options.layers {
        let exact = known.iter().find(|matrix| matrix.tensor.name == *wanted);
        let of_module = || {
            let module = Name::of(&format!("{wanted}.{KERNEL}")).module;
            let mut fit = known
                .iter()
                .filter(|matrix| matrix.name.is_weight() && matrix.name.module == module);
            fit.next().filter(|_| fit.next().is_none())
        };
        let Some(matrix) = exact.or_else(of_module) else {
            if all.iter().any(|tensor| tensor.name == *wanted)
                && open.iter().all(|tensor| tensor.name != *wanted)
            {
                return Err(CertifyError::LayerTwice {
                    name: wanted.clone(),
                });
            }
            let names = known.iter().map(|matrix| &matrix.tensor.name[..]);
            return Err(CertifyError::NoSuchLayer {
                name: wanted.clone(),
                nearest: nearest_name(wanted, names),
            });
        };
        let tensor = matrix.tensor;
        if matrices
            .iter()
            .any(|matrix| matrix.tensor.name == tensor.name)
        {
            return Err(CertifyError::LayerTwice {
                name: tensor.name.clone(),
            });
        }
        matrices.extend(Matrix::of(tensor, all));
    }
    let allowed = allowed(&matrices, options.orientation);
    let apart = |orientation: Orientation| {
        matrices
            .windows(2)
            .position(|pair| pair[0].size(orientation).1 != pair[1].size(orientation).0)
    };
    let fitting: Vec<Orientation> = allowed
        .iter()
        .copied()
        .filter(|&orientation| apart(orientation).is_none())
        .collect();
    let (Some(&orientation), one_way) = (fitting.first(), fitting.len() == 1) else {
        let at = apart(allowed[0]).unwrap_or(0);
        let (first, second) = (matrices[at].tensor, matrices[at + 1].tensor);
        return Err(CertifyError::Apart {
            first: first.name.clone(),
            second: second.name.clone(),
            first_shape: first.shape.clone(),
            second_shape: second.shape.clone(),
            orientation: (allowed.len() == 1).then(|| allowed[0]),
        });
    };
    Ok(Found {
        reading: Reading {
            order: KnownBy::Given,
            orientation,
            orientation_known: match options.orientation {
                Some(_) => KnownBy::Given,
                None if one_way => KnownBy::Shapes,
                None => KnownBy::Names,
            },
        },
        matrices,
    })
}

#[cfg(test)]
mod tests;
