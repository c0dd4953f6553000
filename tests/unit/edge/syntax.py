"""What JavaScript the page of CloudFront Functions' runtime 2.0 lists, as a check of parsed code.

Parsed with tree-sitter's JavaScript grammar. The lists here name what is allowed, so that syntax
nobody thought of is refused: a deployed function with unsupported syntax answers 503 to everybody.
Source: "JavaScript runtime 2.0 features for CloudFront Functions" in the CloudFront guide.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import tree_sitter_javascript
from tree_sitter import Language, Node, Parser

from decant.local.edge_runtime import without_import

_PARSER = Parser(Language(tree_sitter_javascript.language()))

_STATEMENTS = """
    program import_statement import_clause expression_statement variable_declaration
    lexical_declaration variable_declarator statement_block else_clause if_statement
    switch_statement switch_body switch_case switch_default for_statement for_in_statement
    while_statement do_statement try_statement catch_clause finally_clause break_statement
    continue_statement return_statement throw_statement empty_statement labeled_statement
    function_declaration comment statement_identifier
"""
_EXPRESSIONS = """
    identifier property_identifier this true false null undefined number string string_fragment
    escape_sequence template_string template_substitution regex regex_pattern regex_flags object
    pair array parenthesized_expression member_expression subscript_expression call_expression
    new_expression arguments await_expression assignment_expression
    augmented_assignment_expression ternary_expression binary_expression unary_expression
    update_expression sequence_expression function_expression arrow_function formal_parameters
    rest_pattern
"""
_KEYWORDS = """
    async await break case catch const continue default delete do else finally for from function
    if import in instanceof let new return switch throw try typeof var void while
"""
_OPERATORS = """
    { } ( ) [ ] ; , . < > <= >= == != === !== + - * ** / % ++ -- << >> >>> & | ^ ! ~ && || ? : =
    += -= *= **= /= %= <<= >>= >>>= &= |= ^= => ' " ` ${ ...
"""
_NAMED = frozenset((_STATEMENTS + _EXPRESSIONS).split())
_TOKENS = frozenset((_KEYWORDS + _OPERATORS).split())

_GLOBALS_TEXT = """
    Array ArrayBuffer Boolean DataView Date Error EvalError Float32Array Float64Array Infinity
    Int16Array Int32Array Int8Array JSON Math NaN Number Object Promise RangeError ReferenceError
    RegExp String Symbol SyntaxError TextDecoder TextEncoder TypeError URIError Uint16Array
    Uint32Array Uint8Array Uint8ClampedArray arguments atob btoa console decodeURI
    decodeURIComponent encodeURI encodeURIComponent globalThis isFinite isNaN parseFloat parseInt
    require
