//! Names that do not exist, and the existing ones that may have been meant.

/// A name that does not exist, and the existing one most like it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownName {
    /// The name that was asked for.
    pub name: String,
    /// The nearest existing name, if one is near.
    pub nearest: Option<String>,
}

impl UnknownName {
    /// Pairs `name` with the most similar of `existing`.
    #[must_use]
    pub fn new<'a>(name: &str, existing: impl IntoIterator<Item = &'a str>) -> Self {
        Self {
            name: name.to_owned(),
            nearest: nearest_name(name, existing),
        }
    }
}

/// The existing name most like `name`, or `None` when none is similar enough to be meant.
///
/// Similarity is the normalized Damerau-Levenshtein distance of the lower-case names, at least 0.6.
#[must_use]
pub fn nearest_name<'a>(name: &str, existing: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let wanted = name.to_lowercase();
    let mut best: Option<(f64, &str)> = None;
    for candidate in existing {
        let score = strsim::normalized_damerau_levenshtein(&wanted, &candidate.to_lowercase());
        if score >= 0.6 && best.is_none_or(|(top, _)| score > top) {
            best = Some((score, candidate));
        }
    }
    best.map(|(_, candidate)| candidate.to_owned())
}

/// The end of a message about an unknown name: `; did you mean "income"?`, or nothing without a near one.
#[must_use]
pub fn did_you_mean(nearest: Option<&str>) -> String {
    nearest.map_or(String::new(), |name| format!("; did you mean {name:?}?"))
}

/// Names that a message lists before it says how many there are.
const MAX_LISTED: usize = 10;

/// Unknown names for a message, each with the one that may have been meant.
pub(crate) fn list(names: &[UnknownName]) -> String {
    let mut each: Vec<String> = names
        .iter()
        .take(MAX_LISTED)
        .map(|unknown| match &unknown.nearest {
            Some(nearest) => format!("{:?} (did you mean {nearest:?}?)", unknown.name),
            None => format!("{:?}", unknown.name),
        })
        .collect();
    if names.len() > MAX_LISTED {
        each.push(format!("... ({} in all)", names.len()));
    }
    each.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_found_and_far_ones_are_not() {
        let existing = ["age", "income", "hours-per-week"];
        assert_eq!(nearest_name("Incme", existing).as_deref(), Some("income"));
        assert_eq!(
            nearest_name("hours_per_week", existing).as_deref(),
            Some("hours-per-week")
        );
        assert_eq!(nearest_name("zzz", existing), None);
    }
}
