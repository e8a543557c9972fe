//! Distinct texts and the code of each, in the order of their first appearance.

use std::collections::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault, Hasher, RandomState};

/// Distinct texts, stored end to end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Dictionary {
    text: String,
    ends: Vec<usize>,
}

impl Dictionary {
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn get(&self, code: u32) -> &str {
        let code = code as usize;
        let start = if code == 0 { 0 } else { self.ends[code - 1] };
        &self.text[start..self.ends[code]]
    }

    pub(crate) fn push(&mut self, text: &str) {
        self.text.push_str(text);
        self.ends.push(self.text.len());
    }
}

/// Finds the code of a text, or gives it the next one.
#[derive(Debug, Default)]
pub(crate) struct Interner {
    dictionary: Dictionary,
    /// Codes by hash; a text whose hash is taken by another goes to the next free number. The hash
    /// is keyed at random, so that a file cannot be made to collide. Codes do not depend on it.
    codes: HashMap<u64, u32, BuildHasherDefault<Identity>>,
    hasher: RandomState,
}

impl Interner {
    /// The code of `text`, or the free place in `codes` where it belongs.
    fn locate(&self, text: &str) -> Result<u32, u64> {
        let mut place = self.hasher.hash_one(text);
        loop {
            match self.codes.get(&place) {
                None => return Err(place),
                Some(&code) if self.dictionary.get(code) == text => return Ok(code),
                Some(_) => place = place.wrapping_add(1),
            }
        }
    }

    pub(crate) fn intern(&mut self, text: &str) -> u32 {
        match self.locate(text) {
            Ok(code) => code,
            Err(place) => {
                let code = self.dictionary.len() as u32;
                self.codes.insert(place, code);
                self.dictionary.push(text);
                code
            }
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.dictionary.len()
    }

    pub(crate) fn get(&self, code: u32) -> &str {
        self.dictionary.get(code)
    }

    pub(crate) fn dictionary(&self) -> &Dictionary {
        &self.dictionary
    }

    pub(crate) fn into_dictionary(self) -> Dictionary {
        self.dictionary
    }
}

/// Passes a number that is a hash already through.
#[derive(Debug, Default)]
struct Identity(u64);

impl Hasher for Identity {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_follow_first_appearance() {
        let mut interner = Interner::default();
        let codes: Vec<u32> = ["b", "", "a", "b", "", "c"]
            .iter()
            .map(|text| interner.intern(text))
            .collect();
        assert_eq!(codes, [0, 1, 2, 0, 1, 3]);
        assert_eq!((interner.len(), interner.get(2)), (4, "a"));
        let dictionary = interner.into_dictionary();
        let texts: Vec<&str> = (0..4).map(|code| dictionary.get(code)).collect();
        assert_eq!(texts, ["b", "", "a", "c"]);
    }
}
