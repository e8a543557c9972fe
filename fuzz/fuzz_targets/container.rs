//! A safetensors file from a stranger is refused, or kept as it is.
#![no_main]

use banach_model::container::{Container, ForeignFile};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    check(bytes);
    // The same bytes as header and values without the length before them, which mutations mostly break.
    let header = bytes
        .iter()
        .rposition(|&byte| byte == b'}')
        .map_or(0, |at| at + 1);
    check(&[&(header as u64).to_le_bytes(), bytes].concat());
});

fn check(bytes: &[u8]) {
    let foreign = ForeignFile::from_bytes(bytes);
    if let Ok(container) = Container::from_bytes(bytes) {
        let written = container.to_bytes().expect("what was read can be written");
        let again = Container::from_bytes(&written).expect("what was written can be read");
        assert_eq!(again.to_bytes().ok(), Some(written));
        // 32-bit floats are floats of any kind.
        assert!(foreign.is_ok());
    }
}
