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

{{/* A match condition: not Kubernetes' own controllers (garbage collector, Job controller and others). */}}
{{- define "stepwright.notTheClusterItself" -}}
- name: not-the-cluster-itself
  expression: >-
    !(request.userInfo.username.startsWith('system:serviceaccount:kube-system:') ||
    request.userInfo.username == 'system:kube-controller-manager')
{{- end }}
