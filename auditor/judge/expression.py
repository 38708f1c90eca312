"""The rule language: a small part of Python's expressions, judged in three values.

What there is: names, attributes, constants, displays, comparisons, ``and``, ``or``, ``not``, ``&``, ``|`` and
``-`` of sets, and ``all``, ``any``, ``len``, ``same``, ``set`` and ``lower``, each with one argument, which may be
a generator with one ``for`` and one ``if``.

What values do:

- ``Unknown`` makes everything Unknown that is not decided without it (Kleene). Its reason comes along.
- An attribute of None is None, and there is nothing in None: ``len`` is 0, ``all`` holds, ``any`` does not.
- None equals None alone, and has no order: ``<``, ``<=``, ``>`` and ``>=`` are false where a side is None.
- ``same`` holds when all members are equal.

Every record that an expression touches leaves its places; of ``and``, ``or``, ``all`` and ``any`` only the operands
or members that decide the result. Names of the scope itself leave none: every rule touches the host.
"""

from __future__ import annotations

import ast
import re
import types
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from difflib import get_close_matches
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from auditor.model.place import At, Prose, Unknown


class ExpressionError(Exception):
    """``offset``: characters from the start of ``text`` to where it goes wrong."""

    def __init__(self, message: str, text: str, offset: int) -> None:
        super().__init__(message)
        self.message = message
        self.text = text
        self.offset = offset


@dataclass(frozen=True, slots=True)
class Many:
    """A tuple or a set (``unordered``) of ``items``."""

    items: Shape
    unordered: bool = False


T = TypeVar("T")

# What a value can be: plain types, records, collections. None and Unknown always can and are not told.
Shape = tuple[type | Many, ...]
Names = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Value:
    """What an expression comes to, and the places that decided it, in order, each once."""

    value: Any
    ats: tuple[At, ...] = ()


@dataclass(frozen=True, slots=True)
class Member:
    """One member of a collection; ``included``: whether the ``if`` lets it in."""

    value: Any
    included: bool | Unknown
    ats: tuple[At, ...]


@dataclass(frozen=True, slots=True)
class Expression:
    """``used``: the names it reads."""

    text: str
    shape: Shape
    used: frozenset[str]
    evaluate: Callable[[Names], Value]

    def truth(self, names: Names) -> Value:
        """True, False or Unknown."""
        return _truth(self.evaluate(names))


@dataclass(frozen=True, slots=True)
class Members:
    """``NAME in COLLECTION if CONDITION``. ``walk`` gives ``Unknown`` or a tuple of ``Member``, None being empty."""

    name: str
    shape: Shape
    walk: Callable[[Names], Value]


@dataclass(frozen=True, slots=True)
class Template:
    parts: tuple[str | Expression, ...]

    @property
    def used(self) -> frozenset[str]:
        return frozenset().union(*(part.used for part in self.parts if isinstance(part, Expression)))

    def render(self, names: Names, language: str) -> str:
        """Texts of hosts come out as they are; it is for renderers to make them harmless."""
        return "".join(
            part if isinstance(part, str) else render_value(part.evaluate(names).value, language)
            for part in self.parts
        )

    def machine(self, names: Names) -> str | None:
        """For fields that programs read: None where the whole text would be one value that is not there."""
        if len(self.parts) == 1 and isinstance(self.parts[0], Expression):
            value = self.parts[0].evaluate(names).value
            return None if value is None or isinstance(value, Unknown) else render_value(value, "en")
        return self.render(names, "en")


def parse_expression(text: str, scope: Mapping[str, Shape]) -> Expression:
    """Raises ExpressionError for what is not in the language and for paths that the records do not have."""

    def build(node: ast.expr) -> Expression:
        term = _term(node, _Scope(scope))
        used = frozenset(name.id for name in ast.walk(node) if isinstance(name, ast.Name)) & scope.keys()
        return Expression(text, term.shape, used, lambda names: _once(term.evaluate(names)))

    return _parse(text, "(", build)


