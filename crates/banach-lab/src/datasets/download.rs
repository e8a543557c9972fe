//! Fetching data sets whose keepers have them at a fixed address.
//!
//! What is fetched is kept only if its SHA-256 is the known one, so that a mirror is as good as the keeper.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use banach_data::AtomicFile;
use flate2::read::GzDecoder;
use sha2::{Digest, Sha256};

use super::DatasetError;

/// A file of a keeper.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Source {
    /// Where it is; the last part is its name.
    pub address: &'static str,
    /// SHA-256 of its bytes, in lower-case hexadecimal digits.
    pub sha256: &'static str,
    /// Bytes that it has at most. More are not read.
    pub at_most: u64,
    /// What is in it.
    pub content: Content,
}

/// What a fetched file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// It is used as it is.
    File,
    /// A ZIP archive with files of these names, in whatever folder.
    Zip(&'static [&'static str]),
    /// A gzipped tar archive with files of these names, in whatever folder.
    TarGz(&'static [&'static str]),
}

/// The four files of MNIST.
pub const MNIST_FILES: [Source; 4] = [
    mnist(
        "https://ossci-datasets.s3.amazonaws.com/mnist/train-images-idx3-ubyte.gz",
        "db8f937d487057fb14a9f0fbe97f0bc8d311ab41b750d41e1ff37c43b9e55e19",
    ),
    mnist(
        "https://ossci-datasets.s3.amazonaws.com/mnist/train-labels-idx1-ubyte.gz",
        "51fc562b6747b666fbf6e84ce29d43c3cb5f9c388c664d43b33f02095313405a",
    ),
    mnist(
        "https://ossci-datasets.s3.amazonaws.com/mnist/t10k-images-idx3-ubyte.gz",
        "cfeddb84311ecf044fc6a5b0f6ee8a24d265d4e83e388400186eb114082f4209",
    ),
    mnist(
        "https://ossci-datasets.s3.amazonaws.com/mnist/t10k-labels-idx1-ubyte.gz",
        "e41c74e484045d39b462a7790a4af51301bd9b0b24f0154798d713ec68c45920",
    ),
];

const fn mnist(address: &'static str, sha256: &'static str) -> Source {
    Source {
        address,
        sha256,
        at_most: 10 << 20,
        content: Content::File,
    }
}

/// The binary version of CIFAR-10, 162 MB.
pub const CIFAR10_FILES: [Source; 1] = [Source {
    address: "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
    sha256: "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
    at_most: 170_052_171,
    content: Content::TarGz(&[
        "data_batch_1.bin",
        "data_batch_2.bin",
        "data_batch_3.bin",
        "data_batch_4.bin",
        "data_batch_5.bin",
        "test_batch.bin",
    ]),
}];

/// HTRU2.
pub const HTRU2_FILES: [Source; 1] = [Source {
    address: "https://archive.ics.uci.edu/static/public/372/htru2.zip",
    sha256: "ba442c076dd22a8952700f26e38499fc1806037dcf7bea0e125e6bfba393f379",
    at_most: 10 << 20,
    content: Content::Zip(&["HTRU_2.csv"]),
}];

impl Source {
    /// Its name at the address.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.address.rsplit('/').next().unwrap_or(self.address)
    }

    fn members(&self) -> &'static [&'static str] {
        match self.content {
            Content::File => &[],
            Content::Zip(members) | Content::TarGz(members) => members,
        }
    }

    /// Whether a folder has all of it, unzipped or not.
    fn is_in(&self, folder: &Path) -> bool {
        let has = |name: &str| folder.join(name).is_file();
        match self.content {
            Content::File => has(self.name()) || has(self.name().trim_end_matches(".gz")),
            Content::Zip(members) | Content::TarGz(members) => members.iter().all(|m| has(m)),
        }
    }
}

/// Fetches into a folder what it does not have yet. An archive that lies there already is unpacked instead
/// of fetched. `mirror` is the address of a folder that has the files under the same names. `observe` is
/// told the address of each file before it is fetched.
///
/// Every file appears whole and with the right bytes, or not at all.
///
/// # Errors
/// [`DatasetError::Download`], [`DatasetError::Checksum`], [`DatasetError::Content`] for an archive without
/// what should be in it, [`DatasetError::Table`] when a file cannot be written.
pub fn download(
    sources: &[Source],
    folder: &Path,
    mirror: Option<&str>,
    interrupt: &AtomicBool,
    observe: &dyn Fn(&str),
) -> Result<(), DatasetError> {
    for source in sources {
        if source.is_in(folder) {
            continue;
        }
        let address = mirror.map_or(source.address.to_owned(), |mirror| {
            format!("{}/{}", mirror.trim_end_matches('/'), source.name())
        });
        let path = folder.join(source.name());
        let lay_there = path.is_file();
        if lay_there {
            let file = File::open(&path).map_err(|reason| read_error(&path, reason))?;
            let copied = copy(file, &mut io::sink(), interrupt);
            let sum = copied.map_err(|reason| read_error(&path, reason))?;
            compare(source, &path.display().to_string(), &sum)?;
        } else {
            observe(&address);
            fetch(source, &address, &path, interrupt)?;
        }
        if source.content != Content::File {
            unpack(source, &path, folder)?;
            if !lay_there {
                std::fs::remove_file(&path).map_err(|reason| read_error(&path, reason))?;
            }
        }
    }
    Ok(())
}

