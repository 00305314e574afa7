"""The one table of ranking constants.

Each names what leaving it out costs, in NDCG@10 on the 21 development repositories of the
search-quality benchmark, from .918 with all of them and an earlier table; "whole" is on whole
repositories, tests and documents included, from .905 (`benches/ablation.py`, `docs/ranking.md`).
"""

from __future__ import annotations

from typing import NamedTuple


class Weights(NamedTuple):
    """Constants of the ranking, in points of the final score unless said otherwise.

    Attributes:
        semantic: Share of the cosine in a chunk's score; lexical only is -.035.
        lexical: Share of BM25 in a chunk's score; semantic only is -.025.
        telling: Taken off the cosine's share, and given to BM25, per point that BM25 has fallen further
            than cosines have after the best `peak` chunks by each: words that single out few chunks say
            more. Without it labels are the same (.000 and +.001), and sentences of documentation, subjects
            and messages of commits find less (-.016, -.005, -.005 MRR@10 in trees that it was not chosen on).
        peak: Chunks that are the peak of a score.
        even: How much further BM25 falls usually, for which nothing is taken.
        long_semantic: The cosine's share for a long question: the mean of many words says little of each.
        short: Words of a question up to which the share is as above.
        long: Words, more than `short`, from which it is `long_semantic` at most; it falls with each between.
        pool: Best chunks of a query that count towards their files.
        aggregation: Share of a file's best chunks added to its best; without it -.020. Of
            .4 to .8, which the labels do not tell apart, .6 finds more by sentences of documentation.
        aggregated: How many of a file's best chunks are added.
        decay: Each further chunk counts this much of the one before it; 8 chunks with .6 instead of
            4 with .5 was +.004 to +.007 with two tables.
        stem: For the share of a file name's parts that occur in the query; without it -.014. .1 to .2 are
            alike there; the less, the more is found by sentences of documentation and by the questions of
            the second set (.12: +.005 from .15).
        folder: For a file in a folder, or package, that the query names: the share of the name's terms, times
            how rare they are. Without it labels are the same; subjects of commits find less (-.010, and
            -.006 MRR@10 in trees that it was not chosen on).
        folder_rarity: Weight (idf) in BM25, above 0, that the terms of a folder's name must have together to
            tell it apart.
        definition: For a file that defines an identifier of the query; without it -.005.
        one_word: Factor on `definition` when the query is one identifier.
        identifier: For a file that defines the query, when that is one identifier (`RouteContext`,
            `nsenders`) and no word: above all other files, in tests or not. Of names that one file defines it
            came first for 27 to 34 % of those in tests without it, 89 to 96 % with it.
        references: For a file that defines names which the best chunks use, the most used being 1;
            without it -.007, whole the same.
        referring: How many of the best chunks speak so.
        definers: A name that more chunks than this define leads nowhere.
        size: Per natural logarithm of a file's chunks, over 5; without it -.004, whole the same.
        size_cap: Chunks beyond this many count no more, lest generated giants win.
        test: Taken off tests, examples, benchmarks and docs not asked for; without it -.002,
            whole -.029.
        asked: Share of `test` that is taken off all the same when the query has a word for such: 0
            is whole -.003, in a repository of a test framework.
        prose: Taken off prose, settings and data not asked for: they say the words, code does it;
            without it -.004, whole -.016.
        bundled: Taken off build output and vendored code not asked for; without it whole -.013.
        place: For a file that the query names with a path and a line, half of it without a line: above
            the sum of all other parts, since a stack trace or a person points at it.
        rare: For a program with words of the query that hardly another chunk has, times their share
            of the query; without it .000, and one rare word in a sentence goes under.
        verbatim: For a file with the words of an error message in a row, times their share of it.
    """

    semantic: float = 0.6
    lexical: float = 0.4
    telling: float = 0.5
    peak: int = 100
    even: float = 0.1
    long_semantic: float = 0.3
    short: int = 12
    long: int = 30
    pool: int = 400
    aggregation: float = 0.6
    aggregated: int = 8
    decay: float = 0.6
    stem: float = 0.12
    folder: float = 0.08
    folder_rarity: float = 3.0
    definition: float = 0.1
    one_word: float = 4.0
    identifier: float = 2.0
    references: float = 0.09
    referring: int = 100
    definers: int = 3
    size: float = 0.08
    size_cap: int = 40
    test: float = 0.7
    asked: float = 0.25
    prose: float = 0.5
    bundled: float = 0.7
    place: float = 2.0
    rare: float = 0.5
    verbatim: float = 1.0

    def shared(self, n_words: float, after_peak: tuple[float, float] | None) -> Weights:
        """Return the weights for a question: with its shares of words and meaning.

        Args:
            n_words: Words of the question.
            after_peak: Semantic and lexical score after the best `peak` chunks by each, None without so many.
        """
        share = self.semantic
        if after_peak is not None:
            semantic, lexical = after_peak
            share -= self.telling * max(semantic - lexical - self.even, 0.0)
        if n_words > self.short:
            longer = min((n_words - self.short) / (self.long - self.short), 1.0)
            share -= longer * max(share - self.long_semantic, 0.0)
        share = max(share, 0.0)
        return self._replace(semantic=share, lexical=self.lexical + self.semantic - share)


DEFAULT = Weights()

#: How much a definition of each kind counts. All kinds alike gave the same ranks; the differences
#: decide which definition is shown when a file has several.
KIND_WEIGHTS = {
    "class": 1.0, "interface": 1.0, "trait": 1.0, "struct": 1.0, "enum": 1.0, "protocol": 1.0,
    "record": 1.0, "type": 1.0, "union": 1.0, "macro": 1.0,
    "object": 0.9, "function": 0.8, "method": 0.75, "constructor": 0.6, "constant": 0.6,
    "module": 0.45, "extension": 0.45, "implementation": 0.35, "variable": 0.5, "field": 0.4,
    "variant": 0.5, "section": 0.3, "key": 0.3, "test": 0.3,
}  # fmt: skip
#: Added to a definition whose file defines its qualifier as well (`Pool.get`).
IN_SCOPE = 0.5
#: Taken off for a declaration without a body.
FORWARD = 0.3
#: Taken off per column of indentation, up to 8 columns.
INDENT, INDENT_CAP = 0.02, 8
