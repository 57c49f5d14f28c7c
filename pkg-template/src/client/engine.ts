import type { Core, Pages } from "../core.js";

/** What the glue of a wasm module with the client in it exports. */
export interface Glue {
    readonly Core: typeof Core;
    readonly Pages: typeof Pages;
    /** Replaces the instance by a fresh one. */
    readonly restart: () => void;
    /** Whether the instance holds nothing but clients, calls and lists, which all outlive it. */
    readonly spare?: boolean;
}

/** A wasm module with the client in it, and what became of its instances. Each module that an entry brings has its own. */
export class Engine<G extends Glue = Glue> {
    readonly glue: G;
    /** How many instances were lost: what was made in one of them is gone. */
    lost = 0;
    /** What the last one was lost by; `undefined` where nothing was under way in it. */
    trap: unknown;
    /** How many lists the present instance remembers more of than their cursors do. */
    #lists = 0;
    /** Hears of the lists that nobody reads on, and of the clients that nobody has any more. */
    readonly #left: FinalizationRegistry<number | WeakRef<Tenant>> | undefined;
    /** What is carried, as long as somebody has it. */
    readonly #tenants = new Set<WeakRef<Tenant>>();
    #endedAt = 0;
    /** Whether the memory of the present instance is large: it can grow, but never shrinks. */
    #large = false;
    #timer: unknown;
    /**
     * All calls of all clients that the present instance carries, the one that was heard of longest ago first. A Worker's request
     * can end at any wait: of its calls nothing is heard again.
     */
    readonly pending = new Map<UnderWay, Sign>();

    constructor(glue: G) {
        this.glue = glue;
        if (typeof FinalizationRegistry !== "function") return;
        this.#left = new FinalizationRegistry((left) => {
            if (typeof left === "object") this.#tenants.delete(left);
            else if (left === this.lost) this.#lists--;
        });
    }

    /** Notes whom to ask before an instance is given up that works. */
    carry(tenant: Tenant): void {
        if (this.glue.spare !== true || this.#left === undefined) return;
        const known = new WeakRef(tenant);
        this.#tenants.add(known);
        this.#left.register(tenant, known);
    }

    /** Notes that a call is alive. */
    heardOf(underWay: UnderWay): void {
        const now = Date.now();
        // Nearly always it was a moment ago; the order need not be finer than that.
        const known = this.pending.get(underWay);
        if (known && known.missed === undefined && Math.abs(now - known.heard) < MOMENT_MS) return;
        this.pending.delete(underWay);
        this.pending.set(underWay, { heard: now, missed: undefined });
        this.#forget(now);
    }

    /**
     * Forgets the calls of which nothing was heard for long, and nothing again since they were first missed: where the clock was
     * set, or the machine slept, one that lives takes its next step in between.
     */
    #forget(now: number): void {
        for (const [underWay, { heard, missed }] of this.pending) {
            const silentMs = Math.abs(now - (missed ?? heard));
            // Those behind it were heard of later.
            if (missed === undefined && silentMs < MISSED_MS) break;
            if (silentMs < patienceMs(underWay)) continue;
            // If it comes back, it finds out itself what was lost.
            if (missed !== undefined) this.pending.delete(underWay);
            else this.pending.set(underWay, { heard, missed: now });
        }
    }

    /** Lets a call go that ended with the memory of the instance at so many bytes, where that is known. */
    end(underWay: UnderWay, memory: unknown): void {
        this.pending.delete(underWay);
        this.#endedAt = Date.now();
        // Where nothing tells who has gone, it stays.
        if (this.glue.spare === true && this.#left && (memory as number) > LARGE_MEMORY) this.#large = true;
        if (!this.#large) return;
        // A Worker forgets its timers with the request, a page may sleep: then the next call sees to it.
        clearTimeout(this.#timer as number | undefined);
        // A second more: a timer may be early by the clock that it is judged by.
        const timer: unknown = setTimeout(() => this.shrink(), REST_MS + 1000);
        this.#timer = timer;
        // It keeps no process alive: Node's and Bun's timers are objects, Deno's are numbers.
        if (typeof timer === "object") (timer as { unref?(): void } | null)?.unref?.();
        else (globalThis as { Deno?: { unrefTimer?(timer: unknown): void } }).Deno?.unrefTimer?.(timer);
    }

    /** Keeps the present instance while somebody may read on a list that it remembers. */
    keep(list: Pages): void {
        this.release(list);
        this.#lists++;
        this.#left?.register(list, this.lost, list);
    }

    /** Keeps it no longer for this list. */
    release(list: Pages): void {
        if (this.#left?.unregister(list)) this.#lists--;
    }

    /** Takes a fresh instance in place of one whose memory is large, if nobody would notice. */
    shrink(): void {
        if (!this.#large) return;
        const now = Date.now();
        this.#forget(now);
        if (this.pending.size > 0 || this.#lists > 0 || Math.abs(now - this.#endedAt) < REST_MS) return;
        for (const tenant of this.#tenants) if (tenant.deref()?.rests(now) === false) return;
        if (!this.glue.Core.payments_rest()) return;
        this.#renew(undefined);
    }

    #renew(trap: unknown): void {
        this.lost++;
        this.trap = trap;
        this.#lists = 0;
        this.#large = false;
        this.glue.restart();
    }

    /** Takes a fresh instance in place of the one that `cause` ended, and rejects all that it carried. */
    replace(cause: unknown): void {
        this.#renew(cause);
        for (const underWay of this.pending.keys()) underWay.lose(cause);
    }
}

/** Who has something in the instance that outlives it. */
export interface Tenant {
    /** Whether nothing is lost with the instance, at a time in milliseconds since 1970. */
    rests(now: number): boolean;
}

/** A call under way. */
export interface UnderWay {
    /** Milliseconds that one attempt may take. */
    readonly timeoutMs: number;
    /** Ends it when its instance is lost. */
    lose(cause: unknown): void;
}

/** When a call was last heard of, and when it was missed since, in milliseconds since 1970. */
interface Sign {
    readonly heard: number;
    readonly missed: number | undefined;
}

/** How long nothing is heard of a call until it is missed, and then until it is forgotten: its longest step is an attempt, or a wait of a minute. */
function patienceMs({ timeoutMs }: UnderWay): number {
    return Math.max(MISSED_MS, 2 * timeoutMs || 0);
}

/** Calls that were heard of so many milliseconds one after the other may stand in any order. */
const MOMENT_MS = 1000;

/** A call that takes no step for so many milliseconds is missed, unless an attempt may take half of that or more. */
const MISSED_MS = 600_000;

/** Bytes of memory that a page of some megabytes leaves behind, and pages of the usual size do not. */
const LARGE_MEMORY = 8_388_608;

/** Milliseconds after which a limiter holds nothing of the last call, by the documented limits: a slot is its for 10 s behind the answer. */
const REST_MS = 15_000;
