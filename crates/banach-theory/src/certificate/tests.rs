use std::num::NonZeroUsize;

use super::*;
use crate::interval::Interval;
use crate::interval_map::IntervalMap;

fn two_threads() -> NonZeroUsize {
    NonZeroUsize::new(2).expect("positive")
}

fn outcome(statement: &Statement) -> Outcome {
    let budget = Budget {
        threads: two_threads(),
        ..Budget::default()
    };
    prove(statement, &budget, &mut |_| {}).expect("a statement")
}

fn proof(theorem: Theorem) -> Certificate {
    match outcome(&theorem.statement()) {
        Outcome::Proved(certificate) => *certificate,
        other => panic!("{}: {other:?}", theorem.name()),
    }
}

/// Bounds may exceed the quantity's true range by a thousandth of the room to the limit, and a little at places between samples.
const SHARPNESS: f64 = 2e-3;

/// The true range of each quantity, from a dense grid in float64; a proof's bound must hold it and be close.
fn sampled(map: &IntervalMap, quantity: Quantity, domain: &Domain) -> Interval {
    let n = 8_i32;
    let point = |x: Interval, k: i32| x.lo() + (x.hi() - x.lo()) * f64::from(k) / f64::from(n);
    let axes = domain.axes();
    let mut range: Option<Interval> = None;
    for index in 0..(n + 1).pow(4) {
        let digits: [i32; 4] = std::array::from_fn(|i| index / (n + 1).pow(i as u32) % (n + 1));
        let value = quantity.at(map, std::array::from_fn(|i| point(axes[i], digits[i])));
        let middle = Interval::point(value.mid());
        range = Some(range.map_or(middle, |r| r.hull(middle)));
    }
    range.expect("points")
}

#[test]
fn theorems_are_proved_with_sharp_bounds_and_verify() {
    for theorem in Theorem::ALL {
        let certificate = proof(theorem);
        for part in &certificate.parts {
            for proved in &part.claims {
                let truth = sampled(&certificate.map, proved.claim.quantity, &part.domain);
                assert!(
                    proved.bound.encloses(truth),
                    "{}: {} is bounded by {}, samples reach {truth}",
                    theorem.name(),
                    proved.claim,
                    proved.bound
                );
                let above = proved.bound.hi() - truth.hi();
                let below = truth.lo() - proved.bound.lo();
                assert!(
                    proved.claim.below.is_none() || above < SHARPNESS,
                    "{}: {above} above the largest sample",
                    proved.claim
                );
                assert!(
                    proved.claim.above.is_none() || below < SHARPNESS,
                    "{}: {below} below the smallest sample",
                    proved.claim
                );
            }
        }
        let json = certificate.to_json().expect("JSON");
        let read = Certificate::from_json(&json).expect("the same JSON");
        assert_eq!(read, certificate, "{}", theorem.name());
        let verified = verify(&read, two_threads()).expect("a valid certificate");
        assert_eq!(verified.n_boxes, certificate.n_boxes());
    }
}

#[test]
fn fixed_points_of_theorem_1_lie_in_the_papers_box() {
    let certificate = proof(Theorem::One);
    let found = certificate.parts[0].fixed_points.expect("fixed points");
    // The paper's box (../shared/paper/README.md) is one image of the domain; ours follows further images.
    assert!(
        Interval::new(-0.03106, 0.06773).encloses(found.mu),
        "{}",
        found.mu
    );
    assert!(
        Interval::new(0.80009, 1.48617).encloses(found.nu),
        "{}",
        found.nu
    );
    // The fixed point at omega = 0, tau = 1 and those of the corners, iterated in float64, are inside.
    let map = certificate.map;
    for (omega, tau) in [
        (0.0, 1.0),
        (0.1, 1.1),
        (-0.1, 1.1),
        (0.1, 0.95),
        (-0.1, 0.95),
    ] {
        let (mut mu, mut nu) = (0.0, 1.0);
        for _ in 0..1000 {
            let point = [mu, omega, nu, tau];
            (mu, nu) = (
                Quantity::Mean.at(&map, point).mid(),
                Quantity::Variance.at(&map, point).mid(),
            );
        }
        assert!(found.mu.contains(mu) && found.nu.contains(nu), "{mu} {nu}");
    }
}

#[test]
fn the_answer_does_not_depend_on_threads() {
    let statement = Theorem::Three.statement();
    let with = |threads| {
        let budget = Budget {
            threads: NonZeroUsize::new(threads).expect("positive"),
            ..Budget::default()
        };
        prove(&statement, &budget, &mut |_| {}).expect("a statement")
    };
    assert_eq!(with(1), with(3));
}

