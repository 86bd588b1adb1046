{{/* What the operator does in every namespace it watches: no wildcards, and no secret is ever read. */}}
{{- define "stepwright.rules" -}}
# get: what the replica that looks after a state machine has written by now; patch: the finalizer with which it waits for
# its executions
- apiGroups: [stepwright.dev]
  resources: [statemachines]
  verbs: [get, list, watch, patch]
# delete: those whose ttlSecondsAfterFinished is over; create and patch: parts of distributed Maps, which it starts and stops
- apiGroups: [stepwright.dev]
  resources: [executions]
  verbs: [create, get, list, watch, patch, delete]
- apiGroups: [stepwright.dev]
  resources: [statemachines/status, executions/status, tasktemplates/status, connections/status, externaltasks/status]
  verbs: [patch]
# What workers take and answer; get: one that is there already, and what its answer is
- apiGroups: [stepwright.dev]
  resources: [externaltasks]
  verbs: [create, get, list, watch, delete]
# What stands for functions, and where the Services are that it names; get: one that was created a moment ago
- apiGroups: [stepwright.dev]
  resources: [tasktemplates]
  verbs: [list, watch]
# What HTTP tasks may call; their Secrets are read as their own accounts. get: one that was created a moment ago
- apiGroups: [stepwright.dev]
  resources: [connections]
  verbs: [get, list, watch]
- apiGroups: [""]
  resources: [services]
  verbs: [get, list, watch]
- apiGroups: [stepwright.dev]
  resources: [executionhistories]
  verbs: [create, get]
# The revisions of a state machine's definition; list and delete: old ones that no execution runs
- apiGroups: [apps]
  resources: [controllerrevisions]
  verbs: [create, get, list, delete]
# Tasks. With requireServiceAccount only a state machine's own account makes Jobs; what this one clears away in its place,
# where that account has lost its rights, it has to change and delete.
- apiGroups: [batch]
  resources: [jobs]
  verbs: [{{ if not .Values.requireServiceAccount }}create, {{ end }}get, list, watch, patch, delete]
- apiGroups: [""]
  resources: [pods]
  verbs: [list, watch]
- apiGroups: [""]
  resources: [pods/log]
  verbs: [get]
{{- if not .Values.requireServiceAccount }}
# A task's input that is too long for an annotation. create alone: patch and update would answer with what is in it.
- apiGroups: [""]
  resources: [secrets]
  verbs: [create]
{{- end }}
# Why the pod of a Job could not be created
- apiGroups: [""]
  resources: [events]
  verbs: [list]
# Failures of executions
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create]
{{- end }}
