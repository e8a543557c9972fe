//! Compute kernels for self-normalizing networks: slices in, slices out.
//!
//! Owns matrix products, activations, dropout, normalization, reductions, optimizer steps, random
//! bits, the private thread pool and the parallel map. Refuses policy and allocation: callers decide what is computed, when, and
//! in which buffers. The only crate of the project with `unsafe`.
//!
//! Every kernel is one portable function written with fused multiply-add in a fixed order of
//! operations. It is compiled for each instruction set (see [`Isa`]) and the fastest one is chosen
//! at run time; all of them give the same bits. The threads of the pool flush subnormal numbers to 0,
//! as [`flush_subnormals`] does on the calling one.

#[macro_use]
mod isa;
mod activation;
mod connection;
mod lanes;
mod layout;
mod line;
mod matmul;
mod normalize;
mod number;
mod optimizer;
mod parallel;
mod pool;
pub mod random;
mod real;
mod reduce;
mod row;
mod subnormal;
#[cfg(test)]
mod test_gradient;

pub use activation::{
    ALPHA_01, DropoutMask, LAMBDA_01, Piece, Selu, dropout_backward, dropout_forward,
    identity_forward, relu_backward, relu_forward, selu_backward, selu_forward,
};
pub use connection::{add, highway_backward, highway_forward, sigmoid_forward};
pub use isa::Isa;
pub use layout::{pack_units, transpose, unpack_units};
pub use line::{LANES, Line, Panels, PanelsMut, flat, flat_mut, lines_for};
pub use matmul::{Accumulate, matmul_nn, matmul_tn};
pub use normalize::{
    NORMALIZATION_EPSILON, ROWS_PER_SUM, batch_norm_backward, batch_norm_forward, column_dots,
    group_moments, group_sums, layer_norm_backward, layer_norm_forward, layer_norm_sums,
    project_columns, row_moments, scale_columns, scale_units,
};
pub use number::Number;
pub use optimizer::{AdamStep, SgdStep, adam_step, sgd_step};
pub use parallel::{parallel_map, parallel_map_chunked};
pub use pool::{Cuts, Pool, available_threads};
pub use real::Real;
pub use reduce::{add_column_sums, sum_of_squares};
pub use row::{
    Bf16Line, row_layer_norm, row_product, row_product_bf16, row_relu, row_selu, to_bf16, widen,
};
pub use subnormal::flush_subnormals;
