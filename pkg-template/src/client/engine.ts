import type { Core, Pages } from "../core.js";

/** What the glue of a wasm module with the client in it exports. */
export interface Glue {
    readonly Core: typeof Core;
    readonly Pages: typeof Pages;
    /** Replaces the instance by a fresh one. */
    readonly restart: () => void;
}

/** A wasm module with the client in it, and what became of its instances. Each module that an entry brings has its own. */
export class Engine<G extends Glue = Glue> {
    readonly glue: G;
    /** How many instances were lost: what was made in one of them is gone. */
    lost = 0;
    /** What the last one was lost by. */
    trap: unknown;
    /**
     * All calls of all clients that the present instance carries, the one that was heard of longest ago first, and when that
     * was. A Worker's request can end at any wait: of its calls nothing is heard again.
     */
    readonly pending = new Map<UnderWay, number>();

    constructor(glue: G) {
        this.glue = glue;
    }

    /** Notes that a call is alive. */
    heardOf(underWay: UnderWay): void {
        const now = Date.now();
        this.pending.delete(underWay);
        this.pending.set(underWay, now);
        for (const [other, heard] of this.pending) {
            if (Math.abs(now - heard) < FORGOTTEN_MS) break;
            this.pending.delete(other);
        }
    }

    /** Takes a fresh instance in place of the one that `cause` ended, and rejects all that it carried. */
    replace(cause: unknown): void {
        this.lost++;
        this.trap = cause;
        this.glue.restart();
        for (const underWay of this.pending.keys()) underWay.lose(cause);
    }
}

/** A call under way. */
export interface UnderWay {
    /** Ends it when its instance is lost. */
    lose(cause: unknown): void;
}

/** A call that takes no step for so many milliseconds is forgotten. If it comes back, it finds out itself what was lost. */
const FORGOTTEN_MS = 600_000;
