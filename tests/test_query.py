"""Queries understood: names in every style, places in every trace, other languages, misspelt words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rcm import Index, _rcm
from rcm._rcm import edits
from rcm.cli import main
from rcm.query import Place, understand
from rcm.query.headline import headline
from rcm.query.names import find_names
from rcm.query.places import find_places
from rcm.query.speech import spoken, without_function_words
from small_trees import write_tree

# Names


@pytest.mark.parametrize(
    ("query", "names", "alone"),
    [
        ("Router", ["Router"], True),
        ("axum::Router", ["Router"], True),
        ("Foo.bar()", ["bar"], True),
        ("obj->method", ["method"], True),
        ("ns\\Type", ["Type"], True),
        ("what?", ["what"], True),
        ("get-user-name", ["get-user-name"], True),
        ("--max-file-size", ["max-file-size"], True),
        ("`parse`", ["parse"], True),
        ("@cached_property", ["cached_property"], True),
        ("$user", ["user"], True),
        ("parse(x, y=2)", ["parse"], True),
        ("Vec<u8>", ["Vec"], True),
        ("def parse(self, x):", ["parse"], True),
        ("def parse", ["parse"], True),
        ("pub(crate) async fn run<T>(&self) -> T {", ["run"], True),
        ("class RetryPolicy", ["RetryPolicy"], True),
        ("class Retry:", ["Retry"], True),
        ("void().run(x)", ["void"], True),
        ("send(x) -> Result<T>", ["send"], True),
        ("send(a, (b, c)) throws IOException {", ["send"], True),
        ("new Retry(limit);", ["Retry"], True),
        ("function parse(x: string): Tree", ["parse"], True),
        ("parse(x: string): Tree | None", ["parse"], True),
        ("class Retry(Base): pass", ["Retry"], True),
        ("class Retry(limit: Int) : Policy()", ["Retry"], True),
        ("record Point(int x, int y) implements Shape", ["Point"], True),
        ("Retry(int x) : x_(x) {}", ["Retry"], True),
        ("send(x) const override;", ["send"], True),
        ("function send(x) { return x }", ["send"], True),
        ("send(x, y) // again and again", ["send"], True),
        ("fix(parser): Keep blanks", [], False),
        ("fix(parser)!: keep blanks", [], False),
        ("function send(x) returns too early", [], False),
        ("feat(burn-cubecl): add fused kernels", [], False),
        ("retry(x) fails on Windows", ["Windows"], False),
        ("return send(x) is wrong", [], False),
        ("style{a} is lost", [], False),
        ("type conversion", [], False),
        ("class loader", [], False),
        ("static analysis", [], False),
        ("retry (again)", [], False),
        ("where is getUserName called", ["getUserName"], False),
        ("where is index.update called", ["update"], False),
        ("who uses std::fmt and parse()", ["parse", "fmt"], False),
        ("what does `retry` do", ["retry"], False),
        ("Retries never end. The Pool is full: Why? “Some” wait", ["Pool"], False),
        ("installs Node.js from config.py at example.com", ["Node"], False),
        ("How does the Router match", ["Router"], False),
        ("set MAX_RETRIES and parse_http", ["MAX_RETRIES", "parse_http"], False),
        ("plain words only", [], False),
        ("user-defined types", [], False),
        ("+++", [], False),
        ("", [], False),
    ],
)
def test_names_of_a_query(query: str, names: list[str], alone: bool) -> None:
    found = find_names(query)
    assert (sorted(found.wanted), found.alone) == (sorted(names), alone)


def test_scopes_are_what_qualifies_the_one_name() -> None:
    assert find_names("rcm.index.Index.update()").scopes == ("rcm", "index", "Index")
    assert find_names("update").scopes == ()


def test_in_other_languages_a_capital_is_no_name() -> None:
    assert find_names("wo werden Anfragen mit RetryPolicy gesendet", capitals=False).wanted == (
        "RetryPolicy",
    )


# Places


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('File "app/retry.py", line 12, in send', Place("app/retry.py", 12)),
        ("at send (/srv/app/retry.js:12:5)", Place("/srv/app/retry.js", 12)),
        ("at com.app.Retry.send(Retry.java:12)", Place("Retry.java", 12)),
        (r"at App.Retry.Send() in C:\app\Retry.cs:line 12", Place("C:/app/Retry.cs", 12)),
        ("at ./src/retry.rs:12:5", Place("./src/retry.rs", 12)),
        ("\t/srv/app/retry.go:12 +0x1d", Place("/srv/app/retry.go", 12)),
        ("#3  0x0000555 in send (n=1) at retry.c:12", Place("retry.c", 12)),
        ("retry.rb:12:in `send'", Place("retry.rb", 12)),
        ("#0 /srv/app/Retry.php(12): App\\Retry->send()", Place("/srv/app/Retry.php", 12)),
        ("(app 1.0.0) lib/retry.ex:12: App.Retry.send/1", Place("lib/retry.ex", 12)),
        ("PHP Warning in /srv/a.php on line 12", Place("/srv/a.php", 12)),
        ("src/retry.rs:12:5: error: expected `;`", Place("src/retry.rs", 12)),
        ("what is at src/retry.rs:12-20?", Place("src/retry.rs", 12)),
        ("what does src/retry.rs do", Place("src/retry.rs")),
    ],
)
def test_places_of_every_kind(text: str, place: Place) -> None:
    assert find_places(text).places == (place,)


@pytest.mark.parametrize(
    "text", ["plain words", "and/or", "Node.js", "1.2:3", "at 12:30", "a :: b", "https://x.org/a"]
)
def test_what_is_no_place(text: str) -> None:
    assert find_places(text).places == ()


PYTHON_TRACE = """\
Traceback (most recent call last):
  File "/srv/app/main.py", line 3, in <module>
    run()
  File "/srv/app/retry.py", line 12, in send_again
    raise TimeoutError("no answer from 10.0.0.1 after 0x7f01")
