//! `banach theory`: numbers, verdicts and pictures.

use serde_json::Value;

use crate::room::Room;

fn number(value: &Value) -> f64 {
    value
        .as_f64()
        .unwrap_or_else(|| panic!("no number: {value}"))
}

#[test]
fn map_gives_the_papers_jacobian_at_the_fixed_point() {
    let room = Room::new();
    let args = "theory map --mu 0 --omega 0 --nu 1 --tau 1 --json";
    let value = room.run(&args.split(' ').collect::<Vec<_>>()).ok().json();
    assert!((number(&value["variance"]) - 1.0).abs() < 1e-15);
    // The paper gives seven decimals.
    assert!((number(&value["jacobian"][1][1]) - 0.782_647_9).abs() < 5e-8);
    assert!((number(&value["spectral_norm"]) - 0.787_673_4).abs() < 5e-8);
}

#[test]
fn fixed_point_answers_no_with_exit_code_1() {
    let room = Room::new();
    for (tau, outcome) in [("0.4", "vanishes"), ("3", "diverges")] {
        let ran = room.run(&["theory", "fixed-point", "--tau", tau, "--json"]);
        assert_eq!(ran.code, Some(1), "{ran:?}");
        assert_eq!(ran.json()["outcome"], outcome);
        assert_eq!(ran.json()["mean"], Value::Null);
    }
    let ran = room
        .run(&["theory", "fixed-point", "--omega", "-0.1", "--trajectory"])
        .ok();
    assert!(ran.out.starts_with("layer  mean"), "{}", ran.out);
    assert!(ran.out.contains("stable         yes"), "{}", ran.out);
}

#[test]
fn params_are_those_of_the_target_or_say_what_can_be_reached() {
    let room = Room::new();
    let value = room.run(&["theory", "params", "--json"]).ok().json();
    assert!((number(&value["alpha"]) / 1.673_263_242_354_377_2 - 1.0).abs() < 1e-14);
    assert_eq!(value["stable"], true);
    let ran = room.run(&["theory", "params", "--mean", "1", "--omega", "0"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.out.contains("below 0.564190"), "{}", ran.out);
}

#[test]
fn activation_judges_and_lists_what_it_knows() {
    let room = Room::new();
    let value = room
        .run(&["theory", "activation", "--json", "tanh", "selu"])
        .ok()
        .json();
    assert_eq!(value["tanh"]["self_normalizing"], false);
    assert_eq!(value["tanh"]["shape"]["slope_above_1"], false);
    assert_eq!(value["selu"]["self_normalizing"], true);
    let ran = room.run(&["theory", "activation", "swish"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains("silu") && ran.out.is_empty(), "{ran:?}");
}

#[test]
fn propagate_does_not_depend_on_threads() {
    let room = Room::new();
    let run = |threads| {
        let args = "theory propagate --layers 3 --width 16,32 --samples 5 --json --threads";
        let mut args: Vec<_> = args.split(' ').collect();
        args.push(threads);
        room.run(&args).ok().out
    };
    assert_eq!(run("1"), run("3"));
}

#[cfg(feature = "plot")]
#[test]
fn every_picture_is_drawn_and_other_formats_are_refused() {
    let room = Room::new();
    for kind in [
        "field",
        "trajectories",
        "fixed-point",
        "spectral-norm",
        "variance-map",
        "selu",
        "depth",
    ] {
        let plot = |out: &str| {
            let sizes = ["--layers", "4", "--width", "8", "--samples", "3"];
            let mut args = vec!["theory", "plot", kind, "--out", out];
            args.extend(sizes);
            room.run(&args)
        };
        plot("a.svg").ok();
        assert!(room.text("a.svg").ends_with("</svg>\n"), "{kind}");
        plot("a.png").ok();
        assert!(room.read("a.png").starts_with(b"\x89PNG"), "{kind}");
        let ran = plot("a.gif");
        assert_eq!(ran.code, Some(2));
        assert!(ran.err.contains(".svg or .png"), "{}", ran.err);
    }
}
