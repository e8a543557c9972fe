//! Compute kernels for self-normalizing networks: slices in, slices out.
//!
//! Owns matrix products, SELU, alpha dropout, reductions, optimiser steps, random bits and the
//! private thread pool. Refuses policy and allocation: callers decide what is computed, when, and
//! in which buffers. The only crate of the project with `unsafe`.
//!
//! Every kernel is one portable function written with fused multiply-add in a fixed order of
//! operations. It is compiled for each instruction set (see [`Isa`]) and the fastest one is chosen
//! at run time; all of them give the same bits.

#[macro_use]
mod isa;
mod activation;
mod matmul;
mod optimizer;
mod pool;
pub mod random;
mod real;
mod reduce;

pub use activation::{
    ALPHA_01, DropoutMask, LAMBDA_01, Selu, dropout_backward, dropout_forward, identity_forward,
    relu_backward, relu_forward, selu_backward, selu_forward,
};
pub use isa::Isa;
pub use matmul::{Into, Matrix, matmul, matmul_plain, pack, packed_len};
pub use optimizer::{AdamStep, SgdStep, adam_step, sgd_step};
pub use pool::{Pool, available_threads};
pub use real::Real;
pub use reduce::{add_column_sums, sum_of_squares};
