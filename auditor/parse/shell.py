"""The commands of a shell script, and where each of them stands."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from auditor.parse.grammar import Line
from auditor.parse.words import Word

_TOKEN = re.compile(
    r"""
      (?P<blank>(?:[ \t]|\\\n)++)
    | (?P<comment>\#[^\n]*)
    | (?P<redirect>[0-9]*(?:<<<|<<-?|[<>]&|>>|>\||<>|<|>))
    | (?P<operator>&&|\|\||;;|[;&|()])
    | (?P<word>(?:
          \\. | '[^']*' | "(?:[^"\\]|\\.)*+" | `[^`]*` | \$\((?:[^()]|\([^()]*\))*+\) | \$\{[^}\n]*\}
        | [^ \t\n\\'"`;&|()<>]
      )++)
    | (?P<open>["'`].*)
    | (?P<stray>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_ASSIGNMENT = re.compile(r"(?P<name>[A-Za-z_][A-Za-z0-9_]*)\+?=(?P<value>.*)", re.DOTALL)
_CLOSING = {
    "'": re.compile(r"[^']*'"),
    '"': re.compile(r'(?:[^"\\]|\\.)*+"', re.DOTALL),
    "`": re.compile(r"[^`]*`"),
}
_PLAIN_GROUPS = frozenset({"{", "("})
_DEEPEST = 50
_LONGEST_CASE = 99


@dataclass(frozen=True, slots=True)
class Command:
    """One simple command: its words as written, its redirections, the assignments in front of it or alone.

    ``where``: what it stands in, outermost first: ``function start``, ``case start|restart``, ``if``, ``else``,
    ``for``, ``while``, ``&&``, ``||``, ``|``, ``after exit``. Empty: it runs whenever the script does.
    """

    words: tuple[Word, ...]
    redirects: tuple[tuple[str, Word], ...]
    assignments: tuple[tuple[str, Word], ...]
    where: tuple[str, ...]


class _SyntaxError(Exception):
    """The shell stops here."""


@dataclass(slots=True)
class Shell:
    """Walks through a script, line by line. ``lost``: the shell stops above, or this walk cannot follow.

    ``blurred``: variables that are assigned on lines of which no commands are told, for a quote goes on below.
    """

    lost: bool = False
    functions: set[str] = field(default_factory=set)
    blurred: set[str] = field(default_factory=set)
    _around: list[str] = field(default_factory=list)
    _documents: list[tuple[str, bool]] = field(default_factory=list)
    _quote: str = ""
    _function: str = ""
    _joined: str = ""
    _ended: bool = False
    _part: str = "command"
    _words: list[Word] = field(default_factory=list)
    _redirects: list[tuple[str, Word]] = field(default_factory=list)
    _assignments: list[tuple[str, Word]] = field(default_factory=list)
    _commands: list[Command] = field(default_factory=list)

    def read(self, line: Line) -> list[Command] | None:
        """The commands of the line; None for text inside a here-document or a quote, and where the walk is lost."""
        if self.lost or self._is_text(line.text):
            return None
        self._commands = []
        try:
            self._read(line)
        except _SyntaxError:
            self.lost = True
            return None
        return None if self._quote else self._commands

    def _is_text(self, text: str) -> bool:
        if self._documents:
            end, indented = self._documents[0]
            if (text.lstrip("\t") if indented else text) == end:
                del self._documents[0]
            return True
        if self._quote:
            closing = _CLOSING[self._quote].match(text)
            if closing is not None:
                self._quote = ""
                rest = [match for match in _TOKEN.finditer(text, closing.end()) if match.lastgroup == "open"]
                self._quote = rest[0][0][0] if rest else ""
            return True
        return False

    def _read(self, line: Line) -> None:
        redirect = ""
        for match in _TOKEN.finditer(line.text):
            kind, text = match.lastgroup, match[0]
            word = Word(text, line, match.start(), match.end())
            if kind == "comment":
                break
            if kind == "open":
                self._end("")
                self.blurred.update(name for one in self._commands for name, _ in one.assignments)
                self._quote = text[0]
                return
            if kind == "stray":
                raise _SyntaxError
            if kind == "redirect":
                redirect = text.lstrip("0123456789")
            elif kind == "word" and redirect:
                if redirect in {"<<", "<<-"}:
                    self._documents.append((re.sub(r"[\\'\"]", "", text), redirect == "<<-"))
                self._redirects.append((redirect, word))
                redirect = ""
            elif kind == "word":
                self._take_word(word)
            elif kind == "operator":
                self._take_operator(text)
        if redirect:
            raise _SyntaxError
        self._end("")

    def _take_word(self, word: Word) -> None:
        text = word.text
        match self._part:
            case "array":
                pass
            case "test" if text == "]]":
                self._part = "command"
            case "test":
                pass
            case "for":
                self._assignments.append((text, Word("$", word.line, word.start, word.end)))
                self._part = "list"
            case "list":
                pass
            case "case":
                self._part = "in"
            case "in" if text == "in":
                self._around.append("case")
                self._part = "pattern"
            case "pattern" if text == "esac":
                self._leave("case")
                self._part = "command"
            case "pattern":
                mark = " " if self._around[-1] == "case" else "|"
                if len(self._around[-1]) < _LONGEST_CASE:
                    self._around[-1] += mark + text.strip("\"'")
            case "function":
                self._function = text
                self.functions.add(text)
                self._part = "command"
            case "command" if not self._words and not self._assignments and text in _RESERVED:
                self._take_reserved(text)
            case "command":
                assignment = None if self._words else _ASSIGNMENT.fullmatch(text)
                if assignment is not None:
                    start = word.start + assignment.start("value")
                    value = Word(assignment["value"], word.line, start, word.end)
                    self._assignments.append((assignment["name"], value))
                else:
                    self._words.append(word)
            case _:
                raise _SyntaxError

    def _take_reserved(self, text: str) -> None:
        match text:
            case "if" | "while" | "until":
                self._enter("if" if text == "if" else "while")
            case "elif" | "else":
                self._leave("if", "else")
                self._enter("else")
            case "fi":
                self._leave("if", "else")
            case "done":
                self._leave("while", "for")
            case "esac":
                self._leave("case")
            case "for" | "select":
                self._enter("for")
                self._part = "for"
            case "case" | "function":
                self._part = text
            case "{":
                self._enter(f"function {self._function}" if self._function else "{")
                self._function = ""
            case "}":
                self._leave("{", "function")
            case "[[":
                self._part = "test"

    def _take_operator(self, text: str) -> None:
        if self._part == "array":
            self._part = "command" if text == ")" else "array"
        elif self._part == "test":
            pass
        elif self._part == "pattern":
            if text == ")":
                self._part = "command"
            elif text not in {"(", "|"}:
                raise _SyntaxError
        elif text == "(" and self._assignments and not self._words and not self._assignments[-1][1].text:
            self._part = "array"
            name, value = self._assignments[-1]
            self._assignments[-1] = name, Word("$", value.line, value.start, value.end)
        elif self._part == "parentheses":
            if text != ")":
                raise _SyntaxError
            self._part = "command"
        elif text == "(" and (len(self._words) == 1 or (self._function and not self._words)):
            self._function = self._words.pop().text if self._words else self._function
            self.functions.add(self._function)
            self._part = "parentheses"
        elif text == "(":
            if self._words or self._assignments:
                raise _SyntaxError
            self._enter("(")
        else:
            self._end(text)
            if text == ")":
                self._leave("(")
            elif text == ";;":
                if not self._around or not self._around[-1].startswith("case"):
                    raise _SyntaxError
                self._around[-1] = "case"
                self._part = "pattern"

    def _end(self, operator: str) -> None:
        """A simple command ends at an operator, or "" for the end of the line."""
        if self._words or self._redirects or self._assignments:
            joined = self._joined or ("|" if operator == "|" else "")
            where = tuple(one for one in self._around if one not in _PLAIN_GROUPS)
            self._commands.append(
                Command(
                    words=tuple(self._words),
                    redirects=tuple(self._redirects),
                    assignments=tuple(self._assignments),
                    where=(*(("after exit",) if self._ended else ()), *where, *((joined,) if joined else ())),
                )
            )
            if not where and not joined and self._words and self._words[0].text in {"exit", "exec", "return"}:
                self._ended = self._ended or self._words[0].text != "exec" or len(self._words) > 1
            self._joined = ""
            self._forget()
        if operator in {"&&", "||", "|"}:
            self._joined = operator
        elif operator:
            self._joined = ""
        if self._part in {"list", "for"}:
            self._part = "command"

    def _forget(self) -> None:
        self._words, self._redirects, self._assignments = [], [], []

    def _enter(self, name: str) -> None:
        if len(self._around) >= _DEEPEST:
            raise _SyntaxError
        self._around.append(name)

    def _leave(self, *names: str) -> None:
        if not self._around or self._around[-1].split(" ", 1)[0] not in names:
            raise _SyntaxError
        self._around.pop()


_RESERVED = frozenset(
    {"if", "then", "elif", "else", "fi", "while", "until", "for", "select", "do", "done", "case", "esac"}
    | {"{", "}", "[[", "!", "function", "time"}
)


_PIECE = re.compile(
    r"""\\(?P<escaped>.)|'(?P<single>[^']*)'|"(?P<double>(?:[^"\\]|\\.)*)"
    |\$(?P<name>[A-Za-z_][A-Za-z0-9_]*)|\$\{(?P<braced>[A-Za-z_][A-Za-z0-9_]*)\}|(?P<plain>[^\\'"$`*?]+)|(?P<hard>.)""",
    re.VERBOSE | re.DOTALL,
)


def expand(written: str, variables: Mapping[str, str | None], *, quoted: bool = False) -> str | None:
    """The word that the shell makes of it; None where that takes running something, or a variable not known.

    An unquoted variable must be one word.
    """
    pieces: list[str] = []
    for match in _PIECE.finditer(written):
        text: str | None
        match match.lastgroup:
            case "escaped" if quoted and match["escaped"] not in '$`"\\\n':
                text = match[0]
            case "escaped":
                text = match["escaped"].replace("\n", "")
            case "single":
                text = match[0] if quoted else match["single"]
            case "double":
                text = expand(match["double"], variables, quoted=True)
            case "name" | "braced":
                text = variables.get(match[match.lastgroup])
                if text is not None and not quoted and len(text.split()) != 1:
                    text = None
            case "hard" if quoted and match[0] in "*?'":
                text = match[0]
            case "plain":
                text = match[0]
            case _:
                text = None
        if text is None:
            return None
        pieces.append(text)
    return "".join(pieces)
