//! Text of any encoding, as UTF-8.
//!
//! A file is UTF-8 unless it begins with a mark of another encoding, or its bytes cannot be UTF-8. Bytes
//! that are all below 128 are the same in both, so the question may be open for long: it is then decided
//! by the first character that is not ASCII.

use std::io::{self, Cursor, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use encoding_rs::{Decoder, DecoderResult, Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// Bytes decoded at once.
const CHUNK_BYTES: usize = 64 * 1024;

/// Bytes that the longest UTF-8 character has.
const LONGEST_CHARACTER: usize = 4;

/// What the beginning of a file says about its encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    /// UTF-8, after a mark of so many bytes.
    Utf8 { mark: usize },
    /// ASCII so far.
    Ascii,
    /// Another encoding, after a mark of so many bytes.
    Other {
        encoding: &'static Encoding,
        mark: usize,
        /// The first line with a byte that is not UTF-8, if that was the reason.
        line: Option<u64>,
    },
    /// An encoding that is not read.
    Unread(&'static str),
}

/// Finds the encoding of a file from its first bytes; `whole` says that they are the whole file.
pub(crate) fn find(sample: &[u8], whole: bool) -> Found {
    match sample {
        [0xFF, 0xFE, 0, 0, ..] => return Found::Unread("UTF-32LE"),
        [0, 0, 0xFE, 0xFF, ..] => return Found::Unread("UTF-32BE"),
        [0xEF, 0xBB, 0xBF, ..] => return Found::Utf8 { mark: 3 },
        _ => {}
    }
    if let Some((encoding, mark)) = utf16(sample) {
        return Found::Other {
            encoding,
            mark,
            line: None,
        };
    }
    let (mut characters, mut faults) = (0_usize, 0_usize);
    let mut first_fault = None;
    let mut at = 0;
    while at < sample.len() {
        let (valid, skip) = match std::str::from_utf8(&sample[at..]) {
            Ok(text) => (text.len(), 0),
            Err(error) => match error.error_len() {
                Some(length) => (error.valid_up_to(), length),
                // The last character may go on after the sample.
                None if !whole => (error.valid_up_to(), sample.len()),
                None => (error.valid_up_to(), 1),
            },
        };
        let text = &sample[at..at + valid];
        characters += text.iter().filter(|&&byte| byte >= 0xC0).count();
        at += valid;
        if at < sample.len() && skip < sample.len() {
            faults += 1;
            first_fault.get_or_insert(at);
        }
        at = at.saturating_add(skip);
    }
    match first_fault {
        // More characters than faults: UTF-8 in which something is broken.
        Some(at) if faults > characters => Found::Other {
            encoding: WINDOWS_1252,
            mark: 0,
            line: Some(1 + line_breaks(&sample[..at])),
        },
        None if characters == 0 => Found::Ascii,
        _ => Found::Utf8 { mark: 0 },
    }
}

fn line_breaks(bytes: &[u8]) -> u64 {
    // Counts of a byte in pieces that it can count, which takes many at a time.
    let pieces = bytes.chunks(usize::from(u8::MAX));
    let count = |piece: &[u8]| {
        piece
            .iter()
            .map(|&byte| u8::from(byte == b'\n'))
            .sum::<u8>()
    };
    pieces.map(|piece| u64::from(count(piece))).sum()
}

/// The encoding of UTF-16 text and the length of its mark. Without a mark it is known by the zero half
/// of its ASCII characters.
fn utf16(sample: &[u8]) -> Option<(&'static Encoding, usize)> {
    match sample {
        [0xFF, 0xFE, ..] => return Some((UTF_16LE, 2)),
        [0xFE, 0xFF, ..] => return Some((UTF_16BE, 2)),
        _ => {}
    }
    // Padding at the end says nothing.
    let end = sample.iter().rposition(|&byte| byte != 0)? + 2;
    let pairs = sample[..end.min(sample.len())].chunks_exact(2);
    let is_text = |byte: u8| byte >= b' ' || matches!(byte, b'\t' | b'\n' | b'\r');
    let (mut zero_first, mut zero_second, mut n) = (0, 0, 0);
    for pair in pairs {
        n += 1;
        match pair {
            [0, 0] => return None,
            &[0, byte] if is_text(byte) => zero_first += 1,
            &[byte, 0] if is_text(byte) => zero_second += 1,
            // The delimiter of Hive and the end-of-file mark of DOS.
            [0, 1 | 0x1A] | [1 | 0x1A, 0] => {}
            // Small numbers in a binary file look alike.
            [0, _] | [_, 0] => return None,
            _ => {}
        }
    }
    if n < 2 {
        return None;
    }
    match (zero_first * 2 > n, zero_second * 2 > n) {
        (true, false) if zero_second == 0 => Some((UTF_16BE, 0)),
        (false, true) if zero_first == 0 => Some((UTF_16LE, 0)),
        _ => None,
    }
}

/// Whether bytes can be the beginning of UTF-16 text.
pub(crate) fn is_utf16(sample: &[u8]) -> bool {
    utf16(sample).is_some()
}

/// The encoding of a name.
pub(crate) fn named(name: &str) -> Option<&'static Encoding> {
    Encoding::for_label_no_replacement(name.trim().as_bytes())
}

/// Bytes that are no text of the encoding.
#[derive(Debug, thiserror::Error)]
#[error("byte {offset} is not {encoding} text")]
pub(crate) struct NotText {
    pub(crate) encoding: &'static str,
    /// Counted from 1, without a mark.
    pub(crate) offset: u64,
}

/// A reader that turns text of another encoding into UTF-8.
pub(crate) struct Decoded<R> {
    inner: R,
    decoder: Decoder,
    packed: Vec<u8>,
    /// The part of `packed` that is still to be decoded.
    from: usize,
    to: usize,
    ready: Vec<u8>,
    given: usize,
    offset: u64,
    finished: bool,
}

impl<R: Read> Decoded<R> {
    pub(crate) fn new(inner: R, encoding: &'static Encoding) -> Self {
        Self {
            inner,
            decoder: encoding.new_decoder_without_bom_handling(),
            packed: vec![0; CHUNK_BYTES],
            from: 0,
            to: 0,
            ready: Vec::new(),
            given: 0,
            offset: 0,
            finished: false,
        }
    }

    /// Decodes the next bytes into `ready`.
    fn decode(&mut self) -> io::Result<()> {
        if self.from == self.to {
            self.to = self.inner.read(&mut self.packed)?;
            self.from = 0;
            self.finished = self.to == 0;
        }
        let source = &self.packed[self.from..self.to];
        self.ready.resize(source.len() * 3 + 16, 0);
        let (result, read, written) =
            self.decoder
                .decode_to_utf8_without_replacement(source, &mut self.ready, self.finished);
        self.ready.truncate(written);
        self.given = 0;
        self.from += read;
        self.offset += read as u64;
        match result {
            DecoderResult::Malformed(_, _) => Err(io::Error::new(
                io::ErrorKind::InvalidData,
                NotText {
                    encoding: self.decoder.encoding().name(),
                    offset: self.offset,
                },
            )),
            DecoderResult::InputEmpty | DecoderResult::OutputFull => Ok(()),
        }
    }
}

impl<R: Read> Read for Decoded<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.given == self.ready.len() {
            if self.finished {
                return Ok(0);
            }
            self.decode()?;
        }
        let length = out.len().min(self.ready.len() - self.given);
        out[..length].copy_from_slice(&self.ready[self.given..self.given + length]);
        self.given += length;
        Ok(length)
    }
}

