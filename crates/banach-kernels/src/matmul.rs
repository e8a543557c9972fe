//! Matrix products on packed right-hand sides.
//!
//! C[m, n] = A[m, k] B[k, n]. B is packed once into panels of [`PANEL`] columns, A is read where it
//! lies, and a tile of C stays in registers while k runs. Each element of C is one chain
//! `c = fma(a[i, p], b[p, j], c)` over p in ascending order, cut into blocks of [`K_BLOCK`] whose
//! sums are added in order. So an element's bits depend on its row of A and its column of B alone:
//! not on the instruction set, the number of rows computed together, or the number of threads.

use crate::isa::Level;
use crate::{Isa, Real};

/// Columns of B that lie side by side in one panel.
const PANEL: usize = 32;

/// Rows of a panel that are used at a stretch: 32 KiB of f32, which fits the first-level cache.
const K_BLOCK: usize = 256;

/// A borrowed matrix with any strides.
#[derive(Debug, Clone, Copy)]
pub struct Matrix<'a, T> {
    data: &'a [T],
    rows: usize,
    columns: usize,
    row_stride: usize,
    column_stride: usize,
}

impl<'a, T> Matrix<'a, T> {
    /// A row-major matrix of `rows` x `columns`.
    ///
    /// # Panics
    /// If `data` does not hold exactly `rows * columns` numbers.
    #[must_use]
    pub fn new(data: &'a [T], rows: usize, columns: usize) -> Self {
        assert_eq!(data.len(), rows * columns, "a {rows} x {columns} matrix");
        Self {
            data,
            rows,
            columns,
            row_stride: columns,
            column_stride: 1,
        }
    }

    /// The same numbers read as the transposed matrix.
    #[must_use]
    pub fn transposed(self) -> Self {
        Self {
            data: self.data,
            rows: self.columns,
            columns: self.rows,
            row_stride: self.column_stride,
            column_stride: self.row_stride,
        }
    }

    /// The `count` rows from `first` on.
    ///
    /// # Panics
    /// If the matrix has fewer rows.
    #[must_use]
    pub fn row_range(self, first: usize, count: usize) -> Self {
        assert!(
            first + count <= self.rows,
            "rows {first}..{} of {}",
            first + count,
            self.rows
        );
        let data = if count == 0 {
            &[]
        } else {
            &self.data[first * self.row_stride..]
        };
        Self {
            data,
            rows: count,
            ..self
        }
    }

    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of columns.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.columns
    }
}

/// How many numbers [`pack`] writes for a matrix of `rows` x `columns`.
#[must_use]
pub const fn packed_len(rows: usize, columns: usize) -> usize {
    rows * columns.div_ceil(PANEL) * PANEL
}

/// Packs the right-hand side of a product: panel after panel, `[panel][row][PANEL]`, missing
/// columns of the last panel filled with zeros.
///
/// # Panics
/// If `packed` is not [`packed_len`] long.
pub fn pack<T: Real>(b: Matrix<'_, T>, packed: &mut [T]) {
    assert_eq!(
        packed.len(),
        packed_len(b.rows, b.columns),
        "length of the packed matrix"
    );
    if b.rows == 0 {
        return;
    }
    for (panel, out) in packed.chunks_exact_mut(b.rows * PANEL).enumerate() {
        let first = panel * PANEL;
        let width = PANEL.min(b.columns - first);
        if width < PANEL {
            out.fill(T::ZERO);
        }
        if b.column_stride == 1 {
            for (row, line) in out.chunks_exact_mut(PANEL).enumerate() {
                let start = row * b.row_stride + first;
                line[..width].copy_from_slice(&b.data[start..start + width]);
            }
        } else {
            for column in 0..width {
                let start = (first + column) * b.column_stride;
                for row in 0..b.rows {
                    out[row * PANEL + column] = b.data[start + row * b.row_stride];
                }
            }
        }
    }
}

