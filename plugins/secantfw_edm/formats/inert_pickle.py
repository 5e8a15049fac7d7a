"""Pickles from strangers, read as data: no name in them is looked up, no call in them is made.

A pickle is a program for a machine with one stack. This machine knows the instructions that build
plain values, and those that a closed list of names needs; what a call would have made is kept as
a record of the call. Against files that want memory or a stack overflow instead of a call,
Python's own machine has no defence: here keys of dictionaries are texts and whole numbers, the
memo is a dictionary, and what is claimed is held against what is there.
"""

from __future__ import annotations

import io
import mmap
import pickletools
from collections.abc import Mapping
from typing import IO, Any, cast

import attrs

_MAX_STEPS = 5_000_000  # a network of 1,000 tensors takes 150,000
_VERSIONS = range(2, 6)
_SHOWN = 80

#: (module, name): what stands for it. "dict" makes a plain dictionary of the call.
Names = Mapping[tuple[str, str], str]

_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False, "EMPTY_TUPLE": ()}
_LITERALS = frozenset({
    "BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT", "SHORT_BINBYTES", "SHORT_BINUNICODE",
    "BINUNICODE", "BINUNICODE8",
})  # fmt: skip
_LENGTHS = {"BINBYTES": 4, "BINBYTES8": 8}  # bytes that say how many follow
_TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}


@attrs.frozen(eq=False)
class Named:
    """A name of the list, by what stands for it."""

    kind: str


@attrs.define(eq=False)
class Made:
    """The record of a call: what was called, with what, and the state it would have been given."""

    kind: str
    args: tuple[Any, ...]
    state: Any = None


def read_pickle(
    stream: io.BytesIO | mmap.mmap, names: Names, *, persistent: bool = False
) -> object:
    """The value of the pickle at which `stream` stands; afterwards it stands behind it.

    Long `bytes` come back as views of the stream's memory, so they take none of their own.

    Args:
        stream: the file's content.
        names: those that may occur.
        persistent: whether references to things outside the pickle may occur; each is a
            `Made("persistent", (id,))`.

    Raises:
        ValueError: anything but plain values and `names`, a pickle cut off, or one that claims
            more than it holds; in one line, with the place.
    """
    memory = memoryview(stream.getbuffer() if isinstance(stream, io.BytesIO) else stream)
    machine = _Machine(names, persistent, memory)
    instructions = pickletools.genops(cast(IO[bytes], stream))
    for step, (opcode, argument, position) in enumerate(instructions):
        if step == _MAX_STEPS:
            raise ValueError(f"a pickle of more than {_MAX_STEPS:,} instructions")
        if opcode.name == "STOP":
            return machine.pop()
        try:
            machine.step(opcode.name, argument, position or 0)
        except (LookupError, TypeError, AttributeError) as error:
            raise ValueError(f"byte {position}: {opcode.name} lacks what it works on") from error
    raise ValueError("a pickle without an end")


def shown(text: object) -> str:
    """A stranger's text, short and plain."""
    return "".join(c if c.isascii() and c.isprintable() else "?" for c in str(text)[:_SHOWN])


