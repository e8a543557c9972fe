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
fn columns_of_numbers_stand_to_the_right() {
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
        "<caption>means</caption>",
        "<th>method</th><th class=\"number\">accuracy</th>",
        "<tr class=\"marked\"><td>snn</td><td class=\"number\">0.98 ± 0.01</td><td class=\"number\"></td>",
        "<td class=\"number\">&lt; 0.001</td><td class=\"number\">99%</td><td>none</td>",
    ] {
        assert!(html.contains(part), "{part}: {html}");
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
