//! `banach theory certify`, `verify`, `region` and `banach certify`: the real program in a temporary folder.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

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

/// Tensors for a safetensors file: name, type, shape, bytes.
#[derive(Default)]
struct File(Vec<(String, &'static str, Vec<usize>, Vec<u8>)>);

impl File {
    fn f32(&mut self, name: &str, shape: &[usize], values: &[f32]) -> &mut Self {
        let bytes = values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect();
        self.0.push((name.to_owned(), "F32", shape.to_vec(), bytes));
        self
    }

    /// Vectors of `value`.
    fn vectors(&mut self, names: &[&str], length: usize, value: f32) -> &mut Self {
        for name in names {
            self.f32(name, &[length], &vec![value; length]);
        }
        self
    }

    /// Matrices with weights from Normal(0, 1 / fan_in), different ones in every layer; shapes are [out, in].
    fn layers(&mut self, layers: &[(&str, [usize; 2])]) -> &mut Self {
        for (name, [n_out, fan_in]) in layers {
            let seed = self.0.len() as u64 + 1;
            self.f32(name, &[*n_out, *fan_in], &drawn(seed, *n_out, *fan_in));
        }
        self
    }

    fn write(&self, file: &Path) {
        let (mut header, mut data) = (Vec::new(), Vec::new());
        for (name, dtype, shape, bytes) in &self.0 {
            let start = data.len();
            data.extend_from_slice(bytes);
            header.push(format!(
                "{name:?}:{{\"dtype\":{dtype:?},\"shape\":{shape:?},\"data_offsets\":[{start},{}]}}",
                data.len()
            ));
        }
        let header = format!("{{{}}}", header.join(","));
        let mut content = (header.len() as u64).to_le_bytes().to_vec();
        content.extend_from_slice(header.as_bytes());
        content.extend_from_slice(&data);
        fs::write(file, content).unwrap();
    }
}

/// Normal(0, 1 / fan_in) numbers, by sums of 12 uniform ones.
fn drawn(seed: u64, n_out: usize, fan_in: usize) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut uniform = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    let normal = (0..n_out * fan_in).map(|_| {
        let normal = (0..12).map(|_| uniform()).sum::<f64>() - 6.0;
        (normal / (fan_in as f64).sqrt()) as f32
    });
    normal.collect()
}

/// A network of SELU layers whose units all have omega = 0 and tau = gain^2, with PyTorch's names.
fn write_network(path: &Path, gain: f64) {
    let width = 64;
    let mut file = File::default();
    for layer in 0..3 {
        let mut weight = drawn(layer + 1, width, width);
        for unit in weight.chunks_mut(width) {
            let mean = unit.iter().sum::<f32>() / width as f32;
            unit.iter_mut().for_each(|w| *w -= mean);
            let tau: f64 = unit.iter().map(|&w| f64::from(w).powi(2)).sum();
            let scale = (gain / tau.sqrt()) as f32;
            unit.iter_mut().for_each(|w| *w *= scale);
        }
        file.f32(
            &format!("net.{}.weight", 2 * layer),
            &[width, width],
            &weight,
        );
    }
    file.f32("net.6.weight", &[2, width], &vec![0.1; 2 * width]);
    file.write(path);
}

/// Exit code, first line and the rest of `banach certify` on a file.
fn certified(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let output = banach(folder, &[&["certify"][..], arguments].concat());
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    let first = text.lines().next().unwrap_or_default().to_owned();
    (code(&output), first, format!("{text}{errors}"))
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
fn verify_says_all_that_it_verified() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let arguments = "theory certify --goal shrinks --mu -0.1,0.1 --omega 0 --nu 3,4 --tau 1 --alpha 0.01 --lambda 0.2 --out c.json";
    let proved = banach(folder, &arguments.split(' ').collect::<Vec<_>>());
    assert_eq!(
        code(&proved),
        0,
        "{}",
        String::from_utf8_lossy(&proved.stdout)
    );
    let verified = banach(folder, &["theory", "verify", "c.json"]);
    let text = String::from_utf8(verified.stdout.clone()).unwrap();
    assert_eq!(code(&verified), 0, "{text}");
    // It is no statement about SELU.
    for part in [
        "custom holds: 1 claims",
        "mu in [-0.1, 0.1], omega in [0, 0], nu in [3, 4], tau in [1, 1]",
        "the variance after the layer is below nu",
        "variance / nu < 1 ",
        "alpha in [0.01, 0.01], lambda in [0.2, 0.2]",
        "found by banach-theory",
        "rounding: Each + - * /",
        "assumed and not proved:\n  - the net input of a unit",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let value = json(&banach(folder, &["theory", "verify", "--json", "c.json"]));
    let file = &value["files"][0];
    assert_eq!(file["alpha"], serde_json::json!([0.01, 0.01]));
    assert_eq!(
        file["parts"][0]["domain"]["nu"],
        serde_json::json!([3.0, 4.0])
    );
    assert!(file["parts"][0]["claims"][0]["bound"][1].as_f64().unwrap() < 1.0);

    let content = fs::read_to_string(folder.join("c.json")).unwrap();
    let mut document: Value = serde_json::from_str(&content).unwrap();
    document["parts"] = Value::Array(Vec::new());
    fs::write(folder.join("empty.json"), document.to_string()).unwrap();
    let twice = content.replacen("\"program\"", "\"statement\": \"theorem1\", \"program\"", 1);
    fs::write(folder.join("twice.json"), twice).unwrap();
    for (file, reason) in [
        ("empty.json", "no parts"),
        ("twice.json", "duplicate field"),
    ] {
        let output = banach(folder, &["theory", "verify", file]);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(code(&output), 1, "{text}");
        assert!(
            text.contains("does not hold") && text.contains(reason),
            "{text}"
        );
    }
}

#[test]
#[cfg(unix)]
fn files_without_an_end_are_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("t.csv"), "a,y\n1,2\n").unwrap();
    let endless: [&[&str]; 4] = [
        &["theory", "verify", "/dev/zero"],
        &["fit", "t.csv", "--target", "y", "--config", "/dev/zero"],
        &["certify", "/dev/zero"],
        &["inspect", "/dev/zero"],
    ];
    for arguments in endless {
        let output = banach(folder, arguments);
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(code(&output), 2, "{errors}");
        let clear = errors.contains("more than") || errors.contains("not a regular file");
        assert!(clear && errors.contains("/dev/zero"), "{errors}");
    }
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
        text.starts_with(
            "no, under these assumptions (listed below; no rows were looked at): certified"
        ) && text.contains("gain 3/4")
            && text.contains("assumed and not proved"),
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

/// 600 rows of 40 inputs: independent ones, or one number with 5% of noise 40 times.
fn write_rows(path: &Path, independent: bool) {
    let noise = drawn(7, 600, 40);
    let common = drawn(8, 600, 1);
    let head: Vec<String> = (0..40).map(|k| format!("x{k}")).collect();
    let mut text = format!("{},y\n", head.join(","));
    for (row, common) in noise.chunks(40).zip(common) {
        // Of variance 1 again.
        let row: Vec<f32> = row.iter().map(|x| x * 40.0_f32.sqrt()).collect();
        let cells = row
            .iter()
            .map(|x| if independent { *x } else { common + 0.05 * x });
        let cells: Vec<String> = cells.map(|x| x.to_string()).collect();
        let class = if row[0] > 0.0 { "up" } else { "down" };
        text.push_str(&format!("{},{class}\n", cells.join(",")));
    }
    fs::write(path, text).unwrap();
}

/// A network at initialization.
fn fit(folder: &Path, layers: &str) {
    let output = banach(
        folder,
        &[
            "fit",
            "rows.csv",
            "--target",
            "y",
            "--preset",
            "paper",
            "--layers",
            layers,
            "--dropout",
            "0",
            "--lr",
            "1e-300",
            "--epochs",
            "1",
            "--out",
            "m.safetensors",
            "--quiet",
        ],
    );
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(code(&output), 0, "{errors}");
}

#[test]
fn rows_that_refute_the_assumptions_make_the_answer_no() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_rows(&folder.join("rows.csv"), false);
    fit(folder, "4");
    let (exit, first, text) = certified(folder, &["m.safetensors", "rows.csv"]);
    assert_eq!(exit, 1, "{text}");
    assert!(
        first.starts_with("no: the assumption fails on these rows: after layers."),
        "{first}"
    );
    assert!(text.contains("measured on 600 rows"), "{text}");

    let output = banach(folder, &["certify", "m.safetensors", "rows.csv", "--json"]);
    let value = json(&output);
    assert_eq!((code(&output), &value["holds"]), (1, &false.into()));
    assert_eq!(value["input_moments"]["known"], "measured");
    let measured = &value["measured"];
    assert_eq!(
        (&measured["on"], &measured["n_rows"]),
        (&"rows".into(), &600.into())
    );
    // Certified near 1; what inspect measures on the same rows is far below.
    let inspected = banach(folder, &["inspect", "m.safetensors", "rows.csv", "--json"]);
    let inspected = json(&inspected)["members"][0]["layers"].clone();
    for layer in 0..4 {
        let certified = value["layers"][layer]["variance"][0].as_f64().unwrap();
        let variance = measured["layers"][layer]["variance"].as_f64().unwrap();
        assert!(
            (certified - 1.0).abs() < 0.03 && variance < 0.85,
            "{certified} {variance}"
        );
        assert_eq!(inspected[layer]["moments"]["variance"], variance);
    }
    let objections = value["objections"].as_array().unwrap();
    assert_eq!(objections[0]["objection"], "assumptions_fail");

    // Nothing in the weights speaks against it: without rows nobody can know, and the first line says that.
    let (exit, first, _) = certified(folder, &["m.safetensors"]);
    assert_eq!(exit, 0);
    assert!(
        first.starts_with("yes, under these assumptions (listed below; no rows were looked at)")
    );

    // A tolerance and a rectangle that leave room.
    let wide = [
        "m.safetensors",
        "rows.csv",
        "--tolerance",
        "0.5",
        "--nu",
        "0.5,1.5",
    ];
    assert_eq!(certified(folder, &wide).0, 0);
    for tolerance in ["0", "-1", "nan", "inf"] {
        let flag = format!("--tolerance={tolerance}");
        let (exit, _, text) = certified(folder, &["m.safetensors", "rows.csv", &flag]);
        assert_eq!(exit, 2, "{text}");
        assert!(
            text.contains("tolerance must be a positive number"),
            "{text}"
        );
    }
}

