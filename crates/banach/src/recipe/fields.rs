//! Settings that are more than a field of the recipe: parameters of a kind, and those that some tasks
//! or networks refuse. Each has a function that writes it to a recipe and one that reads it.

use banach_data::{Gap, Split, Task};
use banach_nn::{Loss, NetworkKind, Optimizer, Shape, Stopping};

use super::Recipe;
use crate::error::Error;
use crate::settings::choices::{ClassWeight, FixedPoint, Preset};
use crate::settings::kind::Kind;

/// A setting out of its range, or at odds with another one.
pub(super) fn setting(name: &'static str, allowed: &'static str, got: impl ToString) -> Error {
    Error::Setting {
        name,
        allowed,
        got: got.to_string(),
    }
}

/// Settings that mean nothing for a task are refused rather than ignored.
fn for_task(
    name: &'static str,
    got: impl ToString,
    recipe: &Recipe,
    reason: &'static str,
) -> Result<(), Error> {
    Err(Error::SettingForTask {
        name,
        got: got.to_string(),
        task: recipe.task.name(),
        reason,
    })
}

const FOR_CLASSES: &str = "it is for classes";
const FOR_NUMBERS: &str = "it is for regression; classes and labels have cross-entropy";
const RESNET_ONLY: &str = "left out unless network is resnet";
const SGD_ONLY: &str = "left out unless optimizer is sgd";
const NOT_HIGHWAY: &str = "left out with network highway, which is as wide as its input";

pub(crate) fn set_target(recipe: &mut Recipe, names: Vec<String>) -> Result<(), Error> {
    recipe.target = names;
    Ok(())
}

pub(crate) fn target(recipe: &Recipe) -> Option<Vec<String>> {
    Some(recipe.target.clone()).filter(|names| !names.is_empty())
}

/// The task of a recipe is the one that was found.
#[allow(clippy::unnecessary_wraps, reason = "one form for all")]
pub(crate) fn set_task(_: &mut Recipe, _: Option<Task>) -> Result<(), Error> {
    Ok(())
}

#[allow(clippy::option_option, reason = "the setting may be `auto`")]
pub(crate) fn task(recipe: &Recipe) -> Option<Option<Task>> {
    Some(Some(recipe.task))
}

pub(crate) fn set_gap(recipe: &mut Recipe, gap: Gap) -> Result<(), Error> {
    if gap != Gap::NONE && !matches!(recipe.split, Split::Time(_)) {
        return Err(setting("gap", "left out unless split is time=COLUMN", gap));
    }
    recipe.gap = gap;
    Ok(())
}

pub(crate) fn gap(recipe: &Recipe) -> Option<Gap> {
    Some(recipe.gap).filter(|gap| *gap != Gap::NONE)
}

pub(crate) fn set_weight(recipe: &mut Recipe, name: String) -> Result<(), Error> {
    recipe.weight = Some(name);
    Ok(())
}

pub(crate) fn weight(recipe: &Recipe) -> Option<String> {
    recipe.weight.clone()
}

pub(crate) fn set_class_weight(recipe: &mut Recipe, value: ClassWeight) -> Result<(), Error> {
    let classes = matches!(recipe.task, Task::Binary | Task::Multiclass);
    if value == ClassWeight::Balanced && !classes {
        return for_task("class_weight", value.name(), recipe, FOR_CLASSES);
    }
    recipe.class_weight = value;
    Ok(())
}

pub(crate) fn class_weight(recipe: &Recipe) -> Option<ClassWeight> {
    Some(recipe.class_weight)
}

/// A recipe is made from its preset.
pub(crate) fn set_preset(_: &mut Recipe, _: Preset) -> Result<(), Error> {
    Ok(())
}

pub(crate) fn preset(recipe: &Recipe) -> Option<Preset> {
    Some(recipe.preset)
}

/// A recipe is made for its network.
pub(crate) fn set_network(_: &mut Recipe, _: NetworkKind) -> Result<(), Error> {
    Ok(())
}

pub(crate) fn network(recipe: &Recipe) -> Option<NetworkKind> {
    Some(recipe.network.kind)
}

pub(crate) fn set_width(recipe: &mut Recipe, width: usize) -> Result<(), Error> {
    if recipe.network.kind == NetworkKind::Highway {
        return Err(setting("width", NOT_HIGHWAY, width));
    }
    recipe.width = Some(width);
    Ok(())
}

pub(crate) fn width(recipe: &Recipe) -> Option<usize> {
    recipe.width
}

pub(crate) fn set_shape(recipe: &mut Recipe, shape: Shape) -> Result<(), Error> {
    let allowed = match recipe.network.kind {
        NetworkKind::Highway => NOT_HIGHWAY,
        NetworkKind::ResNet => {
            "left out with network resnet, whose blocks are shaped by bottleneck"
        }
        _ => {
            recipe.shape = shape;
            return Ok(());
        }
    };
    Err(setting("shape", allowed, shape.name()))
}

