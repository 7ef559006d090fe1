"""`prompt.eval`: does a version of a prompt answer the cases of an eval set as it should?

Every assertion is judged on every case. A case passes when all of them hold; what counts is the share of cases that
pass, and for each named assertion the share for which it holds. A case that cannot be judged (a field is missing, the
provider failed, the reply is no text) is neither passed nor failed, so the gate is not measured.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from msgspec import Meta, field
from msgspec.structs import replace

from pytest_mlgate.assertions import GROUPS, TYPES, Finding, Rule, parse, shown
from pytest_mlgate.dialogue import Case, Prompt, Request, filled, missing, placeholders
from pytest_mlgate.errors import MissingExtraError, NotMeasuredError
from pytest_mlgate.gatefile.nearest import did_you_mean
from pytest_mlgate.kind import GateSpec, Inputs, Kind, Mistake, limit_mistakes
from pytest_mlgate.reference import FilePath, ProviderRef
from pytest_mlgate.verdict import Confidence, Limit, Measurement

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

PASS_RATE = "pass_rate"  # noqa: S105 - a metric, no password
_BOUNDS = 0.95
_SHOWN_CASES = 3
_KEPT_IDS = 50
_EXCERPT = 100
_ASSERTION = {
    "properties": {
        "type": {"enum": list(TYPES)},
        "name": {"type": "string", "description": "makes it a metric"},
        "not": {"type": "boolean", "description": "turns it round"},
        **{word: {"type": "integer" if word == "at_least" else "array"} for word in GROUPS},
        "of": {"type": "array", "description": "the assertions of which at_least so many must hold"},
    }
}


class PromptEval(GateSpec, frozen=True, kw_only=True):
    """What the replies to a prompt must be like.

    Args:
        prompt: the prompt's file: version, messages or a template with {field} placeholders, model, settings.
        version: the version that the file must be, where the gate means one in particular.
        cases: the eval set, one case a line (.jsonl), row (.csv) or item (.yaml), with the fields that are named.
        provider: who answers: recorded replies, or a function.
        assert: what must hold of every reply: equals, contains, icontains, regex, is_json, json_schema, levenshtein,
            format; grouped by all, any or at_least with of; each turned round by not, and counted by its name.
        metrics: limits on pass_rate, and on the share of cases for which a named assertion holds.
        confidence: one-sided confidence of the bounds that limits are held against; without it, the value decides.
    """

    prompt: FilePath
    version: str | int | float | None = None
    cases: FilePath
    provider: ProviderRef
    asserted: Annotated[
        tuple[Annotated[dict[str, Any], Meta(extra_json_schema=_ASSERTION)], ...], Meta(min_length=1)
    ] = field(name="assert")
    metrics: Annotated[dict[str, Limit], Meta(min_length=1)]
    confidence: Confidence | None = None


def measure(spec: PromptEval, inputs: Inputs) -> Iterator[Measurement]:
    """Judge every reply and count."""
    prompt, cases = inputs.prompt(spec.prompt), inputs.cases(spec.cases)
    if spec.version is not None and str(spec.version) != prompt.version:
        reason = f"the prompt file is of version {prompt.version}, and the gate means {spec.version}"
        raise NotMeasuredError(reason, "name the file of that version, or mend `version:`")
    rules = [rule for rule, _ in _read(spec) if rule is not None]
    _refuse([(case, why) for case in cases if (why := _obstacle(case, prompt, rules)) is not None])
    requests = [_request(case, prompt) for case in cases]
    replies = inputs.replies(spec.provider, requests)
    judged = list(_judged(list(zip(cases, replies, strict=True)), rules))
    yield _share(spec, PASS_RATE, [(case, reply, _first_broken(found)) for case, reply, found in judged])
    for name in dict.fromkeys(_names(spec.asserted)):
        yield _share(spec, name, [(case, reply, _broken(found, name)) for case, reply, found in judged])


def _read(spec: PromptEval) -> Iterator[tuple[Rule | None, list[Mistake]]]:
    for index, raw in enumerate(spec.asserted):
        yield parse(raw, ("assert", index))


def _obstacle(case: Case, prompt: Prompt, rules: Sequence[Rule]) -> str | None:
    """Say why a case cannot be asked or judged; None when it can."""
    for message in prompt.messages:
        absent = missing(placeholders(message.content), case.fields)
        if absent:
            return f"it has no field {absent[0]!r}, which the prompt {prompt} needs"
    return next((why for rule in rules if (why := rule.obstacle(case.fields)) is not None), None)


def _refuse(troubles: Sequence[tuple[Case, str]]) -> None:
    """Name the cases that cannot be judged; leaving them out would judge the prompt on easier ones."""
    if troubles:
        told = "; ".join(f"{case}: {why}" for case, why in troubles[:_SHOWN_CASES])
        more = f"; and {len(troubles) - _SHOWN_CASES} more cases" if len(troubles) > _SHOWN_CASES else ""
        raise NotMeasuredError(
            f"{told}{more}", "mend the cases or what names their fields; {{name}} is a literal {name}"
        )


def _request(case: Case, prompt: Prompt) -> Request:
    messages = tuple(replace(one, content=filled(one.content, case.fields)) for one in prompt.messages)
    return Request(str(case), str(prompt), messages, prompt.model, prompt.settings)


def _judged(
    answered: Iterable[tuple[Case, str]], rules: Sequence[Rule]
) -> Iterator[tuple[Case, str, tuple[Finding, ...]]]:
    """Hold every reply against every rule; a reply that cannot be judged ends it, after all have been tried."""
    troubles = []
    for case, reply in answered:
        try:
            yield case, reply, tuple(rule.judge(reply, case.fields) for rule in rules)
        except MissingExtraError:
            raise
        except NotMeasuredError as error:
            troubles.append((case, error.reason))
    _refuse(troubles)


def _first_broken(found: Iterable[Finding]) -> Finding | None:
    return next((one for one in found if not one.held), None)


def _broken(found: Iterable[Finding], name: str) -> Finding | None:
    """Give what was found of a named assertion, where it does not hold."""
    return _first_broken(one for top in found for one in top.walk() if one.rule.name == name)


def _share(spec: PromptEval, metric: str, results: Sequence[tuple[Case, str, Finding | None]]) -> Measurement:
    """Measure the share of cases without a broken rule, and show the first that have one."""
    from pytest_mlgate.stats.proportions import wilson

    declared = spec.metrics.get(metric, Limit())
    limit = declared if declared.confidence is not None else replace(declared, confidence=spec.confidence)
    confidence = limit.confidence or _BOUNDS
    n = len(results)
    broken = [(case, reply, one) for case, reply, one in results if one is not None]
    low, high = wilson(n - len(broken), n, confidence)
    lines = [
        f"{case}: {_named(one)}expected {one.rule.say(reply, case.fields)}; the reply is {shown(reply, _EXCERPT)}"
        for case, reply, one in broken[:_SHOWN_CASES]
    ]
    return Measurement(
        name="*",
        metric=metric,
        value=(n - len(broken)) / n,
        low=low,
        high=high,
        confidence=confidence,
        n=n,
        limit=limit,
        rows_to_decide=_cases_to_decide(n - len(broken), n, low, high, limit),
        detail={"unit": "cases", "failed": [case.id for case, _, _ in broken[:_KEPT_IDS]], "look_at": lines},
    )


def _named(finding: Finding) -> str:
    return f"{finding.rule.name}, " if finding.rule.name else ""


def _cases_to_decide(passed: int, n: int, low: float, high: float, limit: Limit) -> int | None:
    """Say how many cases would decide about the limits that the bounds straddle, at the observed share."""
    from pytest_mlgate.stats.proportions import rows_to_decide_proportion

    if limit.confidence is None:
        return None
    straddled = [bound for bound in (limit.min, limit.max) if bound is not None and low < bound < high]
    needed = [rows_to_decide_proportion(passed, n, bound, limit.confidence) for bound in straddled]
    return max((cases for cases in needed if cases is not None), default=None)


def mistakes(spec: PromptEval) -> Iterable[Mistake]:
    """Find assertions that cannot be, and limits on what is not measured."""
    for _, found in _read(spec):
        yield from found
    names = list(_names(spec.asserted))
    for name in dict.fromkeys(names):
        if name == PASS_RATE:
            yield Mistake(("assert",), f"no assertion can be named {PASS_RATE}: the whole is", "choose another name")
        elif names.count(name) > 1:
            yield Mistake(("assert",), f"two assertions are named {name!r}", "a metric counts one of them: rename one")
    for name, limit in spec.metrics.items():
        at = ("metrics", name)
        if name != PASS_RATE and name not in names:
            mend = did_you_mean(name, [PASS_RATE, *names], "metrics here")
            yield Mistake(at, f"no assertion is named {name!r}", mend)
        yield from limit_mistakes(at, limit, interval=True)
        for part in ("min", "max", "warn_min", "warn_max"):
            bound = getattr(limit, part)
            if bound is not None and not 0 <= bound <= 1:
                yield Mistake((*at, part), f"{name} is a share of cases, from 0 to 1", "write 0.9 for 90 %")


def _names(written: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Give the names of assertions as written, those inside groups too."""
    for one in written:
        if isinstance(one.get("name"), str):
            yield one["name"]
        for word in (*GROUPS, "of"):
            members = one.get(word)
            if isinstance(members, list | tuple):
                yield from _names(member for member in members if isinstance(member, dict))


KIND = Kind(name="prompt.eval", spec=PromptEval, measure=measure, mistakes=mistakes)
