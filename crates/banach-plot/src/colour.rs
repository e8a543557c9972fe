//! Colours that readers with any colour vision can tell apart.

/// An opaque colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Colour {
    /// Red.
    pub red: u8,
    /// Green.
    pub green: u8,
    /// Blue.
    pub blue: u8,
}

impl Colour {
    /// Black.
    pub const BLACK: Self = Self::hex(0x00_0000);
    /// White.
    pub const WHITE: Self = Self::hex(0xff_ffff);
    /// Grey of secondary lines.
    pub const GREY: Self = Self::hex(0x80_8080);
    /// Grey of grid lines.
    pub const PALE: Self = Self::hex(0xe4_e4e4);

    /// The colour 0xRRGGBB.
    #[must_use]
    pub const fn hex(rgb: u32) -> Self {
        Self {
            red: (rgb >> 16) as u8,
            green: (rgb >> 8) as u8,
            blue: rgb as u8,
        }
    }

    /// The colour `share` of the way from `self` to `other`, for `share` in [0, 1].
    #[must_use]
    pub fn mix(self, other: Self, share: f64) -> Self {
        let channel = |a: u8, b: u8| {
            let (a, b) = (f64::from(a), f64::from(b));
            (a + share * (b - a)).round() as u8
        };
        Self {
            red: channel(self.red, other.red),
            green: channel(self.green, other.green),
            blue: channel(self.blue, other.blue),
        }
    }
}

/// Okabe and Ito's palette for all kinds of colour vision, without its yellow (too pale for lines): blue, vermilion,
/// green, purple, orange, sky blue (jfly.uni-koeln.de/color, 2008).
pub const OKABE_ITO: [Colour; 6] = [
    Colour::hex(0x00_72b2),
    Colour::hex(0xd5_5e00),
    Colour::hex(0x00_9e73),
    Colour::hex(0xcc_79a7),
    Colour::hex(0xe6_9f00),
    Colour::hex(0x56_b4e9),
];

/// Colours for numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColourMap {
    /// From dark violet to yellow, evenly in lightness: for numbers without a middle.
    Viridis,
    /// From blue over white to red-brown: for numbers with a middle.
    BlueRed,
}

/// Every eighth part of matplotlib's viridis (Smith and van der Walt, CC0).
const VIRIDIS: [Colour; 9] = [
    Colour::hex(0x44_0154),
    Colour::hex(0x47_2d7b),
    Colour::hex(0x3b_528b),
    Colour::hex(0x2c_728e),
    Colour::hex(0x21_918c),
    Colour::hex(0x28_ae80),
    Colour::hex(0x5e_c962),
    Colour::hex(0xad_dc30),
    Colour::hex(0xfd_e725),
];

/// ColorBrewer's RdBu with 9 classes, from blue (Harrower and Brewer 2003).
const BLUE_RED: [Colour; 9] = [
    Colour::hex(0x21_66ac),
    Colour::hex(0x43_93c3),
    Colour::hex(0x92_c5de),
    Colour::hex(0xd1_e5f0),
    Colour::hex(0xf7_f7f7),
    Colour::hex(0xfd_dbc7),
    Colour::hex(0xf4_a582),
    Colour::hex(0xd6_604d),
    Colour::hex(0xb2_182b),
];

impl ColourMap {
    /// The colour of `share`, from 0 to 1; what lies outside takes the colour of the nearer end.
    #[must_use]
    pub fn at(self, share: f64) -> Colour {
        let stops = match self {
            Self::Viridis => &VIRIDIS,
            Self::BlueRed => &BLUE_RED,
        };
        let last = stops.len() - 1;
        let position = share.clamp(0.0, 1.0) * last as f64;
        let from = (position as usize).min(last - 1);
        stops[from].mix(stops[from + 1], position - from as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_maps_start_and_end_at_their_ends() {
        assert_eq!(ColourMap::Viridis.at(-1.0), VIRIDIS[0]);
        assert_eq!(ColourMap::Viridis.at(1.0), VIRIDIS[8]);
        assert_eq!(ColourMap::BlueRed.at(0.5), BLUE_RED[4]);
        assert_eq!(
            ColourMap::Viridis.at(1.0 / 16.0),
            VIRIDIS[0].mix(VIRIDIS[1], 0.5)
        );
    }
}
