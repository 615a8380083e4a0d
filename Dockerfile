# One image for every service of a store. A container runs `bazar` with what follows the image's name:
#   docker run -v bazar:/data -p 8081:8081 -p 8181:8181 bazar up --host 0.0.0.0 --data-dir /data
FROM node:22-slim AS build
WORKDIR /bazar
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts
COPY . .
RUN npm run build && npm prune --omit=dev

FROM node:22-slim
ENV NODE_ENV=production
WORKDIR /bazar
COPY --from=build /bazar/package.json ./
COPY --from=build /bazar/node_modules node_modules
COPY --from=build /bazar/dist dist
COPY --from=build /bazar/data/products.json data/products.json
RUN mkdir /data && chown node:node /data
USER node
VOLUME /data
EXPOSE 8081 8181
# SIGTERM drains; a container that is killed after ten seconds loses no order.
STOPSIGNAL SIGTERM
ENTRYPOINT ["node", "dist/src/cli/main.js"]
CMD ["up", "--host", "0.0.0.0", "--data-dir", "/data", "--log-dir", "/data/logs"]