def parse_members(text: str, scope: Mapping[str, Shape]) -> Members:
    """``NAME in COLLECTION`` or ``NAME in COLLECTION if CONDITION``."""

    def build(node: ast.expr) -> Members:
        if not isinstance(node, ast.GeneratorExp):
            raise _Refusal(node, "expected: NAME in COLLECTION, or NAME in COLLECTION if CONDITION")
        return _members(node, _Scope(scope))

    return _parse(text, "(0 for ", build)


def parse_template(text: str, scope: Mapping[str, Shape]) -> Template:
    """Text with expressions in braces; ``{{`` and ``}}`` stand for braces."""
    parts: list[str | Expression] = []
    position = 0
    while position < len(text):
        match = _PLACEHOLDER.match(text, position)
        assert match is not None
        literal, inner = match["literal"], match["inner"]
        if literal is not None:
            parts.append(literal.replace("{{", "{").replace("}}", "}"))
        elif inner is None:
            raise ExpressionError("a brace stands alone; write {{ or }} for the character", text, position)
        else:
            try:
                expression = parse_expression(inner, scope)
                if not _is_renderable(expression.shape):
                    described = _describe(expression.shape)
                    raise ExpressionError(f"{inner} is {described}, which has no text of its own", inner, 0)
            except ExpressionError as error:
                offset = match.start("inner") + error.offset
                raise ExpressionError(error.message, text, offset) from None
            parts.append(expression)
        position = match.end()
    return Template(tuple(parts))


def shape_of(annotation: Any) -> Shape:
    """The shape that a field so annotated has."""
    if annotation in (None, types.NoneType, Unknown):
        return ()
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (Union, types.UnionType):
        return tuple(dict.fromkeys(kind for argument in arguments for kind in shape_of(argument)))
    if origin is tuple:
        items = [kind for argument in arguments if argument is not Ellipsis for kind in shape_of(argument)]
        return (Many(tuple(dict.fromkeys(items))),)
    if origin in (frozenset, set):
        return (Many(shape_of(arguments[0]), unordered=True),)
    if origin is not None and isinstance(origin, type) and issubclass(origin, Collection):
        return (Many(shape_of(arguments[0])),)
    return (annotation,) if isinstance(annotation, type) else (object,)


def places(value: object) -> tuple[At, ...]:
    """Where a record stands, or where an Unknown could not be looked at."""
    if not is_dataclass(value):
        return ()
    at, ats = getattr(value, "at", None), getattr(value, "ats", ())
    found = (at, *ats) if isinstance(ats, tuple) else (at,)
    return tuple(place for place in found if isinstance(place, At))


def render_value(value: object, language: str) -> str:
    """A value as text. ``language``: en or zh."""
    words = _WORDS[language]
    match value:
        case None:
            return words["absent"]
        case Unknown():
            return words["unknown"]
        case bool():
            return words["yes" if value else "no"]
        case Prose():
            return value.zh if language == "zh" else value.en
        case tuple():
            return ", ".join(render_value(member, language) for member in value) or words["absent"]
        case frozenset():
            return ", ".join(sorted(render_value(member, language) for member in value)) or words["absent"]
        case _:
            return str(value)


_WORDS = {
    "en": {"absent": "absent", "unknown": "unknown", "yes": "yes", "no": "no"},
    "zh": {"absent": "没有", "unknown": "未知", "yes": "是", "no": "否"},
}
_PLACEHOLDER = re.compile(r"(?P<literal>(?:[^{}]|\{\{|\}\})+)|\{(?P<inner>[^{}]*)\}|[{}]")
# Deep enough nesting would exhaust the stack; no rule comes near.
_LONGEST = 1000

# -- from text to terms -----------------------------------------------------


class _Refusal(Exception):
    def __init__(self, node: ast.AST, message: str) -> None:
        super().__init__(message)
        self.node = node
        self.message = message


@dataclass(frozen=True, slots=True)
class _Scope:
    names: Mapping[str, Shape]
    generator: bool = False


