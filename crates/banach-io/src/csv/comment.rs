//! Lines that begin with a mark and are no rows.

/// What spreadsheets write for values that are not there; longer ones before their beginnings.
const VALUES: [&str; 10] = [
    "#n/a", "#na", "#div/0!", "#value!", "#ref!", "#name?", "#num!", "#null!", "#spill!", "#error!",
];

/// Whether a line, from its beginning on, may be a comment with this mark: it begins with it, and not with a
/// value such as `#N/A`.
pub(super) fn may_be_comment(line: &[u8], mark: u8) -> bool {
    let begins = |word: &str| {
        let head = line.get(..word.len()).unwrap_or_default();
        let ends = line
            .get(word.len())
            .is_none_or(|byte| !byte.is_ascii_alphanumeric());
        head.eq_ignore_ascii_case(word.as_bytes()) && ends
    };
    line.first() == Some(&mark) && !(mark == b'#' && VALUES.iter().any(|word| begins(word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_spreadsheets_are_no_comments() {
        for (line, expected) in [
            ("# logger", true),
            ("#n", true),
            ("#name of the site", true),
            ("#N/A,1", false),
            ("#N/A", false),
            ("#DIV/0!;2", false),
            ("#NAME?\t3", false),
            ("1,#", false),
            ("", false),
        ] {
            assert_eq!(may_be_comment(line.as_bytes(), b'#'), expected, "{line}");
        }
        assert!(may_be_comment(b"% x", b'%') && !may_be_comment(b"% x", b'#'));
    }
}
