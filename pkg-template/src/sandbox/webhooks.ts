import { choice, MOST_COUNT, maybeText, named, texts, timeOf, whole } from "./checks.js";
import { type Algorithm, Keys } from "./signing.js";

/** The webhooks of HighLevel that touch payments. */
export type SandboxWebhookType =
    | "OrderCreate"
    | "OrderStatusUpdate"
    | "InvoiceCreate"
    | "InvoiceUpdate"
    | "InvoiceSent"
    | "InvoicePaid"
    | "InvoicePartiallyPaid"
    | "InvoiceVoid"
    | "InvoiceDelete"
    | "ProductCreate"
    | "ProductUpdate"
    | "ProductDelete"
    | "PriceCreate"
    | "PriceUpdate"
    | "PriceDelete"
    | "INSTALL"
    | "UNINSTALL"
    | "PLAN_CHANGE";

/** How webhooks are signed and wrapped. */
export interface SandboxWebhookForm {
    /**
     * Which headers it carries:
     * - `"ed25519"` (default): `X-GHL-Signature`;
     * - `"rsa"`: `X-WH-Signature`, the old one;
     * - `"both"`;
     * - `"none"`: neither;
     * - `"N/A"`: both with that text, which stands for unsigned.
     */
    signature?: "ed25519" | "rsa" | "both" | "none" | "N/A";
    /** Whether the fields stand in `data`, beside `type`, `timestamp` and `webhookId`. Default: beside those. */
    envelope?: boolean;
}

/** What a webhook says, and how. */
export interface SandboxWebhookOptions extends SandboxWebhookForm {
    /** Where it goes. Default `https://app.example.com/webhooks`. */
    url?: string;
    /** The location that it is about. Default: the first one. */
    locationId?: string;
    /**
     * The record that it is about: an order, an invoice, a product or a price; the company's id for an event of the app
     * about the agency. Default: the latest one that fits.
     */
    id?: string;
    /** Fields instead of the sandbox's own; `undefined` leaves one out. */
    data?: Record<string, unknown>;
    /**
     * Its id, the same in each try; null leaves it out. Default: another one each time, and in each sandbox; with the option
     * `seed` they follow from it.
     */
    webhookId?: string | null;
    /** Its time; null leaves it out. Default: the sandbox's clock. */
    timestamp?: number | Date | null;
    /** Changes one bit, after the signature was made, of the body or of the signature. */
    tampered?: "body" | "signature";
}

/** Where webhooks about what happens are sent. */
export interface SandboxWebhooksOptions extends SandboxWebhookForm {
    /** The address. */
    url: string;
    /** What sends them. Default: the global `fetch`. */
    fetch?: (request: Request) => Promise<Response>;
    /** How often one is tried that is not answered with 2xx. Default 6. */
    tries?: number;
    /** How long it takes to the second try, in real milliseconds; each wait is twice the one before. Default 50. */
    retryMs?: number;
}

/** A try to deliver a webhook. */
export interface SandboxDelivery {
    /** Its type. */
    type: string;
    /** Its id, the same in each try. */
    webhookId: string;
    /** Which try it was, from 1. */
    attempt: number;
    /** The status of the answer; null if there was none. */
    status: number | null;
}

/** The webhooks that are sent. */
export interface SandboxWebhooks {
    /** The tries so far, in the order in which they ended. */
    readonly deliveries: SandboxDelivery[];
    /** Waits until everything is delivered or given up. */
    settled(): Promise<void>;
    /** Sends no more. */
    close(): void;
}

/** The public keys with which webhooks are verified, as PEM. */
export interface SandboxWebhookKeys {
    /** That of `X-GHL-Signature`; it follows from the seed. */
    ed25519(): Promise<string>;
    /** That of `X-WH-Signature`, RSA with 4096 bits; it takes a second or more to make, once. */
    rsa(): Promise<string>;
}

/** What becomes of a webhook on its way. */
interface Fault {
    kind: "twice" | "late" | "out-of-order" | "drop";
    ms: number;
    /** Of these types only; of any where there is none. */
    type: string | undefined;
    times: number;
}

/** A webhook as it is sent in each try. */
interface Item {
    type: string;
    webhookId: string;
    text: string;
}

const SIGNATURES = ["ed25519", "rsa", "both", "none", "N/A"] as const;
const FORM = ["signature", "envelope"] as const;
const URL_OF_EXAMPLES = "https://app.example.com/webhooks";
const TARGET = /^webhooks(?:\.(.+))?$/;

/** How the wasm module is asked; see `ask` in `src/bindings/sandbox.rs`. */
type Ask = (what: string, options?: object) => string;

/** The part of a sandbox that has to do with webhooks. */
export class Webhooks {
    readonly #ask: Ask;
    readonly #now: () => number;
    readonly #keys: Keys;
    #faults: Fault[] = [];
    #sender: Sender | undefined;
    #form: SandboxWebhookForm = {};
    #salt: number | undefined;

