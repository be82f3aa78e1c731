#!/bin/sh
# Lays out everything that the image holds: `hack/rootfs.sh NODE BUNDLE SBOM TARGET`.
#
# NODE with the shared libraries that it asks for, the bundle, its bill of materials, and the three files of /etc without which programs
# wonder who they are: no shell, no package manager, nothing that is set-uid, nothing that anybody but root may write. Every file bears the
# time $SOURCE_DATE_EPOCH (default 0), so that the same input gives the same layer. It never writes outside of TARGET, which must be empty.
set -eu

if [ "$#" -ne 4 ]; then
  echo 'usage: hack/rootfs.sh NODE BUNDLE SBOM TARGET' >&2
  exit 2
fi
node=$1
bundle=$2
sbom=$3
target=$4

mkdir -p "$target"
if [ -n "$(ls -A "$target")" ]; then
  echo "rootfs: $target is not empty" >&2
  exit 1
fi

umask 022
install -D -m 0755 "$node" "$target/usr/bin/node"
install -D -m 0644 "$bundle" "$target/usr/lib/mcpserver-operator/mcpserver-operator.js"
install -D -m 0644 "$sbom" "$target/usr/share/sbom/mcpserver-operator.cdx.json"

# The libraries, at the places where the loader looks for them; the loader itself is among them.
libraries=$(ldd "$node" | grep -o '/[^ ]*')
if ldd "$node" | grep -q 'not found'; then
  echo "rootfs: $node asks for libraries that are not here" >&2
  exit 1
fi
for library in $libraries; do
  install -D -m 0755 "$library" "$target$library"
done

install -d -m 0755 "$target/etc" "$target/home/nonroot" "$target/proc"
echo 'root:x:0:0:root:/:/sbin/nologin
nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin' >"$target/etc/passwd"
echo 'root:x:0:
nonroot:x:65532:' >"$target/etc/group"
echo 'hosts: files dns' >"$target/etc/nsswitch.conf"

find "$target" -exec touch --no-dereference --date="@${SOURCE_DATE_EPOCH:-0}" {} +
