"""The web page in a real browser: searching, the keyboard, files, filters, the index, hostile trees."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from rcm import Index
from rcm.store.folder import IndexFolder
from small_trees import SMALL_TREE, write_tree
from web_browser import axe_source, running_browser
from web_server import Running, serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

WIDE, PHONE, SMALLEST = (1280, 800), (390, 844), (320, 640)
LONG = "def " + "very_long_name_" * 30 + "():\n    return 'retry'\n"
TREE = {
    **SMALL_TREE,
    "src/a_folder_with_a_long_name/another_one_with_a_long_name/" + "n" * 90 + ".py": LONG,
    "src/many.py": "\n\n".join(f"def function_{n}():\n    return {n}" for n in range(400)),
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running_browser() as running:
        yield running


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("page")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RCM_HOME", str(folder / "home"))
        with serving(write_tree(folder / "tree", TREE)) as running:
            yield running


class Errors(list[str]):
    """What the console of a page complained of."""


@pytest.fixture
def errors() -> Iterator[Errors]:
    found = Errors()
    yield found
    assert found == []


def opened(
    browser: Browser, running: Running, errors: Errors, size: tuple[int, int] = WIDE, **options: Any
) -> Page:
    """A page of its own, past the token, its complaints collected."""
    context: BrowserContext = browser.new_context(
        viewport={"width": size[0], "height": size[1]}, **options
    )
    page = context.new_page()
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("dialog", lambda dialog: (errors.append(f"dialog {dialog.message}"), dialog.dismiss()))
    page.goto(running.access.link())
    page.wait_for_selector("#health-dot.fresh")
    return page


@pytest.fixture
def page(browser: Browser, web: Running, errors: Errors) -> Iterator[Page]:
    page = opened(browser, web, errors)
    yield page
    page.context.close()


def until(page: Page, expression: str, argument: object = None) -> None:
    """Wait until something holds; `wait_for_function` needs `eval`, which the page forbids."""
    for _ in range(400):
        if page.evaluate(expression, argument):
            return
        page.wait_for_timeout(50)
    pytest.fail(f"never: {expression}")


def ask(page: Page, query: str) -> None:
    page.fill("#q", query)
    until(page, "q => document.title.startsWith(q)", query)
    page.wait_for_selector(".result")


def paths(page: Page) -> list[str]:
    return [re.sub(r":\d+–\d+$", "", text) for text in page.locator(".place").all_inner_texts()]


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.textContent"))


def test_the_token_is_not_left_in_the_address(page: Page, web: Running) -> None:
    assert page.url == web.access.address
    assert page.evaluate("document.cookie") == ""


def test_typing_a_query_shows_results(page: Page) -> None:
    page.locator("#q").press_sequentially("how often is a failed request sent again", delay=5)
    page.wait_for_selector(".result")
    until(page, "document.title.endsWith('again · rcm')")
    first = page.locator(".result").first
    assert "src/retry.py" in first.inner_text()
    assert "MAX_RETRIES" in first.inner_text() or "RetryPolicy" in first.inner_text()
    assert re.match(r"\d+ results? in ", page.inner_text("#count"))
    assert "result" in page.text_content("#live")
    page.wait_for_selector(".result .c-key")
    assert page.evaluate("CSS.highlights.get('rcm-found').size") > 0


def test_a_late_answer_does_not_replace_a_newer_one(page: Page) -> None:
    held: list[Any] = []

    def hold(route: Any) -> None:
        if "q=cache" in route.request.url:
            held.append(route)
        else:
            route.continue_()

    page.route("**/api/search*", hold)
    page.fill("#q", "cache")
    until(page, "document.title.startsWith('cache')")
    page.wait_for_timeout(50)
    assert held
    ask(page, "backoff_seconds")
    until(page, "document.querySelector('.place').textContent.includes('retry')")
    for route in held:
        route.continue_()
    page.wait_for_timeout(300)
    assert paths(page)[0].endswith("retry.py")


def test_the_keyboard_is_enough(page: Page) -> None:
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    page.keyboard.type("retry")
    page.wait_for_selector(".result")
    until(page, "document.title.startsWith('retry')")
    page.keyboard.press("ArrowDown")
    first = focused(page)
    assert first in page.locator(".place").first.text_content()
    page.keyboard.press("j")
    second = focused(page)
    assert second != first
    page.keyboard.press("k")
    assert focused(page) == first
    page.keyboard.press("e")
    assert page.locator(".signals:visible dt").count() > 1
    page.keyboard.press("Enter")
    page.wait_for_selector(".sheet .row.in")
    assert page.evaluate("document.activeElement.className") == "sheet"
    page.keyboard.press("j")
    until(page, "!document.querySelector('.file-name').textContent.includes('retry.py')")
    page.keyboard.press("Escape")
    page.wait_for_selector("#file", state="hidden")
    page.keyboard.press("r")
    until(page, "document.querySelector('#count').textContent.includes('like')")
    page.keyboard.press("Escape")
    until(page, "!document.querySelector('#count').textContent.includes('like')")
    page.keyboard.press("?")
    assert page.locator("#help").is_visible()
    page.keyboard.press("Escape")
    assert page.locator("#help").is_hidden()
    page.keyboard.press("i")
    page.wait_for_selector(".index")
    page.keyboard.press("Escape")
    page.wait_for_selector("#health", state="hidden")


def test_letters_are_typed_in_the_field_not_obeyed(page: Page) -> None:
    page.focus("#q")
    page.keyboard.type("jkrei?/")
    assert page.input_value("#q") == "jkrei?/"
    assert page.locator("#help").is_hidden()
    assert page.locator("#health").is_hidden()


def test_a_file_is_opened_at_its_lines(page: Page) -> None:
    ask(page, "function_350")
    page.locator(".place").first.click()
    page.wait_for_selector(".sheet .row.in")
    assert page.locator(".sheet .row").count() == len(TREE["src/many.py"].splitlines())
    marked = page.locator(".sheet .row.in").first
    box, sheet = marked.bounding_box(), page.locator(".sheet").bounding_box()
    assert box is not None
    assert sheet is not None
    assert "function_350" in page.locator(".sheet").inner_text()
    line = page.locator(".sheet .row", has_text="def function_350").first
    assert line.evaluate("e => e.getBoundingClientRect().top") < 800
    assert line.evaluate("e => e.getBoundingClientRect().top") > 0
    assert line.get_attribute("data-n") == str(3 * 350 + 1)


def test_where_else_in_the_file_is_a_link(page: Page) -> None:
    ask(page, "function_350")
    link = page.locator(".result").first.locator(".also a").first
    first, last = map(int, link.locator(".at").inner_text().split("\u2013"))
    assert f"function_{(first - 1) // 3}" in link.inner_text()
    link.click()
    page.wait_for_selector(".sheet .row.in")
    marked = page.locator(".sheet .row.in")
    assert marked.first.get_attribute("data-n") == str(first)
    assert marked.count() == last - first + 1
    assert marked.first.evaluate("e => e.getBoundingClientRect().top") > 0


def test_the_back_button_and_an_address_bring_everything_back(page: Page) -> None:
    ask(page, "retry")
    page.locator("[data-filter=language]").select_option("python")
    until(page, "document.querySelectorAll('.chip.on').length === 1")
    page.locator(".place").first.click()
    page.wait_for_selector(".sheet .row.in")
    address, shown = page.url, paths(page)
    page.go_back()
    page.wait_for_selector("#file", state="hidden")
    page.go_back()
    until(page, "document.querySelectorAll('.chip.on').length === 0")
    assert page.input_value("#q") == "retry"
    page.goto(address)
    page.wait_for_selector(".sheet .row.in")
    assert paths(page) == shown
    assert page.input_value("#q") == "retry"
    assert page.locator(".chip.on").inner_text().startswith("python")


def test_filters_narrow_the_results(page: Page) -> None:
    ask(page, "retry backoff cache")
    page.get_by_role("button", name="Tests").click()
    until(page, "document.querySelectorAll('.result').length === 1")
    assert paths(page) == ["tests/test_retry.py"]
    page.get_by_role("button", name="Clear filters").click()
    until(page, "document.querySelectorAll('.result').length > 1")
    page.fill("[data-filter=glob]", "*.rs")
    page.keyboard.press("Enter")
    until(page, "document.querySelectorAll('.result').length === 1")
    assert paths(page) == ["src/cache.rs"]
    page.locator("[data-filter=kind]").select_option("test")
    until(page, "document.querySelectorAll('.result').length === 0")
    assert "Nothing found with these filters" in page.inner_text("#corrections")


def test_a_misspelt_word_is_said(page: Page) -> None:
    ask(page, "backof_secnds")
    assert "the index has no" in page.inner_text("#corrections")


@pytest.mark.parametrize("size", [PHONE, SMALLEST])
def test_nothing_is_wider_than_a_phone(
    browser: Browser, web: Running, errors: Errors, size: tuple[int, int]
) -> None:
    page = opened(browser, web, errors, size, is_mobile=True, has_touch=True)

    def fits() -> None:
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= size[0], page.url

    fits()
    ask(page, "retry very_long_name")
    page.locator(".why").first.tap()
    fits()
    page.get_by_role("button", name="Filters").tap()
    assert page.locator("[data-filter=language]").is_visible()
    page.locator("[data-filter=language]").select_option("python")
    page.wait_for_selector(".chip.on")
    fits()
    page.get_by_role("button", name="Code", exact=True).tap()
    page.get_by_role("button", name="Filters").first.tap()
    page.get_by_role("button", name="Remove kind of file Code").wait_for()
    fits()
    page.locator(".place", has_text="nnnn").tap()
    page.wait_for_selector(".sheet .row.in")
    assert page.locator("#list").is_hidden()
    fits()
    page.get_by_role("button", name="Close the file").tap()
    page.wait_for_selector(".result")
    page.locator("#health-button").tap()
    page.wait_for_selector(".index .plot")
    fits()
    page.context.close()


def ground(page: Page) -> int:
    """Brightness of the page's ground, 0 to 765."""
    colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
    return sum(map(int, re.findall(r"\d+", colour)[:3]))


