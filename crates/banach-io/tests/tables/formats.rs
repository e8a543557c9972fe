//! Every format and every dialect of text, from files and from standard input.

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, RecordBatch};
use arrow_ipc::CompressionType;
use arrow_ipc::writer::{FileWriter, IpcWriteOptions};
use banach_data::ColumnType;
use banach_io::{
    OutputColumn, OutputType, OutputValues, ReadOptions, TableReader, TableWriter, read_table,
};

use crate::support::{gzip, keys, read_bytes, types, zstandard};

/// Asserts that bytes are the table a = 1, 2; b = x, "y".
fn assert_is_small_table(name: &str, bytes: &[u8]) {
    let table = read_bytes(name, bytes, &ReadOptions::default());
    let table = table
        .unwrap_or_else(|error| panic!("{name} {:?}: {error}", String::from_utf8_lossy(bytes)));
    use ColumnType::{Category, Number};
    assert_eq!(types(&table), [("a", Number), ("b", Category)], "{name}");
    let cells = ["a", "b"].map(|column| keys(table.column(column).unwrap()));
    assert_eq!(
        cells,
        [["1.5", "2"], ["x", "y"]],
        "{name} {:?}",
        String::from_utf8_lossy(bytes)
    );
}

#[test]
fn text_is_read_in_every_dialect() {
    let plain = "a,b\n1.5,x\n2,y\n";
    for line_break in ["\n", "\r\n", "\r"] {
        for delimiter in [",", ";", "\t", "|"] {
            for (mark, end) in [("", ""), ("\u{feff}", line_break)] {
                let text = plain
                    .trim_end()
                    .replace('\n', line_break)
                    .replace(',', delimiter);
                assert_is_small_table("t.csv", format!("{mark}{text}{end}").as_bytes());
            }
        }
    }
    for text in [
        "\"a\",\"b\"\n\"1.5\",\"x\"\n\"2\",\"y\"\n",
        " a , b \n 1.5 , x \n 2,y",
        "\n\na,b\n\n1.5,x\n\n\n2,y\n\n",
        "a,b\r\n1.5,x\n2,y\r",
    ] {
        assert_is_small_table("t.csv", text.as_bytes());
    }
    assert_is_small_table("t.tsv", b"a\tb\n1.5\tx\n2\ty\n");
    assert_is_small_table("T.TSV", b"a\tb\n1.5\tx\n2\ty\n");
    // No ending, an unknown ending, a path.
    for name in ["t", "t.data", "some.dir/t"] {
        assert_is_small_table(name, plain.as_bytes());
    }
}

#[test]
fn delimiters_inside_quotes_and_decimal_commas_do_not_mislead() {
    let read = |text: &str| read_bytes("t.csv", text.as_bytes(), &ReadOptions::default()).unwrap();
    let table = read("a;b\n1,5;x\n2,5;y\n");
    assert_eq!(keys(table.column("a").unwrap()), ["1,5", "2,5"]);
    let table = read("a,b\n\"x;1;2\",\"p|q\"\n\"y;3;4\",\"r|s\"\n");
    assert_eq!(keys(table.column("b").unwrap()), ["p|q", "r|s"]);
    // In a .tsv file commas are text.
    let table = read_bytes("t.tsv", b"a,b\n1,2\n", &ReadOptions::default()).unwrap();
    assert_eq!(table.columns()[0].name(), "a,b");
    let table = read("only\n1\n2\n");
    assert_eq!(types(&table), [("only", ColumnType::Number)]);
}

#[test]
fn line_breaks_and_quotes_inside_quotes_belong_to_the_value() {
    let text = "a,note\n1,\"two\nlines\"\n2,\"say \"\"hi\"\", then\r\nleave\"\n3,\"\"\n";
    let options = ReadOptions {
        passthrough: vec!["note".to_owned()],
        ..ReadOptions::default()
    };
    let table = read_bytes("t.csv", text.as_bytes(), &options).unwrap();
    let notes = &table.passthrough()[0].1;
    assert_eq!(
        (0..3).map(|row| notes.get(row)).collect::<Vec<_>>(),
        ["two\nlines", "say \"hi\", then\r\nleave", ""]
    );
    assert!(table.column("note").unwrap().is_missing(2));
}

