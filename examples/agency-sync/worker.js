// All locations of an agency in D1 and R2, and a page that shows how far it is. What works is in `ghl-payments/cloudflare`: a queue and
// Durable Objects; this Worker gives them an installation, a schedule, and people who look at it.

import {
    AgencyError,
    agencyHint,
    agencyInstalled,
    agencyQueue,
    agencyScheduled,
    agencyStatus,
    cancelAgencySync,
    configureAgency,
    resumeAgencySync,
    retryAgencySync,
    rollup,
    startAgencySync,
} from "ghl-payments/cloudflare";
import { createOAuth, createWebhookHandler, durableSeen, durableStore } from "ghl-payments/edge";
import { createSessions } from "../shared/sessions.js";

export { GhlCompany, GhlLocation, TokenKeeper, WebhookLedger } from "ghl-payments/cloudflare";

const SCOPES = [
    "payments/orders.readonly",
    "payments/transactions.readonly",
    "payments/subscriptions.readonly",
    "payments/coupons.readonly",
    // By which an agency's token gives those of its locations.
    "oauth.readonly",
    "oauth.write",
];

/** How many runs the page offers. */
const RUNS = 20;

const HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
};

configureAgency({
    /** Nothing of a run moves any more: somebody should look. */
    async onStalled({ run, left }, { ALERT_URL }) {
        if (!ALERT_URL) return;
        const text = `The sync ${run} stands still with ${left} locations left.`;
        await fetch(ALERT_URL, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ text }) });
    },
});

/** What is made once for an isolate. */
let made;

function start(env) {
    const oauth = createOAuth({
        clientId: env.GHL_CLIENT_ID,
        clientSecret: env.GHL_CLIENT_SECRET,
        redirectUri: env.GHL_REDIRECT_URI,
        scopes: SCOPES,
        store: durableStore(env.TOKENS),
        encryptionKey: env.ENCRYPTION_KEY,
        baseUrl: env.GHL_BASE_URL,
        authorizationUrl: env.GHL_AUTHORIZATION_URL,
    });
    const hint = (event) => agencyHint(env, event);
    const webhooks = createWebhookHandler({
        seen: durableSeen(env.LEDGER),
        // The sandbox signs with a key of its own.
        ...(env.GHL_WEBHOOK_KEY && { keys: [env.GHL_WEBHOOK_KEY] }),
        on: {
            INSTALL: (event) => agencyInstalled(env, event),
            UNINSTALL: (event) => agencyInstalled(env, event),
            OrderCreate: hint,
            OrderStatusUpdate: hint,
            InvoicePaid: hint,
        },
    });
    const { origin } = new URL(env.GHL_REDIRECT_URI);
    return { oauth, webhooks, origin, sessions: createSessions(env.SESSION_SECRET) };
}

export default {
    async fetch(request, env, ctx) {
        made ??= start(env);
        const { pathname } = new URL(request.url);
        if (pathname.startsWith("/api/")) return api(request, env, pathname.slice("/api/".length));
        switch (`${request.method} ${pathname}`) {
            case "GET /install":
                return (await made.oauth.authorizeUrl()).redirect();
            case "GET /oauth/callback":
                return installed(request);
            case "POST /webhooks":
                return made.webhooks(request, ctx);
            default:
                return page(request, env);
        }
    },

    /** The messages of the sync, and those that could not be delivered. */
    queue: (batch, env) => agencyQueue(batch, env),

    /** What is new since the last time, of every agency. */
    scheduled: (event, env) => agencyScheduled(event, env),
};

/** Takes the browser back from HighLevel. Whoever may install the app for the agency may see its sync, and nobody else. */
async function installed(request) {
    let end;
    try {
        end = await made.oauth.callback(request);
    } catch (error) {
        return text(400, `The app was not installed (${error.code}). Begin again at /install.`);
    }
    const { userType, companyId, headers } = end;
    if (userType !== "Company") {
        return text(403, "The app was installed in one location. The sync of the agency is for those who install it for the agency.", headers);
    }
    headers.append("set-cookie", await made.sessions.cookie(companyId, made.origin.startsWith("https:")));
    headers.set("location", `${made.origin}/`);
    return new Response(null, { status: 302, headers });
}

