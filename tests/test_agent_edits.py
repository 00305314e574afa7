"""Editing configuration: only the entry changes, and taking it out gives back what was there."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("ruamel.yaml")

from rcm.agents import formats
from rcm.agents.edits import ConfigError, lookup, same, with_value

ENTRY = {"command": "/usr/local/bin/rcm", "args": ["mcp"]}
KEYS = ("mcpServers", "rcm")


def check(form, before, after, keys=KEYS, entry=ENTRY):
    assert formats.put(form, before, keys, entry) == after
    assert formats.put(form, after, keys, entry) == after, "a second time changes nothing"
    assert formats.drop(form, after, keys) == before


def test_json_gets_a_last_member_in_the_style_of_the_file():
    entry = {"command": "rcm"}
    check(
        "json",
        '{\n\t"mcpServers": {\n\t\t"a": {} // one\n\t}\n}\n',
        '{\n\t"mcpServers": {\n\t\t"a": {}, // one\n\t\t"rcm": {\n\t\t\t"command": "rcm"\n\t\t}\n\t}\n}\n',
        entry=entry,
    )
    check(
        "json",
        '{\n  "mcpServers": {\n    "a": {}, // one\n    /* two */\n  }, // three\n}',
        '{\n  "mcpServers": {\n    "a": {}, // one\n    "rcm": {\n      "command": "rcm"\n    },\n'
        "    /* two */\n  }, // three\n}",
        entry=entry,
    )
    check(
        "json",
        '{"x": 1, "mcpServers": {"a": {}}}',
        '{"x": 1, "mcpServers": {"a": {}, "rcm": {"command": "rcm"}}}',
        entry=entry,
    )
    check(
        "json",
        '{\r\n  "mcpServers": {}\r\n}\r\n',
        '{\r\n  "mcpServers": {\r\n    "rcm": {\r\n      "command": "rcm"\r\n    }\r\n  }\r\n}\r\n',
        entry=entry,
    )


def test_json_members_of_the_entry_that_are_the_users_stay():
    text = (
        '{\n  "mcpServers": {\n    "rcm": {\n'
        '      "command": "old", // mine\n      "alwaysAllow": ["search"]\n    }\n  }\n}\n'
    )
    after = formats.put("json", text, KEYS, {"command": "new", "alwaysAllow": ["search"]})
    assert after == text.replace('"old"', '"new"')


def test_json_of_an_empty_file_or_of_comments_only():
    made = formats.put("json", "", KEYS, ENTRY)
    assert json.loads(made) == {"mcpServers": {"rcm": ENTRY}}
    assert formats.put("json", "// mine\n", KEYS, ENTRY) == "// mine\n" + made


def test_json_slashes_and_commas_in_strings_are_no_comments():
    text = '{"url": "http://x/*,}*/", "q": "a\\"// ,]"}'
    after = formats.put("json", text, KEYS, ENTRY)
    assert after.startswith(text[:-1])
    assert formats.drop("json", after, KEYS) == text[:-1] + ', "mcpServers": {}}'


def test_toml_gets_a_table_at_the_end():
    check(
        "toml",
        'model = "x" # m\n\n[mcp_servers.a]\ncommand = "a"\n',
        'model = "x" # m\n\n[mcp_servers.a]\ncommand = "a"\n\n'
        '[mcp_servers.rcm]\ncommand = "/usr/local/bin/rcm"\nargs = ["mcp"]\n',
        ("mcp_servers", "rcm"),
    )


def test_toml_tables_after_ours_keep_their_comments_and_ours_what_the_user_added():
    keys = ("mcp_servers", "rcm")
    text = (
        'x = """\n[mcp_servers.rcm]\n"""\n\n[mcp_servers.rcm]\ncommand = "old" # c\nargs = [\n  "mcp",\n]\n'
        'startup_timeout_sec = 20\n\n[mcp_servers.rcm.env]\nA = "1"\n\n# about b\n[b]\ny = 1\n'
    )
    entry = {**ENTRY, "startup_timeout_sec": 20, "env": {"A": "1"}}
    after = formats.put("toml", text, keys, entry)
    assert after == text.replace('"old" # c', '"/usr/local/bin/rcm"')
    assert formats.drop("toml", after, keys) == (
        'x = """\n[mcp_servers.rcm]\n"""\n\n# about b\n[b]\ny = 1\n'
    )


def test_toml_that_cannot_take_a_table_is_refused():
    text = "mcp_servers = { a = { command = 'x' } }\n"
    with pytest.raises(ConfigError, match="cannot be changed"):
        formats.put("toml", text, ("mcp_servers", "rcm"), ENTRY)


def test_yaml_gets_a_first_entry_with_the_indentation_of_the_others():
    check(
        "yaml",
        "a:   1  # one\nextensions: # all\n    # dev\n    developer: {enabled: true}\nlist:\n- 'x'\n",
        'a:   1  # one\nextensions: # all\n    rcm:\n      command: "/usr/local/bin/rcm"\n'
        "      args: [\"mcp\"]\n    # dev\n    developer: {enabled: true}\nlist:\n- 'x'\n",
        ("extensions", "rcm"),
    )
    check(
        "yaml",
        "extensions: {}\nx: 1\n",
        'extensions:\n  rcm:\n    command: "/usr/local/bin/rcm"\n    args: ["mcp"]\nx: 1\n',
        ("extensions", "rcm"),
    )
    check(
        "yaml",
        "extensions: {a: {b: 1}} # c\n",
        'extensions: {rcm: {"command": "/usr/local/bin/rcm", "args": ["mcp"]}, a: {b: 1}} # c\n',
        ("extensions", "rcm"),
    )


@pytest.mark.parametrize(
    ("form", "text", "line"),
    [
        ("json", '{\n  "a": 1,\n  b: 2\n}', 3),
        ("json", '{"a": 1', 1),
        ("json", "[]", 1),
        ("json", '{"a": [,]}', 1),
        ("json", '{"a": NaN}', 0),
        ("json", "/* open", 1),
        ("json", "[" * 100_000, 0),
        ("toml", "a = 1\nb = \n", 2),
        ("toml", "a = 1\na = 2\n", 2),
        ("yaml", "a: 1\nb: [\n", 3),
        ("yaml", "- 1\n", 1),
        ("yaml", "a: 1\na: 2\n", 2),
    ],
)
def test_a_broken_file_is_refused_with_the_place(form, text, line):
    for change in (
        lambda: formats.put(form, text, KEYS, ENTRY),
        lambda: formats.drop(form, text, KEYS),
    ):
        with pytest.raises(ConfigError) as refused:
            change()
        assert refused.value.line == line
        assert str(refused.value)


@pytest.mark.parametrize(
    ("form", "text"),
    [("json", '{"mcpServers": [1]}'), ("toml", "mcpServers = 1\n"), ("yaml", "mcpServers: [1]\n")],
)
def test_something_else_in_the_place_of_the_servers_is_refused(form, text):
    with pytest.raises(ConfigError, match="mcpServers"):
        formats.put(form, text, KEYS, ENTRY)


# Random documents: values and, between their tokens, blanks and comments as people write them.

names = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=6)
scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-99, 99), names, st.sampled_from(["//", "/*", ",}", '"'])
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3)
)
gaps = st.sampled_from(
    ["", " ", "\n", "\n    ", "\t", " // c, }\n", ' /* " */ ', "\n/* a\n b */\n"]
)


@st.composite
def jsonc(draw, value):
    """A value as JSON with random blanks, comments and trailing commas."""

    def write(value):
        if not isinstance(value, dict | list) or (not value and draw(st.booleans())):
            return json.dumps(value, ensure_ascii=draw(st.booleans()))
        if isinstance(value, dict):
            parts = [
                json.dumps(key) + draw(gaps) + ":" + draw(gaps) + write(item)
                for key, item in value.items()
            ]
            opening, closing = "{}"
        else:
            parts, (opening, closing) = [write(item) for item in value], "[]"
        inner = ",".join(draw(gaps) + part + draw(gaps) for part in parts)
        last = "," + draw(gaps) if parts and draw(st.booleans()) else ""
        return opening + draw(gaps) + inner + last + closing

    text = draw(gaps) + write(value) + draw(gaps)
    return text.replace("\n", "\r\n") if draw(st.booleans()) else text


@st.composite
def documents(draw):
    """An object that has servers, none of which is rcm, or has none, and its text."""
    servers = draw(st.dictionaries(names.filter(lambda name: name != "rcm"), values, max_size=3))
    data = draw(st.dictionaries(names, values, max_size=3))
    if draw(st.booleans()):
        data = {**data, "mcpServers": servers}
    return data, draw(jsonc(data))


def keeps_every_byte(before: str, after: str) -> bool:
    """Whether `before` can be had from `after` by leaving characters out."""
    rest = iter(after)
    return all(character in rest for character in before)


@settings(deadline=None)
@given(documents(), st.dictionaries(names, values, min_size=1, max_size=3))
def test_putting_changes_nothing_else_in_any_json(document, entry):
    data, text = document
    after = formats.put("json", text, KEYS, entry)
    assert same(formats.parse("json", after), with_value(data, KEYS, entry))
    if data and data.get("mcpServers") != {}:  # blanks between empty braces are not kept
        assert keeps_every_byte(text, after)
    assert formats.put("json", after, KEYS, entry) == after


@settings(deadline=None)
@given(documents(), st.dictionaries(names, values, min_size=1, max_size=3))
def test_dropping_gives_any_json_back(document, entry):
    data, text = document
    back = formats.drop("json", formats.put("json", text, KEYS, entry), KEYS)
    if "mcpServers" not in data:
        assert same(formats.parse("json", back), {**data, "mcpServers": {}})
    elif data["mcpServers"]:
        assert back == text
    else:
        assert same(formats.parse("json", back), data)


toml_keys = st.text("abcxyz", min_size=1, max_size=4)
toml_lines = st.sampled_from(
    ["", "# c", "x = 1", 'y = "a # b"', "z = [\n  1, # one\n\n  2,\n]", 'm = """\n[rcm]\n# x\n"""']
)


