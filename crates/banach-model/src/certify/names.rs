//! Names of tensors as other frameworks give them.
//!
//! `net.0.weight` and `net.0.bias` (PyTorch), `dense_1/kernel:0` (TensorFlow), `params.Dense_1.kernel` (Flax): the last part
//! says what a tensor is, those before it to which module it belongs.

use std::cmp::Ordering;
use std::collections::BTreeMap;

/// Parts that wrappers put into names (`DataParallel`, `torch.compile`); they say nothing about the network.
const WRAPPERS: [&str; 2] = ["module", "_orig_mod"];

/// The outermost part in the files of many training programs.
const OUTERMOST: [&str; 2] = ["model", "params"];

/// A name in its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name {
    /// The parts before the last.
    pub(super) module: Vec<String>,
    /// The last part, without TensorFlow's `:0`.
    pub(super) stem: String,
}

impl Name {
    pub(super) fn of(text: &str) -> Self {
        let text = match text.rsplit_once(':') {
            Some((name, output))
                if !output.is_empty() && output.bytes().all(|byte| byte.is_ascii_digit()) =>
            {
                name
            }
            _ => text,
        };
        let mut parts: Vec<String> = text
            .split(['.', '/'])
            .filter(|part| !part.is_empty() && !WRAPPERS.contains(part))
            .map(str::to_owned)
            .collect();
        let stem = parts.pop().unwrap_or_default();
        if parts
            .first()
            .is_some_and(|first| OUTERMOST.contains(&&first[..]))
        {
            parts.remove(0);
        }
        Self {
            module: parts,
            stem,
        }
    }

    /// Whether it is the name of a layer's weights.
    pub(super) fn is_weight(&self) -> bool {
        self.stem == WEIGHT || self.stem == KERNEL
    }

    /// Whether it is the name of the biases of the module of `weight`.
    pub(super) fn is_bias_of(&self, weight: &Self) -> bool {
        self.stem == "bias" && self.module == weight.module
    }
}

/// The last part for a matrix that is stored [out, in].
pub(super) const WEIGHT: &str = "weight";
/// The last part for a matrix that is stored [in, out].
pub(super) const KERNEL: &str = "kernel";

/// A number in a name, of any length; `dense` beside `dense_1` has none.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Number(Option<String>);

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        let size = |number: &Self| {
            number
                .0
                .as_ref()
                .map(|digits| (digits.len(), digits.clone()))
        };
        size(self).cmp(&size(other))
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Which names come before which by their numbers: pairs of places in `names`.
///
/// Only names that differ in one number alone are compared (`layers.2` and `layers.10`, `fc1` and `fc2`); where several
/// numbers vary, those with all but the last alike (`blocks.1.fc1` and `blocks.1.fc2`). Other names have no order.
pub(super) fn numbered(names: &[Name]) -> Vec<(usize, usize)> {
    let texts: Vec<Vec<String>> = names.iter().map(parts).collect();
    let plain: Vec<(String, Vec<Number>)> =
        texts.iter().map(|parts| pattern(parts, None)).collect();
    let mut families: BTreeMap<String, Vec<(usize, Vec<Number>)>> = BTreeMap::new();
    for (index, parts) in texts.iter().enumerate() {
        // Keras calls the first of its kind `dense`, the next one `dense_1`.
        let unnumbered = (0..parts.len())
            .map(|at| pattern(parts, Some(at)))
            .find(|(with, _)| plain.iter().any(|(other, _)| other == with));
        let (family, numbers) = unnumbered.unwrap_or_else(|| plain[index].clone());
        families.entry(family).or_default().push((index, numbers));
    }
    let mut pairs = Vec::new();
    for members in families.into_values() {
        let n_numbers = members[0].1.len();
        let varies = |&at: &usize| members.iter().any(|(_, n)| n[at] != members[0].1[at]);
        let Some(last) = (0..n_numbers).rev().find(varies) else {
            continue;
        };
        let mut groups: BTreeMap<Vec<Number>, Vec<(Number, usize)>> = BTreeMap::new();
        for (index, mut numbers) in members {
            let number = numbers.remove(last);
            groups.entry(numbers).or_default().push((number, index));
        }
        for mut group in groups.into_values() {
            group.sort();
            let levels: Vec<_> = group.chunk_by(|a, b| a.0 == b.0).collect();
            for level in levels.windows(2) {
                let next = |&(_, a): &(Number, usize)| level[1].iter().map(move |&(_, b)| (a, b));
                pairs.extend(level[0].iter().flat_map(next));
            }
        }
    }
    pairs
}

fn parts(name: &Name) -> Vec<String> {
    let mut parts = name.module.clone();
    parts.push(name.stem.clone());
    parts
}

