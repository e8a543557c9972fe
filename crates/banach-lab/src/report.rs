//! Reports: one HTML file with tables and pictures inside, no script, light or dark as the reader's
//! screen is.
//!
//! ```
//! use banach_lab::report::{Report, ReportTable};
//!
//! let mut report = Report::new("A comparison");
//! report.text("Two methods on five folds.");
//! report.table(&ReportTable {
//!     head: vec!["method".into(), "accuracy".into()],
//!     rows: vec![vec!["snn".into(), "0.98".into()]],
//!     ..ReportTable::default()
//! });
//! assert!(report.html().starts_with("<!DOCTYPE html>"));
//! ```

mod machine;

use std::fmt::Write;

use banach_plot::{Figure, PlotError};

pub use machine::machine;

/// The look: narrow text, wide tables that scroll by themselves, pictures on white.
const STYLE: &str = include_str!("report/style.css");

/// How small a picture may get, as a share of its own width.
const SHRINK: f64 = 0.55;

/// A report under construction, from top to bottom.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    title: String,
    body: String,
    figures: usize,
    tables: usize,
}

/// A table of a report. Columns of numbers are found by their cells and are aligned to the right.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ReportTable {
    /// Text above it; may be empty.
    pub caption: String,
    /// Names of the columns.
    pub head: Vec<String>,
    /// Cells, row by row; numbers of a column have the same number of decimals.
    pub rows: Vec<Vec<String>>,
    /// Rows that stand out, counted from 0.
    pub marked: Vec<usize>,
}

impl Report {
    /// An empty report.
    #[must_use]
    pub fn new(title: &str) -> Self {
        Self {
            title: title.to_owned(),
            body: String::new(),
            figures: 0,
            tables: 0,
        }
    }

    /// Begins a section.
    pub fn heading(&mut self, text: &str) {
        self.push(&format!("<h2>{}</h2>\n", escape(text)));
    }

    /// Adds a paragraph.
    pub fn text(&mut self, text: &str) {
        self.push(&format!("<p>{}</p>\n", escape(text)));
    }

    /// Adds names and their values, such as settings, seed, command, machine and seconds.
    pub fn facts(&mut self, facts: &[(String, String)]) {
        self.push("<dl>\n");
        for (name, value) in facts {
            let (name, value) = (escape(name), escape(value));
            self.push(&format!("<dt>{name}</dt><dd>{value}</dd>\n"));
        }
        self.push("</dl>\n");
    }

    /// Adds a table. A wide one scrolls by itself, so that the page need not.
    pub fn table(&mut self, table: &ReportTable) {
        self.tables += 1;
        let caption = format!("table{}", self.tables);
        let mut label = String::new();
        if !table.caption.is_empty() {
            let text = escape(&table.caption);
            self.push(&format!(
                "<p class=\"caption\" id=\"{caption}\">{text}</p>\n"
            ));
            label = format!(" role=\"region\" aria-labelledby=\"{caption}\"");
        }
        // Whoever has no mouse scrolls with the keyboard.
        self.push(&format!(
            "<div class=\"wide\" tabindex=\"0\"{label}><table>\n"
        ));
        let columns = table.columns();
        if !table.head.is_empty() {
            let head = line("th", &table.head, &columns);
            self.push(&format!("<thead><tr>{head}</tr></thead>\n"));
        }
        self.push("<tbody>\n");
        for (at, row) in table.rows.iter().enumerate() {
            let class = match table.marked.contains(&at) {
                true => " class=\"marked\"",
                false => "",
            };
            self.push(&format!("<tr{class}>{}</tr>\n", line("td", row, &columns)));
        }
        self.push("</tbody></table></div>\n");
    }

    /// Adds a picture with a text below it.
    ///
    /// # Errors
    /// [`PlotError`] of a figure that cannot be drawn.
    pub fn figure(&mut self, figure: &Figure, caption: &str) -> Result<(), PlotError> {
        // Pictures in one page share its names: each gets names of its own.
        self.figures += 1;
        let own = format!("figure{}-clip", self.figures);
        let svg = figure.to_svg()?;
        let svg = svg.replace("id=\"clip", &format!("id=\"{own}"));
        let svg = svg.replace("url(#clip", &format!("url(#{own}"));
        // A picture shrinks with the page as long as its text can be read; then it scrolls.
        let least = format!("<svg style=\"min-width:{:.0}px\" ", SHRINK * figure.width);
        let svg = svg.replacen("<svg ", &least, 1);
        let caption = escape(caption);
        self.push(&format!(
            "<figure>\n<div class=\"wide\" tabindex=\"0\">{svg}</div>\n\
             <figcaption>{caption}</figcaption>\n</figure>\n"
        ));
        Ok(())
    }

