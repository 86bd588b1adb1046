"""Strategies for executions that were made to cost much: a definition and an input, of each kind of what can be costly."""

from __future__ import annotations

from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from stepwright.asl.json_types import Json
from tests.asl.hostile_states import Case

TEXT: Final = "word " * 12_000
DEEP: Final[Any] = {"a": [{"a": [{"a": [{"a": list(range(50))}] * 5}] * 5}] * 5}
INPUT: Final[dict[str, Any]] = {
    "numbers": list(range(4_000)),
    "wide": [{"id": i, "name": f"name {i}", "v": i % 97, "tags": ["a", "b"]} for i in range(800)],
    "texts": ["x" * 2_000] * 15,
    "text": TEXT,
    "json": "[" + ",".join(['{"a":[]}'] * 2_000) + "]",
    "deep": DEEP,
    "small": {"a": 1, "b": [1, 2, 3]},
}

sizes: Final = st.sampled_from([1, 7, 100, 3_000, 100_000, 10_000_000])

# --- JSONata ----------------------------------------------------------------------------------------------------------

_regular_expressions: Final = st.sampled_from(
    ["/w/", "/[a-z]+ /", "/(a|aa)*b/", "/x*x*x*y/", "/(?:)/", "/.*.*d /", "/(w(o(r)?)?)*$/i", "/\\b/"]
)
_texts: Final = st.sampled_from(
    [
        "$states.input.text",
        "$states.input.json",
        "$string($states.input.wide)",
        "'%é'",
        "$states.input.texts[0]",
    ]
)
_leaves: Final = st.one_of(
    sizes.map(lambda size: f"[1..{size}]"),
    st.builds(
        lambda size, text: f"$pad('', {size}, '{text}')", sizes, st.sampled_from(["x", "é", "[Y]", "#0"])
    ),
    st.sampled_from([f"$states.input.{name}" for name in INPUT]),
    st.sampled_from(["$states.input", "$states.input.**", "$v", "1", "-1e300", "'a'", "$uuid()"]),
    _texts,
)

_OF_ONE: Final = (
    "$string({0})",
    "$count({0})",
    "$length($string({0}))",
    "$distinct({0})",
    "$reverse({0})",
    "$shuffle({0})",
    "$sum({0}.v)",
    "$keys({0})",
    "$spread({0})",
    "$merge({0})",
    "$flatten({0})",
    "$zip({0}, {0}, {0})",
    "$append({0}, {0})",
    "$join($string({0}), 'é')",
    "$uppercase($string({0}))",
    "$trim($string({0}))",
    "$split($string({0}), ' ')",
    "$split($string({0}), 'a', 5)",
    "$replace($string({0}), 'o', 'oo')",
    "$substringAfter($string({0}), 'é')",
    "$base64encode($string({0}))",
    "$encodeUrlComponent($string({0}))",
    "$hash($string({0}), 'SHA-1')",
    "$parse($string({0}))",
    "$partition({0}, 1)",
    "$range(0, $count({0}), 1)",
    "$lookup({0}, 'name')",
    "$each({0}, function($v, $k) {{ $k }})",
    "$sift({0}, function($v) {{ $v }})",
    "$formatNumber($count({0}), $string({0}))",
    "$formatInteger($count({0}), 'w')",
    "$fromMillis($count({0}), $string({0}))",
    "$toMillis($string({0}), '[Y]-[M]-[D]')",
    "$number($string({0}))",
    "$sort({0})",
    "$sort({0}, function($a, $b) {{ $string($a) > $string($b) }})",
    "({0})^(v, >name)",
    "{0}{{name: $sum(v)}}",
    "{0}{{$string($): $}}",
    "{0}.**",
    "{0}.*",
    "{0}.a.%",
    "[{0}, {0}, {0}]",
    "{{'a': {0}, 'b': {0}}}",
    "({0}) ~> |$|{{'z': 1}}|",
    "({0}) ~> |**|{{'z': $}}, 'v'|",
    "($f := function($n) {{ $n > 0 ? $f($n - 1) : {0} }}; $f(3000))",
    "($f := function($n) {{ $n > 0 ? [$f($n - 1), {0}] : 0 }}; $f(60))",
    "($f := function($n) {{ $n > 0 ? $f($n - 1) & $f($n - 1) : {0} }}; $f(30))",
    "($d := function($s, $n) {{ $n = 0 ? $s : $d($append($s, $s), $n - 1) }}; $d({0}, 30))",
    "($d := function($s, $n) {{ $n = 0 ? $s : $d($s & $s, $n - 1) }}; $d($string({0}), 30))",
    "($d := function($s, $n) {{ $n = 0 ? $s : $d({{'a': $s, 'b': $s}}, $n - 1) }}; $d({0}, 30))",
)
_OF_TWO: Final = (
    "$map({0}, function($v) {{ {1} }})",
    "$filter({0}, function($v) {{ {1} }})",
    "$single({0}, function($v) {{ {1} }})",
    "$reduce({0}, function($a, $v) {{ {1} }})",
    "$reduce({0}, function($a, $v) {{ $append($a, {1}) }}, [])",
    "$reduce({0}, function($a, $v) {{ $a & $string({1}) }}, '')",
    "{0}.({1})",
    "{0}[{1}]",
    "{0}[$ = {1}]",
    "{0}[{1} in $]",
    "({0})@$a.({1})@$b[$a = $b]",
    "({0})#$i[$i = $count({1})]",
    "{0} = {1}",
    "{0} < {1}",
    "$string({0}) < $string({1})",
    "{0} & {1}",
    "{0} in {1}",
    "$contains($string({0}), $string({1}))",
    "$exists({0}) ? {1} : 0",
    "{0}{{name: {1}}}",
    "({0}) ~> |$|{{'z': {1}}}|",
)
_OF_AN_EXPRESSION: Final = (
    "$match($string({0}), {1})",
    "$contains($string({0}), {1})",
    "$split($string({0}), {1})",
    "$replace($string({0}), {1}, '$0$0')",
    "$map([1..1000], function($v) {{ $match($string({0}), {1}) }})",
)