@dataclass(frozen=True, slots=True)
class _Term:
    """A piece of an expression: what it can be, and how to find what it is."""

    shape: Shape
    evaluate: Callable[[Names], Value]


def _parse(text: str, opening: str, build: Callable[[ast.expr], T]) -> T:
    if not text.strip():
        raise ExpressionError("there is nothing here", text, 0)
    if len(text) > _LONGEST:
        raise ExpressionError("too long to be one expression: this wants a derived fact", text, _LONGEST)
    # The brackets let an expression go over several lines; the newline ends a comment.
    source = f"{opening}{text}\n)"
    try:
        return build(ast.parse(source, mode="eval").body)
    except _Refusal as refusal:
        node: Any = refusal.node
        offset = _offset(source, node.lineno, node.col_offset) - len(opening)
        raise ExpressionError(refusal.message, text, min(max(offset, 0), len(text))) from None
    except SyntaxError as error:
        line, column = error.lineno or 1, (error.offset or 1) - 1
        offset = sum(len(above) + 1 for above in source.split("\n")[: line - 1]) + column - len(opening)
        message = f"not an expression: {error.msg}"
        raise ExpressionError(message, text, min(max(offset, 0), len(text))) from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise ExpressionError(f"not an expression: {error}", text, 0) from None


def _offset(source: str, line: int, column: int) -> int:
    """From a place as ``ast`` counts it (columns in UTF-8 bytes) to characters."""
    lines = source.split("\n")
    before = sum(len(above) + 1 for above in lines[: line - 1])
    return before + len(lines[line - 1].encode()[:column].decode(errors="ignore"))


def _term(node: ast.expr, scope: _Scope) -> _Term:
    match node:
        case ast.Constant(value=None):
            return _Term((), lambda names: _NONE)
        case ast.Constant(value=bool() | int() | str()):
            constant = Value(node.value)
            return _Term((type(node.value),), lambda names: constant)
        case ast.Name():
            return _name(node, scope)
        case ast.Attribute():
            return _attribute(node, scope)
        case ast.Tuple() | ast.List() | ast.Set():
            return _display(node, scope)
        case ast.Compare():
            return _comparison(node, scope)
        case ast.BoolOp():
            terms = [_term(operand, scope) for operand in node.values]
            decisive = isinstance(node.op, ast.Or)
            return _Term(_BOOL, lambda names: _decide([_truth(t.evaluate(names)) for t in terms], decisive))
        case ast.UnaryOp(op=ast.Not()):
            operand = _term(node.operand, scope)
            return _Term(_BOOL, lambda names: _negate(_truth(operand.evaluate(names))))
        case ast.BinOp(op=ast.BitAnd() | ast.BitOr() | ast.Sub()):
            return _set_operation(node, scope)
        case ast.Call():
            return _call(node, scope)
        case _:
            raise _Refusal(node, f"{type(node).__name__} is not part of the rule language")


def _name(node: ast.Name, scope: _Scope) -> _Term:
    name = node.id
    if name not in scope.names:
        raise _Refusal(node, f"there is no {name!r} here; {_nearest(name, scope.names)}")
    return _Term(scope.names[name], lambda names: Value(names[name]))


def _attribute(node: ast.Attribute, scope: _Scope) -> _Term:
    inner, name = _term(node.value, scope), node.attr
    records = [kind for kind in inner.shape if isinstance(kind, type) and is_dataclass(kind)]
    if not records or len(records) != len(inner.shape):
        end = _after(node.value)
        raise _Refusal(end, f"{ast.unparse(node.value)} is {_describe(inner.shape)} and has no {name!r}")
    shape: Shape = ()
    for record in records:
        attributes = _attributes(record)
        if name not in attributes:
            nearest = _nearest(name, attributes)
            raise _Refusal(_after(node.value), f"{record.__name__} has no {name!r}; {nearest}")
        shape += tuple(kind for kind in attributes[name] if kind not in shape)

    def read(names: Names) -> Value:
        record = inner.evaluate(names)
        if record.value is None or isinstance(record.value, Unknown):
            return record
        value = getattr(record.value, name, _NO_FACT)
        return Value(value, record.ats + places(value))

    return _Term(shape, read)


