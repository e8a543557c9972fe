//! Every kernel at the edges: odd lengths, both zeros, subnormal and huge numbers, infinities, NaN.
//! All instruction sets give the bits of the scalar one, and the scalar one follows its formula.

use banach_kernels::random::{Purpose, Stream};
use banach_kernels::{
    Accumulate, AdamStep, DropoutMask, Isa, LANES, Line, Panels, PanelsMut, Piece, Selu, SgdStep,
    adam_step, add_column_sums, dropout_backward, dropout_forward, flat, flat_mut,
    flush_subnormals, identity_forward, lines_for, matmul_nn, matmul_tn, relu_backward,
    relu_forward, row_product, row_relu, row_selu, selu_backward, selu_forward, sgd_step,
    sum_of_squares, transpose,
};

const EDGES: [f32; 22] = [
    0.0,
    -0.0,
    1e-45,
    -1e-45,
    1.1e-38,
    -1.1e-38,
    f32::MIN_POSITIVE,
    -f32::MIN_POSITIVE,
    f32::EPSILON,
    -f32::EPSILON,
    1.0,
    -1.0,
    0.3,
    -17.4,
    -88.0,
    -104.5,
    1e4,
    -1e4,
    f32::MAX,
    f32::MIN,
    f32::INFINITY,
    f32::NEG_INFINITY,
];

/// Lengths around every vector's and every group's.
const LENGTHS: [usize; 17] = [
    1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 130,
];

/// Edge values, a NaN among them, in an order that depends on `start`.
fn edges(len: usize, start: usize) -> Vec<f32> {
    let value = |i: usize| match (start + 5 * i) % 23 {
        22 => f32::NAN,
        index => EDGES[index],
    };
    (0..len).map(value).collect()
}

/// Finite values of both signs with edge values between them.
fn finite(len: usize, start: usize) -> Vec<f32> {
    let tame = |x: f32| {
        if x.abs() <= 1e4 { x } else { 0.7 }
    };
    edges(len, start).into_iter().map(tame).collect()
}

/// Edge values made so small that products, sums and quotients of them are subnormal or just not.
fn tiny(len: usize, start: usize) -> Vec<f32> {
    let scales = [1e-38, 1e-19, 1e-20, 3e-39, 1.0];
    let values = finite(len, start).into_iter().zip(start..);
    values.map(|(x, i)| x * scales[i % 5]).collect()
}

fn mask(rate: f64) -> DropoutMask {
    DropoutMask::alpha(stream(), rate, Selu::default(), 0.0, 1.0)
}

fn stream() -> Stream {
    Stream::new(3, Purpose::Dropout, 1, 2)
}

const SGD: SgdStep = SgdStep {
    learning_rate: 0.1,
    momentum: 0.9,
    nesterov: true,
    weight_decay: 0.01,
};

const ADAM: AdamStep = AdamStep {
    learning_rate: 0.01,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
    l2: 0.01,
    decoupled: 0.1,
    step: 3,
};

/// Numbers in lines, ones behind the last.
fn lines(values: &[f32]) -> Vec<Line<f32>> {
    let mut lines = vec![Line([1.0; LANES]); lines_for(values.len())];
    flat_mut(&mut lines)[..values.len()].copy_from_slice(values);
    lines
}

/// All lanes of the units from 16 on.
fn piece(first_row: usize) -> Piece {
    Piece {
        first_unit: 16,
        first_row,
        lanes: LANES,
    }
}

/// Runs a kernel on the lines of `x`, of which there are as many as numbers in the bias.
fn on_lines(x: &[f32], kernel: impl FnOnce(&mut [Line<f32>])) -> Vec<f32> {
    let mut lines = lines(x);
    kernel(&mut lines);
    flat(&lines)[..x.len()].to_vec()
}

/// A kernel on three vectors of one length; everything it wrote comes back.
type Kernel = fn(Isa, [Vec<f32>; 3]) -> Vec<f32>;