"""
_GLOBALS = frozenset(_GLOBALS_TEXT.split())
# Built-in methods that are not listed, by a name that none of the listed ones has.
_UNLISTED_METHODS = frozenset({"at", "flat", "flatMap", "fromEntries", "matchAll"})

_FUNCTIONS = frozenset({"function_declaration", "function_expression", "arrow_function"})
_REGEX_FLAGS = frozenset("gimy")
_CLASS_OR_ESCAPE = re.compile(r"\\.|\[(?:\\.|[^\]\\])*\]", re.DOTALL)


def problems(code: str) -> list[str]:
    """Each use of what the runtime does not list, as `line N: what`; empty when there is none."""
    root = _PARSER.parse(code.encode()).root_node
    nodes = list(_walk(root))
    declared = {text for node in nodes for text in _declared(node)}
    found = [
        f"line {node.start_point[0] + 1}: {problem}"
        for node in nodes
        for problem in (_unlisted(node), _misused(node), _unknown_name(node, declared))
        if problem is not None
    ]
    return found or (["the code does not parse"] if root.has_error else [])


def _walk(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from _walk(child)


def _text(node: Node) -> str:
    return (node.text or b"").decode()


def _unlisted(node: Node) -> str | None:
    if node.is_error or node.is_missing:
        return f"does not parse: {_text(node)!r}"
    allowed = _NAMED if node.is_named else _TOKENS
    return None if node.type in allowed else f"{node.type} is not listed: {_text(node)[:40]!r}"


def _misused(node: Node) -> str | None:
    """A problem with a node whose type is fine by itself."""
    check = _CHECKS.get(node.type)
    return check(node) if check else None


def _check_import(node: Node) -> str | None:
    parent = node.parent
    first = parent is not None and parent.named_children[0].id == node.id
    if first and without_import(_text(node)) == "":
        return None
    return "only import cf from 'cloudfront', as the first statement"


def _check_function(node: Node) -> str | None:
    is_async = any(child.type == "async" for child in node.children)
    top_level = node.type == "function_declaration" and _is_top_level(node)
    return "async function that is not at the top level" if is_async and not top_level else None


def _is_top_level(node: Node) -> bool:
    return node.parent is not None and node.parent.type == "program"


def _check_await(node: Node) -> str | None:
    above = node.parent
    while above is not None and above.type not in _FUNCTIONS:
        if above.type == "arguments":
            return "await within the arguments of a call"
        above = above.parent
    return "await outside a function" if above is None else None


def _check_call(node: Node) -> str | None:
    arguments = node.child_by_field_name("arguments")
    return "tagged template" if arguments and arguments.type == "template_string" else None


def _check_catch(node: Node) -> str | None:
    return None if node.child_by_field_name("parameter") else "catch without (error)"


def _check_number(node: Node) -> str | None:
    return "BigInt" if _text(node).endswith("n") else None


def _check_flags(node: Node) -> str | None:
    unlisted = set(_text(node)) - _REGEX_FLAGS
    return f"regular expression flags {sorted(unlisted)}" if unlisted else None


def _check_pattern(node: Node) -> str | None:
    bare = _CLASS_OR_ESCAPE.sub("", _text(node))
    if "(?<=" in bare or "(?<!" in bare:
        return "lookbehind"
    # The runtime's expressions are "Perl compatible"; njs's really match /^a$/ on "a\n".
    return "$ matches before a final newline too" if "$" in bare else None


def _check_member(node: Node) -> str | None:
    property_node = node.child_by_field_name("property")
    name = _text(property_node) if property_node else ""
    return f"{name}() is not listed" if _is_unlisted_method(_text(node), name) else None


def _is_unlisted_method(expression: str, name: str) -> bool:
    return name in _UNLISTED_METHODS or expression == "Array.from"


_CHECKS = {
    "import_statement": _check_import,
    "function_declaration": _check_function,
    "function_expression": _check_function,
    "arrow_function": _check_function,
    "await_expression": _check_await,
    "call_expression": _check_call,
    "catch_clause": _check_catch,
    "number": _check_number,
    "regex_flags": _check_flags,
    "regex_pattern": _check_pattern,
    "member_expression": _check_member,
}


def _declared(node: Node) -> list[str]:
    """The names that this node declares; scopes are not told apart."""
    if node.type in {"function_declaration", "function_expression", "variable_declarator"}:
        name = node.child_by_field_name("name")
        return [_text(name)] if name else []
    if node.type in {"formal_parameters", "rest_pattern", "import_clause"}:
        return [_text(child) for child in node.named_children if child.type == "identifier"]
    fields = {
        "catch_clause": "parameter",
        "arrow_function": "parameter",
        "for_in_statement": "left",
    }
    bound = node.child_by_field_name(fields.get(node.type, "name"))
    return [_text(bound)] if bound and bound.type == "identifier" else []


def _unknown_name(node: Node, declared: set[str]) -> str | None:
    if node.type != "identifier" or _text(node) in declared | _GLOBALS:
        return None
    return f"{_text(node)} is neither declared here nor a listed global"