/// A reader of text that is ASCII so far. If its first other character is not UTF-8 it goes on as
/// windows-1252.
pub(crate) struct LateDecoded {
    state: State,
    /// Line breaks so far.
    lines: u64,
    /// The line on which windows-1252 began; 0 while it has not.
    line: Arc<AtomicU64>,
}

type Bytes = Box<dyn Read + Send>;

enum State {
    Ascii(Bytes),
    Decided(Bytes),
}

impl LateDecoded {
    /// `line` will have the line on which windows-1252 began.
    pub(crate) fn new(inner: Bytes, line: Arc<AtomicU64>) -> Self {
        Self {
            state: State::Ascii(inner),
            lines: 0,
            line,
        }
    }
}

impl Read for LateDecoded {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let inner = match &mut self.state {
            State::Decided(inner) => return inner.read(out),
            State::Ascii(inner) => inner,
        };
        let n = inner.read(out)?;
        // The whole is looked at many bytes at a time, a single byte is searched for once.
        let at = match out[..n].is_ascii() {
            true => None,
            false => out[..n].iter().position(|byte| !byte.is_ascii()),
        };
        let Some(at) = at else {
            self.lines += line_breaks(&out[..n]);
            return Ok(n);
        };
        self.lines += line_breaks(&out[..at]);
        // The character decides; it may not be here as a whole.
        let mut begun = out[at..n].to_vec();
        let missing = LONGEST_CHARACTER.saturating_sub(begun.len()) as u64;
        inner.by_ref().take(missing).read_to_end(&mut begun)?;
        let character = &begun[..begun.len().min(LONGEST_CHARACTER)];
        let utf8 = match std::str::from_utf8(character) {
            Ok(_) => true,
            Err(error) => error.valid_up_to() > 0,
        };
        let rest = std::mem::replace(inner, Box::new(io::empty()));
        let rest = Cursor::new(begun).chain(rest);
        self.state = State::Decided(if utf8 {
            Box::new(rest)
        } else {
            self.line.store(self.lines + 1, Ordering::Relaxed);
            Box::new(Decoded::new(rest, WINDOWS_1252))
        });
        if at > 0 { Ok(at) } else { self.read(out) }
    }
}

/// A reader of text without the zeros and end-of-file marks (0x1A) that follow it.
pub(crate) struct Unpadded<R> {
    inner: R,
    /// Padding that is left out unless something follows.
    held: Vec<u8>,
    ready: Vec<u8>,
    given: usize,
}

impl<R: Read> Unpadded<R> {
    pub(crate) fn new(inner: R) -> Self {
        Self {
            inner,
            held: Vec::new(),
            ready: Vec::new(),
            given: 0,
        }
    }
}

