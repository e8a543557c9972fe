//! The methods that can be compared.

use std::sync::LazyLock;

use banach::{Estimator, NetworkKind, Settings};
use banach_data::nearest_name;

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
    Network(NetworkKind),
    /// Another method.
    Baseline(Baseline),
}

/// Every method: all kinds of networks, then the others. A new one of those is a line here.
pub static METHODS: LazyLock<Vec<Method>> = LazyLock::new(|| {
    let networks = NetworkKind::ALL.into_iter().map(network);
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

fn network(kind: NetworkKind) -> Method {
    Method {
        name: kind.name(),
        about: kind.about(),
        kind: MethodKind::Network(kind),
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
