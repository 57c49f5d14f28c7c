// Attacks on a proxy, for every runtime: this imports nothing, the package comes as an argument.

const APP = "https://app.example";
const SHOP = "https://shop.example";
const LOCATION = "ve9EPM428h8vShlRW1KT";
const OTHER = "XX9EPM428h8vShlRW1XX";
const ID = "653f6ba4d84bcc7b3d5bb8a1";
const TOKEN = "pit-8f6a7c1e-0d3b/secret.token";
const JSON_TYPE = { "content-type": "application/json" };

/** What an answer may have for headers. */
const ALLOWED = new Set([
    "access-control-allow-credentials",
    "access-control-allow-headers",
    "access-control-allow-methods",
    "access-control-allow-origin",
    "access-control-expose-headers",
    "access-control-max-age",
    "allow",
    "cache-control",
    "content-type",
    "date",
    "retry-after",
    "vary",
    "x-content-type-options",
    "x-ratelimit-daily-remaining",
    "x-ratelimit-interval-milliseconds",
    "x-ratelimit-limit-daily",
    "x-ratelimit-max",
    "x-ratelimit-remaining",
]);

/** What is granted: whatever an attack is about is among it. */
const GRANTED = [
    "integrations.createWhitelabel", "integrations.listWhitelabel", "orders.list", "orders.get", "orders.recordPayment",
    "orders.createFulfillment", "orders.listFulfillments", "orders.listNotes", "transactions.list", "transactions.get",
    "subscriptions.list", "subscriptions.get", "coupons.list", "coupons.get", "coupons.create", "coupons.update",
    "coupons.delete", "customProvider.create", "customProvider.delete", "customProvider.getConfig",
    "customProvider.connect", "customProvider.disconnect", "customProvider.updateCapabilities",
];

const ORDER = { _id: ID, altId: LOCATION, altType: "location", amount: 5, currency: "USD", status: "pending" };
const PAGE = { data: [ORDER], totalCount: 1 };

const attacks = [];

/**
 * An attack. `want` holds the status; `calls`, how often HighLevel may be called (0 unless said); `sent`, what must be wrong with
 * no request that left.
 */
function attack(title, ask, want, more = {}) {
    attacks.push({ title, ask, want, calls: 0, ...more });
}

const get = (path, headers = {}) => ({ method: "GET", url: `${APP}${path}`, headers });
const list = (query) => get(`/api/payments/orders?${query}`);
const send = (method, path, body, headers = {}) => ({ method, url: `${APP}${path}`, headers: { ...JSON_TYPE, ...headers }, body });
const pay = (body, headers) => send("POST", `/api/payments/orders/${ID}/record-payment`, body, headers);
const coupon = (body, headers) => send("POST", "/api/payments/coupon", body, headers);
const CASH = '{"mode":"cash"}';

// Paths.
for (const path of [
    "/",
    "/api",
    "/api/",
    "//api/payments/orders",
    "/api//payments/orders",
    "/api/payments/orders/",
    "/api/payments//orders",
    "/API/payments/orders",
    "/api/Payments/orders",
    "/apievil/payments/orders",
    "/payments/orders",
    "/api/oauth/token",
    "/api/oauth/locationToken",
    "/api/../oauth/token",
    "/api/%2e%2e/oauth/token",
    "/api/payments/../../oauth/token",
    "/api/payments/orders/%2e%2e%2f%2e%2e%2foauth%2ftoken",
    "/api/payments/orders/..%2f..%2foauth",
    "/api\\..\\oauth\\token",
    "/api/payments/orders/%5c..%5ccoupon",
    "/api/payments/orders/%00",
    `/api/payments/orders/${ID}%00`,
    "/api/payments/orders/%0d%0aX-Evil:%201",
    "/api/payments/orders/%252e%252e",
    "/api/payments/orders/%25%32%66",
    `/api/payments/orders/${ID};x=y`,
    "/api/payments;/orders",
    "/api/payments/orders/@evil.example",
    "/api/@evil.example/payments/orders",
    "/api/payments/orders/https:%2f%2fevil.example",
    `/api/payments/orders/${ID}%20`,
    "/api/payments/orders/%E2%80%AE",
    "/api/payments/orders/\u00e9",
    "/api/payments/orders/*",
    "/api/payments/orders/a.b",
    `/api/payments/orders/${ID}%2Fnotes`,
    `/api/payments/orders/${ID}/notes/extra`,
    `/api/payments/orders/${"a".repeat(65)}`,
    "/api/payments/coupon/list/",
    "/api/locations/search",
    "/api/contacts/",
]) {
    attack(`path ${path}`, get(path), 404);
}

