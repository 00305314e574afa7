//! What the rules found in a text, put in order: none overlaps another.

use std::cmp::Reverse;
use std::ops::Range;

use super::rules::Rule;

/// A run of bytes to replace.
pub(super) struct Finding {
    /// Of the text; holds no line break.
    pub(super) range: Range<usize>,
    /// What found it.
    pub(super) rule: &'static Rule,
    /// Findings of one group are one secret: the lines of a key.
    pub(super) group: usize,
    /// Whether its line says that it may stay.
    pub(super) marked: bool,
}

/// Sorts by place; of two that overlap one is left, which covers both and has the surer rule's name.
pub(super) fn resolve(mut findings: Vec<Finding>) -> Vec<Finding> {
    findings.sort_by_key(|finding| (finding.range.start, Reverse(finding.range.end)));
    let mut kept: Vec<Finding> = Vec::with_capacity(findings.len());
    for finding in findings {
        match kept.last_mut() {
            Some(last) if finding.range.start < last.range.end => {
                last.range.end = last.range.end.max(finding.range.end);
                last.marked &= finding.marked;
                if finding.rule.confidence < last.rule.confidence {
                    (last.rule, last.group) = (finding.rule, finding.group);
                }
            }
            _ => kept.push(finding),
        }
    }
    kept
}
