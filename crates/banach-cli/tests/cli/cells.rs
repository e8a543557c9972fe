//! Cells as people write them: words for missing values, numbers, dates, codes; what becomes of them and what is
//! said of it.

use std::path::Path;

use serde_json::Value;

use crate::room::{Ran, Room};

/// A room with tables that somebody reported.
fn room_with(names: &[&str]) -> Room {
    let room = Room::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/tables_of_reports");
    for name in names {
        room.write(name, std::fs::read(folder.join(name)).unwrap());
    }
    room
}

/// A fit as the reports have it.
fn fit(room: &Room, data: &str, target: &str, more: &[&str]) -> Ran {
    let mut args = vec![
        "fit", data, "--target", target, "--epochs", "20", "--seed", "1",
    ];
    args.extend(["--threads", "1", "--out", "m.safetensors", "--json"]);
    args.extend(more);
    room.run(&args).ok()
}

fn score(ran: &Ran, metric: &str) -> f64 {
    ran.json()["valid"][metric].as_f64().unwrap()
}

fn inspect(room: &Room) -> Value {
    room.run(&["inspect", "m.safetensors", "--json"])
        .ok()
        .json()
}

#[test]
fn a_few_cells_that_do_not_fit_do_not_change_a_column() {
    for (table, said) in [
        ("na_word.csv", ""),
        (
            "typing_error.csv",
            "column \"income\": 1 cell is not a number and counts as missing: \"41.2.77\" (line 133)\n",
        ),
    ] {
        let room = room_with(&[table]);
        let ran = fit(&room, table, "loan", &[]);
        assert!(ran.err.starts_with(said), "{}", ran.err);
        assert_eq!(ran.json()["features"], 3);
        assert!(score(&ran, "accuracy") > 0.9, "{}", ran.out);
        let inspection = inspect(&room);
        if said.is_empty() {
            assert_eq!(inspection["readings"], Value::Array(vec![]));
            continue;
        }
        let reading = &inspection["readings"][0];
        assert_eq!(
            (&reading["name"], &reading["column_type"]),
            (&"income".into(), &"number".into())
        );
        assert_eq!(reading["reading"]["odd_examples"][0]["line"], 133);
        let shown = room.run(&["inspect", "m.safetensors"]).ok().out;
        assert!(shown.contains("\"41.2.77\" (line 133)"), "{shown}");
        let strict = room.run(&["fit", table, "--target", "loan", "--strict"]);
        assert_eq!(strict.code, Some(2));
        assert!(
            strict
                .err
                .contains("(line 133), column \"income\": \"41.2.77\" is not a number"),
            "{}",
            strict.err
        );
    }
}

#[test]
fn a_column_that_too_many_cells_do_not_fit_is_said_too() {
    let room = Room::new();
    let rows = (0..100).fold("x,z,y\n".to_owned(), |text, i| {
        let x = if i % 10 == 4 {
            format!("about {i}")
        } else {
            format!("{i}.25")
        };
        text + &format!("{x},{},{}\n", i % 7, if i < 50 { "a" } else { "b" })
    });
    room.write("t.csv", rows);
    let ran = fit(&room, "t.csv", "y", &[]);
    let said = "column \"x\" is not used: it looks like an identifier (name it as categorical or numeric to keep it); it is one of categories: 90 cells are numbers, but 10 are not, such as \"about 4\" (line 6)\n";
    assert!(ran.err.contains(said), "{}", ran.err);
    assert!(
        room.run(&["inspect", "m.safetensors"])
            .ok()
            .out
            .contains(said)
    );
    // The way out that the notice names.
    let refused = room.run(&["fit", "t.csv", "--target", "y", "--numeric", "x"]);
    let expected =
        "row 5 (line 6), column \"x\": \"about 4\" is not a number, nor are 9 other cells";
    assert!(refused.err.contains(expected), "{}", refused.err);
}

#[test]
fn a_target_that_is_nearly_numbers_says_what_is_in_the_way() {
    let room = Room::new();
    let rows = (0..100).fold("x,price\n".to_owned(), |text, i| {
        let price = if i % 16 == 3 {
            "call us".to_owned()
        } else {
            format!("{i}.5")
        };
        text + &format!("{},{price}\n", i % 7)
    });
    room.write("t.csv", rows);
    let ran = room.run(&["fit", "t.csv", "--target", "price"]);
    assert_eq!(ran.code, Some(2));
    let said = "it is one of categories: 93 cells are numbers, but 7 are not, such as \"call us\" (line 5)";
    assert!(ran.err.contains(said), "{}", ran.err);
    // The word named as missing, it is a regression.
    let ran = fit(&room, "t.csv", "price", &["--na", "call us"]);
    assert_eq!(ran.json()["task"], "regression");
}