impl<R: Read> Read for Unpadded<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            if self.given < self.ready.len() {
                let length = out.len().min(self.ready.len() - self.given);
                out[..length].copy_from_slice(&self.ready[self.given..self.given + length]);
                self.given += length;
                return Ok(length);
            }
            let n = self.inner.read(out)?;
            if n == 0 {
                return Ok(0);
            }
            let end = out[..n].iter().rposition(|byte| !matches!(byte, 0 | 0x1A));
            match end {
                // No table has so much between its rows: the reader that follows refuses it.
                None if self.held.len() < MAX_HELD => self.held.extend_from_slice(&out[..n]),
                None => return Ok(n),
                Some(last) if self.held.is_empty() => {
                    self.held.extend_from_slice(&out[last + 1..n]);
                    return Ok(last + 1);
                }
                Some(last) => {
                    self.ready = std::mem::take(&mut self.held);
                    self.ready.extend_from_slice(&out[..=last]);
                    self.given = 0;
                    self.held.extend_from_slice(&out[last + 1..n]);
                }
            }
        }
    }
}

/// Most padding that is kept for the case that something follows.
const MAX_HELD: usize = 64 * 1024 * 1024;

/// Whether a name is that of UTF-8.
pub(crate) fn is_utf8(encoding: &'static Encoding) -> bool {
    encoding == UTF_8
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Slow(Cursor<Vec<u8>>, usize);

    impl Read for Slow {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let length = out.len().min(self.1);
            self.0.read(&mut out[..length])
        }
    }

    fn all(mut reader: impl Read) -> Vec<u8> {
        let mut text = Vec::new();
        reader.read_to_end(&mut text).unwrap();
        text
    }

    #[test]
    fn encodings_are_found_by_mark_or_bytes() {
        let utf16 = |text: &str| {
            text.encode_utf16()
                .flat_map(u16::to_le_bytes)
                .collect::<Vec<u8>>()
        };
        let other = |encoding, mark, line| Found::Other {
            encoding,
            mark,
            line,
        };
        let cases: Vec<(Vec<u8>, Found)> = vec![
            (b"a,b\n1,2\n".to_vec(), Found::Ascii),
            ("a,é\n".into(), Found::Utf8 { mark: 0 }),
            ("\u{feff}a".into(), Found::Utf8 { mark: 3 }),
            (
                b"a,b\n1,caf\xE9\n".to_vec(),
                other(WINDOWS_1252, 0, Some(2)),
            ),
            (b"\xFF\xFEa\0".to_vec(), other(UTF_16LE, 2, None)),
            (b"\xFE\xFF\0a".to_vec(), other(UTF_16BE, 2, None)),
            (utf16("a,b\n1,é\n"), other(UTF_16LE, 0, None)),
            (b"\0a\0,\0b\0\n".to_vec(), other(UTF_16BE, 0, None)),
            (b"\xFF\xFE\0\0a\0\0\0".to_vec(), Found::Unread("UTF-32LE")),
            (b"a,b\n1,2\n\0\0\0\0\0\0\0\0".to_vec(), Found::Ascii),
            // One broken character among good ones.
            (
                ["ééé".as_bytes(), b"\xE9\n"].concat(),
                Found::Utf8 { mark: 0 },
            ),
        ];
        for (bytes, expected) in cases {
            assert_eq!(find(&bytes, true), expected, "{bytes:?}");
        }
        // A character that goes on after the sample is no fault.
        assert_eq!(find(b"a\xC3", false), Found::Ascii);
        assert!(matches!(find(b"a\xC3", true), Found::Other { .. }));
    }

    #[test]
    fn late_characters_decide() {
        for step in [1, 2, 3, 1000] {
            for (bytes, text, at) in [
                (&b"a\nb\n\xE9t\xE9\n"[..], "a\nb\nété\n", 3),
                ("a\nété €\n".as_bytes(), "a\nété €\n", 0),
                (b"a\xE9", "aé", 1),
            ] {
                let line = Arc::new(AtomicU64::new(0));
                let inner = Slow(Cursor::new(bytes.to_vec()), step);
                let read = all(LateDecoded::new(Box::new(inner), Arc::clone(&line)));
                assert_eq!(String::from_utf8(read).unwrap(), text);
                assert_eq!(line.load(Ordering::Relaxed), at);
            }
        }
    }

    #[test]
    fn padding_at_the_end_is_left_out() {
        for step in [1, 2, 5, 1000] {
            for (bytes, text) in [
                (&b"a\0\0b\x1A\0\0"[..], &b"a\0\0b"[..]),
                (b"\0\0\0", b""),
                (b"a\n", b"a\n"),
            ] {
                let inner = Slow(Cursor::new(bytes.to_vec()), step);
                assert_eq!(all(Unpadded::new(inner)), text);
            }
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_an_error() {
        let mut reader = Decoded::new(&b"a\0\0\xD8b\0"[..], UTF_16LE);
        let error = reader.read_to_end(&mut Vec::new()).unwrap_err();
        assert_eq!(error.to_string(), "byte 4 is not UTF-16LE text");
    }
}
