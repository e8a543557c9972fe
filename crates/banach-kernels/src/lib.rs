//! Compute kernels for self-normalizing networks: slices in, slices out.
//!
//! Owns matrix products, SELU, alpha dropout, reductions, optimiser steps, random bits and the
//! private thread pool. Refuses policy and allocation: callers decide what is computed, when, and
//! in which buffers. The only crate of the project with `unsafe`.

pub mod random;
