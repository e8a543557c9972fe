//! Why a figure could not be drawn.

/// Why a figure could not be drawn.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PlotError {
    /// An axis does not go from a lower to a higher number, or a logarithmic one does not start above 0.
    #[error(
        "axis {label:?} goes from {low} to {high}: both must be finite, the first lower, and above 0 on a logarithmic axis"
    )]
    Axis {
        /// The axis' label.
        label: String,
        /// Its lower end.
        low: f64,
        /// Its upper end.
        high: f64,
    },
    /// A picture has no size, or more pixels than can be held.
    #[error("a picture of {width} x {height} points with scale {scale} cannot be drawn")]
    Size {
        /// Width in points.
        width: f64,
        /// Height in points.
        height: f64,
        /// Pixels per point.
        scale: f64,
    },
    /// The PNG could not be encoded.
    #[error("PNG encoding failed: {reason}")]
    Png {
        /// What the encoder said.
        reason: String,
    },
}
