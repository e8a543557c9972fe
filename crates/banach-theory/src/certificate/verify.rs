//! Checks a certificate without the search that found it.

use std::num::NonZeroUsize;

use banach_kernels::parallel_map_chunked;

use super::file::{ASSUMPTIONS, METHOD, ROUNDING, SOURCE};
use super::tree::boxes;
use super::{
    Certificate, CertificateError, FixedPointBox, Goal, Part, ProvedClaim, Statement, Theorem,
};
use crate::CELLS_AT_A_TIME;
use crate::interval::Interval;

/// What was checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verification {
    /// Claims whose boxes were all evaluated again.
    pub n_claims: usize,
    /// Boxes evaluated.
    pub n_boxes: usize,
}

/// Replays every subdivision from its domain and evaluates each box; recomputes the boxes of fixed points.
///
/// Nothing in the document is believed but the name of the program that found the proof: a document named after a theorem must have the theorem's domains, goals and constants,
/// each goal must come with all of its claims, and each bound must hold on every box.
///
/// # Errors
/// [`CertificateError`] with the first thing that does not hold.
pub fn verify(
    certificate: &Certificate,
    threads: NonZeroUsize,
) -> Result<Verification, CertificateError> {
    let statement = Statement {
        name: certificate.statement.clone(),
        map: certificate.map,
        parts: certificate
            .parts
            .iter()
            .map(|part| (part.domain, part.goal))
            .collect(),
    };
    statement.check()?;
    check_texts(certificate)?;
    if statement.name != "custom" {
        is_the_theorem(&statement)?;
    }
    let mut verification = Verification {
        n_claims: 0,
        n_boxes: 0,
    };
    for (index, part) in certificate.parts.iter().enumerate() {
        let needed = part.goal.claims(&part.domain);
        if !needed.iter().eq(part.claims.iter().map(|c| &c.claim)) {
            return Err(CertificateError::Claims {
                part: index,
                needed: needed.iter().map(ToString::to_string).collect(),
                got: part.claims.iter().map(|c| c.claim.to_string()).collect(),
            });
        }
        for proved in &part.claims {
            verification.n_boxes += check_boxes(certificate, index, part, proved, threads)?;
            verification.n_claims += 1;
        }
        check_fixed_points(certificate, index, part, threads)?;
    }
    Ok(verification)
}

/// Method, rounding and assumptions are what this program has, whoever found the proof: other texts would say of the check
/// what is not true.
fn check_texts(certificate: &Certificate) -> Result<(), CertificateError> {
    let own = [
        ("source", certificate.source == SOURCE),
        ("method", certificate.method == METHOD),
        ("rounding", certificate.rounding == ROUNDING),
        (
            "list of assumptions",
            certificate.assumptions.iter().eq(&ASSUMPTIONS),
        ),
    ];
    match own.into_iter().find(|&(_, own)| !own) {
        Some((what, _)) => Err(CertificateError::Text { what }),
        None => Ok(()),
    }
}

fn is_the_theorem(statement: &Statement) -> Result<(), CertificateError> {
    let theorem = Theorem::from_name(&statement.name)?.statement();
    let differs = |what| CertificateError::NotTheTheorem {
        name: statement.name.clone(),
        what,
    };
    if statement.parts != theorem.parts {
        return Err(differs("domains or goals"));
    }
    if !(statement.map.alpha.encloses(theorem.map.alpha)
        && statement.map.lambda.encloses(theorem.map.lambda))
    {
        return Err(differs("the constants alpha_01 and lambda_01"));
    }
    Ok(())
}

fn check_boxes(
    certificate: &Certificate,
    index: usize,
    part: &Part,
    proved: &ProvedClaim,
    threads: NonZeroUsize,
) -> Result<usize, CertificateError> {
    let claim = || proved.claim.to_string();
    let (cells, depth) =
        boxes(&proved.tree, &part.domain.widened()).map_err(|broken| CertificateError::Tree {
            part: index,
            claim: claim(),
            position: broken.position,
            reason: broken.reason,
        })?;
    if cells.len() != proved.n_boxes {
        return Err(CertificateError::BoxCount {
            part: index,
            claim: claim(),
            expected: proved.n_boxes,
            got: cells.len(),
        });
    }
    if depth != proved.depth {
        return Err(CertificateError::Depth {
            part: index,
            claim: claim(),
            expected: proved.depth,
            got: depth,
        });
    }
    let ranges = parallel_map_chunked(&cells, CELLS_AT_A_TIME, threads.get(), |cell| {
        proved.claim.quantity.over(&certificate.map, cell)
    });
    let mut bound: Option<Interval> = None;
    for (number, (&enclosure, cell)) in ranges.iter().zip(&cells).enumerate() {
        if !proved.claim.holds(enclosure) {
            return Err(CertificateError::Box {
                part: index,
                claim: claim(),
                index: number,
                cell: cell.to_string(),
                enclosure,
            });
        }
        bound = Some(bound.map_or(enclosure, |b| b.hull(enclosure)));
    }
    match bound {
        Some(got) if !proved.bound.encloses(got) => Err(CertificateError::Bound {
            part: index,
            claim: claim(),
            expected: proved.bound,
            got,
        }),
        _ => Ok(cells.len()),
    }
}

fn check_fixed_points(
    certificate: &Certificate,
    index: usize,
    part: &Part,
    threads: NonZeroUsize,
) -> Result<(), CertificateError> {
    let failed = |reason: String| CertificateError::FixedPoints {
        part: index,
        reason,
    };
    match (part.goal, part.fixed_points) {
        (Goal::FixedPoint, Some(stated)) => {
            let found = FixedPointBox::compute(&certificate.map, &part.domain, threads);
            if stated.mu.encloses(found.mu) && stated.nu.encloses(found.nu) {
                Ok(())
            } else {
                Err(failed(format!(
                    "it says mu in {}, nu in {}; recomputed: mu in {}, nu in {}",
                    stated.mu, stated.nu, found.mu, found.nu
                )))
            }
        }
        (Goal::FixedPoint, None) => Err(failed("it is missing".to_owned())),
        (_, Some(_)) => Err(failed("the goal has none".to_owned())),
        (_, None) => Ok(()),
    }
}