#[test]
fn false_statements_are_refuted_by_a_point_of_their_domain() {
    let paper = Theorem::One.statement();
    let (domain, goal) = paper.parts[0];
    let wide = Domain {
        tau: Interval::new(0.95, 1.5),
        ..domain
    };
    let other = IntervalMap::exactly(1.0, crate::LAMBDA_01);
    let grows = Domain::new([-0.1, 0.1], [-0.1, 0.1], [0.02, 0.9], [0.8, 1.25]);
    for (name, statement) in [
        ("tau up to 1.5", Statement::custom(paper.map, wide, goal)),
        ("alpha = 1", Statement::custom(other, domain, goal)),
        (
            "variance grows up to 0.9",
            Statement::custom(paper.map, grows, Goal::VarianceGrows),
        ),
    ] {
        let Outcome::Refuted(refutation) = outcome(&statement) else {
            panic!("{name} is false");
        };
        let w = refutation.witness;
        let point = [w.mu, w.omega, w.nu, w.tau];
        // Inside of what the decimal numbers of the ends denote.
        for (x, axis) in point.into_iter().zip(refutation.domain.narrowed().axes()) {
            assert!(axis.contains(x), "{name}: {w:?}");
        }
        assert!(refutation.claim.fails(w.value), "{name}: {w:?}");
        let again = refutation.claim.quantity.at(&statement.map, point);
        assert_eq!(again, w.value, "{name}");
    }
}

#[test]
fn a_false_statement_between_the_samples_is_found_by_the_search() {
    // Variance / nu at mu = 0, omega = 0, tau = 1 falls through 1 at nu = 1: true up to 1, false just beyond. The sampled
    // points are five ends and quarters, so only the search can see the last sliver.
    let map = IntervalMap::selu_01();
    let until = |nu: f64| Domain::new([0.0, 0.0], [0.0, 0.0], [0.5, nu], [1.0, 1.0]);
    let statement = |nu| Statement::custom(map, until(nu), Goal::VarianceGrows);
    assert!(matches!(outcome(&statement(0.9999)), Outcome::Proved(_)));
    let Outcome::Refuted(refutation) = outcome(&statement(1.0001)) else {
        panic!("the variance shrinks beyond nu = 1");
    };
    assert!(refutation.witness.nu > 1.0);
    // Up to exactly 1 the limit is reached and not passed: no budget decides it.
    assert!(matches!(outcome(&statement(1.0)), Outcome::Undecided(_)));
}

#[test]
fn proofs_and_checks_cover_the_next_float_outside() {
    let map = IntervalMap::selu_01();
    // The ratio is 1 at nu = 1, so without a cut nothing is decided: the open box is all that the search has to cover.
    let domain = Domain::new([0.0, 0.0], [0.0, 0.0], [0.5, 1.0], [1.0, 1.0]);
    let statement = Statement::custom(map, domain, Goal::VarianceGrows);
    let budget = Budget {
        max_depth: 0,
        ..Budget::default()
    };
    let answer = prove(&statement, &budget, &mut |_| {}).expect("a statement");
    let Outcome::Undecided(open) = answer else {
        panic!("{answer:?}");
    };
    assert_eq!(open.cell, domain.widened());

    // A point has no middle to cut at; what a check covers around it has.
    let point = Domain::new([0.0, 0.0], [0.0, 0.0], [0.5, 0.5], [1.0, 1.0]);
    let statement = Statement::custom(map, point, Goal::VarianceGrows);
    let Outcome::Proved(mut certificate) = outcome(&statement) else {
        panic!("a variance of 1/2 grows");
    };
    let claim = &mut certificate.parts[0].claims[0];
    (claim.tree, claim.n_boxes, claim.depth) = ("n..".to_owned(), 2, 1);
    assert_eq!(
        verify(&certificate, two_threads()).map(|v| v.n_boxes),
        Ok(2)
    );
}

#[test]
fn a_small_budget_leaves_a_statement_undecided() {
    let budget = Budget {
        max_depth: 2,
        ..Budget::default()
    };
    let answer = prove(&Theorem::One.statement(), &budget, &mut |_| {}).expect("a statement");
    let Outcome::Undecided(open) = answer else {
        panic!("{answer:?}");
    };
    assert_eq!(open.depth, 2);
    assert!(open.n_open > 0 && open.claim.quantity == Quantity::SpectralNorm);
}

