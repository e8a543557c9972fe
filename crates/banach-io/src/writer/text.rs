//! Rows as delimited text.

use std::io::Write;

use banach_data::OutputValues;

/// Writes rows of cells, separated by `delimiter`.
pub(super) fn write_rows(
    out: &mut impl Write,
    delimiter: u8,
    values: &[OutputValues<'_>],
    n_rows: usize,
) -> std::io::Result<()> {
    let n_columns = values.len();
    for row in 0..n_rows {
        for (column, values) in values.iter().enumerate() {
            if column > 0 {
                out.write_all(&[delimiter])?;
            }
            if let Some(texts) = values.texts() {
                // A row of one empty cell would read as a blank line.
                let alone = texts[row].is_empty() && n_columns == 1;
                write_cell(out, delimiter, texts[row], alone)?;
            }
            match values {
                OutputValues::F32(values) => write_f32(out, values[row])?,
                OutputValues::F64(values) => write_f64(out, values[row])?,
                _ => {}
            }
        }
        out.write_all(b"\n")?;
    }
    Ok(())
}

/// Writes text, in quotes where it needs them.
fn write_cell(out: &mut impl Write, delimiter: u8, text: &str, quote: bool) -> std::io::Result<()> {
    let special = |byte: &u8| *byte == delimiter || matches!(byte, b'"' | b'\n' | b'\r');
    if !quote && !text.as_bytes().iter().any(special) {
        return out.write_all(text.as_bytes());
    }
    write!(out, "\"{}\"", text.replace('"', "\"\""))
}

fn write_f32(out: &mut impl Write, value: f32) -> std::io::Result<()> {
    if value.is_nan() {
        Ok(())
    } else if value == 0.0 || (1e-5..1e16).contains(&value.abs()) {
        write!(out, "{value}")
    } else {
        write!(out, "{value:e}")
    }
}

fn write_f64(out: &mut impl Write, value: f64) -> std::io::Result<()> {
    if value.is_nan() {
        Ok(())
    } else if value == 0.0 || (1e-5..1e16).contains(&value.abs()) {
        write!(out, "{value}")
    } else {
        write!(out, "{value:e}")
    }
}
