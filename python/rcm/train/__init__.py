"""Rebuild the static embedding model: fetch -> extract -> pairs -> vocabulary -> train -> export.

Needs the `train` extra (numpy, scipy, safetensors, tokenizers), a Rust toolchain for the extraction
and the registries' clients for the download. Nothing that runs in a search imports this package.
"""
