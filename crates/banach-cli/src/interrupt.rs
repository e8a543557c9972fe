//! Ctrl-C: the first one asks the work to stop at a good place, the second one ends it.

use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context;

use crate::failure::INTERRUPTED;
use crate::output::say;

static INTERRUPT: AtomicBool = AtomicBool::new(false);

/// From here on Ctrl-C (also SIGTERM and SIGHUP) sets the flag that is returned. `promise` says what
/// will happen then.
pub(crate) fn listen(promise: &'static str) -> anyhow::Result<&'static AtomicBool> {
    let handler = move || {
        if INTERRUPT.swap(true, Ordering::Relaxed) {
            std::process::exit(INTERRUPTED.into());
        }
        say(&format!(
            "\ninterrupted: {promise}; press Ctrl-C again to stop immediately"
        ));
    };
    ctrlc::set_handler(handler).context("cannot listen for Ctrl-C")?;
    Ok(&INTERRUPT)
}