#[test]
fn statements_that_make_no_sense_are_refused() {
    let map = IntervalMap::selu_01();
    let near = [-0.1, 0.1];
    for (statement, message) in [
        (
            Statement::custom(
                map,
                Domain::new(near, near, [0.0, 1.0], [1.0, 1.0]),
                Goal::VarianceGrows,
            ),
            "nu must be positive, got a domain from 0",
        ),
        (
            Statement::custom(
                map,
                Domain::new(near, [0.0, f64::INFINITY], [0.5, 1.0], [1.0, 1.0]),
                Goal::VarianceGrows,
            ),
            "omega must have finite ends, got inf",
        ),
        (
            Statement::custom(
                IntervalMap::exactly(-1.0, 1.0),
                Domain::new(near, near, [0.5, 1.0], [1.0, 1.0]),
                Goal::VarianceGrows,
            ),
            "alpha must be a finite positive number, got -1",
        ),
        (
            Statement::custom(
                IntervalMap::exactly(1.0, 0.0),
                Domain::new(near, near, [0.5, 1.0], [1.0, 1.0]),
                Goal::VarianceGrows,
            ),
            "lambda must be a finite positive number, got 0",
        ),
    ] {
        let error = prove(&statement, &Budget::default(), &mut |_| {}).expect_err(message);
        assert_eq!(error.to_string(), message);
    }
}

#[test]
fn verify_refuses_certificates_that_were_tampered_with() {
    let honest = proof(Theorem::Three);
    let mut fixed_point = proof(Theorem::One);
    let change = |edit: fn(&mut Certificate)| {
        let mut copy = honest.clone();
        edit(&mut copy);
        verify(&copy, two_threads()).expect_err("a changed certificate")
    };
    use CertificateError as E;
    assert!(matches!(
        change(|c| c.parts[0].domain.nu = Interval::new(0.02, 0.2)),
        E::NotTheTheorem { .. }
    ));
    assert!(matches!(
        change(|c| {
            c.parts.pop();
        }),
        E::NotTheTheorem { .. }
    ));
    assert!(matches!(
        change(|c| c.map = IntervalMap::exactly(1.0, 1.0)),
        E::NotTheTheorem { .. }
    ));
    assert!(matches!(
        change(|c| c.statement = "theorem4".to_owned()),
        E::UnknownTheorem { .. }
    ));
    assert!(matches!(
        change(|c| c.parts[0].claims.clear()),
        E::Claims { .. }
    ));
    assert!(matches!(
        change(|c| c.parts[0].claims[0].claim.above = Some(0.5)),
        E::Claims { .. }
    ));
    assert!(matches!(
        change(|c| {
            c.parts[0].claims[0].tree.pop();
        }),
        E::Tree { .. }
    ));
    assert!(matches!(
        change(|c| c.parts[0].claims[0].n_boxes += 1),
        E::BoxCount { .. }
    ));
    assert!(matches!(
        change(|c| c.parts[1].claims[0].bound = Interval::new(2.0, 2.1)),
        E::Bound { .. }
    ));
    // A false statement under another name: the tree is a cover, but a box breaks the claim.
    assert!(matches!(
        change(|c| {
            c.statement = "custom".to_owned();
            c.parts[0].domain.nu = Interval::new(0.02, 1.2);
        }),
        E::Box { .. }
    ));
    // One constant alone, and a box of fixed points that is missing, too narrow or not the goal's.
    for edit in [
        (|c| c.map.alpha = Interval::point(1.0)) as fn(&mut Certificate),
        |c| c.map.lambda = Interval::point(1.0),
    ] {
        assert!(matches!(change(edit), E::NotTheTheorem { .. }));
    }
    let found = fixed_point.parts[0].fixed_points.expect("fixed points");
    let mut other = honest.clone();
    other.parts[0].fixed_points = Some(found);
    let mut missing = fixed_point.clone();
    missing.parts[0].fixed_points = None;
    let mut narrow = fixed_point.clone();
    narrow.parts[0].fixed_points = Some(FixedPointBox {
        mu: Interval::new(-1e-3, 1e-3),
        ..found
    });
    for copy in [other, missing, narrow] {
        let error = verify(&copy, two_threads()).expect_err("another box of fixed points");
        assert!(matches!(error, E::FixedPoints { .. }), "{error}");
    }
    if let Some(stated) = &mut fixed_point.parts[0].fixed_points {
        stated.nu = Interval::new(0.99, 1.01);
    }
    assert!(matches!(
        verify(&fixed_point, two_threads()),
        Err(E::FixedPoints { .. })
    ));
}

#[test]
fn a_stated_bound_must_hold_every_box() {
    let honest = proof(Theorem::Three);
    let (part, claim) = (&honest.parts[0], &honest.parts[0].claims[0]);
    let (cells, _) = tree::boxes(&claim.tree, &part.domain.widened()).expect("a tree");
    assert!(cells.len() > 2);
    for cell in [cells[0], cells[cells.len() - 1]] {
        let mut copy = honest.clone();
        copy.parts[0].claims[0].bound = claim.claim.quantity.over(&honest.map, &cell);
        let error = verify(&copy, two_threads()).expect_err("the bound of one box");
        assert!(matches!(error, CertificateError::Bound { .. }), "{error}");
    }
}

