"""Speech: the function words of languages other than English, which say nothing about code.

They are rare in source code, so BM25 would take each for the most telling word of the query: German
*die* for what processes do.
"""

from __future__ import annotations

import re

_WORDS = {
    "de": (
        "wie wo was wer wann warum wird werden wurde ist sind war der die das den dem des ein "
        "eine einen einer eines einem und oder nicht mit von vom zum zur für auf aus bei nach "
        "über unter durch wenn dass es sich man hier gibt kann soll muss im am als auch nur "
        "noch dann welche welcher welches woher wohin"
    ),
    "fr": (
        "comment où quoi qui quand pourquoi est sont était le la les un une des du de et ou "
        "ne pas avec par pour sur dans sous ce cette ces il elle on se que qu quel quelle "
        "quels quelles au aux en si fait faire être leur sa son ses"
    ),
    "es": (
        "cómo como dónde donde qué que quién cuándo cuando por para el la los las un una unos "
        "unas y o no con del de al en se es son está están fue su sus este esta estos estas "
        "cuál cual si hay hace lo"
    ),
    "pt": (
        "como onde que quem quando porque por para o os as um uma uns umas e ou não com do da "
        "dos das de no na nos nas em se é são está foi seu sua este esta qual quais ao à"
    ),
    "it": (
        "come dove che chi quando perché per il lo la gli le un uno una e o non con del della "
        "dei delle di da dal dalla nel nella in si è sono viene questo questa quale quali al "
        "alla ai su"
    ),
    "nl": (
        "hoe waar wat wie wanneer waarom wordt worden is zijn was de het een en of niet met "
        "van voor op uit bij naar over onder door als dat er deze dit die welke kan moet"
    ),
    "pl": (
        "jak gdzie co kto kiedy dlaczego jest są był i lub nie z ze do na w we o od po przez "
        "dla się to ten ta te który która które czy"
    ),
    "ru": (
        "как где что кто когда почему есть был и или не с со в во на по из к от для о об это "
        "этот эта эти который которая которые ли же бы при"
    ),
}
_FUNCTION_WORDS = {language: frozenset(words.split()) for language, words in _WORDS.items()}
#: Words that English questions and code have, too, and that tell no language therefore.
_SHARED_WORDS = (
    "a ai al am an and as be by c car come con da das data de dem den der des die dit do du e "
    "el en es for hier i il in is it la le les lo man me na no nos o of on op or os over par "
    "per pour que se see si so son sur ta te ten to un una under van via w war was wat z"
)
_SHARED = frozenset(_SHARED_WORDS.split())
#: What tells a language, any of them.
_TELLING = frozenset().union(*_FUNCTION_WORDS.values()) - _SHARED
_WORD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)?")


def spoken(text: str) -> str:
    """Return the language that a query is in: `"de"`, ..., or nothing for English and what is not known.

    At least two words of one tell it.
    """
    lower = {word.lower() for word in _WORD.findall(text)}
    if len(lower & _TELLING) < 2:
        return ""
    counts = {language: len(lower & words - _SHARED) for language, words in _FUNCTION_WORDS.items()}
    language = max(counts, key=lambda one: counts[one])
    return language if counts[language] > 1 else ""


def without_function_words(text: str, language: str) -> str:
    """Drop the function words of a language from a text, unless it has no others; keep its paragraphs."""
    drop = _FUNCTION_WORDS.get(language)
    if drop is None:
        return text
    left = _WORD.sub(lambda match: "" if match[0].lower() in drop else match[0], text)
    if _WORD.search(left) is None:
        return text
    lines = zip(text.split("\n"), left.split("\n"), strict=True)
    return "\n".join(
        " ".join(line.split()) for before, line in lines if line.strip() or not before.strip()
    )
