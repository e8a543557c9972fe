//! Matrix products of panels.
//!
//! A tile of C stays in registers while k runs. Each element of C is one chain
//! `c = fma(a, b, c)` over k in ascending order, from 0 or from what C holds. So an element's bits
//! depend on its row of A and its column of B alone: not on the instruction set, the number of rows
//! or columns computed together, the number of threads, or where k was cut into pieces.

use std::ops::Range;

use crate::Isa;
use crate::isa::Level;
use crate::line::{LANES, Line, Panels, PanelsMut};
use crate::number::Number;

/// Whether a product is added to what is in C or replaces it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accumulate {
    /// C = A B.
    No,
    /// C = C + A B, going on with each element's chain of additions.
    Yes,
}

/// Some rows of `C = A^T B`, with one panel of A: `c[rows[i], j] = sum_p a[p][i] b[p, j]`.
///
/// # Shapes
/// `a`: `k` lines; `b`: [k, n]; `c`: [m, n]; `rows`: at most 32 of the rows of `c`.
///
/// # Panics
/// If a shape does not fit.
pub fn matmul_tn<T: Number + Product>(
    isa: Isa,
    a: &[Line<T>],
    b: Panels<'_, T>,
    c: &mut PanelsMut<'_, T>,
    rows: Range<usize>,
) {
    assert!(rows.len() <= LANES, "{} rows of a panel", rows.len());
    let left = Left {
        start: a.as_ptr().cast(),
        chunk_stride: 0,
    };
    run::<T, true>(isa, (left, a.len()), b, c, rows, Accumulate::No);
}

/// Some rows of `C = A B` or of `C = C + A B`: `c[i, j] = sum_p a[i, p] b[p, j]` for i in `rows`.
///
/// # Shapes
/// `a`: [m, k]; `b`: [k, n]; `c`: [m, n].
///
/// # Panics
/// If a shape does not fit.
pub fn matmul_nn<T: Number + Product>(
    isa: Isa,
    a: Panels<'_, T>,
    b: Panels<'_, T>,
    c: &mut PanelsMut<'_, T>,
    rows: Range<usize>,
    accumulate: Accumulate,
) {
    assert!(rows.end <= a.rows(), "rows of the left-hand side");
    let left = Left {
        // Without columns or rows there is no such line, and none is read.
        start: a.lines().as_ptr().wrapping_add(rows.start).cast(),
        chunk_stride: a.stride() * LANES,
    };
    run::<T, false>(isa, (left, a.columns()), b, c, rows, accumulate);
}

fn run<T: Number + Product, const TN: bool>(
    isa: Isa,
    (a, k): (Left<T>, usize),
    b: Panels<'_, T>,
    c: &mut PanelsMut<'_, T>,
    rows: Range<usize>,
    accumulate: Accumulate,
) {
    let shape = c.as_ref();
    assert_eq!(b.rows(), k, "rows of the right-hand side");
    assert_eq!(shape.columns(), b.columns(), "columns of the product");
    assert!(rows.end <= shape.rows(), "rows of the product");
    if rows.is_empty() {
        return;
    }
    for panel in 0..crate::line::lines_for(b.columns()) {
        if k == 0 {
            // The sum of no products; there is no line of A or B to point to.
            if accumulate == Accumulate::No {
                c.panel_mut(panel)[rows.clone()].fill(Line::ZERO);
            }
            continue;
        }
        let job = Job {
            a,
            b: b.panel(panel).as_ptr().cast(),
            k,
            c: c.panel_mut(panel)[rows.clone()].as_mut_ptr().cast(),
            rows: rows.len(),
            columns: b.width(panel),
            fresh: accumulate == Accumulate::No,
        };
        // SAFETY: the shapes were checked above; an Isa exists only where its set is supported.
        unsafe { T::product::<TN>(isa, job) }
    }
}

