//! Secrets for Python: the policy of a run, and what a walk over a tree finds.

use std::collections::BTreeSet;
use std::ffi::OsString;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use rayon::prelude::*;
use rcm_core::cancel::Cancel;
use rcm_core::error::Error;
use rcm_core::filter::{Fingerprint, Secret, SecretMode, SecretPolicy, Secrets};
use rcm_core::read::{Unread, read};
use rcm_core::walk::Entry;

use crate::detached::interruptible;
use crate::walk::PyWalked;

/// Path, line, last line, rule, confidence, fingerprint and whether it is allowed.
type SecretRow = (OsString, usize, usize, &'static str, &'static str, String, bool);

/// What `find_secrets` gives: the secrets, files not looked at with the reason, files that could not be read.
type Found = (Vec<SecretRow>, Vec<(OsString, &'static str)>, Vec<(OsString, String)>);

/// The policy that a mode and a list of fingerprints make.
pub fn policy(mode: &str, allowed: &[String]) -> PyResult<SecretPolicy> {
    let Some(mode) = SecretMode::named(mode) else {
        let known = SecretMode::ALL.map(|(name, _)| name).join(", ");
        return Err(PyValueError::new_err(format!("secrets is {mode:?}, not one of {known}")));
    };
    let allowed = allowed
        .iter()
        .map(|text| {
            Fingerprint::parse(text)
                .ok_or_else(|| PyValueError::new_err(format!("{text:?} is no fingerprint")))
        })
        .collect::<PyResult<BTreeSet<_>>>()?;
    Ok(SecretPolicy { mode, allowed })
}

/// Looks for secrets in the files of a walk, in the order of the walk.
#[pyfunction]
#[pyo3(signature = (walked, *, allowed = Vec::new(), max_file_bytes = 1 << 20, workers = 0))]
pub fn find_secrets(
    py: Python<'_>,
    walked: &PyWalked,
    allowed: Vec<String>,
    max_file_bytes: u64,
    workers: usize,
) -> PyResult<Found> {
    let policy = policy("redact", &allowed)?;
    let (tree, root) = (std::sync::Arc::clone(&walked.walked), walked.root.clone());
    let cancel = Cancel::default();
    let stop = cancel.clone();
    interruptible(py, &cancel, move || {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(workers).build();
        let pool = pool.map_err(|error| Error::Internal(error.to_string()))?;
        let look = |entry: &Entry| {
            let (bytes, _) = read(&root, entry, max_file_bytes)?;
            rcm_core::filter::find_secrets(&entry.path, &bytes, &policy).map_err(Unread::Skipped)
        };
        let looked: Vec<(&Entry, Result<Secrets, Unread>)> = pool.install(|| {
            let entries = tree.entries.par_iter().filter(|_| !stop.is_cancelled());
            entries.map(|entry| (entry, look(entry))).collect()
        });
        let mut found = Found::default();
        for (entry, result) in looked {
            sort_out(entry, result, &mut found);
        }
        Ok(found)
    })
}

fn sort_out(entry: &Entry, result: Result<Secrets, Unread>, (secrets, skipped, failures): &mut Found) {
    let path = || OsString::from(&entry.path);
    match result {
        Ok(Secrets { found, allowed }) => {
            let found = found.into_iter().map(|secret| row(path(), &secret, false));
            let allowed = allowed.into_iter().map(|secret| row(path(), &secret, true));
            let start = secrets.len();
            secrets.extend(found.chain(allowed));
            secrets[start..].sort_by_key(|row| row.1);
        }
        Err(Unread::Skipped(reason)) => skipped.push((path(), reason.as_str())),
        Err(Unread::Failed(error)) => failures.push((path(), error)),
        Err(Unread::Gone) => {}
    }
}

fn row(path: OsString, secret: &Secret, allowed: bool) -> SecretRow {
    let confidence = secret.confidence.as_str();
    (path, secret.line, secret.end_line, secret.rule, confidence, secret.fingerprint.to_string(), allowed)
}

/// (name, confidence) of every rule.
#[pyfunction]
pub fn secret_rules() -> Vec<(&'static str, &'static str)> {
    rcm_core::filter::rules().map(|(name, confidence)| (name, confidence.as_str())).collect()
}
