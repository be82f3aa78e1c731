#!/usr/bin/env bash
# Removes the cluster that hack/kind-up.sh made, and nothing else. KIND_CLUSTER names it. When there is none, that is well.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly cluster=${KIND_CLUSTER:-mcpserver-operator}

fail() {
  echo "kind-down: $*" >&2
  exit 1
}

command -v docker >/dev/null || fail 'Docker is needed, and there is no docker on the PATH: without it there is no cluster either'
docker info >/dev/null 2>&1 || fail 'Docker is needed, and its daemon does not answer: start it, and the cluster can be removed'
command -v go >/dev/null || fail 'Go 1.26 or newer is needed to build kind, and there is no go on the PATH: install it'

go -C hack/kind tool kind delete cluster --name "$cluster"
