//! `--download`: data that is fetched before an experiment.

use std::path::Path;

use banach_lab::reproduce::Run;

/// Whether missing data is fetched, and where from.
#[derive(Debug, clap::Args)]
pub(super) struct DownloadOptions {
    /// Download missing files, and keep them only if their SHA-256 checksum is right
    #[arg(long)]
    download: bool,
    /// Download from this folder of another server; the files must be the same
    #[arg(long, value_name = "ADDRESS", requires = "download")]
    mirror: Option<String>,
}

/// Data that can be fetched.
#[derive(Debug, Clone, Copy)]
pub(super) enum Data {
    Mnist,
    Cifar10,
    Htru2,
}

impl DownloadOptions {
    /// Fetches what the folder lacks, if it shall be fetched.
    #[cfg(feature = "download")]
    pub(super) fn fetch(&self, data: Data, folder: &Path, run: &Run<'_>) -> anyhow::Result<()> {
        use anyhow::Context;
        use banach_lab::datasets::{CIFAR10_FILES, HTRU2_FILES, MNIST_FILES, Source, download};

        if !self.download {
            return Ok(());
        }
        super::make_folder(folder)?;
        let sources: &[Source] = match data {
            Data::Mnist => &MNIST_FILES,
            Data::Cifar10 => &CIFAR10_FILES,
            Data::Htru2 => &HTRU2_FILES,
        };
        let observe = |address: &str| (run.observe)(&format!("downloading {address}"));
        let mirror = self.mirror.as_deref();
        match download(sources, folder, mirror, run.interrupt, &observe) {
            Err(_) if run.is_interrupted() => Err(banach::Error::Interrupted)
                .context("the download was interrupted; no partial file is left"),
            done => Ok(done?),
        }
    }

    /// Refuses to fetch.
    #[cfg(not(feature = "download"))]
    pub(super) fn fetch(&self, data: Data, folder: &Path, _: &Run<'_>) -> anyhow::Result<()> {
        if !self.download {
            return Ok(());
        }
        anyhow::bail!(
            "{}; or put the files of {data:?} into {} and leave --download out",
            crate::commands::absent::message("--download", "download"),
            folder.display()
        )
    }
}
