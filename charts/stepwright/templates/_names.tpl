{{- define "stepwright.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "stepwright.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- $name := include "stepwright.name" . }}
{{- if contains $name .Release.Name }}
{{- .Release.Name | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" }}
{{- end }}
{{- end }}
{{- end }}

{{/* Objects of the whole cluster carry the namespace, too, so that two releases do not meet. */}}
{{- define "stepwright.clusterName" -}}
{{- if eq (include "stepwright.fullname" .) .Release.Namespace }}
{{- include "stepwright.fullname" . }}
{{- else }}
{{- printf "%s-%s" .Release.Namespace (include "stepwright.fullname" .) | trunc 100 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "stepwright.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "stepwright.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- required "serviceAccount.name is needed when serviceAccount.create is false" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{- define "stepwright.image" -}}
{{- if .Values.image.digest }}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest }}
{{- else }}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) }}
{{- end }}
{{- end }}

{{- define "stepwright.selectorLabels" -}}
app.kubernetes.io/name: {{ include "stepwright.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "stepwright.labels" -}}
{{ include "stepwright.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: stepwright
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "stepwright.operatorUser" -}}
{{- printf "system:serviceaccount:%s:%s" .Release.Namespace (include "stepwright.serviceAccountName" .) }}
{{- end }}

{{- define "stepwright.priorityClassName" -}}
{{- if .Values.priorityClassName }}
{{- .Values.priorityClassName }}
{{- else if .Values.priorityClass.create }}
{{- include "stepwright.clusterName" . }}
{{- end }}
{{- end }}

{{/* What all containers of the operator's image may do: what the Pod Security Standard "restricted" allows, and less. */}}
{{- define "stepwright.podSecurityContext" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "stepwright.securityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop:
    - ALL
{{- end }}
