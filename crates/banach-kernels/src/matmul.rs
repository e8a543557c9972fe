//! Matrix products on packed right-hand sides.
//!
//! C[m, n] = A[m, k] B[k, n]. B is packed into panels of [`PANEL`] columns, once for many products
//! ([`pack`]) or piece by piece on the way ([`matmul_plain`]). A is read where it lies, and a tile of C
//! stays in registers while k runs. Each element of C is one chain
//! `c = fma(a[i, p], b[p, j], c)` over p in ascending order, from 0 or from what C holds. So an
//! element's bits depend on its row of A and its column of B alone: not on the instruction set, the
//! number of rows computed together, the number of threads, or where k was cut into pieces.

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
        let (lines, _) = out.as_chunks_mut::<PANEL>();
        if b.column_stride == 1 {
            pack_rows(b, panel * PANEL, lines);
        } else {
            pack_columns(b, panel * PANEL, lines);
        }
    }
}

/// Packs the panel from column `first` on of a matrix whose rows are contiguous.
#[inline(always)]
fn pack_rows<T: Real>(b: Matrix<'_, T>, first: usize, lines: &mut [[T; PANEL]]) {
    let width = PANEL.min(b.columns - first);
    for (row, line) in lines.iter_mut().enumerate() {
        let source = &b.data[row * b.row_stride + first..];
        match source.first_chunk::<PANEL>() {
            // Of known length, so that no call is made for 128 bytes.
            Some(whole) if width == PANEL => *line = *whole,
            _ => {
                line[..width].copy_from_slice(&source[..width]);
                line[width..].fill(T::ZERO);
            }
        }
    }
}

/// Packs the panel from column `first` on of a matrix whose columns are contiguous: squares of 4 x 4 are turned in registers.
fn pack_columns<T: Real>(b: Matrix<'_, T>, first: usize, lines: &mut [[T; PANEL]]) {
    const SQUARE: usize = 4;
    let width = PANEL.min(b.columns - first);
    if width < PANEL {
        lines.fill([T::ZERO; PANEL]);
    }
    let column = |j: usize| &b.data[(first + j) * b.column_stride..][..b.rows];
    let whole = width - width % SQUARE;
    for j in (0..whole).step_by(SQUARE) {
        let columns: [&[T]; SQUARE] = std::array::from_fn(|i| column(j + i));
        let columns = columns.map(|column| column.as_chunks::<SQUARE>().0);
        let squares = columns[0]
            .iter()
            .zip(columns[1])
            .zip(columns[2])
            .zip(columns[3]);
        for ((((c0, c1), c2), c3), lines) in squares.zip(lines.as_chunks_mut::<SQUARE>().0) {
            for (row, line) in lines.iter_mut().enumerate() {
                line[j..j + SQUARE].copy_from_slice(&[c0[row], c1[row], c2[row], c3[row]]);
            }
        }
    }
    let rest = b.rows - b.rows % SQUARE;
    for j in 0..width {
        let first_row = if j < whole { rest } else { 0 };
        for (line, &value) in lines.iter_mut().zip(column(j)).skip(first_row) {
            line[j] = value;
        }
    }
}

/// Whether a product replaces what is in C or is added to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Into {
    /// C = A B.
    Overwrite,
    /// C = C + A B, going on with each element's chain of additions.
    Accumulate,
}

/// C = A B or C = C + A B, with B packed by [`pack`].
///
/// # Shapes
/// `a`: [m, k]; `packed_b`: `packed_len(k, n)` numbers; `c`: [m, n], row-major.
///
/// # Panics
/// If a length does not fit.
pub fn matmul<T: Real>(
    isa: Isa,
    a: Matrix<'_, T>,
    packed_b: &[T],
    n: usize,
    c: &mut [T],
    into: Into,
) {
    assert_eq!(
        packed_b.len(),
        packed_len(a.columns, n),
        "length of the packed right-hand side"
    );
    checked(isa, a, Right::Packed(packed_b), n, c, into);
}

