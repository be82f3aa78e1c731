#!/usr/bin/env bash
# A cluster on this machine with the operator of this checkout and the samples, in one command; again, to see what was edited since.
# Needs Docker, Go 1.26 (it builds the pinned kind) and what `npm ci` brings. KIND_CLUSTER names the cluster; hack/kind-down.sh removes it.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly cluster=${KIND_CLUSTER:-mcpserver-operator}
readonly context=kind-$cluster
readonly namespace=mcpserver-operator
readonly release=mcpserver-operator

fail() {
  echo "kind-up: $*" >&2
  exit 1
}
step() { printf '\n==> %s\n' "$*"; }
kind() { go -C hack/kind tool kind "$@"; }

command -v docker >/dev/null || fail 'Docker is needed, and there is no docker on the PATH: install it, or see the operator without it with npm run demo'
docker info >/dev/null 2>&1 || fail 'Docker is needed, and its daemon does not answer: start it, or see the operator without it with npm run demo'
command -v go >/dev/null || fail 'Go 1.26 or newer is needed to build kind, and there is no go on the PATH: install it'
[ -d node_modules ] || fail 'the packages of the project are not installed: run npm ci'

paths=$(npm exec --silent -c 'node hack/kind/tools.ts') || fail 'neither the PATH nor the packages of the project have kubectl and helm: install both'
{ read -r kubectl && read -r helm; } <<<"$paths"
readonly kubectl helm
on_cluster() { "$kubectl" --context "$context" "$@"; }

step "cluster $cluster"
if kind get clusters 2>/dev/null | grep -qx "$cluster"; then
  echo 'is there'
else
  kind create cluster --name "$cluster" --wait 180s
fi

step 'images'
docker build --target operator --tag mcpserver-operator:dev .
docker build --target samples --tag mcpserver-operator-samples:dev .
kind load docker-image --name "$cluster" mcpserver-operator:dev mcpserver-operator-samples:dev

step "chart, as release $release in namespace $namespace"
"$helm" upgrade --install "$release" charts/mcpserver-operator --kube-context "$context" \
  --namespace "$namespace" --create-namespace --values hack/kind/values.yaml
on_cluster patch deployment "$release" --namespace "$namespace" --patch-file hack/kind/samples.patch.yaml
# The tag of an edited image is the same: the Pod must be made anew.
on_cluster rollout restart "deployment/$release" --namespace "$namespace"
on_cluster rollout status "deployment/$release" --namespace "$namespace" --timeout 180s

step 'samples'
on_cluster wait --for=condition=Established crd/mcpservers.mcpserver-operator.dev --timeout 60s
on_cluster apply --namespace default -f hack/samples
on_cluster wait --namespace default --for=condition=Ready mcpserver/healthy-modern --timeout 120s
on_cluster get mcpservers --namespace default

printf '\nkubectl --context %s get mcpservers --watch\nhack/kind-down.sh removes it all.\n' "$context"
