"""A code location whose runs start warm and say what they are, for tests of how runs start."""

import json
import os
import sys
import time
from multiprocessing import util
from pathlib import Path
from typing import Any

import dagster as dg
import psutil

from docmill.pipeline.instance.warm.warm_runs import start_runs_warm
from tests.support.warm_settings import OTHER_DAGSTER, SETTING

setting = Path(os.environ[SETTING])
#: As it was when this process imported the module.
text = setting.read_text("utf-8")


@dg.op
def tell(context: dg.OpExecutionContext) -> None:
    """Say what there is in this process, and stay as long as is wanted."""
    with setting.with_suffix(".runs").open("a") as told:
        said = {
            "run": context.run_id,
            "pid": os.getpid(),
            "parent": psutil.Process(os.getppid()).name(),
            "parent_pid": os.getppid(),
            "setting": text,
            "docling": "docling_core" in sys.modules,
            "openblas": os.environ.get("OPENBLAS_NUM_THREADS"),
            "temporary": util.get_temp_dir(),
        }
        told.write(json.dumps(said) + "\n")
    while setting.with_suffix(".wait").exists():
        time.sleep(0.05)


@dg.job(executor_def=dg.in_process_executor)
def telling() -> None:
    """The one job."""
    tell()


defs = dg.Definitions(jobs=[telling])

server: Any = sys.modules.get("dagster._grpc.server")
if server and OTHER_DAGSTER in os.environ:
    starts = server.DagsterApiServer.StartRun
    server.DagsterApiServer.StartRun = lambda *arguments: starts(*arguments)

start_runs_warm(__name__)