/// Where a product reads A. Transposed (`TN`): element (i, p) lies at `p * LANES + i`. Else at
/// `i * LANES + p % LANES` of chunk `p / LANES`, chunks being `chunk_stride` apart.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Left<T> {
    start: *const T,
    chunk_stride: usize,
}

/// Some rows of C in one panel.
#[doc(hidden)]
#[derive(Debug)]
pub struct Job<T> {
    a: Left<T>,
    b: *const T,
    k: usize,
    c: *mut T,
    rows: usize,
    columns: usize,
    fresh: bool,
}

/// The product of one number type: chooses the tile kernel.
pub trait Product: Sized {
    /// Computes some rows of C in one panel.
    ///
    /// # Safety
    /// A can be read at all (row, p < k), B at lines 0..k, C read and written at lines 0..rows.
    #[doc(hidden)]
    unsafe fn product<const TN: bool>(isa: Isa, job: Job<Self>);
}

impl Product for f64 {
    unsafe fn product<const TN: bool>(isa: Isa, job: Job<f64>) {
        // Checks need no tile of their own, but without the instruction set a fused multiply-add
        // is a function call.
        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx2,fma")]
        unsafe fn avx2<const TN: bool>(job: Job<f64>) {
            // SAFETY: the caller's promises are the same.
            unsafe { tiles::<f64, Portable, TN>(job) }
        }
        // SAFETY: the caller's promises are the same; the Isa says what the processor supports.
        unsafe {
            match isa.0 {
                Level::Scalar => tiles::<f64, Portable, TN>(job),
                #[cfg(target_arch = "x86_64")]
                Level::Avx2 | Level::Avx512 => avx2::<TN>(job),
            }
        }
    }
}

impl Product for f32 {
    unsafe fn product<const TN: bool>(isa: Isa, job: Job<f32>) {
        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx2,fma")]
        unsafe fn avx2<const TN: bool>(job: Job<f32>) {
            // SAFETY: the caller's promises are the same.
            unsafe { tiles::<f32, Avx2, TN>(job) }
        }
        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx512f")]
        unsafe fn avx512<const TN: bool>(job: Job<f32>) {
            // SAFETY: the caller's promises are the same.
            unsafe { tiles::<f32, Avx512, TN>(job) }
        }
        // SAFETY: the caller's promises are the same; the Isa says what the processor supports.
        unsafe {
            match isa.0 {
                Level::Scalar => tiles::<f32, Portable, TN>(job),
                #[cfg(target_arch = "x86_64")]
                Level::Avx2 => avx2::<TN>(job),
                #[cfg(target_arch = "x86_64")]
                Level::Avx512 => avx512::<TN>(job),
            }
        }
    }
}

/// How one tile of C is computed: `c[i][j] += sum over p of a[i, p] * b[p, j]`, one fused
/// multiply-add chain an element.
trait Tile<T> {
    /// Numbers of a vector.
    const VECTOR: usize;
    /// Rows of the tallest tile of two vectors a row.
    const ROWS: usize;
    /// Rows of the tallest tile of one vector a row.
    const ROWS_OF_ONE: usize;

    /// A tile of R rows and V vectors a row.
    ///
    /// # Safety
    /// A can be read at all (i < R, p < k), B at `p * LANES + j` and C (read unless fresh, written)
    /// at `i * LANES + j` for all j < V * VECTOR. The instruction set is supported.
    unsafe fn tile<const R: usize, const V: usize, const TN: bool>(
        a: Left<T>,
        b: *const T,
        k: usize,
        c: *mut T,
        fresh: bool,
    );
}

/// Element (i, p) of A, p being counted within its chunk.
///
/// # Safety
/// The element can be read.
#[inline(always)]
unsafe fn factor<T: Copy, const TN: bool>(chunk: *const T, i: usize, p: usize) -> T {
    let offset = if TN { p * LANES + i } else { i * LANES + p };
    // SAFETY: promised by the caller.
    unsafe { *chunk.add(offset) }
}

