{{- define "stepwright.serverName" -}}
{{- printf "%s-server" (include "stepwright.fullname" . | trunc 56 | trimSuffix "-") }}
{{- end }}

{{- define "stepwright.serverAccount" -}}
{{- default (include "stepwright.serverName" .) .Values.server.serviceAccount.name }}
{{- end }}

{{- define "stepwright.serverSelector" -}}
app.kubernetes.io/name: {{ include "stepwright.name" . }}-server
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "stepwright.serverLabels" -}}
{{ include "stepwright.serverSelector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: stepwright
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{/* CEL: the users who name others as the authors of what they write, and check themselves what these may: as a list. */}}
{{- define "stepwright.servers" -}}
{{- $servers := .Values.policies.servers }}
{{- if .Values.server.enabled }}
{{- $servers = append $servers (printf "system:serviceaccount:%s:%s" .Release.Namespace (include "stepwright.serverAccount" .)) }}
{{- end }}
{{- $servers | toJson | replace "\"" "'" }}
{{- end }}
