"""The lexical index: tantivy finds chunks by term and keeps their text; its commit is the switch.

Terms come split and joined by blanks, for the whitespace analyzer. One control document carries
the epoch and the hash of the change that the commit belongs to. BM25 scores of tantivy only pick
candidates: its statistics count deleted chunks until they are merged away, so the ranking scores
candidates from the term bags in the vector segments, and an update ranks like a fresh index.
"""