def _after(node: ast.expr) -> ast.expr:
    """The place just behind a node and its dot."""
    line, column = node.end_lineno or node.lineno, (node.end_col_offset or node.col_offset) + 1
    return ast.Constant(None, lineno=line, col_offset=column)


@cache
def _attributes(record: type) -> Mapping[str, Shape]:
    hints = get_type_hints(record)
    found = {field.name: shape_of(hints[field.name]) for field in fields(record)}
    for name, member in vars(record).items():
        if isinstance(member, property):
            found[name] = shape_of(get_type_hints(member.fget).get("return", object))
    return {name: shape for name, shape in found.items() if not name.startswith("_")}


def _display(node: ast.Tuple | ast.List | ast.Set, scope: _Scope) -> _Term:
    terms = [_term(element, scope) for element in node.elts]
    items = tuple(dict.fromkeys(kind for term in terms for kind in term.shape))
    unordered = isinstance(node, ast.Set)
    if unordered:
        _require_plain(node, items)

    def gather(names: Names) -> Value:
        values = [term.evaluate(names) for term in terms]
        members = tuple(value.value for value in values)
        return Value(_set(members) if unordered else members, _merge(values))

    return _Term((Many(items, unordered=unordered),), gather)


def _comparison(node: ast.Compare, scope: _Scope) -> _Term:
    nodes = [node.left, *node.comparators]
    terms = [_term(operand, scope) for operand in nodes]
    tests: list[Callable[[Any, Any], bool | Unknown]] = []
    for index, operator in enumerate(node.ops):
        left, right = terms[index], terms[index + 1]
        match operator:
            case ast.Is() | ast.IsNot():
                if ast.unparse(nodes[index + 1]) != "None":
                    raise _Refusal(nodes[index + 1], "'is' is for None alone; write == or !=")
            case ast.In() | ast.NotIn():
                _require_container(nodes[index + 1], left.shape, right.shape)
            case ast.Eq() | ast.NotEq():
                _require_comparable(nodes[index + 1], left.shape, right.shape)
            case _:
                _require_ordered(nodes[index + 1], left.shape, right.shape)
        tests.append(_COMPARISONS[type(operator)])

    def compare(names: Names) -> Value:
        values = [term.evaluate(names) for term in terms]
        results = [
            Value(test(left.value, right.value), left.ats + right.ats)
            for test, left, right in zip(tests, values, values[1:], strict=False)
        ]
        return _decide(results, False)

    return _Term(_BOOL, compare)


def _set_operation(node: ast.BinOp, scope: _Scope) -> _Term:
    left, right = _term(node.left, scope), _term(node.right, scope)
    for side, term in ((node.left, left), (node.right, right)):
        if not all(isinstance(kind, Many) and kind.unordered for kind in term.shape):
            raise _Refusal(side, f"{ast.unparse(side)} is {_describe(term.shape)}, not a set")
    combine = _SET_OPERATIONS[type(node.op)]

    def operate(names: Names) -> Value:
        one, other = left.evaluate(names), right.evaluate(names)
        ats = one.ats + other.ats
        sets = [_set(() if value is None else value) for value in (one.value, other.value)]
        unknown = next((value for value in sets if isinstance(value, Unknown)), None)
        return Value(unknown or combine(*sets), ats)

    return _Term(tuple(dict.fromkeys(left.shape + right.shape)), operate)


