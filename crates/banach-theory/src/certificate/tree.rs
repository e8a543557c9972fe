//! Subdivisions as text.
//!
//! A tree is written in preorder: `.` is a box that is not cut further; `m`, `o`, `n` or `t` cuts the box at the middle of mu,
//! omega, nu or tau, and the two halves follow, lower half first. The boxes of any complete text cover the domain, because
//! each cut's halves share the cut.

use super::Domain;

const LEAF: char = '.';
const CUTS: [char; 4] = ['m', 'o', 'n', 't'];

/// A node of a subdivision under construction.
#[derive(Clone, Copy, Debug)]
pub(super) enum Node {
    Leaf,
    /// Cut along an axis; the halves are at `children` and `children + 1`.
    Cut {
        axis: usize,
        children: usize,
    },
}

/// The text of the tree whose root is node 0.
pub(super) fn encode(nodes: &[Node]) -> String {
    let mut text = String::with_capacity(nodes.len());
    let mut stack = vec![0];
    while let Some(index) = stack.pop() {
        match nodes[index] {
            Node::Leaf => text.push(LEAF),
            Node::Cut { axis, children } => {
                text.push(CUTS[axis]);
                stack.push(children + 1);
                stack.push(children);
            }
        }
    }
    text
}

/// Where and why a text is no tree.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Broken {
    pub(super) position: usize,
    pub(super) reason: &'static str,
}

/// The boxes of a tree in the order of its text, cut out of `domain`, and the number of cuts on the longest path.
pub(super) fn boxes(text: &str, domain: &Domain) -> Result<(Vec<Domain>, u32), Broken> {
    let (mut found, mut deepest) = (Vec::new(), 0);
    let mut pending = vec![(*domain, 0)];
    for (position, letter) in text.chars().enumerate() {
        let broken = |reason| Broken { position, reason };
        let (cell, depth) = pending
            .pop()
            .ok_or_else(|| broken("the tree is complete, but text follows"))?;
        if letter == LEAF {
            found.push(cell);
            deepest = deepest.max(depth);
            continue;
        }
        let axis = CUTS
            .iter()
            .position(|&cut| cut == letter)
            .ok_or_else(|| broken("allowed are . m o n t"))?;
        let [lower, upper] = cell
            .halves(axis)
            .ok_or_else(|| broken("the box is too narrow to be cut there"))?;
        pending.push((upper, depth + 1));
        pending.push((lower, depth + 1));
    }
    if pending.is_empty() {
        Ok((found, deepest))
    } else {
        Err(Broken {
            position: text.chars().count(),
            reason: "the text ends before the tree is complete",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit() -> Domain {
        Domain::new([0.0, 1.0], [0.0, 1.0], [1.0, 2.0], [1.0, 2.0])
    }

    #[test]
    fn boxes_of_a_tree_cover_the_domain() {
        let nodes = [
            Node::Cut {
                axis: 0,
                children: 1,
            },
            Node::Leaf,
            Node::Cut {
                axis: 3,
                children: 3,
            },
            Node::Leaf,
            Node::Leaf,
        ];
        let text = encode(&nodes);
        assert_eq!(text, "m.t..");
        let (cells, depth) = boxes(&text, &unit()).expect("a tree");
        assert_eq!((cells.len(), depth), (3, 2));
        let volume: f64 = cells
            .iter()
            .map(|c| c.axes().iter().map(|x| x.hi() - x.lo()).product::<f64>())
            .sum();
        assert_eq!(volume, 1.0);
    }

    #[test]
    fn texts_that_are_no_trees_say_where() {
        for (text, position) in [("", 0), ("m.", 2), ("..", 1), ("m.x", 2), ("q", 0)] {
            let broken = boxes(text, &unit()).expect_err(text);
            assert_eq!(broken.position, position, "{text}: {}", broken.reason);
        }
        let point = Domain::new([0.0, 0.0], [0.0, 1.0], [1.0, 2.0], [1.0, 2.0]);
        assert!(boxes("m..", &point).is_err());
    }
}
