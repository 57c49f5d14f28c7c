import { randomBytes } from "node:crypto";
import { parseArgs } from "node:util";
import { createSandbox, type SandboxChecks } from "../entries/sandbox.js";
import { UsageError } from "./usage.js";

export const PROVIDER_CHECK_USAGE = `Usage: ghl-payments provider-check <queryUrl> [options]
       ghl-payments provider-check --payments-url <url> [options]

Plays HighLevel against your own custom payment provider, over HTTP, and says what would go wrong.

  --payments-url <url>
               the page that HighLevel's checkout embeds: whether it can be
  --api-key <key>
               the secret that was connected for the TEST mode; better in the environment variable
               GHL_API_KEY. Without it only what strangers may do is tried. With it your handlers are asked
               about charges, methods and subscriptions that do not exist; what does may be named with
  --location-id <id>   the location of that key; without it what names a location is skipped
  --contact-id <id>    a contact whose saved payment methods are listed
  --charge-id <id>     a charge that your gateway knows as paid
  --transaction-id <id>, --subscription-id <id>
                       what that charge pays at HighLevel: with --charge-id the transaction is needed, and of a
                       subscription's payment the subscription, which HighLevel then names in each verify
  --amount <number>    what it was, in major units such as 10.50
  --timeout-ms <n>     how long an answer may take (default 15000)
  --json       print one JSON object instead of a line for each check
  --help       show this

Exit codes: 0 nothing fails (a warning is no failure), 1 something does, 2 the words are wrong.
`;

type Verdict = "ok" | "warn" | "fail" | "skip";

/** What a check has found. */
interface Finding {
    check: string;
    verdict: Verdict;
    message: string;
}

interface Settings {
    queryUrl: string | undefined;
    paymentsUrl: string | undefined;
    apiKey: string | undefined;
    locationId: string | undefined;
    contactId: string;
    chargeId: string | undefined;
    transactionId: string | undefined;
    subscriptionId: string | undefined;
    amount: number | undefined;
    timeoutMs: number;
    json: boolean;
}

/** What came of a request. */
interface Came {
    status: number;
    headers: Headers;
    text: string;
    ms: number;
}

type Sent = Came | { failure: string };

type Meaning = ReturnType<SandboxChecks["answer"]>["meaning"];

/** Answers that take longer are a warning: HighLevel's own limit is not documented. */
const SLOW_MS = 5000;

/** No answer is read beyond it. */
const MAX_BYTES = 2_000_000;

