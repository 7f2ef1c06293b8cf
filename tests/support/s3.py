"""S3 servers for tests: moto in this process, and SeaweedFS as a server of its own."""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import s3fs
from moto.server import ThreadedMotoServer

from docmill.resources.clients.files.document_store import DocumentStore, is_store_error

__all__ = ["MotoServer", "WeedServer"]


class _Server:
    """A running server with the bucket `bucket`."""

    endpoint: str
    key = "test"
    secret = "test-secret"

    @property
    def options(self) -> dict[str, Any]:
        """The fsspec options to reach it."""
        return {"endpoint_url": self.endpoint, "key": self.key, "secret": self.secret}

    @property
    def environment(self) -> dict[str, str]:
        """The same for a process."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": self.key,
            "AWS_SECRET_ACCESS_KEY": self.secret,
            "AWS_DEFAULT_REGION": "us-east-1",
        }

    def store(self, prefix: str) -> DocumentStore:
        return DocumentStore(f"s3://bucket/{prefix}", self.options)

    def make_bucket(self) -> None:
        """Make it, unless an earlier server has: those of moto in one process share what they hold."""
        fs = s3fs.S3FileSystem(**self.options, skip_instance_cache=True)
        if not fs.exists("bucket"):
            fs.mkdir("bucket")


class MotoServer(_Server):
    """moto: quick to start, slow to serve."""

    def __enter__(self) -> MotoServer:
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self._server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        self._server.start()
        host, port = self._server.get_host_and_port()
        self.endpoint = f"http://{host}:{port}"
        self.make_bucket()
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.stop()


class WeedServer(_Server):
    """SeaweedFS: a real server with conditional writes; it can be killed and started again.

    With `signed` off it takes requests whatever their signatures.
    """

    def __init__(self, folder: Path, *, signed: bool = True) -> None:
        self.folder, self._signed = folder, signed
        self._process: subprocess.Popen[bytes] | None = None
        self._ports = _free_ports(8)
        self.endpoint = f"http://127.0.0.1:{self._ports[0]}"

    def __enter__(self) -> WeedServer:
        self.folder.mkdir(parents=True, exist_ok=True)
        identity = {
            "name": "test",
            "credentials": [{"accessKey": self.key, "secretKey": self.secret}],
            "actions": ["Admin", "Read", "Write", "List", "Tagging"],
        }
        (self.folder / "s3.json").write_text(json.dumps({"identities": [identity]}))
        self.start()
        self.make_bucket()
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()

    def start(self) -> None:
        s3, master, master_grpc, volume, volume_grpc, filer, filer_grpc, s3_grpc = self._ports
        data = self.folder / "data"
        data.mkdir(exist_ok=True)
        command = [
            *(str(Path(sys.executable).parent / "weed"), "server", f"-dir={data}"),
            *("-ip=127.0.0.1", "-ip.bind=127.0.0.1"),
            *(f"-master.port={master}", f"-master.port.grpc={master_grpc}"),
            *(f"-volume.port={volume}", f"-volume.port.grpc={volume_grpc}"),
            *("-filer", f"-filer.port={filer}", f"-filer.port.grpc={filer_grpc}"),
            *("-s3", f"-s3.port={s3}", f"-s3.port.grpc={s3_grpc}"),
            *((f"-s3.config={self.folder}/s3.json",) if self._signed else ()),
            *("-s3.port.iceberg=0", "-s3.port.lance=0"),  # else fixed ones, and a second server cannot start
            *("-volume.max=100", "-master.volumeSizeLimitMB=64"),
        ]
        log = (self.folder / "weed.log").open("ab")
        self._process = subprocess.Popen(
            command, stdout=log, stderr=log, cwd=self.folder, start_new_session=True
        )
        log.close()
        self._wait()

    def kill(self) -> None:
        """As a power cut does."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        if self._process is None:
            return
        os.killpg(self._process.pid, how)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._process = None

    def _wait(self) -> None:
        """Until an object can be written: the gateway answers before there are volumes."""
        assert self._process is not None
        fs = s3fs.S3FileSystem(**self.options, skip_instance_cache=True)
        for _ in range(900):
            if self._process.poll() is not None:
                raise RuntimeError((self.folder / "weed.log").read_text()[-4000:])
            try:
                if not fs.exists("ready"):
                    fs.mkdir("ready")
                fs.pipe_file("ready/object", b"x")
                return
            except Exception as error:
                if not is_store_error(error):
                    raise
                time.sleep(0.1)
        raise RuntimeError("the S3 server does not become ready: " + str(self.folder / "weed.log"))


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [int(each.getsockname()[1]) for each in sockets]
    finally:
        for each in sockets:
            each.close()
