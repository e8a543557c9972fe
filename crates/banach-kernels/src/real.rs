//! The number types that all kernels can compute with.

use crate::layout::Transpose;
use crate::matmul::Product;
use crate::number::Number;
use crate::row::RowProduct;

/// A floating-point number that kernels compute with: `f32` for work, `f64` for checks.
///
/// The `f64` instance runs the very same code, so that gradients can be checked by central
/// differences without the noise of single precision.
pub trait Real: Number + Product + RowProduct + Transpose {}

impl<T: Number + Product + RowProduct + Transpose> Real for T {}
