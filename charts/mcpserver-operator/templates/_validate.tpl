{{/*
What no schema can say: values that contradict each other, and objects of others in the way. Every fault is told at once, one sentence each,
as the operator itself tells faults of its configuration.
*/}}
{{- define "mcpserver-operator.validate" -}}
{{- $faults := concat
  (include "mcpserver-operator.contradictions" . | fromJsonArray)
  (include "mcpserver-operator.extraFaults" . | fromJsonArray)
  (include "mcpserver-operator.collisions" . | fromJsonArray) -}}
{{- if gt (len $faults) 1 -}}
{{- fail (printf "\n- %s" (join "\n- " $faults)) -}}
{{- else if $faults -}}
{{- fail (first $faults) -}}
{{- end -}}
{{- end -}}

{{/* A JSON array of sentences. */}}
{{- define "mcpserver-operator.contradictions" -}}
{{- $faults := list -}}
{{- if and (gt (int .Values.replicaCount) 1) (not .Values.leaderElection.enabled) -}}
{{- $faults = append $faults "replicaCount above 1 needs leaderElection.enabled: two operators without it would probe and write everything twice" -}}
{{- end -}}
{{- if gt (int .Values.concurrency.retries) (int .Values.concurrency.probes) -}}
{{- $faults = append $faults "concurrency.retries exceeds concurrency.probes: retries are among the probes" -}}
{{- end -}}
{{- if and .Values.egress.requireTLS .Values.egress.allowPlaintextCredentials -}}
{{- $faults = append $faults "egress.allowPlaintextCredentials has no meaning with egress.requireTLS: leave one of them out" -}}
{{- end -}}
{{- if and (not .Values.serviceAccount.create) (not .Values.serviceAccount.name) -}}
{{- $faults = append $faults "serviceAccount.name is needed with serviceAccount.create: false" -}}
{{- end -}}
{{- with .Values.metrics -}}
{{- if and .serviceMonitor.enabled (not .enabled) -}}
{{- $faults = append $faults "metrics.serviceMonitor.enabled needs metrics.enabled: there would be nothing to scrape" -}}
{{- end -}}
{{- if and .prometheusRule.enabled (not (and .enabled .objects)) -}}
{{- $faults = append $faults "metrics.prometheusRule.enabled needs metrics.enabled and metrics.objects: the alerts are made of their series" -}}
{{- end -}}
{{- if and .dashboard.enabled (not .enabled) -}}
{{- $faults = append $faults "metrics.dashboard.enabled needs metrics.enabled: its panels would stay empty" -}}
{{- end -}}
{{- end -}}
{{- with .Values.podDisruptionBudget -}}
{{- $min := toString .minAvailable -}}
{{- $max := toString .maxUnavailable -}}
{{- if and .enabled (ne $min "") (ne $max "") -}}
{{- $faults = append $faults "podDisruptionBudget.minAvailable and podDisruptionBudget.maxUnavailable are both set: a budget has one of them" -}}
{{- else if and .enabled (or (eq $min "100%") (has $max (list "0" "0%")) (and (ne $min "") (not (hasSuffix "%" $min)) (gt (int $.Values.replicaCount) 1) (ge (int .minAvailable) (int $.Values.replicaCount)))) -}}
{{- $faults = append $faults "podDisruptionBudget lets no replica go, so that no node could be drained: lower minAvailable, or raise maxUnavailable or replicaCount" -}}
{{- end -}}
{{- end -}}
{{- with .Values.admissionPolicies -}}
{{- range $name := list "requireTLS" "allowedHosts" "secretAccess" -}}
{{- $actions := (index $.Values.admissionPolicies $name).validationActions -}}
{{- if and (has "Deny" $actions) (has "Warn" $actions) -}}
{{- $faults = append $faults (printf "admissionPolicies.%s.validationActions holds Deny and Warn: who is refused needs no warning" $name) -}}
{{- end -}}
{{- end -}}
{{- if .allowedHosts.enabled -}}
{{- if not (or .allowedHosts.hosts $.Values.egress.allowedHosts) -}}
{{- $faults = append $faults "admissionPolicies.allowedHosts.enabled needs admissionPolicies.allowedHosts.hosts or egress.allowedHosts: with neither every server would be refused" -}}
{{- end -}}
{{- range $host := .allowedHosts.hosts -}}
{{- $isCovered := or (not $.Values.egress.allowedHosts) (has $host $.Values.egress.allowedHosts) -}}
{{- range $.Values.egress.allowedHosts -}}
{{- $isCovered = or $isCovered (and (hasPrefix "*." .) (hasSuffix (trimPrefix "*" .) (trimPrefix "*" $host))) -}}
{{- end -}}
{{- if not $isCovered -}}
{{- $faults = append $faults (printf "admissionPolicies.allowedHosts.hosts has %s, which egress.allowedHosts does not allow: it would be admitted, and then never probed" $host) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toJson $faults -}}
{{- end -}}

