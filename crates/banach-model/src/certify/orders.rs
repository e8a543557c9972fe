//! Orders in which matrices can follow each other.

/// Tries before the search is given up; chains that fit at all are found in far fewer.
const MAX_TRIES: usize = 200_000;

/// More matrices than any chain has that can be told apart by shapes.
const MAX_MATRICES: usize = 2000;

/// Orders of all matrices.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Orders {
    /// Some of them, as places of the matrices.
    pub(super) found: Vec<Vec<usize>>,
    /// Whether there may be more.
    pub(super) more: bool,
}

impl Orders {
    /// The only order there is.
    pub(super) fn only(&self) -> Option<&[usize]> {
        match &self.found[..] {
            [only] if !self.more => Some(only),
            _ => None,
        }
    }
}

/// Orders of all matrices in which each takes as many inputs as the one before has outputs, and that keep every pair of
/// `before`: at most `most` of them. `sizes` are inputs and outputs.
pub(super) fn orders(sizes: &[(usize, usize)], before: &[(usize, usize)], most: usize) -> Orders {
    let n = sizes.len();
    let (1..=MAX_MATRICES, Some(first)) = (n, first_width(sizes)) else {
        return Orders {
            found: Vec::new(),
            more: n > MAX_MATRICES,
        };
    };
    let mut n_before = vec![0; n];
    for &(_, after) in before {
        n_before[after] += 1;
    }
    let mut search = Search {
        sizes,
        before,
        n_before,
        placed: vec![false; n],
        order: Vec::with_capacity(n),
        found: Vec::new(),
        most,
        more: false,
        tries: 0,
    };
    search.extend(first);
    Orders {
        found: search.found,
        more: search.more,
    }
}

/// Matrices are edges from width to width, an order of all of them is a path that takes every edge once. Such a path leaves
/// one width more often than it enters it, the first, or none; `None` when there can be no path, `Some(None)` when it may
/// begin anywhere.
#[allow(
    clippy::option_option,
    reason = "no start and any start are two answers"
)]
fn first_width(sizes: &[(usize, usize)]) -> Option<Option<usize>> {
    let mut excess = std::collections::BTreeMap::new();
    for &(fan_in, n_out) in sizes {
        *excess.entry(fan_in).or_insert(0_i64) += 1;
        *excess.entry(n_out).or_insert(0_i64) -= 1;
    }
    let uneven: Vec<(usize, i64)> = excess.into_iter().filter(|&(_, n)| n != 0).collect();
    match uneven[..] {
        [] => Some(None),
        [(first, 1), (_, -1)] | [(_, -1), (first, 1)] => Some(Some(first)),
        _ => None,
    }
}

struct Search<'a> {
    sizes: &'a [(usize, usize)],
    before: &'a [(usize, usize)],
    /// How many that must come before have not been placed yet.
    n_before: Vec<usize>,
    placed: Vec<bool>,
    order: Vec<usize>,
    found: Vec<Vec<usize>>,
    most: usize,
    more: bool,
    tries: usize,
}

impl Search<'_> {
    fn extend(&mut self, width: Option<usize>) {
        if self.order.len() == self.sizes.len() {
            if self.found.len() == self.most {
                self.more = true;
            } else {
                self.found.push(self.order.clone());
            }
            return;
        }
        for next in 0..self.sizes.len() {
            let (fan_in, n_out) = self.sizes[next];
            let fits = width.is_none_or(|width| width == fan_in);
            if self.placed[next] || self.n_before[next] > 0 || !fits {
                continue;
            }
            self.tries += 1;
            if self.tries > MAX_TRIES {
                self.more = true;
            }
            if self.more {
                return;
            }
            self.place(next, true);
            self.extend(Some(n_out));
            self.place(next, false);
        }
    }

    fn place(&mut self, matrix: usize, placed: bool) {
        self.placed[matrix] = placed;
        if placed {
            self.order.push(matrix);
        } else {
            self.order.pop();
        }
        for &(_, after) in self.before.iter().filter(|pair| pair.0 == matrix) {
            if placed {
                self.n_before[after] -= 1;
            } else {
                self.n_before[after] += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn different_widths_leave_one_order() {
        let sizes = [(8, 3), (20, 64), (64, 8)];
        assert_eq!(orders(&sizes, &[], 9).only(), Some(&[1, 2, 0][..]));
    }

    #[test]
    fn equal_widths_leave_several_orders_and_pairs_settle_them() {
        let sizes = [(64, 64), (64, 64), (64, 3)];
        assert_eq!(orders(&sizes, &[], 9).found, [[0, 1, 2], [1, 0, 2]]);
        assert_eq!(orders(&sizes, &[(1, 0)], 9).only(), Some(&[1, 0, 2][..]));
        let first = orders(&sizes, &[], 1);
        assert_eq!(
            (first.found.len(), first.more, first.only()),
            (1, true, None)
        );
    }

    #[test]
    fn a_cycle_may_begin_anywhere() {
        // 20 -> 64 -> 8 -> 64 -> 20: an autoencoder.
        let sizes = [(20, 64), (64, 8), (8, 64), (64, 20)];
        assert_eq!(orders(&sizes, &[], 9).found.len(), 4);
        // With the numbers of encoder and decoder kept: encoder first, or decoder first.
        assert_eq!(
            orders(&sizes, &[(0, 1), (2, 3)], 9).found,
            [[0, 1, 2, 3], [2, 3, 0, 1]]
        );
    }

    #[test]
    fn towers_make_no_chain() {
        let sides: [(usize, usize); 3] = [(48, 48), (48, 48), (96, 2)];
        assert_eq!(orders(&sides, &[], 9), Orders::default());
        let apart = [(20, 64), (64, 3), (30, 48), (48, 5)];
        assert_eq!(orders(&apart, &[], 9), Orders::default());
    }

    #[test]
    fn many_equal_matrices_are_no_burden() {
        let sizes = vec![(64, 64); 500];
        let before: Vec<(usize, usize)> = (1..500).map(|k| (k - 1, k)).collect();
        assert_eq!(
            orders(&sizes, &before, 2).only().map(<[usize]>::len),
            Some(500)
        );
        assert!(orders(&sizes, &[], 2).more);
    }
}