def _call(node: ast.Call, scope: _Scope) -> _Term:
    name = ast.unparse(node.func)
    if name not in {*_CALLS, "lower"}:
        raise _Refusal(node, f"{name} cannot be called; {_nearest(name, [*_CALLS, 'lower'])}")
    if len(node.args) != 1 or node.keywords:
        raise _Refusal(node, f"{name} takes one argument")
    argument = node.args[0]
    if name == "lower":
        text = _term(argument, scope)
        if any(kind is not str for kind in text.shape):
            raise _Refusal(argument, f"{ast.unparse(argument)} is {_describe(text.shape)}, not a text")
        return _Term((str,), lambda names: _lower(text.evaluate(names)))
    walk, element, shape = _walk(argument, scope)
    if name == "set":
        _require_plain(argument, shape)
    if name == "same":
        _require_comparable(argument, shape, shape)
    result, decide = _CALLS[name]
    if name == "set":
        result = (Many(shape, unordered=True),)

    def call(names: Names) -> Value:
        members = walk(names)
        if isinstance(members.value, Unknown):
            return members
        values = []
        for member in members.value:
            if member.included is False:
                continue
            value = element(member, names)
            values.append(Member(value.value, member.included, member.ats + value.ats))
        decided = decide(values)
        return Value(decided.value, members.ats + decided.ats)

    return _Term(result, call)


def _walk(
    argument: ast.expr, scope: _Scope
) -> tuple[Callable[[Names], Value], Callable[[Member, Names], Value], Shape]:
    """The members of a generator or a collection, what is wanted of each, and its shape."""
    if isinstance(argument, ast.GeneratorExp):
        members = _members(argument, scope)
        inner = _Scope({**scope.names, members.name: members.shape}, generator=True)
        element = _term(argument.elt, inner)
        return (
            members.walk,
            lambda member, names: element.evaluate({**names, members.name: member.value}),
            element.shape,
        )
    collection = _term(argument, scope)
    items = _items(argument, collection.shape)
    return (
        lambda names: _enter(collection.evaluate(names), None, "", names),
        lambda member, names: Value(member.value),
        items,
    )


def _members(node: ast.GeneratorExp, scope: _Scope) -> Members:
    if scope.generator:
        raise _Refusal(node, "one generator within another: this wants a derived fact")
    if len(node.generators) != 1 or len(node.generators[0].ifs) > 1 or node.generators[0].is_async:
        raise _Refusal(node, "one 'for' and at most one 'if'")
    clause = node.generators[0]
    if not isinstance(clause.target, ast.Name):
        raise _Refusal(clause.target, "a single name is expected before 'in'")
    name = clause.target.id
    if name in scope.names or name.startswith("_"):
        raise _Refusal(clause.target, f"{name!r} is taken; choose another name")
    collection = _term(clause.iter, scope)
    shape = _items(clause.iter, collection.shape)
    inner = _Scope({**scope.names, name: shape}, generator=True)
    condition = _term(clause.ifs[0], inner) if clause.ifs else None
    return Members(name, shape, lambda names: _enter(collection.evaluate(names), condition, name, names))


def _enter(collection: Value, condition: _Term | None, name: str, names: Names) -> Value:
    if isinstance(collection.value, Unknown):
        return collection
    members = []
    for value in _in_order(collection.value):
        included = Value(True) if condition is None else _truth(condition.evaluate({**names, name: value}))
        ats = tuple(dict.fromkeys(places(value) + included.ats))
        members.append(Member(value, included.value, ats))
    return Value(tuple(members), collection.ats)


# -- what a shape allows ----------------------------------------------------


def _items(node: ast.expr, shape: Shape) -> Shape:
    if not shape or not all(isinstance(kind, Many) for kind in shape):
        raise _Refusal(node, f"{ast.unparse(node)} is {_describe(shape)}, not a collection")
    return tuple(dict.fromkeys(item for kind in shape if isinstance(kind, Many) for item in kind.items))


def _require_plain(node: ast.expr, items: Shape) -> None:
    if any(isinstance(kind, Many) for kind in items) or _has_record(items):
        raise _Refusal(node, f"{_describe(items)} cannot be in a set; take a value of it")