// Methods.
for (const method of ["HEAD", "PATCH", "PUT", "DELETE", "PURGE", "OPTIONS", "PROPFIND"]) {
    attack(`method ${method}`, { method, url: `${APP}/api/payments/orders`, headers: {} }, 405);
}
for (const method of ["TRACE", "CONNECT", "get", "GET ", "GET\r\nX: y", ""]) {
    attack(`method ${JSON.stringify(method)} of a Request of somebody's own`, { made: { method } }, 405);
}
for (const name of ["x-http-method-override", "x-http-method", "x-method-override"]) {
    attack(`header ${name}`, get("/api/payments/orders", { [name]: "DELETE" }), 405);
}
attack("upgrade", { made: { headers: { upgrade: "websocket" } } }, 405);
attack("_method", list("_method=DELETE"), 422);

// Queries.
for (const [query, status] of [
    [`altId=${OTHER}`, 403],
    [`locationId=${OTHER}`, 403],
    [`altId=${LOCATION}&altId=${OTHER}`, 422],
    [`altId=${OTHER}&altId=${LOCATION}`, 403],
    [`altId[]=${OTHER}`, 422],
    [`altId%5B%5D=${OTHER}`, 422],
    [`altId[0]=${OTHER}`, 422],
    [`ALTID=${OTHER}`, 422],
    [`altid=${OTHER}`, 422],
    [`a%6CtId=${OTHER}`, 422],
    [`%61ltId=${OTHER}`, 422],
    [`altId%00=${OTHER}`, 422],
    [`altId=${LOCATION}%00${OTHER}`, 422],
    [`altId=${LOCATION}%20`, 403],
    [`altId=${LOCATION},${OTHER}`, 403],
    [`limit=1;altId=${OTHER}`, 422],
    [`search=a;altId=${OTHER}`, 422],
    ["altType=company", 422],
    ["altType=Location", 422],
    ["companyId=x", 422],
    ["limit=1&limit=100000", 422],
    ["limit=1e9", 422],
    ["limit=-1", 422],
    ["limit=0x10", 422],
    ["limit=99999999999", 422],
    ["search=%ff%fe", 422],
    ["search=%C0%AF", 422],
    ["search=%", 422],
    ["search=%00", 422],
    ["startAt=1;drop", 422],
    ["__proto__=x", 422],
    ["constructor=x", 422],
    ["=x", 422],
    ["altId", 403],
]) {
    attack(`query ${query}`, list(query), status);
}
attack("a query of an operation with a body", coupon(CASH), 422);
attack("altId in the query of a write", send("POST", `/api/payments/orders/${ID}/record-payment?altId=${OTHER}`, CASH), 422);
attack("another locationId in the query of a write", send("DELETE", `/api/payments/custom-provider/provider?locationId=${OTHER}`), 403);

