//! Why a network has no certificate.

use banach_theory::depth::DepthError;

/// Why a network cannot be certified.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CertifyError {
    /// A layer that the theory says nothing about.
    #[error(
        "the theory is about self-normalizing networks, whose units are SELU of weights times inputs; \
         hidden layer {} is {units}", layer + 1
    )]
    NotSelu {
        /// The layer, from 0; messages count from 1.
        layer: usize,
        /// What its units are.
        units: String,
    },
    /// SELU with other parameters than the layers before.
    #[error("hidden layer {} has another alpha and lambda than the layers before", layer + 1)]
    OtherSelu {
        /// The layer, from 0; messages count from 1.
        layer: usize,
    },
    /// A file without dense layers.
    #[error(
        "there is no matrix named weight or *.weight; only chains of dense layers can be certified"
    )]
    NoMatrix,
    /// Only one layer, which is the linear output.
    #[error("there is only the one dense layer {name}, which is taken as the linear output")]
    OnlyOutput {
        /// Name of its weights.
        name: String,
    },
    /// Rows for a file that does not know its columns.
    #[error(
        "rows can be measured only with models of banach's, which know their columns; this file is none"
    )]
    RowsOfForeignFile,
    /// Rows to measure on, but none there.
    #[error("the table has no rows to measure on")]
    NoRows,
    /// Moments that cannot be followed.
    #[error(transparent)]
    Depth(#[from] DepthError),
}
