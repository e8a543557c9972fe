use proptest::prelude::*;

use super::*;

#[test]
fn each_spelling_has_its_meaning() {
    use Scalar::{Boolean, Missing, Number, Text};
    let cases: &[(&str, Scalar<'_>)] = &[
        ("", Missing),
        ("  \t", Missing),
        ("NA", Missing),
        (" N/A ", Missing),
        ("NaN", Missing),
        ("nan", Missing),
        ("null", Missing),
        ("NULL", Missing),
        ("None", Missing),
        ("none", Missing),
        ("?", Missing),
        ("inf", Number(f64::INFINITY)),
        ("-Infinity", Number(-f64::INFINITY)),
        ("1e999", Number(f64::INFINITY)),
        ("na", Text("na")),
        ("Nope", Text("Nope")),
        ("true", Boolean(true)),
        ("FALSE", Boolean(false)),
        ("True ", Boolean(true)),
        ("truely", Text("truely")),
        ("0", Number(0.0)),
        ("+1.5", Number(1.5)),
        (" -2. ", Number(-2.0)),
        (".5", Number(0.5)),
        ("1e3", Number(1000.0)),
        ("1E-3", Number(0.001)),
        ("007", Number(7.0)),
        ("12345678901234567890", Number(12_345_678_901_234_567_890.0)),
        ("0x10", Text("0x10")),
        ("1_000", Text("1_000")),
        ("1,5", Text("1,5")),
        ("+-5", Text("+-5")),
        ("--5", Text("--5")),
        ("1.2.3", Text("1.2.3")),
        ("1e", Text("1e")),
        ("-", Text("-")),
        (".", Text(".")),
        ("e5", Text("e5")),
        ("  two words ", Text("two words")),
    ];
    for (text, expected) in cases {
        assert_eq!(Scalar::parse(text), *expected, "{text:?}");
    }
    assert_eq!(Scalar::parse_bytes(b"\xff"), Err(NotUtf8));
}

#[test]
fn minus_zero_is_zero() {
    let Scalar::Number(value) = Scalar::parse("-0.0") else {
        panic!("not a number")
    };
    assert_eq!(value.to_bits(), 0.0_f64.to_bits());
    assert_eq!(Scalar::parse("-0").key().as_deref(), Some("0"));
}

#[test]
fn dates_and_times_are_seconds_since_1970() {
    let cases: &[(&str, Option<f64>)] = &[
        ("1970-01-01", Some(0.0)),
        ("1970-01-02", Some(86_400.0)),
        ("1969-12-31", Some(-86_400.0)),
        ("2000-02-29", Some(951_782_400.0)),
        ("2001-02-29", None),
        ("1970-01-01T00:00", Some(0.0)),
        ("1970-01-01 01:02:03", Some(3723.0)),
        ("1970-01-01T01:02:03.25Z", Some(3723.25)),
        ("1970-01-01T01:00:00+01:00", Some(0.0)),
        ("1970-01-01T01:00:00+0100", Some(0.0)),
        ("1970-01-01 01:00:00 -01", Some(7200.0)),
        ("1970-01-01T24:00:00", None),
        ("1970-01-01T01:60", None),
        ("1970-01-01T", None),
        ("1970-01-01T1:00", None),
        ("1970-01-01T01:00:00.", None),
        ("1970-13-01", None),
        ("1970-1-1", None),
        ("1970-01-01x", None),
        ("19700-01-1", None),
    ];
    for (text, expected) in cases {
        let got = match Scalar::parse(text) {
            Scalar::DateTime(seconds) => Some(seconds),
            Scalar::Text(_) => None,
            other => panic!("{text}: {other:?}"),
        };
        assert_eq!(got, *expected, "{text}");
    }
}

#[test]
fn microseconds_of_distant_years_are_printed_as_they_are_read() {
    // Near 2^32 seconds from 1970 a f64 holds barely a microsecond.
    for text in ["1833-04-10T00:10:48.619243", "2106-02-07T06:28:16.000001"] {
        assert_eq!(Scalar::parse(text).key().as_deref(), Some(text));
    }
}

#[test]
fn keys_are_canonical() {
    let cases = [
        ("1.0", "1"),
        ("1.50", "1.5"),
        ("1e3", "1000"),
        ("1e300", "1e300"),
        ("TRUE", "true"),
        ("2020-01-01T00:00:00Z", "2020-01-01"),
        ("2020-01-01 12:30", "2020-01-01T12:30:00"),
        ("2020-01-01T12:30:00.5+00:00", "2020-01-01T12:30:00.500"),
        (" a b ", "a b"),
    ];
    for (text, key) in cases {
        assert_eq!(Scalar::parse(text).key().as_deref(), Some(key), "{text}");
    }
}

#[test]
fn f32_widens_to_the_decimal_it_prints_as() {
    for value in [
        0.1_f32,
        1e-8,
        3.4e38,
        16_777_217.0,
        1.5,
        -0.3,
        2.0_f32.powi(-7),
        1.0e-45,
    ] {
        let printed: f64 = value.to_string().parse().unwrap();
        assert_eq!(widen(value).to_bits(), printed.to_bits(), "{value}");
    }
}

proptest! {
    #[test]
    fn numbers_parse_like_the_standard_library(value in any::<f64>(), decimals in 0_usize..25) {
        for text in [value.to_string(), format!("{value:e}"), format!("{value:.decimals$}")] {
            let expected = text.parse::<f64>().unwrap();
            if let Some(got) = parse_number(text.as_bytes()) {
                prop_assert_eq!(got.to_bits(), expected.to_bits(), "{}", text);
            } else {
                prop_assert!(!expected.is_finite(), "{}", text);
            }
        }
    }

    #[test]
    fn short_decimals_parse_like_the_standard_library(text in "[+-]?[0-9]{0,12}\\.?[0-9]{0,12}(e[+-]?[0-9]{1,3})?") {
        let expected = text.parse::<f64>().ok().map(f64::to_bits);
        prop_assert_eq!(parse_number(text.as_bytes()).map(f64::to_bits), expected);
    }

    #[test]
    fn widening_equals_printing_and_parsing(bits in any::<u32>(), small in -1e4_f32..1e4) {
        for value in [f32::from_bits(bits), small, (small * 100.0).round() / 100.0] {
            if value.is_finite() {
                let printed: f64 = value.to_string().parse().unwrap();
                prop_assert_eq!(widen(value).to_bits(), printed.to_bits(), "{}", value);
            }
        }
    }

    #[test]
    fn the_key_of_a_key_is_itself(text in "\\PC{0,12}", value in any::<f64>(), seconds in -6e10_f64..2.5e11) {
        for scalar in [Scalar::parse(&text), Scalar::number(value), Scalar::DateTime(seconds)] {
            if let Some(key) = scalar.key() {
                let again = Scalar::parse(&key).key().map(|k| k.into_owned());
                prop_assert_eq!(again.as_deref(), Some(&*key));
            }
        }
    }
}
