"""Numbers as people read them."""

from __future__ import annotations


def count(n: int, noun: str) -> str:
    """`1 file`, `1,234 files`."""
    return f"{n:,} {noun}" + ("" if n == 1 else "s")


def size(n_bytes: int) -> str:
    """`512 B`, `1.5 KB`, `20 MB`; powers of 1,024."""
    if n_bytes < 1024:
        return f"{n_bytes} B"
    amount, unit = n_bytes / 1024, "KB"
    for larger in ("MB", "GB", "TB"):
        if amount >= 1024:
            amount, unit = amount / 1024, larger
    return f"{amount:.1f} {unit}" if amount < 10 else f"{amount:,.0f} {unit}"


def duration(seconds: float) -> str:
    """`3 ms`, `1.24 s`, `2 min 05 s`."""
    if seconds < 0.1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.2f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s"