class _Machine:
    """One stack, a memo, and the marks that tell how much of the stack an instruction takes."""

    def __init__(self, names: Names, persistent: bool, memory: memoryview) -> None:
        self.names, self.persistent, self.memory = names, persistent, memory
        self.stack: list[Any] = []
        self.marks: list[int] = []
        self.memo: dict[int, Any] = {}

    def pop(self) -> Any:
        """The top of the stack.

        Raises:
            ValueError: there is none.
        """
        if not self.stack:
            raise ValueError("a pickle that takes more than it has")
        return self.stack.pop()

    def step(self, name: str, argument: Any, position: int) -> None:
        """Take one instruction."""
        if name in _LITERALS:
            self.stack.append(argument)
        elif name in _CONSTANTS:
            self.stack.append(_CONSTANTS[name])
        elif name in _LENGTHS:
            start = position + 1 + _LENGTHS[name]
            self.stack.append(self.memory[start : start + len(argument)])
        elif name in _TUPLES:
            self.stack.append(tuple([self.pop() for _ in range(_TUPLES[name])][::-1]))
        elif name in _INSTRUCTIONS:
            _INSTRUCTIONS[name](self, argument)
        else:
            raise ValueError(f"byte {position}: {name}, which no such file needs")

    def _marked(self) -> list[Any]:
        """What lies above the last mark, taken from the stack."""
        start = self.marks.pop()
        found = self.stack[start:]
        del self.stack[start:]
        return found

    def _protocol(self, version: int) -> None:
        if version not in _VERSIONS:
            raise ValueError(f"a pickle of protocol {version}")

    def _frame(self, length: int) -> None:
        """A hint for buffered reading."""

    def _mark(self, _: None) -> None:
        self.marks.append(len(self.stack))

    def _pop(self, _: None) -> None:
        self.pop()

    def _pop_mark(self, _: None) -> None:
        self._marked()

    def _list(self, _: None) -> None:
        self.stack.append([])

    def _dict(self, _: None) -> None:
        self.stack.append({})

    def _set(self, _: None) -> None:
        self.stack.append(set())

    def _tuple(self, _: None) -> None:
        self.stack.append(tuple(self._marked()))

    def _append(self, _: None) -> None:
        self._extend([self.pop()])

    def _appends(self, _: None) -> None:
        self._extend(self._marked())

    def _extend(self, items: list[Any]) -> None:
        _of(list, self.stack[-1]).extend(items)

    def _additems(self, _: None) -> None:
        items = self._marked()
        _of(set, self.stack[-1]).update(_key(item) for item in items)

    def _setitem(self, _: None) -> None:
        value, key = self.pop(), self.pop()
        _of(dict, self.stack[-1])[_key(key)] = value

    def _setitems(self, _: None) -> None:
        items = self._marked()
        target = _of(dict, self.stack[-1])
        for key, value in zip(items[::2], items[1::2], strict=True):
            target[_key(key)] = value

    def _memoize(self, _: None) -> None:
        self.memo[len(self.memo)] = self.stack[-1]

    def _put(self, index: int) -> None:
        if index > len(self.memo):  # what is no gap here is gigabytes of table in other readers
            raise ValueError(f"it puts away value {index:,} after {len(self.memo):,}")
        self.memo[index] = self.stack[-1]

    def _get(self, index: int) -> None:
        self.stack.append(self.memo[index])

    def _global(self, text: str) -> None:
        self._named(*text.split(" ", 1))

    def _stack_global(self, _: None) -> None:
        name, module = self.pop(), self.pop()
        self._named(module, name)

    def _named(self, module: Any, name: Any) -> None:
        if not isinstance(module, str) or not isinstance(name, str):
            raise ValueError("a name that is no text")
        kind = self.names.get((module, name))
        if kind is None:
            raise ValueError(
                f"it names {shown(f'{module}.{name}')}, and nothing in a weights file is executed"
            )
        self.stack.append(Named(kind))

    def _call(self, _: None) -> None:
        args, called = _of(tuple, self.pop()), self.pop()
        kind = _of(Named, called).kind
        self.stack.append({} if kind == "dict" and not args else Made(kind, args))

    def _build(self, _: None) -> None:
        state, target = self.pop(), self.stack[-1]
        if type(target) is not Made:
            raise ValueError(f"it gives a state to a {type(target).__name__}")
        if target.state is not None:
            raise ValueError(f"it gives one {target.kind} two states")
        target.state = state

    def _persistent_id(self, _: None) -> None:
        if not self.persistent:
            raise ValueError("it refers to something outside the file")
        self.stack.append(Made("persistent", (self.pop(),)))


def _of(kind: type, value: Any) -> Any:
    if type(value) is not kind:
        raise ValueError(f"it uses a {type(value).__name__} as a {kind.__name__}")
    return value


def _key(value: Any) -> str | int:
    """A key whose hash is no adventure."""
    if not isinstance(value, (str, int)):
        raise ValueError(f"it uses a {type(value).__name__} as a key")
    return value


_INSTRUCTIONS: Mapping[str, Any] = {
    "PROTO": _Machine._protocol,
    "FRAME": _Machine._frame,
    "MARK": _Machine._mark,
    "POP": _Machine._pop,
    "POP_MARK": _Machine._pop_mark,
    "EMPTY_LIST": _Machine._list,
    "EMPTY_DICT": _Machine._dict,
    "EMPTY_SET": _Machine._set,
    "TUPLE": _Machine._tuple,
    "APPEND": _Machine._append,
    "APPENDS": _Machine._appends,
    "ADDITEMS": _Machine._additems,
    "SETITEM": _Machine._setitem,
    "SETITEMS": _Machine._setitems,
    "MEMOIZE": _Machine._memoize,
    "BINPUT": _Machine._put,
    "LONG_BINPUT": _Machine._put,
    "BINGET": _Machine._get,
    "LONG_BINGET": _Machine._get,
    "GLOBAL": _Machine._global,
    "STACK_GLOBAL": _Machine._stack_global,
    "REDUCE": _Machine._call,
    "NEWOBJ": _Machine._call,
    "BUILD": _Machine._build,
    "BINPERSID": _Machine._persistent_id,
}