    /**
     * @param now Gives the time on the sandbox's clock when it was asked last.
     * @param repeats Whether ids follow from the seed alone. Otherwise an app that hears of two sandboxes would take the
     *     webhooks of the second for those of the first.
     */
    constructor(ask: Ask, now: () => number, seed: number, repeats: boolean) {
        this.#ask = ask;
        this.#now = now;
        this.#keys = new Keys(seed);
        if (repeats) this.#salt = 0;
    }

    /** An id that no webhook has. */
    #newId(): string {
        // Not before it is needed: Workers have no random numbers outside of a request.
        this.#salt ??= Math.floor(Math.random() * Number.MAX_SAFE_INTEGER) + 1;
        return this.#ask("webhookId", { salt: this.#salt });
    }

    /** The public keys. */
    get keys(): SandboxWebhookKeys {
        const pem = async (algorithm: Algorithm): Promise<string> => (await this.#keys.pair(algorithm)).pem;
        return { ed25519: () => pem("ed25519"), rsa: () => pem("rsa") };
    }

    /** A webhook as a request. */
    async request(type: string, options: SandboxWebhookOptions): Promise<Request> {
        texts("webhook: type", [type]);
        named("webhook", options, ["url", "locationId", "id", "data", "webhookId", "timestamp", "tampered", ...FORM]);
        const { url = URL_OF_EXAMPLES, locationId, id, data = {}, webhookId, timestamp, tampered } = options;
        texts("webhook: url", [url]);
        maybeText("webhook: locationId", locationId);
        maybeText("webhook: id", id);
        maybeText("webhook: webhookId", webhookId ?? undefined);
        if (tampered !== undefined) choice("webhook: tampered", tampered, ["body", "signature"]);
        if (typeof data !== "object" || data === null) throw new TypeError("webhook: data must be an object");
        const fields = JSON.parse(this.#ask("webhook", { type, location: locationId, id })) as Record<string, unknown>;
        const wrong = "webhook: timestamp must be a time: milliseconds since 1970, a Date, or null";
        const at = timestamp === undefined || timestamp === null ? this.#now() : timeOf(wrong, timestamp);
        const item = written(
            { ...fields, ...data },
            timestamp === null ? undefined : new Date(at).toISOString(),
            webhookId === null ? undefined : (webhookId ?? this.#newId()),
            options,
        );
        return this.#signed(url, item.text, options, tampered);
    }

    /** Begins to send webhooks about what happens. */
    send(options: SandboxWebhooksOptions): SandboxWebhooks {
        named("webhooks", options, ["url", "fetch", "tries", "retryMs", ...FORM]);
        const { url, fetch = globalThis.fetch, tries = 6, retryMs = 50 } = options;
        texts("webhooks: url", [url]);
        if (!URL.canParse(url)) throw new TypeError("webhooks: url must be an absolute URL");
        if (typeof fetch !== "function") throw new TypeError("webhooks: fetch must be a function");
        whole("webhooks: tries", tries, 1, MOST_COUNT);
        whole("webhooks: retryMs", retryMs, 0, MOST_COUNT);
        checkForm("webhooks", options);
        this.#sender?.close();
        const sender = new Sender(
            async ({ text }) => (await fetch(await this.#signed(url, text, options))).status,
            (type) => this.#fault(type),
            tries,
            retryMs,
        );
        this.#sender = sender;
        this.#form = options;
        this.#ask("listen", { wanted: true });
        return {
            get deliveries() {
                return [...sender.deliveries];
            },
            settled: () => sender.settled(),
            close: () => {
                sender.close();
                if (this.#sender !== sender) return;
                this.#sender = undefined;
                this.#ask("listen", { wanted: false });
            },
        };
    }

    /** Sends what has happened. */
    flush(): void {
        if (this.#sender === undefined) return;
        for (const text of this.#ask("events").split("\n")) {
            if (text === "") continue;
            const fields = JSON.parse(text) as Record<string, unknown>;
            const at = new Date(this.#now()).toISOString();
            this.#sender.add(written(fields, at, this.#newId(), this.#form));
        }
    }

    /** Lays out a fault for webhooks; `false` if it is none. */
    plan(fault: string, operation: string | undefined, times: number): boolean {
        const target = TARGET.exec(operation ?? "");
        if (target === null) return false;
        const [, kind, ms = "0"] = /^(twice|out-of-order|drop|late(?==))(?:=(\d{1,9}))?$/.exec(fault.trim()) ?? [];
        if (kind === undefined) {
            throw new TypeError(`"${fault}" is no fault of webhooks: they have twice, late=<milliseconds>, out-of-order and drop`);
        }
        this.#faults.push({ kind: kind as Fault["kind"], ms: Number(ms), type: target[1], times });
        return true;
    }

    /** Forgets the faults that were laid out. */
    clear(): void {
        this.#faults = [];
    }

    #fault(type: string): Fault | undefined {
        const fault = this.#faults.find((fault) => fault.type === undefined || fault.type === type);
        if (fault === undefined) return undefined;
        fault.times -= 1;
        if (fault.times === 0) this.#faults.splice(this.#faults.indexOf(fault), 1);
        return fault;
    }

    async #signed(
        url: string,
        text: string,
        form: SandboxWebhookForm,
        tampered?: "body" | "signature",
    ): Promise<Request> {
        checkForm("webhook", form);
        const { signature = "ed25519" } = form;
        const body = new TextEncoder().encode(text);
        const headers = new Headers({ "content-type": "application/json" });
        for (const [name, algorithm] of [
            ["x-ghl-signature", "ed25519"],
            ["x-wh-signature", "rsa"],
        ] as const) {
            if (signature === "N/A") headers.set(name, signature);
            if (signature !== algorithm && signature !== "both") continue;
            const { sign } = await this.#keys.pair(algorithm);
            const made = await sign(body);
            headers.set(name, tampered === "signature" ? otherBit(made) : made);
        }
        // In the first name, so that it still reads as JSON.
        if (tampered === "body") body[2] = (body[2] ?? 0) ^ 1;
        return new Request(url, { method: "POST", headers, body });
    }
}

function checkForm(what: string, { signature = "ed25519", envelope = false }: SandboxWebhookForm): void {
    choice(`${what}: signature`, signature, SIGNATURES);
    if (typeof envelope !== "boolean") throw new TypeError(`${what}: envelope must be true or false`);
}

/** A webhook as text. */
function written(
    fields: Record<string, unknown>,
    timestamp: string | undefined,
    webhookId: string | undefined,
    { envelope = false }: SandboxWebhookForm,
): Item {
    const { type, ...data } = fields;
    const head = { timestamp, webhookId };
    const own = Object.fromEntries(Object.entries(head).filter(([name, value]) => value !== undefined && !(name in data)));
    const body = envelope ? { type, ...head, data } : { type, ...data, ...own };
    return { type: String(type), webhookId: webhookId ?? "", text: JSON.stringify(body) };
}

/** Base64 of which one bit is another one. */
function otherBit(base64: string): string {
    const bytes = Array.from(atob(base64));
    bytes[0] = String.fromCharCode((bytes[0]?.charCodeAt(0) ?? 0) ^ 1);
    return btoa(bytes.join(""));
}

/** Delivers webhooks one after the other; one that fails is tried again beside the others. */
class Sender {
    readonly deliveries: SandboxDelivery[] = [];
    readonly #send: (item: Item) => Promise<number>;
    readonly #fault: (type: string) => Fault | undefined;
    readonly #tries: number;
    readonly #retryMs: number;
    readonly #open = new Set<Promise<void>>();
    readonly #timers = new Map<ReturnType<typeof setTimeout>, () => void>();
    #last: Promise<void> = Promise.resolve();
    #held: Item[] = [];
    #closed = false;

    constructor(
        send: (item: Item) => Promise<number>,
        fault: (type: string) => Fault | undefined,
        tries: number,
        retryMs: number,
    ) {
        this.#send = send;
        this.#fault = fault;
        this.#tries = tries;
        this.#retryMs = retryMs;
    }

    add(item: Item): void {
        const { kind, ms = 0 } = this.#fault(item.type) ?? {};
        if (kind === "drop") return;
        if (kind === "out-of-order") {
            this.#held.push(item);
        } else if (kind === "late") {
            this.#track(this.#wait(ms).then(() => this.#try(item, 1)));
        } else {
            // Both at the same time.
            if (kind === "twice") this.#track(this.#last.then(() => this.#try(item, 1)));
            this.#next(item);
            for (const held of this.#held.splice(0)) this.#next(held);
        }
    }

    async settled(): Promise<void> {
        for (const held of this.#held.splice(0)) this.#next(held);
        while (this.#open.size > 0) await Promise.all(this.#open);
    }

    close(): void {
        this.#closed = true;
        for (const [timer, done] of this.#timers) {
            clearTimeout(timer);
            done();
        }
        this.#timers.clear();
        this.#held = [];
    }

    #next(item: Item): void {
        this.#last = this.#last.then(() => this.#try(item, 1));
        this.#track(this.#last);
    }

    #track(work: Promise<void>): void {
        const tracked: Promise<void> = work.finally(() => this.#open.delete(tracked));
        this.#open.add(tracked);
    }

    #wait(ms: number): Promise<void> {
        return new Promise((resolve) => {
            const timer = setTimeout(() => {
                this.#timers.delete(timer);
                resolve();
            }, ms);
            this.#timers.set(timer, resolve);
        });
    }

    async #try(item: Item, attempt: number): Promise<void> {
        if (this.#closed) return;
        let status: number | null = null;
        try {
            status = await this.#send(item);
        } catch {
            // Nobody answers; the list says so.
        }
        this.deliveries.push({ type: item.type, webhookId: item.webhookId, attempt, status });
        const delivered = status !== null && status >= 200 && status < 300;
        if (delivered || attempt >= this.#tries) return;
        this.#track(this.#wait(this.#retryMs * 2 ** (attempt - 1)).then(() => this.#try(item, attempt + 1)));
    }
}
