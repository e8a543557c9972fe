//! Builds without some of the features: what is not there says how to get it.

use crate::room::Room;

fn refused(args: &[&str], feature: &str) {
    let room = Room::new();
    let ran = room.run(args);
    assert_eq!(ran.code, Some(2), "{args:?}: {ran:#?}");
    for part in [
        format!("made without the feature {feature:?}"),
        format!("cargo install --path crates/banach-cli --features {feature}"),
    ] {
        assert!(ran.err.contains(&part), "{part}: {ran:#?}");
    }
    assert_eq!(ran.out, "", "{ran:#?}");
}

#[cfg(not(feature = "compare"))]
#[test]
fn compare_says_how_to_get_it() {
    refused(&["compare"], "compare");
    refused(&["compare", "t.csv", "--target", "y"], "compare");
    refused(&["compare", "--help"], "compare");
    let help = Room::new().run(&["--help"]).ok();
    assert!(help.out.contains("compare"), "{help:#?}");
    assert!(help.out.contains("(not in this build)"), "{help:#?}");
}

#[cfg(not(feature = "reproduce"))]
#[test]
fn reproduce_says_how_to_get_it() {
    refused(&["reproduce"], "reproduce");
    refused(&["reproduce", "uci", "--data", "sets"], "reproduce");
}

#[cfg(all(feature = "reproduce", not(feature = "download")))]
#[test]
fn download_says_how_to_get_it() {
    let args = ["reproduce", "htru2", "--data", "sets", "--out", "out"];
    refused(&[&args[..], &["--download"]].concat(), "download");
}

#[cfg(not(feature = "plot"))]
#[test]
fn pictures_say_how_to_get_them() {
    refused(&["theory", "plot", "field", "--out", "f.svg"], "plot");
    refused(&["theory", "region", "--out", "f.svg"], "plot");
}