    /// The whole page.
    #[must_use]
    pub fn html(&self) -> String {
        let title = escape(&self.title);
        format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n\
             <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n\
             <h1>{title}</h1>\n{}</main>\n</body>\n</html>\n",
            self.body
        )
    }

    fn push(&mut self, html: &str) {
        // Writing into a String cannot fail.
        let _ = self.body.write_str(html);
    }
}

/// How the cells of a column look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Column {
    /// Numbers, to the right.
    Number,
    /// Names and other short text, on one line.
    Short,
    /// Sentences, which wrap.
    Long,
}

impl Column {
    fn class(self) -> &'static str {
        match self {
            Self::Number => " class=\"number\"",
            Self::Short => "",
            Self::Long => " class=\"long\"",
        }
    }
}

/// Characters of a cell from which it is no longer short.
const LONG: usize = 40;

/// What stands in a column of numbers where there is none.
const NO_NUMBERS: [&str; 3] = [DIVERGED, FAILED, MISSING];

/// In place of a score: training diverged.
pub const DIVERGED: &str = "diverged";
/// In place of a score: the method failed.
pub const FAILED: &str = "failed";
/// In place of a score: it was not measured.
pub const MISSING: &str = "missing";

impl ReportTable {
    fn columns(&self) -> Vec<Column> {
        let lengths = self.rows.iter().map(Vec::len).chain([self.head.len()]);
        let column = |at| {
            let cells = || self.rows.iter().filter_map(move |row| row.get(at));
            let mut filled = cells().filter(|cell: &&String| !cell.is_empty());
            let is_number = |cell: &String| is_number(cell);
            let number_or_none =
                |cell: &String| is_number(cell) || NO_NUMBERS.contains(&cell.as_str());
            if cells().any(is_number) && filled.all(number_or_none) {
                Column::Number
            } else if cells().any(|cell| cell.chars().count() >= LONG) {
                Column::Long
            } else {
                Column::Short
            }
        };
        (0..lengths.max().unwrap_or(0)).map(column).collect()
    }
}

/// The cells of a row.
fn line(tag: &str, cells: &[String], columns: &[Column]) -> String {
    let cells = cells.iter().zip(columns);
    cells
        .map(|(cell, column)| format!("<{tag}{}>{}</{tag}>", column.class(), escape(cell)))
        .collect()
}

/// A number as people write it: 1,234, 98.7%, 0.98 ± 0.01, 73.3 (0.4), < 0.001; some of the runs behind
/// it may have diverged: 73.3 (0.4), 1 diverged.
fn is_number(text: &str) -> bool {
    let text = match text
        .strip_suffix(DIVERGED)
        .and_then(|t| t.trim().rsplit_once(", "))
    {
        Some((number, _)) => number,
        None => text,
    };
    let plain = |part: &str| {
        let part = part.trim().trim_start_matches("< ").trim_end_matches('%');
        part.replace(',', "").parse::<f64>().is_ok()
    };
    let spread = text
        .strip_suffix(')')
        .and_then(|text| text.split_once(" ("));
    match spread.or_else(|| text.split_once('±')) {
        Some((number, spread)) => plain(number) && plain(spread),
        None => plain(text),
    }
}

/// A probability with two significant digits: 0.64, 0.0031, 7.8e-7.
#[must_use]
pub fn probability(p: f64) -> String {
    if p < 1e-3 {
        return format!("{p:.1e}");
    }
    // Zeros behind the point, as the rounded number has them.
    let text = format!("{p:.1e}");
    let exponent = text.rsplit_once('e').map_or("0", |(_, exponent)| exponent);
    let zeros: usize = exponent.trim_start_matches('-').parse().unwrap_or(0);
    format!("{p:.decimals$}", decimals = zeros + 1)
}

fn escape(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    text.replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests;
