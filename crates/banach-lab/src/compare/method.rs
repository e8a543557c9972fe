//! The methods that can be compared.

use banach::{Estimator, NetworkKind, Settings};
use banach_data::nearest_name;

use crate::baselines::Baseline;
use crate::error::LabError;

/// A method that can be compared.
#[derive(Debug, Clone, Copy)]
pub struct Method {
    /// Its name on the command line and in tables.
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
    Network(NetworkKind),
    /// Another method.
    Baseline(Baseline),
}

const fn network(kind: NetworkKind) -> Method {
    Method {
        name: kind.name(),
        about: kind.about(),
        kind: MethodKind::Network(kind),
    }
}

const fn baseline(name: &'static str, about: &'static str, baseline: Baseline) -> Method {
    let kind = MethodKind::Baseline(baseline);
    Method { name, about, kind }
}

/// Every method; a new one is a line here. The networks stand in the order of [`NetworkKind::ALL`].
pub static METHODS: &[Method] = &[
    network(NetworkKind::Snn),
    network(NetworkKind::Msra),
    network(NetworkKind::BatchNorm),
    network(NetworkKind::LayerNorm),
    network(NetworkKind::WeightNorm),
    network(NetworkKind::Highway),
    network(NetworkKind::ResNet),
    baseline(
        "forest",
        "random forest of 300 trees",
        Baseline::RandomForest,
    ),
    baseline(
        "boosting",
        "gradient-boosted trees, 100 rounds",
        Baseline::Boosting,
    ),
    baseline(
        "svm",
        "support vector machine, Gaussian kernel",
        Baseline::Svm,
    ),
    baseline("knn", "nearest neighbours", Baseline::Neighbours),
    baseline("linear", "logistic or ridge regression", Baseline::Linear),
    baseline(
        "constant",
        "shares of the classes, or the mean",
        Baseline::Constant,
    ),
];

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

/// The name of a method that is no network, on the command line and in tables.
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
                Estimator::new(settings.clone().for_network(network))?;
                Ok(())
            }
            MethodKind::Baseline(_) => {
                let balanced = settings.get("class_weight") == Some("balanced".into());
                for (setting, given) in [
                    ("weight", settings.weight_column().is_some()),
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

/// The seed of settings, by default 0.
pub(super) fn seed(settings: &Settings) -> u64 {
    let seed = settings.get("seed").and_then(|seed| seed.as_u64());
    seed.unwrap_or(0)
}

fn networks() -> String {
    let networks = METHODS
        .iter()
        .filter(|method| matches!(method.kind, MethodKind::Network(_)));
    let names: Vec<&str> = networks.map(|method| method.name).collect();
    names.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_network_is_a_method() {
        let networks = METHODS.iter().filter_map(|method| match method.kind {
            MethodKind::Network(kind) => Some(kind),
            MethodKind::Baseline(_) => None,
        });
        assert_eq!(networks.collect::<Vec<_>>(), NetworkKind::ALL);
    }
}