/// Fetches one file.
fn fetch(
    source: &Source,
    address: &str,
    path: &Path,
    interrupt: &AtomicBool,
) -> Result<(), DatasetError> {
    let failed = |reason: String| DatasetError::Download {
        address: address.to_owned(),
        reason,
        folder: path.parent().unwrap_or(path).display().to_string(),
    };
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_connect(Some(Duration::from_secs(30)))
        .timeout_recv_response(Some(Duration::from_secs(60)))
        .timeout_recv_body(Some(Duration::from_secs(3600)))
        .build()
        .into();
    let response = agent.get(address).call();
    let mut response = response.map_err(|error| failed(error.to_string()))?;
    // The limit is no error at the last byte that is allowed, so that one more is asked for.
    let body = response
        .body_mut()
        .with_config()
        .limit(source.at_most + 1)
        .reader();
    let mut file = AtomicFile::create(path)?;
    let sum = copy(body, &mut file, interrupt).map_err(|error| failed(error.to_string()))?;
    compare(source, address, &sum)?;
    file.commit()?;
    Ok(())
}

/// Copies all bytes and gives their SHA-256.
fn copy(
    mut from: impl Read,
    to: &mut impl Write,
    interrupt: &AtomicBool,
) -> Result<String, io::Error> {
    let mut sum = Sha256::new();
    let mut piece = vec![0; 1 << 16];
    loop {
        if interrupt.load(Ordering::Relaxed) {
            return Err(io::Error::other("it was broken off"));
        }
        match from.read(&mut piece)? {
            0 => break,
            n => {
                sum.update(&piece[..n]);
                to.write_all(&piece[..n])?;
            }
        }
    }
    let bytes = sum.finalize();
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn compare(source: &Source, file: &str, sum: &str) -> Result<(), DatasetError> {
    if sum == source.sha256 {
        return Ok(());
    }
    Err(DatasetError::Checksum {
        file: file.to_owned(),
        got: sum.to_owned(),
        expected: source.sha256,
    })
}

/// Writes the members of an archive into a folder.
fn unpack(source: &Source, archive: &Path, folder: &Path) -> Result<(), DatasetError> {
    let wrong = |problem: String| DatasetError::Content {
        file: archive.display().to_string(),
        problem,
        address: source.address,
    };
    let broken = |error: &dyn std::fmt::Display| wrong(format!("it cannot be unpacked: {error}"));
    let file = File::open(archive).map_err(|reason| read_error(archive, reason))?;
    let members = source.members();
    let wanted = |path: &Path| -> Option<&'static str> {
        let name = path.file_name()?.to_str()?;
        members.iter().copied().find(|member| *member == name)
    };
    let write = |member: &str, from: &mut dyn Read| {
        let mut file = AtomicFile::create(folder.join(member))?;
        io::copy(from, &mut file).map_err(|error| broken(&error))?;
        file.commit()?;
        Ok::<_, DatasetError>(())
    };
    let mut found = 0;
    match source.content {
        Content::File => {}
        Content::Zip(_) => {
            let mut zip = zip::ZipArchive::new(file).map_err(|error| broken(&error))?;
            for at in 0..zip.len() {
                let mut entry = zip.by_index(at).map_err(|error| broken(&error))?;
                let name = entry.name().map_err(|error| broken(&error))?.into_owned();
                if let Some(member) = wanted(Path::new(&name)) {
                    write(member, &mut entry)?;
                    found += 1;
                }
            }
        }
        Content::TarGz(_) => {
            let mut tar = tar::Archive::new(GzDecoder::new(file));
            for entry in tar.entries().map_err(|error| broken(&error))? {
                let mut entry = entry.map_err(|error| broken(&error))?;
                let path = entry.path().map_err(|error| broken(&error))?.into_owned();
                if let Some(member) = wanted(&path) {
                    write(member, &mut entry)?;
                    found += 1;
                }
            }
        }
    }
    if found < members.len() {
        return Err(wrong(format!(
            "it must have {}, but {found} of these were found",
            members.join(", ")
        )));
    }
    Ok(())
}

fn read_error(file: &Path, reason: io::Error) -> DatasetError {
    DatasetError::Read {
        file: file.display().to_string(),
        reason,
    }
}

#[cfg(test)]
mod tests;