/// Calls `$body` for every p < k, with the chunk of A that p lies in, p's place in it, and the line
/// of B.
macro_rules! along_k {
    (
        $tn:ident, $rows:ident, $a:ident, $b:ident, $k:ident, |$next:ident| $prefetch:block,
        |$chunk:ident, $p:ident, $line:ident| $body:block
    ) => {{
        let chunk_len = if $tn { $k } else { LANES };
        let (mut $chunk, mut $line, mut done) = ($a.start, $b, 0);
        while done < $k {
            let count = chunk_len.min($k - done);
            if !$tn {
                // Chunks lie too far apart for the processor to guess the next one. After the last
                // comes the first one of the tile below.
                let $next = if done + chunk_len < $k {
                    $chunk.wrapping_add($a.chunk_stride)
                } else {
                    $a.start.wrapping_add($rows * LANES)
                };
                $prefetch
            }
            for $p in 0..count {
                $body
                $line = $line.add(LANES);
            }
            done += count;
            // Not past the last chunk: there need not be anything behind it.
            if done < $k {
                $chunk = $chunk.add($a.chunk_stride);
            }
        }
    }};
}

/// The reference: plain Rust for any processor.
struct Portable;

impl<T: Number> Tile<T> for Portable {
    const VECTOR: usize = 8;
    const ROWS: usize = 4;
    const ROWS_OF_ONE: usize = 4;

    #[inline(always)]
    unsafe fn tile<const R: usize, const V: usize, const TN: bool>(
        a: Left<T>,
        b: *const T,
        k: usize,
        c: *mut T,
        fresh: bool,
    ) {
        let mut sums = [[[T::ZERO; 8]; V]; R];
        // SAFETY: reads and writes are promised by the caller.
        unsafe {
            if !fresh {
                for (i, sum) in sums.iter_mut().enumerate() {
                    *sum = c.add(i * LANES).cast::<[[T; 8]; V]>().read();
                }
            }
            along_k!(TN, R, a, b, k, |_next| {}, |chunk, p, line| {
                let right = line.cast::<[[T; 8]; V]>().read();
                for (i, sum) in sums.iter_mut().enumerate() {
                    let factor = factor::<T, TN>(chunk, i, p);
                    for (value, b) in sum.as_flattened_mut().iter_mut().zip(right.as_flattened()) {
                        *value = factor.mul_add(*b, *value);
                    }
                }
            });
            for (i, sum) in sums.into_iter().enumerate() {
                c.add(i * LANES).cast::<[[T; 8]; V]>().write(sum);
            }
        }
    }
}

