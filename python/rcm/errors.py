"""What can go wrong with an index. Trouble with one file is a `FileFailure` in the report instead.

```text
RcmError
├── IndexNotFoundError     there is no index for this tree
├── IndexLockedError       another process is writing
├── IndexNotWritableError  its folder may not be written by this user
├── IndexStaleError        made by another version, model or set of rules
├── IndexDamagedError      a file of the index is missing or damaged
├── ModelError             an embedding model is missing, damaged or of another shape
├── EmbeddingServiceError  a remote embedder did not answer as it should
└── VectorStoreError       a remote vector store did not answer as it should
```

A wrong argument is a `ValueError`; a missing directory is a `FileNotFoundError` or
`NotADirectoryError`.
"""

from __future__ import annotations


class RcmError(Exception):
    """Base of all errors that are about the index itself.

    Attributes:
        hint: What to do next, or an empty string.
    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class IndexNotFoundError(RcmError):
    """There is no index for this tree."""


class IndexLockedError(RcmError):
    """Another process is writing this index."""


class IndexNotWritableError(RcmError):
    """The folder of the index may not be written by this user."""


class IndexStaleError(RcmError):
    """The index was made by another version, model or set of rules."""


class IndexDamagedError(RcmError):
    """A file of the index is missing or damaged."""


class ModelError(RcmError):
    """An embedding model is missing, damaged, or of another shape than the index."""


class EmbeddingServiceError(RcmError):
    """A remote embedder did not answer as it should."""


class VectorStoreError(RcmError):
    """A remote vector store did not answer as it should."""
