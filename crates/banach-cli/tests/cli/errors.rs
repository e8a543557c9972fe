//! Bad input: a message that names file, row or column, exit code 2, and nothing half-written.

use std::process::{Command, Stdio};

use crate::room::{Ran, Room, SMALL};
use crate::tables::mixed;

/// A command that must fail.
struct Case<'a> {
    /// What is wrong.
    name: &'a str,
    /// A file made for it.
    file: Option<(&'a str, Vec<u8>)>,
    args: &'a str,
    /// Parts of the message.
    says: &'a [&'a str],
}

fn case<'a>(name: &'a str, args: &'a str, says: &'a [&'a str]) -> Case<'a> {
    Case {
        name,
        file: None,
        args,
        says,
    }
}

fn with_file<'a>(
    name: &'a str,
    (file, bytes): (&'a str, impl AsRef<[u8]>),
    args: &'a str,
    says: &'a [&'a str],
) -> Case<'a> {
    Case {
        file: Some((file, bytes.as_ref().to_vec())),
        ..case(name, args, says)
    }
}

/// Runs every case and then tells of all that did otherwise.
fn check(room: &Room, cases: Vec<Case<'_>>) {
    let mut failures = Vec::new();
    for case in cases {
        if let Some((file, bytes)) = &case.file {
            room.write(file, bytes);
        }
        let before = contents(room);
        let args: Vec<&str> = case.args.split(' ').collect();
        let ran = room.run(&args);
        println!("{}: {}\n{}", case.name, case.args, ran.err);
        let missing: Vec<&&str> = case
            .says
            .iter()
            .filter(|part| !ran.err.contains(**part))
            .collect();
        let wrong = [
            (ran.code != Some(2), "exit code"),
            (!ran.out.is_empty(), "standard output"),
            (
                !ran.err.lines().any(|line| line.starts_with("error: ")),
                "no line `error: ...`",
            ),
            (!missing.is_empty(), "message"),
            (contents(room) != before, "files"),
        ];
        let wrong: Vec<&str> = wrong
            .iter()
            .filter(|(wrong, _)| *wrong)
            .map(|(_, what)| *what)
            .collect();
        if !wrong.is_empty() {
            failures.push(format!(
                "{}: {wrong:?}, missing {missing:?}: {ran:#?}",
                case.name
            ));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn contents(room: &Room) -> Vec<(String, Vec<u8>)> {
    let files = room
        .files()
        .into_iter()
        .filter(|name| room.path(name).is_file());
    files.map(|name| (name.clone(), room.read(&name))).collect()
}

/// A table, and a model of `class` from a, b and colour.
fn room() -> Room {
    let room = Room::new();
    room.write("t.csv", mixed(120));
    room.fit("t.csv", "class", &["--drop", "w,g,value,l1,l2"]);
    room
}

#[test]
fn files_that_are_no_tables() {
    let room = Room::new();
    room.write("train.csv", mixed(30));
    std::fs::create_dir(room.path("folder")).unwrap();
    let utf32: Vec<u8> = "\u{feff}x,y\n1,2\n"
        .chars()
        .flat_map(|c| u32::from(c).to_le_bytes())
        .collect();
    let mut parquet = b"PAR1".to_vec();
    parquet.extend([0; 40]);
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut gz, mixed(300).as_bytes()).unwrap();
    let mut gz = gz.finish().unwrap();
    gz.truncate(gz.len() / 2);
    check(
        &room,
        vec![
            case(
                "missing",
                "fit no.csv --target y",
                &["cannot read no.csv", "No such file"],
            ),
            case(
                "misspelt",
                "fit trian.csv --target y",
                &["cannot read trian.csv", "did you mean train.csv?"],
            ),
            case(
                "folder",
                "fit folder --target y",
                &["folder: there are no table files in this folder"],
            ),
            with_file(
                "empty",
                ("e.csv", ""),
                "fit e.csv --target y",
                &["e.csv is empty"],
            ),
            with_file(
                "blank",
                ("b.csv", "\n\n\n"),
                "fit b.csv --target y",
                &["b.csv is empty"],
            ),
            with_file(
                "header only",
                ("h.csv", "x,y\n"),
                "fit h.csv --target y",
                &["h.csv has a header but no rows"],
            ),
            with_file(
                "duplicates",
                ("d.csv", "x,y,x\n1,2,3\n"),
                "fit d.csv --target y",
                &["d.csv", "\"x\""],
            ),
            with_file(
                "ragged",
                ("r.csv", "x,y\n1,2\n\n1,2,3\n"),
                "fit r.csv --target y",
                &[
                    "r.csv, row 2 (line 4)",
                    "3 values",
                    "2 columns",
                    "--delimiter",
                ],
            ),
            with_file(
                "open quote",
                ("q.csv", "x,y\n1,2\n\"1,2\n3,4\n"),
                "fit q.csv --target y",
                &["q.csv, row 2", "quote"],
            ),
            with_file(
                "latin 1",
                ("l.csv", b"x,y\n\xc3\xa9\xc3\xa9,2\ncaf\xe9,3\n"),
                "fit l.csv --target y",
                &["l.csv, row 2 (line 3), column \"x\"", "UTF-8", "--encoding"],
            ),
            with_file(
                "utf 32",
                ("u.csv", utf32),
                "fit u.csv --target y",
                &["u.csv is UTF-32"],
            ),
            with_file(
                "cut parquet",
                ("p.parquet", parquet),
                "fit p.parquet --target y",
                &["p.parquet", "Parquet"],
            ),
            with_file(
                "cut gzip",
                ("g.csv.gz", gz),
                "fit g.csv.gz --target class",
                &[
                    "g.csv.gz",
                    if cfg!(feature = "gzip") {
                        "cut off"
                    } else {
                        "gzip"
                    },
                ],
            ),
            with_file(
                "picture",
                ("i.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"),
                "fit i.png --target y",
                &["i.png"],
            ),
        ],
    );
}

#[test]
#[cfg(unix)]
fn a_file_without_permission() {
    use std::os::unix::fs::PermissionsExt;
    let room = Room::new();
    room.write("t.csv", mixed(30));
    std::fs::set_permissions(room.path("t.csv"), PermissionsExt::from_mode(0o000)).unwrap();
    if std::fs::read(room.path("t.csv")).is_ok() {
        crate::room::skipped("this user may read everything");
        return;
    }
    let ran = room.run(&["fit", "t.csv", "--target", "class"]);
    assert_eq!(ran.code, Some(2), "{ran:#?}");
    assert!(
        ran.err.contains("cannot read t.csv: Permission denied"),
        "{ran:#?}"
    );
}

#[test]
fn targets_that_cannot_be_learned() {
    let room = Room::new();
    room.write("t.csv", mixed(120));
    let column = |value: &dyn Fn(usize) -> String| {
        let rows = (0..60).map(|i| format!("{i},{},{}\n", (i * 7) % 13, value(i)));
        format!("time,x,y\n{}", rows.collect::<String>())
    };
    check(
        &room,
        vec![
            case(
                "none",
                "fit t.csv",
                &["no target", "--target", "a, b, colour"],
            ),
            case(
                "absent",
                "fit t.csv --target nothing",
                &["t.csv has no column \"nothing\""],
            ),
            case(
                "misspelt",
                "fit t.csv --target clas",
                &["no column \"clas\" (did you mean \"class\"?)"],
            ),
            case(
                "twice",
                "fit t.csv --target l1 --target l1",
                &["\"l1\" is named twice"],
            ),
            with_file(
                "constant",
                ("c.csv", column(&|_| "k".into())),
                "fit c.csv --target y",
                &["c.csv", "\"y\" has the single value \"k\""],
            ),
            with_file(
                "missing",
                ("m.csv", column(&|_| "NA".into())),
                "fit m.csv --target y",
                &["m.csv", "\"y\" is missing in every row"],
            ),
            with_file(
                "one class to learn from",
                ("o.csv", column(&|i| if i < 55 { "p" } else { "q" }.into())),
                "fit o.csv --target y --split time=time",
                &["o.csv: all", "class \"p\" of target \"y\""],
            ),
            with_file(
                "a class a row",
                ("i.csv", column(&|i| format!("name{i}"))),
                "fit i.csv --target y",
                &["i.csv", "60 classes in 60 rows"],
            ),
            with_file(
                "text as number",
                (
                    "n.csv",
                    column(&|i| if i % 5 == 4 { "many" } else { "3.5" }.into()),
                ),
                "fit n.csv --target y --task regression",
                &["n.csv", "\"y\"", "\"many\""],
            ),
            case(
                "task",
                "fit t.csv --target class --task binary",
                &["\"class\" has 3 different values", "binary"],
            ),
        ],
    );
}

#[test]
fn weights_that_are_none() {
    let room = Room::new();
    let rows = |weight: &dyn Fn(usize) -> String| {
        let rows = (0..40).map(|i| format!("{},{},{}\n", (i * 7) % 13, i % 2, weight(i)));
        format!("x,y,w\n{}", rows.collect::<String>())
    };
    let some = |at: usize, bad: &'static str| {
        rows(&move |i| if i == at { bad.into() } else { "1".into() })
    };
    check(
        &room,
        vec![
            with_file(
                "NaN",
                ("n.csv", some(6, "NaN")),
                "fit n.csv --target y --weight w",
                &["n.csv, row 7", "weight \"w\""],
            ),
            with_file(
                "missing",
                ("m.csv", some(6, "")),
                "fit m.csv --target y --weight w",
                &["m.csv, row 7", "weight \"w\""],
            ),
            with_file(
                "negative",
                ("g.csv", some(3, "-0.5")),
                "fit g.csv --target y --weight w",
                &["g.csv, row 4", "\"w\" is -0.5"],
            ),
            with_file(
                "zero",
                ("z.csv", rows(&|_| "0".into())),
                "fit z.csv --target y --weight w",
                &["z.csv", "\"w\" is 0 in all"],
            ),
            with_file(
                "text",
                ("t.csv", some(2, "heavy")),
                "fit t.csv --target y --weight w",
                &["t.csv", "\"w\"", "\"heavy\""],
            ),
            case(
                "misspelt",
                "fit n.csv --target y --weight ww",
                &["no column \"ww\""],
            ),
        ],
    );
}

#[test]
fn settings_out_of_range_or_at_odds() {
    let room = Room::new();
    room.write("t.csv", mixed(60));
    let cases = [
        ("--layers 0", "layers must be 1 to 256, got 0"),
        ("--layers 257", "layers must be 1 to 256, got 257"),
        ("--width 0", "width must be at least 1, got 0"),
        ("--dropout 1", "dropout rate must be in [0, 1), got 1"),
        ("--lr 0", "learning rate must be above 0, got 0"),
        ("--lr inf", "learning rate"),
        ("--batch 0", "batch size must be at least 1, got 0"),
        ("--epochs 0", "epochs must be 1 to 1,000,000, got 0"),
        (
            "--valid 0",
            "validation fraction must be above 0 and below 1, got 0",
        ),
        (
            "--valid 1.5",
            "validation fraction must be above 0 and below 1, got 1.5",
        ),
        ("--valid no.csv", "cannot read no.csv"),
        (
            "--label-smoothing 1",
            "label smoothing must be in [0, 1), got 1",
        ),
        (
            "--weight-decay -1",
            "weight decay must be at least 0, got -1",
        ),
        (
            "--momentum 0.9",
            "momentum must be left out unless optimizer is sgd",
        ),
        (
            "--network relu",
            "expected snn, msra, batchnorm, layernorm, weightnorm, highway or resnet",
        ),
        (
            "--network highway --width 16",
            "width must be left out with network highway, which is as wide as its input, got 16",
        ),
        (
            "--network resnet --shape conic",
            "shape must be left out with network resnet, whose blocks are shaped by bottleneck",
        ),
        ("--network resnet --block 4", "block must be 2 or 3, got 4"),
        (
            "--network resnet --bottleneck 0",
            "bottleneck must be above 0 and at most 1, got 0",
        ),
        (
            "--network msra --block 2",
            "block must be left out unless network is resnet, got 2",
        ),
        (
            "--network batchnorm --fixed-point 0,1",
            "fixed_point must be left out unless network is snn, got 0,1",
        ),
        ("--loss huber", "does not go with the task multiclass"),
        (
            "--split stratifed",
            "random, stratified, group=COLUMN or time=COLUMN",
        ),
        ("--split group=gg", "no column \"gg\""),
        (
            "--drop colr",
            "no column \"colr\" (did you mean \"colour\"?)",
        ),
        ("--categorical aa", "no column \"aa\""),
        ("--numeric colour", "\"colour\""),
        ("--seed -1", "invalid value '-1' for '--seed"),
        ("--threads 0", "--threads must be 1 to 1024, got 0"),
        ("--epohcs 3", "'--epochs'"),
        ("--resume", "--resume needs --checkpoint"),
        (
            "--checkpoint run --resume",
            "run/checkpoint.safetensors does not exist",
        ),
        ("--config no.toml", "cannot read no.toml"),
        ("--out no/m.safetensors", "cannot write no/m.safetensors"),
        ("--out .", "cannot write ."),
        ("--out t.csv", "would overwrite"),
        // Refused before anything of that size is asked for.
        ("--width 100000 --layers 50", "needs about"),
        ("--width 4000000000 --layers 256", "memory"),
    ];
    let args: Vec<String> = cases
        .iter()
        .map(|(flags, _)| format!("fit t.csv --target class {flags}"))
        .collect();
    let cases = cases.iter().zip(&args);
    check(
        &room,
        cases
            .map(|((flags, says), args)| case(flags, args, std::slice::from_ref(says)))
            .collect(),
    );
    let output = room
        .command(&["fit", "t.csv", "--target", "class"])
        .env("BANACH_NUM_THREADS", "two")
        .output();
    let ran = Ran::new(output.unwrap());
    assert_eq!(ran.code, Some(2));
    assert!(
        ran.err
            .contains("BANACH_NUM_THREADS must be a number, got \"two\""),
        "{ran:#?}"
    );
    assert!(
        !ran.err.contains("training rows"),
        "said before the work begins: {ran:#?}"
    );
}

#[test]
fn settings_files_that_are_wrong() {
    let room = Room::new();
    room.write("t.csv", mixed(60));
    let args = "fit t.csv --target class --config s.toml";
    check(
        &room,
        vec![
            with_file(
                "unknown key",
                ("s.toml", "leyers = 3\n"),
                args,
                &["s.toml: there is no setting \"leyers\"; did you mean \"layers\"?"],
            ),
            with_file(
                "no TOML",
                ("s.toml", "layers = \n"),
                args,
                &["s.toml", "line 1"],
            ),
            with_file(
                "wrong type",
                ("s.toml", "seed = 1\nlayers = \"three\"\n"),
                args,
                &["s.toml", "line 2"],
            ),
            with_file(
                "wrong name",
                ("s.toml", "optimizer = \"adm\"\n"),
                args,
                &["s.toml", "adamw"],
            ),
            with_file(
                "out of range",
                ("s.toml", "dropout = 1.5\n"),
                args,
                &["dropout rate must be in [0, 1), got 1.5"],
            ),
        ],
    );
}

#[test]
fn another_runs_checkpoint() {
    let room = Room::new();
    room.write("t.csv", mixed(60));
    room.fit("t.csv", "class", &["--checkpoint", "run", "--seed", "1"]);
    room.write("other.csv", mixed(61));
    let small = SMALL.join(" ");
    let resume = |data: &str, seed: &str| {
        format!("fit {data} --target class {small} --checkpoint run --resume --seed {seed}")
    };
    let (seed, table, damaged) = (
        resume("t.csv", "2"),
        resume("other.csv", "1"),
        resume("t.csv", "1"),
    );
    check(
        &room,
        vec![
            case(
                "settings",
                &seed,
                &["run/checkpoint.safetensors belongs to another run: the settings differ"],
            ),
            case(
                "table",
                &table,
                &["run/checkpoint.safetensors belongs to another run: the table differs"],
            ),
        ],
    );
    let bytes = room.read("run/checkpoint.safetensors");
    room.write("run/checkpoint.safetensors", &bytes[..bytes.len() / 2]);
    check(
        &room,
        vec![case(
            "cut",
            &damaged,
            &[
                "run/checkpoint.safetensors",
                "truncated",
                "without --resume",
            ],
        )],
    );
}

#[test]
fn models_that_are_none() {
    let room = room();
    let model = room.read("model.safetensors");
    let mut flipped = model.clone();
    // A byte of the header, inside the JSON.
    flipped[100] ^= 0x80;
    let mut longer = model.clone();
    longer.extend(b"more");
    let cut = &model[..model.len() - 1];
    // A bit of the last weight.
    let mut weight = model.clone();
    *weight.last_mut().unwrap() ^= 1;
    let key = b"\"banach.format_version\":\"";
    let version = model.windows(key.len()).position(|bytes| bytes == key);
    let version = version.unwrap() + key.len();
    let mut later = model.clone();
    later[version] = b'9';
    for command in [
        "predict bad.safetensors t.csv",
        "evaluate bad.safetensors t.csv",
        "inspect bad.safetensors",
    ] {
        check(
            &room,
            vec![
                case(
                    "missing",
                    "predict modle.safetensors t.csv",
                    &[
                        "modle.safetensors",
                        "No such file",
                        "did you mean model.safetensors?",
                    ],
                ),
                with_file(
                    "cut",
                    ("bad.safetensors", cut),
                    command,
                    &["bad.safetensors", "truncated"],
                ),
                with_file(
                    "a flipped bit of a weight",
                    ("bad.safetensors", &weight),
                    command,
                    &[
                        "bad.safetensors",
                        "damaged",
                        "checksum",
                        "copy the file again",
                    ],
                ),
                with_file(
                    "of a later version",
                    ("bad.safetensors", &later),
                    command,
                    &["version \"9\"", "use the version of banach that wrote it"],
                ),
                with_file(
                    "cut short",
                    ("bad.safetensors", &model[..5]),
                    command,
                    &["bad.safetensors", "truncated"],
                ),
                with_file(
                    "empty",
                    ("bad.safetensors", ""),
                    command,
                    &["bad.safetensors", "truncated"],
                ),
                with_file(
                    "flipped",
                    ("bad.safetensors", &flipped),
                    command,
                    &["bad.safetensors"],
                ),
                with_file(
                    "longer",
                    ("bad.safetensors", &longer),
                    command,
                    &["bad.safetensors", "damaged"],
                ),
                with_file(
                    "a table",
                    ("bad.safetensors", mixed(9)),
                    command,
                    &["bad.safetensors", "The model comes before the table"],
                ),
            ],
        );
    }
}

#[test]
fn tables_that_do_not_suit_the_model() {
    let room = room();
    check(
        &room,
        vec![
            with_file(
                "lacks a column",
                ("r.csv", "a,color\n1,red\n"),
                "predict model.safetensors r.csv",
                &[
                    "r.csv lacks columns",
                    "\"b\"",
                    "\"colour\" (did you mean \"color\"?)",
                    "try `banach inspect",
                ],
            ),
            with_file(
                "text for a number",
                ("n.csv", "a,b,colour\n1,2,red\n1,two,red\n"),
                "predict model.safetensors n.csv --out p.csv",
                &["n.csv, row 2 (line 3), column \"b\": \"two\" is not a number"],
            ),
            with_file(
                "ragged",
                ("g.csv", "a,b,colour\n1,2,red\n1,2\n"),
                "predict model.safetensors g.csv --out p.csv",
                &["g.csv, row 2 (line 3) has 2 values"],
            ),
            with_file(
                "no target",
                ("e.csv", "a,b,colour\n1,2,red\n"),
                "evaluate model.safetensors e.csv",
                &["e.csv lacks columns", "\"class\""],
            ),
            with_file(
                "no targets",
                ("f.csv", "a,b,colour,class\n1,2,red,\n"),
                "evaluate model.safetensors f.csv",
                &["no rows to score"],
            ),
            with_file(
                "unknown class",
                ("u.csv", "a,b,colour,class\n1,2,red,yes\n1,2,red,never\n"),
                "evaluate model.safetensors u.csv",
                &["u.csv, row 2", "\"class\"", "\"never\"", "yes"],
            ),
            case(
                "weight",
                "evaluate model.safetensors t.csv --weight v",
                &["t.csv has no column \"v\" (named in weight)"],
            ),
            case(
                "bad keep",
                "predict model.safetensors t.csv --keep colr",
                &["no column \"colr\" (did you mean \"colour\"?)", "keep"],
            ),
            case(
                "keep twice",
                "predict model.safetensors t.csv --keep a,a",
                &["--keep names \"a\" twice"],
            ),
            with_file(
                "keep a prediction",
                ("k.csv", "a,b,colour,prediction\n1,2,red,3\n"),
                "predict model.safetensors k.csv --keep prediction",
                &["\"prediction\"", "rename"],
            ),
            case(
                "ending",
                "predict model.safetensors t.csv --out p.xlsx",
                &["p.xlsx", ".csv, .tsv or .parquet"],
            ),
            case(
                "no folder",
                "predict model.safetensors t.csv --out no/p.csv",
                &[
                    "cannot write no/p.csv",
                    "there is no folder no: create it first",
                ],
            ),
            case(
                "no folder for a model",
                "fit t.csv --target class --out no/m.safetensors",
                &["there is no folder no: create it first"],
            ),
            case(
                "no folder for the models of folds",
                "cv t.csv --target class --out no/m.safetensors",
                &["there is no folder no: create it first"],
            ),
            case(
                "onto the table",
                "predict model.safetensors t.csv --out t.csv",
                &["would overwrite"],
            ),
            case(
                "onto the model",
                "predict model.safetensors t.csv --out model.safetensors",
                &["would overwrite"],
            ),
            case(
                "both on stdout",
                "predict model.safetensors t.csv --json",
                &["--json needs --out"],
            ),
        ],
    );
}

#[test]
fn folds_that_cannot_be() {
    let room = Room::new();
    room.write("t.csv", mixed(60));
    check(
        &room,
        vec![
            case(
                "one",
                "cv t.csv --target class --folds 1",
                &["folds must be from 2 to", "got 1"],
            ),
            case(
                "more than rows",
                "cv t.csv --target class --folds 61",
                &["folds must be from 2 to", "got 61"],
            ),
            case(
                "no repeats",
                "cv t.csv --target class --repeats 0",
                &["--repeats must be 1 to 1000, got 0"],
            ),
            case(
                "misspelt column",
                "cv t.csv --target class --fold-column gg",
                &["no column \"gg\""],
            ),
            case(
                "both",
                "cv t.csv --target class --folds 3 --fold-column g",
                &["cannot be used with"],
            ),
            case("no command", "predct", &["'predict'"]),
        ],
    );
}

#[test]
fn predictions_that_fail_late_leave_the_old_file() {
    let room = room();
    room.write("p.csv", "old");
    let mut rows = mixed(40_000);
    rows.push_str("1,1,red,1,g,no,1,1\n");
    room.write("late.csv", rows);
    let ran = room.run(&["predict", "model.safetensors", "late.csv", "--out", "p.csv"]);
    assert_eq!(ran.code, Some(2), "{ran:#?}");
    assert!(
        ran.err
            .contains("late.csv, row 40001 (line 40002) has 8 values"),
        "{ran:#?}"
    );
    assert_eq!(room.text("p.csv"), "old");
    assert_eq!(
        room.files(),
        ["late.csv", "model.safetensors", "p.csv", "t.csv"]
    );
}

/// A device that is always full.
#[test]
#[cfg(target_os = "linux")]
fn a_full_device() {
    let room = room();
    let full = || {
        Stdio::from(
            std::fs::OpenOptions::new()
                .write(true)
                .open("/dev/full")
                .unwrap(),
        )
    };
    for args in [
        &["evaluate", "model.safetensors", "t.csv"][..],
        &["predict", "model.safetensors", "t.csv"],
        &["inspect", "model.safetensors", "--json"],
        &["fit", "t.csv", "--target", "class", "--epochs", "1"],
    ] {
        let output = room
            .command(args)
            .stdout(full())
            .stderr(Stdio::piped())
            .output()
            .unwrap();
        let ran = Ran::new(output);
        assert_eq!(ran.code, Some(2), "{args:?}: {ran:#?}");
        assert!(
            ran.err
                .contains("error: cannot write to standard output: No space left"),
            "{ran:#?}"
        );
    }
    for args in [
        "fit t.csv --target class --epochs 1 --out /dev/full",
        "predict model.safetensors t.csv --out /dev/full",
    ] {
        check(
            &room,
            vec![case("/dev/full", args, &["/dev/full", "No space left"])],
        );
    }
}

/// A limit on the size of files fails like a disk that becomes full, after some bytes.
#[test]
#[cfg(unix)]
fn a_disk_that_becomes_full() {
    let room = room();
    room.write("many.csv", mixed(20_000));
    let (files, model) = (room.files(), room.read("model.safetensors"));
    for args in [
        "fit t.csv --target class --epochs 1 --width 256",
        "fit t.csv --target class --epochs 1 --width 256 --checkpoint run --out other.safetensors",
        "predict model.safetensors many.csv --out p.csv",
        "predict model.safetensors many.csv --out p.parquet",
    ] {
        if args.contains("parquet") && !cfg!(feature = "parquet") {
            continue;
        }
        let limited = format!(
            "ulimit -f 16; trap '' XFSZ; exec {} {args}",
            env!("CARGO_BIN_EXE_banach")
        );
        let output = Command::new("sh")
            .args(["-c", &limited])
            .current_dir(room.path("."))
            .output();
        let ran = Ran::new(output.unwrap());
        assert_eq!(ran.code, Some(2), "{args}: {ran:#?}");
        assert!(ran.err.contains("File too large"), "{args}: {ran:#?}");
        if args.contains("--checkpoint") {
            let left = std::fs::read_dir(room.path("run")).unwrap();
            let mut left: Vec<String> = left
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect();
            left.sort();
            assert_eq!(left, ["lock", "metrics.jsonl"]);
            std::fs::remove_dir_all(room.path("run")).unwrap();
        }
        assert_eq!(room.files(), files, "{args}");
        assert!(room.read("model.safetensors") == model, "{args}");
    }
}