const KERNELS: [(&str, Kernel); 18] = [
    ("selu_forward", |isa, [z, b, _]| {
        on_lines(&z, |z| {
            selu_forward(isa, z, &b, piece(0), Selu::default(), None)
        })
    }),
    ("selu_forward, dropout", |isa, [z, b, _]| {
        let mask = mask(0.3);
        on_lines(&z, |z| {
            selu_forward(isa, z, &b, piece(9), Selu::default(), Some(&mask))
        })
    }),
    ("selu_backward", |isa, [d, y, _]| {
        on_lines(&d, |d| {
            selu_backward(isa, d, &lines(&y), Selu::default(), None)
        })
    }),
    ("selu_backward, dropout", |isa, [d, y, _]| {
        let mask = mask(0.3);
        on_lines(&d, |d| {
            selu_backward(isa, d, &lines(&y), Selu::default(), Some(&mask))
        })
    }),
    ("relu_forward", |isa, [z, b, _]| {
        let mask = DropoutMask::ordinary(stream(), 0.5);
        on_lines(&z, |z| relu_forward(isa, z, &b, piece(1), Some(&mask)))
    }),
    ("relu_backward", |isa, [d, y, _]| {
        on_lines(&d, |d| relu_backward(isa, d, &lines(&y), None))
    }),
    ("identity_forward", |isa, [z, b, _]| {
        on_lines(&z, |z| identity_forward(isa, z, &b, piece(0)))
    }),
    ("dropout_forward", |isa, [x, _, _]| {
        on_lines(&x, |x| dropout_forward(isa, x, piece(4), &mask(0.1)))
    }),
    ("dropout_backward", |isa, [d, _, _]| {
        on_lines(&d, |d| dropout_backward(isa, d, piece(4), &mask(0.1)))
    }),
    ("row_selu", |isa, [z, _, _]| {
        on_lines(&z, |z| row_selu(isa, z, Selu::default()))
    }),
    ("row_relu", |isa, [z, _, _]| {
        on_lines(&z, |z| row_relu(isa, z))
    }),
    ("sgd_step", |isa, [mut p, g, _]| {
        let step = SgdStep {
            momentum: 0.0,
            ..SGD
        };
        sgd_step(isa, &mut p, &g, &mut [], 0.5, step);
        p
    }),
    ("sgd_step, momentum", |isa, [mut p, g, mut v]| {
        sgd_step(isa, &mut p, &g, &mut v, 0.5, SGD);
        p.extend(v);
        p
    }),
    ("adam_step", |isa, [mut p, g, mut m]| {
        let mut v: Vec<f32> = m.iter().map(|m| m.abs()).collect();
        adam_step(isa, &mut p, &g, &mut m, &mut v, 0.5, ADAM);
        p.extend(m);
        p.extend(v);
        p
    }),
    ("add_column_sums", |isa, [x, sums, _]| {
        let mut first = lines(&sums)[0];
        add_column_sums(isa, &lines(&x), &mut first);
        first.0.to_vec()
    }),
    ("transpose", |isa, [x, _, _]| {
        let mut t = vec![Line([0.0; LANES]); 29];
        transpose(isa, &lines(&x), &mut t);
        flat(&t).to_vec()
    }),
    ("sum_of_squares", |isa, [x, _, _]| {
        let mut sum = 0.25;
        sum_of_squares(isa, &x, &mut sum);
        vec![sum as f32, (sum - f64::from(sum as f32)) as f32]
    }),
    ("matmul", |isa, [a, b, _]| {
        // An outer product and an inner one of the same vectors, and a row through a layer.
        let n = a.len();
        let (row, right) = (lines(&a), lines(&b));
        let column: Vec<_> = a.iter().map(|&a| Line([a; LANES])).collect();
        let narrow: Vec<_> = b.iter().map(|&b| Line([b; LANES])).collect();
        let mut outer = vec![Line([0.0; LANES]); n * lines_for(n)];
        let left = Panels::new(&column, n, 1, n);
        let b_row = Panels::new(&right, 1, n, 1);
        let mut c = PanelsMut::new(&mut outer, n, n, n);
        matmul_nn(isa, left, b_row, &mut c, 0..n, Accumulate::No);
        let mut inner = vec![Line([0.25; LANES]); 2];
        let b_column = Panels::new(&narrow, n, 1, n);
        let mut c = PanelsMut::new(&mut inner[..1], 1, 1, 1);
        matmul_nn(
            isa,
            Panels::new(&row, 1, n, 1),
            b_column,
            &mut c,
            0..1,
            Accumulate::Yes,
        );
        let mut c = PanelsMut::new(&mut inner[1..], 1, 1, 1);
        matmul_tn(isa, &column, b_column, &mut c, 0..1);
        let mut y = vec![Line([0.0; LANES]); 1];
        let with_bias: Vec<_> = narrow.iter().copied().chain([right[0]]).collect();
        row_product(isa, &a, &with_bias, n + 1, Some(n), &mut y);
        let mut all = vec![inner[0].0[0], inner[1].0[0]];
        for j in 0..n {
            all.extend(
                outer[j / LANES * n..][..n]
                    .iter()
                    .map(|line| line.0[j % LANES]),
            );
        }
        all.extend(&y[0].0[..7]);
        all
    }),
];

