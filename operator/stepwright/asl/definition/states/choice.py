"""Choice: https://docs.aws.amazon.com/step-functions/latest/dg/state-choice.html."""

from __future__ import annotations

from stepwright.asl.definition.fields import Fields
from stepwright.asl.definition.schema import RULE_FIELDS, check_fields
from stepwright.asl.definition.states.envelope import Envelope
from stepwright.asl.machine import Choice, ChoiceRule

_WHAT_FOLLOWS = frozenset({"Next", "Assign", "Output", "Comment"})


def parse(state: Fields, envelope: Envelope) -> Choice:
    rules = [
        rule
        for index, raw in state.objects("Choices")
        if (rule := _rule(state.within(raw, "Choices", index))) is not None
    ]
    return Choice(**envelope, choices=tuple(rules), default=state.state_name("Default"))


def _rule(rule: Fields) -> ChoiceRule | None:
    rule.require("Next")
    rule.comment()
    jsonata = rule.language == "JSONata"
    if jsonata:
        check_fields(dict(rule.raw), rule.pointer, RULE_FIELDS, "JSONata", rule.problems)
    if not jsonata and "Output" in rule:
        rule.problems.error(
            rule.pointer,
            "The QueryLanguage is set to 'JSONPath', but field 'Output' is only supported for the 'JSONata' QueryLanguage",
            member="Output",
        )
    condition = None
    if not jsonata or "Condition" in rule:
        condition = rule.rule({name: value for name, value in rule.raw.items() if name not in _WHAT_FOLLOWS})
    target = rule.state_name("Next")
    assign = rule.assignment()
    output = rule.template("Output") if jsonata else None
    if condition is None or target is None:
        return None
    return ChoiceRule(condition=condition, next=target, assign=assign, output=output)
