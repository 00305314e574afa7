"""What updates, looks at an index, exact searches and scans for secrets report.

None of it is on the way of a search, and a command loads the module that it needs only: making one of these
classes takes half a millisecond.
"""
