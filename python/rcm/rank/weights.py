"""The one table of ranking constants.

Each names what leaving it out costs, in NDCG@10 on the 21 development repositories of the
search-quality benchmark, from .927 with all of them; "whole" is on whole repositories, tests and
documents included, from .907 (`benches/ablation.py`, `docs/ranking.md`).
"""

from __future__ import annotations

from typing import NamedTuple


class Weights(NamedTuple):
    """Constants of the ranking, in points of the final score unless said otherwise.

    Attributes:
        semantic: Share of the cosine in a chunk's score; lexical only is -.044.
        lexical: Share of BM25 in a chunk's score; semantic only is -.039.
        telling: Taken off the cosine's share, and given to BM25, per point that BM25 has fallen further
            than cosines have after the best `peak` chunks by each: words that single out few chunks say
            more. Without it -.008, whole -.007.
        peak: Chunks that are the peak of a score.
        even: How much further BM25 falls usually, for which nothing is taken.
        long_semantic: The cosine's share for a long question: the mean of many words says little of each.
        short: Words of a question up to which the share is as above.
        long: Words, more than `short`, from which it is `long_semantic` at most; it falls with each between.
        pool: Best chunks of a query that count towards their files.
        floor: Scores are measured from that of the chunk after so many best ones by it: what most
            chunks have says nothing of one. Without it labels are the same (-.006, whole .000); questions
            of the second set find less (-.027), so do sentences of documentation, subjects of commits and
            questions about definitions (-.10, -.03, -.06 MRR@10).
        semantic_floor: How much of it for the cosine; 1.1 was -.009.
        lexical_floor: How much of it for BM25; .6 and .8 are -.003.
        aggregation: Share of a file's best chunks added to its best; without it -.028, whole -.019.
        aggregated: How many of a file's best chunks are added; 6 to 12 are alike.
        decay: Each further chunk counts this much of the one before it.
        stem: For the share of a file name's parts that occur in the query; without it -.014, whole -.015.
        folder: For a file in a folder, or package, that the query names: the share of the name's terms, times
            how rare they are. Without it -.002, whole -.003; subjects of commits find less (-.010, and
            -.006 MRR@10 in trees that it was not chosen on).
        folder_rarity: Weight (idf) in BM25, above 0, that the terms of a folder's name must have together to
            tell it apart.
        definition: For a file that defines an identifier of the query; without it -.004.
        one_word: Factor on `definition` when the query is one identifier.
        identifier: For a file that defines the query, when that is one identifier (`RouteContext`,
            `nsenders`) and no word: above all other files, in tests or not. Of names that one file defines it
            came first for 27 to 34 % of those in tests without it, 89 to 96 % with it.
        references: For a file that defines names which the best chunks use, the most used being 1;
            without it -.012, whole -.012.
        referring: How many of the best chunks speak so.
        definers: A name that more chunks than this define leads nowhere.
        test: Taken off tests, examples, benchmarks and docs not asked for; without it -.002,
            whole -.041.
        asked: Share of `test` that is taken off all the same when the query has a word for such: 0
            is whole -.003, in a repository of a test framework.
        prose: Taken off prose, settings and data not asked for: they say the words, code does it;
            without it -.008, whole -.020.
        bundled: Taken off build output and vendored code not asked for; without it whole -.012.
        place: For a file that the query names with a path and a line, half of it without a line: above
            the sum of all other parts, since a stack trace or a person points at it.
        rare: For a program with words of a short query that hardly another chunk has, times their share
            of the query; without it .000, and one rare word in a sentence goes under.
        verbatim: For a file with the words of an error message in a row, times their share of it.
        name: In the choice of the chunk to show of a file, for the cosine of the question and the most
            alike name of a chunk's definitions. The one that a sentence of documentation is about is shown
            in 68 % of files without it, in 72 % with it; .5 is .01 less, 1.2 the same. It ranks no file:
            without it labels are the same by files, -.002 by places.
    """

    semantic: float = 0.55
    lexical: float = 0.45
    telling: float = 0.5
    peak: int = 100
    even: float = 0.1
    long_semantic: float = 0.25
    short: int = 12
    long: int = 30
    pool: int = 400
    floor: int = 60
    semantic_floor: float = 1.0
    lexical_floor: float = 0.7
    aggregation: float = 0.75
    aggregated: int = 8
    decay: float = 0.7
    stem: float = 0.15
    folder: float = 0.1
    folder_rarity: float = 3.0
    definition: float = 0.1
    one_word: float = 4.0
    identifier: float = 2.0
    references: float = 0.16
    referring: int = 100
    definers: int = 3
    test: float = 0.7
    asked: float = 0.25
    prose: float = 0.6
    bundled: float = 0.7
    place: float = 2.0
    rare: float = 0.25
    verbatim: float = 1.0
    name: float = 0.9

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
    "class": 1.0, "interface": 0.9, "trait": 1.0, "struct": 1.0, "enum": 1.0, "protocol": 1.0,
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
