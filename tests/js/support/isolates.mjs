// Workers that share one store, each in an isolate of its own, against the stub of HighLevel's endpoints.

import { execFileSync } from "node:child_process";
import { COMPANY } from "./highlevel.mjs";
import { LOCATION } from "./stub.mjs";
import { bundleWorker, tool } from "./support.mjs";

export const account = { locationId: LOCATION, companyId: COMPANY };

/** An app as a developer writes it; `hook` lets a test stop it between two steps. */
const WORKER = `
    import { createOAuth, d1Store, durableStore } from "ghl-payments/edge";
    export { TokenKeeper } from "ghl-payments/cloudflare";

    let oauth;
    function app(env) {
        const inner = env.STORE === "d1" ? d1Store(env.DB, { leaseMs: env.LEASE }) : durableStore(env.TOKENS);
        const tell = (name) => (env.HOOKS ? fetch(env.BASE + "/hook/" + name).then((response) => response.text()) : undefined);
        const store = {
            run: (id, work) => inner.run(id, (tx) => work({
                get: () => tx.get(),
                put: async (row) => {
                    await tell("before");
                    await tx.put(row);
                    await tell("behind");
                },
            })),
        };
        return createOAuth({
            clientId: env.CLIENT_ID, clientSecret: env.CLIENT_SECRET, redirectUri: "https://app.example/callback",
            scopes: ["payments/orders.readonly"], baseUrl: env.BASE, unsolicited: true, store,
        });
    }

    export default {
        async fetch(request, env, context) {
            oauth ??= app(env);
            const { pathname, searchParams } = new URL(request.url);
            const location = searchParams.get("location");
            const refused = searchParams.get("refused") ?? undefined;
            const told = async (work) => Response.json(await work().then((value) => ({ value }), (error) => ({ code: error.code, message: String(error) })));
            if (pathname === "/callback") return told(() => oauth.callback(request));
            if (pathname === "/token") return told(() => oauth.token(location, { refused }));
            if (pathname === "/install") {
                const [companyId, timestamp] = [searchParams.get("company"), searchParams.get("timestamp")];
                return told(() => oauth.onInstall({ type: "INSTALL", locationId: location, companyId, timestamp }));
            }
            if (pathname === "/abandon") {
                oauth.token(location, { refused }).catch(() => {});
                return Response.json({});
            }
            return new Response("no such route", { status: 404 });
        },
    };
`;

/**
 * `count` isolates with one store, `"d1"` or `"durable"`. `persist` is a folder that outlives them. `ask` gives what a route
 * says in one of them.
 */
export async function startIsolates({ count, store, baseUrl, clientId, clientSecret, hooks = false, lease = 15_000, persist }) {
    const main = "isolate-0";
    const bindings = {
        STORE: store, BASE: baseUrl, CLIENT_ID: clientId, CLIENT_SECRET: clientSecret, LEASE: lease, HOOKS: hooks,
    };
    const keeper = { className: "TokenKeeper", useSQLite: true };
    const before = children();
    const modules = await bundleWorker(WORKER);
    const worker = new (tool("miniflare").Miniflare)({
        workers: Array.from({ length: count }, (_, i) => ({
            name: `isolate-${i}`,
            modules,
            bindings,
            compatibilityDate: "2025-09-01",
            durableObjects: { TOKENS: i === 0 ? keeper : { ...keeper, scriptName: main } },
            d1Databases: { DB: "tokens" },
        })),
        ...(persist && { durableObjectsPersist: `${persist}/objects`, d1Persist: `${persist}/d1` }),
    });
    await worker.ready;
    const fetchers = await Promise.all(Array.from({ length: count }, (_, i) => worker.getWorker(`isolate-${i}`)));
    const pids = children().filter((pid) => !before.includes(pid));
    return {
        async ask(isolate, path) {
            const response = await fetchers[isolate].fetch(`https://app.example${path}`);
            return response.json();
        },
        /** Ends the runtime as a power cut does. */
        kill() {
            for (const pid of pids) process.kill(pid, "SIGKILL");
        },
        dispose: () => worker.dispose(),
    };
}

/** The runtimes that this process has started. */
function children() {
    try {
        return execFileSync("pgrep", ["-P", `${process.pid}`, "workerd"], { encoding: "utf8" }).split("\n").filter(Boolean).map(Number);
    } catch {
        return [];
    }
}
