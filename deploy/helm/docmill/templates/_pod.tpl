{{/* (dict "root" $ "component" "daemon" "account" "daemon" "token" true "data" false "values" .Values.daemon): what
the pods of docmill's own processes have in common, from `serviceAccountName` on. */}}
{{- define "docmill.podSpec" -}}
{{- $root := .root -}}
serviceAccountName: {{ include "docmill.name" $root }}-{{ .account }}
automountServiceAccountToken: {{ .token }}
enableServiceLinks: false
{{- include "docmill.pullSecrets" $root }}
securityContext:
  {{- include "docmill.podSecurity" $root | nindent 2 }}
{{- with .values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with include "docmill.affinity" (list $root (.values.affinity | default dict) .data) }}
affinity:
  {{- . | nindent 2 }}
{{- end }}
{{- end }}

{{/* The same dict: what their containers have in common. */}}
{{- define "docmill.container" -}}
{{- $root := .root -}}
image: {{ include "docmill.image" $root }}
imagePullPolicy: {{ $root.Values.image.pullPolicy }}
securityContext:
  {{- include "docmill.containerSecurity" $root | nindent 2 }}
{{- if .data }}
{{- with include "docmill.envFrom" $root }}
envFrom:
  {{- . | nindent 2 }}
{{- end }}
{{- end }}
resources:
  {{- toYaml .values.resources | nindent 2 }}
{{- end }}
