use banach_data::Split;
use banach_nn::{Optimizer, Stopping};

use super::*;

#[test]
fn a_settings_file_takes_every_name_with_either_dash() {
    let settings = Settings::from_toml(
        "target = [\"y\"]\nweight-decay = 0.1\nlr = 0.5\nsplit = \"group=g\"\nvalid = 0.3\n\
         optimizer = \"adamw\"\nfixed_point = \"0,2\"",
        "s.toml",
    )
    .unwrap();
    assert_eq!(settings.weight_decay, Some(0.1));
    assert_eq!(settings.learning_rate, Some(0.5));
    assert_eq!(settings.split, Some(Split::Group("g".into())));
    assert_eq!(settings.valid, Some(Validation::Fraction(0.3)));
    assert_eq!(settings.optimizer.map(|o| o.name()), Some("adamw"));
    let long = Settings::from_toml("learning_rate = 0.5\nbatch_size = 8", "s.toml").unwrap();
    assert_eq!((long.learning_rate, long.batch_size), (Some(0.5), Some(8)));
    for setting in SETTINGS {
        for name in [setting.name, setting.long_name] {
            let found = Setting::find(&name.replace('_', "-")).map(Setting::name);
            assert_eq!(found, Some(setting.name));
        }
    }
}

#[test]
fn unknown_and_misspelt_settings_are_named_with_the_nearest_one() {
    let error = |toml: &str| Settings::from_toml(toml, "s.toml").unwrap_err().to_string();
    assert_eq!(
        error("leyers = 3"),
        "s.toml: there is no setting \"leyers\"; did you mean \"layers\"?"
    );
    let misspelt = error("optimizer = \"adm\"");
    assert!(
        misspelt.contains("line 1") && misspelt.contains("adamw"),
        "{misspelt}"
    );
    let incomplete = error("layers = ");
    assert!(incomplete.contains("line 1"), "{incomplete}");
}

#[test]
fn a_value_of_another_type_is_named_with_line_and_column() {
    let cases = [
        (
            "seed = 1\nlayers = 'x'",
            "s.toml, line 2, column 10: layers: expected a whole number from 0, got \"x\"",
        ),
        (
            "weight-decay = true",
            "s.toml, line 1, column 16: weight_decay: expected a number, got true",
        ),
        (
            "layers = -1",
            "s.toml, line 1, column 10: layers: expected a whole number from 0, got -1",
        ),
        (
            "target = 'y'",
            "s.toml, line 1, column 10: target: expected a list of names, got \"y\"",
        ),
        (
            "lr = 1\nlearning_rate = 2",
            "s.toml, line 2, column 1: lr: it is set twice",
        ),
        (
            "loss = 'cross_entropy'",
            "s.toml, line 1, column 8: loss: expected squared or huber, got \"cross_entropy\"",
        ),
        (
            "refit = 1979-05-27",
            "s.toml, line 1, column 9: refit: expected true or false, got a date",
        ),
    ];
    for (toml, expected) in cases {
        let error = Settings::from_toml(toml, "s.toml").unwrap_err().to_string();
        assert_eq!(error, expected);
    }
    let numbers = Settings::from_toml("seed = 0x_1F\nlr = 1_0e-1", "s.toml");
    assert!(numbers.is_err(), "an underscore stands between digits");
    let numbers = Settings::from_toml("seed = 0x1_F\nlr = 1_0e-1", "s.toml").unwrap();
    assert_eq!((numbers.seed, numbers.learning_rate), (Some(31), Some(1.0)));
}

#[test]
fn the_first_settings_win_and_the_others_fill_up() {
    let typed = Settings::default().layers(2);
    let file = Settings::default().layers(5).width(7);
    let both = typed.or(file);
    assert_eq!(
        (both.layers, both.width, both.epochs),
        (Some(2), Some(7), None)
    );
}