/** What looks like a stack trace. Each repetition has an end, so that no answer keeps the search busy. */
const TRACE =
    /\n[^\S\n]{0,40}at .{1,300}?[:(]\d|Traceback \(most recent|\bat [\w$.]{1,200} \(.{1,300}?:\d{1,9}:\d{1,9}\)|\.(php|py|rb|java|go):\d/;

/** How many characters of an answer are searched for one. */
const TRACED = 100_000;

/** How many redirects a browser would follow at the most. */
const MAX_REDIRECTS = 10;

/** What HighLevel does not fill in. */
const PLACEHOLDER = /\{[A-Za-z_]\w*\}|%7B[A-Za-z_]\w*%7D/i;

/** Carries out `ghl-payments provider-check`; gives the exit code. */
export async function providerCheckCommand(words: string[]): Promise<number> {
    const settings = read(words);
    if (settings === "help") {
        process.stdout.write(PROVIDER_CHECK_USAGE);
        return 0;
    }
    const findings: Finding[] = [];
    const note = (finding: Finding) => {
        finding.message = printable(hidden(finding.message, settings.apiKey));
        findings.push(finding);
        if (!settings.json) console.log(`${finding.verdict.padEnd(4)} ${finding.check.padEnd(26)} ${finding.message}`);
    };
    if (settings.paymentsUrl !== undefined) await checkPage(settings.paymentsUrl, settings, note);
    if (settings.queryUrl !== undefined) await new QueryChecks(settings.queryUrl, settings, note).run();
    const count = (wanted: Verdict) => findings.filter(({ verdict }) => verdict === wanted).length;
    const [ok, warned, failed, skipped] = [count("ok"), count("warn"), count("fail"), count("skip")];
    if (settings.json) console.log(JSON.stringify({ ok: failed === 0, passed: ok, warned, failed, skipped, checks: findings }, null, 2));
    else console.log(`${ok} passed, ${warned} warned, ${failed} failed, ${skipped} skipped`);
    return failed === 0 ? 0 : 1;
}

function read(words: string[]): Settings | "help" {
    const text = { type: "string" } as const;
    let parsed;
    try {
        parsed = parseArgs({
            args: words,
            allowPositionals: true,
            options: {
                "payments-url": text, "query-url": text, "api-key": text, "location-id": text, "contact-id": text, "charge-id": text,
                "transaction-id": text, "subscription-id": text, amount: text, "timeout-ms": text,
                json: { type: "boolean" }, help: { type: "boolean", short: "h" },
            },
        });
    } catch (error) {
        throw new UsageError((error as Error).message);
    }
    const { values, positionals } = parsed;
    if (values.help) return "help";
    const [queryUrl = values["query-url"], more] = positionals;
    const paymentsUrl = values["payments-url"];
    if (more !== undefined) throw new UsageError(`unknown argument "${more}"; the page's address is --payments-url`);
    if (queryUrl === undefined && paymentsUrl === undefined) throw new UsageError("the address of the queryUrl is missing");
    for (const [name, url] of [["the queryUrl", queryUrl], ["--payments-url", paymentsUrl]] as const) {
        if (url !== undefined && !(URL.canParse(url) && /^https?:$/.test(new URL(url).protocol))) throw new UsageError(`${name} must be an absolute URL`);
    }
    const number = (name: "amount" | "timeout-ms", least: number, otherwise?: number) => {
        const given = values[name];
        if (given === undefined) return otherwise;
        if (!/^\d{1,12}(\.\d{1,4})?$/.test(given) || Number(given) < least) throw new UsageError(`--${name} takes a number from ${least}`);
        return Number(given);
    };
    return {
        queryUrl, paymentsUrl,
        apiKey: values["api-key"] || process.env["GHL_API_KEY"] || undefined,
        locationId: values["location-id"],
        contactId: values["contact-id"] ?? unknown(20),
        chargeId: values["charge-id"],
        transactionId: values["transaction-id"],
        subscriptionId: values["subscription-id"],
        amount: number("amount", 0),
        timeoutMs: Math.min(number("timeout-ms", 1, 15_000)!, 600_000),
        json: values.json === true,
    };
}

/** An id that nobody has. */
function unknown(length: number): string {
    return randomBytes(length).toString("hex").slice(0, length);
}

/** The key as it is, and as texts hold it that are made of others: JSON, JSON in it, a form, base64. */
function formsOf(apiKey: string): string[] {
    const bytes = Buffer.from(apiKey);
    const form = new URLSearchParams({ k: apiKey }).toString().slice(2);
    const base64 = bytes.toString("base64").replace(/=+$/, "");
    const quoted = JSON.stringify(apiKey).slice(1, -1);
    return [apiKey, quoted, JSON.stringify(quoted).slice(1, -1), form, base64, bytes.toString("base64url"), bytes.toString("hex")];
}

/** What is encoded for URLs, in clear; anything else as it is. */
function decoded(text: string): string {
    return text.replace(/(?:%[\da-f]{2})+/gi, (part) => {
        try {
            return decodeURIComponent(part);
        } catch {
            return part;
        }
    });
}

/** A text that quotes an answer, without the key in any form: it is nobody's business. */
function hidden(text: string, apiKey: string | undefined): string {
    if (apiKey === undefined) return text;
    const clear = decoded(text);
    const shown = clear.includes(apiKey) ? clear : text;
    return formsOf(apiKey).reduce((left, form) => left.replaceAll(form, "[apiKey]"), shown);
}

/** Whether a text holds the key in any form. */
function holds(text: string, apiKey: string): boolean {
    return formsOf(apiKey).some((form) => text.includes(form)) || decoded(text).includes(apiKey);
}

/** A text with what would steer a terminal written out: `\u001b` for ESC. */
function printable(text: string): string {
    const escaped = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
    return text.replace(/[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu, escaped);
}

/** The tags of a name in a page, each as far as it is of use. Linear, whatever the page is. */
function tagsOf(page: string, name: "meta" | "script"): string[] {
    return [...page.matchAll(new RegExp(`<${name}[^>]{0,2000}`, "gi"))].map(([tag]) => tag);
}

function isLoopback({ hostname }: URL): boolean {
    return hostname === "localhost" || hostname === "[::1]" || /^127\./.test(hostname) || hostname.endsWith(".localhost");
}

async function send(url: string, init: RequestInit, timeoutMs: number): Promise<Sent> {
    const began = performance.now();
    try {
        const response = await fetch(url, { ...init, redirect: "manual", signal: AbortSignal.timeout(timeoutMs) });
        const chunks: Uint8Array[] = [];
        let length = 0;
        for await (const chunk of (response.body ?? []) as unknown as AsyncIterable<Uint8Array>) {
            chunks.push(chunk);
            if ((length += chunk.length) > MAX_BYTES) break;
        }
        return { status: response.status, headers: response.headers, text: Buffer.concat(chunks).toString("utf8"), ms: performance.now() - began };
    } catch (error) {
        const { name, message, cause } = error as Error & { cause?: { code?: string; message?: string } };
        if (name === "TimeoutError") return { failure: `no answer within ${timeoutMs} ms` };
        return { failure: cause?.code ?? cause?.message ?? message };
    }
}

/** Checks what HighLevel's checkout embeds. */
async function checkPage(address: string, { timeoutMs }: Settings, note: (finding: Finding) => void): Promise<void> {
    const say = (check: string, verdict: Verdict, message: string) => note({ check: `paymentsUrl.${check}`, verdict, message });
    if (PLACEHOLDER.test(address)) {
        say("placeholders", "fail", "HighLevel fills nothing into the URL: {…} arrives as it stands; the props tell what is to be paid");
    }
    let url = new URL(address);
    const insecure = url.protocol === "http:";
    if (insecure && !isLoopback(url)) say("https", "fail", "HighLevel's checkout is https, and browsers embed no http page in it");
    else say("https", "ok", insecure ? "http on this machine; deployed it has to be https" : "https");

    let came: Sent = { failure: "" };
    let hops = 0;
    for (; hops <= MAX_REDIRECTS; hops++) {
        came = await send(url.href, { headers: { accept: "text/html,*/*;q=0.8", "user-agent": "Mozilla/5.0 ghl-payments-provider-check" } }, timeoutMs);
        if ("failure" in came) break;
        const target = came.headers.get("location");
        if (came.status < 300 || came.status > 399 || target === null || !URL.canParse(target, url)) break;
        const next = new URL(target, url);
        if (next.protocol === "http:" && url.protocol === "https:") say("redirect", "fail", `redirects to http (${next.host}), which browsers block inside an https page`);
        url = next;
    }
    if ("failure" in came) return say("reachable", "fail", `nothing answers: ${came.failure}`);
    if (hops > MAX_REDIRECTS) return say("reachable", "fail", `redirects more than ${MAX_REDIRECTS} times`);
    if (came.status < 200 || came.status > 299) {
        return say("reachable", "fail", `status ${came.status}: the payer has no session with you when the page is loaded`);
    }
    say("reachable", came.ms > SLOW_MS ? "warn" : "ok", `status ${came.status} in ${Math.round(came.ms)} ms`);
    if (hops > 0) say("redirect", "warn", `${hops} redirect${hops === 1 ? "" : "s"}, to ${url.origin}${url.pathname}: register the address where it ends`);
    const { headers, text } = came;

    const type = headers.get("content-type") ?? "";
    if (/^(text\/html|application\/xhtml\+xml)\b/i.test(type)) say("html", "ok", type);
    else say("html", "fail", type === "" ? "no content-type: with nosniff a browser shows no page" : `is ${type}, and no page`);

    const frameOptions = headers.get("x-frame-options");
    const ancestors = policies(headers.get("content-security-policy")).map((policy) => policy.get("frame-ancestors")).filter((list) => list !== undefined);
    // Where a policy names frame-ancestors, browsers leave X-Frame-Options alone.
    if (frameOptions !== null && ancestors.length === 0) {
        say("framing", "fail", `X-Frame-Options: ${frameOptions} forbids the checkout to embed it; send none, and frame-ancestors in its place`);
    } else if (ancestors.some((list) => list.length === 0 || list.includes("'none'"))) {
        say("framing", "fail", "frame-ancestors 'none' forbids everybody to embed it");
    } else if (ancestors.every((list) => list.includes("*") || list.includes("https:"))) {
        say("framing", "ok", ancestors.length === 0 ? "no header forbids it" : "frame-ancestors allows every page");
    } else {
        const missing = HOSTS.filter((host) => !ancestors.every((list) => list.some((source) => allows(source, host))));
        if (missing.length > 0) say("framing", "fail", `frame-ancestors does not allow ${missing.join(", ")}`);
        else say("framing", "warn", "frame-ancestors is a list: agencies' own domains and those of funnels are not in it unless you add each");
    }
    const meta = tagsOf(text, "meta").some((tag) => /http-equiv=["']?x-frame-options/i.test(tag));
    if (meta) say("meta", "warn", "a <meta> with X-Frame-Options does nothing; headers decide");

    const cookies = headers.getSetCookie().filter((cookie) => !(/;\s*samesite=none/i.test(cookie) && /;\s*secure/i.test(cookie)));
    if (cookies.length > 0) {
        const names = cookies.map((cookie) => cookie.split("=")[0]).join(", ");
        say("cookies", "warn", `the cookie ${names} does not reach you from inside of a frame: SameSite=None; Secure; Partitioned, or better none`);
    } else {
        say("cookies", "ok", "sets none that a frame would lose");
    }

    const scripts = tagsOf(text, "script").flatMap((tag) => /src\s{0,9}=\s{0,9}["']?([^"'\s]+)/i.exec(tag)?.[1] ?? []).slice(0, 12);
    const sources = [text];
    for (const source of scripts) {
        if (!URL.canParse(source, url)) continue;
        const script = await send(new URL(source, url).href, {}, timeoutMs);
        if (!("failure" in script) && script.status === 200) sources.push(script.text);
    }
    const named = sources.some((source) => source.includes("custom_provider_ready"));
    if (named) say("ready", "ok", "it knows custom_provider_ready");
    else say("ready", "warn", "neither the page nor its scripts hold the text custom_provider_ready: without that message no props come");
}

/** Parents that were seen in public; agencies' own domains come on top. */
const HOSTS = ["app.gohighlevel.com", "app.leadconnectorhq.com", "app.msgsndr.com", "link.fastpaydirect.com"];

/** The policies of a header: names of directives, and their values in lower case. */
function policies(header: string | null): Map<string, string[]>[] {
    return (header ?? "").split(",").map((policy) => {
        const directives = new Map<string, string[]>();
        for (const directive of policy.split(";")) {
            const [name = "", ...values] = directive.trim().toLowerCase().split(/\s+/);
            // Of one that is there twice the first counts.
            if (name !== "" && !directives.has(name)) directives.set(name, values);
        }
        return directives;
    });
}

/** Whether a source of a policy allows a host over https. */
function allows(source: string, host: string): boolean {
    const [, scheme = "https", pattern = ""] = /^(?:([a-z][a-z\d+.-]*):\/\/)?([^/:]+)/.exec(source) ?? [];
    if (scheme !== "https") return false;
    return pattern === host || (pattern.startsWith("*.") && host.endsWith(pattern.slice(1)));
}

/** Whether an answer that says all is well is none that HighLevel can read. */
function isNoJson({ status, text }: Came): boolean {
    if (status < 200 || status > 299) return false;
    try {
        return typeof JSON.parse(text) !== "object";
    } catch {
        return true;
    }
}

/** Whether it was answered that nobody has this apiKey. */
function isStranger({ status }: Came): boolean {
    return status === 401 || status === 403;
}

/** What HighLevel's server would meet. */
class QueryChecks {
    readonly #url: string;
    readonly #settings: Settings;
    readonly #note: (finding: Finding) => void;
    readonly #checks: SandboxChecks = createSandbox({ size: 1 }).checks;
    #slowest = 0;
    #leaks = 0;
    #untyped = 0;
    #traces = 0;

    constructor(url: string, settings: Settings, note: (finding: Finding) => void) {
        this.#url = url;
        this.#settings = settings;
        this.#note = note;
    }

    async run(): Promise<void> {
        const url = new URL(this.#url);
        const insecure = url.protocol === "http:";
        if (insecure && !isLoopback(url)) this.#say("https", "fail", "the apiKey would travel in clear text, and HighLevel takes https alone");
        else this.#say("https", "ok", insecure ? "http on this machine; deployed it has to be https" : "https");
        if (PLACEHOLDER.test(this.#url)) this.#say("placeholders", "fail", "HighLevel fills nothing into the URL");
        const first = await this.#post({ type: "verify", apiKey: unknown(32), transactionId: unknown(24), chargeId: unknown(24) });
        if ("failure" in first) return this.#say("reachable", "fail", `nothing answers: ${first.failure}`);
        if (first.status >= 300 && first.status < 400) {
            return this.#say("redirect", "fail", `a POST is redirected to ${first.headers.get("location") ?? "somewhere"}: register the address where it ends`);
        }
        if ([404, 405, 410, 501].includes(first.status)) return this.#say("reachable", "fail", `status ${first.status}: there is no such route for POST`);
        if (isNoJson(first)) {
            const type = first.headers.get("content-type") ?? "no content-type";
            return this.#say("reachable", "fail", `status ${first.status} and no JSON (${type}): whatever answers there, it is no queryUrl`);
        }
        this.#say("reachable", "ok", `status ${first.status} in ${Math.round(first.ms)} ms`);
        await this.#strangers(first);
        await this.#malformed();
        if (this.#settings.apiKey === undefined) this.#say("with the apiKey", "skip", "give it in GHL_API_KEY, and your handlers are asked as well");
        else await this.#friends(this.#settings.apiKey, first);
        this.#sum();
    }

    #say(check: string, verdict: Verdict, message: string): void {
        this.#note({ check: `queryUrl.${check}`, verdict, message });
    }

    async #post(body: unknown, init: RequestInit = {}): Promise<Sent> {
        const text = typeof body === "string" ? body : JSON.stringify(body);
        const headers = { "content-type": "application/json", "user-agent": "ghl-payments-provider-check" };
        return this.#looked(await send(this.#url, { method: "POST", headers, body: text, ...init }, this.#settings.timeoutMs));
    }

    /** Notes what every answer must not do. */
    #looked(came: Sent): Sent {
        if ("failure" in came) return came;
        const { apiKey } = this.#settings;
        this.#slowest = Math.max(this.#slowest, came.ms);
        if (apiKey !== undefined && holds(came.text, apiKey)) this.#leaks++;
        if (came.status < 300 && !/json/i.test(came.headers.get("content-type") ?? "")) this.#untyped++;
        if (TRACE.test(came.text.slice(0, TRACED))) this.#traces++;
        return came;
    }

    #meaning(query: object, came: Came): ReturnType<SandboxChecks["answer"]> {
        const { amount } = this.#settings;
        const answer = { status: came.status, text: came.text, ...(amount !== undefined && { amount }) };
        return this.#checks.answer(query as { [name: string]: unknown }, answer);
    }

    /** One check of a query that must be refused. */
    async #refuses(check: string, query: object, danger: string, came?: Sent): Promise<void> {
        came ??= await this.#post(query);
        if ("failure" in came) return this.#say(check, "fail", came.failure);
        if (came.status >= 500) return this.#say(check, "fail", `status ${came.status}: it crashes on what it should refuse`);
        if (isNoJson(came)) return this.#say(check, "fail", `status ${came.status} and no JSON: HighLevel cannot read that`);
        const { apiKey } = query as { apiKey?: unknown };
        if (apiKey !== undefined && apiKey === this.#settings.apiKey && isStranger(came)) {
            return this.#say(check, "warn", `status ${came.status} to an apiKey that is known: the check did not come to what it is about`);
        }
        const { meaning } = this.#meaning(query, came);
        const list = (query as { type: string }).type === "list_payment_methods" && meaning === "success" && came.text.trim() === "[]";
        if (meaning === "success" && !list) return this.#say(check, "fail", danger);
        this.#say(check, "ok", came.status === 200 ? (list ? "an empty list" : "refused in the body") : `status ${came.status}`);
    }

    /** What nobody may do who has no key. */
    async #strangers(first: Came): Promise<void> {
        const wrong = unknown(32);
        const ids = { transactionId: unknown(24), chargeId: unknown(24) };
        const { chargeId, transactionId, locationId, contactId } = this.#settings;
        const own = { transactionId: transactionId ?? ids.transactionId, chargeId: chargeId ?? ids.chargeId };
        await this.#refuses("wrong-key.verify", { type: "verify" }, "says success: anybody can mark orders as paid", first);
        await this.#refuses("no-key.verify", { type: "verify", ...own }, "says success without any apiKey: anybody can mark orders as paid");
        await this.#refuses("wrong-key.list", { type: "list_payment_methods", apiKey: wrong, locationId: locationId ?? unknown(20), contactId }, "lists saved payment methods to anybody");
        await this.#refuses("wrong-key.refund", { type: "refund", apiKey: wrong, amount: 0.01, ...ids }, "gives money back to anybody");
        await this.#refuses("no-key.refund", { type: "refund", amount: 0.01, ...ids }, "gives money back without an apiKey: refuse it, whatever older documentation says");
        for (const [check, apiKey] of [["empty-key", ""], ["list-as-key", ["x"]], ["object-as-key", { $ne: null }], ["null-key", null]] as const) {
            await this.#refuses(`${check}.verify`, { type: "verify", apiKey, ...ids }, "says success: the apiKey is not compared as text");
        }
    }

    /** What is no query. */
    async #malformed(): Promise<void> {
        const get = this.#looked(await send(this.#url, {}, this.#settings.timeoutMs));
        if ("failure" in get) this.#say("get", "fail", get.failure);
        else if (get.status >= 500) this.#say("get", "fail", `status ${get.status}: it crashes on a GET`);
        else this.#say("get", get.status === 405 ? "ok" : "warn", get.status === 405 ? "status 405" : `status ${get.status}; 405 says what is meant`);
        const key = this.#settings.apiKey ?? unknown(32);
        const cases: [string, string][] = [
            ["no-json", "type=verify"],
            ["no-body", ""],
            ["no-object", "[]"],
            ["null", "null"],
            ["deep", `{"a":${"[".repeat(5000)}${"]".repeat(5000)}}`],
            ["large", JSON.stringify({ type: "verify", apiKey: unknown(32), x: "x".repeat(2_000_000) })],
            ["unknown-type", JSON.stringify({ type: "pause_subscription", apiKey: key, subscriptionId: unknown(24) })],
            ["no-type", JSON.stringify({ apiKey: key })],
            ["number-as-type", JSON.stringify({ type: 7, apiKey: key })],
        ];
        for (const [check, body] of cases) {
            const came = await this.#post(body);
            if ("failure" in came) {
                // A server may close the connection on a body that it does not want.
                this.#say(check, check === "large" ? "warn" : "fail", came.failure);
            } else if (came.status >= 500) {
                this.#say(check, "fail", `status ${came.status}: it crashes on what it does not know`);
            } else {
                const success = this.#meaning({ type: "verify" }, came).meaning === "success";
                this.#say(check, success ? "fail" : "ok", success ? "says success to what is no query" : `status ${came.status}`);
            }
        }
    }

    /** What HighLevel asks. */
    async #friends(apiKey: string, stranger: Came): Promise<void> {
        const { locationId, contactId, chargeId, transactionId, subscriptionId } = this.#settings;
        const verify = { type: "verify", apiKey, transactionId: transactionId ?? unknown(24), chargeId: unknown(24) };
        const asked = await this.#post(verify);
        if (!("failure" in asked) && isStranger(asked)) {
            this.#say("key", "fail", `status ${asked.status}: this apiKey is not known there; give the one that was connected for the TEST mode`);
            return this.#say("with the apiKey", "skip", "nothing more can be asked with a key that is not known");
        }
        // A wrong key may be refused in the body, as a charge that does not exist.
        const alike = !("failure" in asked) && asked.status === stranger.status && asked.text === stranger.text;
        if (alike) this.#say("key", "warn", "this apiKey is answered as a wrong one is: it may not be known there");
        else this.#say("key", "ok", "this apiKey is not answered as a wrong one is");
        await this.#refuses("verify.unknown", verify, "says that a charge is paid that does not exist: look it up at the gateway", asked);
        await this.#refuses("verify.no-charge", { ...verify, chargeId: undefined }, "says success without a chargeId");
        if (chargeId === undefined || transactionId === undefined) {
            await this.#same("verify.again", verify);
            const missing = chargeId === undefined ? "name a paid test charge with --charge-id" : "name the transaction of that charge with --transaction-id";
            this.#say("verify.paid", "skip", missing);
        } else {
            const payment = { ...verify, chargeId };
            // So HighLevel asks: of a subscription's payment it names the subscription each time, and of any other payment none.
            const paid = subscriptionId === undefined ? payment : { ...payment, subscriptionId };
            const answer = await this.#post(paid);
            const meaning = this.#judged("verify.paid", payment, answer, ["success", "pending"]);
            if (subscriptionId !== undefined) this.#judged("verify.subscription", paid, answer, ["success", "pending"]);
            await this.#same("verify.again", paid);
            const other = { ...paid, transactionId: unknown(24) };
            const came = await this.#post(other);
            if (!("failure" in came) && meaning === "success") {
                const reused = this.#meaning(other, came).meaning === "success";
                const danger = "also says success for another transaction: a payer can pay many orders with one charge unless you compare the amount";
                this.#say("verify.reused", reused ? "warn" : "ok", reused ? danger : "one charge pays one transaction");
            }
        }
        const method = { apiKey, paymentMethodId: unknown(24), transactionId: unknown(24), contactId, currency: "USD" };
        await this.#refuses("charge.unknown", { type: "charge_payment", ...method, amount: 1, chargeDescription: "provider-check" }, "says that a method was charged that does not exist");
        await this.#refuses("charge.negative", { type: "charge_payment", ...method, amount: -1 }, "charges an amount below 0");
        if (locationId === undefined) {
            for (const check of ["list", "subscribe.unknown"]) this.#say(check, "skip", "name the location of the apiKey with --location-id");
        } else {
            const list = { type: "list_payment_methods", apiKey, locationId, contactId };
            this.#judged("list", list, await this.#post(list), ["success"]);
            const create = {
                type: "create_subscription", ...method, locationId, subscriptionId: unknown(24), startDate: new Date().toISOString().slice(0, 10),
                amount: 1, recurringAmount: "1.00", isSchedule: false, productDetails: [{}],
            };
            await this.#refuses("subscribe.unknown", create, "says that a subscription began with a method that does not exist");
        }
        const cancel = { type: "cancel_subscription", apiKey, subscriptionId: unknown(24) };
        const canceled = await this.#post(cancel);
        if ("failure" in canceled) this.#say("cancel.unknown", "fail", canceled.failure);
        else if (canceled.status >= 500) this.#say("cancel.unknown", "fail", `status ${canceled.status}: it crashes on a subscription that it does not know`);
        else {
            const { meaning } = this.#meaning(cancel, canceled);
            const message = meaning === "success" ? "says canceled of a subscription that does not exist: nobody learns when the wrong one was meant" : `status ${canceled.status}`;
            this.#say("cancel.unknown", meaning === "success" ? "warn" : "ok", message);
        }
        const refund = { type: "refund", apiKey, transactionId: unknown(24), chargeId: unknown(24) };
        await this.#refuses("refund.unknown", { ...refund, amount: 1 }, "says that a charge was refunded that does not exist");
        for (const [check, amount] of [["negative", -1], ["zero", 0], ["text", "lots"], ["missing", undefined]] as const) {
            await this.#refuses(`refund.${check}`, { ...refund, amount }, "says success for an amount that is none");
        }
        for (const [check, odd] of [["__proto__", `{"__proto__":{"apiKey":${JSON.stringify(apiKey)}},"type":"verify"}`], ["constructor", '{"constructor":1,"type":"verify"}']] as const) {
            await this.#refuses(`fields.${check}`, { type: "verify" }, "says success", await this.#post(odd));
        }
    }

    /** One check of an answer as HighLevel reads it. */
    #judged(check: string, query: object, came: Sent, wanted: Meaning[]): Meaning {
        if ("failure" in came) {
            this.#say(check, "fail", came.failure);
            return "none";
        }
        const { meaning, issues } = this.#meaning(query, came);
        const errors = issues.filter(({ level }) => level === "error");
        const told = (errors.length > 0 ? errors : issues).map(({ path, message }) => `${path} ${message}`.trim()).join("; ");
        if (errors.length > 0) this.#say(check, "fail", told);
        else if (!wanted.includes(meaning)) this.#say(check, "fail", `means ${meaning}`);
        else this.#say(check, issues.length > 0 ? "warn" : "ok", issues.length > 0 ? told : `means ${meaning}`);
        return meaning;
    }

    /** The same question one after the other and five times at once has to have one answer. */
    async #same(check: string, query: object): Promise<void> {
        const answers: Sent[] = [await this.#post(query)];
        answers.push(...(await Promise.all(Array.from({ length: 5 }, () => this.#post(query)))));
        const failure = answers.find((came) => "failure" in came || came.status >= 500);
        if (failure !== undefined) {
            return this.#say(check, "fail", "failure" in failure ? failure.failure : `status ${failure.status} where the same is asked several times at once`);
        }
        const meanings = new Set(answers.map((came) => this.#meaning(query, came as Came).meaning));
        if (meanings.size > 1) this.#say(check, "fail", `means ${[...meanings].join(" and ")} when it is asked again: HighLevel asks more than once`);
        else this.#say(check, "ok", "the same answer six times");
    }

    /** What all answers have in common. */
    #sum(): void {
        const slow = this.#slowest > SLOW_MS;
        this.#say("time", slow ? "warn" : "ok", `the slowest answer took ${Math.round(this.#slowest)} ms${slow ? ": HighLevel's limit is not documented" : ""}`);
        if (this.#traces > 0) this.#say("traces", "fail", `${this.#traces} answers hold what looks like a stack trace`);
        else this.#say("traces", "ok", "no answer holds a stack trace");
        if (this.#leaks > 0) this.#say("secrets", "fail", `${this.#leaks} answers hold the apiKey`);
        else if (this.#settings.apiKey !== undefined) this.#say("secrets", "ok", "no answer holds the apiKey");
        if (this.#untyped > 0) this.#say("content-type", "warn", `${this.#untyped} answers are not sent as application/json`);
        else this.#say("content-type", "ok", "answers are sent as JSON");
    }
}