def _of(inner: SearchStrategy[str]) -> SearchStrategy[str]:
    return st.one_of(
        st.builds(str.format, st.sampled_from(_OF_ONE), inner),
        st.builds(str.format, st.sampled_from(_OF_TWO), inner, inner),
        st.builds(str.format, st.sampled_from(_OF_AN_EXPRESSION), inner, _regular_expressions),
    )


expressions: Final = st.recursive(_leaves, _of, max_leaves=4).map(lambda text: f"{{% {text} %}}")

# --- JSONPath ---------------------------------------------------------------------------------------------------------

_conditions: Final = st.sampled_from(
    [
        "@.v > 3",
        "@.name == 'name 7'",
        "@.name =~ /.*a.*9/",
        "@ =~ /x*x*y/",
        "@.name == $.wide[0].name",
        "@ == $.text",
        "!(@.v == 1 && (@.id < 7 || @.name))",
    ]
)
_steps: Final = st.one_of(
    st.sampled_from(
        ["..*", "[*]", ".*", "..a", "..id", "..[0]", "[0,0,0,0,0]", "[0:1000]", "[-1000:]", ".wide"]
    ),
    st.sampled_from([f".{name}" for name in INPUT]),
    st.sampled_from(["['id','name','v']", "..['id','v','a','name']", ".length()", ".sum()"]),
    _conditions.map(lambda condition: f"[?({condition})]"),
    _conditions.map(lambda condition: f"..[?({condition})]"),
)
paths: Final = st.lists(_steps, max_size=5).map(lambda steps: "$" + "".join(steps))

_CALLS: Final = (
    "States.Array({0}, {0}, {1})",
    "States.ArrayContains({0}, {1})",
    "States.ArrayUnique({0})",
    "States.ArrayPartition({0}, 1)",
    "States.ArrayGetItem({0}, 0)",
    "States.ArrayLength({0})",
    "States.StringSplit({0}, 'o ')",
    "States.StringToJson({0})",
    "States.JsonToString({0})",
    "States.JsonMerge({0}, {1}, false)",
    "States.Format('{{}}{{}}{{}}', {0}, {1}, {0})",
    "States.Base64Encode({0})",
    "States.Base64Decode({0})",
    "States.Hash({0}, 'SHA-256')",
    "States.MathAdd({0}, 1)",
    "States.ArrayRange(0, 999, 1)",
    "States.UUID()",
)


def _calls(inner: SearchStrategy[str]) -> SearchStrategy[str]:
    return st.builds(str.format, st.sampled_from(_CALLS), inner, inner)


calls: Final = _calls(st.recursive(paths, _calls, max_leaves=3))

# --- Fields and states ------------------------------------------------------------------------------------------------

_repeats: Final = st.sampled_from([1, 3, 12])


@st.composite
def templates(draw: DrawFn) -> dict[str, Any]:
    """Parameters, many fields alike, some of them within others."""
    fields: dict[str, Any] = {}
    for number, value in enumerate(draw(st.lists(calls | paths, min_size=1, max_size=3))):
        for copy in range(draw(_repeats)):
            fields[f"x{number}_{copy}.$"] = value
    for _ in range(draw(st.integers(0, 3))):
        fields = {"in": fields, "list": [fields, {}]}
    return fields


