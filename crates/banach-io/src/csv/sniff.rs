//! Finds the delimiter of a file from its beginning.

use super::{Cutter, Row};

/// How much of the file is looked at.
pub(super) const SAMPLE_BYTES: usize = 64 * 1024;

/// Rows looked at for each candidate.
const SAMPLE_ROWS: usize = 200;

/// Candidates; the first wins a tie.
const CANDIDATES: [u8; 4] = [b',', b';', b'\t', b'|'];

/// The delimiter that cuts most rows into as many cells as the header; among equals the one that
/// makes more cells. A comma when none makes two cells.
///
/// `whole` says that the sample is the whole file, so that its last row counts.
pub(super) fn delimiter(sample: &[u8], whole: bool) -> u8 {
    let mut best = (b',', (0.0, 0));
    for candidate in CANDIDATES {
        let score = score(sample, whole, candidate);
        if score.1 >= 2 && score > best.1 {
            best = (candidate, score);
        }
    }
    best.0
}

/// Share of rows with as many cells as the header, and that number of cells.
fn score(sample: &[u8], whole: bool, delimiter: u8) -> (f64, usize) {
    let cutter = Cutter::new(delimiter);
    let (mut cells, mut unescaped) = (Vec::new(), Vec::new());
    let (mut header, mut rows, mut equal) = (0, 0, 0);
    let mut start = 0;
    while start < sample.len() && rows < SAMPLE_ROWS {
        cells.clear();
        unescaped.clear();
        match cutter.cut_row(sample, start, whole, &mut cells, &mut unescaped) {
            Row::Whole { next, .. } => {
                if rows == 0 {
                    header = cells.len();
                }
                rows += 1;
                equal += usize::from(cells.len() == header);
                start = next;
            }
            Row::Blank { next } => start = next,
            Row::Incomplete | Row::Unclosed => break,
        }
    }
    (
        f64::from(equal as u32) / f64::from(rows.max(1) as u32),
        header,
    )
}
