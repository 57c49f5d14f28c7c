// The app as a Cloudflare Worker. Tokens and handled webhooks are kept in Durable Objects, so that all isolates agree.

import { DurableObject } from "cloudflare:workers";
import { durableSeen, durableStore } from "ghl-payments/edge";
import { createApp } from "../shared/app.js";

export { TokenKeeper, WebhookLedger } from "ghl-payments/cloudflare";

const KEPT = 20;

/** What the webhooks of a location said: an object for each. */
export class Inbox extends DurableObject {
    async add(line) {
        const lines = await this.list();
        await this.ctx.storage.put("lines", [line, ...lines].slice(0, KEPT));
    }

    async list() {
        return (await this.ctx.storage.get("lines")) ?? [];
    }
}

let app;

function start(env) {
    const inbox = (locationId) => env.INBOX.get(env.INBOX.idFromName(locationId));
    return createApp({
        env,
        store: durableStore(env.TOKENS),
        seen: durableSeen(env.LEDGER),
        inbox: {
            add: (locationId, line) => inbox(locationId).add(line),
            list: (locationId) => inbox(locationId).list(),
        },
    });
}

export default {
    async fetch(request, env, ctx) {
        app ??= start(env);
        const { pathname } = new URL(request.url);
        if (pathname.startsWith("/api/")) return app.api(request, ctx);
        switch (pathname) {
            case "/install":
                return app.install();
            case "/oauth/callback":
                return app.callback(request);
            case "/webhooks":
                return app.webhooks(request, ctx);
            case "/inbox":
                return app.inbox(request);
            default:
                return env.ASSETS.fetch(request);
        }
    },
};
