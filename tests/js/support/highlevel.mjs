// HighLevel's OAuth endpoints, as far as the suites of the edge need them: single-use rotating refresh tokens, strict or with
// a grace, codes, tokens of locations, reconnects, the rate limit.

import { once } from "node:events";
import { createServer } from "node:http";

export const CLIENT_ID = "app-1";
export const CLIENT_SECRET = "client-secret-7d1f";
export const COMPANY = "companyOne0000000000";

const CAMEL = { access_token: "accessToken", refresh_token: "refreshToken", expires_in: "expiresIn", token_type: "tokenType" };

/**
 * `fetch` answers as HighLevel does; `posts` holds what was asked. `graceMs`: how long the refresh token before the last counts
 * once more; 0 is strict. `fault(post)` may give an answer of its own, `"drop"` to drop the connection before anything happens,
 * or `"drop after"` to drop it behind.
 */
export function highlevel({ graceMs = 0, now = Date.now, limit = 100, intervalMs = 10_000, lifetime = 86_399 } = {}) {
    let count = 0;
    const codes = new Map();
    /** By refresh token: whose it is, and when it was used. */
    const refreshes = new Map();
    /** By access token. */
    const accesses = new Map();
    /** What is installed, by `location:ID` and `company:ID`: the refresh token that counts. */
    const live = new Map();
    const windows = new Map();
    const posts = [];
    const self = {
        posts,
        live,
        refused: 0,
        graceMs,
        reconnects: true,
        fault: () => undefined,
        /** A code for a location or a company. */
        code(account) {
            const code = `code-${++count}`;
            codes.set(code, account);
            return code;
        },
        /** Tokens for an account, as an exchange gives them. */
        grant: (account) => tokens(account, true),
        /** Whether a token may still be used for requests. */
        accepts: (token) => accesses.has(token),
        /** Makes a location part of a company's installation. */
        install: (locationId, companyId = COMPANY) => live.set(`location:${locationId}`, `under ${companyId}`),
        /** As if the app was removed. */
        remove(account) {
            live.delete(keyOf(account));
            for (const [token, { key }] of refreshes) if (key === keyOf(account)) refreshes.delete(token);
        },
        async fetch(url, init) {
            const request = new Request(url, init);
            const { pathname } = new URL(request.url);
            const text = await request.text();
            const json = (request.headers.get("content-type") ?? "").includes("json");
            const fields = json ? JSON.parse(text) : Object.fromEntries(new URLSearchParams(text));
            const post = { path: pathname, method: request.method, headers: Object.fromEntries(request.headers), fields, at: now() };
            posts.push(post);
            const fault = await self.fault(post);
            if (fault instanceof Response) return fault;
            if (fault === "drop") throw new TypeError("fetch failed");
            const answer = self.answer(post);
            post.status = answer.status;
            if (fault === "drop after") throw new TypeError("fetch failed");
            return answer;
        },
        answer({ path, fields, headers }) {
            const v3 = headers.version === "v3";
            const written = (body) => (v3 ? Object.fromEntries(Object.entries(body).map(([k, v]) => [CAMEL[k] ?? k, v])) : body);
            const field = (v2, camel) => fields[v3 ? camel : v2];
            if (path === "/oauth/reconnect") {
                if (fields.clientKey !== CLIENT_ID || fields.clientSecret !== CLIENT_SECRET) return refuse(401, "invalid_client");
                const account = fields.locationId ? { locationId: fields.locationId, companyId: COMPANY } : { companyId: fields.companyId };
                if (!self.reconnects || !live.has(keyOf(account))) return refuse(400, "not_installed");
                return Response.json({ authorizationCode: self.code(account), expiresAt: new Date(now() + 60_000).toISOString(), traceId: "t" });
            }
            if (path === "/oauth/locationToken" || path === "/oauth/location-token") {
                if ((path === "/oauth/location-token") !== v3) return refuse(404, "not_found");
                const account = accesses.get((headers.authorization ?? "").replace("Bearer ", ""));
                if (account?.companyId !== fields.companyId || account.locationId) return refuse(401, "Invalid token: access token is invalid");
                const slot = Math.floor(now() / intervalMs);
                const [at, used] = windows.get(fields.companyId) ?? [slot, 0];
                windows.set(fields.companyId, [slot, at === slot ? used + 1 : 1]);
                const left = limit - windows.get(fields.companyId)[1];
                const limits = {
                    "x-ratelimit-max": `${limit}`,
                    "x-ratelimit-remaining": `${Math.max(left, 0)}`,
                    "x-ratelimit-interval-milliseconds": `${intervalMs}`,
                };
                if (left < 0) {
                    self.refused++;
                    return Response.json({ message: "Too many requests" }, { status: 429, headers: limits });
                }
                if (!live.has(`location:${fields.locationId}`)) return refuse(400, "Location not found");
                const body = tokens({ locationId: fields.locationId, companyId: fields.companyId }, false);
                return Response.json(written(body), { status: 201, headers: limits });
            }
            if (path !== "/oauth/token") return refuse(404, "not_found");
            if (field("client_id", "clientId") !== CLIENT_ID || field("client_secret", "clientSecret") !== CLIENT_SECRET) {
                return refuse(401, "invalid_client");
            }
            if (field("grant_type", "grantType") === "authorization_code") {
                const account = codes.get(fields.code);
                codes.delete(fields.code);
                if (!account) return refuse(401, "UnAuthorized!", "Authorization code not found");
                return Response.json(written(tokens(account, true)));
            }
            const known = refreshes.get(field("refresh_token", "refreshToken"));
            if (!known || (known.used !== undefined && now() - known.used >= self.graceMs)) {
                return refuse(400, "invalid_grant", "This refresh token is invalid");
            }
            known.used ??= now();
            return Response.json(written(tokens(known.account, true)));
        },
    };

    function tokens(account, own) {
        const n = ++count;
        const key = keyOf(account);
        accesses.set(`access-${n}-${key}`, account);
        const body = {
            access_token: `access-${n}-${key}`,
            token_type: "Bearer",
            expires_in: lifetime,
            scope: "payments/orders.readonly",
            userType: account.locationId ? "Location" : "Company",
            companyId: account.companyId ?? COMPANY,
            userId: "user-1",
        };
        if (account.locationId) body.locationId = account.locationId;
        if (!own) return body;
        refreshes.set(`refresh-${n}-${key}`, { key, account, used: undefined });
        live.set(key, `refresh-${n}-${key}`);
        if (account.approvedLocations) Object.assign(body, { isBulkInstallation: true, approvedLocations: account.approvedLocations });
        return { ...body, refresh_token: `refresh-${n}-${key}` };
    }
    return self;
}

function keyOf({ locationId, companyId }) {
    return locationId ? `location:${locationId}` : `company:${companyId}`;
}

function refuse(status, error, description) {
    return Response.json(description ? { error, error_description: description } : { error, message: error }, { status });
}

/** The same over HTTP, for runtimes that run elsewhere. */
export async function serve(endpoints) {
    const server = createServer(async (request, response) => {
        const chunks = [];
        for await (const chunk of request) chunks.push(chunk);
        const { method, headers } = request;
        const body = chunks.length > 0 ? Buffer.concat(chunks) : undefined;
        for (const name of ["connection", "content-length", "host", "transfer-encoding"]) delete headers[name];
        try {
            const answer = await endpoints.fetch(`http://127.0.0.1${request.url}`, { method, headers, body });
            response.writeHead(answer.status, Object.fromEntries(answer.headers));
            response.end(Buffer.from(await answer.arrayBuffer()));
        } catch {
            request.socket.destroy();
        }
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    return {
        baseUrl: `http://127.0.0.1:${server.address().port}`,
        close() {
            server.closeAllConnections();
            server.close();
        },
    };
}
