//! Published results to stand beside (arXiv:1706.02515).

use banach_nn::NetworkKind;

/// Table A11.
const UCI_ACCURACY: &str = include_str!("paper/uci_accuracy.csv");

/// Kinds of networks in the order of the columns of Table A11.
const UCI_COLUMNS: [&str; 7] = [
    "snn",
    "msra",
    "highway",
    "resnet",
    "batchnorm",
    "weightnorm",
    "layernorm",
];

/// Accuracy on a UCI set's test rows (Table A11); `None` where the paper has none.
#[must_use]
pub fn uci_accuracy(dataset: &str, kind: NetworkKind) -> Option<f64> {
    let column = UCI_COLUMNS.iter().position(|name| *name == kind.name())?;
    let lines = UCI_ACCURACY.lines().filter(|line| !line.starts_with('#'));
    let mut found = lines.filter_map(|line| {
        let mut cells = line.split(';');
        (cells.next()? == dataset).then(|| cells.nth(column + 1))?
    });
    found.next()?.parse().ok()
}

/// Average rank over 121 UCI sets minus 4, and p of a paired Wilcoxon test against self-normalizing
/// networks (Table 1, left).
#[must_use]
pub fn uci_rank(kind: NetworkKind) -> (f64, Option<f64>) {
    match kind {
        NetworkKind::Snn => (-0.756, None),
        NetworkKind::Msra => (-0.240, Some(2.7e-2)),
        NetworkKind::LayerNorm => (-0.198, Some(1.5e-2)),
        NetworkKind::Highway => (0.021, Some(1.9e-3)),
        NetworkKind::ResNet => (0.273, Some(5.4e-4)),
        NetworkKind::WeightNorm => (0.397, Some(7.8e-7)),
        NetworkKind::BatchNorm => (0.504, Some(3.5e-6)),
    }
}

/// AUC on HTRU2, its standard deviation over folds, and p against self-normalizing networks (Table 3).
#[must_use]
pub fn htru2_auc(kind: NetworkKind) -> (f64, f64, Option<f64>) {
    match kind {
        NetworkKind::Snn => (0.9803, 0.010, None),
        NetworkKind::Msra => (0.9791, 0.010, Some(3.5e-1)),
        NetworkKind::WeightNorm => (0.9786, 0.010, Some(2.4e-2)),
        NetworkKind::Highway => (0.9766, 0.009, Some(9.8e-3)),
        NetworkKind::LayerNorm => (0.9762, 0.011, Some(1.4e-2)),
        NetworkKind::BatchNorm => (0.9760, 0.013, Some(6.5e-2)),
        NetworkKind::ResNet => (0.9753, 0.010, Some(6.8e-3)),
    }
}

/// Depths of Table 2.
pub const TOX21_DEPTHS: [usize; 7] = [2, 3, 4, 6, 8, 16, 32];

/// Mean AUC of the 12 tasks of Tox21 by depth, in percent (Table 2).
#[must_use]
pub fn tox21_auc(kind: NetworkKind, depth: usize) -> Option<f64> {
    let row: [f64; 7] = match kind {
        NetworkKind::Snn => [83.7, 84.4, 84.2, 83.9, 84.5, 83.5, 82.5],
        NetworkKind::BatchNorm => [80.0, 79.8, 77.2, 77.0, 75.0, 73.7, 76.0],
        NetworkKind::WeightNorm => [83.7, 82.9, 82.2, 82.5, 81.9, 78.1, 56.6],
        NetworkKind::LayerNorm => [84.3, 84.3, 84.0, 82.5, 80.9, 78.7, 78.8],
        NetworkKind::Highway => [83.3, 83.0, 82.6, 82.4, 80.3, 80.3, 79.6],
        NetworkKind::Msra => [82.7, 81.6, 81.1, 80.6, 80.9, 80.2, 80.4],
        NetworkKind::ResNet => [82.2, 80.0, 80.5, 81.2, 81.8, 81.2, f64::NAN],
    };
    let at = TOX21_DEPTHS.iter().position(|&known| known == depth)?;
    Some(row[at]).filter(|auc| auc.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_numbers_are_found() {
        assert_eq!(uci_accuracy("abalone", NetworkKind::Snn), Some(0.6657));
        assert_eq!(
            uci_accuracy("abalone", NetworkKind::LayerNorm),
            Some(0.6178)
        );
        assert_eq!(uci_accuracy("no such set", NetworkKind::Snn), None);
        let sets = UCI_ACCURACY
            .lines()
            .filter(|line| !line.starts_with('#'))
            .count();
        assert_eq!(sets, 1 + 121);
        assert_eq!(tox21_auc(NetworkKind::ALL[6], 32), None);
        assert_eq!(tox21_auc(NetworkKind::WeightNorm, 32), Some(56.6));
    }
}
