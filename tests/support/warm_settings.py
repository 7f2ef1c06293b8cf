"""Names of environment variables that `warm_definitions` reads."""

__all__ = ["OTHER_DAGSTER", "SETTING"]

#: A file: its text is the module's setting. Runs say what they are in the one with `.runs` behind its name,
#: and go on while there is one with `.wait`.
SETTING = "DOCMILL_TEST_SETTING"
#: Whether the code server is as of a Dagster that starts runs in a way of its own.
OTHER_DAGSTER = "DOCMILL_TEST_OTHER_DAGSTER"
