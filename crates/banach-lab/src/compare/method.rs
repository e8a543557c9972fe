//! The methods that can be compared.

use std::sync::LazyLock;

use banach::{ClassWeight, Estimator, NetworkChoice, Settings};
use banach_data::nearest_name;
use banach_nn::Architecture;

use crate::baselines::Baseline;
use crate::error::LabError;

/// A method that can be compared.
#[derive(Debug, Clone, Copy)]
pub struct Method {
    /// Its name in options and tables.
    pub name: &'static str,
    /// What it is, in a line.
    pub about: &'static str,
    /// How it is run.
    pub kind: MethodKind,
}

/// How a method is run.
#[derive(Debug, Clone, Copy)]
pub enum MethodKind {
    /// A network of this kind, with the user's settings as far as they have a meaning for it.
    Network(NetworkChoice),
    /// Another method.
    Baseline(Baseline),
}

/// Every method: all kinds of networks, then the others. A new one of those is a line here.
pub static METHODS: LazyLock<Vec<Method>> = LazyLock::new(|| {
    let networks = Architecture::ALL.into_iter().map(network);
    let others = [
        (
            "forest",
            "random forest of 300 trees",
            Baseline::RandomForest,
        ),
        (
            "boosting",
            "gradient-boosted trees, 100 rounds",
            Baseline::Boosting,
        ),
        (
            "svm",
            "support vector machine with a Gaussian kernel",
            Baseline::Svm,
        ),
        ("knn", "k nearest neighbours", Baseline::Neighbours),
        ("linear", "logistic or ridge regression", Baseline::Linear),
        (
            "constant",
            "always the class frequencies, or the mean",
            Baseline::Constant,
        ),
    ];
    let others = others.map(|(name, about, baseline)| Method {
        name,
        about,
        kind: MethodKind::Baseline(baseline),
    });
    networks.chain(others).collect()
});

fn network(kind: Architecture) -> Method {
    Method {
        name: kind.name(),
        about: about(kind),
        kind: MethodKind::Network(network_choice(kind)),
    }
}

fn about(kind: Architecture) -> &'static str {
    match kind {
        Architecture::Snn => "self-normalizing network",
        Architecture::Msra => "ReLU network with MSRA initialization",
        Architecture::BatchNorm => "ReLU network with batch normalization",
        Architecture::LayerNorm => "ReLU network with layer normalization",
        Architecture::WeightNorm => "ReLU network with weight normalization",
        Architecture::Highway => "highway network, as wide as its input",
        Architecture::ResNet { .. } => "residual network with batch normalization",
    }
}

/// The setting for a kind of network.
pub(crate) fn network_choice(kind: Architecture) -> NetworkChoice {
    match kind {
        Architecture::Snn => NetworkChoice::Snn,
        Architecture::Msra => NetworkChoice::Msra,
        Architecture::BatchNorm => NetworkChoice::BatchNorm,
        Architecture::LayerNorm => NetworkChoice::LayerNorm,
        Architecture::WeightNorm => NetworkChoice::WeightNorm,
        Architecture::Highway => NetworkChoice::Highway,
        Architecture::ResNet { .. } => NetworkChoice::ResNet,
    }
}

/// The methods with these names, in this order; all of them for an empty list.
///
/// # Errors
/// [`LabError::UnknownMethod`] with the nearest name, [`LabError::MethodTwice`].
pub fn methods(names: &[String]) -> Result<Vec<&'static Method>, LabError> {
    if names.is_empty() {
        return Ok(METHODS.iter().collect());
    }
    let mut found: Vec<&'static Method> = Vec::new();
    for name in names {
        let known = || METHODS.iter().map(|method| method.name);
        let method = METHODS.iter().find(|method| method.name == name);
        let method = method.ok_or_else(|| LabError::UnknownMethod {
            name: name.clone(),
            nearest: nearest_name(name, known()),
            known: known().collect::<Vec<_>>().join(", "),
        })?;
        if found.iter().any(|other| other.name == method.name) {
            return Err(LabError::MethodTwice { name: method.name });
        }
        found.push(method);
    }
    Ok(found)
}

/// The name of a method that is no network, in options and tables.
#[must_use]
pub fn baseline_name(baseline: Baseline) -> &'static str {
    let same = |method: &&Method| match method.kind {
        MethodKind::Baseline(other) => other == baseline,
        MethodKind::Network(_) => false,
    };
    let found = METHODS.iter().find(same);
    found.map_or(baseline.name(), |method| method.name)
}

impl Method {
    /// Whether the settings suit the method.
    pub(super) fn check(&self, settings: &Settings) -> Result<(), LabError> {
        match self.kind {
            MethodKind::Network(network) => {
                Estimator::new(network_settings(settings.clone(), network))?;
                Ok(())
            }
            MethodKind::Baseline(_) => {
                let balanced = settings.class_weight == Some(ClassWeight::Balanced);
                for (setting, given) in [
                    ("weight", settings.weight.is_some()),
                    ("class_weight", balanced),
                ] {
                    if given {
                        return Err(LabError::WeightsNeedNetworks {
                            setting,
                            method: self.name,
                            networks: networks(),
                        });
                    }
                }
                Ok(())
            }
        }
    }
}

/// The settings for a kind of network, without those that have no meaning for it.
pub(super) fn network_settings(mut settings: Settings, network: NetworkChoice) -> Settings {
    settings.network = Some(network);
    if network != NetworkChoice::Snn {
        settings.fixed_point = None;
    }
    if network == NetworkChoice::Highway {
        settings.width = None;
    }
    if matches!(network, NetworkChoice::Highway | NetworkChoice::ResNet) {
        settings.shape = None;
    }
    if network != NetworkChoice::ResNet {
        (settings.block, settings.bottleneck) = (None, None);
    }
    settings
}

fn networks() -> String {
    let networks = METHODS
        .iter()
        .filter(|method| matches!(method.kind, MethodKind::Network(_)));
    let names: Vec<&str> = networks.map(|method| method.name).collect();
    names.join(",")
}