pub(crate) fn shape(recipe: &Recipe) -> Option<Shape> {
    match recipe.network.kind {
        NetworkKind::Highway | NetworkKind::ResNet => None,
        _ => Some(recipe.shape),
    }
}

pub(crate) fn set_block(recipe: &mut Recipe, layers: usize) -> Result<(), Error> {
    if recipe.network.kind != NetworkKind::ResNet {
        return Err(setting("block", RESNET_ONLY, layers));
    }
    recipe.network.block.layers = layers;
    Ok(())
}

pub(crate) fn block(recipe: &Recipe) -> Option<usize> {
    let has_blocks = recipe.network.kind == NetworkKind::ResNet;
    has_blocks.then_some(recipe.network.block.layers)
}

pub(crate) fn set_bottleneck(recipe: &mut Recipe, fraction: f64) -> Result<(), Error> {
    if recipe.network.kind != NetworkKind::ResNet {
        return Err(setting("bottleneck", RESNET_ONLY, fraction));
    }
    recipe.network.block.bottleneck = fraction;
    Ok(())
}

pub(crate) fn bottleneck(recipe: &Recipe) -> Option<f64> {
    let has_blocks = recipe.network.kind == NetworkKind::ResNet;
    has_blocks.then_some(recipe.network.block.bottleneck)
}

pub(crate) fn set_fixed_point(recipe: &mut Recipe, point: FixedPoint) -> Result<(), Error> {
    if recipe.network.kind != NetworkKind::Snn {
        return Err(setting(
            "fixed_point",
            "left out unless network is snn",
            point,
        ));
    }
    recipe.fixed_point = Some(point);
    Ok(())
}

pub(crate) fn fixed_point(recipe: &Recipe) -> Option<FixedPoint> {
    recipe.fixed_point
}

pub(crate) fn set_loss(recipe: &mut Recipe, loss: Loss) -> Result<(), Error> {
    if recipe.task != Task::Regression {
        return for_task("loss", loss.name(), recipe, FOR_NUMBERS);
    }
    if loss.name() != recipe.loss.name() {
        recipe.loss = match loss {
            Loss::Squared | Loss::Huber { .. } => loss,
            Loss::CrossEntropy { .. } | Loss::BinaryCrossEntropy => {
                return Err(setting("loss", "squared or huber", loss.name()));
            }
        };
    }
    Ok(())
}

pub(crate) fn loss(recipe: &Recipe) -> Option<Loss> {
    match recipe.loss {
        Loss::Squared | Loss::Huber { .. } => Some(recipe.loss.without_parameters()),
        Loss::CrossEntropy { .. } | Loss::BinaryCrossEntropy => None,
    }
}

pub(crate) fn set_huber_delta(recipe: &mut Recipe, value: f64) -> Result<(), Error> {
    if recipe.task != Task::Regression {
        return for_task("huber_delta", value, recipe, FOR_NUMBERS);
    }
    match &mut recipe.loss {
        Loss::Huber { delta } => *delta = value,
        _ => {
            return Err(setting(
                "huber_delta",
                "left out unless loss is huber",
                value,
            ));
        }
    }
    Ok(())
}

pub(crate) fn huber_delta(recipe: &Recipe) -> Option<f64> {
    match recipe.loss {
        Loss::Huber { delta } => Some(delta),
        _ => None,
    }
}

pub(crate) fn set_label_smoothing(recipe: &mut Recipe, value: f64) -> Result<(), Error> {
    match &mut recipe.loss {
        Loss::CrossEntropy { label_smoothing } => *label_smoothing = value,
        // Without classes there is nothing to smooth, and none is what 0 asks for.
        _ if value == 0.0 => {}
        _ => return for_task("label_smoothing", value, recipe, FOR_CLASSES),
    }
    Ok(())
}

pub(crate) fn label_smoothing(recipe: &Recipe) -> Option<f64> {
    match recipe.loss {
        Loss::CrossEntropy { label_smoothing } => Some(label_smoothing),
        _ => None,
    }
}

/// Adam and AdamW share their parameters, so a change from one to the other keeps them.
pub(crate) fn set_optimizer(recipe: &mut Recipe, optimizer: Optimizer) -> Result<(), Error> {
    if optimizer.name() == recipe.optimizer.name() {
        return Ok(());
    }
    let old = recipe.optimizer;
    recipe.optimizer = optimizer.without_parameters();
    if let (Some([beta1, beta2, epsilon]), Some(new)) = (adam(old), adam_mut(&mut recipe.optimizer))
    {
        (*new[0], *new[1], *new[2]) = (beta1, beta2, epsilon);
    }
    Ok(())
}

pub(crate) fn optimizer(recipe: &Recipe) -> Option<Optimizer> {
    Some(recipe.optimizer.without_parameters())
}

