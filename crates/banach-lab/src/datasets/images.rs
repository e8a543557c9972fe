//! MNIST and CIFAR-10.

use std::io::Read;
use std::path::Path;

use flate2::read::GzDecoder;

use super::{CIFAR10_SOURCE, DatasetError, MNIST_SOURCE, read};
use crate::baselines::{BaselineError, Matrix};

/// Pixels along a side of an MNIST image.
pub const MNIST_SIDE: usize = 28;
/// Classes of CIFAR-10; MNIST has as many.
pub const CIFAR10_CLASSES: usize = 10;
/// Bytes of a CIFAR-10 image: 32 x 32 pixels in three colours, colour after colour.
const CIFAR10_BYTES: usize = 3 * 32 * 32;

/// Images and their classes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Images {
    /// Bytes of an image.
    pub n_pixels: usize,
    /// [n_images, n_pixels], image by image, 0 to 255.
    pub pixels: Vec<u8>,
    /// Class of each image, below 10.
    pub labels: Vec<u32>,
}

/// Training and test images.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImageSet {
    /// Images to learn from.
    pub train: Images,
    /// Images to measure on.
    pub test: Images,
}

impl Images {
    /// Pixels as numbers from 0 to 255, a row for each image.
    ///
    /// # Errors
    /// [`BaselineError::Length`] when the fields do not fit together.
    pub fn matrix(&self) -> Result<Matrix, BaselineError> {
        let values = self.pixels.iter().map(|&pixel| f32::from(pixel)).collect();
        Matrix::new(self.labels.len(), self.n_pixels, values)
    }
}

/// Reads the four IDX files of MNIST from a folder, each gzipped or not.
///
/// # Errors
/// [`DatasetError::Missing`], [`DatasetError::Read`], [`DatasetError::Content`] for a file with another
/// magic number, size or count.
pub fn mnist(folder: &Path) -> Result<ImageSet, DatasetError> {
    let part = |name: &str, count: usize| {
        let labels = idx(folder, &format!("{name}-labels-idx1-ubyte"), &[count])?;
        let shape = [count, MNIST_SIDE, MNIST_SIDE];
        let pixels = idx(folder, &format!("{name}-images-idx3-ubyte"), &shape)?;
        Ok::<_, DatasetError>(Images {
            n_pixels: MNIST_SIDE * MNIST_SIDE,
            pixels,
            labels: labels.into_iter().map(u32::from).collect(),
        })
    };
    Ok(ImageSet {
        train: part("train", 60_000)?,
        test: part("t10k", 10_000)?,
    })
}

/// The bytes of an IDX file of the given shape.
fn idx(folder: &Path, name: &str, shape: &[usize]) -> Result<Vec<u8>, DatasetError> {
    let (plain, zipped) = (folder.join(name), folder.join(format!("{name}.gz")));
    let file = if plain.is_file() { &plain } else { &zipped };
    let wrong = |problem: String| DatasetError::Content {
        file: file.display().to_string(),
        problem,
        address: MNIST_SOURCE,
    };
    let expected: usize = shape.iter().product();
    let head = 4 + 4 * shape.len();
    let mut bytes = read(file, MNIST_SOURCE)?;
    if bytes.starts_with(&[0x1f, 0x8b]) {
        let mut content = Vec::new();
        // One byte more than there should be is enough to see that there is too much.
        let most = (head + expected + 1) as u64;
        let unzipped = GzDecoder::new(&bytes[..])
            .take(most)
            .read_to_end(&mut content);
        unzipped.map_err(|error| wrong(format!("it cannot be unzipped: {error}")))?;
        bytes = content;
    }
    // Two zeros, 8 for unsigned bytes, the number of dimensions; then each one's size.
    let mut header = vec![0, 0, 8, shape.len() as u8];
    header.extend(shape.iter().flat_map(|&size| (size as u32).to_be_bytes()));
    if !bytes.starts_with(&header) {
        return Err(wrong(format!("it is no IDX file of {shape:?} bytes")));
    }
    if bytes.len() != head + expected {
        return Err(wrong(format!(
            "it must have {} bytes, got {}{}",
            head + expected,
            if bytes.len() > head + expected {
                "at least "
            } else {
                ""
            },
            bytes.len()
        )));
    }
    let content = bytes.split_off(head);
    if shape.len() == 1
        && let Some(label) = content.iter().find(|&&label| label > 9)
    {
        return Err(wrong(format!("labels must be 0 to 9, got {label}")));
    }
    Ok(content)
}

/// Reads the binary version of CIFAR-10 from a folder: every `data_batch_N.bin` that is there, N = 1 to
/// 5, and `test_batch.bin`.
///
/// # Errors
/// [`DatasetError::Missing`] without the first or the test file, [`DatasetError::Read`],
/// [`DatasetError::Content`].
pub fn cifar10(folder: &Path) -> Result<ImageSet, DatasetError> {
    let mut set = ImageSet::default();
    for batch in 1..=5 {
        let file = folder.join(format!("data_batch_{batch}.bin"));
        if batch == 1 || file.is_file() {
            cifar10_file(&file, &mut set.train)?;
        }
    }
    cifar10_file(&folder.join("test_batch.bin"), &mut set.test)?;
    Ok(set)
}

fn cifar10_file(file: &Path, images: &mut Images) -> Result<(), DatasetError> {
    let bytes = read(file, CIFAR10_SOURCE)?;
    let wrong = |problem: String| DatasetError::Content {
        file: file.display().to_string(),
        problem,
        address: CIFAR10_SOURCE,
    };
    let record = 1 + CIFAR10_BYTES;
    if bytes.is_empty() || !bytes.len().is_multiple_of(record) {
        return Err(wrong(format!(
            "its size must be a multiple of {record} bytes, got {}",
            bytes.len()
        )));
    }
    images.n_pixels = CIFAR10_BYTES;
    for (at, record) in bytes.chunks_exact(record).enumerate() {
        if record[0] as usize >= CIFAR10_CLASSES {
            return Err(wrong(format!(
                "image {}: labels must be 0 to 9, got {}",
                at + 1,
                record[0]
            )));
        }
        images.labels.push(u32::from(record[0]));
        images.pixels.extend(&record[1..]);
    }
    Ok(())
}