def _require_comparable(node: ast.expr, left: Shape, right: Shape) -> None:
    if not left or not right:  # None and the empty display compare to anything
        return
    for shape in (left, right):
        if _has_record(shape):
            raise _Refusal(node, f"{_describe(shape)} cannot be compared whole; take a value of it")
    if object not in left + right and not _kinds(left) & _kinds(right):
        raise _Refusal(node, f"{_describe(left)} is never equal to {_describe(right)}")


def _require_container(node: ast.expr, left: Shape, right: Shape) -> None:
    if right == (str,):
        _require_comparable(node, left, right)
    else:
        _require_comparable(node, left, _items(node, right))


def _require_ordered(node: ast.expr, left: Shape, right: Shape) -> None:
    kinds = _kinds(left) | _kinds(right)
    if not left or not right or (kinds not in ({int}, {str}, {frozenset})):
        raise _Refusal(node, f"{_describe(left)} and {_describe(right)} have no order")


def _kinds(shape: Shape) -> set[type]:
    return {(frozenset if kind.unordered else tuple) if isinstance(kind, Many) else kind for kind in shape}


def _has_record(shape: Shape) -> bool:
    return any(_has_record(kind.items) if isinstance(kind, Many) else is_dataclass(kind) for kind in shape)


def _is_renderable(shape: Shape) -> bool:
    return all(
        _is_renderable(kind.items)
        if isinstance(kind, Many)
        else kind in {At, Prose} or not is_dataclass(kind)
        for kind in shape
    )


def _describe(shape: Shape) -> str:
    names = [
        (f"a set of {_describe(kind.items)}" if kind.unordered else f"a list of {_describe(kind.items)}")
        if isinstance(kind, Many)
        else kind.__name__
        for kind in shape
    ]
    return " or ".join(names) or "nothing"


def _nearest(name: str, known: Iterable[str]) -> str:
    close = get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f"did you mean {close[0]!r}?" if close else f"there is {', '.join(sorted(known))}"


# -- three values -----------------------------------------------------------

_BOOL: Shape = (bool,)
_NONE = Value(None)
_NO_FACT = Unknown(why=Prose(en="there is no such fact", zh="没有这一事实"))


def _once(value: Value) -> Value:
    return Value(value.value, tuple(dict.fromkeys(value.ats)))


def _merge(values: Iterable[Value | Member]) -> tuple[At, ...]:
    return tuple(dict.fromkeys(at for value in values for at in value.ats))


def _truth(value: Value) -> Value:
    if isinstance(value.value, Unknown):
        return value
    if isinstance(value.value, tuple):
        return Value(bool(value.value), value.ats + tuple(at for item in value.value for at in places(item)))
    return Value(bool(value.value), value.ats)


def _negate(value: Value) -> Value:
    return value if isinstance(value.value, Unknown) else Value(not value.value, value.ats)


def _decide(values: Sequence[Value | Member], decisive: bool) -> Value:
    """One ``decisive`` operand settles it; of several that hold the first is enough to show."""
    deciding = [value for value in values if value.value is decisive]
    if deciding:
        return Value(decisive, _merge(deciding[:1] if decisive else deciding))
    unknown = [value for value in values if isinstance(value.value, Unknown)]
    if unknown:
        return Value(unknown[0].value, _merge(unknown))
    return Value(not decisive, _merge(values))


def _over(members: Sequence[Member], decisive: bool) -> Value:
    """``all`` and ``any``. A member that may not be there can confirm, but not settle."""
    judged: list[Member] = []
    for member in members:
        truth = _truth(Value(member.value, member.ats))
        if isinstance(member.included, Unknown) and truth.value is not (not decisive):
            truth = Value(member.included, truth.ats)
        judged.append(Member(truth.value, True, truth.ats))
    return _decide(judged, decisive)


def _length(members: Sequence[Member]) -> Value:
    doubtful = [member.included for member in members if isinstance(member.included, Unknown)]
    return Value(doubtful[0] if doubtful else len(members), _merge(members))