/// beta1, beta2 and epsilon.
fn adam(optimizer: Optimizer) -> Option<[f64; 3]> {
    let mut optimizer = optimizer;
    adam_mut(&mut optimizer).map(|parameters| parameters.map(|value| *value))
}

fn adam_mut(optimizer: &mut Optimizer) -> Option<[&mut f64; 3]> {
    match optimizer {
        Optimizer::Adam {
            beta1,
            beta2,
            epsilon,
        }
        | Optimizer::AdamW {
            beta1,
            beta2,
            epsilon,
        } => Some([beta1, beta2, epsilon]),
        Optimizer::Sgd { .. } => None,
    }
}

/// Sets one of Adam's parameters; they mean nothing to SGD, to which a recipe of Adam may be changed.
fn set_adam(recipe: &mut Recipe, at: usize, value: f64) {
    if let Some(parameters) = adam_mut(&mut recipe.optimizer) {
        *parameters[at] = value;
    }
}

pub(crate) fn set_beta1(recipe: &mut Recipe, value: f64) -> Result<(), Error> {
    set_adam(recipe, 0, value);
    Ok(())
}

pub(crate) fn beta1(recipe: &Recipe) -> Option<f64> {
    adam(recipe.optimizer).map(|parameters| parameters[0])
}

pub(crate) fn set_beta2(recipe: &mut Recipe, value: f64) -> Result<(), Error> {
    set_adam(recipe, 1, value);
    Ok(())
}

pub(crate) fn beta2(recipe: &Recipe) -> Option<f64> {
    adam(recipe.optimizer).map(|parameters| parameters[1])
}

pub(crate) fn set_epsilon(recipe: &mut Recipe, value: f64) -> Result<(), Error> {
    set_adam(recipe, 2, value);
    Ok(())
}

pub(crate) fn epsilon(recipe: &Recipe) -> Option<f64> {
    adam(recipe.optimizer).map(|parameters| parameters[2])
}

pub(crate) fn set_momentum(recipe: &mut Recipe, value: f64) -> Result<(), Error> {
    match &mut recipe.optimizer {
        Optimizer::Sgd { momentum, .. } => *momentum = value,
        _ if value == 0.0 => {}
        _ => return Err(setting("momentum", SGD_ONLY, value)),
    }
    Ok(())
}

pub(crate) fn momentum(recipe: &Recipe) -> Option<f64> {
    match recipe.optimizer {
        Optimizer::Sgd { momentum, .. } => Some(momentum),
        _ => None,
    }
}

pub(crate) fn set_nesterov(recipe: &mut Recipe, value: bool) -> Result<(), Error> {
    match &mut recipe.optimizer {
        Optimizer::Sgd { nesterov, .. } => *nesterov = value,
        _ if !value => {}
        _ => return Err(setting("nesterov", SGD_ONLY, value)),
    }
    Ok(())
}

pub(crate) fn nesterov(recipe: &Recipe) -> Option<bool> {
    match recipe.optimizer {
        Optimizer::Sgd { nesterov, .. } => Some(nesterov),
        _ => None,
    }
}

pub(crate) fn set_clip_norm(recipe: &mut Recipe, norm: f64) -> Result<(), Error> {
    recipe.clip_norm = Some(norm).filter(|norm| *norm != 0.0);
    Ok(())
}

pub(crate) fn clip_norm(recipe: &Recipe) -> Option<f64> {
    Some(recipe.clip_norm.unwrap_or(0.0))
}

pub(crate) fn set_stopping(recipe: &mut Recipe, stopping: Stopping) -> Result<(), Error> {
    if stopping.name() != recipe.stopping.name() {
        recipe.stopping = stopping.without_parameters();
    }
    Ok(())
}

pub(crate) fn stopping(recipe: &Recipe) -> Option<Stopping> {
    Some(recipe.stopping.without_parameters())
}

/// Means nothing to the other rules, to which a recipe may be changed.
pub(crate) fn set_patience(recipe: &mut Recipe, epochs: usize) -> Result<(), Error> {
    if let Stopping::Best { patience } = &mut recipe.stopping {
        *patience = Some(epochs).filter(|epochs| *epochs > 0);
    }
    Ok(())
}

pub(crate) fn patience(recipe: &Recipe) -> Option<usize> {
    match recipe.stopping {
        Stopping::Best { patience } => Some(patience.unwrap_or(0)),
        _ => None,
    }
}

/// Means nothing to the other rules, to which a recipe may be changed.
pub(crate) fn set_window(recipe: &mut Recipe, epochs: usize) -> Result<(), Error> {
    if let Stopping::Smoothed { window } = &mut recipe.stopping {
        *window = epochs;
    }
    Ok(())
}

pub(crate) fn window(recipe: &Recipe) -> Option<usize> {
    match recipe.stopping {
        Stopping::Smoothed { window } => Some(window),
        _ => None,
    }
}
