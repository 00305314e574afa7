"""Rank: candidates to ordered results, every part of a score visible.

`weights` is the one table of constants, `signals` computes one signal each, `ranking` adds them up.
"""

from rcm.rank.ranking import Ranked, rank
from rcm.rank.weights import DEFAULT, Weights

__all__ = ["DEFAULT", "Ranked", "Weights", "rank"]
