//! Tables as people have them: every dialect, several files, and what is said of them.

use std::path::Path;

use serde_json::json;

use crate::room::Room;

/// A room with a table that somebody reported.
fn room_with(name: &str) -> Room {
    let room = Room::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/tables_of_reports");
    room.write(name, std::fs::read(folder.join(name)).unwrap());
    room
}

/// A room with three parts of a table in the folder `visits`.
#[cfg(feature = "parquet")]
fn room_with_parts() -> Room {
    let room = Room::new();
    std::fs::create_dir(room.path("visits")).unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/tables_of_reports/visits");
    for part in 0..3 {
        let name = format!("part-{part}.parquet");
        let bytes = std::fs::read(folder.join(&name)).unwrap();
        room.write(&format!("visits/{name}"), bytes);
    }
    room
}

#[test]
fn tables_of_every_dialect_train_a_model() {
    // File, target, features, what is said.
    let cases = [
        ("space_before_quote.csv", "y", 2, None),
        (
            "repeated_header.csv",
            "y",
            2,
            Some("repeated_header.csv: line 77 repeats the header and is not read"),
        ),
        (
            "preamble.csv",
            "y",
            2,
            Some(
                "preamble.csv: the first 3 lines are above the table and not read, beginning with \"# logger 4, site north\" (if that is wrong: --skip N)",
            ),
        ),
        (
            "row_names.csv",
            "y",
            2,
            Some("the first column is named \"row.names\""),
        ),
        (
            "no_header.csv",
            "c2",
            2,
            Some(
                "no_header.csv seems to have no header, as its first row looks like the others (\"1.263\", \"0.767\", \"yes\"); its columns are named c0 to c2 (if that is wrong: --header)",
            ),
        ),
        (
            "backslashes.csv",
            "y",
            2,
            Some("(if that is wrong: --escape none)"),
        ),
        (
            "aligned.csv",
            "y",
            2,
            Some(
                "aligned.csv: values are taken to be separated by blanks (if that is wrong: --delimiter CHAR)",
            ),
        ),
        ("blanks_at_the_end.csv", "y", 2, None),
        ("dos.csv", "y", 2, None),
        #[cfg(feature = "gzip")]
        ("padded.csv.gz", "y", 2, None),
        #[cfg(feature = "parquet")]
        ("brotli.parquet", "y", 2, None),
    ];
    for (file, target, features, said) in cases {
        let room = room_with(file);
        let ran = room.fit(file, target, &["--json"]);
        let report = ran.json();
        assert_eq!(report["rows"], 150, "{file}: {ran:#?}");
        assert_eq!(report["classes"], json!(["no", "yes"]), "{file}");
        assert_eq!(report["features"], features, "{file}: {ran:#?}");
        match said {
            Some(said) => assert!(ran.err.contains(said), "{file}: {ran:#?}"),
            None => assert!(!ran.err.contains(file), "{file}: {ran:#?}"),
        }
        // The model reads the same file without a word from anybody.
        let predicted = room.run(&["predict", "model.safetensors", file]).ok();
        assert_eq!(predicted.out.lines().count(), 151, "{file}");
    }
}

#[test]
fn a_tie_of_delimiters_goes_to_the_one_that_makes_sense_and_is_said() {
    let room = room_with("delimiter_tie.csv");
    let ran = room.run(&["fit", "delimiter_tie.csv"]);
    assert_eq!(ran.code, Some(2));
    assert!(
        ran.err.contains("both ';' and ',' cut all rows alike"),
        "{ran:#?}"
    );
    assert!(
        ran.err
            .contains("has the columns Datum, Wert, EUR, Anteil, %"),
        "{ran:#?}"
    );
    let ran = room.run(&["fit", "delimiter_tie.csv", "--delimiter", ","]);
    assert!(
        ran.err
            .contains("has the columns Datum;Wert, EUR;Anteil, %"),
        "{ran:#?}"
    );
}

#[cfg(feature = "parquet")]
#[test]
fn dates_far_away_are_the_dates_that_were_written() {
    let room = room_with("int96.parquet");
    room.fit("int96.parquet", "y", &[]);
    let args = [
        "predict",
        "model.safetensors",
        "int96.parquet",
        "--keep",
        "valid_to",
    ];
    let ran = room.run(&args).ok();
    let days: Vec<&str> = ran.out.lines().map(|line| &line[..10]).take(4).collect();
    assert_eq!(
        days[1..],
        ["9999-12-31", "1600-01-01", "2020-01-01"],
        "{ran:#?}"
    );
}

