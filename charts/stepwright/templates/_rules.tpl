{{/* What the operator does in every namespace it watches: no wildcards, and no secret is ever read. */}}
{{- define "stepwright.rules" -}}
- apiGroups: [stepwright.dev]
  resources: [statemachines]
  verbs: [get, list, watch, patch]
# delete: an Execution whose ttlSecondsAfterFinished is over
- apiGroups: [stepwright.dev]
  resources: [executions]
  verbs: [get, list, watch, patch, delete]
- apiGroups: [stepwright.dev]
  resources: [statemachines/status, executions/status]
  verbs: [get, patch, update]
- apiGroups: [stepwright.dev]
  resources: [executionhistories]
  verbs: [create, get, list, watch, delete]
# The revisions of a state machine's definition
- apiGroups: [apps]
  resources: [controllerrevisions]
  verbs: [create, get, list, watch, patch, delete]
# Tasks
- apiGroups: [batch]
  resources: [jobs]
  verbs: [create, get, list, watch, patch, delete]
- apiGroups: [""]
  resources: [pods]
  verbs: [get, list, watch]
- apiGroups: [""]
  resources: [pods/log]
  verbs: [get]
# A task's input that is too long for an annotation. create alone: patch and update would answer with what is in it.
- apiGroups: [""]
  resources: [secrets]
  verbs: [create]
- apiGroups: [""]
  resources: [events]
  verbs: [create, patch]
{{- end }}
