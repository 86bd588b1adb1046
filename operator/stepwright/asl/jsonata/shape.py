"""Gives the tree of an expression its meaning: steps become paths, ``%`` finds its step, and calls at the end of
functions become loops.

``shape`` turns the tree from ``parse`` into the one that ``compiling`` turns into code.
"""

from __future__ import annotations

from stepwright.asl.jsonata.errors import InvalidExpression
from stepwright.asl.jsonata.nodes import Node, Slot


def shape(tree: Node) -> Node:
    """Raises ``InvalidExpression``."""
    result = _Shaper().node(tree)
    if result.type == "parent" or result.seeking_parent is not None:
        raise InvalidExpression("S0217", result.position, token=result.type)
    return result


class _Shaper:
    def __init__(self) -> None:
        self._parents: list[Node] = []

    def node(self, node: Node) -> Node:
        match node.type:
            case "binary":
                result = self._binary(node)
            case "unary":
                result = self._unary(node)
            case "function" | "partial":
                result = Node(node.type, node.value, node.position)
                result.arguments = [self._part(result, argument) for argument in node.arguments]
                result.operand = self.node(node.operand)
            case "lambda":
                result = Node("lambda", None, node.position)
                result.arguments = node.arguments
                result.signature = node.signature
                result.body = _tail_calls(self.node(node.body))
            case "condition":
                result = Node("condition", None, node.position)
                result.operand = self._part(result, node.operand)
                result.rhs = self._part(result, node.rhs)
                if node.otherwise is not None:
                    result.otherwise = self._part(result, node.otherwise)
            case "transform":
                result = Node("transform", None, node.position)
                result.operand = self.node(node.operand)
                result.rhs = self.node(node.rhs)
                if node.deletion is not None:
                    result.deletion = self.node(node.deletion)
            case "block":
                result = Node("block", None, node.position)
                result.expressions = [self._part(result, item) for item in node.expressions]
                result.cons_array = any(
                    part.cons_array or (part.type == "path" and part.steps[0].cons_array)
                    for part in result.expressions
                )
            case "name":
                result = Node("path", None, node.position)
                result.steps = [node]
                result.keep_singleton_array = node.keep_array
            case "parent":
                result = Node("parent", None, node.position)
                result.slot = Slot(len(self._parents))
                self._parents.append(result)
            case "operator":
                if node.value in ("and", "or", "in"):
                    node.type = "name"
                    result = self.node(node)
                elif node.value == "?":
                    result = node
                else:
                    raise InvalidExpression("S0201", node.position, token=node.value)
            case (
                "string" | "number" | "value" | "wildcard" | "descendant" | "variable" | "regex" | "too_deep"
            ):
                result = node
            case _:
                code = "S0207" if node.id == "(end)" else "S0206"
                raise InvalidExpression(code, node.position, token=node.value)
        if node.keep_array:
            result.keep_array = True
        return result

    def _part(self, of: Node, node: Node) -> Node:
        shaped = self.node(node)
        _push_ancestry(of, shaped)
        return shaped

    def _binary(self, node: Node) -> Node:
        match node.value:
            case ".":
                return self._path(node)
            case "[":
                return self._predicate(node)
            case "{":
                result = self.node(node.lhs)
                if result.group is not None:
                    raise InvalidExpression("S0210", node.position)
                result.group = Node("unary", "{", node.position)
                result.group.pairs = [(self.node(key), self.node(value)) for key, value in node.pairs]
                return result
            case "^":
                return self._order_by(node)
            case ":=":
                result = Node("bind", ":=", node.position)
                result.lhs = self.node(node.lhs)
                result.rhs = self._part(result, node.rhs)
                return result
            case "@":
                return self._focus(node)
            case "#":
                return self._index(node)
            case "~>":
                result = Node("apply", "~>", node.position)
                result.lhs = self.node(node.lhs)
                result.rhs = self.node(node.rhs)
                result.keep_array = result.lhs.keep_array or result.rhs.keep_array
                return result
        result = Node("binary", node.value, node.position)
        result.lhs = self._part(result, node.lhs)
        result.rhs = self._part(result, node.rhs)
        return result

    def _path(self, node: Node) -> Node:
        left = self.node(node.lhs)
        if left.type == "path":
            result = left
        else:
            result = Node("path", None, node.position)
            result.steps = [left]
        if left.type == "parent":
            assert left.slot is not None
            result.seeking_parent = [left.slot]
        rest = self.node(node.rhs)
        if rest.type == "path":
            result.steps = [*result.steps, *rest.steps]
        else:
            if rest.predicate is not None:
                rest.stages, rest.predicate = rest.predicate, None
            result.steps = [*result.steps, rest]
        for step in result.steps:
            if step.type in ("number", "value"):
                raise InvalidExpression("S0213", step.position, value=step.value)
            if step.type == "string":
                step.type = "name"
        if any(step.keep_array for step in result.steps):
            result.keep_singleton_array = True
        for step in (result.steps[0], result.steps[-1]):
            if step.type == "unary" and step.value == "[":
                step.cons_array = True
        self._resolve_ancestry(result)
        return result

    def _predicate(self, node: Node) -> Node:
        result = self.node(node.lhs)
        step = result.steps[-1] if result.type == "path" else result
        if step.group is not None:
            raise InvalidExpression("S0209", node.position)
        condition = self.node(node.rhs)
        if condition.seeking_parent is not None:
            for slot in condition.seeking_parent:
                if slot.level == 1:
                    self._seek_parent(step, slot)
                else:
                    slot.level -= 1
            _push_ancestry(step, condition)
        stage = Node("filter", None, node.position)
        stage.operand = condition
        if result.type == "path":
            step.stages = [*(step.stages or ()), stage]
        else:
            step.predicate = [*(step.predicate or ()), stage]
        return result

    def _order_by(self, node: Node) -> Node:
        result = self.node(node.lhs)
        if result.type != "path":
            first = result
            result = Node("path", None, node.position)
            result.steps = [first]
        sort = Node("sort", None, node.position)
        sort.terms = [(descending, self._part(sort, term)) for descending, term in node.terms]
        result.steps = [*result.steps, sort]
        self._resolve_ancestry(result)
        return result

    def _focus(self, node: Node) -> Node:
        result = self.node(node.lhs)
        step = result.steps[-1] if result.type == "path" else result
        if step.stages is not None or step.predicate is not None:
            raise InvalidExpression("S0215", node.position)
        if step.type == "sort":
            raise InvalidExpression("S0216", node.position)
        if node.keep_array:
            step.keep_array = True
        step.focus = node.rhs.value
        step.tuple = True
        return result

    def _index(self, node: Node) -> Node:
        result = self.node(node.lhs)
        if result.type == "path":
            step = result.steps[-1]
        else:
            step = result
            result = Node("path", None, node.position)
            result.steps = [step]
            if step.predicate is not None:
                step.stages, step.predicate = step.predicate, None
        if step.stages is None:
            step.index = node.rhs.value
        else:
            step.stages.append(Node("index", node.rhs.value, node.position))
        step.tuple = True
        return result

    def _unary(self, node: Node) -> Node:
        result = Node("unary", node.value, node.position)
        if node.value == "[":
            result.expressions = [self._part(result, item) for item in node.expressions]
        elif node.value == "{":
            result.pairs = [(self._part(result, key), self._part(result, value)) for key, value in node.pairs]
        else:
            operand = self.node(node.operand)
            if operand.type == "number":
                operand.value = -operand.value
                return operand
            result.operand = operand
            _push_ancestry(result, operand)
        return result

    # ``%`` stands for the input of a step, and that step keeps its input under a label.

    def _seek_parent(self, node: Node, slot: Slot) -> Slot:
        match node.type:
            case "name" | "wildcard":
                slot.level -= 1
                if slot.level == 0:
                    if node.ancestor is not None:
                        found = self._parents[slot.index].slot
                        assert found is not None
                        found.label = node.ancestor.label
                    node.ancestor = slot
                    node.tuple = True
            case "parent":
                slot.level += 1
            case "block":
                if node.expressions:
                    node.tuple = True
                    slot = self._seek_parent(node.expressions[-1], slot)
            case "path":
                node.tuple = True
                index = len(node.steps) - 1
                slot = self._seek_parent(node.steps[index], slot)
                index -= 1
                while slot.level > 0 and index >= 0:
                    slot = self._seek_parent(node.steps[index], slot)
                    index -= 1
            case _:
                raise InvalidExpression("S0217", node.position, token=node.type)
        return slot

    def _resolve_ancestry(self, path: Node) -> None:
        last = path.steps[-1]
        slots = list(last.seeking_parent or ())
        if last.type == "parent":
            assert last.slot is not None
            slots.append(last.slot)
        for slot in slots:
            index = len(path.steps) - 2
            while slot.level > 0:
                if index < 0:
                    path.seeking_parent = [*(path.seeking_parent or ()), slot]
                    break
                step = path.steps[index]
                index -= 1
                while index >= 0 and step.focus and path.steps[index].focus:
                    step = path.steps[index]
                    index -= 1
                slot = self._seek_parent(step, slot)  # noqa: PLW2901 - the same one


def _push_ancestry(result: Node, value: Node) -> None:
    if value.seeking_parent is None and value.type != "parent":
        return
    slots = list(value.seeking_parent or ())
    if value.type == "parent":
        assert value.slot is not None
        slots.append(value.slot)
    result.seeking_parent = [*(result.seeking_parent or ()), *slots]


def _tail_calls(node: Node) -> Node:
    """A call at the end of a function becomes a promise of that call, so that recursion there costs no depth."""
    if node.type == "function" and node.predicate is None:
        promise = Node("lambda", None, node.position)
        promise.thunk = True
        promise.body = node
        return promise
    if node.type == "condition":
        node.rhs = _tail_calls(node.rhs)
        if node.otherwise is not None:
            node.otherwise = _tail_calls(node.otherwise)
    elif node.type == "block" and node.expressions:
        node.expressions = [*node.expressions[:-1], _tail_calls(node.expressions[-1])]
    return node