def test_dark_and_light_follow_the_system_or_the_choice(
    browser: Browser, web: Running, errors: Errors
) -> None:
    page = opened(browser, web, errors, color_scheme="dark")
    assert ground(page) < 150
    page.get_by_role("button", name="Switch between light and dark").click()
    assert ground(page) > 600
    page.reload()
    assert ground(page) > 600, "the choice is remembered"
    page.context.close()


def test_the_index_is_told_and_updated(browser: Browser, errors: Errors, tree: Path) -> None:
    with serving(tree) as running:
        page = opened(browser, running, errors)
        (tree / "src/new.py").write_text("def entirely_new_function():\n    return 1\n")
        page.keyboard.press("Escape")
        page.keyboard.press("i")
        page.wait_for_selector(".verdict.stale")
        assert "1 file added" in page.inner_text(".verdict")
        page.get_by_role("button", name="Update").click()
        page.wait_for_selector(".verdict.fresh")
        page.wait_for_selector(".plot svg[aria-label*='parse']")
        assert page.locator(".beam").count() > 3
        ask(page, "entirely_new_function")
        assert paths(page)[0].endswith("new.py")
        page.context.close()


def test_a_first_index_is_waited_for(browser: Browser, errors: Errors, tree: Path) -> None:
    with serving(tree, index=False) as running:
        running.service.update(None, force=False)
        context = browser.new_context()
        page = context.new_page()
        page.goto(f"{running.access.link()}&q=backoff_seconds")
        page.wait_for_selector(".result")
        page.wait_for_selector("#health-dot.fresh")
        assert paths(page)[0].endswith("retry.py")
        context.close()