/// Defines a tile kernel on x86-64.
#[cfg(target_arch = "x86_64")]
macro_rules! tile_kernel {
    (
        $(#[$meta:meta])*
        $name:ident, lanes $lanes:literal, rows $rows:literal, of one vector $rows_of_one:literal,
        $load:ident, $store:ident, $zero:ident, $splat:ident, $fma:ident
    ) => {
        $(#[$meta])*
        struct $name;

        impl Tile<f32> for $name {
            const VECTOR: usize = $lanes;
            const ROWS: usize = $rows;
            const ROWS_OF_ONE: usize = $rows_of_one;

            #[inline(always)]
            unsafe fn tile<const R: usize, const V: usize, const TN: bool>(
                a: Left<f32>, b: *const f32, k: usize, c: *mut f32, fresh: bool,
            ) {
                use std::arch::x86_64::{
                    $fma, $load, $splat, $store, $zero, _MM_HINT_T0, _mm_prefetch,
                };
                // SAFETY: reads and writes are promised by the caller, as is the instruction set.
                unsafe {
                    let mut sums = [[$zero(); V]; R];
                    if !fresh {
                        for (i, sum) in sums.iter_mut().enumerate() {
                            for (j, sum) in sum.iter_mut().enumerate() {
                                *sum = $load(c.add(i * LANES + j * $lanes));
                            }
                        }
                    }
                    let prefetch = |next: *const f32| {
                        for i in 0..R {
                            for half in [0, LANES / 2] {
                                let at = next.wrapping_add(i * LANES + half);
                                _mm_prefetch::<_MM_HINT_T0>(at.cast());
                            }
                        }
                    };
                    along_k!(TN, R, a, b, k, |next| { prefetch(next) }, |chunk, p, line| {
                        let mut right = [$zero(); V];
                        for (j, right) in right.iter_mut().enumerate() {
                            *right = $load(line.add(j * $lanes));
                        }
                        if TN {
                            _mm_prefetch::<_MM_HINT_T0>(chunk.wrapping_add((p + 16) * LANES).cast());
                        }
                        for (i, sum) in sums.iter_mut().enumerate() {
                            let factor = $splat(factor::<f32, TN>(chunk, i, p));
                            for (sum, &right) in sum.iter_mut().zip(&right) {
                                *sum = $fma(factor, right, *sum);
                            }
                        }
                    });
                    for (i, sum) in sums.into_iter().enumerate() {
                        for (j, sum) in sum.into_iter().enumerate() {
                            $store(c.add(i * LANES + j * $lanes), sum);
                        }
                    }
                }
            }
        }
    };
}

#[cfg(target_arch = "x86_64")]
tile_kernel! {
    /// Tiles of 6 x 16: 12 sums, 2 of B and 1 of A fill the 16 registers.
    Avx2, lanes 8, rows 6, of one vector 8,
    _mm256_loadu_ps, _mm256_storeu_ps, _mm256_setzero_ps, _mm256_set1_ps, _mm256_fmadd_ps
}

#[cfg(target_arch = "x86_64")]
tile_kernel! {
    /// Tiles of 8 x 32: 16 sums of the 32 registers; taller tiles were no faster.
    Avx512, lanes 16, rows 8, of one vector 16,
    _mm512_loadu_ps, _mm512_storeu_ps, _mm512_setzero_ps, _mm512_set1_ps, _mm512_fmadd_ps
}

/// Runs over strips of columns and tiles of rows.
///
/// # Safety
/// As [`Product::product`]; the instruction set of `K` is supported.
#[inline(always)]
unsafe fn tiles<T: Number, K: Tile<T>, const TN: bool>(job: Job<T>) {
    for first_column in (0..job.columns).step_by(2 * K::VECTOR) {
        let one = job.columns - first_column <= K::VECTOR;
        let mut row = 0;
        macro_rules! tiles {
            ($rows:literal, $vectors:literal, $most:expr) => {
                // Not 2 rows left over: a tile of 2 has too few sums to fill the pipeline.
                while $rows <= $most
                    && job.rows - row >= $rows
                    && ($rows != 6 || job.rows - row != 8)
                {
                    // SAFETY: rows row..row+$rows of A and C exist, and whole lines are read and
                    // written, which exist beyond the matrix's columns too.
                    unsafe {
                        let start = job.a.start.add(if TN { row } else { row * LANES });
                        let a = Left { start, ..job.a };
                        let c = job.c.add(row * LANES + first_column);
                        let b = job.b.add(first_column);
                        K::tile::<$rows, $vectors, TN>(a, b, job.k, c, job.fresh);
                    }
                    row += $rows;
                }
            };
        }
        if one {
            tiles!(16, 1, K::ROWS_OF_ONE);
            tiles!(8, 1, K::ROWS_OF_ONE);
            tiles!(4, 1, K::ROWS_OF_ONE);
            tiles!(2, 1, K::ROWS_OF_ONE);
            tiles!(1, 1, K::ROWS_OF_ONE);
        } else {
            tiles!(8, 2, K::ROWS);
            tiles!(6, 2, K::ROWS);
            tiles!(4, 2, K::ROWS);
            tiles!(2, 2, K::ROWS);
            tiles!(1, 2, K::ROWS);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::line::lines_for;
    use crate::random::{Purpose, Stream};

    /// A matrix in panels; what lies beside its columns is NaN, and a line of NaN follows each panel.
    struct Owned {
        lines: Vec<Line<f32>>,
        rows: usize,
        columns: usize,
    }

    impl Owned {
        fn new(rows: usize, columns: usize, value: impl Fn(usize, usize) -> f32) -> Self {
            let mut lines = vec![Line([f32::NAN; LANES]); lines_for(columns) * (rows + 1)];
            for j in 0..columns {
                for i in 0..rows {
                    lines[j / LANES * (rows + 1) + i].0[j % LANES] = value(i, j);
                }
            }
            Self {
                lines,
                rows,
                columns,
            }
        }

        fn random(rows: usize, columns: usize, lane: u32) -> Self {
            let mut values = vec![0.0; rows * columns];
            Stream::new(3, Purpose::Weights, 0, lane).fill_normal(&mut values, 1.0);
            Self::new(rows, columns, |i, j| values[i * columns + j])
        }

        fn get(&self, i: usize, j: usize) -> f32 {
            self.lines[j / LANES * (self.rows + 1) + i].0[j % LANES]
        }

        fn panels(&self) -> Panels<'_, f32> {
            Panels::new(&self.lines, self.rows, self.columns, self.rows + 1)
        }

        fn panels_mut(&mut self) -> PanelsMut<'_, f32> {
            PanelsMut::new(&mut self.lines, self.rows, self.columns, self.rows + 1)
        }

        fn transposed(&self) -> Self {
            Self::new(self.columns, self.rows, |i, j| self.get(j, i))
        }

        fn bits(&self) -> Vec<u32> {
            let places = (0..self.rows).flat_map(|i| (0..self.columns).map(move |j| (i, j)));
            places.map(|(i, j)| self.get(i, j).to_bits()).collect()
        }
    }

    fn nn(isa: Isa, a: &Owned, b: &Owned) -> Owned {
        let mut c = Owned::new(a.rows, b.columns, |_, _| f32::NAN);
        for first in (0..a.rows).step_by(LANES) {
            let rows = first..a.rows.min(first + LANES);
            matmul_nn(
                isa,
                a.panels(),
                b.panels(),
                &mut c.panels_mut(),
                rows,
                Accumulate::No,
            );
        }
        c
    }

    /// A B from A^T in panels.
    fn tn(isa: Isa, a: &Owned, b: &Owned) -> Owned {
        let mut c = Owned::new(a.rows, b.columns, |_, _| f32::NAN);
        let a_t = a.transposed();
        for first in (0..a.rows).step_by(LANES) {
            let rows = first..a.rows.min(first + LANES);
            let panel = a_t.panels().panel(first / LANES);
            matmul_tn(isa, panel, b.panels(), &mut c.panels_mut(), rows);
        }
        c
    }

    const SIZES: [(usize, usize, usize); 13] = [
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
        (40, 24, 32),
        (17, 48, 300),
        (33, 9, 33),
    ];

    #[test]
    fn products_are_those_of_three_plain_loops_on_every_instruction_set() {
        for (m, n, k) in SIZES {
            let (a, b) = (Owned::random(m, k, 0), Owned::random(k, n, 1));
            for isa in Isa::supported() {
                for (case, c) in [nn(isa, &a, &b), tn(isa, &a, &b)].iter().enumerate() {
                    // Rounding of k products of standard normal numbers, with a margin.
                    let tolerance = 1e-6 * (k as f64 + 1.0).sqrt() * 4.0;
                    for i in 0..m {
                        for j in 0..n {
                            let product = |p| f64::from(a.get(i, p)) * f64::from(b.get(p, j));
                            let want: f64 = (0..k).map(product).sum();
                            let got = f64::from(c.get(i, j));
                            let name = isa.name();
                            assert!(
                                (got - want).abs() < tolerance,
                                "{m}x{n}x{k} case {case} {name}: {got} != {want}"
                            );
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn every_instruction_set_and_either_layout_gives_the_same_bits() {
        for (m, n, k) in SIZES {
            let (a, b) = (Owned::random(m, k, 0), Owned::random(k, n, 1));
            let want = nn(Isa::SCALAR, &a, &b).bits();
            for isa in Isa::supported() {
                assert_eq!(nn(isa, &a, &b).bits(), want, "{m}x{n}x{k} {}", isa.name());
                assert_eq!(tn(isa, &a, &b).bits(), want, "{m}x{n}x{k} {}", isa.name());
            }
        }
    }

    #[test]
    fn a_column_has_the_same_bits_alone_and_among_others() {
        let (m, n, k) = (29, 45, 600);
        let (a, b) = (Owned::random(m, k, 0), Owned::random(k, n, 1));
        for isa in Isa::supported() {
            let all = nn(isa, &a, &b);
            for column in 0..n {
                let one = nn(isa, &a, &Owned::new(k, 1, |p, _| b.get(p, column)));
                for i in 0..m {
                    assert_eq!(one.get(i, 0).to_bits(), all.get(i, column).to_bits());
                }
            }
        }
    }

    #[test]
    fn accumulating_over_pieces_of_k_gives_the_bits_of_the_whole() {
        let (m, n, k) = (19, 37, 530);
        let (a, b) = (Owned::random(m, k, 0), Owned::random(k, n, 1));
        for isa in Isa::supported() {
            let whole = nn(isa, &a, &b);
            let mut c = Owned::new(m, n, |_, _| 0.0);
            for (first, count) in [(0, 100), (100, 300), (400, 0), (400, 130)] {
                let a = Owned::new(m, count, |i, p| a.get(i, first + p));
                let b = Owned::new(count, n, |p, j| b.get(first + p, j));
                let (a, b) = (a.panels(), b.panels());
                matmul_nn(isa, a, b, &mut c.panels_mut(), 0..m, Accumulate::Yes);
            }
            assert_eq!(c.bits(), whole.bits(), "{}", isa.name());
        }
    }

    #[test]
    fn only_the_rows_asked_for_are_written() {
        let (a, b) = (Owned::random(70, 20, 0), Owned::random(20, 40, 1));
        for isa in Isa::supported() {
            let whole = nn(isa, &a, &b);
            let mut c = Owned::new(70, 40, |_, _| 7.0);
            matmul_nn(
                isa,
                a.panels(),
                b.panels(),
                &mut c.panels_mut(),
                33..50,
                Accumulate::No,
            );
            for i in 0..70 {
                for j in 0..40 {
                    let inside = (33..50).contains(&i);
                    assert_eq!(c.get(i, j), if inside { whole.get(i, j) } else { 7.0 });
                }
            }
        }
    }

    #[test]
    fn the_sum_of_no_products_is_zero_and_adds_nothing() {
        for isa in Isa::supported() {
            let (a, b) = (Owned::random(40, 0, 0), Owned::random(0, 50, 1));
            let zeros = vec![0; 40 * 50];
            assert_eq!(nn(isa, &a, &b).bits(), zeros);
            let mut c = Owned::random(40, 50, 2);
            let before = c.bits();
            let (a, b) = (a.panels(), b.panels());
            matmul_nn(isa, a, b, &mut c.panels_mut(), 0..40, Accumulate::Yes);
            assert_eq!(c.bits(), before);
            let mut c = Owned::random(20, 50, 2);
            matmul_tn(isa, &[], b, &mut c.panels_mut(), 0..20);
            assert_eq!(c.bits(), zeros[..20 * 50]);
        }
    }

    #[test]
    fn not_a_number_spreads_along_its_row_only() {
        let a = Owned::random(6, 40, 0);
        let a = Owned::new(6, 40, |i, p| {
            if (i, p) == (1, 3) {
                f32::NAN
            } else {
                a.get(i, p)
            }
        });
        let b = Owned::random(40, 5, 1);
        for isa in Isa::supported() {
            let c = nn(isa, &a, &b);
            for i in 0..6 {
                for j in 0..5 {
                    assert_eq!(c.get(i, j).is_nan(), i == 1, "element {i}, {j}");
                }
            }
        }
    }
}
