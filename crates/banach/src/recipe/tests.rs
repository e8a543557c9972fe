use serde_json::{Map, Value};

use super::*;
use crate::settings::{SETTINGS, Settings};

fn resolve(toml: &str, task: Task) -> Result<Recipe, Error> {
    Settings::from_toml(toml, "s.toml")?.recipe(task, 1000)
}

#[test]
fn both_presets_are_complete_and_in_range_for_every_network_and_task() {
    for (preset, network) in ["default", "paper"]
        .into_iter()
        .flat_map(|preset| NetworkKind::ALL.map(|network| (preset, network.name())))
    {
        let toml = format!("preset = {preset:?}\nnetwork = {network:?}");
        for task in [
            Task::Binary,
            Task::Multiclass,
            Task::Regression,
            Task::Multilabel,
        ] {
            for n_rows in [1, 100, 10_000_000] {
                let settings = Settings::from_toml(&toml, "s").unwrap();
                let recipe = settings.recipe(task, n_rows).unwrap();
                assert_eq!(recipe.network.kind.name(), network);
                // Complete settings are a fixed point: a model file's settings fit again.
                let complete = Settings::from_json(&recipe.to_json()).unwrap();
                let again = complete.recipe(task, 77).unwrap();
                assert_eq!(again, recipe, "{preset} {network} {task}");
            }
        }
    }
}

#[test]
fn each_network_has_its_layers_and_its_kind_of_dropout() {
    let inputs = InputSpec {
        n_numbers: 5,
        categories: Vec::new(),
        dropout: Dropout::None,
    };
    let widths = |toml: &str| {
        let recipe = resolve(&format!("layers = 3\n{toml}"), Task::Binary).unwrap();
        recipe.network_spec(inputs.clone(), 2).unwrap().widths()
    };
    assert_eq!(widths("width = 8"), [5, 8, 8, 8, 2]);
    assert_eq!(
        widths("network = 'msra'\nwidth = 32\nshape = 'conic'"),
        [5, 32, 13, 5, 2]
    );
    assert_eq!(widths("network = 'highway'"), [5, 5, 5, 5, 2]);
    assert_eq!(
        widths("network = 'resnet'\nwidth = 8"),
        [5, 8, 8, 8, 8, 8, 2]
    );
    assert_eq!(
        widths("network = 'resnet'\nwidth = 8\nblock = 3\nbottleneck = 0.25"),
        [5, 8, 2, 2, 8, 2, 2, 8, 2]
    );
    for network in NetworkKind::ALL.map(|network| network.name()) {
        let toml =
            format!("network = {network:?}\nlayers = 2\ndropout = 0.25\ninput_dropout = 0.125");
        let spec = resolve(&toml, Task::Binary).unwrap();
        let spec = spec.network_spec(inputs.clone(), 2).unwrap();
        let dropout = |rate| match network {
            "snn" => Dropout::Alpha { rate },
            _ => Dropout::Ordinary { rate },
        };
        assert_eq!(spec.inputs.dropout, dropout(0.125), "{network}");
        assert_eq!(spec.layers[0].dropout, dropout(0.25), "{network}");
        // A recipe's rate is one of alpha dropout.
        let recipe = resolve(&format!("network = {network:?}"), Task::Binary).unwrap();
        let rate = if network == "snn" { 0.05 } else { 0.0 };
        assert_eq!(recipe.dropout, rate, "{network}");
    }
}

