# One image for all apps; the command picks one: node dist/apps/<app>/main.js

FROM node:20-bookworm-slim AS base
WORKDIR /app
COPY package.json package-lock.json ./

# The bundles leave node_modules outside, so these go into the image. Install scripts are off: none is needed to
# build or to run us, and they are other people's code.
FROM base AS dependencies
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund

FROM base AS build
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY nest-cli.json tsconfig.json ./
COPY apps apps
COPY libs libs
RUN npm run build

FROM node:20-bookworm-slim
# Inside a container only its own networks can reach it, so all addresses are right.
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000
WORKDIR /app
# A new volume mounted here takes over the owner: the simulator keeps its state in one, backups lie in the other.
RUN mkdir /data /backups && chown node:node /data /backups
COPY --from=dependencies /app/node_modules node_modules
COPY --from=dependencies /app/package.json ./
COPY --from=build /app/dist dist
USER node
EXPOSE 3000
# The image has no curl; node asks.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/health/ready`, { signal: AbortSignal.timeout(4000) }).then(({ status }) => process.exit(status === 200 ? 0 : 1), () => process.exit(1))"]
# node as process 1 reaps no children and handles signals only where told: run with --init (compose does).
CMD ["node", "--enable-source-maps", "dist/apps/standalone/main.js"]
