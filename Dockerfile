# The image of the operator: Node, the libraries that it asks for, one file of JavaScript and its bill of materials. No distribution, no shell,
# no package manager; it runs as 65532 on a read-only root.
#
#   docker build --target operator --tag mcpserver-operator:dev .
#
# What goes in is decided by package-lock.json and by NODE_IMAGE; pin that by its digest to get the same bytes next year:
#   docker build --build-arg NODE_IMAGE=node@sha256:… --build-arg SOURCE_DATE_EPOCH="$(git log -1 --format=%ct)" \
#     --output type=oci,dest=image.tar,rewrite-timestamp=true .
ARG NODE_IMAGE=node:26.10.0-bookworm-slim

# The bundle is the same for every platform: it is made once, on that of the builder.
FROM --platform=$BUILDPLATFORM ${NODE_IMAGE} AS build
WORKDIR /src
COPY package.json package-lock.json tsconfig.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY hack hack
COPY src src
RUN node hack/build.ts && node hack/sbom.ts \
  && node_modules/.bin/esbuild hack/demo/servers/main.ts --bundle --platform=node --format=esm --outfile=/samples/main.mjs --log-level=warning \
  && cp -r hack/demo/servers/partner /samples/partner

# Node and its libraries are those of the target's platform.
FROM ${NODE_IMAGE} AS root
ARG SOURCE_DATE_EPOCH=0
COPY hack/rootfs.sh /build/rootfs.sh
COPY --from=build /src/dist /build/dist
RUN /build/rootfs.sh /usr/local/bin/node /build/dist/mcpserver-operator.js /build/dist/mcpserver-operator.cdx.json /rootfs

FROM scratch AS base
COPY --from=root /rootfs /
# Numbers, so that the kubelet can tell that it is not root.
USER 65532:65532
WORKDIR /home/nonroot
# As in the chart: a small nursery and two arenas of malloc keep short-lived garbage from becoming resident memory.
ENV NODE_OPTIONS=--max-semi-space-size=8 MALLOC_ARENA_MAX=2

# The servers of hack/samples, for hack/kind-up.sh.
FROM base AS samples
COPY --from=build /samples /samples
ENTRYPOINT ["/usr/bin/node", "/samples/main.mjs"]

# The last one is what a build without --target makes.
FROM base AS operator
LABEL org.opencontainers.image.title="mcpserver-operator" \
  org.opencontainers.image.description="Tells which MCP servers really work, what each one offers, and when either changes" \
  org.opencontainers.image.licenses="Apache-2.0"
EXPOSE 8080 8081
ENTRYPOINT ["/usr/bin/node", "/usr/lib/mcpserver-operator/mcpserver-operator.js"]
CMD ["run"]
