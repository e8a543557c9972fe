//! Counter-based random bits: Philox4x32-10.
//!
//! A counter-based generator is a pure function of (counter, key). Any element of any stream can be
//! made at any time by any thread, so results depend neither on the number of threads nor on where
//! an interrupted run was taken up again.
//!
//! Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.

use crate::lanes::map_lanes;

const MULTIPLIER_0: u32 = 0xD251_1F53;
const MULTIPLIER_1: u32 = 0xCD9E_8D57;
const WEYL_0: u32 = 0x9E37_79B9;
const WEYL_1: u32 = 0xBB67_AE85;

/// Ten rounds of Philox4x32: 128 random bits for one counter and key.
#[inline(always)]
#[must_use]
pub fn philox4x32(mut counter: [u32; 4], mut key: [u32; 2]) -> [u32; 4] {
    for round in 0..10 {
        if round > 0 {
            key = [key[0].wrapping_add(WEYL_0), key[1].wrapping_add(WEYL_1)];
        }
        let product_0 = u64::from(MULTIPLIER_0) * u64::from(counter[0]);
        let product_1 = u64::from(MULTIPLIER_1) * u64::from(counter[2]);
        counter = [
            (product_1 >> 32) as u32 ^ counter[1] ^ key[0],
            product_1 as u32,
            (product_0 >> 32) as u32 ^ counter[3] ^ key[1],
            product_0 as u32,
        ];
    }
    counter
}

/// [`philox4x32`] for N counters that differ in their first word, `first`, `first + 1` and so on: word
/// w of counter l is at `[w][l]`.
#[inline(always)]
pub(crate) fn philox4x32_row<const N: usize>(
    first: u32,
    rest: [u32; 3],
    mut key: [u32; 2],
) -> [[u32; N]; 4] {
    // Numbers of 64 bits of which the low half counts: a vector multiplication takes just that half,
    // and what the exclusive ors leave in the high half is never looked at.
    const LOW: u64 = 0xffff_ffff;
    let mut first_words = [0; N];
    for (lane, word) in first_words.iter_mut().enumerate() {
        *word = u64::from(first.wrapping_add(lane as u32));
    }
    let mut counter: [[u64; N]; 4] = [
        first_words,
        [u64::from(rest[0]); N],
        [u64::from(rest[1]); N],
        [u64::from(rest[2]); N],
    ];
    for round in 0..10 {
        if round > 0 {
            key = [key[0].wrapping_add(WEYL_0), key[1].wrapping_add(WEYL_1)];
        }
        let (key_0, key_1) = (u64::from(key[0]), u64::from(key[1]));
        let [first, second, third, fourth] = &mut counter;
        let lanes = first
            .iter_mut()
            .zip(second)
            .zip(third.iter_mut().zip(fourth));
        for ((first, second), (third, fourth)) in lanes {
            let product_0 = u64::from(MULTIPLIER_0) * (*first & LOW);
            let product_1 = u64::from(MULTIPLIER_1) * (*third & LOW);
            *first = (product_1 >> 32) ^ *second ^ key_0;
            *second = product_1;
            *third = (product_0 >> 32) ^ *fourth ^ key_1;
            *fourth = product_0;
        }
    }
    let low = |words| map_lanes(words, |word| word as u32);
    [
        low(&counter[0]),
        low(&counter[1]),
        low(&counter[2]),
        low(&counter[3]),
    ]
}

/// What a stream of random numbers is for. Streams of different purposes never meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum Purpose {
    /// Initial weights; the stream's index is the tensor's.
    Weights = 1,
    /// Order of the rows in an epoch; the index is the epoch.
    RowOrder = 2,
    /// Dropout masks; the index is the optimizer step.
    Dropout = 3,
    /// Categories hidden from the network in training; the index is the optimizer step.
    UnknownCategory = 4,
    /// Splits of a table into training and validation rows, and folds.
    Split = 5,
    /// Inputs on which a certificate is checked; the index is the block of rows.
    Certificate = 6,
}

/// Marks the counters of [`Stream::matrix_words`].
const MATRIX: u32 = 0x80;

/// A stream of random numbers, addressed by element.
///
/// The key is the user's seed; the counter is (element block, lane, index, purpose).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stream {
    key: [u32; 2],
    purpose: u32,
    index: u32,
    lane: u32,
}

impl Stream {
    /// The stream of `seed` for `purpose`. `index` counts steps, epochs or tensors; `lane` tells
    /// apart several streams of one index (layers, columns).
    #[must_use]
    pub fn new(seed: u64, purpose: Purpose, index: u32, lane: u32) -> Self {
        Self {
            key: [seed as u32, (seed >> 32) as u32],
            purpose: purpose as u32,
            index,
            lane,
        }
    }