@st.composite
def toml_texts(draw):
    """Tables with comments, lists and strings of several lines; some are servers."""
    tables = draw(st.lists(toml_keys, unique=True, max_size=4))
    pieces = [draw(st.lists(toml_lines, unique=True, max_size=4))]
    for name in tables:
        head = f"[mcp_servers.{name}]" if draw(st.booleans()) else f"[t_{name}] # t"
        pieces.append([head, *draw(st.lists(toml_lines, unique=True, max_size=3))])
    text = "".join(line + "\n" for piece in pieces for line in piece)
    return text.replace("\n", "\r\n") if draw(st.booleans()) else text


@settings(deadline=None)
@given(toml_texts())
def test_putting_and_dropping_gives_any_toml_back(text):
    keys = ("mcp_servers", "rcm")
    before = formats.parse("toml", text)
    after = formats.put("toml", text, keys, ENTRY)
    assert after.startswith(text)
    assert same(formats.parse("toml", after), with_value(before, keys, ENTRY))
    assert formats.put("toml", after, keys, ENTRY) == after
    assert formats.drop("toml", after, keys) == text


yaml_values = st.sampled_from(
    [
        "1",
        "'a: b'",
        "[1, 2] # c",
        "{a: {b: 1}}",
        "|\n{i}  text\n{i}\n{i}  more",
        "\n{i}- x\n{i}-   y",
        "",
    ]
)