#[test]
fn rows_of_independent_inputs_agree() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_rows(&folder.join("rows.csv"), true);
    fit(folder, "8");
    let arguments = ["m.safetensors", "rows.csv"];
    let plot = ["--plot", "moments.svg"];
    let drawn = if cfg!(feature = "plot") {
        &plot[..]
    } else {
        &[]
    };
    let (exit, first, text) = certified(folder, &[&arguments[..], drawn].concat());
    assert_eq!(exit, 0, "{text}");
    assert!(
        first.starts_with(
            "yes, under these assumptions (listed below; measured on 600 rows): mean stays"
        ),
        "{first}"
    );
    if cfg!(feature = "plot") {
        let picture = fs::read_to_string(folder.join("moments.svg")).unwrap();
        for label in [
            "measured on the rows",
            "certified under the assumptions",
            "allowed range",
        ] {
            assert!(picture.contains(label), "{label}");
        }
    }
    // A banach model says itself what its layers are.
    let (exit, _, text) = certified(folder, &["m.safetensors", "--layers", "a,b"]);
    assert_eq!(exit, 2);
    assert!(
        text.contains("--layers is for files from elsewhere"),
        "{text}"
    );
}

#[test]
fn weights_that_contradict_the_assumptions_make_the_answer_no() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let width = 256;
    let row = drawn(3, 1, width);
    let signs =
        (0..64 * width).map(|i| if i % 2 == 0 { 1.0 } else { -1.0 } / (width as f32).sqrt());
    let signs: Vec<f32> = signs.collect();
    let mut file = File::default();
    file.f32("0.weight", &[width, width], &row.repeat(width));
    file.f32("2.weight", &[64, width], &signs);
    file.f32("4.weight", &[1, 64], &[0.1; 64]);
    file.write(&folder.join("equal.safetensors"));
    // 256 units that are one and the same cancel in balanced weights: the variance after the second layer is 0.
    let (exit, first, text) = certified(folder, &["equal.safetensors"]);
    assert_eq!(exit, 1, "{text}");
    assert!(
        first.starts_with(
            "no: the weights contradict the assumption: with independent inputs, after 2.weight mean is 0.000 and variance 0.000"
        ),
        "{first}"
    );
}