#[test]
fn one_odd_time_in_nanoseconds_does_not_make_codes() {
    let room = Room::new();
    let rows = (0..200).fold("when,y\n".to_owned(), |text, i: i64| {
        let when = 1_577_836_800_000_000_000 + i * 86_400_000_000_000;
        let when = if i == 50 {
            "oops".to_owned()
        } else {
            when.to_string()
        };
        text + &format!("{when},{}\n", if i < 100 { "a" } else { "b" })
    });
    room.write("t.csv", rows);
    let ran = fit(&room, "t.csv", "y", &[]);
    assert!(
        ran.err
            .contains("1 cell is not a number and counts as missing: \"oops\" (line 52)"),
        "{}",
        ran.err
    );
    assert!(score(&ran, "accuracy") > 0.9, "{}", ran.out);
}

#[test]
fn one_odd_word_does_not_change_the_task() {
    let room = room_with(&["target_na_word.csv"]);
    let ran = fit(&room, "target_na_word.csv", "score", &[]);
    assert_eq!(ran.json()["task"], "regression");
    assert_eq!(ran.json()["rows"], 219);
    assert!(score(&ran, "r2") > 0.95);
    assert!(ran.err.contains("1 row has no target"), "{}", ran.err);
}

#[test]
fn numbers_are_read_as_people_write_them() {
    for (table, said) in [
        (
            "thousands.csv",
            "a decimal point and a comma between thousands",
        ),
        (
            "decimal_comma.csv",
            "a decimal comma and a point between thousands",
        ),
    ] {
        let room = room_with(&[table]);
        let ran = fit(&room, table, "loan", &[]);
        assert!(ran.err.contains(said), "{}", ran.err);
        assert!(score(&ran, "accuracy") > 0.95, "{}", ran.out);
    }
    let room = room_with(&["target_with_separators.csv"]);
    let ran = fit(&room, "target_with_separators.csv", "price", &[]);
    assert_eq!(ran.json()["task"], "regression");
    assert!(score(&ran, "r2") > 0.95);
    // What could be read in two ways is said, and a flag settles it.
    assert!(
        ran.err
            .contains("\"152,850\" could also be read with decimal comma"),
        "{}",
        ran.err
    );
    let ran = fit(
        &room,
        "target_with_separators.csv",
        "price",
        &["--decimal", ","],
    );
    assert!(!ran.err.contains("could also"), "{}", ran.err);
    let mean: f64 = predictions(&room, "target_with_separators.csv")
        .iter()
        .sum::<f64>()
        / 200.0;
    assert!((50.0..500.0).contains(&mean), "{mean}");
}

fn predictions(room: &Room, table: &str) -> Vec<f64> {
    let out = room.run(&["predict", "m.safetensors", table]).ok().out;
    out.lines()
        .skip(1)
        .map(|line| line.parse().unwrap())
        .collect()
}

#[test]
fn dates_are_read_as_people_write_them() {
    let room = room_with(&["day_month_year.csv", "next_month.csv"]);
    let ran = fit(&room, "day_month_year.csv", "level", &[]);
    assert!(
        ran.err
            .contains("column \"day\": dates have the day before the month"),
        "{}",
        ran.err
    );
    assert!(score(&ran, "r2") > 0.95);
    let mut next = predictions(&room, "next_month.csv");
    next.dedup();
    assert_eq!(next.len(), 30, "every later day has a value of its own");
    let room = room_with(&["utc_suffix.csv"]);
    assert!(score(&fit(&room, "utc_suffix.csv", "level", &[]), "r2") > 0.95);
    // The same days with month and day exchanged, and with a flag where no cell tells.
    let room = Room::new();
    let rows = |day_first: bool| {
        (0..120).fold("day,y\n".to_owned(), |text, i| {
            let (day, month) = (1 + i % 12, 1 + i / 12);
            let (a, b) = if day_first {
                (day, month)
            } else {
                (month, day)
            };
            text + &format!("{a:02}/{b:02}/2021,{}\n", month * 30 + day)
        })
    };
    room.write("t.csv", rows(true));
    let ran = fit(&room, "t.csv", "y", &["--dates", "day-first"]);
    assert!(
        score(&ran, "r2") > 0.9 && !ran.err.contains("could also"),
        "{}",
        ran.err
    );
    let ran = fit(&room, "t.csv", "y", &[]);
    assert!(
        ran.err
            .contains("could also be read with the day before the month"),
        "{}",
        ran.err
    );
}

