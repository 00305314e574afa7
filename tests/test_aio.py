"""Asyncio: the same answers, no waiting of the loop, and calls that may be cancelled at any time."""

from __future__ import annotations

import asyncio
import inspect
import threading
from pathlib import Path

import pytest

from rcm import Index, IndexNotFoundError, Workspace
from rcm.aio import CALLS_AT_ONCE, AsyncIndex, AsyncWorkspace
from rcm.reports.update import Progress
from small_trees import SMALL_TREE, write_tree

QUERIES = ("retry", "cache that forgets", "LruCache", "server port", "backoff") * 4


def test_answers_are_those_of_an_index(tree: Path) -> None:
    async def use() -> None:
        async with AsyncIndex.open(tree) as index:
            with pytest.raises(IndexNotFoundError):
                await index.search("retry")
            seen: list[Progress] = []
            report = await index.update(progress=seen.append)
            await asyncio.sleep(0)
            assert report.files_indexed == 6
            assert seen[-1].phase == "commit"
            found = await asyncio.gather(*(index.search(query, top_k=3) for query in QUERIES))
            with Index.open(tree) as plain:
                assert found == [plain.search(query, top_k=3) for query in QUERIES]
                related = await index.find_related("src/retry.py", 6)
                assert related == plain.find_related("src/retry.py", 6)
            assert (await index.read("src/retry.py", 6, 6)).text == "class RetryPolicy:"
            assert (await index.grep("LruCache")).files_matched == 1
            assert (await index.definitions("LruCache"))[0].path == "src/cache.rs"
            assert (await index.status()).exists
            assert await index.exists()
            await index.clear()
            assert not await index.exists()

    asyncio.run(use())


def test_several_trees(tmp_path: Path) -> None:
    one = write_tree(tmp_path / "one", SMALL_TREE)
    two = write_tree(tmp_path / "two", {"limit.py": "def rate_limit():\n    return 1\n"})

    async def use() -> None:
        async with AsyncWorkspace.open([one, two]) as workspace:
            assert workspace.roots == (str(one), str(two))
            await workspace.update()
            found = await workspace.search("rate limit")
            with Workspace.open([one, two]) as plain:
                assert found == plain.search("rate limit")
            assert (await workspace.read("limit.py", 1, 1, root=two)).text == "def rate_limit():"

    asyncio.run(use())


@pytest.mark.parametrize("cls", [AsyncIndex, AsyncWorkspace])
def test_every_method_that_works_is_there(cls: type) -> None:
    original = Index if cls is AsyncIndex else Workspace
    quick = {"close", "open", "index", "contains", "evidence", "searchable", "scan_options"}
    for name, method in vars(original).items():
        if inspect.isfunction(method) and not name.startswith("_") and name not in quick:
            assert inspect.iscoroutinefunction(getattr(cls, name)), name
            assert getattr(cls, name).__doc__ == method.__doc__


def test_a_call_does_not_keep_the_loop_waiting(tree: Path) -> None:
    gate = threading.Event()

    def wait() -> bool:
        return gate.wait(60)

    async def use() -> None:
        async with AsyncIndex.open(tree) as index:
            calls = [asyncio.create_task(index._run(wait)) for _ in range(3)]
            await asyncio.sleep(0.05)  # the loop runs meanwhile
            assert not any(call.done() for call in calls)
            calls[0].cancel()
            with pytest.raises(asyncio.CancelledError):
                await calls[0]
            gate.set()
            assert await asyncio.gather(*calls[1:]) == [True, True]

    asyncio.run(use())


def test_a_cancelled_update_stops_and_leaves_a_sound_index(tmp_path: Path) -> None:
    many = {f"src/part{nth}.py": f"def part{nth}():\n    return {nth}\n" * 20 for nth in range(400)}
    tree = write_tree(tmp_path / "tree", many)

    async def use() -> None:
        async with AsyncIndex.open(tree) as index:
            begun = asyncio.Event()
            task = asyncio.create_task(index.update(progress=lambda _: begun.set()))
            await begun.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        async with AsyncIndex.open(tree) as index:
            await index.update()
            assert (await index.doctor(full=True)).verdict == "ok"
            assert (await index.search("part7"))[0].path == "src/part7.py"

    asyncio.run(use())


def test_more_calls_than_threads(tree: Path) -> None:
    async def use() -> None:
        async with AsyncIndex.open(tree) as index:
            await index.update()
            calls = [index.search("retry") for _ in range(5 * CALLS_AT_ONCE)]
            found = await asyncio.gather(*calls)
            assert all(one == found[0] for one in found)

    asyncio.run(use())


def test_leaving_does_not_wait_for_calls_that_have_not_begun(tree: Path) -> None:
    async def use() -> None:
        gate = threading.Event()
        index = AsyncIndex.open(tree)
        blocked = [
            asyncio.create_task(index._run(lambda: gate.wait(60))) for _ in range(CALLS_AT_ONCE)
        ]
        waiting = asyncio.create_task(index.exists())
        await asyncio.sleep(0.05)
        closing = asyncio.create_task(index.close())
        await asyncio.sleep(0.05)
        gate.set()
        await closing
        assert await asyncio.gather(*blocked) == [True] * CALLS_AT_ONCE
        with pytest.raises(asyncio.CancelledError):
            await waiting

    asyncio.run(use())