const CHAIN: [(&str, [usize; 2]); 3] = [
    ("0.weight", [64, 64]),
    ("2.weight", [64, 64]),
    ("4.weight", [3, 64]),
];

#[test]
fn every_float_type_is_certified() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let mut single = File::default();
    single.layers(&CHAIN);
    single.write(&folder.join("f32.safetensors"));
    let widened = |dtype, narrow: fn(f32) -> Vec<u8>| {
        let mut file = File::default();
        for (name, _, shape, bytes) in &single.0 {
            let values = bytes
                .chunks_exact(4)
                .map(|b| f32::from_le_bytes(b.try_into().unwrap()));
            file.0.push((
                name.clone(),
                dtype,
                shape.clone(),
                values.flat_map(narrow).collect(),
            ));
        }
        file
    };
    let f16 = |x: f32| {
        // Rounded down to 11 bits; all weights are far inside of the range.
        let size = x.abs();
        let exponent = (size.to_bits() >> 23) as i32 - 127;
        let bits = if exponent < -14 {
            (size * 2.0_f32.powi(24)) as u16
        } else {
            ((exponent + 15) as u16) << 10 | (size.to_bits() >> 13 & 0x3ff) as u16
        };
        (bits | if x < 0.0 { 0x8000 } else { 0 })
            .to_le_bytes()
            .to_vec()
    };
    widened("F64", |x| f64::from(x).to_le_bytes().to_vec()).write(&folder.join("f64.safetensors"));
    widened("BF16", |x| {
        ((x.to_bits() >> 16) as u16).to_le_bytes().to_vec()
    })
    .write(&folder.join("bf16.safetensors"));
    widened("F16", f16).write(&folder.join("f16.safetensors"));

    let layers = |file: &str| {
        let output = banach(folder, &["certify", file, "--json"]);
        assert_eq!(
            code(&output),
            0,
            "{file}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        json(&output)["layers"].clone()
    };
    let exact = layers("f32.safetensors");
    assert_eq!(exact, layers("f64.safetensors"));
    // Cutting off 13 or 16 of 24 bits makes weights a little smaller: by 1/4096 and 1/512 on average.
    for (file, share) in [("f16.safetensors", 1e-3), ("bf16.safetensors", 1e-2)] {
        let tau = |layers: &Value| layers[0]["tau"]["mean"].as_f64().unwrap();
        let ratio = tau(&layers(file)) / tau(&exact);
        assert!(ratio < 1.0 && ratio > 1.0 - share, "{file}: {ratio}");
    }
}

