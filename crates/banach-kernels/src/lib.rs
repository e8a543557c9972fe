//! Compute kernels for self-normalizing networks: matrix products, SELU, alpha dropout, optimiser steps, random bits
#![forbid(unsafe_code)]