// Bodies.
const bytes = (...parts) => {
    const out = parts.flatMap((part) => (typeof part === "number" ? [part] : [...new TextEncoder().encode(part)]));
    return new Uint8Array(out);
};
for (const [title, body, status] of [
    ["of another location", `{"mode":"cash","altId":"${OTHER}"}`, 403],
    ["with altId twice", `{"altId":"${LOCATION}","mode":"cash","altId":"${OTHER}"}`, 403],
    ["with altId twice, the other one first", `{"altId":"${OTHER}","mode":"cash","altId":"${LOCATION}"}`, 403],
    ["with an escaped key", `{"mode":"cash","alt\\u0049d":"${OTHER}"}`, 422],
    ["with a list for altId", `{"mode":"cash","altId":["${LOCATION}","${OTHER}"]}`, 422],
    ["with an object for altId", '{"mode":"cash","altId":{"$ne":null}}', 422],
    ["with null for altId", '{"mode":"cash","altId":null}', 422],
    ["of a company", '{"mode":"cash","altType":"company"}', 422],
    ["with companyId", '{"mode":"cash","companyId":"x"}', 422],
    ["with locationId", `{"mode":"cash","locationId":"${OTHER}"}`, 422],
    ["with altId[]", `{"mode":"cash","altId[]":"${OTHER}"}`, 422],
    ["with ALTID", `{"mode":"cash","ALTID":"${OTHER}"}`, 422],
    ["with __proto__", `{"mode":"cash","__proto__":{"altId":"${OTHER}"}}`, 422],
    ["with __proto__ inside", '{"mode":"cash","meta":{"__proto__":{"a":1}}}', 422],
    ["with an escaped __proto__", '{"mode":"cash","meta":{"__pr\\u006fto__":{"a":1}}}', 422],
    ["with constructor", '{"mode":"cash","constructor":{"prototype":{}}}', 422],
    ["with a key twice inside", '{"mode":"cash","meta":{"a":1,"a":2}}', 422],
    ["with mode twice", '{"mode":"cash","mode":"card"}', 422],
    ["with a list for text", '{"mode":["cash"]}', 422],
    ["with an amount of text", '{"mode":"cash","amount":"1"}', 422],
    ["with an endless amount", '{"mode":"cash","amount":1e999}', 422],
    ["with a negative amount", '{"mode":"cash","amount":-5}', 422],
    ["with an unknown field", '{"mode":"cash","isAdmin":true}', 422],
    ["with NUL", '{"mode":"cash","notes":"a\\u0000b"}', 422],
    ["with half of a surrogate pair", '{"mode":"cash","notes":"\\ud800"}', 422],
    ["with a byte order mark", bytes(0xef, 0xbb, 0xbf, CASH), 422],
    ["of bad UTF-8", bytes('{"mode":"cash","notes":"', 0xff, '"}'), 422],
    ["of overlong UTF-8", bytes('{"mode":"cash","notes":"', 0xc0, 0xaf, '"}'), 422],
    ["of UTF-16", bytes(...[...CASH].flatMap((c) => [c.charCodeAt(0), 0])), 422],
    ["that is empty", "", 422],
    ["that is a list", `[${CASH}]`, 422],
    ["that is text", '"cash"', 422],
    ["with something behind", `${CASH}{}`, 422],
    ["with a comment", `{"mode":"cash"/**/}`, 422],
    ["with single quotes", "{'mode':'cash'}", 422],
    ["that is a form", "mode=cash&altId=x", 422],
    ["that is deep", `{"mode":"cash","meta":${"[".repeat(5000)}${"]".repeat(5000)}}`, 422],
    ["with many fields", `{"mode":"cash","meta":{${Array.from({ length: 300 }, (_, i) => `"f${i}":1`)}}}`, 422],
]) {
    attack(`body ${title}`, pay(body), status);
}
attack("companyId of the capabilities", send("PUT", "/api/payments/custom-provider/capabilities", '{"supportsSubscriptionSchedules":true,"companyId":"c"}'), 403);
attack("another locationId of the capabilities", send("PUT", "/api/payments/custom-provider/capabilities", `{"supportsSubscriptionSchedules":true,"locationId":"${OTHER}"}`), 403);
attack("a body where none belongs", send("DELETE", "/api/payments/custom-provider/provider", `{"locationId":"${OTHER}"}`), 422);