@st.composite
def queries(draw: DrawFn) -> Json:
    fields: dict[str, Json] = {}
    for number, value in enumerate(draw(st.lists(expressions, min_size=1, max_size=3))):
        for copy in range(draw(_repeats)):
            fields[f"x{number}_{copy}"] = value
    forms: list[Json] = [fields, [fields, fields], {"in": [[fields]]}]
    return draw(st.sampled_from(forms))


_tests: Final = st.one_of(
    st.builds(lambda path: {"Variable": path, "IsPresent": True}, paths),
    st.builds(lambda path: {"Variable": path, "IsTimestamp": True}, paths),
    st.builds(lambda path, other: {"Variable": path, "StringEqualsPath": other}, paths, paths),
    st.builds(lambda path, other: {"Variable": path, "NumericLessThanPath": other}, paths, paths),
    st.builds(lambda stars: {"Variable": "$.text", "StringMatches": "*w*" * stars + "!"}, st.integers(1, 60)),
)


def _combined(inner: SearchStrategy[Any]) -> SearchStrategy[Any]:
    return st.one_of(
        st.builds(lambda rule, times: {"And": [rule] * times}, inner, _repeats),
        st.builds(lambda rule, times: {"Or": [rule] * times}, inner, _repeats),
        st.builds(lambda rule: {"Not": rule}, inner),
    )


rules: Final = st.recursive(_tests, _combined, max_leaves=4)


def _machine(state: dict[str, Any], *, loops: bool, **fields: Any) -> Case:
    """The state alone, or again and again without an end."""
    never = {"Condition": "{% false %}"} if fields else {"Variable": "$$.never", "IsPresent": True}
    again = {"Type": "Choice", "Choices": [{**never, "Next": "E"}], "Default": "A"}
    states = {"A": {**state, "Next": "C"}, "C": again} if loops else {"A": {**state, "Next": "E"}}
    return {"StartAt": "A", "States": {**states, "E": {"Type": "Succeed"}}, **fields}, INPUT


@st.composite
def in_jsonata(draw: DrawFn) -> Case:
    state: dict[str, Any] = {"Type": "Pass", "Output": draw(queries())}
    if draw(st.booleans()):
        state["Assign"] = {"v": draw(queries())}
    return _machine(state, loops=draw(st.booleans()), QueryLanguage="JSONata")


@st.composite
def in_jsonpath(draw: DrawFn) -> Case:
    state: dict[str, Any] = {"Type": "Pass", "Parameters": draw(templates())}
    if draw(st.booleans()):
        state["InputPath"] = draw(paths)
    state["ResultPath"] = draw(st.sampled_from([None, "$", "$.made"]))
    return _machine(state, loops=draw(st.booleans()))


@st.composite
def choices(draw: DrawFn) -> Case:
    rule = {**draw(rules), "Next": "E"}
    times = draw(_repeats)
    states = {"A": {"Type": "Choice", "Choices": [rule] * times, "Default": "E"}, "E": {"Type": "Succeed"}}
    return {"StartAt": "A", "States": states}, INPUT


@st.composite
def choices_in_jsonata(draw: DrawFn) -> Case:
    rule = {"Condition": draw(expressions), "Next": "E", "Output": {"x": draw(expressions)}}
    states = {
        "A": {"Type": "Choice", "Choices": [rule] * draw(_repeats), "Default": "E"},
        "E": {"Type": "Succeed"},
    }
    return {"StartAt": "A", "States": states, "QueryLanguage": "JSONata"}, INPUT


@st.composite
def maps(draw: DrawFn) -> Case:
    jsonata = draw(st.booleans())
    processor: dict[str, Any] = {"StartAt": "B", "States": {"B": {"Type": "Pass", "End": True}}}
    state: dict[str, Any] = {"Type": "Map", "ItemProcessor": processor}
    if draw(st.booleans()):
        processor["ProcessorConfig"] = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
    if draw(st.booleans()):
        state["MaxConcurrency"] = draw(st.sampled_from([1, 5]))
    if jsonata:
        state["Items"] = draw(expressions)
        state["ItemSelector"] = draw(queries())
        return _machine(state, loops=False, QueryLanguage="JSONata")
    state["ItemsPath"] = draw(paths)
    state["ItemSelector"] = draw(templates())
    return _machine(state, loops=False)


KINDS: Final[dict[str, SearchStrategy[Case]]] = {
    "JSONata": in_jsonata(),
    "JSONPath and functions": in_jsonpath(),
    "Choice rules": choices(),
    "Conditions": choices_in_jsonata(),
    "Map states": maps(),
}