#[test]
fn every_spelling_of_missing_is_missing() {
    let text = "n,c,b,d\n1,a,true,2020-01-01\n,,,\nNA,NA,NA,NA\nNaN,NaN,NaN,NaN\nnull,null,null,null\nNone,None,None,None\n?,?,?,?\n\" \",\" \",\"\",\"\"\n";
    let table = read_bytes("t.csv", text.as_bytes(), &ReadOptions::default()).unwrap();
    use ColumnType::{Boolean, Category, DateTime, Number};
    assert_eq!(
        types(&table),
        [
            ("n", Number),
            ("c", Category),
            ("b", Boolean),
            ("d", DateTime)
        ]
    );
    for column in table.columns() {
        assert!(
            !column.is_missing(0) && (1..8).all(|row| column.is_missing(row)),
            "{}",
            column.name()
        );
    }
}

fn small_parquet() -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.parquet");
    let column = |name: &str, output_type| OutputColumn {
        name: name.to_owned(),
        output_type,
    };
    let columns = vec![column("a", OutputType::F64), column("b", OutputType::Text)];
    let mut writer = TableWriter::create(&path, columns).unwrap();
    let values = [
        OutputValues::F64((&[1.5, 2.0][..]).into()),
        OutputValues::Text(vec!["x", "y"]),
    ];
    writer.write(&values).unwrap();
    writer.finish().unwrap();
    fs::read(path).unwrap()
}

#[test]
fn packed_files_are_known_by_their_bytes() {
    let plain = b"a,b\n1.5,x\n2,y\n";
    let tabs = b"a\tb\n1.5\tx\n2\ty\n";
    assert_is_small_table("t.csv.gz", &gzip(plain));
    assert_is_small_table("t.csv.zst", &zstandard(plain));
    assert_is_small_table("t.tsv.gz", &gzip(tabs));
    assert_is_small_table("t.csv", &gzip(plain));
    assert_is_small_table("-", &zstandard(plain));
    // Several members, as `cat a.gz b.gz` gives.
    assert_is_small_table("t.csv.gz", &[gzip(&plain[..6]), gzip(&plain[6..])].concat());
    assert_is_small_table(
        "t.csv.zst",
        &[zstandard(&plain[..6]), zstandard(&plain[6..])].concat(),
    );
    assert_is_small_table("t.parquet.gz", &gzip(&small_parquet()));
    assert_is_small_table("t", &small_parquet());
}

/// Rows of an Arrow file that is packed inside; fewer would not be worth packing, and would not be.
const PACKED_ROWS: usize = 500;

/// An Arrow file with its column packed inside.
fn packed_ipc() -> Vec<u8> {
    let column: ArrayRef = Arc::new(Float64Array::from(vec![1.5; PACKED_ROWS]));
    let batch = RecordBatch::try_from_iter([("a", column)]).unwrap();
    let options = IpcWriteOptions::default();
    let options = options.try_with_compression(Some(CompressionType::ZSTD));
    let mut bytes = Vec::new();
    let mut writer =
        FileWriter::try_new_with_options(&mut bytes, &batch.schema(), options.unwrap()).unwrap();
    writer.write(&batch).unwrap();
    writer.finish().unwrap();
    drop(writer);
    bytes
}

/// A build without Zstandard cannot make these files, only refuse them, so they lie in a folder;
/// with `BANACH_WRITE_PACKED` set they are written anew.
#[test]
fn columns_packed_with_zstandard_are_read() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/packed");
    let file = |name: &str, bytes: &[u8]| {
        let path = format!("{folder}/{name}");
        if std::env::var_os("BANACH_WRITE_PACKED").is_some() {
            fs::write(&path, bytes).unwrap();
        }
        fs::read(path).unwrap()
    };
    let parquet = file("zstd.parquet", &small_parquet());
    assert_is_small_table("zstd.parquet", &parquet);
    let ipc = file("zstd.arrow", &packed_ipc());
    assert!(ipc.len() < 8 * PACKED_ROWS, "{} bytes", ipc.len());
    let table = read_bytes("zstd.arrow", &ipc, &ReadOptions::default()).unwrap();
    assert_eq!(table.n_rows(), PACKED_ROWS);
    assert_eq!(table.columns()[0].number(PACKED_ROWS - 1), Some(1.5));
}

