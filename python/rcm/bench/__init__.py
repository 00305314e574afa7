"""The published table, measured on any tree: what rcm takes for each kind of work, and its rivals.

`run.measure` is the whole of it: a scratch copy of the tree (`scratch`), questions made from it
(`questions`), contenders (`own`, `semble`, `ripgrep`) that do each kind of work in turn, every piece in
a process of its own (`children`, `jobs/`), and a `report`. `table` and `plot` show it.
"""
