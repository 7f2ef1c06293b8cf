"""Have a model of Triton's infer, over HTTP and over gRPC: both answer, and the same.

TRITON_HTTP and TRITON_GRPC are its services, host:port; MODELS the models that it should serve, with commas.
"""

import json
import os
import time
import urllib.error
import urllib.request

import numpy as np
import tritonclient.grpc as triton
from tritonclient.utils import triton_to_np_dtype

HTTP, GRPC = os.environ["TRITON_HTTP"], os.environ["TRITON_GRPC"]
#: A server that KEDA has scaled to nothing takes this long to come.
PATIENCE_S = float(os.environ.get("PATIENCE_S", "600"))
#: Pixels.
SIDE = 320
#: What a request took, as docmill's backend tells it: no two are alike.
TIMES = "docmill_account"


def asked(path, body=None):
    """An answer over HTTP."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"http://{HTTP}/{path}", data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=120) as answer:
        return json.loads(answer.read() or b"{}")


def waited_for(model):
    """What the server says of a model, once it serves it."""
    until = time.monotonic() + PATIENCE_S
    while True:
        try:
            asked(f"v2/models/{model}/ready")
            return asked(f"v2/models/{model}")
        except (urllib.error.URLError, OSError) as error:
            if time.monotonic() > until:
                raise SystemExit(f"{model} at {HTTP}: {error}") from error
            time.sleep(5)


def zeros(tensor):
    """An input of zeros: a batch of one, and sides that may be any of a size that models take."""
    batch, *sides = tensor["shape"]
    shape = [max(batch, 1), *(SIDE if size < 0 else size for size in sides)]
    return np.zeros(shape, triton_to_np_dtype(tensor["datatype"]))


def check(model):
    """Infer twice."""
    told = waited_for(model)
    inputs = {tensor["name"]: (tensor["datatype"], zeros(tensor)) for tensor in told["inputs"]}
    body = [
        {"name": name, "datatype": kind, "shape": list(value.shape), "data": value.ravel().tolist()}
        for name, (kind, value) in inputs.items()
    ]
    over_http = asked(f"v2/models/{model}/infer", {"inputs": body})
    tensors = []
    for name, (kind, value) in inputs.items():
        tensors.append(triton.InferInput(name, list(value.shape), kind))
        tensors[-1].set_data_from_numpy(value)
    over_grpc = triton.InferenceServerClient(GRPC).infer(model, tensors, client_timeout=120)
    answers = [output for output in over_http["outputs"] if output["name"] != TIMES]
    assert answers, f"{model} answers nothing"
    for output in answers:
        same = np.asarray(output["data"]).reshape(output["shape"])
        found = over_grpc.as_numpy(output["name"])
        assert found is not None and list(found.shape) == output["shape"], f"{model}: {output['name']}"
        assert np.allclose(same, found, rtol=1e-2, atol=1e-3), f"{model}: {output['name']} differs"
    print(f"{model}: {', '.join(output['name'] for output in answers)}")


for each in os.environ["MODELS"].split(","):
    check(each)
