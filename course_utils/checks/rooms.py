"""How a check touches somebody's work: by calling a function with plain data, and no other way.

A check never looks into the code it judges. It calls a function with arrays, numbers, strings,
lists, tuples and dicts, and plain data come back. Whatever else a call returns (a cache, say) is
an opaque `Handle`: it stays where it was made and can only be passed back. Here both sides live
in one process. Because nothing but plain data crosses, the same check can later speak to a
function in another process, across a pipe, without a change.
"""

from __future__ import annotations

import hashlib
import linecache
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

MISSING = "missing"
"""The kind of failure of a function that is not there; its message is a whole sentence."""
UNUSABLE = "unusable"
"""The kind of failure of a value that came back and cannot be compared with anything."""

_SCALARS = (bool, int, float, complex, str, type(None), np.generic)


class Handle:
    """Something that a call returned and that a test may pass back, but never look into."""

    def __init__(self, content: object) -> None:
        self._content = content

    @property
    def kind(self) -> str:
        """The name of its type: all that may be known of it."""
        return type(self._content).__name__

    def __repr__(self) -> str:
        return f"<opaque {self.kind}>"


@dataclass(frozen=True)
class Failure:
    """An exception, as text: its type's name, its message and the line of code it came from."""

    kind: str
    message: str
    line: str = ""

    def __str__(self) -> str:
        where = f" (in the line `{self.line}`)" if self.line else ""
        return f"{self.kind}: {self.message}{where}" if self.message else f"{self.kind}{where}"


@dataclass(frozen=True)
class Reply:
    """What came of a call: a plain value or a failure, and the arguments changed in place."""

    value: Any = None
    failure: Failure | None = None
    changed: tuple[str, ...] = ()


class Callee(Protocol):
    """A function of somebody else's that a check may call, wherever that function lives."""

    def call(self, arguments: dict[str, Any], keep: tuple[int, ...] = ()) -> Reply:
        """Call with the values of `arguments`, in their order; never raises.

        `keep` tells which values of a returned tuple stay where they are, as handles, even if
        they are plain data: a cache that were copied would hide a buffer used twice.
        """


class LocalCallee:
    """A function of this very process, called by the rules that hold between processes."""

    def __init__(self, function: Callable) -> None:
        self._function = function

    def call(self, arguments: dict[str, Any], keep: tuple[int, ...] = ()) -> Reply:
        """Call on copies of `arguments` (by position), so that the caller's own stay unchanged."""
        sent = {name: _copy_in(value) for name, value in arguments.items()}
        before = {name: fingerprint(value) for name, value in sent.items()}
        try:
            with np.errstate(all="ignore"):  # an overflow is judged by its result, not by a warning
                value = self._function(*sent.values())
            if isinstance(value, tuple):
                kept = (Handle(v) if i in keep else _copy_out(v) for i, v in enumerate(value))
                value = tuple(kept)
            else:
                value = _copy_out(value)
        except Exception as error:
            return Reply(failure=_failure(error, self._function))
        changed = tuple(name for name, value in sent.items() if fingerprint(value) != before[name])
        return Reply(value=value, changed=changed)


class LocalRoom:
    """A notebook's namespace in this very process: functions are asked for by name, nothing else.

    A name that is missing, or is no function, still gives a `Callee`: each call of it fails with
    a sentence, so that a test reports it like any other error of the student's.
    """

    def __init__(self, namespace: dict[str, Any]) -> None:
        self._namespace = namespace

    def function(self, name: str) -> Callee:
        """Return the function called `name` as something that a check may call."""
        found = self._namespace.get(name)
        if callable(found):
            return LocalCallee(found)
        if found is None:
            says = f"There is no function called `{name}`: did its cell run?"
        else:
            says = f"`{name}` is no function but a {type(found).__name__}."
        return _Unavailable(Failure(MISSING, says))


@dataclass(frozen=True)
class _Unavailable:
    """Stands for a function that is not there; every call fails in the same way."""

    failure: Failure

    def call(self, arguments: dict[str, Any], keep: tuple[int, ...] = ()) -> Reply:
        return Reply(failure=self.failure)


def as_callee(function: Callable | Callee) -> Callee:
    """Return what a check can call: a `Callee` as it is, a plain function wrapped."""
    return function if hasattr(function, "call") else LocalCallee(function)


def fingerprint(value: object) -> str:
    """Return a hash of plain data; it changes when any number, shape or type in it changes."""
    digest = hashlib.sha256()

    def feed(item: object) -> None:
        if isinstance(item, np.ndarray):
            digest.update(f"array{item.shape}{item.dtype.str}".encode())
            digest.update(np.ascontiguousarray(item).tobytes())
        elif isinstance(item, dict):
            digest.update(f"dict{len(item)}".encode())
            for key, entry in item.items():
                digest.update(repr(key).encode())
                feed(entry)
        elif isinstance(item, (list, tuple)):
            digest.update(f"{type(item).__name__}{len(item)}".encode())
            for entry in item:
                feed(entry)
        else:
            digest.update(repr(item).encode())

    feed(value)
    return digest.hexdigest()


def _copy_in(value: Any) -> Any:
    if isinstance(value, Handle):
        return value._content
    return _walk(value, _copy_in)


def _copy_out(value: Any) -> Any:
    if isinstance(value, range):  # as plain as the list that it stands for
        return list(value)
    if not isinstance(value, (np.ndarray, list, tuple, dict, *_SCALARS)):
        return Handle(value)
    return _walk(value, _copy_out)


def _walk(value: Any, each: Callable[[Any], Any]) -> Any:
    if isinstance(value, np.ndarray):
        # np.array drops subclasses: a clever __eq__ or __array_function__ does not cross.
        return Handle(value) if value.dtype.hasobject else np.array(value, subok=False)
    if isinstance(value, dict):
        return {key: each(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        entries = [each(entry) for entry in value]
        return entries if isinstance(value, list) else tuple(entries)
    return value


def _failure(error: Exception, function: Callable) -> Failure:
    """Describe `error` with the last line that lies in the same file (or cell) as `function`."""
    code = getattr(function, "__code__", None)
    line = ""
    for frame in traceback.extract_tb(error.__traceback__):
        if code is not None and frame.filename == code.co_filename:
            line = (frame.line or linecache.getline(frame.filename, frame.lineno or 0)).strip()
    text = " ".join(str(error).split())
    return Failure(type(error).__name__, text[:300], line[:120])