#[test]
fn json_and_text_forms_read_back() {
    let settings = Settings::default()
        .split(Split::Time("t".to_owned()))
        .fixed_point("0.5, 2".parse().unwrap())
        .valid(Path::new("rows.csv"))
        .task(None)
        .target(["a", "b"])
        .seed(u64::MAX);
    let json = serde_json::to_string(&settings.to_json()).unwrap();
    assert_eq!(
        json,
        r#"{"target":["a","b"],"task":"auto","valid":"rows.csv","split":"time=t","seed":18446744073709551615,"fixed_point":"0.5,2"}"#
    );
    let read = serde_json::from_str(&json).unwrap();
    assert_eq!(Settings::from_json(&read).unwrap(), settings);
    assert!("group=".parse::<Split>().is_err());
    assert!("1".parse::<FixedPoint>().is_err());
    let mut typed = Settings::default();
    for (name, texts) in [
        ("split", vec!["time=t"]),
        ("fixed-point", vec!["0.5,2"]),
        ("valid", vec!["rows.csv"]),
        ("task", vec!["auto"]),
        ("target", vec!["a", "b"]),
        ("seed", vec!["18446744073709551615"]),
    ] {
        Setting::find(name)
            .unwrap()
            .parse(&mut typed, texts)
            .unwrap();
    }
    assert_eq!(typed, settings);
    let unknown = serde_json::from_str(r#"{"hide_categories": 0.1}"#).unwrap();
    let error = Settings::from_json(&unknown).unwrap_err().to_string();
    assert!(error.contains("no setting \"hide_categories\""), "{error}");
}

#[test]
fn a_kind_sets_its_parameters_too() {
    let settings = Settings::default()
        .optimizer(Optimizer::Sgd {
            momentum: 0.9,
            nesterov: true,
        })
        .stopping(Stopping::Smoothed { window: 5 })
        .network(NetworkKind::ResNet)
        .block(3)
        .bottleneck(0.5);
    let file = "optimizer = 'sgd'\nmomentum = 0.9\nnesterov = true\nstopping = 'smoothed'\n\
                window = 5\nnetwork = 'resnet'\nblock = 3\nbottleneck = 0.5";
    assert_eq!(settings, Settings::from_toml(file, "s").unwrap());
}

#[test]
fn every_setting_has_its_place_in_help() {
    let mut names = Vec::new();
    for setting in SETTINGS {
        let name = setting.name;
        assert!(!setting.heading.is_empty() && !setting.value_name.is_empty());
        let help = setting.help();
        assert!(help.len() > 5 && !help.ends_with('.'), "{name}: {help:?}");
        assert!(!help.contains("  ") && !help.contains("default:"), "{name}");
        let default = setting.default_text();
        assert!(!default.is_empty(), "{name}");
        names.push(name);
        if setting.long_name != name {
            names.push(setting.long_name);
        }
    }
    let n = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), n, "names are unique");
}

#[test]
fn defaults_are_those_of_the_recipes() {
    for (name, expected) in [
        ("target", "none, it must be given"),
        ("task", "auto"),
        ("valid", "0.2; paper: 0.15"),
        ("drop", "none"),
        ("seed", "0"),
        ("layers", "3; paper: 8"),
        (
            "lr",
            "0.001 for classes, 0.004 for a number, 0.002 for several labels; paper: 0.01",
        ),
        ("batch", "by number of rows, 32 to 256; paper: 128"),
        ("epochs", "by number of rows, 24 to 256; paper: 100"),
        (
            "dropout",
            "0.05 for classes, 0 for a number or several labels, 0 with other networks than snn; \
             paper: 0.05, 0 with other networks than snn",
        ),
        (
            "label_smoothing",
            "0 for two classes, 0.05 for more classes; paper: 0",
        ),
        ("block", "2"),
        ("momentum", "0"),
        ("beta2", "0.95; paper: 0.999"),
        ("epsilon", "1e-8"),
        ("huber_delta", "1"),
        ("window", "10"),
        ("loss", "squared"),
        ("refit", "false"),
    ] {
        let setting = Setting::find(name).unwrap();
        assert_eq!(setting.default_text(), expected, "{name}");
    }
}
