{{/* The name of every object of the release. 53 characters leave room for what Kubernetes adds to names of Pods. */}}
{{- define "mcpserver-operator.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- $full := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) -}}
{{- default $full .Values.fullnameOverride | trunc 53 | trimSuffix "-" -}}
{{- end -}}

{{- define "mcpserver-operator.selectorLabels" -}}
app.kubernetes.io/name: {{ default .Chart.Name .Values.nameOverride }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/* The labels that the chart itself gives, of every object. */}}
{{- define "mcpserver-operator.ownLabels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{ include "mcpserver-operator.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/component: controller
app.kubernetes.io/part-of: mcpserver-operator
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}

{{- define "mcpserver-operator.labels" -}}
{{ include "mcpserver-operator.ownLabels" . }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "mcpserver-operator.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "mcpserver-operator.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "mcpserver-operator.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}
{{ .repository }}@{{ .digest }}
{{- else -}}
{{ .repository }}:{{ default $.Chart.AppVersion .tag }}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Flags whose value is the program's own default are left out: what stands in the Pod is what somebody decided. */}}
{{- define "mcpserver-operator.args" -}}
{{- $args := list "run" -}}
{{- with .Values.watch.namespaces -}}
{{- $args = append $args (printf "--namespaces=%s" (join "," .)) -}}
{{- end -}}
{{- if .Values.leaderElection.enabled -}}
{{- $args = append $args (printf "--lease-namespace=%s" .Release.Namespace) -}}
{{- $args = append $args (printf "--lease-name=%s" (include "mcpserver-operator.fullname" .)) -}}
{{- else -}}
{{- $args = append $args "--leader-elect=false" -}}
{{- end -}}
{{- with .Values.concurrency -}}
{{- $args = concat $args (list (printf "--max-concurrent-probes=%d" (int .probes)) (printf "--max-concurrent-retries=%d" (int .retries)) (printf "--max-concurrent-per-host=%d" (int .perHost))) -}}
{{- end -}}
{{- if not .Values.metrics.enabled -}}
{{- $args = append $args "--metrics-bind-address=0" -}}
{{- end -}}
{{- if not .Values.metrics.objects -}}
{{- $args = append $args "--object-metrics=false" -}}
{{- end -}}
{{- with .Values.egress -}}
{{- with .allowedHosts -}}{{- $args = append $args (printf "--allowed-hosts=%s" (join "," .)) -}}{{- end -}}
{{- with .deniedCIDRs -}}{{- $args = append $args (printf "--denied-cidrs=%s" (join "," .)) -}}{{- end -}}
{{- if .requireTLS -}}{{- $args = append $args "--require-tls" -}}{{- end -}}
{{- if .allowInsecureSkipVerify -}}{{- $args = append $args "--allow-insecure-skip-verify" -}}{{- end -}}
{{- if .allowPlaintextCredentials -}}{{- $args = append $args "--allow-plaintext-credentials" -}}{{- end -}}
{{- if .requireSecretHostBinding -}}{{- $args = append $args "--require-secret-host-binding" -}}{{- end -}}
{{- end -}}
{{- $args = concat $args (list (printf "--last-success-refresh=%s" .Values.lastSuccessRefresh) (printf "--log-level=%s" .Values.logging.level) (printf "--log-format=%s" .Values.logging.format)) -}}
{{- concat $args .Values.extraArgs | toYaml -}}
{{- end -}}

{{/* What the operator may do with objects of users: read, and write the status of its own kind. */}}
{{- define "mcpserver-operator.rules" -}}
- apiGroups: [mcpserver-operator.dev]
  resources: [mcpservers]
  verbs: [get, list, watch]
- apiGroups: [mcpserver-operator.dev]
  resources: [mcpservers/status]
  verbs: [update]
# By name only: neither list nor watch, so nobody learns from this right which Secrets there are.
- apiGroups: [""]
  resources: [secrets, configmaps, services]
  verbs: [get]
# To tell what happened to an object; what others told can be neither read nor removed.
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create, patch]
{{- end -}}