// Where it comes from.
for (const [headers, status] of [
    [{ origin: "null" }, 403],
    [{ origin: "https://evil.example" }, 403],
    [{ origin: "https://evil.example", "sec-fetch-site": "same-origin" }, 403],
    [{ origin: "https://app.example.evil.example" }, 403],
    [{ origin: "https://evilapp.example" }, 403],
    [{ origin: "http://app.example" }, 403],
    [{ origin: "https://app.example:8443" }, 403],
    [{ origin: "https://APP.example" }, 403],
    [{ origin: "https://app.example/" }, 403],
    [{ origin: "https://app.example, https://evil.example" }, 403],
    [{ origin: "https://sub.shop.example" }, 403],
    [{ origin: "https://shop.example.evil.example", "sec-fetch-site": "cross-site" }, 403],
    [{ origin: APP, "sec-fetch-site": "cross-site" }, 403],
    [{ origin: APP, "sec-fetch-site": "same-site" }, 403],
    [{ "sec-fetch-site": "cross-site" }, 403],
    [{ "sec-fetch-site": "same-site" }, 403],
]) {
    attack(`a payment from ${JSON.stringify(headers)}`, pay(CASH, headers), status);
    attack(`a list from ${JSON.stringify(headers)}`, get("/api/payments/orders", headers), status);
}
attack("a payment that somebody typed", pay(CASH, { "sec-fetch-site": "none" }), 403);
for (const origin of ["https://evil.example", "null"]) {
    const headers = { origin, "access-control-request-method": "POST", "access-control-request-headers": "content-type" };
    attack(`a preflight from ${origin}`, { method: "OPTIONS", url: `${APP}/api/payments/coupon`, headers }, 403);
}
for (const type of [
    "text/plain",
    "text/plain; application/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/json; charset=utf-16",
    "application/json, text/plain",
    "application/jsonp",
    "application/merge-patch+json",
    "text/json",
]) {
    attack(`a body of type ${type}`, pay(CASH, { "content-type": type }), 415);
}
attack("a compressed body", pay(CASH, { "content-encoding": "gzip" }), 415);

// What is too much.
const large = JSON.stringify({ mode: "cash", notes: "x".repeat(70_000) });
attack("a large body", pay(large), 413);
attack("a large body, in pieces", { ...pay(large), pieces: 1000 }, 413);
attack("a body without an end", { ...pay(""), pieces: Infinity }, 413);
attack("a length that says more than there is", { made: { body: CASH, length: "9999999" } }, 413);

// Who asks.
const granted = (title, authorize, status) => attack(`authorize ${title}`, list("limit=1"), status, { authorize });
granted("gives null", () => null, 401);
granted("gives undefined", () => undefined, 401);
granted("gives false", () => false, 401);
granted("gives a promise of nothing", async () => undefined, 401);
granted("throws", () => {
    throw new Error(`no session, ${TOKEN}`);
}, 500);
granted("rejects", () => Promise.reject(new Error("down")), 500);
granted("gives text", () => "yes", 500);
granted("gives true", () => true, 500);
granted("gives no location", () => ({ operations: GRANTED }), 500);
granted("gives a location that is no text", () => ({ locationId: { toString: () => LOCATION } }), 500);
granted("gives an empty location", () => ({ locationId: "" }), 500);
granted("gives a location with line breaks", () => ({ locationId: "a\r\nb" }), 500);
granted("gives an operation that there is not", () => ({ locationId: LOCATION, operations: ["orders.list", "orders.*"] }), 500);
granted("gives a wildcard", () => ({ locationId: LOCATION, operations: "*" }), 500);
granted("gives 'write'", () => ({ locationId: LOCATION, operations: "write" }), 500);
granted("gives null operations", () => ({ locationId: LOCATION, operations: null }), 500);
granted("gives a set of operations", () => ({ locationId: LOCATION, operations: new Set(GRANTED) }), 500);
granted("gives a function of operations", () => ({ locationId: LOCATION, operations: () => true }), 500);
granted("gives a getter that throws", () => ({ locationId: LOCATION, get operations() { throw new Error("no"); } }), 500);
granted("gives a location whose JSON is another", () => ({ locationId: Object.assign(new String(OTHER), { toJSON: () => LOCATION }) }), 500);
granted("gives no operations", () => ({ locationId: LOCATION, operations: [] }), 403);
granted("gives others", () => ({ locationId: LOCATION, operations: ["orders.get", "coupons.list"] }), 403);
attack("a payment of one who may read", pay(CASH), 403, { authorize: () => ({ locationId: LOCATION }) });
attack("a coupon of one who may pay", coupon("{}"), 403, { authorize: () => ({ locationId: LOCATION, operations: ["orders.recordPayment"] }) });
for (const [title, token] of [
    ["throws", () => { throw new Error(`refresh failed: ${TOKEN}`); }],
    ["gives nothing", () => undefined],
    ["gives two lines", () => `${TOKEN}\r\nX-Evil: 1`],
    ["gives an object", () => ({ access_token: TOKEN })],
]) {
    attack(`token ${title}`, list("limit=1"), 502, { token });
    attack(`token ${title}, of a write`, coupon('{"name":"n","code":"c","discountType":"amount","discountValue":1,"startDate":"2024-06-01T00:00:00Z"}'), 424, { token });
}

