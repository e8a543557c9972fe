use std::io::Write;
use std::path::PathBuf;

use flate2::Compression;
use flate2::write::GzEncoder;
use tempfile::TempDir;

use super::*;
use crate::baselines::Matrix;

/// A folder with files.
fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    folder
}

fn zipped(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Says that this test cannot do its work here: past the capturing of output, so that whoever runs the tests
/// sees it.
fn skipped(why: &str) {
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("a test");
    let _ = writeln!(std::io::stderr(), "{test} skipped: {why}");
}

/// The folder of real data, if there is one.
pub(super) fn real(name: &str) -> Option<PathBuf> {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data");
    let data = std::env::var_os("BANACH_DATA").map_or_else(|| default.into(), PathBuf::from);
    let path = data.join(name);
    if path.exists() {
        return Some(path);
    }
    skipped(&format!("there is no {} (set BANACH_DATA)", path.display()));
    None
}

const UCI: [(&str, &str); 4] = [
    ("toy/toy_py.dat", "0.5,-1\n1.5,2\n\n-0.25,1e-1\n"),
    ("toy/labels_py.dat", "0\n2\n1\n"),
    ("toy/folds_py.dat", "1,0,0,0\n0,1,0,0\n0,0,1,0\n"),
    ("toy/validation_folds_py.dat", "0,1,0,0\n1,0,0,0\n0,0,0,1\n"),
];

#[test]
fn a_uci_set_has_features_labels_and_the_rows_of_each_fold() {
    let files = UCI.map(|(name, text)| (name, text.as_bytes()));
    let folder = folder(&files);
    let sets = uci_sets(folder.path()).unwrap();
    assert_eq!(sets, [folder.path().join("toy")]);
    let set = uci_set(&sets[0]).unwrap();
    assert_eq!((set.name.as_str(), set.n_classes), ("toy", 3));
    assert_eq!(set.labels, [0, 2, 1]);
    assert_eq!(set.x.row(2), [-0.25, 0.1]);
    let fold = |train: &[u32], valid: &[u32], test: &[u32]| UciFold {
        train: train.to_vec(),
        valid: valid.to_vec(),
        test: test.to_vec(),
    };
    let expected = [
        fold(&[2], &[1], &[0]),
        fold(&[2], &[0], &[1]),
        fold(&[0, 1], &[], &[2]),
        fold(&[0, 1], &[2], &[]),
    ];
    assert_eq!(set.folds, expected);
}

#[test]
fn a_uci_set_that_does_not_fit_together_is_named() {
    let cases = [
        (
            0,
            "1,2\n3\n4,5\n",
            "toy_py.dat: row 2 has 1 features, the first has 2",
        ),
        (
            0,
            "1,2\n3,x\n4,5\n",
            "toy_py.dat: line 2: \"x\" is no finite number",
        ),
        (
            1,
            "0\n1\n",
            "labels_py.dat: it has 2 rows, the features have 3",
        ),
        (
            1,
            "0\n1.5\n0\n",
            "labels_py.dat: row 2 must be 1 whole numbers below 1000, got [1.5]",
        ),
        (
            2,
            "0,0,0\n0,0,0\n0,0,0\n",
            "folds_py.dat: row 1 must be 4 whole numbers below 2",
        ),
        (
            3,
            "1,0,0,0\n0,0,0,0\n0,0,0,0\n",
            "validation_folds_py.dat: row 1 is a test row of the same fold",
        ),
    ];
    for (at, text, expected) in cases {
        let mut files = UCI;
        files[at].1 = text;
        let folder = folder(&files.map(|(name, text)| (name, text.as_bytes())));
        let error = uci_set(&folder.path().join("toy")).unwrap_err().to_string();
        assert!(error.contains(expected), "{expected}: {error}");
        assert!(
            error.contains("https://github.com/bioinf-jku/SNNs"),
            "{error}"
        );
    }
    let empty = folder(&[]);
    for error in [
        uci_sets(empty.path()).unwrap_err(),
        uci_sets(&empty.path().join("nowhere")).unwrap_err(),
        uci_set(empty.path()).unwrap_err(),
    ] {
        let error = error.to_string();
        assert!(
            error.contains("there is no file") && error.contains("SNNs"),
            "{error}"
        );
    }
}

#[test]
fn htru2_comes_with_and_without_names() {
    let rows = "1,2,3,4,5,6,7,8,0\n8,7,6,5,4,3,2,1,1\n";
    let named = format!("a,b,c,d,e,f,g,h,class\n{rows}");
    for text in [rows, &named] {
        let folder = folder(&[("HTRU_2.csv", text.as_bytes())]);
        let set = htru2(&folder.path().join("HTRU_2.csv")).unwrap();
        assert_eq!(set.labels, [0, 1]);
        assert_eq!(set.x.row(1), [8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0]);
    }
    for (text, expected) in [
        ("", "it has no rows"),
        ("1,2,0\n", "row 1 must be 8 numbers and 0 or 1"),
        ("1,2,3,4,5,6,7,8,2\n", "row 1 must be 8 numbers and 0 or 1"),
    ] {
        let folder = folder(&[("HTRU_2.csv", text.as_bytes())]);
        let error = htru2(&folder.path().join("HTRU_2.csv"))
            .unwrap_err()
            .to_string();
        assert!(
            error.contains(expected) && error.contains("archive.ics.uci.edu"),
            "{error}"
        );
    }
}

#[test]
fn mnist_files_are_checked_for_magic_size_and_labels() {
    let labels = |count: u32, label: u8| {
        let mut bytes = vec![0, 0, 8, 1];
        bytes.extend(count.to_be_bytes());
        bytes.resize(8 + count as usize, label);
        bytes
    };
    let name = "train-labels-idx1-ubyte";
    let mut long = labels(60_000, 1);
    long.push(0);
    let cases = [
        (name, labels(60_000, 10), "labels must be 0 to 9, got 10"),
        (
            name,
            labels(10_000, 1),
            "it is no IDX file of [60000] bytes",
        ),
        (
            name,
            long.clone(),
            "it must have 60008 bytes, got at least 60009",
        ),
        (
            "train-labels-idx1-ubyte.gz",
            zipped(&long),
            "it must have 60008 bytes, got at least 60009",
        ),
        (
            "train-labels-idx1-ubyte.gz",
            zipped(&long)[..90].to_vec(),
            "it cannot be unzipped",
        ),
        // Right, so that it is the next file that is missing.
        (name, labels(60_000, 9), "there is no file"),
    ];
    for (name, bytes, expected) in cases {
        let folder = folder(&[(name, &bytes)]);
        let error = mnist(folder.path()).unwrap_err().to_string();
        assert!(
            error.contains(expected) && error.contains("cvdf-datasets"),
            "{expected}: {error}"
        );
    }
}

#[test]
fn cifar10_takes_the_batches_that_are_there() {
    let image = |label: u8| {
        let mut bytes = vec![label];
        bytes.resize(3073, 7);
        bytes
    };
    let two = [image(3), image(9)].concat();
    let folder = folder(&[
        ("data_batch_1.bin", &two),
        ("data_batch_3.bin", &image(1)),
        ("test_batch.bin", &image(0)),
        ("bad/data_batch_1.bin", &image(10)),
        ("short/data_batch_1.bin", &two[1..]),
    ]);
    let set = cifar10(folder.path()).unwrap();
    assert_eq!(
        (&set.train.labels[..], &set.test.labels[..]),
        (&[3, 9, 1][..], &[0][..])
    );
    let x = set.train.matrix().unwrap();
    assert_eq!((x.n_rows(), x.n_columns(), x.row(2)[0]), (3, 3072, 7.0));
    for (name, expected) in [
        ("bad", "image 1: labels must be 0 to 9, got 10"),
        (
            "short",
            "its size must be a multiple of 3073 bytes, got 6145",
        ),
        ("none", "there is no file"),
    ] {
        let error = cifar10(&folder.path().join(name)).unwrap_err().to_string();
        assert!(
            error.contains(expected) && error.contains("cs.toronto.edu"),
            "{error}"
        );
    }
}

#[test]
fn tox21_is_standardized_by_its_training_rows() {
    let text = "mol,NR-AR,SR-p53,desc_a,ecfp_1,split\n\
                a,1,,2,0,train\nb,0,1,4,1,train\nc,,0,,1,valid\nd,1,1,9,0,test\n";
    let folder = folder(&[
        ("tox21.csv", text.as_bytes()),
        ("split.csv", text.replace("valid", "validation").as_bytes()),
        ("label.csv", text.replace("1,1,9", "2,1,9").as_bytes()),
        ("none.csv", b"desc_a,split\n1,train\n2,test\n"),
    ]);
    let set = tox21(&folder.path().join("tox21.csv")).unwrap();
    assert_eq!(set.tasks, ["NR-AR", "SR-p53"]);
    assert!(set.labels[1].is_nan() && set.labels[4].is_nan());
    assert_eq!(
        (set.labels[0], set.labels[6], set.labels[7]),
        (1.0, 1.0, 1.0)
    );
    assert_eq!(
        (&set.train[..], &set.valid[..], &set.test[..]),
        (&[0, 1][..], &[2][..], &[3][..])
    );
    // Mean 3 and deviation 1 of the training rows; what is missing is the mean.
    assert_eq!(
        (set.x.row(0)[0], set.x.row(2)[0], set.x.row(3)[0]),
        (-1.0, 0.0, 6.0)
    );
    for (name, expected) in [
        (
            "split.csv",
            "row 3: split must be train, valid or test, got validation",
        ),
        (
            "label.csv",
            "row 4, NR-AR: a label must be 0, 1 or missing, got 2",
        ),
        ("none.csv", "it has no columns of tasks"),
        ("nowhere.csv", "there is no file"),
    ] {
        let error = tox21(&folder.path().join(name)).unwrap_err().to_string();
        assert!(error.contains(expected), "{expected}: {error}");
    }
}

#[test]
fn features_that_do_not_vary_become_0() {
    let x = Matrix::new(3, 2, vec![1.0, 5.0, 3.0, 5.0, 11.0, 6.0]).unwrap();
    let scaled = Standardizer::fit(&x, &[0, 1]).apply(&x).unwrap();
    assert_eq!(scaled.values(), [-1.0, 0.0, 1.0, 0.0, 9.0, 0.0]);
}

#[test]
fn every_real_uci_set_is_read() {
    let Some(folder) = real("uci") else { return };
    let sets = uci_sets(&folder).unwrap();
    assert!(sets.len() > 50, "{}", sets.len());
    for path in sets {
        let set = uci_set(&path).unwrap();
        for fold in &set.folds {
            let parts = [&fold.train, &fold.valid, &fold.test];
            let sum: usize = parts.iter().map(|part| part.len()).sum();
            assert_eq!(sum, set.labels.len(), "{}", set.name);
            assert!(parts.iter().all(|part| !part.is_empty()), "{}", set.name);
        }
    }
}

#[test]
fn the_other_real_sets_have_their_sizes() {
    if let Some(file) = real("htru2/HTRU_2.csv") {
        let set = htru2(&file).unwrap();
        // Lyon et al. 2016: 17,898 candidates, 1,639 of them pulsars; copies that took the first row
        // for a line of names have one less.
        assert!([17_897, 17_898].contains(&set.labels.len()));
        assert_eq!(set.labels.iter().sum::<u32>(), 1639);
    }
    let tox21 = real("tox21/tox21.parquet").and_then(|file| match tox21(&file) {
        Err(DatasetError::Table(banach_io::ReadError::FormatNotBuilt { format, .. })) => {
            skipped(&format!("this build does not read {format}"));
            None
        }
        set => Some(set.unwrap()),
    });
    if let Some(set) = tox21 {
        assert_eq!((set.tasks.len(), set.x.n_columns()), (12, 213 + 1024));
        assert_eq!(
            set.train.len() + set.valid.len() + set.test.len(),
            set.x.n_rows()
        );
    }
    if let Some(folder) = real("mnist") {
        let set = mnist(&folder).unwrap();
        assert_eq!(
            (set.train.labels.len(), set.test.labels.len()),
            (60_000, 10_000)
        );
        // The set's own counts of the digit 5.
        let fives = |images: &Images| images.labels.iter().filter(|&&l| l == 5).count();
        assert_eq!((fives(&set.train), fives(&set.test)), (5421, 892));
    }
    if let Some(folder) = real("cifar10") {
        let set = cifar10(&folder).unwrap();
        assert_eq!(set.train.pixels.len(), set.train.labels.len() * 3072);
        assert!(set.test.labels.len() >= 1000);
    }
}