#[test]
fn each_setting_out_of_range_is_named_with_what_is_allowed() {
    let cases = [
        ("layers = 0", "layers must be 1 to 256, got 0"),
        ("layers = 257", "layers must be 1 to 256, got 257"),
        ("width = 0", "width must be at least 1, got 0"),
        (
            "embedding_dim = 0",
            "embedding_dim must be at least 1, got 0",
        ),
        ("dropout = 1.0", "the dropout rate must be in [0, 1), got 1"),
        (
            "dropout = nan",
            "the dropout rate must be in [0, 1), got NaN",
        ),
        (
            "input_dropout = -0.1",
            "the dropout rate must be in [0, 1), got -0.1",
        ),
        ("lr = 0", "learning rate must be above 0, got 0"),
        ("batch = 0", "batch size must be at least 1, got 0"),
        (
            "network = 'batchnorm'\nbatch = 1",
            "batch must be at least 2 with networks batchnorm and resnet",
        ),
        (
            "network = 'resnet'\nbatch = 1",
            "batch must be at least 2 with networks batchnorm and resnet",
        ),
        (
            "target = ['y']\nweight = 'y'",
            "weight must be another column than the target, got y",
        ),
        (
            "target = ['x', 'y']\nsplit = 'group=y'",
            "split must be by another column than the target, got y",
        ),
        ("epochs = 0", "epochs must be 1 to 1,000,000, got 0"),
        (
            "weight_decay = -1",
            "weight decay must be at least 0, got -1",
        ),
        ("clip_norm = -1", "clip norm must be above 0, got -1"),
        (
            "label_smoothing = 1",
            "label smoothing must be in [0, 1), got 1",
        ),
        ("beta1 = 1", "beta1 must be in [0, 1), got 1"),
        (
            "momentum = 0.9",
            "momentum must be left out unless optimizer is sgd, got 0.9",
        ),
        (
            "optimizer = 'sgd'\nnesterov = true",
            "nesterov must be false without momentum, got true",
        ),
        (
            "network = 'msra'\nfixed_point = '0,1'",
            "fixed_point must be left out unless network is snn, got 0,1",
        ),
        (
            "block = 2",
            "block must be left out unless network is resnet, got 2",
        ),
        (
            "network = 'batchnorm'\nbottleneck = 0.5",
            "bottleneck must be left out unless network is resnet, got 0.5",
        ),
        (
            "network = 'highway'\nwidth = 16",
            "width must be left out with network highway, which is as wide as its input, got 16",
        ),
        (
            "network = 'highway'\nshape = 'conic'",
            "shape must be left out with network highway",
        ),
        (
            "network = 'resnet'\nshape = 'conic'",
            "shape must be left out with network resnet, whose blocks are shaped by bottleneck, \
             got conic",
        ),
        (
            "network = 'resnet'\nblock = 4",
            "block must be 2 or 3, got 4",
        ),
        (
            "network = 'resnet'\nbottleneck = 0.0",
            "bottleneck must be above 0 and at most 1, got 0",
        ),
        (
            "network = 'resnet'\nbottleneck = 1.5",
            "bottleneck must be above 0 and at most 1, got 1.5",
        ),
        (
            "network = 'resnet'\nlayers = 1",
            "layers must be at least 2 with network resnet: its first layer and a block, got 1",
        ),
        (
            "network = 'resnet'\nlayers = 256",
            "a network has 1 to 256 hidden layers, got 511",
        ),
        (
            "network = 'layernorm'\ndropout = 1.0",
            "the dropout rate must be in [0, 1), got 1",
        ),
        ("fixed_point = '0,-1'", "variance"),
        ("loss = 'huber'", "does not go with the task binary"),
    ];
    for (toml, expected) in cases {
        let error = resolve(toml, Task::Binary).unwrap_err().to_string();
        assert!(error.contains(expected), "{toml}: {error}");
    }
    let cases = [
        ("class_weight = 'balanced'", "it is for classes"),
        ("label_smoothing = 0.1", "it is for classes"),
        (
            "loss = 'squared'\nhuber_delta = 2",
            "left out unless loss is huber",
        ),
        (
            "loss = 'huber'\nhuber_delta = 0",
            "Huber delta must be above 0, got 0",
        ),
    ];
    for (toml, expected) in cases {
        let error = resolve(toml, Task::Regression).unwrap_err().to_string();
        assert!(error.contains(expected), "{toml}: {error}");
    }
}

#[test]
fn a_fixed_point_brings_its_own_selu() {
    let recipe = resolve("fixed_point = '0,2'", Task::Binary).unwrap();
    let Activation::Selu { alpha, lambda, .. } = recipe.activation().unwrap() else {
        panic!("not SELU")
    };
    // arXiv:1706.02515, section A5.
    assert!((alpha - 1.97126).abs() < 1e-5 && (lambda - 1.06071).abs() < 1e-5);
}

#[test]
fn a_setting_beats_its_preset() {
    let recipe = resolve(
        "preset = 'paper'\nepochs = 7\noptimizer = 'adam'",
        Task::Binary,
    );
    let recipe = recipe.unwrap();
    assert_eq!(recipe.train_options().epochs, 7);
    assert_eq!(fields::beta2(&recipe), Some(0.999));
    assert_eq!(recipe.layers, 8);
}

#[test]
fn another_optimizer_keeps_what_both_have() {
    let optimizer = |toml: &str| resolve(toml, Task::Binary).unwrap().optimizer;
    let adam = Optimizer::Adam {
        beta1: 0.9,
        beta2: 0.95,
        epsilon: 1e-8,
    };
    assert_eq!(optimizer("optimizer = 'adam'"), adam);
    let sgd = Optimizer::Sgd {
        momentum: 0.5,
        nesterov: false,
    };
    // Settings of a model that Adam trained can be used with another optimizer.
    assert_eq!(
        optimizer("optimizer = 'sgd'\nbeta1 = 0.5\nmomentum = 0.5"),
        sgd
    );
}

#[test]
fn a_recipe_reads_back_from_its_json() {
    let toml = "target = ['y']\nweight = 'w'\nfixed_point = '0,2'\nlayers = 4\npatience = 3";
    let recipe = resolve(toml, Task::Binary).unwrap();
    let json = recipe.to_json();
    let names: Vec<&str> = json.keys().map(String::as_str).collect();
    let all: Vec<&str> = SETTINGS.iter().map(crate::Setting::name).collect();
    assert_eq!(names, all);
    assert_eq!(json["loss"], Value::Null);
    assert_eq!(Recipe::from_json(&json).unwrap(), recipe);

    let error = |json: &Map<String, Value>| Recipe::from_json(json).unwrap_err().to_string();
    let mut other = json.clone();
    other.insert("leyers".to_owned(), 3.into());
    let unknown = "there is no setting \"leyers\"; did you mean \"layers\"?";
    assert_eq!(error(&other), unknown);
    let mut other = json.clone();
    other.insert("layers".to_owned(), Value::Null);
    assert_eq!(error(&other), "the setting layers is missing");
    let mut other = json.clone();
    other.insert("layers".to_owned(), 0.into());
    assert_eq!(error(&other), "layers must be 1 to 256, got 0");
    let mut other = json;
    other.insert("task".to_owned(), "auto".into());
    assert_eq!(error(&other), "the setting task is missing");
}