fn same(a: f32, b: f32) -> bool {
    a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan())
}

#[test]
fn every_instruction_set_gives_the_scalar_bits_at_the_edges() {
    assert_scalar_bits(|_, kernel, isa, input| kernel(isa, input));
}

#[test]
fn every_instruction_set_gives_the_scalar_bits_without_subnormal_numbers() {
    // Arithmetic takes a subnormal number for 0, but what is only moved stays.
    let zero = |x: f32| if x.is_subnormal() { 0.0 * x } else { x };
    assert_scalar_bits(|name, kernel, isa, input| {
        // Comparisons may be compiled to either. What they get is the result of arithmetic, never subnormal.
        let compares = name.contains("relu");
        let input = input.map(|x| {
            if compares {
                x.into_iter().map(zero).collect()
            } else {
                x
            }
        });
        let output = flush_subnormals(|| kernel(isa, input));
        output.into_iter().map(zero).collect()
    });
}

fn assert_scalar_bits(run: impl Fn(&str, Kernel, Isa, [Vec<f32>; 3]) -> Vec<f32>) {
    let mut failures = Vec::new();
    for (name, kernel) in KERNELS {
        for len in LENGTHS {
            for start in 0..23 {
                for values in [edges, finite, tiny] {
                    let input = || [values(len, start), values(len, start + 8), values(len, 3)];
                    let want = run(name, kernel, Isa::SCALAR, input());
                    for isa in Isa::supported() {
                        let got = run(name, kernel, isa, input());
                        assert_eq!(got.len(), want.len());
                        if let Some(i) = (0..got.len()).find(|&i| !same(got[i], want[i])) {
                            let (got, want) = (got[i], want[i]);
                            let isa = isa.name();
                            failures.push(format!(
                                "{name}, {isa}, length {len}, start {start}, element {i}: {got:e} \
                                 != {want:e}"
                            ));
                        }
                    }
                }
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// What each kernel of [`KERNELS`] shall write, from its formula in `f64`.
fn reference(name: &str, [x, y, z]: [Vec<f32>; 3]) -> Option<Vec<f64>> {
    let [x, y, z] = [x, y, z].map(|v| v.into_iter().map(f64::from).collect::<Vec<_>>());
    let selu = |x: f64| {
        let (alpha, lambda) = (banach_kernels::ALPHA_01, banach_kernels::LAMBDA_01);
        if x > 0.0 {
            lambda * x
        } else {
            lambda * alpha * x.exp_m1()
        }
    };
    let pairs = || x.iter().copied().zip(y.iter().copied());
    Some(match name {
        // The bias belongs to a line of units.
        "selu_forward" => (0..x.len()).map(|i| selu(x[i] + y[i / LANES])).collect(),
        "row_selu" => x.iter().copied().map(selu).collect(),
        "relu_backward" => pairs()
            .map(|(d, y)| if y > 0.0 { d } else { 0.0 })
            .collect(),
        "identity_forward" => (0..x.len()).map(|i| x[i] + y[i / LANES]).collect(),
        "sgd_step" => {
            let step = |(p, g): (f64, f64)| p - 0.1 * (0.5 * g + 0.01 * p);
            pairs().map(step).collect()
        }
        "sgd_step, momentum" => {
            let gradient = |(p, g): (f64, f64)| 0.5 * g + 0.01 * p;
            let v = pairs().zip(&z).map(|(pg, v)| 0.9 * v + gradient(pg));
            let v: Vec<f64> = v.collect();
            let p = pairs()
                .zip(&v)
                .map(|((p, g), v)| p - 0.1 * (gradient((p, g)) + 0.9 * v));
            p.chain(v.iter().copied()).collect()
        }
        "adam_step" => {
            let shrunk = |p: f64| p * (1.0 - 0.01 * 0.1);
            let gradient = |(p, g): (f64, f64)| 0.5 * g + 0.01 * shrunk(p);
            let m: Vec<f64> = pairs()
                .zip(&z)
                .map(|(pg, m)| 0.9 * m + 0.1 * gradient(pg))
                .collect();
            let v: Vec<f64> = pairs()
                .zip(&z)
                .map(|(pg, v)| 0.999 * v.abs() + 0.001 * gradient(pg).powi(2))
                .collect();
            let (bias1, bias2) = (1.0 - 0.9_f64.powi(3), 1.0 - 0.999_f64.powi(3));
            let step = |((&p, &m), &v): ((&f64, &f64), &f64)| {
                shrunk(p) - 0.01 * (m / bias1) / ((v / bias2).sqrt() + 1e-8)
            };
            let p = x.iter().zip(&m).zip(&v).map(step);
            p.chain(m.iter().copied())
                .chain(v.iter().copied())
                .collect()
        }
        _ => return None,
    })
}

/// Roundings of the terms of a sum, each below 2^-24 of the largest number in it (1e4 here at most,
/// or what the input's largest makes of it).
const OF_LARGEST: f64 = 4.0 / 16_777_216.0;

/// Relative error of a result whose terms do not cancel: 4 roundings.
const OF_VALUE: f64 = 4.0 / 8_388_608.0;

#[test]
fn kernels_follow_their_formulas_in_f64() {
    let mut compared = 0;
    for (name, kernel) in KERNELS {
        for len in LENGTHS {
            for start in 0..23 {
                let input = || [finite(len, start), finite(len, start + 8), finite(len, 3)];
                let Some(want) = reference(name, input()) else {
                    continue;
                };
                let got = kernel(Isa::best(), input());
                let [x, y, z] = input();
                for (i, (got, want)) in got.iter().zip(&want).enumerate() {
                    let terms = [x[i % len], y[i % len], y[i % len / LANES], z[i % len]];
                    let largest = terms.iter().fold(0.0, |top: f32, v| top.max(v.abs()));
                    let allowed = OF_VALUE * want.abs() + OF_LARGEST * f64::from(largest) + 1e-44;
                    let error = (f64::from(*got) - want).abs();
                    assert!(
                        error <= allowed,
                        "{name}, length {len}, start {start}, element {i}: {got:e}, want {want:e}"
                    );
                    compared += 1;
                }
            }
        }
    }
    assert!(compared > 100_000, "{compared} values compared");
}

#[test]
fn no_kernel_writes_beyond_its_lines() {
    // Sentinels behind the last line: a kernel that runs over shows here, and under valgrind.
    for isa in Isa::supported() {
        for len in LENGTHS {
            let mut z = vec![Line([7.0_f32; LANES]); len + 3];
            let bias = vec![0.5; len];
            let mask = mask(0.4);
            selu_forward(
                isa,
                &mut z[..len],
                &bias,
                piece(0),
                Selu::default(),
                Some(&mask),
            );
            assert!(flat(&z[len..]).iter().all(|&v| v == 7.0), "{}", isa.name());
            assert!(flat(&z[..len]).iter().all(|&v| v != 7.0), "{}", isa.name());
        }
    }
}
