"""Shells: what the completion scripts of shtab lack, so that TAB does here what it does elsewhere."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

# readline ends a word at `=`: `--mode=b` comes as three words. Taken as `--mode b` the values are found.
_BASH = """
_rcm_completed() {
  local -a words=()
  local nth current=$COMP_CWORD
  for nth in "${!COMP_WORDS[@]}"; do
    if [[ "${COMP_WORDS[nth]}" == "=" && "${COMP_WORDS[nth - 1]}" == --* ]]; then
      if ((nth < COMP_CWORD)); then current=$((current - 1)); continue; fi
      if ((nth == COMP_CWORD)); then words+=(""); continue; fi
    fi
    words+=("${COMP_WORDS[nth]}")
  done
  local -a COMP_WORDS=("${words[@]}")
  local COMP_CWORD=$current
  _shtab_rcm "$@"
}

complete -o bashdefault -F _rcm_completed rcm
"""
#: An option with a value: its names, in braces if it has several, its help and what it takes.
_ZSH_OPTION = re.compile(
    r'^(?P<before> +(?:"\*")?)(?P<names>\{[-\w,]+\}|"\*?-[-\w]+)(?P<help>"?\[.*\]:.*")$',
    re.MULTILINE,
)
_ZSH_LONG = re.compile(r"--[-\w]+")
_ZSH_SHORT = re.compile(r"(?<![-\w])-\w(?!\w)")
#: A positional that takes any number of words.
_ZSH_MANY = re.compile(r'^( +")\(\*\):+(?=[^:])', re.MULTILINE)
#: A positional of which nothing is known. Its help would be shown in place of an option that is completed.
_ZSH_UNKNOWN = re.compile(r'^( +"(?:\*)?:.*:)"$', re.MULTILINE)


def mended(shell: str, script: str) -> str:
    """Return shtab's script for a shell, completed.

    Args:
        shell: `bash`, `zsh` or `fish`.
        script: What shtab made.
    """
    return _MENDED.get(shell, _same)(script)


def _bash(script: str) -> str:
    return script + _BASH


def _zsh(script: str) -> str:
    """Let values stand behind `=` or the letter, and any number of words be completed, not one."""
    script = _ZSH_OPTION.sub(_with_equals, script)
    script = _ZSH_MANY.sub(r"\1*:", script)
    return _ZSH_UNKNOWN.sub(r'\1{:}"', script)


def _with_equals(option: re.Match[str]) -> str:
    names = _ZSH_LONG.sub(r"\g<0>=", option["names"])
    return option["before"] + _ZSH_SHORT.sub(r"\g<0>+", names) + option["help"]


def _same(script: str) -> str:
    return script


_MENDED: Mapping[str, Callable[[str], str]] = {"bash": _bash, "zsh": _zsh}
