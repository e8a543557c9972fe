//! Why a network has no certificate.

use banach_theory::depth::DepthError;

use super::chain::Orientation;

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
    /// A file without tensors.
    #[error("there are no tensors in the file")]
    NoTensors,
    /// Only one layer, which is the linear output.
    #[error("there is only the one dense layer {name}, which is taken as the linear output")]
    OnlyOutput {
        /// Name of its weights.
        name: String,
    },
    /// Matrices that can follow each other in more than one order.
    #[error(
        "the order of the layers cannot be told from names and shapes: {} both fit{}",
        candidates.iter().map(|names| names.join(" -> ")).collect::<Vec<_>>().join(" and "),
        if *more { ", and there are more" } else { "" }
    )]
    Order {
        /// Two orders that fit.
        candidates: Vec<Vec<String>>,
        /// Whether there are others.
        more: bool,
    },
    /// Matrices whose rows may be units or inputs, which makes a difference.
    #[error(
        "{} can be read as [out, in] and as [in, out], and the answer depends on it",
        names.join(", ")
    )]
    Orientation {
        /// Names of the matrices.
        names: Vec<String>,
    },
    /// Named layers that do not fit each other.
    #[error(
        "{first} and {second} do not follow each other: their shapes are {first_shape:?} and {second_shape:?}, {}",
        match orientation {
            Some(orientation) => format!("read as {}", orientation.name()),
            None => "read as [out, in] or as [in, out]".to_owned(),
        }
    )]
    Apart {
        /// The first that does not fit the next.
        first: String,
        /// The next.
        second: String,
        /// Its shape.
        first_shape: Vec<usize>,
        /// Shape of the next.
        second_shape: Vec<usize>,
        /// The only way to read them that was allowed.
        orientation: Option<Orientation>,
    },
    /// A layer that is named but not there.
    #[error("there is no matrix {name:?} in the file{}", banach_data::did_you_mean(nearest.as_deref()))]
    NoSuchLayer {
        /// What was asked for.
        name: String,
        /// The matrix with the nearest name.
        nearest: Option<String>,
    },
    /// A layer that is named twice, or left out as well.
    #[error("{name} is named as a layer twice, or is to be left out as well")]
    LayerTwice {
        /// Its name.
        name: String,
    },
    /// A pattern that no tensor's name fits.
    #[error("no tensor fits the pattern {pattern:?} of what is to be left out{}", banach_data::did_you_mean(nearest.as_deref()))]
    NothingLeftOut {
        /// The pattern.
        pattern: String,
        /// The tensor with the nearest name.
        nearest: Option<String>,
    },
    /// A tolerance that is none.
    #[error("the tolerance must be a positive number, got {got}")]
    Tolerance {
        /// What was given.
        got: f64,
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
