//! How the answers of `banach theory` are written.

use banach_theory::Jacobian;
use serde_json::{Value, json};

use crate::output::{print, print_json};

/// Writes one JSON object, or the text.
pub(super) fn write(json: bool, value: &Value, text: &str) -> anyhow::Result<()> {
    if json { print_json(value) } else { print(text) }
}

/// A Jacobian and what is read off it, as JSON members.
pub(super) fn jacobian_json(jacobian: &Jacobian) -> Value {
    json!({
        "jacobian": jacobian.0,
        "spectral_norm": jacobian.spectral_norm(),
        "eigenvalues": jacobian.eigenvalues().map(|(real, imaginary)| json!({"real": real, "imaginary": imaginary})),
        "spectral_radius": jacobian.spectral_radius(),
    })
}

/// Members of `more` added to the object `value`.
pub(super) fn merge(mut value: Value, more: Value) -> Value {
    if let (Value::Object(members), Value::Object(more)) = (&mut value, more) {
        members.extend(more);
    }
    value
}

/// An eigenvalue in the form `0.5` or `0.5 + 0.2i`. (`{:?}` keeps all digits, with an exponent where `{}` has none.)
pub(super) fn complex((real, imaginary): (f64, f64)) -> String {
    if imaginary == 0.0 {
        format!("{real:?}")
    } else {
        let sign = if imaginary < 0.0 { '-' } else { '+' };
        format!("{real:?} {sign} {:?}i", imaginary.abs())
    }
}
