//! ONNX Runtime through its C interface, so that no other language's calls are measured with it.

use std::io::{BufRead, Write, stdin, stdout};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use ort::environment::Environment;
use ort::session::builder::GraphOptimizationLevel;
use ort::session::{IoBinding, Session};
use ort::value::{Tensor, TensorRef};
use safetensors::SafeTensors;
use serde::Deserialize;
use serde_json::{Value, json};

/// Rows of the batch.
const ROWS: usize = 1024;

/// Share of the measured time that is spent on warming up.
const WARM_UP: f64 = 0.1;

#[derive(Debug, Deserialize)]
struct Request {
    /// Where `network.safetensors`, `single.onnx` and `batch.onnx` are.
    folder: PathBuf,
    threads: usize,
    seconds: f64,
}

/// Answers requests with the library at `library`.
pub(crate) fn serve(library: &str) -> anyhow::Result<()> {
    let environment = ort::init_from(library)?.build()?;
    for line in stdin().lock().lines() {
        let request: Request = serde_json::from_str(&line?).context("cannot read the request")?;
        let answer = measure(&environment, &request);
        let answer = answer.unwrap_or_else(|error| json!({"error": format!("{error:#}")}));
        writeln!(stdout(), "{answer}")?;
        stdout().flush()?;
    }
    Ok(())
}

fn measure(environment: &Environment, request: &Request) -> anyhow::Result<Value> {
    let bytes = std::fs::read(request.folder.join("network.safetensors"))?;
    let file = SafeTensors::deserialize(&bytes)?;
    let input = numbers(&file, "input")?;
    let expected = numbers(&file, "output")?;
    let (n_features, n_classes) = (input.len() / ROWS, expected.len() / ROWS);

    let path = request.folder.join("batch.onnx");
    let mut session = session(environment, &path, request.threads)?;
    let output = {
        let x = TensorRef::from_array_view(([ROWS, n_features], &input[..]))?;
        let outputs = session.run(ort::inputs![x])?;
        outputs[0].try_extract_tensor::<f32>()?.1.to_vec()
    };
    let difference = output.iter().zip(&expected).map(|(a, b)| (a - b).abs());
    let difference = difference.fold(0.0, f32::max);
    let mut batch = Bound::new(session, &input, [ROWS, n_features], [ROWS, n_classes])?;
    batch.run_for(request.seconds * WARM_UP / 2.0)?;
    let (n, elapsed) = batch.run_for(request.seconds / 2.0)?;

    // One thread or all, with bound memory or without: whichever is fastest counts.
    let path = request.folder.join("single.onnx");
    let mut ways = Vec::new();
    let mut counts = vec![1, request.threads];
    counts.dedup();
    let time = request.seconds / 2.0 / (2 * counts.len()) as f64;
    for threads in counts {
        let mut session = self::session(environment, &path, threads)?;
        let times = run_times(&mut session, &input, n_features, time)?;
        ways.push((times, threads, "run"));
        let mut bound = Bound::new(
            session,
            &input[..n_features],
            [1, n_features],
            [1, n_classes],
        )?;
        ways.push((bound.times(time)?, threads, "run_binding"));
    }
    let best = ways.into_iter().min_by(|a, b| a.0.0.total_cmp(&b.0.0));
    let ((p50_us, p99_us), threads, call) = best.context("nothing was measured")?;
    Ok(json!({
        "single_row": {"p50_us": p50_us, "p99_us": p99_us, "threads": threads, "call": call},
        "batch_1024": {"rows_per_second": (n * ROWS) as f64 / elapsed},
        "max_difference": difference,
    }))
}

fn numbers(file: &SafeTensors<'_>, name: &str) -> anyhow::Result<Vec<f32>> {
    let bytes = file.tensor(name)?.data();
    let number = |four: &[u8]| f32::from_le_bytes([four[0], four[1], four[2], four[3]]);
    Ok(bytes.chunks_exact(4).map(number).collect())
}

fn session(environment: &Environment, path: &Path, threads: usize) -> anyhow::Result<Session> {
    let builder = Session::builder(environment).map_err(plain)?;
    let builder = builder
        .with_optimization_level(GraphOptimizationLevel::All)
        .map_err(plain)?;
    let builder = builder.with_intra_threads(threads).map_err(plain)?;
    let mut builder = builder.with_inter_threads(1).map_err(plain)?;
    builder.commit_from_file(path).map_err(plain)
}

/// Errors of the builder hold the builder, which cannot be sent to another thread.
fn plain(error: impl std::fmt::Display) -> anyhow::Error {
    anyhow::anyhow!("{error}")
}

/// A session whose input and output stay where they are.
struct Bound {
    session: Session,
    binding: IoBinding,
}

impl Bound {
    fn new(
        session: Session,
        input: &[f32],
        x_shape: [usize; 2],
        y_shape: [usize; 2],
    ) -> anyhow::Result<Self> {
        let mut binding = session.create_binding()?;
        let x = Tensor::from_array((x_shape, input.to_vec()))?;
        let y = Tensor::<f32>::new(session.allocator(), y_shape)?;
        binding.bind_input("x", &x)?;
        binding.bind_output("y", y)?;
        Ok(Self { session, binding })
    }

    fn run(&mut self) -> anyhow::Result<()> {
        self.session.run_binding(&self.binding)?;
        Ok(())
    }

    /// Number of runs, and the seconds they took.
    fn run_for(&mut self, seconds: f64) -> anyhow::Result<(usize, f64)> {
        let start = Instant::now();
        let mut n = 0;
        while n == 0 || start.elapsed().as_secs_f64() < seconds {
            self.run()?;
            n += 1;
        }
        Ok((n, start.elapsed().as_secs_f64()))
    }

    fn times(&mut self, seconds: f64) -> anyhow::Result<(f64, f64)> {
        self.run_for(seconds * WARM_UP)?;
        quantiles(seconds, || self.run())
    }
}

/// Times of calls with a new row each.
fn run_times(
    session: &mut Session,
    input: &[f32],
    n_features: usize,
    seconds: f64,
) -> anyhow::Result<(f64, f64)> {
    let mut rows = input.chunks_exact(n_features).cycle();
    let mut call = || {
        let row = rows.next().context("there are no rows")?;
        let x = TensorRef::from_array_view(([1, n_features], row))?;
        let outputs = session.run(ort::inputs![x])?;
        std::hint::black_box(outputs[0].try_extract_tensor::<f32>()?);
        Ok(())
    };
    quantiles(seconds * WARM_UP, &mut call)?;
    quantiles(seconds, &mut call)
}

/// Median and 99% quantile of a call's time, in microseconds.
fn quantiles(
    seconds: f64,
    mut call: impl FnMut() -> anyhow::Result<()>,
) -> anyhow::Result<(f64, f64)> {
    let mut times = Vec::new();
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs_f64(seconds) || times.is_empty() {
        let before = Instant::now();
        call()?;
        times.push(before.elapsed());
    }
    ensure!(!times.is_empty(), "nothing was measured");
    times.sort_unstable();
    let quantile = |q: f64| {
        let at = (q * (times.len() - 1) as f64).round() as usize;
        times[at].as_secs_f64() * 1e6
    };
    Ok((quantile(0.5), quantile(0.99)))
}
