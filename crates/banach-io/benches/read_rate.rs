//! How fast a large CSV file streams in, and how much memory that takes.
//!
//! `cargo bench -p banach-io --bench read_rate -- write FILE [ROWS]` makes a table of 30 columns: 20 decimal numbers, 7 integers, some
//! of them missing, and 3 categories. With `stream FILE` in place of that it reads the file piece by
//! piece, with `whole FILE` as one table, and with `encode FILE` it also makes features of it. It
//! prints rows, MB/s and, on Linux, the peak memory. Without arguments it does all of that in a
//! temporary folder.
#![allow(clippy::print_stdout, reason = "a program's results")]

use std::error::Error;
use std::io::Write;
use std::time::Instant;

use banach_data::{AtomicFile, Encoder, EncoderOptions};
use banach_io::{ReadOptions, TableReader, read_table};

const ROWS_AT_ONCE: usize = 65_536;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = std::env::args().skip(1);
    // `cargo bench` adds a flag of its own.
    let arguments: Vec<String> = arguments.filter(|argument| argument != "--bench").collect();
    match arguments
        .iter()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .as_slice()
    {
        [] => all(),
        ["write", file] => write(file, 1_000_000),
        ["write", file, rows] => write(file, rows.parse()?),
        ["stream", file] => report(file, || stream(file)),
        ["whole", file] => report(file, || whole(file)),
        ["encode", file] => report(file, || encode(file)),
        _ => Err("usage: read_rate write|stream|whole|encode FILE [ROWS]".into()),
    }
}

/// All of it, on a table in a temporary folder.
fn all() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("table.csv");
    let file = file.to_str().ok_or("the temporary folder is not UTF-8")?;
    write(file, 1_000_000)?;
    report(file, || stream(file))?;
    report(file, || whole(file))?;
    report(file, || encode(file))
}

fn stream(file: &str) -> Result<usize, Box<dyn Error>> {
    let mut reader = TableReader::open(file, &ReadOptions::default())?;
    let mut rows = 0;
    while let Some(table) = reader.next_table(ROWS_AT_ONCE)? {
        rows += table.n_rows();
    }
    Ok(rows)
}

fn whole(file: &str) -> Result<usize, Box<dyn Error>> {
    Ok(read_table(file, &ReadOptions::default())?.n_rows())
}

fn encode(file: &str) -> Result<usize, Box<dyn Error>> {
    let table = read_table(file, &ReadOptions::default())?;
    let columns = table.columns().iter();
    let names: Vec<String> = columns.map(|column| column.name().to_owned()).collect();
    let rows = table.all_rows();
    let encoder = Encoder::fit(&table, &rows, &names, &EncoderOptions::default())?;
    let (features, _) = encoder.encode_parts(table, &[&rows])?;
    Ok(features[0].n_rows)
}

fn report(
    file: &str,
    read: impl Fn() -> Result<usize, Box<dyn Error>>,
) -> Result<(), Box<dyn Error>> {
    let start = Instant::now();
    let rows = read()?;
    let seconds = start.elapsed().as_secs_f64();
    let megabytes = std::fs::metadata(file)?.len() as f64 / 1e6;
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    println!(
        "{rows} rows, {megabytes:.1} MB in {seconds:.3} s: {:.1} MB/s; peak memory {}",
        megabytes / seconds,
        peak.map_or("unknown", str::trim)
    );
    Ok(())
}

/// Random bits for one cell (the mixing function of SplitMix64).
fn bits(row: u64, column: u64) -> u64 {
    let mut z = (row * 64 + column + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

fn write(file: &str, rows: u64) -> Result<(), Box<dyn Error>> {
    let mut out = std::io::BufWriter::new(AtomicFile::create(file)?);
    let names: Vec<String> = (0..30).map(|column| format!("x{column}")).collect();
    writeln!(out, "{}", names.join(","))?;
    for row in 0..rows {
        for column in 0..30 {
            let bits = bits(row, column);
            let unit = (bits >> 11) as f64 / (1_u64 << 53) as f64;
            match column {
                0..10 => write!(out, "{:.4}", 200.0 * unit - 100.0)?,
                10..15 => write!(out, "{}", 4.0 * unit as f32 - 2.0)?,
                15..20 => write!(out, "{}", 4.0 * unit - 2.0)?,
                20..26 => write!(out, "{}", bits % 10_u64.pow(column as u32 - 19))?,
                // One in ten is missing.
                26 if bits.is_multiple_of(10) => {}
                26 => write!(out, "{}", bits % 120)?,
                27 => out.write_all(["red", "green", "blue"][(bits % 3) as usize].as_bytes())?,
                28 => write!(out, "\"city {}\"", bits % 500)?,
                _ => write!(out, "{}", bits.is_multiple_of(2))?,
            }
            out.write_all(if column < 29 { b"," } else { b"\n" })?;
        }
    }
    out.into_inner()?.commit()?;
    Ok(())
}