#[test]
fn flags_settle_what_would_be_found() {
    let room = Room::new();
    let rows: String = (0..60)
        .map(|i| {
            format!(
                "{}%'{}'%{}\n",
                i % 7,
                i % 5,
                if i % 7 > 3 { "a" } else { "b" }
            )
        })
        .collect();
    room.write("t.txt", format!("title % of % it\n! note\nn%m%y\n{rows}"));
    let flags = [
        "--delimiter",
        "%",
        "--quote",
        "'",
        "--comment",
        "!",
        "--skip",
        "1",
        "--json",
    ];
    let report = room.fit("t.txt", "y", &flags).json();
    assert_eq!(report["rows"], 60);
    let predict = |more: &[&str]| {
        let mut args = vec!["predict", "model.safetensors", "t.txt"];
        args.extend(more);
        room.run(&args)
    };
    let ran = predict(&flags[..8]).ok();
    assert_eq!(ran.out.lines().count(), 61);
    let ran = predict(&["--delimiter", "ab"]);
    assert_eq!(ran.code, Some(2));
    assert!(
        ran.err.contains("a delimiter is one ASCII character"),
        "{ran:#?}"
    );
    room.write("n.csv", rows.replace('%', ","));
    let report = room.fit("n.csv", "c2", &["--no-header", "--json"]).json();
    assert_eq!(report["rows"], 60);
    let latin: Vec<u8> = format!("town,x,y\n{}", "K\u{f6}ln,1,a\nUlm,2,b\n".repeat(20))
        .chars()
        .map(|c| c as u8)
        .collect();
    room.write("l.csv", latin);
    let ran = room.fit("l.csv", "y", &[]);
    assert!(ran.err.contains("l.csv is not UTF-8 text (line 2); it is read as windows-1252 (if that is wrong: --encoding NAME)"), "{ran:#?}");
    let ran = room.fit("l.csv", "y", &["--encoding", "iso-8859-15"]);
    assert!(!ran.err.contains("l.csv"), "{ran:#?}");
    let ran = room.fit("l.csv", "y", &["--quiet"]);
    assert_eq!(ran.err, "");
}

#[test]
fn faults_come_with_the_flag_that_helps() {
    let room = Room::new();
    let rows = "1,2,a\n3,4,b\n".repeat(20);
    let cases = [
        (
            format!("n,m,y\n{rows}5;6;a\n{rows}"),
            "t.csv, row 41 (line 42) has 1 value, but the table has 3 columns; cut at ';' it has as many",
            "try --delimiter ';'",
        ),
        (
            format!("n,m,y\n{rows}5,6,7,a\n{rows}"),
            "quote values that contain the delimiter ','",
            "try --delimiter CHAR",
        ),
        (
            format!("n,m,y\n{rows}\"5,6,a\n{rows}"),
            "a quote opens a value that does not end",
            "try --quote none",
        ),
        (
            format!("a,b\nc,d\n{}", "1,2, a\n3,4, b\n".repeat(20)),
            "the header seems to be line 3",
            "try --skip 2",
        ),
    ];
    for (text, message, step) in cases {
        room.write("t.csv", &text);
        let ran = room.run(&["fit", "t.csv", "--target", "y"]);
        assert_eq!(ran.code, Some(2), "{text}");
        assert!(
            ran.err.contains(message) && ran.err.contains(step),
            "{ran:#?}"
        );
    }
}

#[cfg(feature = "parquet")]
#[test]
fn several_files_are_one_table() {
    let room = room_with_parts();
    let whole = room.fit("visits", "y", &["--json"]).json();
    assert_eq!(
        (&whole["rows"], &whole["classes"]),
        (&json!(120), &json!(["no", "yes"]))
    );
    let model = room.read("model.safetensors");
    room.fit("visits/part-*.parquet", "y", &[]);
    assert_eq!(room.read("model.safetensors"), model);
    let parts = [
        "visits/part-0.parquet",
        "visits/part-1.parquet",
        "visits/part-2.parquet",
    ];
    room.fit(parts[0], "y", &parts[1..]);
    assert_eq!(room.read("model.safetensors"), model);
    let two = room.fit(parts[0], "y", &[parts[1], "--json"]).json();
    assert_eq!(two["rows"], 80);
    let run = |args: &[&str]| room.run(args).ok().out;
    assert_eq!(
        run(&["predict", "model.safetensors", "visits"])
            .lines()
            .count(),
        121
    );
    let each: Vec<String> = parts
        .iter()
        .map(|part| {
            run(&["predict", "model.safetensors", part])
                .split_once('\n')
                .unwrap()
                .1
                .to_owned()
        })
        .collect();
    let all = run(&["predict", "model.safetensors", parts[0], parts[1], parts[2]]);
    assert_eq!(all.split_once('\n').unwrap().1, each.concat());
    let report = room
        .run(&["evaluate", "model.safetensors", "visits", "--json"])
        .ok()
        .json();
    assert_eq!(report["rows"], 120);
    let out = run(&["inspect", "model.safetensors", parts[0], parts[1]]);
    assert!(out.contains("variance"), "{out}");
    room.run(&["certify", "model.safetensors", "visits"]);
    let ran = room.run(&["fit", "visits", "--target", "y", "--out", parts[0]]);
    assert_eq!(ran.code, Some(2), "{ran:#?}");
}

#[test]
fn files_of_a_folder_that_do_not_fit_are_named() {
    let room = Room::new();
    std::fs::create_dir_all(room.path("v/year=2021")).unwrap();
    let rows = "1,a\n2,b\n".repeat(20);
    room.write("v/one.csv", format!("x,y\n{rows}"));
    room.write("v/year=2021/two.csv", format!("x,z\n{rows}"));
    let ran = room.run(&["fit", "v", "--target", "y"]);
    assert_eq!(ran.code, Some(2));
    assert!(
        ran.err.contains("v/year=2021/two.csv has not the columns of v/one.csv: it lacks \"y\"; it has \"z\", \"year\" besides"),
        "{ran:#?}"
    );
}