@st.composite
def yaml_texts(draw):
    """A mapping with a mapping of extensions somewhere in it, in odd but valid forms."""
    indent = draw(st.sampled_from(["  ", "    "]))

    def lines(names, indent):
        for name in names:
            yield draw(st.sampled_from(["", f"{indent}# c\n", "\n"]))
            value = draw(yaml_values).replace("{i}", indent)
            yield f"{indent}{name}:{' ' if value[:1] != chr(10) and value else ''}{value}\n"

    above, below = draw(st.lists(toml_keys, unique=True, max_size=2)), ["zzzz1", "zzzz2"]
    inner = draw(st.lists(toml_keys, unique=True, min_size=1, max_size=3))
    section = "".join(["extensions: # all\n", *lines(inner, indent)])
    text = "".join([*lines(above, ""), section, *lines(below[: draw(st.integers(0, 2))], "")])
    return text.replace("\n", "\r\n") if draw(st.booleans()) else text


@settings(deadline=None)
@given(yaml_texts())
def test_putting_and_dropping_gives_any_yaml_back(text):
    keys = ("extensions", "rcm")
    before = formats.parse("yaml", text)
    after = formats.put("yaml", text, keys, ENTRY)
    assert keeps_every_byte(text, after)
    assert same(lookup(formats.parse("yaml", after), keys), ENTRY)
    assert same(formats.parse("yaml", after), with_value(before, keys, ENTRY))
    assert formats.put("yaml", after, keys, ENTRY) == after
    assert formats.drop("yaml", after, keys) == text