def test_a_damaged_index_is_said_and_made_anew(browser: Browser, tree: Path) -> None:
    with serving(tree) as running:
        IndexFolder(Index.open(tree).index_dir).current().mark_damaged("a disk gone bad")
        page = browser.new_context().new_page()
        page.goto(f"{running.access.link()}&q=backoff_seconds")
        page.wait_for_selector("#notice")
        assert "a disk gone bad" in page.inner_text("#notice")
        page.get_by_role("button", name="Show the index").click()
        page.wait_for_selector("#health :is(.index, .notice)")
        assert "a disk gone bad" in page.inner_text("#health")
        page.get_by_role("button", name="Rebuild").click()
        page.wait_for_selector(".verdict.fresh")
        page.keyboard.press("Escape")
        page.wait_for_selector(".result")
        page.context.close()


def test_a_changed_file_is_said_to_be_changed(browser: Browser, errors: Errors, tree: Path) -> None:
    with serving(tree) as running:
        page = opened(browser, running, errors)
        (tree / "src/cache.rs").unlink()
        ask(page, "LruCache")
        assert page.locator(".badge").first.inner_text() == "Deleted"
        page.context.close()


def test_a_server_that_has_gone_is_said(browser: Browser, tree: Path) -> None:
    with serving(tree) as running:
        page = opened(browser, running, Errors())
    page.fill("#q", "retry")
    page.wait_for_selector("#notice")
    until(page, "document.querySelector('#notice').textContent.includes('does not answer')")
    page.context.close()


