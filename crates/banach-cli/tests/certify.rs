//! `banach theory certify`, `verify`, `region` and `banach certify`: the real program in a temporary folder.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use banach::container::Container;
use serde_json::Value;

fn banach(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_banach"))
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap()
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

/// A network of SELU layers whose units all have omega = 0 and tau = gain^2, with PyTorch's names.
fn write_network(file: &Path, gain: f32) {
    let mut container = Container::new();
    let (width, scale) = (64_usize, gain / 8.0);
    for layer in 0..3 {
        let weight = (0..width * width).map(|i| if i % 2 == 0 { scale } else { -scale });
        let name = format!("net.{}.weight", 2 * layer);
        container
            .insert(&name, &[width, width], weight.collect())
            .unwrap();
    }
    container
        .insert("net.6.weight", &[2, width], vec![0.1; 2 * width])
        .unwrap();
    fs::write(file, container.to_bytes().unwrap()).unwrap();
}

#[test]
fn all_theorems_are_proved_and_their_files_verify() {
    let folder = tempfile::tempdir().unwrap();
    let proved = banach(
        folder.path(),
        &["theory", "certify", "all", "--json", "--out", "proofs"],
    );
    assert_eq!(
        code(&proved),
        0,
        "{}",
        String::from_utf8_lossy(&proved.stderr)
    );
    assert!(proved.stderr.is_empty());
    let value = json(&proved);
    assert_eq!(value["proved"], true);
    assert_eq!(value["statements"].as_array().unwrap().len(), 3);

    let files = [
        "proofs/theorem1.json",
        "proofs/theorem2.json",
        "proofs/theorem3.json",
    ];
    let verified = banach(
        folder.path(),
        &[&["theory", "verify", "--json"][..], &files].concat(),
    );
    assert_eq!(
        code(&verified),
        0,
        "{}",
        String::from_utf8_lossy(&verified.stdout)
    );
    assert_eq!(json(&verified)["hold"], true);

    let file = folder.path().join(files[0]);
    let forged = fs::read_to_string(&file).unwrap().replace("1.1", "1.2");
    fs::write(&file, forged).unwrap();
    let refused = banach(folder.path(), &["theory", "verify", files[0]]);
    assert_eq!(code(&refused), 1);
    assert!(String::from_utf8_lossy(&refused.stdout).contains("does not hold"));
}

#[test]
fn a_false_statement_answers_no_with_a_point() {
    let folder = tempfile::tempdir().unwrap();
    for changed in [["--tau", "0.95,1.5"], ["--alpha", "1"]] {
        let arguments = [&["theory", "certify", "theorem1", "--json"][..], &changed].concat();
        let output = banach(folder.path(), &arguments);
        assert_eq!(code(&output), 1, "{changed:?}");
        let value = json(&output);
        assert_eq!(value["statements"][0]["verdict"], "refuted", "{changed:?}");
        assert!(value["statements"][0]["witness"]["nu"].is_f64());
    }
    let misspelt = banach(folder.path(), &["theory", "certify", "theorem9"]);
    assert_eq!(code(&misspelt), 2);
    assert!(String::from_utf8_lossy(&misspelt.stderr).contains("theorem1, theorem2"));
}

#[test]
fn the_region_holds_the_papers_weights() {
    let folder = tempfile::tempdir().unwrap();
    let mut arguments = vec![
        "theory", "region", "--omega", "-0.1,0.1", "--tau", "0.95,1.1",
    ];
    arguments.extend(["--cells", "2", "--json"]);
    if cfg!(feature = "plot") {
        arguments.extend(["--out", "region.svg"]);
    }
    let output = banach(folder.path(), &arguments);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(code(&output), 0, "{errors}");
    let cells = json(&output)["region"]["cells"].clone();
    assert_eq!(cells.as_array().unwrap().len(), 4);
    for cell in cells.as_array().unwrap() {
        assert_eq!(cell["proved"], "common_domain");
    }
    if cfg!(feature = "plot") {
        let picture = fs::read_to_string(folder.path().join("region.svg")).unwrap();
        assert!(picture.contains("Theorem 1"));
    }
}

#[test]
fn networks_of_pytorch_are_certified_and_its_gain_is_caught() {
    let folder = tempfile::tempdir().unwrap();
    write_network(&folder.path().join("good.safetensors"), 1.0);
    write_network(&folder.path().join("gain.safetensors"), 0.75);

    let good = banach(
        folder.path(),
        &["certify", "good.safetensors", "--every-unit", "--json"],
    );
    assert_eq!(code(&good), 0, "{}", String::from_utf8_lossy(&good.stderr));
    let value = json(&good);
    assert_eq!(value["every_unit_inside"], true);
    assert_eq!(value["layers"].as_array().unwrap().len(), 3);
    assert_eq!(value["layers"][2]["weight"], "net.4.weight");

    let gain = banach(folder.path(), &["certify", "gain.safetensors"]);
    assert_eq!(code(&gain), 1);
    let text = String::from_utf8_lossy(&gain.stdout);
    assert!(
        text.contains("gain 3/4") && text.contains("assumed and not proved"),
        "{text}"
    );

    // A variance of 2 at the input is outside at first and comes back, so the answer is no.
    let far = banach(
        folder.path(),
        &[
            "certify",
            "good.safetensors",
            "--input-moments",
            "0,2",
            "--json",
        ],
    );
    assert_eq!(code(&far), 1);
    let layers = json(&far)["layers"].clone();
    assert_eq!(
        (&layers[0]["inside"], &layers[2]["inside"]),
        (&false.into(), &true.into())
    );
}

#[test]
fn rows_are_read_for_models_of_banach_alone() {
    let folder = tempfile::tempdir().unwrap();
    write_network(&folder.path().join("net.safetensors"), 1.0);
    let output = banach(folder.path(), &["certify", "net.safetensors", "rows.csv"]);
    assert_eq!(code(&output), 2);
    assert!(String::from_utf8_lossy(&output.stderr).contains("--input-moments"));
}

#[test]
fn a_model_of_banach_is_certified_on_its_rows() {
    let folder = tempfile::tempdir().unwrap();
    let mut rows = "a,b,y\n".to_owned();
    for i in 0..200 {
        let (a, b) = ((i * 37 % 101) as f64 / 50.0, (i * 53 % 97) as f64 / 48.0);
        rows.push_str(&format!(
            "{a},{b},{}\n",
            if a + b > 2.0 { "up" } else { "down" }
        ));
    }
    fs::write(folder.path().join("rows.csv"), rows).unwrap();
    let fit = [
        "fit",
        "rows.csv",
        "--target",
        "y",
        "--preset",
        "paper",
        "--epochs",
        "1",
        "--out",
        "m.safetensors",
        "--quiet",
    ];
    let fitted = banach(folder.path(), &fit);
    assert_eq!(
        code(&fitted),
        0,
        "{}",
        String::from_utf8_lossy(&fitted.stderr)
    );
    let output = banach(
        folder.path(),
        &["certify", "m.safetensors", "rows.csv", "--json"],
    );
    assert!(
        code(&output) < 2,
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let value = json(&output);
    assert_eq!(value["input_moments"]["known"], "measured");
    assert_eq!(value["holds"], code(&output) == 0);
    assert!(value["layers"][0]["mean"].is_array());
}