/// C = A B, with B packed by [`pack`].
///
/// # Shapes
/// `a`: [m, k]; `packed_b`: `packed_len(k, n)` numbers; `c`: [m, n], row-major.
///
/// # Panics
/// If a length does not fit.
pub fn matmul<T: Real>(isa: Isa, a: Matrix<'_, T>, packed_b: &[T], n: usize, c: &mut [T]) {
    let (m, k) = (a.rows, a.columns);
    assert_eq!(
        packed_b.len(),
        packed_len(k, n),
        "length of the packed right-hand side"
    );
    assert_eq!(c.len(), m * n, "length of the product");
    if m == 0 || n == 0 {
        return;
    }
    if k == 0 {
        c.fill(T::ZERO);
        return;
    }
    let last = (m - 1) * a.row_stride + (k - 1) * a.column_stride;
    assert!(
        last < a.data.len(),
        "the left-hand side is shorter than its shape says"
    );
    // SAFETY: lengths were checked above; an Isa exists only where its set is supported.
    unsafe {
        match isa.0 {
            Level::Scalar => product::<T, 4, 16>(a, packed_b, n, c),
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => product_avx2(a, packed_b, n, c),
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => product_avx512(a, packed_b, n, c),
        }
    }
}

// A tile of 6 x 16 f32 fills 12 of the 16 registers of AVX2.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn product_avx2<T: Real>(a: Matrix<'_, T>, packed_b: &[T], n: usize, c: &mut [T]) {
    // SAFETY: the caller's promises are the same.
    unsafe { product::<T, 6, 16>(a, packed_b, n, c) }
}

// A tile of 8 x 32 f32 fills 16 of the 32 registers of AVX-512; taller tiles were slower.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,avx512f")]
unsafe fn product_avx512<T: Real>(a: Matrix<'_, T>, packed_b: &[T], n: usize, c: &mut [T]) {
    // SAFETY: the caller's promises are the same.
    unsafe { product::<T, 8, 32>(a, packed_b, n, c) }
}

/// Runs over blocks of k, strips of WIDTH columns and tiles of ROWS rows.
///
/// # Safety
/// `a`, `packed_b` and `c` have the lengths that [`matmul`] checks; n, m, k > 0.
#[inline(always)]
unsafe fn product<T: Real, const ROWS: usize, const WIDTH: usize>(
    a: Matrix<'_, T>,
    packed_b: &[T],
    n: usize,
    c: &mut [T],
) {
    let (m, k) = (a.rows, a.columns);
    for k_first in (0..k).step_by(K_BLOCK) {
        let k_count = K_BLOCK.min(k - k_first);
        for first_column in (0..n).step_by(WIDTH) {
            let panel = first_column / PANEL;
            let offset = (panel * k + k_first) * PANEL + first_column % PANEL;
            let width = WIDTH.min(n - first_column);
            // SAFETY: offset lies in panel `panel`, at row k_first.
            let b = unsafe { packed_b.as_ptr().add(offset) };
            let mut row = 0;
            macro_rules! tiles {
                ($rows:expr) => {
                    while row + $rows <= m {
                        // SAFETY: rows row..row+$rows and columns k_first..k_first+k_count of A
                        // exist, as do k_count rows of the panel from b on.
                        unsafe {
                            let start = a
                                .data
                                .as_ptr()
                                .add(row * a.row_stride + k_first * a.column_stride);
                            let sums = tile::<T, { $rows }, WIDTH>(
                                start,
                                a.row_stride,
                                a.column_stride,
                                b,
                                k_count,
                            );
                            for (i, sum) in sums.iter().enumerate() {
                                let to = (row + i) * n + first_column;
                                let line = c.get_unchecked_mut(to..to + width);
                                if k_first == 0 {
                                    line.copy_from_slice(sum.get_unchecked(..width));
                                } else {
                                    for (value, &more) in line.iter_mut().zip(sum) {
                                        *value += more;
                                    }
                                }
                            }
                        }
                        row += $rows;
                    }
                };
            }
            tiles!(ROWS);
            tiles!(4);
            tiles!(2);
            tiles!(1);
        }
    }
}