/// C = A B or C = C + A B, with B as it lies: for a B that serves a few dozen rows of A and then
/// changes. The bits are those of [`matmul`].
///
/// # Shapes
/// `a`: [m, k]; `b`: [k, n], row-major; `c`: [m, n], row-major.
///
/// # Panics
/// If a length does not fit, or if `b` is not row-major.
pub fn matmul_plain<T: Real>(
    isa: Isa,
    a: Matrix<'_, T>,
    b: Matrix<'_, T>,
    c: &mut [T],
    into: Into,
) {
    assert_eq!(a.columns, b.rows, "columns of A, rows of B");
    assert_eq!(b.column_stride, 1, "distance of neighbours in a row of B");
    checked(isa, a, Right::Plain(b), b.columns, c, into);
}

fn checked<T: Real>(
    isa: Isa,
    a: Matrix<'_, T>,
    b: Right<'_, T>,
    n: usize,
    c: &mut [T],
    into: Into,
) {
    let (m, k) = (a.rows, a.columns);
    assert_eq!(c.len(), m * n, "length of the product");
    if m == 0 || n == 0 {
        return;
    }
    if k == 0 {
        if into == Into::Overwrite {
            c.fill(T::ZERO);
        }
        return;
    }
    let last = (m - 1) * a.row_stride + (k - 1) * a.column_stride;
    assert!(
        last < a.data.len(),
        "the left-hand side is shorter than its shape says"
    );
    // SAFETY: lengths were checked above; an Isa exists only where its set is supported.
    unsafe { T::product(isa, a, b, n, c, into) }
}

