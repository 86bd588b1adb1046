{{/* The head of a policy, of the chart and its name: (list $ "tasks"). */}}
{{- define "stepwright.policy" -}}
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata:
  name: {{ include "stepwright.clusterName" (first .) }}-{{ last . }}
  labels:
    {{- include "stepwright.labels" (first .) | nindent 4 }}
{{- end }}

{{/* CEL: the users who write what only the operator writes, as a list. */}}
{{- define "stepwright.writers" -}}
{{- prepend .Values.policies.writers (include "stepwright.operatorUser" .) | toJson | replace "\"" "'" }}
{{- end }}

{{/* CEL: the request is Stepwright's, made as itself or as one of the accounts in the namespace that it may act as. */}}
{{- define "stepwright.actsForStepwright" -}}
request.userInfo.username in {{ include "stepwright.writers" . }} || (
request.userInfo.username.startsWith('system:serviceaccount:' + request.namespace + ':') &&
authorizer.serviceAccount('{{ .Release.Namespace }}', '{{ include "stepwright.serviceAccountName" . }}')
.group('').resource('serviceaccounts').namespace(request.namespace)
.name(request.userInfo.username.split(':')[3]).check('impersonate').allowed())
{{- end }}

{{/* CEL: the users whom these controllers of Kubernetes have, as a list: (list "job-controller"). All of them are
system:kube-controller-manager where that one is not configured to use an account for each. */}}
{{- define "stepwright.controllers" -}}
{{- $users := list "system:kube-controller-manager" }}
{{- range . }}
{{- $users = append $users (printf "system:serviceaccount:kube-system:%s" .) }}
{{- end }}
{{- $users | toJson | replace "\"" "'" }}
{{- end }}

{{/* CEL: the users who run Jobs: Kubernetes' own Job controller and whom the installation adds. */}}
{{- define "stepwright.jobControllers" -}}
{{- concat (list "system:kube-controller-manager" "system:serviceaccount:kube-system:job-controller") .Values.policies.jobControllers | toJson | replace "\"" "'" }}
{{- end }}

{{/* CEL: who rewrites an object on the cluster's own behalf: takes an owner from it that is gone, or stores it anew. */}}
{{- define "stepwright.housekeepers" -}}
{{- include "stepwright.controllers" (list "generic-garbage-collector" "storage-version-migrator-controller") }}
{{- end }}

{{/* CEL: the namespace of the request is one that the operator keeps out of. */}}
{{- define "stepwright.excluded" -}}
request.namespace == '{{ .Release.Namespace }}'
{{- range .Values.excludeNamespaces }} ||
{{ if hasSuffix "*" . }}request.namespace.startsWith('{{ trimSuffix "*" . }}'){{ else }}request.namespace == '{{ . }}'{{ end }}
{{- end }}
{{- end }}

{{/* CEL: two maps have the same entries with Stepwright's prefix: (list "new" "old"), both expressions that give maps. */}}
{{- define "stepwright.sameMarks" -}}
{{- $new := index . 0 }}{{ $old := index . 1 -}}
{{ $new }}.all(key, !key.startsWith('stepwright.dev/') || ({{ $old }}[?key].orValue('') == {{ $new }}[key] && key in {{ $old }})) &&
{{ $old }}.all(key, !key.startsWith('stepwright.dev/') || key in {{ $new }})
{{- end }}

{{/* Variables of a policy: labels, annotations and owners of the new and the old object. */}}
{{- define "stepwright.metadata" -}}
- name: labels
  expression: "object.metadata.?labels.orValue({})"
- name: annotations
  expression: "object.metadata.?annotations.orValue({})"
- name: owners
  expression: "object.metadata.?ownerReferences.orValue([])"
- name: oldLabels
  expression: "oldObject == null ? {} : oldObject.metadata.?labels.orValue({})"
- name: oldAnnotations
  expression: "oldObject == null ? {} : oldObject.metadata.?annotations.orValue({})"
- name: oldOwners
  expression: "oldObject == null ? [] : oldObject.metadata.?ownerReferences.orValue([])"
{{- end }}
