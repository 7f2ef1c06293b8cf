"""Who asks for a run at the command line, as tags that Dagster's UI shows and filters by."""

from __future__ import annotations

import getpass
import os
from socket import gethostname

__all__ = ["BY_TAG", "COMMAND_TAG", "USER_TAG", "asker", "asker_tags"]

#: Who and where, and by which of docmill's commands. What was typed is not kept: it may hold a secret.
BY_TAG = "docmill/by"
COMMAND_TAG = "docmill/command"
#: Dagster's own: the column "Launched by" of the UI. Written out: who asks for runs imports no Dagster.
USER_TAG = "user"


def asker() -> str:
    """The user and the machine of this process: `anna@laptop`."""
    try:
        name = getpass.getuser()
    except (OSError, KeyError):  # a container's user without a name
        name = f"uid-{os.getuid()}"
    return f"{name}@{gethostname()}"


def asker_tags(by: str, command: str) -> dict[str, str]:
    """The tags of a run that somebody asked for by one of docmill's commands."""
    return {USER_TAG: by, BY_TAG: by, COMMAND_TAG: command} if by else {COMMAND_TAG: command}
