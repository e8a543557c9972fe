use banach_plot::{Axis, Mark, OKABE_ITO, Panel, Stroke};

use super::*;

fn figure() -> Figure {
    let line = Mark::Line {
        points: vec![[0.0, 0.0], [1.0, 1.0]],
        stroke: Stroke::solid(OKABE_ITO[0]),
        label: String::new(),
    };
    let panel = Panel {
        title: "title".to_owned(),
        x: Axis::linear("x", 0.0, 1.0),
        y: Axis::linear("y", 0.0, 1.0),
        marks: vec![line],
        legend: None,
        colour_bar: None,
    };
    Figure {
        width: 300.0,
        height: 200.0,
        panels: vec![panel],
    }
}

#[test]
fn a_report_is_one_page_without_scripts_or_addresses_and_says_what_was_given() {
    let mut report = Report::new("A < B & C");
    report.heading("Settings");
    report.facts(&[(
        "command".to_owned(),
        "banach compare \"my table.csv\"".to_owned(),
    )]);
    report.text("<script>alert(1)</script>");
    report.figure(&figure(), "One.").unwrap();
    report.figure(&figure(), "Two.").unwrap();
    let html = report.html();
    assert!(html.contains("<title>A &lt; B &amp; C</title>"));
    assert!(html.contains("&lt;script&gt;alert(1)&lt;/script&gt;") && !html.contains("<script"));
    assert!(html.contains("<dd>banach compare &quot;my table.csv&quot;</dd>"));
    // Nothing is fetched: the only address is the name of SVG's format.
    assert_eq!(
        html.matches("http").count(),
        html.matches("xmlns=\"http").count()
    );
    for tag in ["h2", "p", "dl", "figure", "svg", "main", "style"] {
        let (opened, closed) = (format!("<{tag}"), format!("</{tag}>"));
        let opened = html.matches(&format!("{opened}>")).count()
            + html.matches(&format!("{opened} ")).count();
        assert_eq!(opened, html.matches(&closed).count(), "{tag}");
    }
    // Each picture cuts with a rectangle of its own.
    for name in ["figure1-clip1", "figure2-clip1"] {
        assert_eq!(html.matches(&format!("id=\"{name}\"")).count(), 1, "{name}");
        assert!(html.contains(&format!("url(#{name})")), "{name}");
    }
    assert!(!html.contains("\"clip1\""));
}

#[test]
fn columns_of_numbers_are_aligned_to_the_right() {
    let mut report = Report::new("r");
    let row = |cells: [&str; 5]| cells.map(str::to_owned).to_vec();
    report.table(&ReportTable {
        caption: "means".to_owned(),
        head: row(["method", "accuracy", "p", "rows", "note"]),
        rows: vec![
            row(["snn", "0.98 ± 0.01", "", "1,234", "3"]),
            row(["svm", "0.97 ± 0.02", "< 0.001", "99%", "none"]),
        ],
        marked: vec![0],
    });
    let html = report.html();
    for part in [
        "<p class=\"caption\" id=\"table1\">means</p>",
        "<th>method</th><th class=\"number\">accuracy</th>",
        "<tr class=\"marked\"><td>snn</td><td class=\"number\">0.98 ± 0.01</td><td class=\"number\"></td>",
        "<td class=\"number\">&lt; 0.001</td><td class=\"number\">99%</td><td>none</td>",
    ] {
        assert!(html.contains(part), "{part}: {html}");
    }
}

#[test]
fn numbers_are_told_from_words() {
    for number in [
        "0.98",
        "-1,234",
        "99%",
        "< 0.001",
        "0.98 ± 0.01",
        "73.3 (0.4)",
    ] {
        assert!(is_number(number), "{number}");
    }
    for number in ["70.0, 1 diverged", "73.3 (0.4), 2 diverged", "6.4e-1"] {
        assert!(is_number(number), "{number}");
    }
    for word in [
        "",
        "none",
        "diverged",
        "256 x 4",
        "0.98 ± x",
        "(0.4)",
        "a (0.4)",
    ] {
        assert!(!is_number(word), "{word}");
    }
}

#[test]
fn a_column_is_of_numbers_though_some_diverged_and_long_text_wraps() {
    let long = "256 x 4 rectangular lr 0.01 dropout 0.05 epoch 10";
    let row = |cells: [&str; 4]| cells.map(str::to_owned).to_vec();
    let table = ReportTable {
        head: row(["set", "snn", "batchnorm", "hyperparameters of snn"]),
        rows: vec![
            row(["abalone", "0.65", "diverged", long]),
            row(["bank", "0.9", "diverged", ""]),
        ],
        ..ReportTable::default()
    };
    use Column::{Long, Number, Short};
    // Without a single number there is nothing to align.
    assert_eq!(table.columns(), [Short, Number, Short, Long]);
    let mut report = Report::new("r");
    report.table(&table);
    assert!(
        report
            .html()
            .contains(&format!("<td class=\"long\">{long}</td>"))
    );
}

#[test]
fn every_table_and_picture_scrolls_in_a_container_of_its_own() {
    let mut report = Report::new("r");
    let table = |caption: &str| ReportTable {
        caption: caption.to_owned(),
        head: vec!["method".to_owned()],
        rows: vec![vec!["snn".to_owned()]],
        ..ReportTable::default()
    };
    report.table(&table("One."));
    report.table(&table(""));
    report.table(&table("Three."));
    report.figure(&figure(), "A picture.").unwrap();
    let html = report.html();
    // A container is reached with the keyboard, and named by the caption above it where there is one.
    for at in [1, 3] {
        let caption = format!("<p class=\"caption\" id=\"table{at}\">");
        let container = format!(
            "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-labelledby=\"table{at}\"><table>"
        );
        for part in [&caption, &container] {
            assert_eq!(html.matches(part.as_str()).count(), 1, "{part}");
        }
    }
    assert_eq!(html.matches("<table>").count(), 3);
    assert_eq!(html.matches("</table></div>").count(), 3);
    let wide = "<div class=\"wide\" tabindex=\"0\"";
    assert_eq!(html.matches(wide).count(), 4);
    // The picture is 300 points wide.
    assert!(html.contains(&format!("{wide}><svg style=\"min-width:165px\" ")));
    for rule in [
        ".wide { overflow-x: auto;",
        "th.number, td.number { text-align: right; }",
        "font-variant-numeric: tabular-nums",
        "figure svg { display: block; max-width: 100%;",
        "@media (max-width: 40rem)",
        "@media (prefers-color-scheme: dark)",
    ] {
        assert!(html.contains(rule), "{rule}");
    }
    assert!(html.contains("<meta name=\"viewport\" content=\"width=device-width"));
}

#[test]
fn probabilities_have_two_significant_digits() {
    for (p, text) in [
        (1.0, "1.0"),
        (0.951, "0.95"),
        (0.64, "0.64"),
        (0.0996, "0.10"),
        (0.042, "0.042"),
        (0.0025, "0.0025"),
        (0.001, "0.0010"),
        (7.84e-7, "7.8e-7"),
        (0.0, "0.0e0"),
    ] {
        assert_eq!(probability(p), text);
    }
}

#[test]
fn the_machine_has_a_name_and_threads() {
    let text = machine();
    assert!(
        text.contains(" thread") && text.ends_with(std::env::consts::OS),
        "{text}"
    );
}
