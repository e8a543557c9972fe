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

/// A report under construction, from top to bottom.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    title: String,
    body: String,
    figures: usize,
}

/// A table of a report. Columns of numbers are found by their cells and stand to the right.
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

    /// Adds a table.
    pub fn table(&mut self, table: &ReportTable) {
        let columns = table.rows.iter().map(Vec::len).chain([table.head.len()]);
        let classes: Vec<&str> = (0..columns.max().unwrap_or(0))
            .map(|at| match table.is_numeric(at) {
                true => " class=\"number\"",
                false => "",
            })
            .collect();
        let line = |tag: &str, cells: &[String]| -> String {
            let cells = cells.iter().zip(&classes);
            cells
                .map(|(cell, class)| format!("<{tag}{class}>{}</{tag}>", escape(cell)))
                .collect()
        };
        self.push("<div class=\"wide\"><table>\n");
        if !table.caption.is_empty() {
            self.push(&format!("<caption>{}</caption>\n", escape(&table.caption)));
        }
        if !table.head.is_empty() {
            let head = line("th", &table.head);
            self.push(&format!("<thead><tr>{head}</tr></thead>\n"));
        }
        self.push("<tbody>\n");
        for (at, row) in table.rows.iter().enumerate() {
            let class = match table.marked.contains(&at) {
                true => " class=\"marked\"",
                false => "",
            };
            self.push(&format!("<tr{class}>{}</tr>\n", line("td", row)));
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
        let caption = escape(caption);
        self.push(&format!(
            "<figure>\n{svg}<figcaption>{caption}</figcaption>\n</figure>\n"
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

impl ReportTable {
    /// Whether a column has numbers only, at least one.
    fn is_numeric(&self, column: usize) -> bool {
        let cells = self.rows.iter().filter_map(|row| row.get(column));
        let mut cells = cells.filter(|cell| !cell.is_empty()).peekable();
        cells.peek().is_some() && cells.all(|cell| is_number(cell))
    }
}

/// A number as people write it: 1,234, 98.7%, 0.98 ± 0.01, < 0.001.
fn is_number(text: &str) -> bool {
    let mut parts = text.split('±').peekable();
    parts.peek().is_some()
        && parts.all(|part| {
            let part = part.trim().trim_start_matches("< ").trim_end_matches('%');
            part.replace(',', "").parse::<f64>().is_ok()
        })
}

fn escape(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    text.replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests;