    /// Four random words: elements `4 * block .. 4 * block + 4` of the stream.
    #[inline(always)]
    #[must_use]
    pub fn block(&self, block: u32) -> [u32; 4] {
        philox4x32([block, self.lane, self.index, self.purpose], self.key)
    }

    /// Random words of a matrix's elements: those of block `block` for the N rows from `first_row` on,
    /// word w of row l at `[w][l]`.
    ///
    /// Such words are no part of the stream's own elements: they have counters of their own.
    #[inline(always)]
    pub(crate) fn matrix_words<const N: usize>(&self, first_row: u32, block: u32) -> [[u32; N]; 4] {
        let purpose = self.purpose | MATRIX | self.lane << 8;
        philox4x32_row(first_row, [block, self.index, purpose], self.key)
    }

    /// One random word: element `element` of the stream.
    #[inline]
    #[must_use]
    pub fn word(&self, element: u32) -> u32 {
        self.block(element / 4)[(element % 4) as usize]
    }

    /// Element `element` as a uniform number in (0, 1), with 32 random bits.
    #[inline]
    #[must_use]
    pub fn uniform(&self, element: u32) -> f64 {
        (f64::from(self.word(element)) + 0.5) * (1.0 / 4_294_967_296.0)
    }

    /// Fills `out` with independent Normal(0, `standard_deviation`^2) numbers (Box-Muller in f64).
    pub fn fill_normal(&self, out: &mut [f32], standard_deviation: f64) {
        for (block, four) in out.chunks_mut(4).enumerate() {
            let words = self.block(block as u32);
            for (pair, two) in four.chunks_mut(2).enumerate() {
                let radius = (f64::from(words[2 * pair]) + 0.5) * (1.0 / 4_294_967_296.0);
                let angle =
                    f64::from(words[2 * pair + 1]) * (std::f64::consts::TAU / 4_294_967_296.0);
                let radius = libm::sqrt(-2.0 * libm::log(radius)) * standard_deviation;
                let values = [radius * libm::cos(angle), radius * libm::sin(angle)];
                for (slot, value) in two.iter_mut().zip(values) {
                    *slot = value as f32;
                }
            }
        }
    }

    /// Shuffles `items` in place (Fisher-Yates), each order equally likely up to a bias below
    /// `len / 2^64`.
    pub fn shuffle<T>(&self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            let words = self.block(i as u32);
            let bits = u64::from(words[0]) | (u64::from(words[1]) << 32);
            let j = ((u128::from(bits) * (i as u128 + 1)) >> 64) as usize;
            items.swap(i, j);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Known answers of the Random123 distribution (`kat_vectors`, philox4x32 with 10 rounds).
    #[test]
    fn philox_gives_the_published_known_answers() {
        assert_eq!(
            philox4x32([0; 4], [0; 2]),
            [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]
        );
        assert_eq!(
            philox4x32([u32::MAX; 4], [u32::MAX; 2]),
            [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]
        );
        assert_eq!(
            philox4x32(
                [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344],
                [0xa409_3822, 0x299f_31d0]
            ),
            [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
        );
    }

    #[test]
    fn many_counters_at_once_give_the_words_of_each() {
        let (rest, key) = ([7, 0xffff_fff0, 0x8000_0001], [0xdead_beef, 12]);
        let words = philox4x32_row::<16>(u32::MAX - 3, rest, key);
        for lane in 0..16 {
            let first = (u32::MAX - 3).wrapping_add(lane as u32);
            let want = philox4x32([first, rest[0], rest[1], rest[2]], key);
            assert_eq!(words.map(|word| word[lane]), want, "lane {lane}");
        }
    }

    #[test]
    fn normal_numbers_have_the_asked_moments() {
        let mut values = vec![0.0_f32; 100_001];
        Stream::new(7, Purpose::Weights, 0, 0).fill_normal(&mut values, 0.5);
        let n = values.len() as f64;
        let mean = values.iter().map(|&v| f64::from(v)).sum::<f64>() / n;
        let variance = values
            .iter()
            .map(|&v| (f64::from(v) - mean).powi(2))
            .sum::<f64>()
            / n;
        // Four standard errors of the mean and of the variance.
        assert!(mean.abs() < 4.0 * 0.5 / n.sqrt(), "mean {mean}");
        assert!(
            (variance - 0.25).abs() < 4.0 * 0.25 * (2.0 / n).sqrt(),
            "variance {variance}"
        );
    }

    #[test]
    fn shuffle_is_a_permutation_and_depends_on_the_seed() {
        let order = |seed| {
            let mut items: Vec<u32> = (0..1000).collect();
            Stream::new(seed, Purpose::RowOrder, 0, 0).shuffle(&mut items);
            items
        };
        let (a, b) = (order(1), order(2));
        assert_eq!(a, order(1));
        assert_ne!(a, b);
        let mut sorted = a;
        sorted.sort_unstable();
        assert_eq!(sorted, (0..1000).collect::<Vec<u32>>());
    }
}
