"""What a store asks of S3, one request each: s3fs looks an object up before it reads or lists much of it.

`place` is `bucket/key`; `fs` is an `s3fs.S3FileSystem`. Errors are those of s3fs.
"""

from __future__ import annotations

from typing import Any

__all__ = ["has_bucket", "listing", "put_if", "tail", "version", "whole"]

#: What S3 answers when an object is not in the state that a conditional write asks for.
_CONFLICTS = {"PreconditionFailed", "ConditionalRequestConflict", "412", "409"}
#: ... and when a range is asked of an object that has no bytes.
_NO_BYTES = {"InvalidRange", "416"}


def has_bucket(fs: Any, place: str) -> bool:
    """Whether there is the bucket of a place; True where it may not be asked."""
    try:
        fs.call_s3("head_bucket", Bucket=place.partition("/")[0])
    except FileNotFoundError:
        return False
    except PermissionError:
        return True
    return True


def whole(fs: Any, place: str) -> bytes:
    """All bytes. FileNotFoundError if there is no such object."""
    data: bytes = fs.cat_file(place, max_concurrency=1)  # in several pieces it would need the size first
    return data


def tail(fs: Any, place: str, length: int) -> bytes:
    """The last `length` bytes, or all when there are fewer. FileNotFoundError if there is no such object."""
    try:
        data: bytes = fs.cat_file(place, start=-length)
    except OSError as error:
        if _code(error) in _NO_BYTES:
            return b""
        raise
    return data


def version(fs: Any, place: str) -> str | None:
    """The object's ETag; None if there is none. What only begins with `place/` does not count."""
    bucket, _, key = place.partition("/")
    try:
        return str(fs.call_s3("head_object", Bucket=bucket, Key=key)["ETag"])
    except FileNotFoundError:
        return None


def listing(fs: Any, folder: str) -> dict[str, dict[str, Any]]:
    """What lies below `folder`, by place, with size and time; a request for each 1,000."""
    above, _, name = folder.rpartition("/")
    if not above:  # a whole bucket
        found: dict[str, dict[str, Any]] = fs.find(folder, detail=True)
    else:
        found = fs.find(above, prefix=f"{name}/", detail=True)
    return found


def put_if(fs: Any, place: str, data: bytes, version: str | None) -> bool:
    """Put an object if what is there has this `version`; None: if there is none. False if not."""
    bucket, _, key = place.partition("/")
    condition = {"IfNoneMatch": "*"} if version is None else {"IfMatch": version}
    try:
        fs.call_s3("put_object", Bucket=bucket, Key=key, Body=data, **condition)
    except Exception as error:
        # the object that was to be replaced is gone
        if _code(error) in _CONFLICTS | {"NoSuchKey"} or isinstance(error, FileExistsError):
            return False
        raise
    return True


def _code(error: BaseException) -> str:
    """What S3 called an error; s3fs may have translated it."""
    response = getattr(error, "response", None) or getattr(error.__cause__, "response", None) or {}
    return str(response.get("Error", {}).get("Code", ""))
