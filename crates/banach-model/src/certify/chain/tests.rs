use super::*;

/// A file of tensors with these names and shapes, and numbers that are all different.
fn file(tensors: &[(&str, &[usize])]) -> ForeignFile {
    let mut file = ForeignFile::new();
    let mut number = 0.0;
    for (name, shape) in tensors {
        let values = (0..shape.iter().product()).map(|_| {
            number += 1.0;
            number
        });
        file.insert(name, shape, values.collect())
            .expect("a tensor");
    }
    file
}

fn found(tensors: &[(&str, &[usize])], options: &ChainOptions) -> Result<Chain, CertifyError> {
    find(&file(tensors), options)
}

fn chain(tensors: &[(&str, &[usize])]) -> Chain {
    found(tensors, &ChainOptions::default()).expect("an answer")
}

fn names(chain: &Chain) -> Vec<&str> {
    chain.layers.iter().map(|layer| &layer.name[..]).collect()
}

fn not_covered(chain: &Chain) -> Vec<&str> {
    let notes = chain.tensors.not_covered.iter();
    notes.map(|note| &note.name[..]).collect()
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}

#[test]
fn layers_come_in_the_order_of_their_numbers_with_their_biases() {
    let found = chain(&[
        ("net.0.weight", &[8, 4]),
        ("net.0.bias", &[8]),
        ("net.2.weight", &[8, 8]),
        ("net.10.weight", &[8, 8]),
        ("net.12.weight", &[3, 8]),
        ("net.12.bias", &[3]),
    ]);
    assert_eq!(
        names(&found),
        [
            "net.0.weight",
            "net.2.weight",
            "net.10.weight",
            "net.12.weight"
        ]
    );
    assert_eq!(found.layers[0].bias.as_deref().map(<[f64]>::len), Some(8));
    assert_eq!(found.layers[1].bias, None);
    assert!(not_covered(&found).is_empty());
    assert_eq!(found.tensors.used.len(), 6);
    let reading = found.reading.expect("a chain");
    assert_eq!(
        (reading.order, reading.orientation),
        (KnownBy::Numbers, Orientation::OutIn)
    );
}

#[test]
fn shapes_alone_are_enough_where_one_order_fits() {
    let found = chain(&[
        ("head.weight", &[2, 7]),
        ("hidden.weight", &[7, 5]),
        ("input.weight", &[5, 3]),
        ("input.bias", &[5]),
    ]);
    assert_eq!(
        names(&found),
        ["input.weight", "hidden.weight", "head.weight"]
    );
    assert_eq!(found.reading.expect("a chain").order, KnownBy::Shapes);
}

#[test]
fn numbers_count_within_one_prefix_only() {
    let autoencoder: [(&str, &[usize]); 4] = [
        ("decoder.0.weight", &[64, 8]),
        ("decoder.2.weight", &[20, 64]),
        ("encoder.0.weight", &[64, 20]),
        ("encoder.2.weight", &[8, 64]),
    ];
    let error = found(&autoencoder, &ChainOptions::default()).expect_err("two orders");
    let CertifyError::Order { candidates, .. } = &error else {
        panic!("{error}");
    };
    assert_eq!(candidates.len(), 2);
    let order = owned(&["encoder.0", "encoder.2", "decoder.0", "decoder.2"]);
    let options = ChainOptions {
        layers: order,
        ..ChainOptions::default()
    };
    let given = found(&autoencoder, &options).expect("a chain");
    assert_eq!(
        names(&given),
        [
            "encoder.0.weight",
            "encoder.2.weight",
            "decoder.0.weight",
            "decoder.2.weight"
        ]
    );
    assert!(not_covered(&given).is_empty());

    // Two blocks, or two networks side by side: nobody can tell.
    let blocks: [(&str, &[usize]); 4] = [
        ("b.0.fc1.weight", &[8, 8]),
        ("b.0.fc2.weight", &[8, 8]),
        ("b.1.fc1.weight", &[8, 8]),
        ("b.1.fc2.weight", &[8, 8]),
    ];
    let error = found(&blocks, &ChainOptions::default()).expect_err("several orders");
    assert!(matches!(error, CertifyError::Order { .. }), "{error}");
}