/// One tile: `sums[i][j] = sum over p of a[i, p] * b[p, j]`, in registers.
///
/// # Safety
/// `a` may be read at `i * row_stride + p * column_stride` and `b` at `p * PANEL + j` for all
/// i < ROWS, p < k, j < WIDTH.
#[inline(always)]
unsafe fn tile<T: Real, const ROWS: usize, const WIDTH: usize>(
    a: *const T,
    row_stride: usize,
    column_stride: usize,
    b: *const T,
    k: usize,
) -> [[T; WIDTH]; ROWS] {
    let mut sums = [[T::ZERO; WIDTH]; ROWS];
    for p in 0..k {
        // SAFETY: promised by the caller.
        let line: &[T; WIDTH] = unsafe { &*b.add(p * PANEL).cast() };
        for (i, sum) in sums.iter_mut().enumerate() {
            // SAFETY: promised by the caller.
            let factor = unsafe { *a.add(i * row_stride + p * column_stride) };
            for (value, &b) in sum.iter_mut().zip(line) {
                *value = factor.mul_add(b, *value);
            }
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Purpose, Stream};

    fn random(len: usize, lane: u32) -> Vec<f32> {
        let mut values = vec![0.0; len];
        Stream::new(3, Purpose::Weights, 0, lane).fill_normal(&mut values, 1.0);
        values
    }

    fn product(isa: Isa, a: Matrix<'_, f32>, b: Matrix<'_, f32>) -> Vec<f32> {
        let mut packed = vec![f32::NAN; packed_len(b.rows(), b.columns())];
        pack(b, &mut packed);
        let mut c = vec![f32::NAN; a.rows() * b.columns()];
        matmul(isa, a, &packed, b.columns(), &mut c);
        c
    }

    /// Three plain loops in f64.
    fn reference(a: Matrix<'_, f32>, b: Matrix<'_, f32>) -> Vec<f64> {
        let at = |m: Matrix<'_, f32>, i: usize, j: usize| {
            f64::from(m.data[i * m.row_stride + j * m.column_stride])
        };
        let mut c = Vec::new();
        for i in 0..a.rows() {
            for j in 0..b.columns() {
                c.push((0..a.columns()).map(|p| at(a, i, p) * at(b, p, j)).sum());
            }
        }
        c
    }

    const SIZES: [(usize, usize, usize); 12] = [
        (1, 1, 1),
        (1, 2, 3),
        (5, 7, 9),
        (6, 16, 8),
        (8, 32, 256),
        (13, 33, 257),
        (64, 100, 31),
        (3, 65, 700),
        (31, 10, 64),
        (2, 1, 513),
        (4, 4, 0),
        (17, 48, 300),
    ];

    #[test]
    fn matches_three_plain_loops_for_every_layout_and_instruction_set() {
        for (m, n, k) in SIZES {
            let (a, b) = (random(m * k, 0), random(k * n, 1));
            for isa in Isa::supported() {
                let layouts = [
                    (Matrix::new(&a, m, k), Matrix::new(&b, k, n)),
                    (Matrix::new(&a, m, k), Matrix::new(&b, n, k).transposed()),
                    (Matrix::new(&a, k, m).transposed(), Matrix::new(&b, k, n)),
                ];
                for (case, (a, b)) in layouts.into_iter().enumerate() {
                    let got = product(isa, a, b);
                    let want = reference(a, b);
                    // Rounding of k products of standard normal numbers, with a margin.
                    let tolerance = 1e-6 * (k as f64 + 1.0).sqrt() * 4.0;
                    for (got, want) in got.iter().zip(&want) {
                        assert!(
                            (f64::from(*got) - want).abs() < tolerance,
                            "{m}x{n}x{k} layout {case} {}: {got} != {want}",
                            isa.name()
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn every_instruction_set_gives_the_same_bits() {
        for (m, n, k) in SIZES {
            let (a, b) = (random(m * k, 0), random(k * n, 1));
            let run = |isa| product(isa, Matrix::new(&a, m, k), Matrix::new(&b, k, n));
            let want = run(Isa::SCALAR);
            for isa in Isa::supported() {
                let same = run(isa)
                    .iter()
                    .zip(&want)
                    .all(|(x, y)| x.to_bits() == y.to_bits());
                assert!(same, "{m}x{n}x{k} {}", isa.name());
            }
        }
    }

    #[test]
    fn a_row_has_the_same_bits_alone_and_among_others() {
        let (m, n, k) = (29, 45, 600);
        let (a, b) = (random(m * k, 0), random(k * n, 1));
        for isa in Isa::supported() {
            let all = product(isa, Matrix::new(&a, m, k), Matrix::new(&b, k, n));
            for row in 0..m {
                let one = Matrix::new(&a, m, k).row_range(row, 1);
                assert_eq!(
                    product(isa, one, Matrix::new(&b, k, n)),
                    all[row * n..][..n]
                );
            }
        }
    }

    #[test]
    fn not_a_number_spreads_along_its_row_only() {
        let mut a = random(6 * 40, 0);
        a[40 + 3] = f32::NAN;
        let b = random(40 * 5, 1);
        for isa in Isa::supported() {
            let c = product(isa, Matrix::new(&a, 6, 40), Matrix::new(&b, 40, 5));
            for (i, value) in c.iter().enumerate() {
                assert_eq!(value.is_nan(), i / 5 == 1, "element {i}");
            }
        }
    }
}
