import type { Sandbox, SandboxFaults } from "./api.js";
import { named } from "./checks.js";

/** Who may steer a sandbox over HTTP. */
export interface SteeringOptions {
    /**
     * Whether web pages of any origin may call the sandbox and steer it; the real API lets none. Default: only pages of its own
     * origin, and programs that are no pages.
     */
    cors?: boolean;
    /**
     * What whoever steers has to send as `Authorization: Bearer …`. Without it the sandbox is steered only under a name of this
     * machine (`localhost`, `127.0.0.1`, `[::1]`), which no page of another machine can take for its own.
     */
    secret?: string;
}

/** Where it is steered: `POST /sandbox/<method>` with the options as JSON. */
const PREFIX = "/sandbox/";
/** How large a body may be, in bytes. */
const MOST_BYTES = 1_000_000;

type Fields = Record<string, unknown>;
type Method = (sandbox: Sandbox, given: Fields) => unknown;

/** What can be done over HTTP; the options are judged by the methods themselves. */
const METHODS: Record<string, Method> = {
    info: ({ locationId, companyId, app, now }) => ({ locationId, companyId, app, now: now() }),
    now: (sandbox) => sandbox.now(),
    advance: (sandbox, { ms }) => sandbox.advance(ms as number),
    reset: (sandbox) => sandbox.reset(),
    state: (sandbox) => sandbox.state(),
    requests: (sandbox) => sandbox.requests,
    token: (sandbox, given) => sandbox.token(given),
    install: (sandbox, given) => sandbox.install(given),
    uninstall: (sandbox, given) => sandbox.uninstall(given),
    createOrder: (sandbox, given) => sandbox.createOrder(given),
    records: (sandbox, given) => sandbox.records(given as never),
    changeRecord: (sandbox, given) => sandbox.changeRecord(given as never),
    deleteRecord: (sandbox, given) => sandbox.deleteRecord(given as never),
    addFault: ({ faults }, { fault, ...options }) =>
        faults.add(fault as string, options as Parameters<SandboxFaults["add"]>[1]),
    clearFaults: ({ faults }) => faults.clear(),
    connectProvider: (sandbox, given) => sandbox.connectProvider(given),
    timeline: (sandbox, given) => sandbox.timeline(given),
    checkout: async (sandbox, given) => plain(await sandbox.checkout(given)),
    session: async (sandbox, { id }) => plain(await sandbox.session(id as string)),
    receive: async (sandbox, { id, text, data }) => (await sandbox.session(id as string)).receive(text ?? data),
    verify: async (sandbox, { id }) => (await sandbox.session(id as string)).verify(),
    close: async (sandbox, { id }) => (await sandbox.session(id as string)).close(),
    listPaymentMethods: (sandbox, given) => sandbox.listPaymentMethods(given as never),
    charge: (sandbox, given) => sandbox.charge(given as never),
    createSubscription: (sandbox, given) => sandbox.createSubscription(given as never),
    cancelSubscription: (sandbox, given) => sandbox.cancelSubscription(given as never),
    refund: (sandbox, given) => sandbox.refund(given as never),
};

/** A checkout as JSON can hold it: its state is no field of its own. */
function plain(session: { readonly state: string }): object {
    return { ...session, state: session.state };
}

/**
 * Makes a handler that serves a sandbox over HTTP: what `sandbox.fetch` answers, and below `/sandbox/` everything by which
 * `connectSandbox` steers it.
 *
 * ```ts
 * import { createSandbox, serveSandbox } from "ghl-payments/sandbox";
 *
 * const handle = serveSandbox(createSandbox({ now: Date.now }));
 * ```
 *
 * @param sandbox What is served.
 * @param options Who may steer it.
 */
export function serveSandbox(sandbox: Sandbox, options: SteeringOptions = {}): (request: Request) => Promise<Response> {
    named("serveSandbox", options, ["cors", "secret"]);
    const { cors = false, secret } = options;
    if (typeof cors !== "boolean") throw new TypeError("serveSandbox: cors must be true or false");
    if (secret !== undefined && (typeof secret !== "string" || secret === "")) {
        throw new TypeError("serveSandbox: secret must be text that is not empty");
    }
    const handle = async (request: Request): Promise<Response> => {
        const url = new URL(request.url);
        if (!url.pathname.startsWith(PREFIX)) return sandbox.fetch(request);
        return steer(sandbox, request, url, cors, secret);
    };
    return cors ? withCors(handle) : handle;
}

async function steer(
    sandbox: Sandbox,
    request: Request,
    url: URL,
    cors: boolean,
    secret: string | undefined,
): Promise<Response> {
    const origin = request.headers.get("origin");
    if (!cors && origin !== null && origin !== url.origin) {
        return refuse(403, "pages of other origins may steer the sandbox only with cors: true (--cors)");
    }
    if (secret === undefined ? !isLocal(url.hostname) : request.headers.get("authorization") !== `Bearer ${secret}`) {
        return secret === undefined
            ? refuse(403, "the sandbox is steered under a name of this machine only, unless serveSandbox has a secret")
            : refuse(401, "the secret is missing, or is another one");
    }
    const name = url.pathname.slice(PREFIX.length);
    const method = Object.hasOwn(METHODS, name) ? METHODS[name] : undefined;
    if (method === undefined) return refuse(404, `the sandbox has no method "${name}"`);
    if (request.method !== "POST") return refuse(405, "the sandbox is steered with POST", { allow: "POST" });
    // A page cannot send this type to another origin without asking first.
    if (!/^application\/json\b/i.test(request.headers.get("content-type") ?? "")) {
        return refuse(415, "the options must be JSON, and Content-Type must say so");
    }
    let given: unknown;
    try {
        const text = await request.text();
        if (text.length > MOST_BYTES) return refuse(413, `the options have more than ${MOST_BYTES} bytes`);
        given = JSON.parse(text === "" ? "{}" : text);
    } catch {
        return refuse(400, "the options are no JSON");
    }
    if (typeof given !== "object" || given === null || Array.isArray(given)) {
        return refuse(400, "the options must be an object");
    }
    try {
        const value = await method(sandbox, given as Fields);
        return answer(200, value ?? null);
    } catch (error) {
        return refuse(400, error instanceof Error ? error.message : String(error));
    }
}

function isLocal(hostname: string): boolean {
    return hostname === "localhost" || hostname === "[::1]" || /^127(?:\.\d+){3}$/.test(hostname);
}

function answer(status: number, value: unknown, headers: Record<string, string> = {}): Response {
    const type = { "content-type": "application/json; charset=utf-8", "cache-control": "no-store" };
    return new Response(JSON.stringify(value), { status, headers: { ...type, ...headers } });
}

function refuse(status: number, message: string, headers?: Record<string, string>): Response {
    return answer(status, { message }, headers);
}

/** Adds what lets a page of any origin read the answers. */
function withCors(handler: (request: Request) => Promise<Response>): (request: Request) => Promise<Response> {
    return async (request) => {
        const asked = request.headers.get("access-control-request-headers");
        const preflight = request.method === "OPTIONS" && request.headers.has("access-control-request-method");
        const response = preflight ? new Response(null, { status: 204 }) : await handler(request);
        if (preflight) {
            response.headers.set("access-control-allow-methods", "GET, POST, PUT, DELETE");
            if (asked !== null) response.headers.set("access-control-allow-headers", asked);
            response.headers.set("access-control-max-age", "600");
        } else {
            response.headers.set("access-control-expose-headers", [...response.headers.keys()].join(", "));
        }
        response.headers.set("access-control-allow-origin", "*");
        return response;
    };
}