// Records of others.
const foreign = { ...ORDER, altId: OTHER };
const belt = (title, ask, record, calls, status = 404) => attack(title, ask, status, { calls, upstream: () => Response.json(record), wrote: 0 });
belt("an order of another location", get(`/api/payments/orders/${ID}`), foreign, 1);
belt("an order whose locationId is another one", get(`/api/payments/orders/${ID}`), { ...ORDER, locationId: OTHER }, 1);
belt("a list with a record of another location", list("limit=5"), { data: [ORDER, foreign], totalCount: 2 }, 1);
belt("a payment on an order of another location", pay(CASH), foreign, 1);
belt("a fulfillment of an order of another location", send("POST", `/api/payments/orders/${ID}/fulfillments`, '{"trackings":[],"items":[{"priceId":"p","qty":1}],"notifyCustomer":false}'), foreign, 1);
belt("a change of a coupon of another location", send("PUT", "/api/payments/coupon", '{"id":"c","name":"n","code":"c","discountType":"amount","discountValue":1,"startDate":"2024-06-01T00:00:00Z"}'), foreign, 1);
belt("the end of a coupon of another location", send("DELETE", "/api/payments/coupon", '{"id":"c"}'), foreign, 1);

// What HighLevel's side could do.
const hostile = (title, status, upstream) => attack(`upstream ${title}`, get(`/api/payments/orders/${ID}`), status, { calls: 1, upstream });
hostile("sets cookies and opens its answers", 200, () => Response.json(ORDER, { headers: { "set-cookie": "a=b", "access-control-allow-origin": "*", "cache-control": "public, max-age=9", "x-secret": TOKEN, link: "<x>", server: "x" } }));
hostile("echoes the header", 200, (request) => Response.json({ ...ORDER, echo: request.headers.get("authorization") }));
hostile("echoes the header with escapes", 200, () => new Response(JSON.stringify({ ...ORDER, echo: TOKEN }).replaceAll("/", "\\/").replaceAll(".", "\\u002e"), { headers: JSON_TYPE }));
hostile("echoes the header in a key", 200, () => Response.json({ ...ORDER, [TOKEN]: 1 }));
hostile("echoes the header in an error", 401, () => Response.json({ statusCode: 401, message: `Invalid token ${TOKEN}`, traceId: TOKEN }, { status: 401 }));
hostile("echoes the header in a list of messages", 422, () => Response.json({ message: [TOKEN, `${TOKEN} is bad`] }, { status: 422 }));
hostile("echoes the header in a page", 502, () => new Response(`<html>${TOKEN}</html>`));
hostile("echoes the header in an error page", 500, () => new Response(`<html>${TOKEN}</html>`, { status: 500 }));
hostile("echoes the header in what breaks off", 200, () => new Response(`{"_id":"${ID}","echo":"${TOKEN}`));
hostile("redirects", 502, () => new Response(null, { status: 302, headers: { location: `https://evil.example/?t=${TOKEN}` } }));
hostile("redirects for good", 502, () => new Response(null, { status: 308, headers: { location: "https://evil.example/" } }));
hostile("answers with nothing", 200, () => new Response(null, { status: 204 }));
hostile("throws", 502, () => { throw new Error(`lost ${TOKEN}`); });
hostile("gives no Response", 502, () => ({ ok: true }));
hostile("says 429 with a date", 429, () => Response.json({ message: "slow" }, { status: 429, headers: { "retry-after": "7", "x-ratelimit-max": "100\t" } }));
hostile("says 403 with a page", 403, () => new Response("error code: 1010", { status: 403 }));

