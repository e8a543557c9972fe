//! `banach demo`: the main job on a small real table that the program carries, by the code of `fit`,
//! `evaluate` and `predict`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::Context;
use banach::model::{MemberInspection, Moments};
use banach::{Evaluation, Model, PredictOptions, Settings};
use banach_data::{AtomicFile, Gap, Split, Splitter, Table};
use banach_io::{ReadOptions, TableReader, TableWriter, read_table};
use serde_json::{Value, json};

use super::fit::{Job, TableToRead, summary};
use super::{evaluate, predict};
use crate::failure::INTERRUPTED;
use crate::options::{Talk, Threads};
use crate::output::{print, print_json};
use crate::progress::Progress;
use crate::read_flags::ReadFlags;
use crate::text::{count, program, quoted, table};

/// Palmer penguins, CC0 1.0; see the README beside the file.
const PENGUINS: &str = include_str!("../../demo/penguins.csv");
const TARGET: &str = "species";
/// Deep enough to see mean and variance keep still from layer to layer.
const LAYERS: usize = 8;
const TEST_SHARE: f64 = 0.2;
/// Rows whose predictions are shown.
const SHOWN_ROWS: u32 = 5;

/// See it work: train, evaluate and predict on a small real table
///
/// The table, 344 penguins of three species, is in the program. Writes train.csv, test.csv and
/// model.safetensors into a folder and names the commands to continue with.
#[derive(clap::Args)]
#[command(after_help = "\
Data: Palmer penguins, CC0 1.0. Gorman, Williams and Fraser 2014, doi:10.1371/journal.pone.0090081

--json keys: folder, model, rows, seconds, metrics (on the test rows), layers (width, and mean and
variance of activations on the test rows, before training and after; the first is the input).")]
pub(crate) struct DemoArgs {
    /// Folder to write into; created if it does not exist
    #[arg(
        long,
        value_name = "DIR",
        default_value = "banach-demo",
        help_heading = "Program"
    )]
    out: PathBuf,
    #[command(flatten)]
    threads: Threads,
    #[command(flatten)]
    talk: Talk,
}

