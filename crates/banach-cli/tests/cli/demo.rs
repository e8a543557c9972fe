//! `banach demo`.

use std::process::Command;

use crate::room::{Ran, Room};

/// The demo shall be under this on two processors.
const MOST_SECONDS: f64 = 30.0;

#[test]
fn the_demo_works_and_the_commands_it_names_work_when_pasted() {
    let room = Room::new();
    let ran = room.run(&["demo"]).ok();
    assert_eq!(
        std::fs::read_dir(room.path("banach-demo")).unwrap().count(),
        3,
        "train.csv, test.csv, model.safetensors"
    );
    let rows = |name: &str| room.text(&format!("banach-demo/{name}")).lines().count() - 1;
    assert_eq!(rows("train.csv") + rows("test.csv"), 344);
    for part in [
        "accuracy",
        "true \\ predicted",
        "variance before",
        "species,prediction,",
        "Next:",
    ] {
        assert!(ran.out.contains(part), "{part}: {ran:#?}");
    }

    // The command shown for the training makes the very same file.
    let pasted = |command: &str| -> Ran {
        let output = Command::new("sh")
            .args(["-c", command])
            .current_dir(room.path("."))
            .output();
        Ran::new(output.unwrap()).ok()
    };
    let model = room.read("banach-demo/model.safetensors");
    let shown: Vec<&str> = ran
        .out
        .lines()
        .filter_map(|line| line.strip_prefix("$ "))
        .collect();
    assert_eq!(shown.len(), 3, "{ran:#?}");
    std::fs::remove_file(room.path("banach-demo/model.safetensors")).unwrap();
    pasted(shown[0]);
    assert!(room.read("banach-demo/model.safetensors") == model);
    for command in &shown[1..] {
        let out = pasted(command).out;
        assert!(ran.out.contains(&out), "{command} prints {out}");
    }
    let (_, next) = ran.out.split_once("Next:\n").unwrap();
    let next: Vec<&str> = next.lines().map(str::trim).collect();
    assert_eq!(next.len(), 4, "{ran:#?}");
    for command in next {
        pasted(command);
    }
    assert!(room.path("banach-demo/predictions.csv").is_file());
}

#[test]
fn json_has_metrics_and_moments_before_and_after() {
    let room = Room::new();
    let ran = room
        .run(&["demo", "--out", "my demo", "--json", "--quiet"])
        .ok();
    assert_eq!(ran.err, "");
    let report = ran.json();
    assert!(
        report["metrics"]["accuracy"].as_f64().unwrap() > 0.9,
        "{report}"
    );
    assert!(
        report["seconds"].as_f64().unwrap() < MOST_SECONDS,
        "{report}"
    );
    let layers = report["layers"].as_array().unwrap();
    assert_eq!(layers.len(), 10, "input, 8 hidden layers, output");
    let variance = |layer: usize| layers[layer]["before"]["variance"].as_f64().unwrap();
    // What the theory says: the variance goes towards 1 from layer to layer.
    assert!(
        (variance(8) - 1.0).abs() < (variance(0) - 1.0).abs(),
        "{report}"
    );
    assert!(room.path("my demo/model.safetensors").is_file());
}