// Nothing of the request travels.
const travels = (title, ask) => attack(title, ask, 200, { calls: 1, upstream: () => Response.json(PAGE), clean: true });
for (const headers of [
    { authorization: "Bearer stolen", cookie: "a=b" },
    { host: "evil.example", "x-forwarded-host": "evil.example", forwarded: "host=evil.example" },
    { "x-original-url": "/oauth/token", "x-rewrite-url": "/oauth/token" },
    { version: "v3", accept: "text/html", "user-agent": "evil" },
    { "x-forwarded-for": "127.0.0.1", "true-client-ip": "127.0.0.1", via: "evil" },
    { range: "bytes=0-1", "if-none-match": "*", "transfer-encoding": "chunked" },
]) {
    travels(`headers ${Object.keys(headers)}`, { made: { headers } });
}
travels("a path that the URL parser resolves", get("/api/payments/coupon/../orders?limit=1"));
travels("the grant's own location", list(`altId=${LOCATION}&altType=location&locationId=${LOCATION}`));
travels("a fragment and a user", { made: { url: `https://user:pw@app.example/api/payments/orders?limit=1#x` } });
travels("values that are written anew", list("search=%41%2f..%2f%26altId%3dx"));

// Requests of somebody's own making.
attack("a URL that is none", { made: { url: "/api/payments/orders" } }, 404);
attack("a URL that throws", { made: { throwing: "url" } }, 404);
attack("a method that throws", { made: { throwing: "method" } }, 500);
attack("headers that throw", { made: { headers: { get() { throw new Error("no"); } } } }, 200, { calls: 1, upstream: () => Response.json(PAGE) });
attack("a body that breaks off", { made: { broken: true } }, 400);
attack("a body of texts", { made: { texts: true } }, 400);

/** A Request with a stream that breaks off or gives texts. */
function made({ body, broken, texts, length, throwing, headers = {}, ...rest }) {
    const posts = body !== undefined || broken || texts;
    const all = new Map(Object.entries({ ...(posts && JSON_TYPE), ...(length && { "content-length": length }), ...headers }));
    const stream = (pull) => new ReadableStream({ pull });
    const given = broken
        ? stream((controller) => controller.error(new Error("gone")))
        : texts
          ? stream((controller) => (controller.enqueue(CASH), controller.close()))
          : body === undefined
            ? null
            : stream((controller) => (controller.enqueue(new TextEncoder().encode(body)), controller.close()));
    const own = {
        method: posts ? "POST" : "GET",
        url: posts ? `${APP}/api/payments/orders/${ID}/record-payment` : `${APP}/api/payments/orders?limit=1`,
        headers: typeof headers.get === "function" ? headers : { get: (name) => all.get(name.toLowerCase()) ?? null },
        body: given,
        bodyUsed: false,
        clone() {
            return this;
        },
    };
    const fail = () => {
        throw new Error("no");
    };
    return Object.defineProperties(Object.assign(own, rest), throwing ? { [throwing]: { get: fail } } : {});
}

function requestOf(ask, signal) {
    if (ask.made) return made(ask.made);
    const { method, url, headers, body, pieces } = ask;
    if (pieces === undefined) return new Request(url, { method, headers, body: body === "" ? new Uint8Array() : body, signal });
    let left = pieces;
    const piece = new TextEncoder().encode(body.slice(0, 100).padEnd(100, " "));
    const stream = new ReadableStream({
        pull(controller) {
            if (left-- > 0) controller.enqueue(piece);
            else controller.close();
        },
    });
    return new Request(url, { method, headers, body: stream, duplex: "half" });
}