pub(crate) fn run(args: DemoArgs) -> anyhow::Result<ExitCode> {
    let start = Instant::now();
    let threads = args.threads.number()?;
    let say = |text: &str| if args.talk.json { Ok(()) } else { print(text) };
    std::fs::create_dir_all(&args.out)
        .with_context(|| format!("cannot make the folder {}", args.out.display()))?;
    let path = |name: &str| args.out.join(name);
    let (train, test, out) = (
        path("train.csv"),
        path("test.csv"),
        path("model.safetensors"),
    );
    let (train_rows, test_rows) = write_parts(&train, &test)?;
    let shell = |path: &Path| quoted(&path.display().to_string());
    let program = program();
    let (train_name, test_name, model_name) = (shell(&train), shell(&test), shell(&out));
    say(&format!(
        "{} penguins (Gorman et al. 2014): {train_rows} rows in {train_name}, {test_rows} in {test_name}\n\n\
         $ {program} fit {train_name} --target {TARGET} --layers {LAYERS} --out {model_name}\n",
        count(train_rows + test_rows)
    ))?;

    let progress = Progress::new(args.talk.quiet);
    let reading = ReadFlags::default();
    let job = Job {
        table: TableToRead::new(std::slice::from_ref(&train), &reading, true),
        settings: Settings::for_target(TARGET).layers(LAYERS),
        out: &out,
        checkpoint: None,
        resume: false,
        threads,
    };
    let fitted = job.fit(&progress)?;
    say(&summary(&fitted.model, &out, start.elapsed().as_secs_f64()))?;
    if fitted.interrupted {
        return Ok(ExitCode::from(INTERRUPTED));
    }

    // From here on only the file counts.
    let model = Model::load(&out)?;
    let mut reader = TableReader::open(&test, &evaluate::options(&model, None))?;
    let predictor = model.predictor(&PredictOptions::default().threads(threads))?;
    let evaluation = evaluate::evaluate(&predictor, &mut reader, None)?;
    say(&format!(
        "\n$ {program} evaluate {model_name} {test_name}\n{}",
        evaluate::summary(&evaluation)
    ))?;

    let options = ReadOptions {
        schema: Some(model.schema()),
        passthrough: vec![TARGET.to_owned()],
        ..ReadOptions::default()
    };
    let rows = read_table(&test, &options)?;
    let seed = model.settings().get("seed").and_then(Value::as_u64);
    let untrained = model.untrained(seed.unwrap_or(0))?;
    let (before, after) = (untrained.inspect(Some(&rows))?, model.inspect(Some(&rows))?);
    let (before, after) = (&before.members[0], &after.members[0]);
    say(&format!(
        "\nSelf-normalization: activations of the {test_rows} test rows, layer by layer. Before training, mean and\n\
         variance move towards 0 and 1; training then moves them to where the task needs them.\n\n{}",
        table(&moments(before, after))
    ))?;

    let lines = test_rows.min(SHOWN_ROWS as usize) + 1;
    say(&format!(
        "\n$ {program} predict {model_name} {test_name} --keep {TARGET} | head -{lines}\n{}",
        first_rows(&model, &rows)?
    ))?;
    say(&format!(
        "\n{:.1} seconds. Next:\n\
         \x20 {program} predict {model_name} {test_name} --keep {TARGET} --out {predictions}\n\
         \x20 {program} inspect {model_name} {test_name}\n\
         \x20 {program} cv {train_name} --target {TARGET} --folds 5\n\
         \x20 {program} fit --help\n",
        start.elapsed().as_secs_f64(),
        predictions = shell(&path("predictions.csv")),
    ))?;
    if args.talk.json {
        print_json(&report(
            &args.out,
            &out,
            start,
            &evaluation,
            (before, after),
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Divides the table at random and writes both parts; gives their numbers of rows.
fn write_parts(train: &Path, test: &Path) -> anyhow::Result<(usize, usize)> {
    let bytes = Box::new(PENGUINS.as_bytes());
    let table = TableReader::from_reader("penguins.csv", bytes, &ReadOptions::default())?.read()?;
    let splitter = Splitter {
        table: &table,
        rows: &table.all_rows(),
        classes: None,
        split: &Split::Random,
        gap: Gap::NONE,
        seed: 0,
    };
    let parts = splitter.hold_out(TEST_SHARE)?;
    // No cell of this table has a line end in it.
    let lines: Vec<&str> = PENGUINS.lines().collect();
    for (file, rows) in [(train, &parts.train), (test, &parts.valid)] {
        let rows = rows.iter().map(|&row| lines[row as usize + 1]);
        let mut text = lines[0].to_owned();
        rows.for_each(|row| {
            text.push('\n');
            text.push_str(row);
        });
        text.push('\n');
        AtomicFile::write(file, text.as_bytes())?;
    }
    Ok((parts.train.len(), parts.valid.len()))
}

/// Mean and variance of activations, a line for the input and one for each hidden layer.
fn moments(before: &MemberInspection<'_>, after: &MemberInspection<'_>) -> Vec<Vec<String>> {
    let head = [
        "layer",
        "mean before",
        "variance before",
        "mean after",
        "variance after",
    ];
    let mut lines = vec![head.map(str::to_owned).to_vec()];
    let (before, after) = (all_moments(before), all_moments(after));
    // The output layer keeps no moments: it has no activation.
    let hidden = before.len() - 1;
    for (at, (before, after)) in before.iter().zip(&after).take(hidden).enumerate() {
        let mut line = vec![if at == 0 {
            "input".to_owned()
        } else {
            at.to_string()
        }];
        let numbers = [before, after].into_iter().flatten();
        line.extend(numbers.flat_map(|m| [format!("{:.3}", m.mean), format!("{:.3}", m.variance)]));
        lines.push(line);
    }
    lines
}

fn all_moments(member: &MemberInspection<'_>) -> Vec<Option<Moments>> {
    let layers = member.layers.iter().map(|layer| layer.moments);
    std::iter::once(member.input_moments)
        .chain(layers)
        .collect()
}

/// What `predict` writes for the first rows.
fn first_rows(model: &Model, rows: &Table) -> anyhow::Result<String> {
    let options = PredictOptions::default().threads(1);
    let (predictions, _) = model.predictor(&options)?.predict(rows)?;
    let mut bytes = Vec::new();
    let columns = predict::columns(model, Some(rows), &[TARGET.to_owned()]);
    let mut writer = TableWriter::to_writer("predictions", &mut bytes, columns)?;
    writer.write(&predict::values(rows, &predictions, model))?;
    writer.finish()?;
    let text = String::from_utf8(bytes).context("predictions are not UTF-8")?;
    let lines = text.lines().take(SHOWN_ROWS as usize + 1);
    Ok(lines.flat_map(|line| [line, "\n"]).collect())
}

fn report(
    folder: &Path,
    model: &Path,
    start: Instant,
    evaluation: &Evaluation,
    (before, after): (&MemberInspection<'_>, &MemberInspection<'_>),
) -> Value {
    let widths =
        std::iter::once(after.input_width).chain(after.layers.iter().map(|layer| layer.width));
    let layers = widths.zip(all_moments(before).into_iter().zip(all_moments(after)));
    let layers = layers.map(
        |(width, (before, after))| json!({ "width": width, "before": before, "after": after }),
    );
    json!({
        "folder": folder.display().to_string(),
        "model": model.display().to_string(),
        "rows": evaluation.rows,
        "seconds": start.elapsed().as_secs_f64(),
        "metrics": evaluation.metrics,
        "layers": layers.collect::<Vec<_>>(),
    })
}
