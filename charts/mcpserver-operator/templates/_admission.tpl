{{/*
A binding, and the policy up to its variables and validations, which stand behind the call. Takes root, name, the settings of the policy, and
the fields of the spec whose change is judged.
*/}}
{{- define "mcpserver-operator.admissionPolicy" -}}
{{- $name := printf "%s-%s" (include "mcpserver-operator.fullname" .root) .name }}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata:
  name: {{ $name }}
  labels:
    {{- include "mcpserver-operator.labels" .root | nindent 4 }}
spec:
  policyName: {{ $name }}
  validationActions: {{ toJson .settings.validationActions }}
  {{- $selector := .root.Values.admissionPolicies.namespaceSelector }}
  {{- if and (not $selector) .root.Values.watch.namespaces }}
  {{- $in := dict "key" "kubernetes.io/metadata.name" "operator" "In" "values" .root.Values.watch.namespaces }}
  {{- $selector = dict "matchExpressions" (list $in) }}
  {{- end }}
  {{- with $selector }}
  matchResources:
    namespaceSelector:
      {{- toYaml . | nindent 6 }}
  {{- end }}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata:
  name: {{ $name }}
  labels:
    {{- include "mcpserver-operator.labels" .root | nindent 4 }}
spec:
  failurePolicy: Fail
  matchConstraints:
    resourceRules:
      - apiGroups: [mcpserver-operator.dev]
        apiVersions: [v1alpha1]
        operations: [CREATE, UPDATE]
        resources: [mcpservers]
        scope: Namespaced
  matchConditions:
    - name: is-new-or-changed
      expression: >-
        request.operation == 'CREATE'
        {{- range .fields }} ||
        has(object.spec.{{ . }}) != has(oldObject.spec.{{ . }}) ||
        has(object.spec.{{ . }}) && object.spec.{{ . }} != oldObject.spec.{{ . }}
        {{- end }}
{{- end -}}
