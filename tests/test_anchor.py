"""Where an indexed chunk is in a file that has changed: the very lines, or what they have become."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rcm.anchor import Place, find_place

CHUNK = """\
def backoff_seconds(attempt):
    base = float(environ["BACKOFF_BASE"])
    jitter = random.random() * base
    return base * 2**attempt + jitter"""


def check(current: str, expected: tuple[int, int] | None, *, start: int = 1) -> None:
    place = find_place(current, CHUNK, start, "backoff_seconds")
    if expected is None:
        assert place is None
        return
    first, last = expected
    assert place == Place(first, last, "\n".join(current.split("\n")[first - 1 : last]))


def test_lines_that_did_not_move() -> None:
    check(CHUNK, (1, 4))
    check(CHUNK + "\n", (1, 4))
    check(f"import os\n{CHUNK}\n\nx = 1\n", (2, 5), start=2)


def test_lines_that_moved() -> None:
    check("\n\n# new\n" + CHUNK, (4, 7))
    check(CHUNK, (1, 4), start=900)


def test_the_nearest_of_equal_runs() -> None:
    twice = f"{CHUNK}\n\n{CHUNK}\n\n{CHUNK}\n"
    check(twice, (1, 4), start=2)
    check(twice, (6, 9), start=5)
    check(twice, (11, 14), start=40)


def test_a_line_that_was_changed_is_shown_as_it_is_now() -> None:
    check("# new\n" + CHUNK.replace("2**attempt", "3**attempt"), (2, 5))


def test_lines_that_came_in_between() -> None:
    check(CHUNK.replace("    jitter", "    log(base)\n    log(attempt)\n    jitter"), (1, 6))


def test_a_definition_whose_body_is_new_is_still_it() -> None:
    check("x = 1\n\ndef backoff_seconds(attempt):\n    return 7\n", (3, 4))


def test_a_renamed_definition_is_found_by_its_body() -> None:
    check("# other\n" + CHUNK.replace("backoff_seconds", "pause"), (2, 5))


def test_what_is_gone_is_not_found() -> None:
    check("x = 1\n", None)
    check("", None)
    check("def backoff(attempt):\n    return 2**attempt\n", None)
    check("    return base * 2**attempt + jitter\n", None)


def test_lines_scattered_over_a_file_are_no_place() -> None:
    check(CHUNK.replace("\n", "\n" + "x = 1\n" * 40), None)


def test_a_file_that_says_the_same_over_and_over_takes_no_time() -> None:
    lines = "same old line\n" * 50_000
    place = find_place(lines, "same old line\n" * 900 + "but this", 1, "")
    assert place is None


@given(st.text("ab\n ", max_size=60), st.text("ab\n ", max_size=30), st.integers(1, 40))
def test_what_is_found_is_what_the_file_has(current: str, chunk: str, start: int) -> None:
    place = find_place(current, chunk, start, "a")
    if place is not None:
        shown = current.split("\n")[place.start_line - 1 : place.end_line]
        assert "\n".join(shown) == place.text