/** Whether a text holds the token, as it is or with escapes. */
function holdsToken(text) {
    const plain = text.replaceAll("\\/", "/").replaceAll(/\\u([0-9a-f]{4})/gi, (_, code) => String.fromCharCode(parseInt(code, 16)));
    return [text, plain, decodeURIComponent(text.replaceAll("%", "%25"))].some((one) => one.includes(TOKEN) || one.includes("8f6a7c1e"));
}

/** Carries out all attacks. Gives how many there are and what went wrong, one line for each. */
export async function perform({ createProxy }) {
    const wrong = [];
    const figures = { attacks: 0, calls: 0, refused: 0, tokens: 0, escapes: 0 };
    for (const { title, ask, want, calls, upstream, authorize, token, wrote, clean } of attacks) {
        figures.attacks += 1;
        const requests = [];
        const events = [];
        const proxy = createProxy({
            authorize: authorize ?? (() => ({ locationId: LOCATION, operations: GRANTED })),
            token: token ?? (() => TOKEN),
            origins: [SHOP],
            limiter: false,
            onEvent: (event) => events.push(event),
            fetch: async (url, init) => {
                requests.push({ url, ...init });
                if (upstream === undefined) return Response.json(PAGE);
                return upstream({ headers: new Headers(init.headers) });
            },
        });
        const complain = (what) => {
            figures.escapes += 1;
            wrong.push(`${title}: ${what}`);
        };
        let response;
        try {
            response = await proxy(requestOf(ask));
        } catch (error) {
            complain(`it threw ${error?.stack}`);
            continue;
        }
        const text = await response.text();
        const headers = [...response.headers];
        if (response.status !== want) complain(`status ${response.status}, expected ${want}: ${text.slice(0, 200)}`);
        if (response.status >= 400) figures.refused += 1;
        if (requests.length !== calls) complain(`${requests.length} calls of HighLevel, expected ${calls}`);
        if (calls === 0) figures.calls += requests.length;
        if (wrote === 0 && requests.some(({ method }) => method !== "GET")) complain("something was changed");
        const said = [text, ...headers.flat(), JSON.stringify(events.map(({ cause, ...event }) => event))];
        if (said.some(holdsToken)) {
            figures.tokens += 1;
            complain(`a token in the answer: ${said.find(holdsToken)}`);
        }
        for (const [name] of headers) if (!ALLOWED.has(name)) complain(`the header ${name}`);
        if (headers.some(([name]) => name.startsWith("access-control-"))) complain("CORS for somebody who is not listed");
        if (response.headers.get("cache-control") !== "private, no-store") complain("it may be kept");
        if (response.headers.get("x-content-type-options") !== "nosniff") complain("it may be sniffed");
        if (response.headers.get("content-type") !== "application/json") complain("it is no JSON");
        if (response.status >= 400 && typeof JSON.parse(text).statusCode !== "number") complain(`not in HighLevel's form: ${text}`);
        if (response.status >= 400 && calls === 0 && events.length === 0) complain("no event");
        for (const { url, method, headers, body, redirect } of requests) {
            const { origin, pathname, searchParams } = new URL(url);
            const names = Object.keys(headers).map((name) => name.toLowerCase());
            const known = ["accept", "authorization", "content-type", "user-agent", "version"];
            if (origin !== "https://services.leadconnectorhq.com") complain(`it went to ${origin}`);
            if (!names.every((name) => known.includes(name))) complain(`it was sent with ${names}`);
            if (headers.Authorization !== `Bearer ${TOKEN}`) complain(`another token was sent: ${headers.Authorization}`);
            if (headers.Version !== "2021-07-28" || headers.Accept !== "application/json") complain("other headers were sent");
            if (redirect !== "manual") complain("redirects are followed");
            const accounts = [...searchParams.getAll("altId"), ...searchParams.getAll("locationId")];
            if (accounts.some((id) => id !== LOCATION)) complain(`it went to the account ${accounts}`);
            if (method !== "GET" && JSON.parse(body ?? "{}").altId === OTHER) complain("it changed another account");
            if (clean && pathname !== "/payments/orders") complain(`it went to ${pathname}`);
        }
    }
    return { figures, wrong };
}
