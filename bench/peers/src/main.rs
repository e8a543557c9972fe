//! Burn, candle and ONNX Runtime on the workloads of banach's benchmark.
//!
//! `banach-bench-peers burn|candle`, or `banach-bench-peers onnxruntime LIBRARY`, reads one request a line from standard input and answers each with
//! one line, both JSON, as bench/README.md describes. The number of threads is that of rayon, from
//! RAYON_NUM_THREADS, and of the processors that the process may use.

mod burn_peer;
mod candle_peer;
mod mask;
mod onnx;
mod request;

use std::io::{BufRead, Write, stdin, stdout};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use request::Request;
use serde_json::json;

/// A network in training.
trait Peer {
    /// One optimiser step on batch `batch` of the dataset.
    fn step(&mut self, batch: usize) -> anyhow::Result<()>;
    /// Waits until all steps are done; the loss of the last one.
    fn finish(&mut self) -> anyhow::Result<f32>;
}

fn main() -> anyhow::Result<()> {
    let mut args = std::env::args().skip(1);
    let peer = args
        .next()
        .context("name a peer: burn, candle or onnxruntime")?;
    if peer == "onnxruntime" {
        return onnx::serve(&args.next().context("name the file of the library")?);
    }
    let mut ready: Option<(Request, Box<dyn Peer>)> = None;
    for line in stdin().lock().lines() {
        let request: Request = serde_json::from_str(&line?).context("cannot read the request")?;
        let prepared = match ready.take() {
            Some((before, prepared)) if before.network == request.network => prepared,
            _ => match peer.as_str() {
                "burn" => Box::new(burn_peer::Burn::new(&request.network)) as Box<dyn Peer>,
                "candle" => Box::new(candle_peer::Candle::new(&request.network)?),
                other => bail!("no such peer: {other:?}; allowed are burn, candle and onnxruntime"),
            },
        };
        let (_, prepared) = ready.insert((request, prepared));
        let answer = measure(prepared.as_mut(), &request)?;
        writeln!(stdout(), "{answer}")?;
        stdout().flush()?;
    }
    Ok(())
}

/// Trains for a tenth of the time, then for the time that counts.
fn measure(peer: &mut dyn Peer, request: &Request) -> anyhow::Result<serde_json::Value> {
    let network = &request.network;
    train_for(peer, network.n_batches(), request.seconds / 10.0)?;
    let (steps, seconds, loss) = train_for(peer, network.n_batches(), request.seconds)?;
    let samples_per_second = (steps * network.batch) as f64 / seconds;
    Ok(json!({"samples_per_second": samples_per_second, "loss": loss}))
}

fn train_for(
    peer: &mut dyn Peer,
    n_batches: usize,
    seconds: f64,
) -> anyhow::Result<(usize, f64, f32)> {
    let start = Instant::now();
    let mut steps = 0;
    while start.elapsed() < Duration::from_secs_f64(seconds) {
        peer.step(steps % n_batches)?;
        steps += 1;
    }
    let loss = peer.finish()?;
    Ok((steps, start.elapsed().as_secs_f64(), loss))
}
