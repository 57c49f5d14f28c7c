import { named } from "./checks.js";
import type { CheckoutSession, CheckoutState, CheckoutStep } from "./highlevel.js";

/** An element of a page; `Element` where the project's types know it. */
export type FrameContainer = typeof globalThis extends { Element: { prototype: infer Container } } ? Container : object;

/** The frame of a page; `HTMLIFrameElement` where the project's types know it. */
export type FrameElement = typeof globalThis extends { HTMLIFrameElement: { prototype: infer Frame } } ? Frame : object;

/** Something that was posted between the payment page and HighLevel's checkout. */
export interface FramePosted {
    /** Who has posted it. */
    from: "frame" | "highlevel";
    /** `event.data` as it was posted, or as it is posted to the frame. */
    data: unknown;
    /** The origin of the page in the frame; empty as long as it has said nothing. */
    origin: string;
    /** When, in milliseconds since 1970. */
    at: number;
}

/** How a payment page is embedded. */
export interface HighLevelFrameOptions {
    /** The checkout, of `sandbox.checkout()`. */
    session: CheckoutSession;
    /** Where the frame is put. */
    container?: FrameContainer;
    /** A frame of your own instead. It is removed as well when the checkout is over. */
    iframe?: FrameElement;
    /** What assistive technology reads out for the frame. Default `Payment`. */
    title?: string;
    /**
     * Called with each message, of the page and to it.
     *
     * @param posted The message.
     */
    onPosted?(posted: FramePosted): void;
    /**
     * Called with what came of each message of the page, such as a text that the payer is to be shown.
     *
     * @param step Where the checkout stands, and what HighLevel does.
     */
    onStep?(step: CheckoutStep): void;
}

/** How many messages are kept. */
const MOST = 1000;

/**
 * HighLevel's checkout around a payment page: embeds `paymentsUrl`, posts what HighLevel posts, takes what the page posts, and
 * removes the frame when the page has said that it is done.
 *
 * ```ts
 * import { createSandbox, HighLevelFrame } from "ghl-payments/sandbox";
 *
 * const sandbox = createSandbox();
 * const session = await sandbox.checkout();
 * const frame = new HighLevelFrame({ session, container: document.body });
 * console.log(await frame.done);
 * ```
 */
export class HighLevelFrame {
    /** The frame. */
    readonly element: FrameElement;
    /** Resolves when the frame is gone, with where the checkout stands then. Rejects where the sandbox is out of reach. */
    readonly done: Promise<CheckoutState>;
    readonly #session: CheckoutSession;
    readonly #options: HighLevelFrameOptions;
    readonly #frame: HTMLIFrameElement;
    readonly #posted: FramePosted[] = [];
    readonly #timers = new Set<ReturnType<typeof setTimeout>>();
    readonly #gone = new AbortController();
    #settle!: { resolve(state: CheckoutState): void; reject(error: unknown): void };
    /** Steps are taken in the order of their messages. */
    #last: Promise<void> = Promise.resolve();
    #origin = "";

    /**
     * Throws a TypeError where there is no page, or nothing to put the frame into.
     *
     * @param options The checkout, and where its frame is put.
     */
    constructor(options: HighLevelFrameOptions) {
        named("HighLevelFrame", options, ["session", "container", "iframe", "title", "onPosted", "onStep"]);
        const { session, container, iframe, title = "Payment" } = options;
        if (typeof document === "undefined") throw new TypeError("HighLevelFrame needs a page: run it in a browser");
        if (typeof session?.receive !== "function") {
            throw new TypeError("HighLevelFrame: session must be a checkout, such as `await sandbox.checkout()`");
        }
        if ((container === undefined) === (iframe === undefined)) {
            throw new TypeError("HighLevelFrame: give either a container or an iframe");
        }
        this.#session = session;
        this.#options = options;
        this.#frame = (iframe as HTMLIFrameElement | undefined) ?? document.createElement("iframe");
        this.element = this.#frame;
        this.done = new Promise((resolve, reject) => {
            this.#settle = { resolve, reject };
        });
        // Whoever does not ask is not told.
        this.done.catch(() => {});
        // In front of the address: the page may be quicker.
        addEventListener("message", (event) => this.#hear(event), { signal: this.#gone.signal });
        this.#frame.title = title;
        this.#frame.allow = "payment; publickey-credentials-get";
        this.#frame.src = session.paymentsUrl;
        (container as Element | undefined)?.append(this.#frame);
    }

    /** The messages so far, of the page and to it, the latest 1000 at most. */
    get posted(): readonly FramePosted[] {
        return [...this.#posted];
    }

    /** The messages of the page so far, as they came. */
    get received(): readonly unknown[] {
        return this.#posted.filter(({ from }) => from === "frame").map(({ data }) => data);
    }

    /** The payer leaves: the frame is removed, and the order can be paid in another way at once. */
    async close(): Promise<CheckoutState> {
        if (!this.#gone.signal.aborted) {
            this.#remove();
            await this.#take(() => this.#session.close());
            this.#settle.resolve(this.#session.state);
        }
        return this.done;
    }

    #hear({ source, data, origin }: MessageEvent): void {
        if (source === null || source !== this.#frame.contentWindow) return;
        this.#origin = origin;
        this.#keep("frame", data);
        void this.#take(() => this.#session.receive(data));
    }

    /** Does something with the session, after what was begun before, and what comes of it. */
    #take(what: () => Promise<CheckoutStep>): Promise<void> {
        this.#last = this.#last.then(async () => {
            try {
                const step = await what();
                for (const { data, afterMs } of step.toFrame) this.#later(data, afterMs);
                if (step.remove) this.#remove();
                this.#options.onStep?.(step);
                if (step.remove) this.#settle.resolve(step.state);
            } catch (error) {
                this.#remove();
                this.#settle.reject(error);
            }
        });
        return this.#last;
    }

    #later(data: unknown, afterMs: number): void {
        const post = (): void => {
            const page = this.#frame.contentWindow;
            if (page === null || this.#gone.signal.aborted) return;
            this.#keep("highlevel", data);
            // A page without an origin, as in a sandboxed frame, cannot be named.
            page.postMessage(data, this.#origin === "null" ? "*" : this.#origin);
        };
        if (afterMs === 0) return post();
        const timer = setTimeout(() => {
            this.#timers.delete(timer);
            post();
        }, afterMs);
        this.#timers.add(timer);
    }

    #keep(from: FramePosted["from"], data: unknown): void {
        const posted = { from, data, origin: this.#origin, at: Date.now() };
        this.#posted.push(posted);
        if (this.#posted.length > MOST) this.#posted.shift();
        this.#options.onPosted?.(posted);
    }

    #remove(): void {
        if (this.#gone.signal.aborted) return;
        this.#gone.abort();
        for (const timer of this.#timers) clearTimeout(timer);
        this.#frame.remove();
    }
}
