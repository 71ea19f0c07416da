"""The error tree. An error's class says what to do next, its message says it to a person.

HeraldError
├── BadSignature        refuse: not from who it claims to be (401)
├── BadPayload          authentic but unreadable: keep the raw body, tell someone, replay later
├── Unknown             what was named does not exist (404)
├── TooLarge            refuse: over a stated bound (413)
├── Unsupported         the platform cannot do this; a person may
├── Refused             a person's command was not carried out; nothing changed
├── BadRules            a rule document is wrong; carries the line
├── Stale               someone else changed it first: read again
├── Conflict            two transactions met: try again, nothing was refused
└── PlatformError
    ├── Retryable       try again after `after` seconds
    ├── Rejected        the platform said no for good
    ├── NeedsLogin      the token is dead: a person must connect again
    └── OutcomeUnknown  it may have happened: look it up, never repeat blindly
"""

from __future__ import annotations


class HeraldError(Exception):
    """Everything Herald raises on purpose."""


class BadSignature(HeraldError):
    """The bytes are not signed by a secret we know. Refuse, count, store nothing."""


class BadPayload(HeraldError):
    """The bytes are not what the platform documents. Keep them for replay if authentic.

    `keep` is what may be kept of a body that tells of people who never spoke to us; None: the body as it came.
    """

    keep: bytes | None = None


class Unknown(HeraldError):
    """The thing named does not exist."""


class TooLarge(HeraldError):
    """Over a stated bound."""


class Unsupported(HeraldError):
    """The platform has no such ability; the caller makes a task for a person."""


class Refused(HeraldError):
    """A command was refused by the gate; `missing` names what would have allowed it.

    `missing` is one of: role, acknowledgement, version, owner, state, input, account.
    """

    def __init__(self, missing: str, sentence: str) -> None:
        super().__init__(sentence)
        self.missing = missing


class BadRules(HeraldError):
    """A rule document is wrong at `line` (1-based)."""

    def __init__(self, line: int, sentence: str) -> None:
        super().__init__(f"line {line}: {sentence}")
        self.line = line
        self.sentence = sentence


class Stale(HeraldError):
    """A write expected a state that is no longer there; nothing was written. Read again.

    `failed` holds the changes whose expectation did not hold, where the store could tell.
    """

    def __init__(self, sentence: str = "", failed: tuple[object, ...] = ()) -> None:
        super().__init__(sentence or f"expected state is gone: {[type(f).__name__ for f in failed]}")
        self.failed = failed


class Conflict(HeraldError):
    """Two transactions touched the same item at once; nothing was written. Try again."""


class PlatformError(HeraldError):
    """A platform answered with an error, classified by its code, never by its sentence.

    `addresses` are those of a mail that its server would not take; to the others it can be sent without them.
    """

    addresses: tuple[str, ...] = ()

    def __init__(self, sentence: str, code: str = "") -> None:
        super().__init__(sentence)
        self.code = code


class Retryable(PlatformError):
    """Nothing happened; try again, not before `after` seconds."""

    def __init__(self, sentence: str, code: str = "", after: float | None = None) -> None:
        super().__init__(sentence, code)
        self.after = after


class Rejected(PlatformError):
    """Nothing happened and trying again will not help."""


class NeedsLogin(PlatformError):
    """The token is expired or revoked; a person must connect the account again."""


class OutcomeUnknown(PlatformError):
    """The line dropped after the request left: it may have happened. Look it up."""
