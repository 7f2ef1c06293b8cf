"""Client of a Triton Inference Server over gRPC.

`server` says where it is and how to bear with it, `model` makes requests of one of its models. What they
rest on: `errors` (a class for each way to fail), `connection` (gRPC), `statistics` (what the server spent),
`told` (what it says of that with its answers), `served` (which weights it has), and in `requests` `breaker`
(gives a silent server up), `shared_memory` (inputs of a server on this machine) and `recovery` (a model whose
process died).
"""

from docmill.resources.clients.triton.model import Array, Request, TritonModel
from docmill.resources.clients.triton.requests.subject import Subject
from docmill.resources.clients.triton.server import TritonServer

__all__ = ["Array", "Request", "Subject", "TritonModel", "TritonServer"]
