"""The benchmark's metric, against values worked out by hand."""

import json
import math

import pytest

from quality_metric import (
    Query,
    Target,
    distinct_files,
    load_annotations,
    ndcg,
    paired_interval,
    score,
)
from rcm.types import SearchResult


def hit(path: str, start_line: int = 1, end_line: int = 10) -> SearchResult:
    return SearchResult(path, start_line, end_line, "", "", "python", 1.0, "")


def check(targets, hits, *, native, file=None):
    """Score `hits`, given as paths or (path, first line, last line)."""
    found = [hit(*(entry if isinstance(entry, tuple) else (entry,))) for entry in hits]
    wanted = tuple(Target(*(t if isinstance(t, tuple) else (t,))) for t in targets)
    result = score(Query("q", "semantic", wanted), found[:10], found)
    assert result.native == pytest.approx(native)
    if file is not None:
        assert result.file == pytest.approx(file)
    return result


SECOND = 1 / math.log2(3)
THIRD = 1 / math.log2(4)


def test_first_rank_is_perfect():
    check(["a"], ["a", "b"], native=1, file=1)


def test_second_rank_is_discounted():
    check(["a"], ["b", "a"], native=SECOND, file=SECOND)


def test_nothing_found_is_zero():
    result = check(["a"], ["b", "c"], native=0, file=0)
    assert result.recall == 0
    assert result.reciprocal_rank == 0


def test_nothing_returned_is_zero():
    check(["a"], [], native=0, file=0)


def test_rank_eleven_counts_for_nothing():
    check(["a"], [*"bcdefghijk", "a"], native=0, file=0)


def test_two_targets_share_the_ideal():
    result = check(["a", "b"], ["a", "c", "b"], native=(1 + THIRD) / (1 + SECOND))
    assert result.recall == 1
    assert result.reciprocal_rank == 1


def test_half_of_the_targets_found():
    result = check(["a", "b"], ["c", "b"], native=SECOND / (1 + SECOND))
    assert result.recall == 0.5
    assert result.reciprocal_rank == 0.5


def test_ideal_is_capped_at_ten_targets():
    paths = [f"f{n}" for n in range(12)]
    check(paths, paths, native=1, file=1)


def test_second_chunk_of_a_file_takes_a_rank_but_only_in_native():
    check(["a"], ["b", "b", "a"], native=THIRD, file=SECOND)


def test_file_metric_looks_at_fifty_results_only():
    check(["a"], ["b"] * 49 + ["a"], native=0, file=SECOND)
    check(["a"], ["b"] * 50 + ["a"], native=0, file=0)


@pytest.mark.parametrize(
    ("lines", "covered"),
    [((1, 4), False), ((1, 5), True), ((9, 9), True), ((20, 30), True), ((21, 30), False)],
)
def test_a_span_must_overlap_but_not_for_the_file_metric(lines, covered):
    check([("a", (5, 20))], [("a", *lines)], native=float(covered), file=1)


def test_a_span_takes_the_first_overlapping_result():
    check([("a", (50, 60))], [("a", 1, 10), ("a", 55, 70)], native=SECOND, file=1)


def test_path_must_be_the_same_not_just_end_alike():
    check(["src/a"], ["lib/src/a"], native=0, file=0)


def test_ndcg_ignores_ranks_past_ten():
    assert ndcg([1, 11], 2) == pytest.approx(1 / (1 + SECOND))


def test_distinct_files_keeps_the_first_hit_of_each():
    files = distinct_files([hit("a", 5), hit("b"), hit("a", 1)])
    assert [(found.path, found.start_line) for found in files] == [("a", 5), ("b", 1)]


def test_secondary_targets_weigh_the_same_and_spans_are_read(tmp_path):
    entries = [
        {
            "query": "q",
            "category": "symbol",
            "relevant": ["a"],
            "secondary": [{"path": "b", "start_line": 3, "end_line": 9}],
        }
    ]
    file = tmp_path / "one.json"
    file.write_text(json.dumps(entries))
    assert load_annotations(file) == [Query("q", "symbol", (Target("a"), Target("b", (3, 9))))]


def test_interval_holds_the_mean_and_is_repeatable():
    differences = [0.1, 0.0, 0.2, -0.05, 0.1, 0.03]
    low, high = paired_interval(differences)
    assert low < sum(differences) / len(differences) < high
    assert paired_interval(differences) == (low, high)


def test_interval_of_equal_runs_is_zero():
    assert paired_interval([0.0] * 21) == (0.0, 0.0)
