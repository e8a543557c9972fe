//! Gzip files: members one after the other, then perhaps padding.

use std::io::{self, BufRead, BufReader, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use flate2::bufread::GzDecoder;

type Packed = BufReader<Box<dyn Read + Send>>;

/// Unpacks all members. Zeros after a member are padding; other bytes are left out as gunzip does, and
/// `trailing_bytes` says so.
pub(crate) struct Gunzip {
    state: State,
    trailing_bytes: Arc<AtomicBool>,
}

enum State {
    Member(Box<GzDecoder<Packed>>),
    End,
}

impl Gunzip {
    pub(crate) fn new(packed: Box<dyn Read + Send>, trailing_bytes: Arc<AtomicBool>) -> Self {
        let packed = BufReader::with_capacity(1 << 16, packed);
        Self {
            state: State::Member(Box::new(GzDecoder::new(packed))),
            trailing_bytes,
        }
    }

    /// Goes on to the member after one that ended.
    fn next_member(&mut self) -> io::Result<()> {
        let State::Member(decoder) = std::mem::replace(&mut self.state, State::End) else {
            return Ok(());
        };
        let mut packed = decoder.into_inner();
        loop {
            let bytes = packed.fill_buf()?;
            match bytes.first() {
                None => return Ok(()),
                Some(0) => {
                    let zeros = bytes.iter().take_while(|&&byte| byte == 0).count();
                    packed.consume(zeros);
                }
                // With this byte a member begins.
                Some(0x1F) => {
                    self.state = State::Member(Box::new(GzDecoder::new(packed)));
                    return Ok(());
                }
                Some(_) => {
                    self.trailing_bytes.store(true, Ordering::Relaxed);
                    return Ok(());
                }
            }
        }
    }
}

impl Read for Gunzip {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            match &mut self.state {
                State::End => return Ok(0),
                State::Member(decoder) => {
                    let n = decoder.read(out)?;
                    if n > 0 || out.is_empty() {
                        return Ok(n);
                    }
                }
            }
            self.next_member()?;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn packed(text: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn unpacked(bytes: Vec<u8>) -> io::Result<(Vec<u8>, bool)> {
        let trailing = Arc::new(AtomicBool::new(false));
        let mut text = Vec::new();
        Gunzip::new(Box::new(io::Cursor::new(bytes)), Arc::clone(&trailing))
            .read_to_end(&mut text)?;
        Ok((text, trailing.load(Ordering::Relaxed)))
    }

    #[test]
    fn members_follow_each_other_and_padding_is_left_out() {
        let (a, b) = (packed(b"one,"), packed(b"two"));
        let zeros = vec![0; 100_000];
        let both = [&a[..], &b].concat();
        assert_eq!(
            unpacked(both.clone()).unwrap(),
            (b"one,two".to_vec(), false)
        );
        let padded = [&both[..], &zeros].concat();
        assert_eq!(unpacked(padded).unwrap(), (b"one,two".to_vec(), false));
        let between = [&a[..], &zeros, &b].concat();
        assert_eq!(unpacked(between).unwrap(), (b"one,two".to_vec(), false));
        let garbage = [&a[..], b"garbage"].concat();
        assert_eq!(unpacked(garbage).unwrap(), (b"one,".to_vec(), true));
        let many = a.repeat(1000);
        assert_eq!(unpacked(many).unwrap().0.len(), 4000);
    }

    #[test]
    fn a_member_that_is_cut_off_is_an_error() {
        let both = [packed(b"one"), packed(&b"two".repeat(99))].concat();
        assert!(unpacked(both[..both.len() - 9].to_vec()).is_err());
        assert!(unpacked(both[..10].to_vec()).is_err());
    }
}
