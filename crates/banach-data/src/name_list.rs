//! Names of columns in one text, as a person types them.

use std::fmt;
use std::str::FromStr;

use crate::names::NameError;

const FORM: &str = "names separated by commas, those with a comma in double quotes, such as \
                    a,\"b, c\"";

/// Names in one text, written as a line of CSV: separated by commas; a name in double quotes may have
/// commas in it, and two double quotes there are one. Blanks around names do not count, as in a header.
///
/// ```
/// use banach_data::NameList;
///
/// let names: NameList = r#"age, "price, USD",5" disk"#.parse()?;
/// assert_eq!(names.0, ["age", "price, USD", "5\" disk"]);
/// assert_eq!(names.to_string(), r#"age,"price, USD",5" disk"#);
/// # Ok::<(), banach_data::NameError>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NameList(pub Vec<String>);

impl FromStr for NameList {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let error = || NameError::new(FORM, text);
        let mut names = Vec::new();
        let mut rest = text;
        loop {
            let start = rest.trim_start_matches(is_blank);
            let after = if let Some(quoted) = start.strip_prefix('"') {
                let (name, after) = unquoted(quoted).ok_or_else(error)?;
                names.push(trimmed_name(&name).to_owned());
                let after = after.trim_start_matches(is_blank);
                if !(after.is_empty() || after.starts_with(',')) {
                    return Err(error());
                }
                after
            } else {
                let end = rest.find(',').unwrap_or(rest.len());
                names.push(trimmed_name(&rest[..end]).to_owned());
                &rest[end..]
            };
            match after.strip_prefix(',') {
                Some(more) => rest = more,
                None => return Ok(Self(names)),
            }
        }
    }
}

/// The text up to the closing quote, and what follows it; `None` if it is not closed.
fn unquoted(text: &str) -> Option<(String, &str)> {
    let mut name = String::new();
    let mut rest = text;
    loop {
        let (before, after) = rest.split_once('"')?;
        name.push_str(before);
        match after.strip_prefix('"') {
            Some(more) => {
                name.push('"');
                rest = more;
            }
            None => return Some((name, after)),
        }
    }
}

fn is_blank(char: char) -> bool {
    char.is_ascii_whitespace()
}

/// A name without the blanks around it, as tables have it.
#[must_use]
pub fn trimmed_name(name: &str) -> &str {
    name.trim_matches(is_blank)
}

impl fmt::Display for NameList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, name) in self.0.iter().enumerate() {
            if at > 0 {
                f.write_str(",")?;
            }
            if name.contains(',') || name.starts_with('"') {
                write!(f, "\"{}\"", name.replace('"', "\"\""))?;
            } else {
                f.write_str(name)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_those_of_a_line_of_csv() {
        let cases: [(&str, &[&str]); 12] = [
            ("a", &["a"]),
            ("a,b", &["a", "b"]),
            ("a, b ,c ", &["a", "b", "c"]),
            ("\"price, USD\"", &["price, USD"]),
            (" \"price, USD\" , y", &["price, USD", "y"]),
            ("\"say \"\"hi\"\", then\"", &["say \"hi\", then"]),
            ("5\" disk,x", &["5\" disk", "x"]),
            ("\"\"\"quoted\"\"\"", &["\"quoted\""]),
            ("-y,a=b", &["-y", "a=b"]),
            ("", &[""]),
            ("a,", &["a", ""]),
            ("\"\",größe", &["", "größe"]),
        ];
        for (text, names) in cases {
            assert_eq!(text.parse::<NameList>().unwrap().0, names, "{text}");
        }
        for text in ["\"a", "\"a\"b", "a,\"b", "\"a\"\"", "\"a\" b,c"] {
            let error = text.parse::<NameList>().unwrap_err().to_string();
            assert!(
                error.starts_with(
                    "expected names separated by commas, those with a comma in double"
                ),
                "{text}: {error}"
            );
        }
    }

    proptest! {
        #[test]
        fn every_list_is_read_as_it_is_written(names in prop::collection::vec("[ab,\" =-]{0,6}", 1..5)) {
            let names = names.iter().map(|name| trimmed_name(name).to_owned()).collect();
            let list = NameList(names);
            prop_assert_eq!(list.to_string().parse::<NameList>().unwrap(), list);
        }
    }
}