def _same(members: Sequence[Member]) -> Value:
    sure = [member for member in members if member.included is True]
    known = [member.value for member in sure if not isinstance(member.value, Unknown)]
    decided = _decide([Value(_equal(known[0] if known else None, member.value)) for member in sure], False)
    doubtful = [member.included for member in members if isinstance(member.included, Unknown)]
    if decided.value is True and doubtful:
        return Value(doubtful[0], _merge(members))
    return Value(decided.value, _merge(members))


def _gather(members: Sequence[Member]) -> Value:
    doubtful = [member.included for member in members if isinstance(member.included, Unknown)]
    return Value(doubtful[0] if doubtful else _set([member.value for member in members]), _merge(members))


def _lower(text: Value) -> Value:
    return Value(text.value.lower(), text.ats) if isinstance(text.value, str) else text


def _set(values: Iterable[Any]) -> frozenset[Any] | Unknown:
    """A set is known as a whole or not at all."""
    if isinstance(values, Unknown):
        return values
    members = list(values)
    return next((member for member in members if isinstance(member, Unknown)), None) or frozenset(members)


def _in_order(collection: Any) -> list[Any]:
    """Sets have no order of their own, reports must have one."""
    if collection is None:
        return []
    if isinstance(collection, frozenset | set):
        return sorted(collection, key=lambda member: (type(member).__name__, str(member)))
    return list(collection)


def _equal(left: Any, right: Any) -> bool | Unknown:
    for side in (left, right):
        if isinstance(side, Unknown):
            return side
    if isinstance(left, tuple) and isinstance(right, tuple):
        if len(left) != len(right):
            return False
        result = _decide([Value(_equal(*pair)) for pair in zip(left, right, strict=True)], False).value
        return result if isinstance(result, Unknown) else bool(result)
    return bool(left == right)


def _unequal(left: Any, right: Any) -> bool | Unknown:
    equal = _equal(left, right)
    return equal if isinstance(equal, Unknown) else not equal


def _contains(member: Any, collection: Any) -> bool | Unknown:
    for side in (member, collection):
        if isinstance(side, Unknown):
            return side
    if isinstance(collection, str):
        return isinstance(member, str) and member in collection
    found = _decide([Value(_equal(member, other)) for other in _in_order(collection)], True).value
    return found if isinstance(found, Unknown) else bool(found)


def _lacks(member: Any, collection: Any) -> bool | Unknown:
    contained = _contains(member, collection)
    return contained if isinstance(contained, Unknown) else not contained


def _ordered(test: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool | Unknown]:
    def compare(left: Any, right: Any) -> bool | Unknown:
        for side in (left, right):
            if isinstance(side, Unknown):
                return side
        alike = any(isinstance(left, kind) and isinstance(right, kind) for kind in (int, str, frozenset))
        return alike and test(left, right)

    return compare


_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], bool | Unknown]] = {
    ast.Is: _equal,
    ast.IsNot: _unequal,
    ast.Eq: _equal,
    ast.NotEq: _unequal,
    ast.In: _contains,
    ast.NotIn: _lacks,
    ast.Lt: _ordered(lambda left, right: left < right),
    ast.LtE: _ordered(lambda left, right: left <= right),
    ast.Gt: _ordered(lambda left, right: left > right),
    ast.GtE: _ordered(lambda left, right: left >= right),
}
_SET_OPERATIONS: dict[type[ast.operator], Callable[..., frozenset[Any]]] = {
    ast.BitAnd: lambda left, right: left & right,
    ast.BitOr: lambda left, right: left | right,
    ast.Sub: lambda left, right: left - right,
}
_CALLS: dict[str, tuple[Shape, Callable[[Sequence[Member]], Value]]] = {
    "all": (_BOOL, lambda members: _over(members, False)),
    "any": (_BOOL, lambda members: _over(members, True)),
    "len": ((int,), _length),
    "same": (_BOOL, _same),
    "set": ((), _gather),
}
