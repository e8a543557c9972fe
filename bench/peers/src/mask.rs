//! Random bits, fast enough to be no burden on the peers.

/// SplitMix64 (Steele, Lea and Flood, 2014).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// In [0, 1).
    fn uniform(&mut self) -> f32 {
        (self.next() >> 40) as f32 / (1 << 24) as f32
    }

    /// Uniform with mean 0 and variance 1.
    pub(crate) fn standardized(&mut self) -> f32 {
        (2.0 * self.uniform() - 1.0) * 3.0_f32.sqrt()
    }

    /// Normal(0, 1), by Box and Muller.
    pub(crate) fn normal(&mut self) -> f32 {
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        radius * (std::f32::consts::TAU * self.uniform()).cos()
    }
}

/// The constants of alpha dropout (arXiv:1706.02515, section "New dropout technique").
#[derive(Debug, Clone, Copy)]
pub(crate) struct AlphaDropout {
    rate: f64,
    /// Value of dropped units, -lambda alpha.
    pub(crate) dropped: f64,
    /// Scale of the affine map that keeps mean and variance.
    pub(crate) a: f64,
    /// Its shift.
    pub(crate) b: f64,
}

impl AlphaDropout {
    pub(crate) fn new(rate: f64) -> Self {
        let keep = 1.0 - rate;
        let dropped = -1.758_099_340_847_376_6;
        let a = 1.0 / (keep * (1.0 + rate * dropped * dropped)).sqrt();
        Self {
            rate,
            dropped,
            a,
            b: -a * rate * dropped,
        }
    }

    /// `a` for each unit that is kept, else 0. Four units share 64 random bits.
    pub(crate) fn mask(&self, random: &mut Random, n: usize) -> Vec<f32> {
        let threshold = (self.rate * 65536.0).round() as u16;
        let a = self.a as f32;
        let mut mask = vec![0.0; n];
        for four in mask.chunks_mut(4) {
            let mut bits = random.next();
            for unit in four {
                *unit = if bits as u16 >= threshold { a } else { 0.0 };
                bits >>= 16;
            }
        }
        mask
    }
}
