//! Names of columns on the command line, however they are spelt.

use crate::room::{Ran, Room, SMALL};

/// Columns whose names have commas, dashes, quotes, blanks and equal signs in them.
const HEAD: &str = "\"price, USD\",-y,--x,\" blank \",\"say \"\"hi\"\"\",a=b,\"g, h\",-w,b";

fn room() -> Room {
    let line = |i: usize| {
        let class = if (i * 37) % 101 > 50 { "yes" } else { "no" };
        let (a, b) = ((i * 37) % 101, (i * 53) % 89);
        format!(
            "{a},{class},{b},{class},{class},{i},{},{},{b}\n",
            i / 8,
            1 + i % 3
        )
    };
    let room = Room::new();
    let rows: String = (0..96).map(line).collect();
    room.write("t.csv", format!("{HEAD}\n{rows}"));
    room
}

fn fit(room: &Room, more: &[&str]) -> Ran {
    let mut args = vec!["fit", "t.csv"];
    args.extend(SMALL);
    args.extend(more);
    room.run(&args)
}

/// Names of the columns that the model of the last fit needs.
fn features(room: &Room) -> Vec<String> {
    let report = room.run(&["inspect", "model.safetensors", "--json"]).ok();
    let report = report.json();
    let columns = report["encoders"][0]["columns"].as_array().unwrap().iter();
    columns
        .map(|column| column["name"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn lists_are_lines_of_csv_and_flags_that_are_repeated_add_up() {
    let room = room();
    let leak = "blank,\"say \"\"hi\"\"\"";
    let others = ["b", "-w", "--x"];
    for drop in [
        &["--drop", "\"price, USD\",a=b,\"g, h\""][..],
        &["--drop", " \"price, USD\" , a=b", "--drop", "\"g, h\""],
        &["--drop=\"g, h\",a=b", "--drop=\"price, USD\""],
    ] {
        let more = [&["--target", "-y", "--drop", leak][..], drop].concat();
        fit(&room, &more).ok();
        let mut found = features(&room);
        found.sort();
        let mut want = others.to_vec();
        want.sort_unstable();
        assert_eq!(found, want, "{drop:?}");
    }
    // A settings file has lists of its own.
    room.write(
        "s.toml",
        "target = ['-y']\ndrop = ['price, USD', 'a=b', 'g, h', ' blank ', 'say \"hi\"']",
    );
    fit(&room, &["--config", "s.toml"]).ok();
    assert_eq!(features(&room).len(), others.len());
}

#[test]
fn a_name_with_a_dash_follows_its_flag_with_a_blank_or_an_equal_sign() {
    let room = room();
    let plain = ["--drop", "blank,\"say \"\"hi\"\"\""];
    for more in [
        &["--target", "-y", "--weight", "-w", "--numeric", "--x"][..],
        &["--target=-y", "--weight=-w", "--numeric=--x"],
    ] {
        // What looks like a long flag is one, unless it is tied to its flag.
        if more.contains(&"--x") {
            let ran = fit(&room, &[more, &plain[..]].concat());
            assert_eq!(ran.code, Some(2), "{ran:#?}");
            assert!(
                ran.err.contains("'--x'") || ran.err.contains("--numeric"),
                "{ran:#?}"
            );
            continue;
        }
        fit(&room, &[more, &plain[..]].concat()).ok();
    }
    fit(
        &room,
        &[&["--target", "-y", "--weight", "-w"][..], &plain].concat(),
    )
    .ok();
    let report = room
        .run(&["inspect", "model.safetensors", "--json"])
        .ok()
        .json();
    assert_eq!(report["settings"]["weight"], "-w");
    room.run(&["evaluate", "model.safetensors", "t.csv", "--weight", "-w"])
        .ok();
    let keep = ["predict", "model.safetensors", "t.csv", "--keep", "-y"];
    let ran = room
        .run(&[&keep[..], &["--keep", "\"price, USD\", blank "]].concat())
        .ok();
    assert!(
        ran.out.starts_with("-y,\"price, USD\",blank,prediction"),
        "{}",
        ran.out
    );
    // The flags of the program stay what they are.
    let ran = fit(&room, &["--target", "-q"]);
    assert_eq!(ran.code, Some(2), "{ran:#?}");
    assert!(ran.err.contains("--target"), "{ran:#?}");
}

#[test]
fn single_names_stand_as_they_are() {
    let room = room();
    let cv = |more: &[&str]| {
        let mut args = vec![
            "cv",
            "t.csv",
            "--target",
            "say \"hi\"",
            "--drop",
            "-y,blank",
        ];
        args.extend(SMALL);
        args.extend(more);
        room.run(&args)
    };
    cv(&["--split", "time=a=b", "--folds", "2"]).ok();
    cv(&["--split", "group=g, h", "--folds", "2"]).ok();
    cv(&["--fold-column", " g, h "]).ok();
    fit(
        &room,
        &["--target", " blank ", "--drop", "-y,\"say \"\"hi\"\"\""],
    )
    .ok();
    fit(&room, &["--target", "price, USD"]).ok();
}

#[test]
fn mistakes_say_how_it_is_written() {
    let room = room();
    for (more, messages) in [
        (
            &["--target=-y", "--drop", "price, USD"][..],
            &[
                "t.csv has no column \"price\", \"USD\"",
                "a name with a comma is written in double quotes: --drop '\"a, b\",c'",
            ][..],
        ),
        (
            &["--target=-y", "--categorical", "price, USD"],
            &["--categorical '\"a, b\",c'"],
        ),
        (
            &["--target", "\"price, USD\""],
            &["--target takes one name as it stands, without quotes"],
        ),
        (
            &["--target=-y", "--drop", "\"price, USD"],
            &["names separated by commas, those with a comma in double quotes"],
        ),
    ] {
        let ran = fit(&room, more);
        assert_eq!(ran.code, Some(2), "{ran:#?}");
        for message in messages {
            assert!(ran.err.contains(message), "{message}: {ran:#?}");
        }
    }
    fit(&room, &["--target=-y"]).ok();
    let ran = room.run(&[
        "predict",
        "model.safetensors",
        "t.csv",
        "--keep",
        "price, USD",
    ]);
    assert_eq!(ran.code, Some(2), "{ran:#?}");
    assert!(ran.err.contains("--keep '\"a, b\",c'"), "{ran:#?}");
}
