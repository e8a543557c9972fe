//! What a report was made on.

/// The processor's name and the number of threads that a program may use here, in a line.
#[must_use]
pub fn machine() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = info.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        (key.trim() == "model name").then(|| value.trim().to_owned())
    });
    let name = name.unwrap_or_else(|| std::env::consts::ARCH.to_owned());
    let threads = banach::available_threads();
    let unit = if threads == 1 { "thread" } else { "threads" };
    format!("{name}, {threads} {unit}, {}", std::env::consts::OS)
}
