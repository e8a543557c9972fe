//! Arrays of lanes in kernels.

/// `array.map`, surely inlined. The standard library's may stay a function of its own, which is compiled for
/// every processor: a kernel for AVX-512 that calls it gives its lanes through memory to plain code and
/// takes them back.
#[inline(always)]
pub(crate) fn map_lanes<const N: usize, A: Copy, B: Copy + Default>(
    array: &[A; N],
    f: impl Fn(A) -> B,
) -> [B; N] {
    let mut mapped = [B::default(); N];
    for (mapped, &value) in mapped.iter_mut().zip(array) {
        *mapped = f(value);
    }
    mapped
}