#[test]
fn labels_and_codes_are_the_texts_of_the_file() {
    let room = room_with(&[
        "long_labels.csv",
        "codes.csv",
        "flags.csv",
        "leading_zeros.csv",
    ]);
    for (table, target, classes) in [
        (
            "long_labels.csv",
            "group",
            "77,1234567890123456788,1234567890123456789",
        ),
        ("codes.csv", "status", "01,02,10"),
        ("flags.csv", "status", "False,True"),
    ] {
        let ran = fit(&room, table, target, &[]);
        let expected: Vec<Value> = classes.split(',').map(Value::from).collect();
        assert_eq!(ran.json()["classes"], Value::Array(expected));
        let out = room
            .run(&["predict", "m.safetensors", table, "--keep", target])
            .ok()
            .out;
        let header = classes
            .split(',')
            .map(|class| format!(",probability_{class}"));
        let mut lines = out.lines();
        assert_eq!(
            lines.next().unwrap(),
            format!("{target},prediction{}", header.collect::<String>())
        );
        let same = lines.filter(|line| {
            let mut cells = line.split(',');
            cells.next() == cells.next()
        });
        assert!(same.count() > 200, "{table}: {out}");
    }
    let more = ["--categorical", "depot"];
    let ran = fit(&room, "leading_zeros.csv", "delivery", &more);
    assert!(score(&ran, "accuracy") > 0.9, "{}", ran.out);
    let codes = inspect(&room)["encoders"][0]["columns"][0]["codes"].clone();
    assert_eq!(
        codes.as_array().unwrap().len(),
        5,
        "unknown and 00071, 0071, 71, B12: {codes}"
    );
}

#[test]
fn a_class_called_none_is_said_and_can_be_kept() {
    let room = room_with(&["class_none.csv"]);
    let ran = fit(&room, "class_none.csv", "grade", &[]);
    let said = "target \"grade\": \"None\" (95 rows) taken for missing; if it is a class, give --na=grade=";
    assert!(ran.err.contains(said), "{}", ran.err);
    for na in ["grade=", "grade=none", "none", "only:NA"] {
        let ran = fit(&room, "class_none.csv", "grade", &["--na", na]);
        assert_eq!(
            ran.json()["classes"],
            serde_json::json!(["Mild", "None", "Severe"]),
            "{na}"
        );
        // The model knows what is missing when it is evaluated.
        let evaluated = room
            .run(&["evaluate", "m.safetensors", "class_none.csv", "--json"])
            .ok();
        assert_eq!(evaluated.json()["rows"], 260);
    }
}

#[test]
fn infinities_are_ends_of_the_scale() {
    let room = room_with(&["infinities.csv"]);
    let ran = fit(&room, "infinities.csv", "move", &[]);
    assert!(
        ran.err.contains("column \"ratio\": 152 cells are infinite"),
        "{}",
        ran.err
    );
    assert_eq!(ran.json()["valid"]["accuracy"], 1.0);
}

#[test]
fn words_of_ones_own_mean_missing() {
    let room = Room::new();
    let rows = (0..60).fold("x,y\n".to_owned(), |text, i| {
        let x = if i % 5 == 0 {
            "-999".to_owned()
        } else {
            i.to_string()
        };
        text + &format!("{x},{}\n", if i < 30 { "a" } else { "b" })
    });
    room.write("t.csv", rows);
    fit(&room, "t.csv", "y", &["--na", "-999"]);
    let numbers = inspect(&room)["encoders"][0]["columns"][0]["numbers"].clone();
    assert_eq!(numbers, serde_json::json!(["x", "x is missing"]));
    fit(&room, "t.csv", "y", &[]);
    let numbers = inspect(&room)["encoders"][0]["columns"][0]["numbers"].clone();
    assert_eq!(numbers, serde_json::json!(["x"]));
}

