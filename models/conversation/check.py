"""The faults of a flow among its neighbours: ways that never end, loops, words too long for a medium, and secrets told
too early."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from models.contact.sms import measure, transliterate
from models.conversation.engine import question
from models.conversation.flow import GIVES, PLACE, SECRET, Do, Flow, FlowStep
from models.law.dated import Where

LONGEST_SMS = 3
"""Segments of one message."""
WHATSAPP_ROWS, WHATSAPP_TITLE = 10, 24
"""The items of a list message, and the characters of their titles (WhatsApp Business Platform)."""
SPOKEN_OPTIONS = 9
"""Keys that a spoken menu can name."""


class Node(NamedTuple):
    flow: str
    step: str


def check_flow(flows: Mapping[str, Flow], name: str) -> Iterator[tuple[Where, str]]:
    """The faults of the flow `name`, where `flows` are all that there are; each with its place in the file."""
    flow = flows[name]
    for step, found in flow.steps.items():
        yield from ((("steps", step), fault) for fault in _of_step(flows, flow, found))
    if all(step.go is None or step.go in flows for each in flows.values() for step in each.steps.values()):
        yield from _of_ways(flows, flow)


def _of_step(flows: Mapping[str, Flow], flow: Flow, step: FlowStep) -> Iterator[str]:
    if step.go and step.go not in flows:
        yield f"goes to the flow {step.go}, and there is none of that name"
    if step.branch and step.branch[-1].model_fields_set != {"to"}:
        yield "goes nowhere when no condition holds: end it with a way that has none"
    if step.do in (Do.IDENTIFY, Do.STATEMENT, Do.PAY) and step.fails is None:
        yield f"says nothing of when `{step.do}` can't be done: write `fails`"
    kept = {each.keep for other in flows.values() for each in other.steps.values() if each.keep}
    known = kept.union(*GIVES.values())
    for text in step.texts:
        yield from (
            f"has a place {{{place}}} that nothing fills" for place in PLACE.findall(text) if place not in known
        )
    yield from _of_media(flow, step)


def _of_media(flow: Flow, step: FlowStep) -> Iterator[str]:
    texts = [question(step)] if step.ask else [step.say] if step.say else []
    for text in texts if "sms" in flow.media else []:
        if (segments := measure(transliterate(text)).segments) > LONGEST_SMS:
            yield f"is {segments} segments as an SMS, and {LONGEST_SMS} are the most"
    if "whatsapp" in flow.media and step.options:
        if len(step.options) > WHATSAPP_ROWS:
            yield f"has {len(step.options)} items, and a list of WhatsApp's {WHATSAPP_ROWS} at most"
        for option in step.options:
            if len(option.title) > WHATSAPP_TITLE:
                long = f"{len(option.title)} characters, {WHATSAPP_TITLE} at most by WhatsApp"
                yield f"has an item of {long}: {option.title}"
    if "voice" in flow.media and len(step.options) > SPOKEN_OPTIONS:
        yield f"has {len(step.options)} items, and a telephone {SPOKEN_OPTIONS} keys for them"


def _of_ways(flows: Mapping[str, Flow], flow: Flow) -> Iterator[tuple[Where, str]]:
    begins = Node(flow.flow, flow.start)
    unknown, anybody = _reached(flows, begins), _reached(flows, begins, both=True)
    for name in flow.steps:
        node = Node(flow.flow, name)
        if (node, False) not in anybody and (node, True) not in anybody:
            yield ("steps", name), "is never reached"
            continue
        if not any(_ends(flows, other) for other, _ in _reached(flows, node, both=True)):
            yield ("steps", name), "never comes to an end: no way from here ends the conversation or hands it over"
        if _loops(flows, node):
            yield ("steps", name), "comes back to itself without a question: it would go on for ever"
        if (node, False) in unknown:
            yield from ((("steps", name), fault) for fault in _secrets(flow.steps[name]))


def _ends(flows: Mapping[str, Flow], node: Node) -> bool:
    step = _step(flows, node)
    return step.do is Do.HAND_OVER or (step.to is None and not (step.ask or step.branch or step.go))


def _secrets(step: FlowStep) -> Iterator[str]:
    """The faults of a step that may be reached by somebody who isn't identified."""
    told = {place for text in step.texts for place in PLACE.findall(text)} & SECRET
    yield from (f"tells {{{place}}} to who may not be identified (CTN art. 198)" for place in sorted(told))
    if step.do in (Do.STATEMENT, Do.PAY, Do.CONTEST):
        yield f"does `{step.do}` for who may not be identified: `do: identify` comes first, or a branch on it"


def _step(flows: Mapping[str, Flow], node: Node) -> FlowStep:
    return flows[node.flow].steps[node.step]


def _next(flows: Mapping[str, Flow], node: Node, known: bool) -> Iterator[tuple[Node, bool]]:
    """The nodes that may follow, and whether whoever is there is identified."""
    step = _step(flows, node)
    if step.go:
        yield Node(step.go, flows[step.go].start), known
    for branch in step.branch or ():
        if branch.identified is None or branch.identified is known:
            yield Node(node.flow, branch.to), known
    if step.do is Do.IDENTIFY and step.to:
        yield Node(node.flow, step.to), True
    elif step.to:
        yield Node(node.flow, step.to), known
    others = [step.fails, step.lost, *(option.to for option in step.options)]
    yield from ((Node(node.flow, other), known) for other in others if other)


def _reached(flows: Mapping[str, Flow], begins: Node, *, both: bool = False) -> set[tuple[Node, bool]]:
    """All nodes that are reached from there; `both`: whether by who is identified or not."""
    found: set[tuple[Node, bool]] = set()
    ahead = [(begins, False), *([(begins, True)] if both else [])]
    while ahead:
        at = ahead.pop()
        if at not in found:
            found.add(at)
            ahead.extend(_next(flows, *at))
    return found


def _loops(flows: Mapping[str, Flow], begins: Node) -> bool:
    """Whether a way leads back there on which nothing is asked and nothing is handed over."""
    if _waits(flows, begins):
        return False
    seen: set[Node] = set()
    ahead = [node for known in (False, True) for node, _ in _next(flows, begins, known)]
    while ahead:
        node = ahead.pop()
        if node == begins:
            return True
        if node not in seen and not _waits(flows, node):
            seen.add(node)
            ahead.extend(each for known in (False, True) for each, _ in _next(flows, node, known))
    return False


def _waits(flows: Mapping[str, Flow], node: Node) -> bool:
    step = _step(flows, node)
    return step.ask is not None or step.do is Do.HAND_OVER