#[test]
fn files_are_read_from_disk() {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in [
        ("t.csv", b"a,b\n1.5,x\n2,y\n".to_vec()),
        ("t.csv.gz", gzip(b"a,b\n1.5,x\n2,y\n")),
        ("t.parquet", small_parquet()),
        ("t.pq.gz", gzip(&small_parquet())),
    ] {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        let table = read_table(&path, &ReadOptions::default()).unwrap();
        assert_eq!(keys(table.column("b").unwrap()), ["x", "y"], "{name}");
        assert_eq!(table.file(), path.display().to_string());
    }
}

#[test]
fn a_stream_comes_in_pieces_that_make_up_the_table() {
    let mut text = "x,c\n".to_owned();
    for i in 0..200_000 {
        text += &format!("{},{}\n", i % 1000, ["a", "b"][i % 2]);
    }
    let whole = read_bytes("t.csv", text.as_bytes(), &ReadOptions::default()).unwrap();
    let bytes = std::io::Cursor::new(text.into_bytes());
    let mut reader =
        TableReader::from_reader("t.csv", Box::new(bytes), &ReadOptions::default()).unwrap();
    let (mut rows, mut pieces) = (0, 0);
    while let Some(piece) = reader.next_table(10_000).unwrap() {
        for row in 0..piece.n_rows() {
            for (column, same) in piece.columns().iter().zip(whole.columns()) {
                assert_eq!(column.scalar(row), same.scalar(rows + row));
            }
        }
        assert_eq!(piece.location(0).row, rows as u64 + 1);
        rows += piece.n_rows();
        pieces += 1;
    }
    assert_eq!(rows, 200_000);
    assert!(pieces > 3, "{pieces}");
    assert!(reader.next_table(1).unwrap().is_none());
}

/// Runs in a process of its own, started by the test below.
#[test]
#[ignore = "reads standard input"]
fn standard_input_is_the_small_table() {
    let table = read_table("-", &ReadOptions::default()).unwrap();
    assert_eq!(keys(table.column("a").unwrap()), ["1.5", "2"]);
    assert_eq!(table.location(0).file, "-");
}

#[test]
fn a_dash_reads_standard_input() {
    let plain = b"a,b\n1.5,x\n2,y\n".to_vec();
    for (bytes, good) in [
        (plain.clone(), true),
        (gzip(&plain), true),
        (zstandard(&plain), true),
        (small_parquet(), true),
        (b"a,b\n1.5,x\n3,y\n".to_vec(), false),
        (Vec::new(), false),
    ] {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "formats::standard_input_is_the_small_table",
                "--exact",
                "--ignored",
            ])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(&bytes).unwrap();
        let output = child.wait_with_output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(text.contains("running 1 test"), "{text}");
        assert_eq!(output.status.success(), good, "{text}");
    }
}

#[test]
fn skipped_columns_are_there_without_a_value() {
    let text = b"a,b,c\n1,\xff,3\n2,x,4\n";
    let options = ReadOptions {
        skip: vec!["b".to_owned()],
        ..ReadOptions::default()
    };
    let table = read_bytes("t.csv", text, &options).unwrap();
    use ColumnType::{Missing, Number};
    assert_eq!(
        types(&table),
        [("a", Number), ("b", Missing), ("c", Number)]
    );
    assert!(table.column("b").unwrap().is_missing(1));
    assert_eq!(table.column("c").unwrap().number(1), Some(4.0));
    let options = ReadOptions {
        skip: vec!["bb".to_owned()],
        ..ReadOptions::default()
    };
    let error = read_bytes("t.csv", text, &options).unwrap_err().to_string();
    assert!(
        error.contains("no column \"bb\"") && error.contains("(named in skip)"),
        "{error}"
    );
}
