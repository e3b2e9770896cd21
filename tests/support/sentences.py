"""What a worker reads when something may not be sent: the rule, and its sentence in English, word for word."""

from __future__ import annotations

GUARDIAN = "the appointed guardian"


def not_covered(section: str, to: str, purpose: str, ask: str = GUARDIAN) -> str:
    return f"R01 Consent does not cover sending {section} to {to} for {purpose}. Ask {ask} first."


WRONG_GIVER = (
    "R02 For an unaccompanied child, consent must come from the appointed guardian; "
    "in a family, from the parent or caregiver."
)
CHILD_SAID_NO = "R03 The child has said no, or was not asked. Open a disagreement before going on."


def ended(day: str) -> str:
    return f"R04 Consent was withdrawn, has ended or has not begun ({day}). Ask again."


NO_ORDER = "R05 The guardian\u2019s appointment has ended or is not recorded. Record the order."
NOT_EXPLAINED = "R06 Record who explained the limits and in which language."
FIREWALL = (
    "R07 This agency works in immigration enforcement or policing, or is of an unknown kind, "
    "and can never receive case data."
)
NOT_HERE = "R08 This use is not allowed here."


def no_agreement(section: str, to: str) -> str:
    return f"R10 No sharing agreement with {to} covers {section}. Ask both data officers."


def not_needed(section: str, service: str = "This service") -> str:
    return f"R11 {service} does not need {section}. Leave it out, or ask a supervisor."


def turn_on(section: str) -> str:
    return f"R12 Turn {section} on only if the service cannot act without it."


def not_onward(to: str) -> str:
    return f"R15 You may not pass this on to {to}. Ask for a new consent that names it."


A_PERSON = "R16 Choose a person, not the committee, and one need only."
AUTHORITY_ONLY = (
    "R39 Refer to the child-protection authority. Without consent only it may be told, and only what it needs to act."
)