#[test]
fn epoch_seconds_are_times_where_a_flag_says_so() {
    let room = Room::new();
    let rows = (0..60).fold("when,y\n".to_owned(), |text, i| {
        text + &format!("{},{}\n", 1_600_000_000_000_i64 + i * 86_400_000, i % 7)
    });
    room.write("t.csv", rows);
    fit(
        &room,
        "t.csv",
        "y",
        &["--task", "regression", "--epoch", "when=ms"],
    );
    let columns = inspect(&room)["encoders"][0]["columns"].clone();
    assert_eq!(columns[0]["column_type"], "date_time");
    // A week has gone by and the weekday is known.
    assert!(
        columns[0]["numbers"].to_string().contains("weekday"),
        "{columns}"
    );
}

#[test]
fn booleans_in_words_and_digits_are_booleans() {
    let room = Room::new();
    let rows = (0..60).fold("x,y\n".to_owned(), |text, i| {
        text + &format!("{},{}\n", ["true", "1", "false", "0"][i % 4], i % 3)
    });
    room.write("t.csv", rows);
    fit(&room, "t.csv", "y", &[]);
    assert_eq!(
        inspect(&room)["encoders"][0]["columns"][0]["column_type"],
        "boolean"
    );
}

#[test]
fn an_integer_target_named_numeric_is_a_regression() {
    let room = Room::new();
    let rows = (0..60).fold("x,y\n".to_owned(), |text, i| {
        text + &format!("{i}.5,{}\n", i / 10)
    });
    room.write("t.csv", rows);
    assert_eq!(fit(&room, "t.csv", "y", &[]).json()["task"], "multiclass");
    let ran = fit(&room, "t.csv", "y", &["--numeric", "y"]);
    assert_eq!(ran.json()["task"], "regression");
}

#[test]
fn years_are_kept_and_a_copy_of_the_target_is_warned_of() {
    let room = room_with(&["years.csv"]);
    let ran = fit(&room, "years.csv", "output", &[]);
    assert_eq!(ran.json()["features"], 2);
    assert!(score(&ran, "r2") > 0.9);
    let rows = (0..60).fold("x,cents,y\n".to_owned(), |text, i| {
        text + &format!("{},{},{}.25\n", (i * 7) % 11, i * 100 + 25, i)
    });
    room.write("t.csv", rows);
    let ran = fit(&room, "t.csv", "y", &[]);
    let said = "column \"cents\" says nearly all about the target \"y\" (agreement 1.0000); is it known before the target is?";
    assert!(ran.err.contains(said), "{}", ran.err);
}

#[test]
fn notices_stay_readable_with_sixty_odd_columns() {
    let room = Room::new();
    let names = (0..60)
        .map(|i| format!("x{i}"))
        .collect::<Vec<_>>()
        .join(",");
    let mut text = format!("{names},y\n");
    for row in 0..40 {
        let cell = if row == 3 {
            "odd".to_owned()
        } else {
            (row * 7 % 13).to_string()
        };
        text += &format!("{},{}\n", vec![cell; 60].join(","), ["a", "b"][row % 2]);
    }
    room.write("t.csv", text);
    let ran = fit(&room, "t.csv", "y", &[]);
    let odd = ran
        .err
        .lines()
        .filter(|line| line.contains("counts as missing"))
        .count();
    assert_eq!(odd, 20, "{}", ran.err);
    assert!(ran.err.contains("... and 40 more columns"), "{}", ran.err);
    assert_eq!(inspect(&room)["readings"].as_array().unwrap().len(), 60);
}

#[test]
fn no_rows_give_no_predictions_and_names_that_nobody_needs_may_be_twice() {
    let room = room_with(&["two_classes.csv", "no_rows.csv", "names_twice.csv"]);
    fit(&room, "two_classes.csv", "y", &[]);
    let ran = room.run(&["predict", "m.safetensors", "no_rows.csv"]).ok();
    assert_eq!(ran.out, "prediction,probability_no,probability_yes\n");
    let ran = room
        .run(&["predict", "m.safetensors", "no_rows.csv", "--out", "p.csv"])
        .ok();
    assert_eq!(ran.out, "0 rows written to p.csv\n");
    assert_eq!(
        room.text("p.csv"),
        "prediction,probability_no,probability_yes\n"
    );
    let ran = room
        .run(&["predict", "m.safetensors", "names_twice.csv"])
        .ok();
    assert!(ran.out.lines().count() > 5, "{}", ran.out);
    let ran = room.run(&[
        "predict",
        "m.safetensors",
        "names_twice.csv",
        "--keep",
        "note",
    ]);
    assert!(
        ran.err.contains("several columns named \"note\""),
        "{}",
        ran.err
    );
    fit(&room, "names_twice.csv", "b", &["--drop", "note"]);
}

