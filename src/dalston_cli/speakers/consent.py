"""A person's consent to being known by voice: what is noted of it."""

import getpass

from dalston_cli.errors import UsageError
from dalston_cli.speakers.enrolment import now
from dalston_cli.speakers.roster import Consent

USUAL_PURPOSE = "being named in transcripts by voice"


class ConsentMissingError(UsageError):
    """It is not said that a person agreed."""

    code = "consent_missing"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"without {name}'s consent no voice is enrolled",
            hint="say what was agreed to: --consent 'named in the minutes of our meetings, by"
            " e-mail of 1 March'",
        )


def consent_to(purpose: str, name: str) -> Consent:
    """Return the consent of a person, as it is noted now, by this user.

    Raises:
        ConsentMissingError: What it is for is not said.
    """
    whole = purpose.encode(errors="replace").decode()  # of a command line that is no UTF-8
    given_for = " ".join(whole.split())
    if not given_for:
        raise ConsentMissingError(name)
    return Consent(given_for=given_for, noted_at=now(), noted_by=_user())


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user without a name, as in a container
        return "unknown"