/// The name with `#` in place of its numbers, and the numbers. The part `unnumbered` is read as if `_` and a number followed.
fn pattern(parts: &[String], unnumbered: Option<usize>) -> (String, Vec<Number>) {
    let (mut text, mut numbers) = (String::new(), Vec::new());
    for (at, part) in parts.iter().enumerate() {
        let mut rest = &part[..];
        while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
            let digits = rest[start..].bytes().take_while(u8::is_ascii_digit).count();
            text.push_str(&rest[..start]);
            text.push('#');
            let number = rest[start..start + digits].trim_start_matches('0');
            numbers.push(Number(Some(number.to_owned())));
            rest = &rest[start + digits..];
        }
        text.push_str(rest);
        if unnumbered == Some(at) {
            text.push_str("_#");
            numbers.push(Number(None));
        }
        text.push('.');
    }
    (text, numbers)
}

/// Whether a name fits a pattern in which `*` stands for any text and `?` for one character.
pub(super) fn fits(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), name.chars().collect());
    // reached[k]: the pattern so far fits the first k characters.
    let mut reached = vec![false; name.len() + 1];
    reached[0] = true;
    for &symbol in &pattern {
        let mut next = vec![false; name.len() + 1];
        for k in 0..=name.len() {
            next[k] = match symbol {
                '*' => reached[k] || k > 0 && next[k - 1],
                '?' => k > 0 && reached[k - 1],
                symbol => k > 0 && reached[k - 1] && name[k - 1] == symbol,
            };
        }
        reached = next;
    }
    reached[name.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_several_frameworks_are_taken_apart() {
        for (text, module, stem) in [
            ("net.0.weight", "net.0", "weight"),
            ("weight", "", "weight"),
            ("dense_1/kernel:0", "dense_1", "kernel"),
            ("dense_1/dense_1/bias:0", "dense_1.dense_1", "bias"),
            ("module._orig_mod.fc1.weight", "fc1", "weight"),
            ("model.layers.0._orig_mod.weight", "layers.0", "weight"),
            ("params.Dense_0.kernel", "Dense_0", "kernel"),
            ("a:b.weight", "a:b", "weight"),
        ] {
            let name = Name::of(text);
            assert_eq!((&name.module.join(".")[..], &name.stem[..]), (module, stem));
        }
    }

    /// The pairs as names.
    fn order<'a>(texts: &[&'a str]) -> Vec<(&'a str, &'a str)> {
        let names: Vec<Name> = texts.iter().map(|text| Name::of(text)).collect();
        let pairs = numbered(&names);
        pairs
            .into_iter()
            .map(|(a, b)| (texts[a], texts[b]))
            .collect()
    }

    #[test]
    fn numbers_order_names_that_differ_in_nothing_else() {
        assert_eq!(
            order(&["n.10.weight", "n.2.weight", "head.weight", "n.002.weight"]),
            [
                ("n.2.weight", "n.10.weight"),
                ("n.002.weight", "n.10.weight")
            ]
        );
        assert_eq!(
            order(&["fc2.weight", "fc1.weight"]),
            [("fc1.weight", "fc2.weight")]
        );
        assert_eq!(
            order(&["dense/kernel", "dense_1/kernel", "dense_2/kernel"]),
            [
                ("dense/kernel", "dense_1/kernel"),
                ("dense_1/kernel", "dense_2/kernel")
            ]
        );
        assert_eq!(order(&["encoder.0.weight", "decoder.2.weight"]), []);
        // The first number is the same in all: only the second one counts.
        assert_eq!(
            order(&["net1.l.2.weight", "net1.l.0.weight"]),
            [("net1.l.0.weight", "net1.l.2.weight")]
        );
    }

    #[test]
    fn numbers_of_two_levels_order_the_inner_level_alone() {
        assert_eq!(
            order(&[
                "b.0.fc1.weight",
                "b.0.fc2.weight",
                "b.1.fc1.weight",
                "b.1.fc2.weight"
            ]),
            [
                ("b.0.fc1.weight", "b.0.fc2.weight"),
                ("b.1.fc1.weight", "b.1.fc2.weight")
            ]
        );
    }

    #[test]
    fn patterns_fit_whole_names() {
        for (pattern, name, fit) in [
            ("norm.*", "norm.weight", true),
            ("*norm*", "layers.1.norm.bias", true),
            ("norm.weight", "norm.weight", true),
            ("norm", "norm.weight", false),
            ("?.weight", "1.weight", true),
            ("?.weight", "10.weight", false),
            ("*", "", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c-b", false),
        ] {
            assert_eq!(fits(pattern, name), fit, "{pattern} {name}");
        }
    }
}
