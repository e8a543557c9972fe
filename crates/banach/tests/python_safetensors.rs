//! Python's safetensors opens what is written here, and what it writes is read here.
//!
//! Needs an interpreter with the packages safetensors and numpy, named by BANACH_PYTHON; without it, skips.

// A helper that fails is a test that fails.
#![allow(clippy::unwrap_used)]

use std::ffi::OsString;
use std::io::Write;
use std::path::Path;
use std::process::Command;

use banach::container::Container;
use banach::io::{ReadOptions, read_table};
use banach::{Estimator, Model, Run, Settings};
use serde_json::{Value, json};

/// Prints names, shapes, values and texts of the first file as JSON, then writes them to the second.
const SCRIPT: &str = r#"
import json, sys
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

source, target = sys.argv[1:]
with safe_open(source, framework="np") as file:
    metadata = file.metadata()
    opened = {name: file.get_tensor(name) for name in file.keys()}
loaded = load_file(source)
assert sorted(opened) == sorted(loaded)
tensors = {}
for name, tensor in loaded.items():
    assert (opened[name] == tensor).all()
    tensors[name] = {
        "dtype": str(tensor.dtype),
        "shape": tensor.shape,
        "bits": tensor.view("uint32").ravel().tolist(),
    }
print(json.dumps({"metadata": metadata, "tensors": tensors}))
save_file(loaded, target, metadata)
"#;

fn container() -> Container {
    let mut container = Container::new();
    container.set_text("banach.format_version", "1");
    container.set_text("text", "naïve \"quotes\" \n 中");
    let values = [0.5, -0.0, f32::MIN_POSITIVE / 8.0, f32::MAX, -1.5, 0.1];
    for (name, shape, n) in [
        ("layers.0.weight", &[2, 3][..], 6),
        ("layers.0.bias", &[2], 2),
        ("embeddings.0.weight", &[1, 5], 5),
        ("none", &[0, 3], 0),
        ("scale", &[], 1),
    ] {
        container.insert(name, shape, values[..n].to_vec()).unwrap();
    }
    container
}

/// What the script must print.
fn described(container: &Container) -> Value {
    let mut tensors = json!({});
    for (name, shape, data) in container.tensors() {
        let bits: Vec<_> = data.iter().map(|value| value.to_bits()).collect();
        tensors[name] = json!({ "dtype": "float32", "shape": shape, "bits": bits });
    }
    json!({ "metadata": container.metadata(), "tensors": tensors })
}

/// A small model as a fit makes it.
fn model(folder: &Path) -> Model {
    let table = folder.join("table.csv");
    let row = |i: u32| {
        format!(
            "{},{},{}\n",
            i % 7,
            ["red", "blue"][i as usize % 2],
            i % 3 > 1
        )
    };
    std::fs::write(
        &table,
        "a,colour,y\n".to_owned() + &(0..40).map(row).collect::<String>(),
    )
    .unwrap();
    let settings = "target = ['y']\nlayers = 2\nwidth = 8\nepochs = 3";
    let settings = Settings::from_toml(settings, "settings").unwrap();
    let table = read_table(&table, &ReadOptions::default()).unwrap();
    Estimator::new(settings)
        .unwrap()
        .fit(table, &Run::default())
        .unwrap()
        .model
}

/// The interpreter, or a message that there is none: past the capturing of output, so that whoever runs the tests
/// sees it.
fn python() -> Option<OsString> {
    let python = std::env::var_os("BANACH_PYTHON");
    if python.is_none() {
        let thread = std::thread::current();
        let test = thread.name().unwrap_or("a test");
        let why = "BANACH_PYTHON names no interpreter with safetensors and numpy";
        let _ = writeln!(std::io::stderr(), "{test} skipped: {why}");
    }
    python
}

#[test]
fn python_opens_a_fitted_model_and_what_it_saves_again_is_that_model() {
    let Some(python) = python() else { return };
    let folder = tempfile::tempdir().unwrap();
    let ours = folder.path().join("model.safetensors");
    let theirs = folder.path().join("again.safetensors");
    let model = model(folder.path());
    model.save(&ours).unwrap();
    let said = run(python.as_ref(), &ours, &theirs);
    assert_eq!(said, described(&Container::read_file(&ours).unwrap()));
    assert_eq!(Model::load(&theirs).unwrap(), model);
}

#[test]
fn python_and_rust_read_each_others_files() {
    let Some(python) = python() else { return };
    let folder = tempfile::tempdir().unwrap();
    let ours = folder.path().join("ours.safetensors");
    let theirs = folder.path().join("theirs.safetensors");
    let container = container();
    container.write_file(&ours).unwrap();

    let said = run(python.as_ref(), &ours, &theirs);
    assert_eq!(said, described(&container));
    assert_eq!(Container::read_file(&theirs).unwrap(), container);
}

fn run(python: &Path, source: &Path, target: &Path) -> Value {
    let output = Command::new(python)
        .args(["-c", SCRIPT])
        .args([source, target])
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {errors}", python.display());
    serde_json::from_slice(&output.stdout).unwrap()
}