EVIL = "<img src=x onerror=alert(1)><script>alert(2)</script>"
HOSTILE = {
    f"{EVIL.replace('/', '')}.py": f"def {'x'}():\n    return '''{EVIL}'''  # hostile\n",
    "'\"><svg onload=alert(3)>.md": f"# {EVIL} hostile\n\n[x](javascript:alert(4))\n",
    "a\u202egpj.py": "def hostile():\n    return '\u202e\u2066 hidden \x1b[2J'\n",
    "b\nline.py": "def hostile_line():\n    pass\n",
    "{{7*7}}${7*7}.js": "function hostile() { return `</code></pre><script>alert(5)</script>` }\n",
    "c.html": f"<html onload=alert(6)><body>hostile {EVIL}</body></html>\n",
    "javascript:alert(7).py": "def hostile_scheme():\n    pass\n",
}


def test_a_hostile_tree_runs_nothing(browser: Browser, tmp_path: Path, errors: Errors) -> None:
    root = write_tree(tmp_path / f"t{EVIL.replace('/', '')}", HOSTILE)
    with serving(root) as running:
        page = opened(browser, running, errors)
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        ask(page, f"hostile {EVIL}")
        assert page.locator(".result").count() == len(HOSTILE)
        for nth in range(len(HOSTILE)):
            page.locator(".why").nth(nth).click()
            page.locator(".place").nth(nth).click()
            page.wait_for_selector(".sheet .row.in")
            shown = page.locator("#file").inner_text()
            assert "\u202e" not in shown
            assert "\x1b" not in shown
        page.locator("[data-act=related]").click()
        until(page, "document.querySelector('#count').textContent.includes('like')")
        page.keyboard.press("i")
        page.wait_for_selector(".index")
        (root / "new<b>x.py").write_text("x = 1\n")
        page.reload()
        page.wait_for_selector(".index")
        made = page.evaluate(
            "document.querySelectorAll('main img, main script, main iframe, main b').length"
        )
        assert made == 0
        assert all(url.startswith(running.access.address) for url in asked), asked
        page.context.close()


def test_scripts_that_got_in_would_not_run(page: Page, errors: Errors) -> None:
    """The second line: the policy and trusted types, if text ever became markup."""
    added = page.evaluate(
        """() => {
            const script = document.createElement('script');
            try { script.textContent = 'globalThis.ran = 1'; document.body.append(script) } catch {}
            try { document.body.insertAdjacentHTML('beforeend', '<img src=x onerror="ran=1">') } catch {}
            return globalThis.ran ?? 0;
        }"""
    )
    page.wait_for_timeout(100)
    assert (added, page.evaluate("globalThis.ran ?? 0")) == (0, 0)
    assert errors, "the console tells of what was refused"
    errors.clear()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_everyone_can_use_it(
    browser: Browser, web: Running, errors: Errors, scheme: str, size: tuple[int, int]
) -> None:
    axe = axe_source()
    page = opened(
        browser, web, errors, size, color_scheme=scheme, bypass_csp=True, reduced_motion="reduce"
    )

    def check(where: str) -> None:
        page.evaluate(axe)
        found = page.evaluate("async () => (await axe.run()).violations")
        told = [(one["id"], [node["html"][:200] for node in one["nodes"]]) for one in found]
        assert told == [], f"{where}: {json.dumps(told, indent=1)}"

    check("start")
    ask(page, "retry backoff")
    page.wait_for_selector(".result .c-key")
    page.locator(".why").first.click()
    if size == PHONE:
        page.get_by_role("button", name="Filters").click()
    page.locator("[data-filter=language]").select_option("python")
    page.wait_for_selector(".chip.on")
    check("results")
    page.locator(".place").first.click()
    page.wait_for_selector(".sheet .c-key")
    check("file")
    page.locator("#health-button").click()
    page.wait_for_selector(".index .plot")
    check("index")
    if size == WIDE:
        page.locator("#help-button").click()
        check("help")
    page.context.close()
