//! Reference values of the tests, made by `goldens/moments.py` with 200 digits.

use serde::Deserialize;

#[derive(Deserialize)]
pub(crate) struct Goldens {
    /// mu, omega, nu, tau, mean, variance, and the Jacobian by rows.
    pub(crate) points: Vec<[f64; 10]>,
    /// mean, variance, omega, tau, alpha, lambda.
    pub(crate) parameters: Vec<[f64; 6]>,
}

impl Goldens {
    pub(crate) fn read() -> Self {
        serde_json::from_str(include_str!("../../../goldens/data/moments.json"))
            .expect("the goldens are JSON")
    }
}