#[test]
fn equal_shapes_without_numbers_have_no_order() {
    let error = found(
        &[
            ("a.weight", &[8, 8]),
            ("b.weight", &[8, 8]),
            ("head.weight", &[2, 8]),
        ],
        &ChainOptions::default(),
    )
    .expect_err("two orders");
    assert!(
        error
            .to_string()
            .contains("a.weight -> b.weight -> head.weight"),
        "{error}"
    );
}

#[test]
fn towers_side_by_side_are_no_chain() {
    let towers: [(&str, &[usize]); 5] = [
        ("head.weight", &[2, 96]),
        ("item.0.weight", &[48, 48]),
        ("item.2.weight", &[48, 48]),
        ("query.0.weight", &[48, 48]),
        ("query.2.weight", &[48, 48]),
    ];
    let all = chain(&towers);
    assert!(all.layers.is_empty() && all.reading.is_none());
    assert_eq!(not_covered(&all).len(), 5);
    // One of them, with the others left out on purpose.
    let options = ChainOptions {
        layers: owned(&["item.0.weight", "item.2.weight"]),
        leave_out: owned(&["query.*", "head.weight"]),
        orientation: None,
    };
    let one = found(&towers, &options).expect("a chain");
    assert_eq!(names(&one), ["item.0.weight", "item.2.weight"]);
    assert!(not_covered(&one).is_empty());
    assert_eq!(one.tensors.left_out.len(), 3);
    // Named layers alone leave the others without an account.
    let options = ChainOptions {
        leave_out: Vec::new(),
        ..options
    };
    let rest = found(&towers, &options).expect("a chain");
    assert_eq!(
        not_covered(&rest),
        ["head.weight", "query.0.weight", "query.2.weight"]
    );
}

#[test]
fn what_stands_between_the_layers_is_not_covered() {
    let found = chain(&[
        ("0.weight", &[8, 8]),
        ("1.weight", &[8]),
        ("1.bias", &[8]),
        ("1.running_mean", &[8]),
        ("1.num_batches_tracked", &[1]),
        ("2.weight", &[8, 8]),
        ("4.weight", &[3, 8]),
        ("embed.weight", &[9, 8]),
        ("attn.q.weight", &[8, 8]),
        ("attn.k.weight", &[8, 8]),
        ("attn.v.weight", &[8, 8]),
        ("shortcut.weight", &[8, 8]),
        ("stem.weight", &[4, 1, 3, 3]),
        ("2.weight_g", &[8, 1]),
    ]);
    assert_eq!(names(&found), ["0.weight", "2.weight", "4.weight"]);
    assert_eq!(
        not_covered(&found),
        [
            "attn.k.weight",
            "attn.q.weight",
            "attn.v.weight",
            "embed.weight",
            "shortcut.weight",
            "1.bias",
            "1.running_mean",
            "1.weight",
            "2.weight_g",
            "stem.weight"
        ]
    );
    assert_eq!(found.tensors.harmless[0].name, "1.num_batches_tracked");
}

#[test]
fn tied_weights_are_no_layer_of_their_own() {
    let mut file = file(&[("a.weight", &[3, 2]), ("head.weight", &[5, 3])]);
    // The transpose of a.weight.
    file.insert("b.weight", &[2, 3], vec![1.0, 3.0, 5.0, 2.0, 4.0, 6.0])
        .expect("a tensor");
    let found = find(&file, &ChainOptions::default()).expect("a chain");
    assert_eq!(names(&found), ["a.weight", "head.weight"]);
    assert_eq!(not_covered(&found), ["b.weight"]);
    assert!(found.tensors.not_covered[0].what.contains("a.weight"));
}

#[test]
fn equal_weights_are_layers_where_numbers_say_so() {
    let with = |first: &str, second: &str| {
        let mut file = file(&[(first, &[2, 2]), ("head.weight", &[5, 2])]);
        file.insert(second, &[2, 2], vec![1.0, 2.0, 3.0, 4.0])
            .expect("a tensor");
        let found = find(&file, &ChainOptions::default()).expect("a chain");
        (found.layers.len(), found.tensors.not_covered.len())
    };
    assert_eq!(with("0.weight", "2.weight"), (3, 0));
    assert_eq!(with("in.weight", "out.weight"), (2, 1));
}

