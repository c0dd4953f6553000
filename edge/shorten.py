"""Shortens names that the minifier must leave alone: top-level ones, and those of own properties.

The minifier shortens what is local to a function. It cannot know that nothing outside uses a
function's top-level names (CloudFront calls `handler`), nor which properties are the code's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product
from string import ascii_letters, digits

import tree_sitter_javascript
from tree_sitter import Language, Node, Parser

from chalicelib.errors import InvalidRequest

_PARSER = Parser(Language(tree_sitter_javascript.language()))
_KEPT = {"handler", "cf"}
# Properties that no event, response, record or built-in object has.
_OWN_PROPERTIES = "encoded endings fingerprint folder redirect stem target tidy"


def shorten(code: str) -> str:
    """`code` with short names for its top-level functions and constants, and its own properties.

    Nothing within a function may be called as something at the top: InvalidRequest says what is.
    """
    data = code.encode()
    tree = _PARSER.parse(data).root_node
    names = dict(zip(sorted(_top_names(tree) - _KEPT), _short("$"), strict=False))
    shadowed = sorted({_text(node) for node in _local_names(tree)} & names.keys())
    if shadowed:
        raise InvalidRequest(
            f"The edge function uses the top-level names {', '.join(shadowed)} within a function, "
            "too: rename them there."
        )
    properties = dict(zip(_OWN_PROPERTIES.split(), _short("_"), strict=False))
    kinds = {"identifier": names, "property_identifier": properties}
    parts, at = [], 0
    for node in _walk(tree):
        short = kinds.get(node.type, {}).get(_text(node))
        if short is not None:
            parts += [data[at : node.start_byte], short.encode()]
            at = node.end_byte
    return b"".join([*parts, data[at:]]).decode()


def _short(start: str) -> Iterator[str]:
    return (start + "".join(rest) for rest in product(ascii_letters + digits + "_"))


def _top_names(tree: Node) -> set[str]:
    return {_text(node) for child in tree.children for node in _declared(child)}


def _local_names(tree: Node) -> Iterator[Node]:
    """The names of parameters and of variables within functions."""
    for node in _walk(tree):
        if node.type == "formal_parameters":
            yield from (child for child in node.children if child.type == "identifier")
        elif node.parent is not None and node.parent.type != "program":
            yield from _declared(node)


def _declared(node: Node) -> Iterable[Node]:
    """The names that a statement declares."""
    if node.type == "function_declaration":
        return [name] if (name := node.child_by_field_name("name")) else []
    if node.type in {"lexical_declaration", "variable_declaration"}:
        found = (child.child_by_field_name("name") for child in node.named_children)
        return [name for name in found if name is not None]
    return []


def _walk(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from _walk(child)


def _text(node: Node) -> str:
    return (node.text or b"").decode()