TimeoutError: no answer
"""
SANITIZER_TRACE = """\
==7==ERROR: AddressSanitizer: heap-use-after-free
    #0 0x55f2 in release ./build/../src/block.c:392:2
    #1 0x55f4 in send_again ./build/../src/retry.c:12
"""
GO_TRACE = """\
panic: runtime error: index out of range [5] with length 3

goroutine 1 [running]:
main.(*Retry).SendAgain(0xc000010000, 0x5)
\t/srv/app/retry.go:12 +0x1d
main.main()
\t/srv/app/main.go:7 +0x20
"""
RUST_TRACE = """\
thread 'main' panicked at src/retry.rs:12:5:
no answer
stack backtrace:
   0: std::panicking::begin_panic
             at /rustc/1/library/std/src/panicking.rs:6:5
   1: app::retry::send_again
             at ./src/retry.rs:12:5
"""


def test_the_innermost_frame_comes_first() -> None:
    found = find_places(PYTHON_TRACE)
    assert found.places[0] == Place("/srv/app/retry.py", 12)
    assert found.functions == ("send_again",)
    found = find_places(GO_TRACE)
    assert found.places[0] == Place("/srv/app/retry.go", 12)
    assert found.functions[0] == "SendAgain"
    found = find_places(RUST_TRACE)
    assert found.places[0] == Place("src/retry.rs", 12)
    assert "send_again" in found.functions


@pytest.mark.parametrize(
    ("text", "places", "functions"),
    [
        (
            "panic: no answer\n\nmain.main()\n\t/srv/app/retry.go:12 +0x1d",
            [Place("/srv/app/retry.go", 12)],
            (),
        ),
        (
            "TypeError: x is null\nsend@https://app.com/retry.js:12:5\nrun@https://app.com/run.js:3:5",
            [Place("//app.com/retry.js", 12), Place("//app.com/run.js", 3)],
            ("send", "run"),
        ),
        (
            "TypeError: x\n    at file:///srv/retry.mjs:12:5\n    at async run (file:///srv/run.mjs:3:5)",
            [Place("///srv/retry.mjs", 12), Place("///srv/run.mjs", 3)],
            ("run",),
        ),
        (
            "System.Exception: x\n   at App.Retry`1.Send[T](T a) in C:\\app\\Retry.cs:line 12\n"
            "   at App.Pool.<Run>d__5.MoveNext() in C:\\app\\Pool.cs:line 3",
            [Place("C:/app/Retry.cs", 12), Place("C:/app/Pool.cs", 3)],
            ("Send", "MoveNext"),
        ),
        (
            "** (FunctionClauseError) no clause\n    (app 0.1.0) lib/retry.ex:12: App.Retry.send(nil)\n"
            "    lib/run.ex:3: App.run/1",
            [Place("lib/retry.ex", 12), Place("lib/run.ex", 3)],
            ("send", "run"),
        ),
        (
            "ValueError\nFile ~/run.py:3, in run(x)\nFile ~/retry.py:12, in send(x)\n---> 12 raise",
            [Place("~/retry.py", 12), Place("~/run.py", 3)],
            ("send", "run"),
        ),
        (
            "tests/test_run.py:3: in test_run\n    send()\nsrc/retry.py:12: in send\n    raise ValueError",
            [Place("src/retry.py", 12), Place("tests/test_run.py", 3)],
            ("send", "test_run"),
        ),
        (
            "==1== Invalid read\n==1==    at 0x4005F6: app::send(int) (retry.cc:12)\n"
            "==1==    by 0x40: main (main.c:3)",
            [Place("retry.cc", 12), Place("main.c", 3)],
            ("send",),
        ),
        (
            "==7==ERROR\n    #0 0x5f2 in app::Retry::send(int) /srv/retry.cc:12:5\n"
            "    #1 0x5f4 in app::run(std::vector<int>&) /srv/pool.cc:3:7\n"
            "    #2 0x5f6 in main /srv/main.cc:1",
            [Place("/srv/retry.cc", 12), Place("/srv/pool.cc", 3), Place("/srv/main.cc", 1)],
            ("send", "run"),
        ),
        (
            "PHP Fatal error:  Uncaught\nStack trace:\n#0 {main}\n  thrown in /srv/Retry.php on line 12",
            [Place("/srv/Retry.php", 12)],
            (),
        ),
    ],
    ids=["go", "firefox", "node", "c#", "elixir", "ipython", "pytest", "valgrind", "asan", "php"],
)
def test_traces_of_every_kind(text: str, places: list[Place], functions: tuple[str, ...]) -> None:
    found = find_places(text)
    assert found.trace
    assert found.places == tuple(places)
    assert found.functions == functions
    assert not re.search(r"/srv|~/|0x|\.(?:cc|cs)\b", found.rest)


def test_frames_of_sanitizers_name_functions() -> None:
    found = find_places(SANITIZER_TRACE)
    assert found.functions == ("release", "send_again")
    assert found.places[0] == Place("./build/../src/block.c", 392)


@pytest.mark.parametrize(
    "text",
    [
        "Retries never stop\n\n```\nwhile True:\n    time.sleep(10)\n```\nA thousand sockets are open.",
        "The proxy refuses\nwhat is sent to proxy.example.com:8080\nsince yesterday",
        "A remark on src/retry.py:12\nwhere the error goes by\nand in src/pool.py:7, too",
        "Two limits differ\n- src/retry.py:12\n- src/pool.py:7",
        'It fails\n\naxios.request({\n  url: "http://api.example.com:8080/users",\n  limit: 5,\n})',
        "Both refuse\n    proxy1.example.com:8080\n    proxy2.example.com:8080",
        "Too long\nsee retry.py line 12, in particular the sleep\nthere",
        "It ends\nat startup (see conf/app.toml:12)\nalways",
        "Please see\nsrc/retry.py:12: note how it sleeps\nfor hours",
    ],
)
def test_a_place_in_what_people_write_is_no_trace(text: str) -> None:
    found = find_places(text)
    assert not found.trace
    assert found.rest == text


@pytest.mark.parametrize(
    "text",
    [
        "error[E0502]: cannot borrow\n   --> src/cache.rs:84:13\n    |\n84 |  x",
        "building\nsrc/cache.c:84:13: fatal error: no such file\nstopped",
        "building\nsrc/cache.cc(84): error C2065: undeclared\nstopped",
        "src/cache.go:84:13: undefined: x\nsrc/pool.go:7:1: undefined: y\nfailed",
        "__ test_cache __\nE  assert 1 == 2\ntests/test_cache.py:84: AssertionError",
    ],
)
def test_what_compilers_and_test_runners_say_is_a_trace(text: str) -> None:
    found = find_places(text)
    assert found.trace
    assert ":84" not in found.rest


def test_an_issue_with_a_trace_begins_with_what_people_say() -> None:
    issue = f"""\
