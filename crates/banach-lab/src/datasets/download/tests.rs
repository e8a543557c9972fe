//! Downloads from a server of this test.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;

use flate2::Compression;
use flate2::write::GzEncoder;
use tempfile::TempDir;

use super::*;

static RUNS: AtomicBool = AtomicBool::new(false);

/// Serves files over HTTP until the test ends, and gives the address.
fn serve(files: &[(&str, Vec<u8>)]) -> String {
    let files: HashMap<String, Vec<u8>> = files
        .iter()
        .map(|(name, bytes)| (format!("/data/{name}"), bytes.clone()))
        .collect();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let first = lines.next().unwrap().unwrap();
            lines
                .take_while(|line| line.as_ref().is_ok_and(|line| !line.is_empty()))
                .for_each(drop);
            let path = first.split(' ').nth(1).unwrap();
            let (status, body) = match files.get(path) {
                Some(body) => ("200 OK", &body[..]),
                None => ("404 Not Found", &b""[..]),
            };
            let length = body.len();
            let head = format!(
                "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
            );
            // A client that does not want the rest goes away.
            let _ = stream
                .write_all(head.as_bytes())
                .and_then(|()| stream.write_all(body));
        }
    });
    format!("http://{address}/data/")
}

fn sum(bytes: &[u8]) -> &'static str {
    let sum = copy(bytes, &mut io::sink(), &RUNS).unwrap();
    Box::leak(sum.into_boxed_str())
}

fn source(address: &'static str, bytes: &[u8], content: Content) -> Source {
    Source {
        address,
        sha256: sum(bytes),
        at_most: bytes.len() as u64,
        content,
    }
}

fn get(source: Source, folder: &TempDir, mirror: &str) -> Result<(), DatasetError> {
    download(&[source], folder.path(), Some(mirror), &RUNS, &|_| {})
}

fn names(folder: &TempDir) -> Vec<String> {
    let entries = std::fs::read_dir(folder.path()).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn zip_of(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(io::Cursor::new(Vec::new()));
    for (name, bytes) in files {
        zip.start_file(*name, zip::write::SimpleFileOptions::default())
            .unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn tar_of(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (name, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, name, *bytes).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap()
}

#[test]
fn the_digest_is_sha_256() {
    // FIPS 180-4, the example of one block.
    let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(sum(b"abc"), abc);
}

#[test]
fn a_file_is_fetched_once() {
    let bytes: Vec<u8> = (0..200_000u32).map(|i| (i % 251) as u8).collect();
    let mirror = serve(&[("a.gz", bytes.clone())]);
    let folder = TempDir::new().unwrap();
    let wanted = source("https://keeper.invalid/x/a.gz", &bytes, Content::File);
    get(wanted, &folder, &mirror).unwrap();
    assert_eq!(std::fs::read(folder.path().join("a.gz")).unwrap(), bytes);
    // Again: nothing is asked for, though this server has nothing.
    get(wanted, &folder, "http://127.0.0.1:1").unwrap();
    assert_eq!(names(&folder), ["a.gz"]);
}

#[test]
fn archives_give_the_files_that_are_wanted_and_go() {
    let zip = zip_of(&[("sub/a.csv", b"1,2"), ("other.txt", b"no")]);
    let tar = tar_of(&[
        ("x/one.bin", b"111"),
        ("x/readme", b"no"),
        ("x/two.bin", b"22"),
    ]);
    let mirror = serve(&[("a.zip", zip.clone()), ("b.tar.gz", tar.clone())]);
    let folder = TempDir::new().unwrap();
    let wanted = source(
        "https://keeper.invalid/a.zip",
        &zip,
        Content::Zip(&["a.csv"]),
    );
    get(wanted, &folder, &mirror).unwrap();
    let content = Content::TarGz(&["one.bin", "two.bin"]);
    let wanted = source("https://keeper.invalid/b.tar.gz", &tar, content);
    get(wanted, &folder, &mirror).unwrap();
    assert_eq!(names(&folder), ["a.csv", "one.bin", "two.bin"]);
    let content = |name: &str| std::fs::read(folder.path().join(name)).unwrap();
    assert_eq!(
        (content("a.csv"), content("two.bin")),
        (b"1,2".to_vec(), b"22".to_vec())
    );

    // An archive that its user has put there is unpacked, checked and left.
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("b.tar.gz"), &tar).unwrap();
    get(wanted, &folder, "http://127.0.0.1:1").unwrap();
    assert_eq!(names(&folder), ["b.tar.gz", "one.bin", "two.bin"]);
}

#[test]
fn what_is_not_the_known_file_leaves_nothing() {
    let right = b"the right file".to_vec();
    for wrong in [
        &b"the wrong file"[..],
        b"the right fil",
        b"the right file and more",
    ] {
        let mirror = serve(&[("a", wrong.to_vec())]);
        let folder = TempDir::new().unwrap();
        let wanted = source("https://keeper.invalid/a", &right, Content::File);
        let error = get(wanted, &folder, &mirror).unwrap_err().to_string();
        assert!(error.contains(&mirror), "{error}");
        assert_eq!(names(&folder), [""; 0], "{error}");
    }
    let zip = zip_of(&[("b.csv", b"1")]);
    let mirror = serve(&[("a.zip", zip.clone())]);
    let folder = TempDir::new().unwrap();
    let wanted = source(
        "https://keeper.invalid/a.zip",
        &zip,
        Content::Zip(&["a.csv"]),
    );
    let error = get(wanted, &folder, &mirror).unwrap_err().to_string();
    assert!(error.contains("must have a.csv"), "{error}");
}

#[test]
fn an_address_without_the_file_and_an_interruption_are_errors() {
    let mirror = serve(&[]);
    let folder = TempDir::new().unwrap();
    let wanted = source("https://keeper.invalid/a", b"x", Content::File);
    let error = get(wanted, &folder, &mirror).unwrap_err().to_string();
    assert!(
        error.contains("404") && error.contains("/data/a"),
        "{error}"
    );
    let mirror = serve(&[("a", b"x".to_vec())]);
    let stop = AtomicBool::new(true);
    let stopped = download(&[wanted], folder.path(), Some(&mirror), &stop, &|_| {});
    assert!(stopped.is_err());
    assert_eq!(names(&folder), [""; 0]);
}

#[test]
fn mnist_has_the_known_digests() {
    let Some(real) = crate::datasets::tests::real("mnist") else {
        return;
    };
    let bytes = |source: &Source| std::fs::read(real.join(source.name())).unwrap();
    let files = MNIST_FILES.map(|source| (source.name(), bytes(&source)));
    let folder = TempDir::new().unwrap();
    let mirror = serve(&files);
    let fetched = std::cell::Cell::new(0);
    let observe = |_: &str| fetched.set(fetched.get() + 1);
    download(&MNIST_FILES, folder.path(), Some(&mirror), &RUNS, &observe).unwrap();
    assert_eq!(fetched.get(), 4);
    let set = crate::datasets::mnist(folder.path()).unwrap();
    assert_eq!(set.train.labels.len(), 60_000);
}

#[test]
fn every_known_file_has_a_name_and_a_digest() {
    for source in [&MNIST_FILES[..], &CIFAR10_FILES, &HTRU2_FILES].concat() {
        assert!(source.name().contains('.'), "{}", source.address);
        let digit = |c: u8| c.is_ascii_digit() || (b'a'..=b'f').contains(&c);
        assert!(source.sha256.len() == 64 && source.sha256.bytes().all(digit));
    }
}
