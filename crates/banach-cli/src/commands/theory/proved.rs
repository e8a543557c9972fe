//! A proved statement as text.

use std::fmt::Write as _;

use banach_theory::certificate::Certificate;

use super::ranges::outward;

/// Domains, goals, bounds and fixed points, and the constants that they are about.
pub(super) fn describe(text: &mut String, certificate: &Certificate) {
    for part in &certificate.parts {
        let _ = writeln!(text, "  {}:\n  {}", part.domain, part.goal.text());
        for proved in &part.claims {
            let _ = writeln!(
                text,
                "    {:<24} it lies in {}, {} boxes, {} cuts deep",
                proved.claim.to_string(),
                outward(proved.bound),
                proved.n_boxes,
                proved.depth
            );
        }
        if let Some(found) = &part.fixed_points {
            let _ = writeln!(
                text,
                "    all fixed points lie in  mu {}, nu {}",
                outward(found.mu),
                outward(found.nu)
            );
        }
    }
    let map = &certificate.map;
    let _ = writeln!(text, "  alpha in {}, lambda in {}", map.alpha, map.lambda);
}

/// What is assumed and not proved.
pub(super) fn assumptions(text: &mut String, assumptions: &[impl AsRef<str>]) {
    text.push_str("assumed and not proved:\n");
    for assumption in assumptions {
        let _ = writeln!(text, "  - {}", assumption.as_ref());
    }
}
