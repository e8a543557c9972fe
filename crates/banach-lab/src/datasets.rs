//! The paper's data sets, read from the files that their keepers give out.
//!
//! Every file is checked before it is used, and a message about one says where to get it.
#![cfg_attr(
    feature = "download",
    doc = "[`download`] fetches those that have a fixed address and a known checksum."
)]

#[cfg(feature = "download")]
mod download;
mod error;
mod htru2;
mod images;
mod standardize;
mod tox21;
mod uci;

use std::path::Path;

#[cfg(feature = "download")]
pub use download::{CIFAR10_FILES, Content, HTRU2_FILES, MNIST_FILES, Source, download};
pub use error::DatasetError;
pub use htru2::{Htru2, htru2};
pub use images::{CIFAR10_CLASSES, ImageSet, Images, MNIST_SIDE, cifar10, mnist};
pub use standardize::Standardizer;
pub use tox21::{Tox21, tox21};
pub use uci::{UCI_FOLDS, UciFold, UciSet, uci_set, uci_sets};

/// Where a data set can be had.
const UCI_SOURCE: &str = "http://www.bioinf.jku.at/people/klambauer/data_py.zip (the UCI sets as prepared by the authors, \
     linked from https://github.com/bioinf-jku/SNNs)";
const HTRU2_SOURCE: &str =
    "https://archive.ics.uci.edu/dataset/372/htru2 (HTRU_2.csv in the archive)";
const MNIST_SOURCE: &str = "https://ossci-datasets.s3.amazonaws.com/mnist/ or \
                            https://storage.googleapis.com/cvdf-datasets/mnist/";
const CIFAR10_SOURCE: &str = "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz";
const TOX21_SOURCE: &str = "http://bioinf.jku.at/research/DeepTox/tox21.html";

/// No file of these sets has as many bytes.
const MAX_FILE_BYTES: u64 = 2 << 30;

/// All bytes of a file of a data set.
fn read(file: &Path, source: &'static str) -> Result<Vec<u8>, DatasetError> {
    banach_data::read_bounded(file, MAX_FILE_BYTES).map_err(|error| {
        let name = file.display().to_string();
        if error.kind() == std::io::ErrorKind::NotFound {
            DatasetError::Missing {
                file: name,
                address: source,
            }
        } else {
            DatasetError::Read {
                file: name,
                reason: error,
            }
        }
    })
}

/// The text of a file of a data set.
fn read_text(file: &Path, source: &'static str) -> Result<String, DatasetError> {
    String::from_utf8(read(file, source)?).map_err(|_| DatasetError::Content {
        file: file.display().to_string(),
        problem: "it is not text".to_owned(),
        address: source,
    })
}

/// The numbers of a comma-separated text, a list for each line that is not empty.
fn numbers(text: &str, file: &Path, source: &'static str) -> Result<Vec<Vec<f32>>, DatasetError> {
    let lines = text.lines().enumerate();
    let lines = lines.filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(at, line)| {
            let cells = line.split(',').map(|cell| {
                let number = cell.trim().parse::<f32>().ok();
                let number = number.filter(|number| number.is_finite());
                number.ok_or_else(|| DatasetError::Content {
                    file: file.display().to_string(),
                    problem: format!("line {}: {:?} is no finite number", at + 1, cell.trim()),
                    address: source,
                })
            });
            cells.collect()
        })
        .collect()
}

#[cfg(test)]
mod tests;
