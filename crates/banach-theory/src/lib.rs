//! The theory of self-normalizing networks: what one layer does to mean and variance, where that map rests, and proofs that it contracts.
//!
//! It owns the moment map g of Klambauer et al. 2017 (arXiv:1706.02515), its fixed points and constants, and the certificates about them.
//! It refuses networks and files: numbers in, numbers out.
#![forbid(unsafe_code)]
