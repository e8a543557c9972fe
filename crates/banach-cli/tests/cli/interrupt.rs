//! Ctrl-C.
#![cfg(unix)]

#[cfg(feature = "download")]
use std::io::Write;
#[cfg(feature = "download")]
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::room::{Ran, Room};
use crate::tables::mixed;

/// Far longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);

fn start(room: &Room, args: &[&str]) -> Child {
    let mut command = room.command(args);
    command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn interrupt(child: &Child) {
    let id = child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-INT", &id])
            .status()
            .unwrap()
            .success()
    );
}

fn wait_for(what: &str, ready: impl Fn() -> bool) {
    let start = Instant::now();
    while !ready() {
        assert!(start.elapsed() < PATIENCE, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The connection of a program, which has to come while the program runs.
#[cfg(feature = "download")]
fn accept(server: &TcpListener, child: &mut Child) -> TcpStream {
    server.set_nonblocking(true).unwrap();
    let start = Instant::now();
    loop {
        match server.accept() {
            Ok((client, _)) => {
                client.set_nonblocking(false).unwrap();
                return client;
            }
            Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock),
        }
        let ended = child.try_wait().unwrap();
        assert_eq!(ended, None, "the program ended without a connection");
        if start.elapsed() > PATIENCE {
            child.kill().unwrap();
            panic!("waited in vain for a connection");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn an_interrupted_fit_keeps_the_best_weights_and_exits_130() {
    let room = Room::new();
    room.write("t.csv", mixed(400));
    let args = [
        "fit",
        "t.csv",
        "--target",
        "class",
        "--epochs",
        "100000",
        "--width",
        "32",
        "--patience",
        "0",
        "--stopping",
        "best",
        "--checkpoint",
        "run",
        "--json",
    ];
    let child = start(&room, &args);
    let log = room.path("run/metrics.jsonl");
    let epochs = || std::fs::read_to_string(&log).map_or(0, |text| text.lines().count());
    wait_for("two epochs", || epochs() >= 2);
    interrupt(&child);
    let ran = Ran::new(child.wait_with_output().unwrap());
    assert_eq!(ran.code, Some(130), "{ran:#?}");
    assert!(
        ran.err
            .contains("interrupted: model.safetensors has the best weights"),
        "{ran:#?}"
    );
    let report = ran.json();
    assert!(report["epochs"].as_u64().unwrap() >= 2 && report["best_epoch"].as_u64().unwrap() >= 1);
    room.run(&["evaluate", "model.safetensors", "t.csv"]).ok();
    // It can go on from there, and be interrupted again.
    let resume = [&args[..], &["--resume"]].concat();
    let before = epochs();
    let child = start(&room, &resume);
    wait_for("more epochs", || epochs() > before);
    interrupt(&child);
    let ran = Ran::new(child.wait_with_output().unwrap());
    assert_eq!(ran.code, Some(130), "{ran:#?}");
    assert!(ran.err.contains("continuing after "), "{ran:#?}");
}

#[test]
fn two_runs_do_not_share_a_folder_and_a_killed_one_leaves_it_free() {
    let room = Room::new();
    room.write("t.csv", mixed(400));
    let long = ["fit", "t.csv", "--target", "class", "--epochs", "100000"];
    let first = [&long[..], &["--checkpoint", "run"]].concat();
    let mut child = start(&room, &first);
    let log = room.path("run/metrics.jsonl");
    let epochs = || std::fs::read_to_string(&log).map_or(0, |text| text.lines().count());
    wait_for("an epoch", || epochs() >= 1);
    for more in [&["--out", "other.safetensors"][..], &["--resume"]] {
        let ran = room.run(&[&first[..], more].concat());
        assert_eq!(ran.code, Some(2), "{ran:#?}");
        let message = "error: another run is writing checkpoints to run\nwait until it has ended";
        assert!(ran.err.contains(message), "{ran:#?}");
    }
    // It was not disturbed, neither in its log.
    let before = epochs();
    assert!(before >= 1);
    wait_for("more epochs", || epochs() > before);
    child.kill().unwrap();
    child.wait().unwrap();
    let resumed = ["fit", "t.csv", "--target", "class", "--epochs", "100000"];
    let resumed = [&resumed[..], &["--checkpoint", "run", "--resume"]].concat();
    let before = epochs();
    let child = start(&room, &resumed);
    wait_for("still more epochs", || epochs() > before);
    interrupt(&child);
    assert_eq!(child.wait_with_output().unwrap().status.code(), Some(130));
}

#[test]
fn an_interrupted_cross_validation_has_no_result_and_exits_130() {
    let room = Room::new();
    room.write("t.csv", mixed(400));
    let args = [
        "cv", "t.csv", "--target", "class", "--folds", "400", "--layers", "2", "--width", "16",
        "--epochs", "20", "--split", "random",
    ];
    let mut child = start(&room, &args);
    // The first fold is said on standard error.
    let mut err = std::io::BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    std::io::BufRead::read_line(&mut err, &mut line).unwrap();
    assert!(line.starts_with("fold "), "{line}");
    interrupt(&child);
    let mut rest = String::new();
    std::io::Read::read_to_string(&mut err, &mut rest).unwrap();
    let ran = Ran::new(child.wait_with_output().unwrap());
    assert_eq!((ran.code, ran.out.as_str()), (Some(130), ""), "{rest}");
    assert!(rest.contains("interrupted"), "{rest}");
}

#[test]
fn an_interrupted_prediction_leaves_no_file() {
    let room = Room::new();
    room.write("t.csv", mixed(200));
    room.fit("t.csv", "class", &["--drop", "w,g,value,l1,l2"]);
    let files = room.files();
    // Rows come without end, until the program has had enough.
    let mut child = room
        .command(&["predict", "model.safetensors", "-", "--out", "p.csv"])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let rows = mixed(20_000);
    let feeder = std::thread::spawn(move || {
        use std::io::Write;
        let (head, rows) = rows.split_once('\n').unwrap();
        let mut sent = input
            .write_all(head.as_bytes())
            .and_then(|()| input.write_all(b"\n"));
        while sent.is_ok() {
            sent = input.write_all(rows.as_bytes());
        }
    });
    wait_for("the file begun", || room.files().len() > files.len());
    interrupt(&child);
    let output = child.wait_with_output().unwrap();
    feeder.join().unwrap();
    assert_eq!(output.status.code(), Some(130));
    assert_eq!(room.files(), files);
}

#[cfg(feature = "download")]
#[test]
fn an_interrupted_download_leaves_nothing_and_exits_130() {
    let room = Room::new();
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let mirror = format!("http://{}", server.local_addr().unwrap());
    let args = [
        "reproduce",
        "htru2",
        "--data",
        "sets",
        "--out",
        "out",
        "--download",
        "--mirror",
        &mirror,
    ];
    let mut child = start(&room, &args);
    let mut client = accept(&server, &mut child);
    client
        .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
        .unwrap();
    interrupt(&child);
    // A byte now and then, until the program has gone.
    let start = Instant::now();
    while client.write_all(b"x").is_ok() {
        assert!(start.elapsed() < PATIENCE, "it does not stop");
        std::thread::sleep(Duration::from_millis(5));
    }
    let ran = Ran::new(child.wait_with_output().unwrap());
    assert_eq!(ran.code, Some(130), "{ran:#?}");
    assert!(ran.err.contains("the download was interrupted"), "{ran:#?}");
    assert_eq!(std::fs::read_dir(room.path("sets")).unwrap().count(), 0);
}