#[test]
fn normalization_is_not_covered_unless_it_is_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let mut file = File::default();
    file.layers(&CHAIN);
    file.vectors(
        &["1.weight", "1.bias", "1.running_mean", "1.running_var"],
        64,
        10.0,
    );
    let counter = 7_i64.to_le_bytes().to_vec();
    file.0.push((
        "1.num_batches_tracked".to_owned(),
        "I64",
        Vec::new(),
        counter,
    ));
    file.write(&folder.join("norm.safetensors"));

    let (exit, first, text) = certified(folder, &["norm.safetensors"]);
    assert_eq!(exit, 1);
    assert_eq!(
        first,
        "no: the file holds what the theorem does not cover: 1.bias, 1.running_mean, 1.running_var, 1.weight"
    );
    assert!(
        text.contains("1.num_batches_tracked []: a counter of training"),
        "{text}"
    );

    let (exit, first, text) = certified(folder, &["norm.safetensors", "--leave-out", "1.*"]);
    assert_eq!(exit, 0, "{text}");
    assert!(first.starts_with("yes, under these assumptions (listed below; no rows were looked at), with 5 tensors left out:"));
    assert!(text.contains("1.weight [64]: left out as 1.*"), "{text}");
    let output = banach(
        folder,
        &[
            "certify",
            "norm.safetensors",
            "--leave-out",
            "1.*",
            "--json",
        ],
    );
    let skipped = json(&output)["skipped"].clone();
    assert_eq!(skipped.as_array().unwrap().len(), 5);

    let (exit, _, text) = certified(folder, &["norm.safetensors", "--leave-out", "bn.*"]);
    assert_eq!(exit, 2);
    assert!(
        text.contains("no tensor fits the pattern \"bn.*\""),
        "{text}"
    );
}

