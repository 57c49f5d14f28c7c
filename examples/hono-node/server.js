// The app on Node, behind Hono. Tokens and handled webhooks are kept in memory: a process that ends forgets them, and its users
// install the app again. `d1Store` shows what a store of your own database has to do.

import { serve } from "@hono/node-server";
import { serveStatic } from "@hono/node-server/serve-static";
import { memorySeen, memoryStore } from "ghl-payments/edge";
import { Hono } from "hono";
import process from "node:process";
import { createApp } from "../shared/app.js";

const KEPT = 20;
const lines = new Map();
const inbox = {
    add: (locationId, line) => void lines.set(locationId, [line, ...inbox.list(locationId)].slice(0, KEPT)),
    list: (locationId) => lines.get(locationId) ?? [],
};

const { PORT = "8788" } = process.env;
const app = createApp({ env: process.env, store: memoryStore(), seen: memorySeen(), inbox });

const hono = new Hono();
hono.get("/install", () => app.install());
hono.get("/oauth/callback", (c) => app.callback(c.req.raw));
hono.post("/webhooks", (c) => app.webhooks(c.req.raw));
hono.get("/inbox", (c) => app.inbox(c.req.raw));
hono.all("/api/*", (c) => app.api(c.req.raw));
hono.use("*", serveStatic({ root: "./public" }));

const server = serve({ fetch: hono.fetch, port: Number(PORT), hostname: "127.0.0.1" }, ({ port }) => {
    console.log(`listening at http://127.0.0.1:${port}`);
});

for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => server.close(() => process.exit(0)));
