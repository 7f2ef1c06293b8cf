"""Names of environment variables by which tests change docmill's definitions."""

__all__ = ["BATCH", "OCR"]

#: Documents of a batch.
BATCH = "DOCMILL_TEST_BATCH"
#: `off`: without OCR, which is not how the command line converts.
OCR = "DOCMILL_TEST_OCR"
