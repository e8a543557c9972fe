//! Pictures as files: the name's ending says which format.

use std::path::Path;

use anyhow::bail;
use banach_data::AtomicFile;
use banach_plot::Figure;

/// A format of pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PictureFormat {
    Svg,
    Png,
}

impl PictureFormat {
    /// The format that the ending of `file` names. `flag` is the one that the file was given with.
    pub(crate) fn of(flag: &str, file: &Path) -> anyhow::Result<Self> {
        let extension = file.extension().and_then(|name| name.to_str());
        match extension.map(str::to_lowercase).as_deref() {
            Some("svg") => Ok(Self::Svg),
            Some("png") => Ok(Self::Png),
            _ => bail!("{flag} must end in .svg or .png, got {}", file.display()),
        }
    }

    /// Writes a figure. `scale` is how many pixels a point of a PNG has.
    pub(crate) fn write(self, figure: &Figure, scale: f64, file: &Path) -> anyhow::Result<()> {
        let bytes = match self {
            Self::Svg => figure.to_svg()?.into_bytes(),
            Self::Png => figure.to_png(scale)?,
        };
        AtomicFile::write(file, &bytes)?;
        Ok(())
    }
}
