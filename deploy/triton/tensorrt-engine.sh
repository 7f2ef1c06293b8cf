#!/usr/bin/env bash
# Builds a TensorRT engine of heron in NVIDIA's Triton container, and lets it into a model repository when it passes
# the gate. See docs/docling-models.md.
#
#   docker run --rm --gpus all --shm-size=1g -v "$PWD":/docmill:ro -v "$DOCMILL_HOME/triton/models":/models \
#     -v "$PWD/my":/pages:ro nvcr.io/nvidia/tritonserver:24.10-py3 \
#     bash /docmill/deploy/triton/tensorrt-engine.sh /models /pages
#
# More options come after the documents: those of `python -m benchmarks.serving.tensorrt`. docmill needs a newer Python
# than this container has, so uv fetches one, and docmill's locked packages, hundreds of megabytes. $DOCMILL_PYTHON
# names a Python that has them already.
set -euo pipefail

if [ "$#" -lt 1 ]; then
  echo "usage: tensorrt-engine.sh REPOSITORY [PDF or FOLDER...] [OPTION...]" >&2
  exit 2
fi
repository=$1
shift
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
python=${DOCMILL_PYTHON:-}

if [ -z "$python" ]; then
  home=${DOCMILL_HOME:-/tmp/docmill}
  python=$home/python/bin/python
  if [ ! -x "$python" ]; then
    python3 -m pip install --quiet --target "$home/uv" uv
    "$home/uv/bin/uv" venv --quiet --python 3.12 "$home/python"
    "$home/uv/bin/uv" pip install --quiet --python "$python" --require-hashes --requirement "$root/requirements.lock"
  fi
fi

export DOCMILL_HOME=${DOCMILL_HOME:-/tmp/docmill} PYTHONDONTWRITEBYTECODE=1
cd "$root"
exec "$python" -m benchmarks.serving.tensorrt --repository "$repository" "$@"
