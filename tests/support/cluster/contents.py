"""What a pod's containers are given: variables, and volumes as files of the machine."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kubernetes import client

from tests.support.cluster.containers import Mount

__all__ = ["Contents", "ContentsError", "expanded", "quantity"]

_UNITS = {
    "m": 1e-3,
    "k": 1e3,
    "M": 1e6,
    "G": 1e9,
    "T": 1e12,
    "Ki": 2**10,
    "Mi": 2**20,
    "Gi": 2**30,
    "Ti": 2**40,
}


class ContentsError(RuntimeError):
    """Something that the pod names is not there yet."""


@dataclass(frozen=True)
class Contents:
    """Of one pod; its volumes are made below `folder`."""

    api: client.ApiClient
    pod: Any
    folder: Path

    def environment(self, container: Any) -> dict[str, str]:
        """Its variables, in the order in which they may speak of each other. Raises `ContentsError`."""
        found: dict[str, str] = {}
        for source in container.env_from or []:
            of = source.config_map_ref or source.secret_ref
            read = self._config_map if source.config_map_ref else self._secret
            values = self._optional(bool(of.optional), read, of.name)
            found.update({(source.prefix or "") + key: value.decode() for key, value in values.items()})
        for variable in container.env or []:
            if variable.value_from is None:
                found[variable.name] = expanded(variable.value or "", found)
            elif (value := self._value(variable.value_from, container)) is not None:
                found[variable.name] = value
        return found

    def mounts(self, container: Any) -> list[Mount]:
        """Its volumes, made where they are not there yet. Raises `ContentsError`."""
        volumes = {volume.name: volume for volume in self.pod.spec.volumes or []}
        found = []
        for mount in container.volume_mounts or []:
            source = self._volume(volumes[mount.name])
            if mount.sub_path:
                source /= mount.sub_path
                if not source.exists():
                    source.mkdir(parents=True)
            found.append(Mount(source, mount.mount_path, bool(mount.read_only)))
        return found

    def _value(self, source: Any, container: Any) -> str | None:
        if source.field_ref:
            return self._field(source.field_ref.field_path)
        if source.resource_field_ref:
            kind, name = source.resource_field_ref.resource.split(".", 1)
            told = getattr(container.resources, kind, None) or {}
            divisor = quantity(source.resource_field_ref.divisor or "1") or 1.0
            return str(int(quantity(str(told.get(name, "1"))) / divisor))
        of = source.config_map_key_ref or source.secret_key_ref
        read = self._config_map if source.config_map_key_ref else self._secret
        values = self._optional(bool(of.optional), read, of.name)
        if of.key not in values:
            if of.optional:
                return None
            raise ContentsError(f"{of.name} has no key {of.key}")
        return values[of.key].decode()

    def _field(self, path: str) -> str:
        meta, spec = self.pod.metadata, self.pod.spec
        if named := re.fullmatch(r"metadata\.(labels|annotations)\['(.+)'\]", path):
            return str((getattr(meta, named[1]) or {}).get(named[2], ""))
        told = {
            "metadata.name": meta.name,
            "metadata.namespace": meta.namespace,
            "metadata.uid": meta.uid,
            "spec.nodeName": spec.node_name,
            "spec.serviceAccountName": spec.service_account_name,
            "status.podIP": "127.0.0.1",
            "status.hostIP": "127.0.0.1",
        }
        return str(told[path])

    def _volume(self, volume: Any) -> Path:
        """Where it is on the machine."""
        place: Path = self.folder / "volumes" / volume.name
        if volume.host_path:
            place = Path(volume.host_path.path)
            if "Create" in (volume.host_path.type or "") and not place.exists():
                place.mkdir(parents=True)
        elif volume.persistent_volume_claim:
            place = self._claimed(volume.persistent_volume_claim.claim_name)
        elif volume.empty_dir:
            place.mkdir(parents=True, exist_ok=True)
            place.chmod(0o777)
        else:
            for name, data in self._files(volume).items():
                file = place / name
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(data)
        return place

    def _files(self, volume: Any) -> dict[str, bytes]:
        """What a volume that is made of objects has in it."""
        if volume.config_map:
            of = volume.config_map
            return _chosen(self._optional(bool(of.optional), self._config_map, of.name), of.items)
        if volume.secret:
            of = volume.secret
            return _chosen(self._optional(bool(of.optional), self._secret, of.secret_name), of.items)
        if volume.projected:
            found: dict[str, bytes] = {}
            for source in volume.projected.sources:
                if source.config_map:
                    found |= _chosen(self._config_map(source.config_map.name), source.config_map.items)
                elif source.secret:
                    found |= _chosen(self._secret(source.secret.name), source.secret.items)
                elif source.service_account_token:
                    found[source.service_account_token.path] = self._token(source.service_account_token)
                elif source.downward_api:
                    found |= self._downward(source.downward_api.items)
            return found
        if volume.downward_api:
            return self._downward(volume.downward_api.items)
        raise ContentsError(f"this node has no volumes as {volume.name} is")

    def _downward(self, items: Any) -> dict[str, bytes]:
        return {item.path: self._field(item.field_ref.field_path).encode() for item in items}

    def _claimed(self, name: str) -> Path:
        core = client.CoreV1Api(self.api)
        claim = core.read_namespaced_persistent_volume_claim(name, self.pod.metadata.namespace)
        if not claim.spec.volume_name:
            raise ContentsError(f"the claim {name} is not bound")
        path = core.read_persistent_volume(claim.spec.volume_name).spec.host_path.path
        place = Path(path)
        place.mkdir(parents=True, exist_ok=True)
        place.chmod(0o777)
        return place

    def _token(self, asked: Any) -> bytes:
        request = {
            "spec": {"audiences": [asked.audience] if asked.audience else [], "expirationSeconds": 3600}
        }
        made = client.CoreV1Api(self.api).create_namespaced_service_account_token(
            self.pod.spec.service_account_name, self.pod.metadata.namespace, request
        )
        token: str = made.status.token
        return token.encode()

    def _config_map(self, name: str) -> dict[str, bytes]:
        found = client.CoreV1Api(self.api).read_namespaced_config_map(name, self.pod.metadata.namespace)
        text = {key: value.encode() for key, value in (found.data or {}).items()}
        return text | {key: base64.b64decode(value) for key, value in (found.binary_data or {}).items()}

    def _secret(self, name: str) -> dict[str, bytes]:
        found = client.CoreV1Api(self.api).read_namespaced_secret(name, self.pod.metadata.namespace)
        return {key: base64.b64decode(value) for key, value in (found.data or {}).items()}

    def _optional(
        self, optional: bool, read: Callable[[str], dict[str, bytes]], name: str
    ) -> dict[str, bytes]:
        try:
            return read(name)
        except client.ApiException as error:
            if error.status != 404:
                raise
            if optional:
                return {}
            raise ContentsError(f"{name} is not there") from error


def _chosen(values: Mapping[str, bytes], items: Any) -> dict[str, bytes]:
    """The keys of a volume, under the names that it gives them."""
    return {item.path: values[item.key] for item in items} if items else dict(values)


def expanded(text: str, variables: Mapping[str, str]) -> str:
    """`$(NAME)` replaced where that is a variable; `$$` is a dollar sign."""

    def value(found: re.Match[str]) -> str:
        return "$" if found[0] == "$$" else variables.get(found[1], found[0])

    return re.sub(r"\$\$|\$\(([A-Za-z_][A-Za-z0-9_.-]*)\)", value, text)


def quantity(text: str) -> float:
    """A number as Kubernetes writes it: `500m`, `2Gi`."""
    number, unit = re.fullmatch(r"([0-9.]+)(\D*)", text).groups()  # type: ignore[union-attr]
    return float(number) * _UNITS.get(unit, 1.0)