#[test]
fn what_is_no_chain_of_dense_layers_is_not_certified() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let no = |name: &str, layers: &[(&str, [usize; 2])], names: &str| {
        let mut file = File::default();
        file.layers(layers);
        file.write(&folder.join("x.safetensors"));
        let (exit, first, text) = certified(folder, &["x.safetensors"]);
        assert_eq!(exit, 1, "{name}: {text}");
        assert!(
            first.starts_with("no: ") && first.contains(names),
            "{name}: {first}"
        );
    };
    no(
        "towers",
        &[
            ("head.weight", [2, 96]),
            ("item.0.weight", [48, 48]),
            ("item.2.weight", [48, 48]),
            ("query.0.weight", [48, 48]),
            ("query.2.weight", [48, 48]),
        ],
        "head.weight, item.0.weight",
    );
    let residual = [
        ("0.fc.weight", [64, 64]),
        ("1.fc.weight", [64, 64]),
        ("1.shortcut.weight", [64, 64]),
        ("2.fc.weight", [3, 64]),
    ];
    no("shortcut", &residual, "1.shortcut.weight");
    let attention = [
        ("attn.q.weight", [64, 64]),
        ("attn.k.weight", [64, 64]),
        ("attn.v.weight", [64, 64]),
    ];
    no(
        "attention",
        &attention,
        "attn.k.weight, attn.q.weight, attn.v.weight",
    );
    let embedding = [&[("embed.weight", [500, 64])], &CHAIN[..]].concat();
    no("embedding", &embedding, "embed.weight");
    no(
        "weight normalization",
        &[
            &[("6.weight_v", [64, 64]), ("6.weight_g", [64, 1])],
            &CHAIN[..],
        ]
        .concat(),
        "6.weight_g, 6.weight_v",
    );
}

