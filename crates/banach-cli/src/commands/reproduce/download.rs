//! `--download`: data that is fetched before an experiment.

use std::path::Path;

use anyhow::Context;
use banach::Error;
use banach_lab::datasets::{Source, download};
use banach_lab::reproduce::Run;

use super::make_folder;

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

impl DownloadOptions {
    /// Fetches what the folder lacks, if it shall be fetched.
    pub(super) fn fetch(
        &self,
        sources: &[Source],
        folder: &Path,
        run: &Run<'_>,
    ) -> anyhow::Result<()> {
        if !self.download {
            return Ok(());
        }
        make_folder(folder)?;
        let observe = |address: &str| (run.observe)(&format!("fetching {address}"));
        let mirror = self.mirror.as_deref();
        match download(sources, folder, mirror, run.interrupt, &observe) {
            Err(_) if run.is_interrupted() => Err(Error::Interrupted)
                .context("the download was interrupted; no partial file is left"),
            done => Ok(done?),
        }
    }
}