/** What the page asks. */
const METHODS = {
    async "GET runs"({ env, company }) {
        const sql = "SELECT run, mode, state, started_at AS startedAt, ended_at AS endedAt, records FROM runs WHERE company = ? ORDER BY started_at DESC LIMIT ?";
        const { results } = await env.DB.prepare(sql).bind(company, RUNS).all();
        return { company, runs: results };
    },
    async "GET status"({ env, company, query }) {
        const { run, after, state } = query;
        return owned(env, company, run, { after, state, ...(query.limit && { limit: Number(query.limit) }) });
    },
    async "GET money"({ env, company, query }) {
        const { from, to, by, stream } = query;
        return { rows: await rollup(env, { company, from, to, by, stream }) };
    },
    async "POST start"({ env, company, body }) {
        const { mode, streams, details } = body;
        return { run: await startAgencySync(env, { company, mode, streams, details }) };
    },
    async "POST retry"({ env, company, body }) {
        const { run } = await owned(env, company, body.run, { limit: 1 });
        return { run: await retryAgencySync(env, run, { locations: body.locations }) };
    },
    async "POST resume"({ env, company, body }) {
        const { run } = await owned(env, company, body.run, { limit: 1 });
        await resumeAgencySync(env, run);
        return { run };
    },
    async "POST cancel"({ env, company, body }) {
        const { run } = await owned(env, company, body.run, { limit: 1 });
        await cancelAgencySync(env, run);
        return { run };
    },
};

/** What is wrong with a request, and the status that says so. */
class Refusal extends Error {
    constructor(status, code, message) {
        super(message);
        this.status = status;
        this.code = code;
    }
}

/** The status of a run of the company; one of another company is not told of, not even that it is there. */
async function owned(env, company, run, options) {
    const status = await agencyStatus(env, run, options);
    if (status.company !== company) throw new Refusal(404, "unknown_run", "the company has no such run");
    return status;
}

async function api(request, env, name) {
    const company = await made.sessions.accountOf(request);
    if (company === null) return answer(401, { code: "no_session", message: "install the app for the agency to see its sync" });
    const method = METHODS[`${request.method} ${name}`];
    if (method === undefined) return answer(404, { code: "no_method", message: "there is no such method" });
    try {
        const query = Object.fromEntries(new URL(request.url).searchParams);
        return answer(200, await method({ env, company, query, body: request.method === "GET" ? {} : await read(request) }));
    } catch (error) {
        if (error instanceof Refusal) return answer(error.status, { code: error.code, message: error.message });
        const { code, message, issues, run } = error;
        if (issues !== undefined) return answer(400, { code, message, issues });
        if (AgencyError.is(error)) return answer(code === "unknown_run" ? 404 : 409, { code, message, run });
        console.error(`${request.method} /api/${name} failed: ${error.name}`);
        return answer(500, { code: "failed", message: "the Worker failed; its log says more" });
    }
}

/** The JSON object in a request of the page. The cookie alone is not enough: another site's form would bring it along. */
async function read(request) {
    const origin = request.headers.get("origin");
    if (origin !== null && origin !== made.origin) throw new Refusal(403, "foreign_origin", "only the page may ask this");
    if (!/^application\/json\b/.test(request.headers.get("content-type") ?? "")) {
        throw new Refusal(415, "no_json", "the options must be JSON, and Content-Type must say so");
    }
    const body = await request.json().catch(() => undefined);
    if (typeof body !== "object" || body === null || Array.isArray(body)) throw new Refusal(400, "no_json", "the options must be an object");
    return body;
}

async function page(request, env) {
    const { body, status, headers } = await env.ASSETS.fetch(request);
    const answer = new Response(body, { status, headers });
    for (const [name, value] of Object.entries(HEADERS)) answer.headers.set(name, value);
    return answer;
}

function answer(status, value) {
    return Response.json(value, { status, headers: { ...HEADERS, "cache-control": "no-store" } });
}

function text(status, message, headers = new Headers()) {
    headers.set("content-type", "text/plain; charset=utf-8");
    return new Response(message, { status, headers });
}