#[test]
fn the_order_of_layers_is_asked_for_where_nothing_settles_it() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let mut file = File::default();
    file.layers(&[
        ("decoder.0.weight", [64, 32]),
        ("decoder.2.weight", [48, 64]),
        ("encoder.0.weight", [64, 48]),
        ("encoder.2.weight", [32, 64]),
    ]);
    file.write(&folder.join("autoencoder.safetensors"));
    let (exit, _, text) = certified(folder, &["autoencoder.safetensors"]);
    assert_eq!(exit, 2);
    for part in [
        "decoder.0.weight -> decoder.2.weight -> encoder.0.weight -> encoder.2.weight",
        "encoder.0.weight -> encoder.2.weight -> decoder.0.weight -> decoder.2.weight",
        "--layers",
    ] {
        assert!(text.contains(part), "{text}");
    }
    let at_once = "--layers=encoder.0,encoder.2,decoder.0,decoder.2";
    let one_by_one = [
        "--layers",
        "encoder.0.weight",
        "--layers",
        "encoder.2.weight",
        "--layers",
        "decoder.0.weight",
        "--layers",
        "decoder.2.weight",
    ];
    for layers in [&[at_once][..], &one_by_one] {
        let arguments = [&["autoencoder.safetensors"][..], layers].concat();
        let (exit, first, text) = certified(folder, &arguments);
        assert_eq!((exit, &first[..3]), (0, "yes"), "{text}");
        assert!(
            text.contains("layers read in the order that was given"),
            "{text}"
        );
    }
}

#[test]
fn kernels_of_keras_are_read_as_they_are_stored() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let sizes = [[64, 32], [48, 64], [3, 48]];
    let (mut torch, mut keras, mut turned) = (File::default(), File::default(), File::default());
    for (layer, [n_out, fan_in]) in sizes.into_iter().enumerate() {
        let weight = drawn(layer as u64 + 1, n_out, fan_in);
        let cells = (0..fan_in).flat_map(|k| (0..n_out).map(move |unit| (unit, k)));
        let transposed: Vec<f32> = cells.map(|(unit, k)| weight[unit * fan_in + k]).collect();
        torch.f32(&format!("model.{layer}.weight"), &[n_out, fan_in], &weight);
        torch.f32(&format!("model.{layer}.bias"), &[n_out], &vec![0.0; n_out]);
        keras.f32(
            &format!("dense_{layer}/kernel:0"),
            &[fan_in, n_out],
            &transposed,
        );
        keras.f32(
            &format!("dense_{layer}/bias:0"),
            &[n_out],
            &vec![0.0; n_out],
        );
        turned.f32(
            &format!("_orig_mod.dense_{layer}.weight"),
            &[fan_in, n_out],
            &transposed,
        );
    }
    let layers = |name: &str, file: &File| {
        file.write(&folder.join(name));
        let output = banach(folder, &["certify", name, "--json"]);
        assert_eq!(
            code(&output),
            0,
            "{name}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        let value = json(&output);
        let variances = (0..2).map(|layer| value["layers"][layer]["variance"].clone());
        (
            variances.collect::<Vec<_>>(),
            value["reading"]["orientation"].clone(),
        )
    };
    let (expected, orientation) = layers("torch.safetensors", &torch);
    assert_eq!(orientation, "out_in");
    assert_eq!(
        layers("keras.safetensors", &keras),
        (expected.clone(), "in_out".into())
    );
    assert_eq!(
        layers("turned.safetensors", &turned),
        (expected, "in_out".into())
    );
}

#[test]
fn squares_are_asked_about_where_it_makes_a_difference() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    // Every row has tau 1, but the columns do not: most of the weight lies on the first inputs.
    let mut weight = drawn(1, 64, 64);
    for row in weight.chunks_mut(64) {
        row.iter_mut()
            .enumerate()
            .for_each(|(k, w)| *w *= if k < 8 { 2.8 } else { 0.05 });
    }
    let mut file = File::default();
    file.f32("weight", &[64, 64], &weight);
    file.write(&folder.join("square.safetensors"));
    let (exit, _, text) = certified(folder, &["square.safetensors", "--last-is-selu"]);
    assert_eq!(exit, 2, "{text}");
    assert!(
        text.contains("[out, in] and as [in, out]") && text.contains("--orientation"),
        "{text}"
    );
    let asked = |how: &str| {
        certified(
            folder,
            &["square.safetensors", "--last-is-selu", "--orientation", how],
        )
    };
    assert_eq!(
        (asked("out-in").0, asked("in-out").0),
        (0, 1),
        "{}",
        asked("out-in").2
    );
}
