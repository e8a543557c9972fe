//! Same seed, same bytes: for any number of threads, and after any number of crashes.

use std::time::{Duration, Instant};

use crate::room::Room;
use crate::tables::mixed;

/// When the process is killed, in shares of the time that a whole run takes. Drawn once, at random.
const KILLS: [f64; 20] = [
    0.62, 0.17, 0.88, 0.35, 0.06, 0.47, 0.93, 0.29, 0.55, 0.11, 0.74, 0.41, 0.23, 0.81, 0.66, 0.14,
    0.51, 0.33, 0.96, 0.70,
];

/// A kill after the first checkpoint proves something; so many must be.
const LEAST_AFTER_A_CHECKPOINT: usize = 5;

const FIT: [&str; 18] = [
    "fit",
    "t.csv",
    "--target",
    "class",
    "--layers",
    "3",
    "--width",
    "32",
    "--epochs",
    "40",
    "--batch",
    "32",
    "--refit",
    "--threads",
    "1",
    "--quiet",
    "--checkpoint",
    "run",
];

#[test]
fn threads_do_not_change_the_model() {
    let room = Room::new();
    room.write("t.csv", mixed(500));
    // The batch is cut into pieces for threads; 100 leaves an odd one.
    let fit = |threads: &str| {
        room.fit(
            "t.csv",
            "class",
            &["--threads", threads, "--batch", "100", "--dropout", "0.1"],
        );
        room.read("model.safetensors")
    };
    let one = fit("1");
    assert!(one == fit("2"), "2 threads");
    assert!(one == fit("4"), "4 threads");
    let args = [
        "fit",
        "t.csv",
        "--target",
        "class",
        "--batch",
        "100",
        "--dropout",
        "0.1",
    ];
    let args = [&args[..], &crate::room::SMALL].concat();
    let status = room
        .command(&args)
        .env("BANACH_NUM_THREADS", "3")
        .output()
        .unwrap()
        .status;
    assert!(status.success());
    assert!(
        one == room.read("model.safetensors"),
        "3 threads, from the environment"
    );
    let status = room
        .command(&args)
        .env("BANACH_ISA", "scalar")
        .output()
        .unwrap()
        .status;
    assert!(status.success());
    assert!(
        one == room.read("model.safetensors"),
        "without vector instructions"
    );
}

#[test]
fn gradients_that_vanish_do_not_depend_on_threads_or_instruction_sets() {
    // Two classes far apart: after some epochs most gradients are below the smallest normal number.
    let room = Room::new();
    let rows = (0..320).map(|i| {
        let y = ["p", "q"][i % 2];
        let a = (0.5 + (i * 37 % 101) as f64 / 100.0) * if y == "p" { 1.0 } else { -1.0 };
        format!("{a},{},{y}\n", (i * 53 % 89) as f64 / 88.0)
    });
    room.write("t.csv", format!("a,b,y\n{}", rows.collect::<String>()));
    let fit = |threads: &str, isa: Option<&str>| {
        let args = [
            "fit",
            "t.csv",
            "--target",
            "y",
            "--width",
            "48",
            "--epochs",
            "300",
            "--threads",
            threads,
        ];
        let mut command = room.command(&args);
        isa.map(|isa| command.env("BANACH_ISA", isa));
        assert!(command.output().unwrap().status.success());
        room.read("model.safetensors")
    };
    let want = fit("1", None);
    assert!(want == fit("3", None), "3 threads");
    for isa in ["scalar", "avx2"] {
        assert!(want == fit("1", Some(isa)), "{isa}");
    }
}

#[test]
fn seeds_change_the_model() {
    let room = Room::new();
    room.write("t.csv", mixed(100));
    let fit = |seed: &str| {
        room.fit("t.csv", "class", &["--seed", seed]);
        room.read("model.safetensors")
    };
    assert!(fit("1") != fit("2"));
}

#[test]
fn twenty_kills_do_not_change_the_model() {
    let room = Room::new();
    room.write("t.csv", mixed(300));
    let start = Instant::now();
    room.run(&FIT).ok();
    let whole = start.elapsed();
    let expected = room.read("model.safetensors");
    let forget = || {
        std::fs::remove_file(room.path("model.safetensors")).unwrap();
        std::fs::remove_dir_all(room.path("run")).unwrap();
    };
    forget();
    let resume = [&FIT[..], &["--resume"]].concat();
    let (mut kills, mut after_a_checkpoint, mut runs) = (0, 0, 0);
    loop {
        let has_checkpoint = room.path("run/checkpoint.safetensors").exists();
        let args: &[&str] = if has_checkpoint { &resume } else { &FIT };
        let Some(share) = KILLS.get(kills) else {
            // No kills are left: to the end.
            let ran = room.run(args).ok();
            assert_eq!(ran.err, "");
            break;
        };
        let mut child = room
            .command(args)
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(whole.mul_f64(*share).max(Duration::from_millis(1)));
        // SIGKILL; a process that has ended before is not hurt by it.
        child.kill().unwrap();
        let status = child.wait().unwrap();
        if status.success() {
            runs += 1;
            assert!(
                room.read("model.safetensors") == expected,
                "after {kills} kills"
            );
            forget();
            continue;
        }
        assert_eq!(status.code(), None, "killed, not failed");
        kills += 1;
        after_a_checkpoint += usize::from(room.path("run/checkpoint.safetensors").exists());
        // A model file is there whole or not at all.
        if room.path("model.safetensors").exists() {
            assert!(room.read("model.safetensors") == expected, "half written");
        }
    }
    println!(
        "{kills} kills, {after_a_checkpoint} after a checkpoint, {runs} runs came to their end between"
    );
    assert!(
        after_a_checkpoint >= LEAST_AFTER_A_CHECKPOINT,
        "{after_a_checkpoint}"
    );
    assert!(
        room.read("model.safetensors") == expected,
        "after all kills"
    );
}