#[test]
fn a_table_for_prediction_is_read_as_that_of_training_was() {
    let room = Room::new();
    let rows = (0..100).fold("x;y\n".to_owned(), |text, i| {
        text + &format!("1.{:03},5;{}\n", i * 10, i)
    });
    room.write("t.csv", rows);
    fit(&room, "t.csv", "y", &["--numeric", "y"]);
    // A point groups thousands here, also where no cell of the new table says so.
    room.write("new.csv", "x\n1.500\n1500\n");
    let two = predictions(&room, "new.csv");
    assert_eq!(two[0], two[1]);
    // One odd cell of many is missing and said; one of a few stops.
    room.write("bad.csv", "x\n1.500\nabout 7\n");
    let ran = room.run(&["predict", "m.safetensors", "bad.csv"]);
    assert_eq!(ran.code, Some(2));
    assert!(
        ran.err
            .contains("row 2 (line 3), column \"x\": \"about 7\" is not a number"),
        "{}",
        ran.err
    );
    room.write("long.csv", format!("x\nabout 7\n{}", "1.500\n".repeat(40)));
    let ran = room.run(&["predict", "m.safetensors", "long.csv"]).ok();
    assert!(
        ran.err.contains(
            "1 cell not of the column's type, taken as missing, such as \"about 7\" (line 2)"
        ),
        "{}",
        ran.err
    );
}

#[cfg(feature = "parquet")]
mod typed {
    use super::*;

    #[test]
    fn what_pandas_says_about_a_table_is_heard() {
        let room = room_with(&["pandas_index.parquet", "without_index.parquet"]);
        let ran = fit(&room, "pandas_index.parquet", "y", &[]);
        let said = "column \"__index_level_0__\" is not used: it is the index that pandas keeps of the rows";
        assert!(ran.err.contains(said), "{}", ran.err);
        assert!(
            score(&ran, "accuracy") < 0.75,
            "noise says nothing: {}",
            ran.out
        );
        room.run(&["predict", "m.safetensors", "without_index.parquet"])
            .ok();
    }

    #[test]
    fn columns_of_odd_types_do_not_stop_a_fit() {
        let room = room_with(&["uuid_time_duration.parquet"]);
        let ran = fit(&room, "uuid_time_duration.parquet", "y", &[]);
        assert!(
            ran.err
                .contains("column \"row_uuid\" is not used: it looks like an identifier"),
            "{}",
            ran.err
        );
        let columns = inspect(&room)["encoders"][0]["columns"].clone();
        let found: Vec<_> = columns
            .as_array()
            .unwrap()
            .iter()
            .map(|c| (&c["name"], &c["column_type"]))
            .collect();
        assert!(
            found.contains(&(&"opened".into(), &"number".into())),
            "{found:?}"
        );
        assert!(
            found.contains(&(&"waited".into(), &"number".into())),
            "{found:?}"
        );
    }

    #[test]
    fn kept_columns_and_classes_keep_their_types() {
        let room = room_with(&["types.parquet"]);
        fit(&room, "types.parquet", "label", &["--drop", "id,flag"]);
        let keep = ["--keep", "id,a,flag,label", "--out", "p.parquet"];
        let args = [&["predict", "m.safetensors", "types.parquet"][..], &keep].concat();
        room.run(&args).ok();
        let types = |name: &str| -> Vec<(String, String)> {
            let file = std::fs::File::open(room.path(name)).unwrap();
            let reader =
                parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(file);
            let schema = reader.unwrap().schema().clone();
            let fields = schema.fields().iter();
            fields
                .map(|field| (field.name().clone(), field.data_type().to_string()))
                .collect()
        };
        let (before, after) = (types("types.parquet"), types("p.parquet"));
        for kept in &after[..4] {
            assert!(before.contains(kept), "{kept:?} of {before:?}");
        }
        assert_eq!(after[4], ("prediction".to_owned(), "Int64".to_owned()));
        assert_eq!(after[5].1, "Float32");
    }
}

#[cfg(feature = "ipc")]
#[test]
fn a_dictionary_of_integers_is_a_category() {
    let room = room_with(&["integer_categories.feather"]);
    let ran = fit(&room, "integer_categories.feather", "y", &[]);
    assert!(score(&ran, "accuracy") > 0.9, "{}", ran.out);
    assert_eq!(
        inspect(&room)["encoders"][0]["columns"][0]["column_type"],
        "category"
    );
}
