//! How much memory is free, so that too large a network is refused before it is allocated.

use banach_nn::{NetworkSpec, Optimizer, SpecError};

use crate::error::Error;

/// Refuses a network whose training would not fit into free memory.
///
/// # Errors
/// [`Error::OutOfMemory`] with the estimate, or [`Error::Train`] when the number of parameters
/// cannot even be counted.
pub(crate) fn check(
    spec: &NetworkSpec,
    optimizer: &Optimizer,
    batch_size: usize,
    networks: usize,
) -> Result<(), Error> {
    let parameters = spec.n_parameters().ok_or(SpecError::TooLarge)?;
    let Some(available) = available_bytes() else {
        return Ok(());
    };
    let bytes = spec.training_bytes(batch_size, optimizer.n_slots());
    let needed = bytes.saturating_mul(networks as u128);
    if needed <= u128::from(available) {
        return Ok(());
    }
    Err(Error::OutOfMemory {
        needed_mb: u64::try_from(needed / 1_000_000).unwrap_or(u64::MAX),
        available_mb: available / 1_000_000,
        parameters,
        batch_size,
    })
}

/// Free memory of this machine within the container's limit; `None` where nobody tells.
fn available_bytes() -> Option<u64> {
    let read = |path: &str| std::fs::read_to_string(path).ok();
    let machine = meminfo_available(&read("/proc/meminfo")?)?;
    let number = |path: &str| read(path)?.trim().parse::<u64>().ok();
    let limit = number("/sys/fs/cgroup/memory.max");
    let used = number("/sys/fs/cgroup/memory.current");
    match (limit, used) {
        (Some(limit), Some(used)) => Some(machine.min(limit.saturating_sub(used))),
        _ => Some(machine),
    }
}

/// The line `MemAvailable: N kB`, in bytes.
fn meminfo_available(text: &str) -> Option<u64> {
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_memory_is_read_in_bytes() {
        let text = "MemTotal:       100 kB\nMemAvailable:   24000 kB\n";
        assert_eq!(meminfo_available(text), Some(24_576_000));
        assert_eq!(meminfo_available("MemTotal: 1 kB"), None);
    }
}
