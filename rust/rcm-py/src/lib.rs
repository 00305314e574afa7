//! The extension module `rcm._rcm`: the list of what Python sees. Conversions only; the work is in `rcm-core` and `rcm-vectors`.

#![forbid(unsafe_code)]
// Python hands over owned values; borrowing them in the signature is not possible.
#![allow(clippy::needless_pass_by_value)]

mod by_file;
mod detached;
mod embed;
mod error;
mod files;
mod grep;
mod inspect;
mod look;
mod secrets;
mod segments;
mod stream;
mod text;
mod walk;

use pyo3::prelude::*;

#[pymodule(gil_used = false)]
fn _rcm(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add_class::<walk::PyWalked>()?;
    module.add_class::<walk::PyPlan>()?;
    module.add_class::<walk::PyTree>()?;
    module.add_class::<stream::PyChunkStream>()?;
    module.add_class::<stream::PyBatch>()?;
    module.add_class::<stream::PyFileOutcome>()?;
    module.add_class::<embed::PyStaticTable>()?;
    module.add_class::<embed::PyVectors>()?;
    module.add_class::<segments::PySegmentBuilder>()?;
    module.add_class::<segments::PySegments>()?;
    module.add_class::<segments::PyScan>()?;
    module.add_class::<by_file::PyFiles>()?;
    module.add_class::<grep::PyGrep>()?;
    module.add_class::<by_file::PyScored>()?;
    module.add_function(wrap_pyfunction!(files::sha256, module)?)?;
    module.add_function(wrap_pyfunction!(files::checksums, module)?)?;
    module.add_function(wrap_pyfunction!(files::heads, module)?)?;
    module.add_function(wrap_pyfunction!(files::reach, module)?)?;
    module.add_function(wrap_pyfunction!(walk::walk, module)?)?;
    module.add_function(wrap_pyfunction!(walk::hash_files, module)?)?;
    module.add_function(wrap_pyfunction!(walk::merkle_root, module)?)?;
    module.add_function(wrap_pyfunction!(look::look, module)?)?;
    module.add_function(wrap_pyfunction!(look::read_text, module)?)?;
    module.add_function(wrap_pyfunction!(stream::last_noted, module)?)?;
    module.add_function(wrap_pyfunction!(stream::read_stored, module)?)?;
    module.add_function(wrap_pyfunction!(inspect::inspect, module)?)?;
    module.add_function(wrap_pyfunction!(secrets::find_secrets, module)?)?;
    module.add_function(wrap_pyfunction!(secrets::secret_rules, module)?)?;
    module.add_function(wrap_pyfunction!(text::terms, module)?)?;
    module.add_function(wrap_pyfunction!(text::query_pairs, module)?)?;
    module.add_function(wrap_pyfunction!(text::query_terms, module)?)?;
    module.add_function(wrap_pyfunction!(text::terms_near, module)?)?;
    module.add_function(wrap_pyfunction!(text::edits, module)?)?;
    module.add_function(wrap_pyfunction!(text::longest_runs, module)?)?;
    module.add_function(wrap_pyfunction!(text::stems_in, module)?)?;
    module.add_function(wrap_pyfunction!(text::best_run, module)?)?;
    module.add_function(wrap_pyfunction!(text::best_part, module)?)?;
    module.add_function(wrap_pyfunction!(text::effective_stem, module)?)?;
    module.add_function(wrap_pyfunction!(text::term_key, module)?)?;
    module.add_function(wrap_pyfunction!(text::name_key, module)?)?;
    module.add_function(wrap_pyfunction!(text::languages, module)?)?;
    module.add_function(wrap_pyfunction!(text::language_class, module)?)?;
    module.add_function(wrap_pyfunction!(text::identity, module)?)?;
    module.add_function(wrap_pyfunction!(text::kinds, module)?)?;
    Ok(())
}
