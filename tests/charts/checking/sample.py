"""A small chart's objects that every check accepts, and ways to break them."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import yaml

__all__ = ["put", "sample"]

_SAMPLE = """
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {a.toml: "x = 1"}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: worker}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: models}
spec:
  accessModes: [ReadWriteOnce]
  resources: {requests: {storage: 20Gi}}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: server
  labels: {app: server}
spec:
  selector: {matchLabels: {app: server}}
  template:
    metadata: {labels: {app: server, tier: gpu}}
    spec:
      serviceAccountName: worker
      automountServiceAccountToken: false
      terminationGracePeriodSeconds: 60
      securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}
      topologySpreadConstraints:
        - maxSkew: 1
          topologyKey: zone
          whenUnsatisfiable: ScheduleAnyway
          labelSelector: {matchLabels: {app: server}}
      containers:
        - name: server
          image: example/server
          args: ["--host=$(HOST)"]
          env:
            - {name: HOST, value: 0.0.0.0}
            - {name: A, valueFrom: {configMapKeyRef: {name: settings, key: a.toml}}}
          ports:
            - {name: http, containerPort: 8000}
            - {name: metrics, containerPort: 8002}
          resources:
            requests: {cpu: 500m, memory: 1Gi}
            limits: {memory: 2Gi, nvidia.com/gpu: 1}
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities: {drop: [ALL]}
          lifecycle: {preStop: {sleep: {seconds: 5}}}
          livenessProbe: {httpGet: {path: /live, port: http}, timeoutSeconds: 5}
          readinessProbe: {httpGet: {path: /ready, port: 8000}, timeoutSeconds: 5}
          volumeMounts:
            - {name: models, mountPath: /models}
            - {name: shm, mountPath: /dev/shm}
      volumes:
        - {name: models, persistentVolumeClaim: {claimName: models}}
        - {name: shm, emptyDir: {medium: Memory, sizeLimit: 1Gi}}
---
apiVersion: v1
kind: Service
metadata: {name: server, labels: {app: server}}
spec:
  selector: {app: server}
  ports:
    - {name: http, port: 8000, targetPort: http}
    - {name: metrics, port: 8002, targetPort: 8002}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: server}
spec: {maxUnavailable: 1, selector: {matchLabels: {app: server}}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: server}
spec:
  podSelector: {matchLabels: {app: server}}
  ingress: [{ports: [{port: http}]}]
  egress: [{ports: [{port: 53, protocol: UDP}]}]
---
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata: {name: server}
spec:
  selector: {matchExpressions: [{key: app, operator: In, values: [server]}]}
  endpoints: [{port: metrics}]
---
apiVersion: keda.sh/v1alpha1
kind: TriggerAuthentication
metadata: {name: database}
spec: {}
---
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: {name: server}
spec:
  scaleTargetRef: {name: server}
  minReplicaCount: 0
  maxReplicaCount: 4
  fallback: {failureThreshold: 3, replicas: 1}
  triggers:
    - type: prometheus
      name: queue
      metadata: {query: sum(docmill_waiting_pages) or vector(0), threshold: "8", serverAddress: "http://p"}
    - type: postgresql
      name: database
      metadata: {query: select 1, targetQueryValue: "1"}
      authenticationRef: {name: database}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: worker}
rules: []
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: worker}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: worker}
subjects: [{kind: ServiceAccount, name: worker}]
"""


def sample() -> list[dict[str, Any]]:
    """The objects, anew."""
    return list(yaml.safe_load_all(_SAMPLE))


def put(kind: str, path: str, value: Any) -> list[dict[str, Any]]:
    """The objects with something else at a path of the object of that kind; None removes what is there.

    A path has keys and numbers with `>` between them, as keys have dots.
    """
    objects = deepcopy(sample())
    [thing] = (each for each in objects if each["kind"] == kind)
    *way, last = (int(part) if part.isdigit() else part for part in path.split(">"))
    place: Any = thing
    for part in way:
        place = place[part]
    if value is None:
        del place[last]
    elif isinstance(place, list) and last == len(place):
        place.append(value)
    else:
        place[last] = value
    return objects