#[test]
fn kernels_of_keras_are_turned() {
    let found = chain(&[
        ("dense/bias:0", &[3]),
        ("dense/kernel:0", &[2, 3]),
        ("dense_1/bias:0", &[2]),
        ("dense_1/kernel:0", &[3, 2]),
    ]);
    assert_eq!(names(&found), ["dense/kernel:0", "dense_1/kernel:0"]);
    // The file holds 1 to 3 for the bias, then 4 to 9 as [in, out].
    assert_eq!(found.layers[0].weight, [4.0, 7.0, 5.0, 8.0, 6.0, 9.0]);
    assert_eq!(found.layers[0].bias.as_deref(), Some(&[1.0, 2.0, 3.0][..]));
    assert!(not_covered(&found).is_empty());
}

#[test]
fn shapes_numbers_and_biases_say_what_rows_are() {
    let orientation = |tensors: &[(&str, &[usize])]| {
        let reading = chain(tensors).reading.expect("a chain");
        (reading.orientation, reading.orientation_known)
    };
    // Named as PyTorch does, but [in, out]: only so do they fit in the order of their numbers.
    let turned = orientation(&[
        ("dense_0.weight", &[32, 64]),
        ("dense_1.weight", &[64, 48]),
        ("dense_2.weight", &[48, 3]),
    ]);
    assert_eq!(turned, (Orientation::InOut, KnownBy::Numbers));
    // Biases have a number for each unit.
    let with_biases = orientation(&[
        ("a.weight", &[4, 6]),
        ("a.bias", &[6]),
        ("b.weight", &[6, 5]),
    ]);
    assert_eq!(with_biases, (Orientation::InOut, KnownBy::Shapes));
    // Squares say nothing.
    let squares: [(&str, &[usize]); 2] = [("0.weight", &[4, 4]), ("2.weight", &[4, 4])];
    assert_eq!(orientation(&squares), (Orientation::OutIn, KnownBy::Names));
    assert!(chain(&squares).turned.is_some());
    let kernels: [(&str, &[usize]); 2] = [("d/kernel", &[4, 4]), ("d_1/kernel", &[4, 4])];
    assert_eq!(orientation(&kernels), (Orientation::InOut, KnownBy::Names));
    let asked = ChainOptions {
        orientation: Some(Orientation::InOut),
        ..ChainOptions::default()
    };
    let found = found(&squares, &asked).expect("a chain");
    assert!(found.turned.is_none());
    assert_eq!(found.layers[0].weight[..2], [1.0, 5.0]);
}

#[test]
fn what_cannot_be_meant_is_refused() {
    let tensors: [(&str, &[usize]); 3] = [
        ("fc1.weight", &[8, 4]),
        ("fc2.weight", &[2, 8]),
        ("fc1.bias", &[8]),
    ];
    for (layers, leave_out, message) in [
        (
            owned(&["fc2.weight", "fc1.weight"]),
            owned(&[]),
            "fc2.weight and fc1.weight do not follow each other: their shapes are [2, 8] and [8, 4], read as [out, in]",
        ),
        (
            owned(&["fc1.weihgt"]),
            owned(&[]),
            "there is no matrix \"fc1.weihgt\" in the file; did you mean \"fc1.weight\"?",
        ),
        (
            owned(&["fc1", "fc1.weight"]),
            owned(&[]),
            "fc1.weight is named as a layer twice, or is to be left out as well",
        ),
        (
            owned(&["fc1.weight"]),
            owned(&["fc*"]),
            "fc1.weight is named as a layer twice, or is to be left out as well",
        ),
        (
            owned(&[]),
            owned(&["norm.*"]),
            "no tensor fits the pattern \"norm.*\" of what is to be left out",
        ),
    ] {
        let options = ChainOptions {
            layers,
            leave_out,
            orientation: None,
        };
        let error = found(&tensors, &options).expect_err(message);
        assert_eq!(error.to_string(), message);
    }
    let nothing = find(&ForeignFile::new(), &ChainOptions::default()).expect_err("nothing");
    assert_eq!(nothing, CertifyError::NoTensors);
}