#[test]
fn verify_takes_no_other_texts_and_nothing_empty() {
    let honest = proof(Theorem::Three);
    use CertificateError as E;
    type Edit = fn(&mut Certificate);
    let texts: [(&str, Edit); 5] = [
        ("source", |c| c.source.clear()),
        ("method", |c| c.method.push('.')),
        ("rounding", |c| c.rounding = "to nearest".to_owned()),
        ("list of assumptions", |c| c.assumptions.clear()),
        ("list of assumptions", |c| {
            c.assumptions.push("none".to_owned())
        }),
    ];
    for (what, edit) in texts {
        let mut copy = honest.clone();
        edit(&mut copy);
        let error = verify(&copy, two_threads()).expect_err(what);
        assert_eq!(error, E::Text { what });
    }
    let mut deeper = honest.clone();
    deeper.parts[0].claims[0].depth += 1;
    let error = verify(&deeper, two_threads()).expect_err("another depth");
    assert!(matches!(error, E::Depth { .. }), "{error}");

    let mut empty = honest;
    empty.statement = "custom".to_owned();
    empty.parts.clear();
    assert_eq!(verify(&empty, two_threads()), Err(E::NoParts));
}

#[test]
fn a_document_has_each_of_its_members_once_and_no_others() {
    let json = proof(Theorem::One).to_json().expect("JSON");
    assert!(Certificate::from_json(&json).is_ok());
    let replaced = |old: &str, new: &str| {
        assert!(json.contains(old), "{old}");
        Certificate::from_json(&json.replacen(old, new, 1))
    };
    for (what, old, new) in [
        ("unknown", "\"program\":", "\"proved\": true, \"program\":"),
        (
            "twice",
            "\"program\":",
            "\"statement\": \"custom\", \"program\":",
        ),
        ("unknown in a part", "\"goal\":", "\"and\": 1, \"goal\":"),
        ("twice in a domain", "\"mu\":", "\"nu\": [1, 2], \"mu\":"),
        (
            "unknown in a domain",
            "\"mu\":",
            "\"sigma\": [1, 2], \"mu\":",
        ),
        (
            "twice in a claim",
            "\"quantity\":",
            "\"below\": 2.0, \"quantity\":",
        ),
        (
            "unknown in a claim",
            "\"quantity\":",
            "\"tight\": true, \"quantity\":",
        ),
        (
            "twice in the constants",
            "\"alpha\":",
            "\"lambda\": [1, 1], \"alpha\":",
        ),
        (
            "format twice",
            "\"program\":",
            "\"format\": \"banach certificate 1\", \"program\":",
        ),
    ] {
        let error = replaced(old, new).expect_err(what);
        assert!(
            matches!(error, CertificateError::Parse { .. }),
            "{what}: {error}"
        );
    }
    let reversed = serde_json::from_str::<Domain>(
        "{\"mu\": [0.1, -0.1], \"omega\": [0, 0], \"nu\": [1, 1], \"tau\": [1, 1]}",
    );
    let error = reversed.expect_err("ends in reverse").to_string();
    assert!(
        error.starts_with("the ends of an interval must not be in reverse, got [0.1, -0.1]"),
        "{error}"
    );
}

#[test]
fn other_documents_are_no_certificates() {
    for text in ["", "{}", "[1]", "{\"format\": \"banach certificate 9\"}"] {
        assert!(Certificate::from_json(text).is_err(), "{text}");
    }
    let error = Certificate::from_json("{\"format\": \"x\"}").expect_err("another format");
    assert_eq!(
        error.to_string(),
        "certificate format is \"x\", this program reads \"banach certificate 1\""
    );
}

#[test]
fn quantities_over_boxes_hold_the_values_at_their_points() {
    let map = IntervalMap::selu_01();
    let mut state = 3_u64;
    let mut uniform = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    for _ in 0..500 {
        let center = [
            uniform() - 0.5,
            uniform() * 2.0 - 1.0,
            0.05 + 3.0 * uniform(),
            0.3 + uniform(),
        ];
        let size = 0.3 * uniform() * uniform();
        let cell = Domain::from_axes(std::array::from_fn(|i| {
            Interval::new(center[i] * (1.0 - size), center[i] * (1.0 + size))
        }));
        for quantity in [
            Quantity::SpectralNorm,
            Quantity::Mean,
            Quantity::Variance,
            Quantity::VarianceRatio,
        ] {
            let range = quantity.over(&map, &cell);
            for _ in 0..5 {
                let point = cell
                    .axes()
                    .map(|x| (x.lo() + uniform() * (x.hi() - x.lo())).clamp(x.lo(), x.hi()));
                let value = quantity.at(&map, point);
                assert!(
                    range.intersection(value).is_some(),
                    "{} at {point:?}: {value} misses {range} over {cell}",
                    quantity.name()
                );
            }
        }
    }
}
