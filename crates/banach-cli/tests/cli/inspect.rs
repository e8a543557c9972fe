//! `banach inspect`.

use crate::room::{Room, keys};
use crate::tables::mixed;

fn room() -> Room {
    let room = Room::new();
    room.write("t.csv", mixed(200));
    room.fit("t.csv", "class", &["--drop", "w,g,value,l1,l2"]);
    room
}

#[test]
fn json_shows_what_is_inside() {
    let room = room();
    let report = room
        .run(&["inspect", "model.safetensors", "--json"])
        .ok()
        .json();
    let expected = [
        "task",
        "targets",
        "encoders",
        "readings",
        "members",
        "calibration",
        "training",
        "settings",
    ];
    assert_eq!(keys(&report), expected);
    assert_eq!(keys(&report["encoders"][0]), ["columns", "unused"]);
    let member = &report["members"][0];
    let expected = [
        "encoder",
        "weight",
        "parameters",
        "input_width",
        "layers",
        "training",
    ];
    assert_eq!(keys(member), expected);
    let layers = member["layers"].as_array().unwrap();
    assert_eq!(layers.len(), 3);
    for layer in layers {
        let range = |name: &str| -> Vec<f64> {
            let range = layer[name].as_array().unwrap().iter();
            range.map(|end| end.as_f64().unwrap()).collect()
        };
        assert!(range("omega")[0] <= range("omega")[1], "{layer}");
        assert!(
            range("tau")[0] > 0.0 && range("tau")[0] <= range("tau")[1],
            "{layer}"
        );
        assert!(layer.get("moments").is_none(), "{layer}");
    }
}

#[test]
fn with_a_table_activations_are_measured() {
    let room = room();
    let report = room
        .run(&["inspect", "model.safetensors", "t.csv", "--json"])
        .ok()
        .json();
    assert!(
        report["members"][0]["input_moments"]["variance"]
            .as_f64()
            .unwrap()
            > 0.0
    );
    for layer in report["members"][0]["layers"].as_array().unwrap() {
        let moments = ["mean", "variance", "unit_mean", "unit_variance"];
        assert_eq!(keys(&layer["moments"]), moments, "{layer}");
    }
    let ran = room.run(&["inspect", "model.safetensors", "t.csv"]).ok();
    for word in [
        "omega",
        "tau",
        "variance",
        "colour",
        "category",
        "red",
        "a is missing",
        "[",
        "width = 16",
    ] {
        assert!(ran.out.contains(word), "{word}: {ran:#?}");
    }
    assert_eq!(ran.err, "");
}

#[test]
fn settings_go_back_into_a_fit_and_give_the_same_model() {
    let room = room();
    room.fit(
        "t.csv",
        "value",
        &[
            "--loss",
            "huber",
            "--optimizer",
            "sgd",
            "--momentum",
            "0.5",
            "--categorical",
            "w",
        ],
    );
    for (fit, again) in [("value", "value.toml"), ("class", "class.toml")] {
        if fit == "class" {
            room.fit(
                "t.csv",
                "class",
                &["--split", "group=g", "--preset", "paper"],
            );
        }
        let settings = room
            .run(&["inspect", "model.safetensors", "--settings"])
            .ok()
            .out;
        let all = room.run(&["inspect", "model.safetensors"]).ok().out;
        assert!(all.ends_with(&format!("\nsettings\n{settings}")), "{all}");
        room.write(again, settings);
        room.run(&[
            "fit",
            "t.csv",
            "--config",
            again,
            "--out",
            "again.safetensors",
        ])
        .ok();
        assert!(
            room.read("again.safetensors") == room.read("model.safetensors"),
            "{fit}"
        );
    }
}
