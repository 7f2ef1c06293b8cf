{{/* Rules of NetworkPolicies, by what is asked. */}}
{{- define "docmill.egress.dns" -}}
- to:
    - namespaceSelector:
        matchLabels:
          kubernetes.io/metadata.name: {{ .Values.networkPolicies.dns.namespace }}
  ports:
    - port: 53
      protocol: UDP
    - port: 53
      protocol: TCP
{{- end }}

{{- define "docmill.egress.database" -}}
{{- if .Values.postgresql.existingSecret }}
{{- include "docmill.egress.blocks" (list .Values.postgresql.cidrs (list .Values.postgresql.port)) }}
{{- else -}}
- to:
    - podSelector:
        matchLabels:
          {{- include "docmill.selector" (list . "postgresql") | nindent 10 }}
  ports:
    - port: 5432
{{- end }}
{{- end }}

{{- define "docmill.egress.code" -}}
- to:
    - podSelector:
        matchLabels:
          {{- include "docmill.selector" (list . "code-server") | nindent 10 }}
  ports:
    - port: 4000
{{- end }}

{{- define "docmill.egress.kubernetes" -}}
{{- with .Values.networkPolicies.kubernetesApi }}{{ include "docmill.egress.blocks" (list .cidrs .ports) }}{{ end }}
{{- end }}

{{- define "docmill.egress.store" -}}
{{- with .Values.networkPolicies.objectStore }}{{ include "docmill.egress.blocks" (list .cidrs .ports) }}{{ end }}
{{- end }}

{{- define "docmill.egress.others" -}}
{{- with .Values.networkPolicies.others }}{{ include "docmill.egress.blocks" (list .cidrs .ports) }}{{ end }}
{{- end }}

{{/* The pods of the chart `serving`. */}}
{{- define "docmill.egress.models" -}}
{{- if .Values.serving.enabled }}
- to:
    - podSelector:
        matchLabels:
          app.kubernetes.io/instance: {{ .Release.Name }}
        matchExpressions:
          - {key: app.kubernetes.io/name, operator: In, values: [triton, vllm]}
    # KubeRay may call its pods otherwise
    - podSelector:
        matchLabels:
          docmill.dev/ray-node: worker
  ports:
    - port: 8000
    - port: 8001
{{- end }}
{{- end }}

{{- define "docmill.egress.blocks" -}}
{{- if index . 0 }}
- to:
    {{- range index . 0 }}
    - ipBlock:
        cidr: {{ . }}
    {{- end }}
  ports:
    {{- range index . 1 }}
    - port: {{ . }}
    {{- end }}
{{- end }}
{{- end }}