Upload of an empty file fails

Since the last release nobody can store a file without bytes:

    client.upload(b"")

```
{PYTHON_TRACE}```

    indented as well

I expect that it is stored like every other file.
"""
    question = understand(issue)
    assert question.headline == "Upload of an empty file fails"
    assert question.places[0] == Place("/srv/app/retry.py", 12)
    assert question.names.wanted[0] == "send_again"
    assert "client.upload" in question.text
    assert "indented as well" in question.text
    assert "/srv/app" not in question.text
    assert find_places(issue).before.endswith("```")


def test_what_is_said_right_before_a_trace_stays() -> None:
    steps = "Upload fails\n\nSteps:\n  1. open the file\n  2. press upload\n"
    rest = find_places(steps + PYTHON_TRACE).rest
    assert rest.startswith("Upload fails Steps: 1. open the file 2. press upload")


def test_an_issue_in_another_language_with_a_trace_has_no_function_words() -> None:
    issue = (
        "Die Sitzung wird nicht erneuert, wenn der Benutzer wartet\n\nDie Anmeldung erscheint und das "
        "Formular ist leer, obwohl noch Zeit ist.\n\n"
    )
    question = understand(issue + PYTHON_TRACE)
    assert question.headline == "Sitzung erneuert, Benutzer wartet"
    assert not {"die", "wird", "nicht", "und"} & {*question.terms}
    assert set(question.names.wanted) == {"send_again", "run", "TimeoutError"}


def test_the_rest_of_a_trace_is_what_it_says() -> None:
    rest = find_places(PYTHON_TRACE).rest
    assert "TimeoutError: no answer" in rest
    assert "raise TimeoutError" in rest, "the innermost source line"
    assert "srv" not in rest
    assert "0x7f01" not in rest
    assert "index out of range" in find_places(GO_TRACE).rest
    question = understand(PYTHON_TRACE)
    assert question.names.wanted[0] == "send_again"
    assert not question.names.alone


@given(st.text())
def test_any_text_is_understood(text: str) -> None:
    question = understand(text)
    assert set(question.text) <= {*text, " "}


# Other languages


@pytest.mark.parametrize(
    ("query", "left"),
    [
        ("wie wird der Index geschrieben und wo", "Index geschrieben"),
        ("où est le fichier de configuration", "fichier configuration"),
        ("¿dónde se define parse_config y cómo?", "¿ define parse_config ?"),
        ("как работает snapshot и где он", "работает snapshot он"),
    ],
)
def test_function_words_of_other_languages_go(query: str, left: str) -> None:
    assert without_function_words(query, spoken(query)) == left
    assert understand(query).foreign


@pytest.mark.parametrize(
    "query",
    [
        "how does a process die on Windows",
        "where is the war over data as a map",
        "on par with the se and si of la",
        "os path in a do while loop",
        "is it done when all are",
        "where is \u201copen\u201d told apart from \u2018close\u2019 \u2014 or \u2192 \U0001f600",
    ],
)
def test_english_is_left_alone(query: str) -> None:
    assert spoken(query) == ""
    assert without_function_words(query, "") == query
    assert not understand(query).foreign


def test_a_query_of_function_words_alone_is_kept() -> None:
    assert without_function_words("wie wird wurde", "de") == "wie wird wurde"


# Spelling

TREE = {
    "src/session.py": "class SessionStore:\n    def expire_sessions(self):\n        '''Retrieve and "
    "expire every session.'''\n        return self.sessions\n",
    "src/blueprint.py": "class Blueprint:\n    def register_blueprint(self):\n        return 1\n",
    "src/words.py": "def words():\n    return 'word listen general recovery'\n",
}


@pytest.fixture
def index(tmp_path: Path) -> Index:
    index = Index.open(write_tree(tmp_path / "tree", TREE))
    index.update()
    return index


@pytest.mark.parametrize(
    ("query", "corrections"),
    [
        ("where do sesions expire", {"sesions": "sessions"}),
        ("Bluprint", {"Bluprint": "Blueprint"}),
        ("SesionStore", {"SesionStore": "SessionStore"}),
        ("regster_blueprint", {"regster_blueprint": "register_blueprint"}),
        ("sessions expire", {}),
        ("simulate sessions", {}),
        ("wo wird das Wort gelesen und die Session", {}),
        ("wird", {"wird": "word"}),
        ("wird expire", {}),
        ("xqzvbnmlkj", {}),
        ("seßion", {}),
        ("", {}),
    ],
)
def test_only_unknown_words_are_corrected(
    index: Index, query: str, corrections: dict[str, str]
) -> None:
    assert index.corrections(query) == corrections


def test_a_corrected_query_finds_what_was_meant(index: Index) -> None:
    assert index.search("Bluprint")[0].path == "src/blueprint.py"
    assert index.search("Bluprint")[0] == index.search("Blueprint")[0]
    assert index.search("sesions expire")[0].path == "src/session.py"


def test_the_command_says_what_it_searched_for(
    index: Index, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["search", "Bluprint", str(index.root)]) == 0
    assert "no 'Bluprint' in the index: searching for 'Blueprint'" in capsys.readouterr().err
    assert main(["search", "Bluprint", str(index.root), "--json"]) == 0
    assert '"corrections": {"Bluprint": "Blueprint"}' in capsys.readouterr().out
    assert main(["search", "Blueprint", str(index.root)]) == 0
    assert "no '" not in capsys.readouterr().err


@given(st.text("abc", max_size=6), st.text("abc", max_size=6))
def test_edits_are_a_distance(one: str, other: str) -> None:
    found = edits(one, other, 6)
    assert (found == 0) == (one == other)
    assert found == edits(other, one, 6)
    assert abs(len(one) - len(other)) <= found <= max(len(one), len(other))
    assert min(edits(one, other, 2), 3) == min(found, 3)


@given(st.text("abC_", max_size=6), st.lists(st.text("abC_ ", max_size=8), max_size=4))
def test_terms_near_are_those_within_some_edits(term: str, runs: list[str]) -> None:
    near = [
        (nth, other, at == 0)
        for nth, run in enumerate(runs)
        for at, other in enumerate(_rcm.terms(run))
        if other != term and edits(term, other, 2) <= 2
    ]
    assert _rcm.terms_near(term, 2, runs) == near


def test_a_swap_is_one_edit() -> None:
    assert edits("retreive", "retrieve", 2) == 1
    assert edits("abcd", "acbd", 2) == 1
    assert edits("kitten", "sitting", 3) == 3


# Spellings of a name, places and messages in an index

STYLES = {
    "a.py": "def get_user_name():\n    return 1\n",
    "b.js": "function parseConfigFile() { return 2 }\n",
    "c.go": "package c\n\nfunc HttpServerPort() int { return 3 }\n",
    "uses.py": "get_user_name()\nparseConfigFile()\nHttpServerPort()\n" * 9,
    "pool.py": "class Pool:\n    def fetch(self):\n        return 4\n",
    "other.py": "class Other:\n    def fetch(self):\n        return 'pool'\n\n\ndef more():\n    pass\n",
    "deep/src/retry.py": "# filler\n" * 60
    + "def send():\n    raise TimeoutError('no answer in time')\n",
    "deep/app/retry.py": "def other():\n    pass\n",
}


@pytest.fixture
def styles(tmp_path: Path) -> Index:
    index = Index.open(write_tree(tmp_path / "tree", STYLES))
    index.update()
    return index


@pytest.mark.parametrize("name", ["getUserName", "GetUserName", "get-user-name", "GET_USER_NAME",
                                  "get_user_name", "x.getUserName()", "getusername"])  # fmt: skip
def test_a_definition_is_found_in_any_spelling(styles: Index, name: str) -> None:
    best = styles.search(name)[0]
    assert best.path == "a.py"
    assert best.signals["definition"] > 0


def test_other_styles_find_each_other(styles: Index) -> None:
    assert styles.search("parse_config_file")[0].path == "b.js"
    assert styles.search("http-server-port")[0].path == "c.go"
    assert styles.search("where is http_server_port read")[0].signals["definition"] > 0


def test_as_written_comes_before_other_spellings(tmp_path: Path) -> None:
    files = STYLES | {
        "upper.py": "class Router:\n    pass\n",
        "lower.py": "def router():\n    pass\n",
    }
    with Index.open(write_tree(tmp_path / "tree", files)) as index:
        index.update()
        assert index.search("Router")[0].path == "upper.py"
        best, second, *_ = index.search("router")
        assert (best.path, second.path) == ("lower.py", "upper.py")
        assert "definition" not in second.signals


def test_the_scope_decides_between_equal_names(styles: Index) -> None:
    assert styles.search("Pool.fetch")[0].path == "pool.py"
    assert styles.search("Other::fetch")[0].path == "other.py"


def test_a_place_comes_first_and_shows_its_line(styles: Index) -> None:
    for query in (
        "what is wrong in src/retry.py:61",
        "/home/me/checkout/deep/src/retry.py:61",
        'Traceback (most recent call last):\n  File "/x/src/retry.py", line 62, in send\n    raise T\nT: 1',
    ):
        best = styles.search(query)[0]
        assert best.path == "deep/src/retry.py"
        assert best.start_line <= 61 <= best.end_line
        assert best.signals["place"] > 1
    assert not any("place" in hit.signals for hit in styles.search("look at other/none.py:3"))
    limited = styles.search("src/retry.py:61", paths=["*.js"])
    assert all(hit.path.endswith(".js") for hit in limited), "filters hold for places, too"


def test_a_message_is_found_where_it_is_made(styles: Index) -> None:
    best = styles.search("error: no answer in time")[0]
    assert best.path == "deep/src/retry.py"
    assert best.signals["verbatim"] > 0.5
    assert "verbatim" not in styles.search("no answer in time")[0].signals, "no error message"


def test_longest_runs_are_those_of_neighbours() -> None:
    assert _rcm.longest_runs("a b c d", ["x B c.d y a", "d c b a", ""]) == [3, 1, 0]
    assert _rcm.longest_runs("a a b", ["a b a a b"]) == [3]
    assert _rcm.longest_runs("", ["a"]) == [0]


@given(st.text("ab ", max_size=12), st.text("ab ", max_size=12))
def test_a_longest_run_is_the_longest_common_piece(one: str, other: str) -> None:
    words, others = one.split(), other.split()
    pieces = [
        stop - start
        for start in range(len(words))
        for stop in range(start + 1, len(words) + 1)
        if words[start:stop]
        in [others[at : at + stop - start] for at in range(len(others) - (stop - start) + 1)]
    ]
    assert _rcm.longest_runs(one, [other]) == [max(pieces, default=0)]


def test_a_rare_word_is_a_signal(styles: Index) -> None:
    best = styles.search("which file says TimeoutError")[0]
    assert best.signals["rare"] > 0
    longer = styles.search("which of the many files says TimeoutError to callers that wait")
    assert not any("rare" in result.signals for result in longer)
    parts = [f"part{letter}" for letter in "abcdefghijkl"]
    one_word = styles.search("_".join(parts) + " TimeoutError")
    assert not any("rare" in result.signals for result in one_word), (
        "words of many terms are not counted"
    )


@pytest.mark.parametrize(
    "text",
    [
        "x" * 10**6,
        "a." * 10**5,
        "/" * 10**6,
        "....." * 10**5,
        "in `" + "a" * 10**6,
        "at x(" * 10**5,
        "\n".join(["f.py:1 " + "(" * 1990] * 40),
        "a.b:1:\n" * 10**5,
        "a-" * 10**5 + "b()",
        "fn " * 10**5,
        ". A" * 10**5,
        "\n \n." * 10**5,
        ".\n" + " " * 10**5 + "two three four five six seven eight nine ten eleven twelve x y z",
    ],
    ids=[
        "word",
        "dots",
        "slashes",
        "ellipses",
        "quoted",
        "frames",
        "places",
        "brackets",
        "hyphens",
        "keywords",
        "sentences",
        "paragraphs",
        "blanks",
    ],
)
def test_no_long_query_takes_more_than_its_length(text: str) -> None:
    # Quadratic time in any pattern would take these minutes.
    assert understand(text).text


BODY = "A proxy answers 503 and the request is sent again.\nThe second has no authorization header at all."
MARKED = "# Bug\n\n## Summary\nRetries lose all headers"


@pytest.mark.parametrize(
    ("text", "first"),
    [
        (f"Retries lose headers\n\n{BODY}", "Retries lose headers"),
        (f"Retries lose their headers. {BODY}", "Retries lose their headers."),
        (f"Retries lose headers\n- {BODY}", "Retries lose headers"),
        (f"{MARKED}\n\n{BODY}", MARKED),
        (
            f"How is it?\n\n{BODY} Both fail.",
            "How is it?\n\nA proxy answers 503 and the request is sent again.",
        ),
        (f"TypeError: Cannot read the pool\n\n{BODY}", "TypeError: Cannot read the pool"),
        (f"feat(burn-cubecl): Add fused kernels\n\n{BODY}", "feat(burn-cubecl): Add fused kernels"),
        ("where are retries configured\nand by whom", ""),
        (" ".join(f"word{nth}" for nth in range(40)), ""),
        (BODY.replace("\n", " ").replace(". ", ", "), ""),
        ("", ""),
    ],
)
def test_a_long_question_begins_with_its_headline(text: str, first: str) -> None:
    assert headline(text, _rcm.query_terms(text)) == first
    question = understand(text)
    assert question.headline == first
    assert question.headline_terms == _rcm.query_terms(first or question.text)


def test_a_headline_in_another_language_has_no_function_words() -> None:
    question = understand(
        "Die Sitzung im Browser wird nicht erneuert. Wenn der Benutzer eine Stunde wartet und dann klickt, "
        "erscheint wieder die Anmeldung, obwohl die Zeit laut Einstellung noch reicht."
    )
    assert question.headline == "Sitzung Browser erneuert."
    assert not {"die", "wird", "nicht"} & {*question.headline_terms, *question.terms}


def test_a_line_of_function_words_alone_ends_no_headline() -> None:
    question = understand(
        "Die Sitzung endet und wird\nnicht wie die\nerneuert, wenn der Benutzer lange wartet und dann klickt."
        "\n\nAnmeldung, Formular, Browser, Zeit, Einstellung, Server, Cookie: alles leer."
    )
    assert question.headline.endswith("klickt.")


def test_characters_and_pairs_of_them_are_not_counted_as_words() -> None:
    short = understand("如何在会话过期时重新连接数据库")
    assert len(short.terms) == 29
    assert 5 < short.n_words < 12
    assert not short.headline
    # "Reconnect when the session ends." and three sentences more.
    long = understand(
        "会话过期时重新连接数据库。当用户点击页面时，他被注销，输入丢失，尽管时间还没有到。" * 2
    )
    assert long.headline.startswith("会话过期时重新连接数据库")
    assert understand(
        "RetryPolicy.maxAttempts in getUserNameFromDatabase or setTheIntervalOfRetries. It is off."
    ).headline


def test_a_stack_trace_has_no_headline() -> None:
    assert understand(PYTHON_TRACE * 3).headline == ""


def test_the_headline_counts_more_than_what_follows(tmp_path: Path) -> None:
    # Both files have as many words of the question; which comes first is told by its beginning.
    tree = write_tree(
        tmp_path / "tree",
        {
            "socket.py": "def reconnect(socket, backoff):\n    delay = backoff.jitter()\n",
            "ledger.py": "def balance(account, currency):\n    posted = account.journal()\n",
        },
    )
    about = {
        "socket.py": "Socket reconnect ignores backoff jitter delay.",
        "ledger.py": "Account balance ignores currency journal posted.",
    }
    with Index.open(tree, index_dir=tmp_path / "index") as index:
        index.update()
        for first, then in (("socket.py", "ledger.py"), ("ledger.py", "socket.py")):
            question = f"{about[first]}\n\nSeen after upgrading yesterday. {about[then]}"
            assert [hit.path for hit in index.search(question)] == [first, then]
            assert index.corrections(question) == {}