{{/* Extra flags, variables and labels that the chart has a value for: one of the two would silently win. */}}
{{- define "mcpserver-operator.extraFaults" -}}
{{- $faults := list -}}
{{- $values := dict
  "namespaces" "watch.namespaces"
  "leader-elect" "leaderElection.enabled"
  "lease-namespace" "the namespace of the release"
  "lease-name" "the name of the release"
  "max-concurrent-probes" "concurrency.probes"
  "max-concurrent-retries" "concurrency.retries"
  "max-concurrent-per-host" "concurrency.perHost"
  "metrics-bind-address" "metrics.enabled"
  "health-bind-address" "the port that the kubelet asks"
  "allowed-hosts" "egress.allowedHosts"
  "denied-cidrs" "egress.deniedCIDRs"
  "require-tls" "egress.requireTLS"
  "allow-insecure-skip-verify" "egress.allowInsecureSkipVerify"
  "allow-plaintext-credentials" "egress.allowPlaintextCredentials"
  "require-secret-host-binding" "egress.requireSecretHostBinding"
  "last-success-refresh" "lastSuccessRefresh"
  "object-metrics" "metrics.objects"
  "log-level" "logging.level"
  "log-format" "logging.format" -}}
{{- range .Values.extraArgs -}}
{{- $flag := . | trimPrefix "--" | splitList "=" | first -}}
{{- if hasKey $values $flag -}}
{{- $faults = append $faults (printf "extraArgs has --%s, which is set by %s" $flag (get $values $flag)) -}}
{{- end -}}
{{- end -}}
{{- range .Values.extraEnv -}}
{{- $flag := .name | trimPrefix "MCPSERVER_OPERATOR_" | lower | replace "_" "-" -}}
{{- if and (hasPrefix "MCPSERVER_OPERATOR_" .name) (hasKey $values $flag) -}}
{{- $faults = append $faults (printf "extraEnv has %s, which is set by %s" .name (get $values $flag)) -}}
{{- end -}}
{{- end -}}
{{- $own := include "mcpserver-operator.ownLabels" . | fromYaml -}}
{{- range $from := list "commonLabels" "podLabels" -}}
{{- range $key, $_ := index $.Values $from -}}
{{- if hasKey $own $key -}}
{{- $faults = append $faults (printf "%s has %s, which is the chart's own: objects are found by it" $from $key) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toJson $faults -}}
{{- end -}}

{{/*
What others own and this release would have to. Only objects are looked up that the release makes itself, so whoever may install it may look;
`helm template` sees no cluster and finds nothing.
*/}}
{{- define "mcpserver-operator.collisions" -}}
{{- $faults := list -}}
{{- $name := "mcpservers.mcpserver-operator.dev" -}}
{{- $adopt := printf "kubectl annotate --overwrite crd %s meta.helm.sh/release-name=%s meta.helm.sh/release-namespace=%s" $name .Release.Name .Release.Namespace -}}
{{- if .Values.crds.enabled -}}
{{- with lookup "apiextensions.k8s.io/v1" "CustomResourceDefinition" "" $name -}}
{{- $owner := include "mcpserver-operator.owner" . -}}
{{- if not $owner -}}
{{- $faults = append $faults (printf "the CRD %s is there already and belongs to no release of Helm: leave it to who applied it with crds.enabled=false, or give it to this release: kubectl label --overwrite crd %s app.kubernetes.io/managed-by=Helm && %s" $name $name $adopt) -}}
{{- else if ne $owner (printf "%s in namespace %s" $.Release.Name $.Release.Namespace) -}}
{{- $faults = append $faults (printf "the CRD %s belongs to the release %s, and only one release can own it: to run a second operator, set crds.enabled=false here, and watch.namespaces to namespaces that the other does not watch; if that release is gone, let this one take the CRD over: %s" $name $owner $adopt) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $fullname := include "mcpserver-operator.fullname" . -}}
{{- $names := list -}}
{{- if .Values.rbac.create -}}
{{- if not .Values.watch.namespaces -}}
{{- $names = append $names (list "rbac.authorization.k8s.io/v1" "ClusterRole" $fullname) -}}
{{- end -}}
{{- if and .Values.rbac.aggregateClusterRoles (or .Values.crds.enabled (not .Values.watch.namespaces)) -}}
{{- $names = append $names (list "rbac.authorization.k8s.io/v1" "ClusterRole" (printf "%s-view" $fullname)) -}}
{{- end -}}
{{- end -}}
{{- range $policy, $suffix := dict "requireTLS" "require-tls" "allowedHosts" "allowed-hosts" "secretAccess" "secret-access" -}}
{{- if (index $.Values.admissionPolicies $policy).enabled -}}
{{- $names = append $names (list "admissionregistration.k8s.io/v1" "ValidatingAdmissionPolicy" (printf "%s-%s" $fullname $suffix)) -}}
{{- end -}}
{{- end -}}
{{- $others := list -}}
{{- range $names -}}
{{- with lookup (index . 0) (index . 1) "" (index . 2) -}}
{{- $owner := include "mcpserver-operator.owner" . -}}
{{- if and $owner (ne $owner (printf "%s in namespace %s" $.Release.Name $.Release.Namespace)) -}}
{{- $others = append $others (printf "%s %s belongs to the release %s" .kind .metadata.name $owner) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- with $others -}}
{{- $faults = append $faults (printf "the %s: if that one watches the same namespaces, upgrade it instead, as two operators would probe and write everything twice; else choose another name for this release, or fullnameOverride" (join ", the " .)) -}}
{{- end -}}
{{- toJson $faults -}}
{{- end -}}

{{/* `NAME in namespace NAMESPACE` of the release that an object belongs to, or nothing. Takes the object. */}}
{{- define "mcpserver-operator.owner" -}}
{{- $annotations := default dict .metadata.annotations -}}
{{- if hasKey $annotations "meta.helm.sh/release-name" -}}
{{- printf "%s in namespace %s" (get $annotations "meta.helm.sh/release-name") (get $annotations "meta.helm.sh/release-namespace") -}}
{{- end -}}
{{- end -}}
