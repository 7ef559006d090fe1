"""Signs of prompt injection in English: what attackers ask of a model, as weighted phrases.

A phrase that no honest request contains weighs 1 and decides alone; one that is only suspicious weighs less, and a text
is stopped when the weights of the different signs in it add up to 1. Requests about real things ("ignore my previous
email", "act as a tutor") must stay below that, so the object decides: instructions, rules, prompts, guidelines.

How a pattern is written: lower-case ASCII, since texts are folded first. A blank stands for anything between two words,
nothing included, so that "ignoreallinstructions" is found too; `{any:3}` stands for up to three words.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_GAP = r"[^a-z0-9]*"
_WORD = r"[a-z0-9_]+[^a-z0-9]+"


@dataclass(frozen=True, slots=True)
class Indicator:
    """One sign.

    Args:
        name: what it is a sign of; signs of one name count once, with their highest weight.
        weight: how much it says; 1 decides alone.
        pattern: in RE2 syntax, for folded lower-case text.
    """

    name: str
    weight: float
    pattern: str


def table(rows: dict[tuple[str, float], tuple[str, ...]]) -> tuple[Indicator, ...]:
    """Turn rows of short-hand phrases into indicators."""
    return tuple(
        Indicator(name, weight, _expanded(phrase)) for (name, weight), phrases in rows.items() for phrase in phrases
    )


def _expanded(phrase: str) -> str:
    words = re.sub(r"\{any:(\d+)\}", rf"(?:{_WORD}){{0,\1}}", " ".join(phrase.split()))
    return words.replace(" ", _GAP)


_DROP = (
    r"(ignor(e|es|ing)|disregard(ing|s)?|forget(ting)?|neglect(ing)?|overrid(e|ing)|overrul(e|ing)|bypass(ing)?|"
    r"discard(ing)?|circumvent(ing)?|abandon(ing)?|set aside|pay no attention to|stop (following|obeying|applying)|"
    r"do(n.?t| not) (follow|obey|apply|listen to))"
)
_FILL = r"((all|any|every|each|of|the|these|those|this|that|its|his|her|their|other|set|sets|and|or|hidden|internal) )*"
_YOURS = (
    r"(all|any|every|your|previous|prior|preceding|earlier|above|former|initial|original|existing|system|safety|"
    r"security|content|developer|ethical|moral|default)"
)
_RULES = (
    r"(instruct(ions?|ed)?|prompts?|rules?|guidelines?|directives?|polic(y|ies)|restrictions?|constraints?|guardrails?|"
    r"safeguards?|safety (checks?|measures?|filters?)|content filters?|programming|training|ethics|instruction sets?)"
)
_SAY = (
    r"(reveal|show|print|repeat|tell|display|output|give|share|expose|leak|disclose|dump|recite|write|spell|list|copy|"
    r"paste|translate|summari[sz]e|return|send|quote)"
)
_SEND = r"\b(send|e ?mail|forward|post|upload|transmit|exfiltrate|leak|mail|deliver|submit|bcc|cc)"
_ADDRESS = r"([a-z0-9._%+-]+@[a-z0-9-]+\.[a-z]|https?://)"
_AGENT = r"(ai|llm|language model|chat ?bot|assistant|agent|bot|copilot)s?"
_FREE = r"(restrictions?|rules|limits|limitations?|filters?|guidelines|content polic(y|ies)|polic(y|ies)|constraints|censorship|guardrails|ethics|morals)"

ENGLISH = table(
    {
        ("override", 1.0): (
            rf"{_DROP} {_FILL}{_YOURS} {_FILL}({_YOURS} )*{_FILL}{_RULES}",
            rf"{_DROP} (everything|anything|all) (that )?((is|was|comes?|came) )?(above|before|prior|previous|preceding|you (were|have been|ve been|are)|you know)",
            r"(previous|prior|above|earlier|original|initial) (instructions?|prompts?|rules|directives) (are|is|were|have been|no longer) {any:2}(void|cancell?ed|invalid|obsolete|revoked|superseded|overridden|apply|valid|replaced|lifted)",
            r"(instead of|rather than) (following|obeying) (your|the) {any:2}(instructions|rules|guidelines)",
        ),
        ("override_something", 0.6): (rf"{_DROP} {_FILL}{_RULES}\b",),
        ("override_user", 0.6): (
            r"\bignor(e|ing) the user",
            r"without (telling|informing|asking|notifying|alerting) the user",
        ),
        ("do_not_tell", 0.5): (
            r"do(n.?t| not) (tell|inform|mention|notify|alert|reveal) {any:4}(user|anyone|them|this)",
        ),
        ("new_orders", 0.6): (
            r"\b(new|updated|revised|real|actual|additional) (system )?(instructions?|rules|directives?|orders) {any:4}[:\-]",
            r"\b(your|the) (rules|instructions|guidelines|restrictions|policies) (have|has|are|were) (now )?(been )?(changed|updated|lifted|removed|disabled|suspended|replaced)",
        ),
        ("system_notice", 0.5): (
            r"\b(important|urgent|critical|mandatory) {any:1}(system|security|admin) (update|notice|message|note|override|directive)",
            r"\bsystem (override|directive|instruction|command)",
        ),
        ("obey", 0.5): (
            r"\b(must|will|shall|should|to|now|always|only) (now |only )?(comply|obey|agree|allow|accept|grant|answer|follow)( with| to)? (all|any|every|each|only my|my every|everything|anything) {any:1}(requests?|questions?|commands?|orders?|content|instructions?|users?|i|my)",
            r"\b(grant|allow|approve|permit)s? (all|any|every|everything) {any:1}(requests?|content|access|commands?|actions?)",
            r"\bcomply (fully|completely|without|unconditionally)",
            r"\bnever (refuse|decline|say no)",
            r"\banswer (everything|anything)\b",
            r"\banswer(s|ing)? {any:4}(freely|without (limits?|filters?|hesitation|question))",
        ),
        ("from_now_on", 0.3): (
            r"from (now|this (point|moment|message)|here)( on)?(ward|wards|forward)?\b",
            r"\b(starting|effective) (now|immediately)",
            r"\byou (are|re) now\b",
            r"\byou now\b",
        ),
        ("unrestricted", 0.6): (
            rf"\b(no|without|zero|free (of|from)|not bound by|unbound by|no longer (bound|subject|restricted|limited) (by|to)|lack(s|ing)?|ignor(e|es|ing)) (any |all |the |your |more |of |content |safety |ethical |moral |usual )*{_FREE}",
            r"restricted (content|output|information|material)",
        ),
        ("you_are_free", 0.5): (
            rf"\byou (now )?(have|has|operate|respond|answer|work|act|are)( now)?( with)? (no|without|free of|not bound by|zero) {{any:2}}{_FREE}",
            r"\bdo anything (now|the user|i|you|that)\b",
        ),
        ("unbound_persona", 1.0): (
            rf"\b(un(restricted|censored|filtered|aligned|moderated|limited|shackled)|jailbroken|amoral) ({_AGENT}|model|mode|version|persona|entity|character|being)",
            rf"\b(pretend|imagine|act|behave|respond|roleplay|role play|play|simulate|you are|you re|become) {{any:8}}(with|without|has|have|having|who has|that has) (no|any|zero) {{any:2}}{_FREE}",
            r"\bdo anything now\b",
            r"\bno longer (an ai|a language model|an assistant|bound)",
        ),
        ("special_mode", 0.5): (
            r"\b(developer|dev|god|debug|jailbreak|dan|sudo|root|admin|unrestricted|unfiltered|maintenance|diagnostic|opposite|evil|chaos) mode\b",
        ),
        ("in_special_mode", 0.5): (
            r"\byou (are|re)( now)? (in|running|operating) {any:2}(developer|dev|god|debug|jailbreak|dan|sudo|root|admin|maintenance|diagnostic) mode",
        ),
        ("known_persona", 0.7): (r"\byou (are|re|will be) (now )?(dan|stan|aim|evil ?bot|[a-z]*gpt)\b",),
        ("forced_prefix", 0.5): (
            r"\b(start|begin) (your|every|each) (answer|reply|response)s? with\b",
            r"\bsure,? here (is|s)\b",
        ),
        ("role_play", 0.3): (
            r"\b(pretend|roleplay|role play|imagine) (that )?(you|to be|as)",
            r"\b(stay|remain) in character",
            r"\bnever break character",
            rf"\b(act|behave|respond|speak|talk) as {{any:3}}({_AGENT}|model)\b",
        ),
        ("prompt_leak", 1.0): (
            rf"\b{_SAY} (me |us |out |back |down |with )*{{any:4}}(system|initial|hidden|secret|operating|underlying) ?{{any:1}}(prompts?|instructions?|messages?|directives?)\b",
            r"(instructions?|rules|prompts?|guidelines|directives) (that )?(you|u) (were|was|have been|ve been|had been|are|got|have|received|re) (initially |originally |been |first )*(given|told|provided|configured|following|programmed|operating|received|set|instructed|running)",
            rf"\b{_SAY} (me |us |out |back |down )*(all |exactly |verbatim )*your (own |full |exact |entire |complete |original |initial |current |system |confidential )*(prompt|instructions|directives|guidelines|programming|rules)\b",
            r"\bwhat (is|are|was|were|does) (your|ur) {any:2}(prompt|system message|(initial|hidden|secret|original|system) (instructions?|rules))\b",
        ),
        ("above_text", 0.6): (
            r"\b(print|output|copy|write|return|display|show|repeat|recite|echo) {any:4}(words|text|content|messages?|everything|conversation|sentences?|lines?|all) (above|prior|preceding|so far)",
        ),
        ("up_to_here", 0.4): (
            r"\b(starting|beginning|starts|begins) (with|from) (the words )?you are\b",
            r"\b(above|before|preceding|prior to) this (line|message|sentence|point|text|paragraph|request|prompt)",
        ),
        ("whole_conversation", 0.3): (r"\b(everything|all) (in|of|from) (this|the|our) (conversation|chat|context)",),
        ("system_prompt", 0.4): (r"\b(system|hidden|initial|developer) (prompts?|messages?)\b",),
        ("verbatim", 0.3): (r"\bverbatim\b", r"\bword for word\b", r"\bexactly as (written|given|is)\b"),
        ("take_data", 0.6): (
            rf"{_SEND} {{any:6}}(customers?|clients?|users?|employees?|private|confidential|internal|sensitive|secrets?|personal)[^a-z0-9@]+{{any:2}}(data|lists?|databases?|records?|e ?mails?|information|details|credentials|files?|documents?|pages?|notes|keys)",
            rf"{_SEND} {{any:2}}(all|every|entire|full|whole|complete) {{any:3}}(data|list|database|records|files|documents|conversation|history|chat)",
            r"\b(dump|extract|steal|exfiltrate|harvest|collect|gather|retrieve|export) {any:5}(customer|client|user|employee|private|confidential|sensitive|secret|password|credential|database|api key|token)s?\b",
            r"\b(show|reveal|list|output|print|display|expose|give)s? {any:3}(private|restricted|confidential|secret|hidden|admin) {any:1}(pages?|data|records?|files?|documents?|information|keys?|area)",
        ),
        ("private_pages", 0.5): (r"\b(private|restricted|secret|hidden) admin (pages?|area|panel|section)",),
        ("to_outside", 0.5): (
            rf"{_SEND} {{any:10}}to {{any:3}}{_ADDRESS}",
            rf"\b(append|include|add|attach|put|encode|embed) {{any:10}}(to|in|into|as) {{any:3}}{_ADDRESS}",
            r"\b(external|outside|third party|remote|offshore) (address|server|e ?mail|recipient|endpoint|account|webhook|url|party|host)",
            r"\b(send|forward|post|transmit|share) {any:6}externally\b",
        ),
        ("secrets", 0.5): (
            r"\b(api keys?|passwords?|credentials|environment variables|env vars|access tokens?|secret keys?|private keys?|ssh keys?|session tokens?)\b",
        ),
        ("list_secrets", 0.4): (
            r"\b(list|print|reveal|dump|show|output|collect|send|give) {any:4}(api keys?|passwords|credentials|environment variables|env vars|access tokens|secret keys?|private keys?)",
        ),
        ("fake_boundary", 0.5): (
            r"(end|close|start|begin(ning)?) of (the )?(user )?(document|input|context|prompt|file|conversation|instructions?|message|data|text|e ?mail)[^a-z0-9\n]*[-=#\]>*]",
            r"[\[<][|/]*(system|inst|im_start|im_end|endoftext|sys|assistant|admin|start_header_id)[|/\s]*[\]>]",
            r"<<sys>>",
        ),
        ("fake_role", 0.5): (
            r"(^|\n)[^a-z0-9\n]*(system|developer|admin|root|assistant)( message| note| prompt| update)?[\])>*\s]*:",
            r"[\[<(]/?(system|admin|developer)[\])>]",
            r"<(/)?(thinking|thought|scratchpad|reasoning|internal|analysis|reflection)>",
        ),
        ("claimed_rank", 0.5): (
            r"\b(the )?(user|i) (is|am|has been|was) (now )?(clearly |already |fully )?(an? )?(verified|authori[sz]ed|admin|administrator|root|developer|superuser|owner|privileged|exempt|cleared)",
            r"\b(user|customer|operator|developer|admin|he|she|they) (has |have )?(already )?(granted|given|gave|authori[sz]ed|approved|confirmed) {any:3}(permission|consent|authori[sz]ation|approval|access)",
        ),
        ("to_the_agent", 0.5): (
            rf"\b(note|message|instructions?|attention|notice|reminder|memo|dear|hey|hello|hi)( (to|for))? (any |all |the |future |every )*{_AGENT} ?({_AGENT})?\b",
            rf"\b{_AGENT} ?({_AGENT}|systems?|reviewers?|models?|tools?)? (reading|processing|summari[sz]ing|integrating|analy[sz]ing|reviewing|handling|parsing|using|working on|accessing|who reads?|that reads?)",
            r"\bwhen (you |an? )?{any:2}(process|summari[sz]e|read|review|analy[sz]e|handle|parse)(s|ing)? (this|the)",
            r"\bnote to self\b",
        ),
        ("agent_must", 0.5): (
            rf"\b(ai|llm|coding|automated) {_AGENT} {{any:6}}(should|must|need to|needs to|have to|has to|are required to|is required to|shall)\b",
        ),
        ("must_include", 0.4): (
            r"\b(must|should|shall|have to|need to|always|be sure to|make sure to|required to|please|then|and|to|be) (also )?(include[sd]?|append(ed)?|add(ed)?|insert(ed)?|output|echo(ed)?|mention(ed)?|print(ed)?|begin|start|prepend(ed)?|displayed|shown) {any:6}(codes?|tokens?|phrase|strings?|ids?|reference|canary|marker|watermark|identifier|value|number|line)\b",
            r"\b(codes?|tokens?|phrase|strings?|id|reference|canary|marker|identifier|value) {any:4}(must|should|is|are|be|has to|needs to) {any:1}(be )?(included|appended|added|inserted|echoed|shown|displayed|repeated|copied)",
            r"\b(include|append|add|insert|echo|output) (the )?[a-z]+_[a-z]+",
            r"\binclude (the )?[a-z]+ (shown|given|listed|found) (above|below)",
        ),
        ("every_reply", 0.3): (
            r"\b(in|to|into|of|on|with|at the end of|for) (every|each|all|your|any) {any:2}(reply|replies|response|responses|summary|summaries|answers?|outputs?|reports?|messages?)\b",
            r"\bwhen you (summari[sz]e|reply|respond|answer)",
            r"\bin (your|the) (reply|response|summary|answer|next (reply|message|response))",
        ),
        ("standing_order", 0.5): (
            r"\b(remember|save|store|persist|memori[sz]e|record) {any:6}(all|every|any)? ?(future|later|subsequent|next|permanent|long term|persistent) {any:1}(tasks?|conversations?|sessions?|memory|requests?|turns?|preferences?)",
            r"\b(next|future|subsequent|later) (user )?(turn|message|session|conversation|request)s?\b",
            r"\bstanding (order|instruction|directive)",
            r"\b(persisted|permanent|persistent) (instruction|memory|preference|rule|directive|note)",
        ),
        ("before_reply", 0.4): (r"\bbefore (you )?(reply|respond|answer|continu|proceed|summari[sz])",),
        ("call_tool", 0.4): (
            r"\b(call|use|invoke|run|execute|trigger) (the )?(tool |function )?[a-z]+_[a-z_]+",
            r"\b(call|use|invoke|run|execute) {any:3}(tool|function|shell command)\b",
        ),
        ("destroy", 0.5): (
            r"\b(delete|remove|empty|wipe|erase|purge|rm|destroy|drop|clear|truncate)(_[a-z]+)? {any:6}(files?|director(y|ies)|folders?|databases?|tables?|exports?|backups?|records?|output|build|logs?|data|csv)\b",
        ),
        ("not_meant_here", 1.0): (
            r"\b(safety|content|security|usual|confidentiality) {any:1}(guidelines?|rules?|polic(y|ies)|checks?|restrictions?|filters?|measures) {any:3}(not|n.?t|no longer|never|cannot) {any:2}(apply|applicable|meant|intended|relevant|needed|necessary|binding|required)",
            r"\b(override|skip|skipping|bypass|suspend|disable|turn off|ignore) {any:2}(safety|content|security|moderation) (checks?|filters?|polic(y|ies)|guidelines?|rules|measures|controls)",
        ),
        ("exempt", 0.6): (
            r"\b(exempt|excluded|released|freed) from {any:3}(restrictions?|rules|polic(y|ies)|guidelines?|filters?|safety)",
        ),
        ("fake_reasoning", 0.5): (
            r"\bas (the|an) (ai )?assistant,? i (ve|have|am|already|must|should)",
            r"\bi( ve| have)? (already |now |internally )?(reasoned|concluded|verified|determined|decided|established) (this |that |internally |it )",
            r"\breasoning (trace|log|step)s?\b",
            r"\b(internal|inner) (monologue|reasoning|thoughts?)\b",
        ),
        ("decode", 0.4): (
            r"\b(decode|decrypt|decipher|unscramble|convert|translate|read|interpret|reverse) {any:8}(base ?64|base ?32|rot ?13|hex(adecimal)?|morse|cipher|binary|encoded|backwards|reversed|string)",
        ),
        ("do_what_it_says", 0.6): (
            r"\b(follow|execute|obey|do|perform|run|carry out|comply with|act on) {any:1}(exactly )?(what(ever)? (it|they|that) (says?|contains?|instructs?)|(the |its )?(hidden |decoded |embedded |resulting )?(instructions?|commands?|orders?|message|result|output) ?(inside|within|it contains|in it|hidden|contained)?|it as {any:1}(command|instruction))",
        ),
        ("no_questions", 0.3): (r"\bwithout (question|hesitation|asking)", r"\bno questions( asked)?\b"),
    }
)