/// The right-hand side of a product.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub enum Right<'a, T> {
    Packed(&'a [T]),
    Plain(Matrix<'a, T>),
}

/// The product of one number type: chooses the tile kernel.
pub trait Product: Sized {
    /// Runs the product.
    ///
    /// # Safety
    /// `a`, `b` and `c` have the lengths that [`matmul`] and [`matmul_plain`] check; n, m, k > 0.
    #[doc(hidden)]
    unsafe fn product(
        isa: Isa,
        a: Matrix<'_, Self>,
        b: Right<'_, Self>,
        n: usize,
        c: &mut [Self],
        into: Into,
    );
}

impl Product for f64 {
    unsafe fn product(
        isa: Isa,
        a: Matrix<'_, f64>,
        b: Right<'_, f64>,
        n: usize,
        c: &mut [f64],
        into: Into,
    ) {
        // Checks need no tile of their own, but without the instruction set a fused multiply-add
        // is a function call.
        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx2,fma")]
        unsafe fn avx2(a: Matrix<'_, f64>, b: Right<'_, f64>, n: usize, c: &mut [f64], into: Into) {
            // SAFETY: the caller's promises are the same.
            unsafe { product::<f64, Portable>(a, b, n, c, into) }
        }
        // SAFETY: the caller's promises are the same; the Isa says what the processor supports.
        unsafe {
            match isa.0 {
                Level::Scalar => product::<f64, Portable>(a, b, n, c, into),
                #[cfg(target_arch = "x86_64")]
                Level::Avx2 | Level::Avx512 => avx2(a, b, n, c, into),
            }
        }
    }
}

impl Product for f32 {
    unsafe fn product(
        isa: Isa,
        a: Matrix<'_, f32>,
        b: Right<'_, f32>,
        n: usize,
        c: &mut [f32],
        into: Into,
    ) {
        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx2,fma")]
        unsafe fn avx2(a: Matrix<'_, f32>, b: Right<'_, f32>, n: usize, c: &mut [f32], into: Into) {
            // SAFETY: the caller's promises are the same.
            unsafe { product::<f32, Avx2>(a, b, n, c, into) }
        }
        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx512f")]
        unsafe fn avx512(
            a: Matrix<'_, f32>,
            b: Right<'_, f32>,
            n: usize,
            c: &mut [f32],
            into: Into,
        ) {
            // SAFETY: the caller's promises are the same.
            unsafe { product::<f32, Avx512>(a, b, n, c, into) }
        }
        // SAFETY: the caller's promises are the same; the Isa says what the processor supports.
        unsafe {
            match isa.0 {
                Level::Scalar => product::<f32, Portable>(a, b, n, c, into),
                #[cfg(target_arch = "x86_64")]
                Level::Avx2 => avx2(a, b, n, c, into),
                #[cfg(target_arch = "x86_64")]
                // A few columns would leave most of the wide tile empty.
                Level::Avx512 if n <= Avx2::WIDTH => avx2(a, b, n, c, into),
                #[cfg(target_arch = "x86_64")]
                Level::Avx512 => avx512(a, b, n, c, into),
            }
        }
    }
}

/// How one tile of C is computed: `c[i][j] += sum over p of a[i, p] * b[p, j]`, one fused
/// multiply-add chain an element.
trait Tile<T> {
    /// Rows of the tallest tile.
    const ROWS: usize;
    /// Columns of a tile; divides [`PANEL`].
    const WIDTH: usize;

    /// # Safety
    /// `a` may be read at [i, p], `b` at `p * PANEL + j`, and `c` read (unless fresh) and written at
    /// [i, j], for all i < R, p < k, j < WIDTH. The instruction set is supported.
    unsafe fn tile<const R: usize>(a: Strided<T>, b: *const T, k: usize, c: Target<T>);
}

/// Where a tile reads A.
#[derive(Clone, Copy)]
struct Strided<T> {
    start: *const T,
    row_stride: usize,
    column_stride: usize,
}

/// Where a tile of C lies; `fresh` tiles start from 0.
#[derive(Clone, Copy)]
struct Target<T> {
    start: *mut T,
    row_stride: usize,
    fresh: bool,
}

/// The reference: plain Rust for any processor.
struct Portable;

impl<T: Real> Tile<T> for Portable {
    const ROWS: usize = 4;
    const WIDTH: usize = 8;

    #[inline(always)]
    unsafe fn tile<const R: usize>(a: Strided<T>, b: *const T, k: usize, c: Target<T>) {
        let mut sums = [[T::ZERO; 8]; R];
        // SAFETY: reads and writes are promised by the caller.
        unsafe {
            if !c.fresh {
                for (i, sum) in sums.iter_mut().enumerate() {
                    *sum = c.start.add(i * c.row_stride).cast::<[T; 8]>().read();
                }
            }
            for p in 0..k {
                let line = b.add(p * PANEL).cast::<[T; 8]>().read();
                for (i, sum) in sums.iter_mut().enumerate() {
                    let factor = *a.start.add(i * a.row_stride + p * a.column_stride);
                    for (value, b) in sum.iter_mut().zip(line) {
                        *value = factor.mul_add(b, *value);
                    }
                }
            }
            for (i, sum) in sums.into_iter().enumerate() {
                c.start.add(i * c.row_stride).cast::<[T; 8]>().write(sum);
            }
        }
    }
}

/// Defines a tile kernel of two vectors a row on x86-64.
#[cfg(target_arch = "x86_64")]
macro_rules! tile_kernel {
    (
        $(#[$meta:meta])*
        $name:ident, rows $rows:literal, lanes $lanes:literal,
        $load:ident, $store:ident, $zero:ident, $splat:ident, $fma:ident
    ) => {
        $(#[$meta])*
        struct $name;

        impl Tile<f32> for $name {
            const ROWS: usize = $rows;
            const WIDTH: usize = 2 * $lanes;

            #[inline(always)]
            unsafe fn tile<const R: usize>(a: Strided<f32>, b: *const f32, k: usize, c: Target<f32>) {
                use std::arch::x86_64::{$fma, $load, $splat, $store, $zero};
                // SAFETY: reads and writes are promised by the caller, as is the instruction set.
                unsafe {
                    let mut sums = [[$zero(); 2]; R];
                    if !c.fresh {
                        for (i, sum) in sums.iter_mut().enumerate() {
                            let line = c.start.add(i * c.row_stride);
                            *sum = [$load(line), $load(line.add($lanes))];
                        }
                    }
                    for p in 0..k {
                        let line = b.add(p * PANEL);
                        let (left, right) = ($load(line), $load(line.add($lanes)));
                        for (i, sum) in sums.iter_mut().enumerate() {
                            let factor = a.start.add(i * a.row_stride + p * a.column_stride);
                            let factor = $splat(*factor);
                            sum[0] = $fma(factor, left, sum[0]);
                            sum[1] = $fma(factor, right, sum[1]);
                        }
                    }
                    for (i, sum) in sums.into_iter().enumerate() {
                        let line = c.start.add(i * c.row_stride);
                        $store(line, sum[0]);
                        $store(line.add($lanes), sum[1]);
                    }
                }
            }
        }
    };
}

#[cfg(target_arch = "x86_64")]
tile_kernel! {
    /// Tiles of 6 x 16: 12 sums, 2 of B and 1 of A fill the 16 registers.
    Avx2, rows 6, lanes 8,
    _mm256_loadu_ps, _mm256_storeu_ps, _mm256_setzero_ps, _mm256_set1_ps, _mm256_fmadd_ps
}

#[cfg(target_arch = "x86_64")]
tile_kernel! {
    /// Tiles of 8 x 32: 16 sums of the 32 registers; taller tiles were no faster.
    Avx512, rows 8, lanes 16,
    _mm512_loadu_ps, _mm512_storeu_ps, _mm512_setzero_ps, _mm512_set1_ps, _mm512_fmadd_ps
}

/// The product with one kind of tile.
///
/// # Safety
/// As [`Product::product`]; the instruction set of `K` is supported.
#[inline(always)]
unsafe fn product<T: Real, K: Tile<T>>(
    a: Matrix<'_, T>,
    b: Right<'_, T>,
    n: usize,
    c: &mut [T],
    into: Into,
) {
    // SAFETY: the caller's promises are the same.
    unsafe {
        match b {
            Right::Packed(_) => tiles::<T, K>(a, b, &mut [], n, c, into),
            Right::Plain(_) => {
                let mut piece = Aligned([[T::ZERO; PANEL]; K_BLOCK]);
                tiles::<T, K>(a, b, &mut piece.0, n, c, into);
            }
        }
    }
}

/// Starts on a cache line.
#[repr(align(64))]
struct Aligned<T>(T);

/// Runs over blocks of k, strips of columns, and tiles of rows. `piece` has room for [`K_BLOCK`] rows of
/// a panel when B is not packed yet.
///
/// # Safety
/// As [`product`].
#[inline(always)]
unsafe fn tiles<T: Real, K: Tile<T>>(
    a: Matrix<'_, T>,
    b: Right<'_, T>,
    piece: &mut [[T; PANEL]],
    n: usize,
    c: &mut [T],
    into: Into,
) {
    let (m, k) = (a.rows, a.columns);
    for k_first in (0..k).step_by(K_BLOCK) {
        let k_count = K_BLOCK.min(k - k_first);
        let fresh = k_first == 0 && into == Into::Overwrite;
        for first_column in (0..n).step_by(K::WIDTH) {
            let width = K::WIDTH.min(n - first_column);
            let panel_first = first_column - first_column % PANEL;
            let piece_of_panel = match b {
                // The rows of the panel from k_first on.
                Right::Packed(packed) => &packed[panel_first * k + k_first * PANEL..],
                Right::Plain(b) => {
                    if panel_first == first_column {
                        let b = b.row_range(k_first, k_count);
                        pack_rows(b, panel_first, &mut piece[..k_count]);
                    }
                    piece.as_flattened()
                }
            };
            let b = piece_of_panel[first_column % PANEL..].as_ptr();
            let mut row = 0;
            macro_rules! tiles {
                ($rows:literal) => {
                    while $rows <= K::ROWS && m - row >= $rows {
                        // SAFETY: rows row..row+$rows and columns k_first..k_first+k_count of A
                        // exist, as do k_count rows of the panel from b on, and width columns of C
                        // from first_column on; the edge buffer holds a whole tile.
                        unsafe {
                            let start = row * a.row_stride + k_first * a.column_stride;
                            let a = Strided {
                                start: a.data.as_ptr().add(start),
                                row_stride: a.row_stride,
                                column_stride: a.column_stride,
                            };
                            let line = c.as_mut_ptr().add(row * n + first_column);
                            if width == K::WIDTH {
                                let c = Target {
                                    start: line,
                                    row_stride: n,
                                    fresh,
                                };
                                K::tile::<$rows>(a, b, k_count, c);
                            } else {
                                let mut edge = [[T::ZERO; PANEL]; $rows];
                                for (i, edge) in edge.iter_mut().enumerate() {
                                    line.add(i * n).copy_to(edge.as_mut_ptr(), width);
                                }
                                let start = edge.as_mut_ptr().cast();
                                let c = Target {
                                    start,
                                    row_stride: PANEL,
                                    fresh,
                                };
                                K::tile::<$rows>(a, b, k_count, c);
                                for (i, edge) in edge.iter().enumerate() {
                                    line.add(i * n).copy_from(edge.as_ptr(), width);
                                }
                            }
                        }
                        row += $rows;
                    }
                };
            }
            tiles!(8);
            tiles!(6);
            tiles!(4);
            tiles!(2);
            tiles!(1);
        }
    }
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
        matmul(isa, a, &packed, b.columns(), &mut c, Into::Overwrite);
        c
    }

    fn product_plain(isa: Isa, a: Matrix<'_, f32>, b: Matrix<'_, f32>) -> Vec<f32> {
        let mut c = vec![f32::NAN; a.rows() * b.columns()];
        matmul_plain(isa, a, b, &mut c, Into::Overwrite);
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
    fn every_instruction_set_gives_the_same_bits_packed_and_plain() {
        for (m, n, k) in SIZES {
            let (a, b) = (random(m * k, 0), random(k * n, 1));
            let run = |isa| product(isa, Matrix::new(&a, m, k), Matrix::new(&b, k, n));
            let want = run(Isa::SCALAR);
            for isa in Isa::supported() {
                let plain = product_plain(isa, Matrix::new(&a, m, k), Matrix::new(&b, k, n));
                for got in [run(isa), plain] {
                    let mut pairs = got.iter().zip(&want);
                    let same = pairs.all(|(x, y)| x.to_bits() == y.to_bits());
                    assert!(same, "{m}x{n}x{k} {}", isa.name());
                }
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
    fn accumulating_over_pieces_of_k_gives_the_bits_of_the_whole() {
        let (m, n, k) = (19, 37, 530);
        let (a, b) = (random(k * m, 0), random(k * n, 1));
        for isa in Isa::supported() {
            let whole = product(
                isa,
                Matrix::new(&a, k, m).transposed(),
                Matrix::new(&b, k, n),
            );
            let mut c = vec![0.0; m * n];
            for (first, count) in [(0, 100), (100, 300), (400, 0), (400, 130)] {
                let b = Matrix::new(&b, k, n).row_range(first, count);
                let mut packed = vec![f32::NAN; packed_len(count, n)];
                pack(b, &mut packed);
                let a = Matrix::new(&a, k, m).row_range(first, count).transposed();
                matmul(isa, a, &packed, n, &mut c, Into::Accumulate);
            }
            assert_eq!(c, whole, "{}", isa.name());
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
