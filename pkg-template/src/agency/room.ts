import { pause } from "../exchange.js";

/** For so long, in milliseconds, something is held without a word: what held it may be gone, as an object that was reset. */
const HELD_MS = 120_000;

/** How often who waits looks again, in milliseconds. */
const LOOK_MS = 20;

/** Something that the objects of an isolate share, as they share its memory of 128 MB. */
export class Room {
    readonly #most: number;
    readonly #holds = new Map<object, { size: number; until: number }>();

    constructor(most: number) {
        this.#most = most;
    }

    /** Holds so much from now on, whoever waits for it. */
    hold(holder: object, size: number): void {
        if (size === 0) this.#holds.delete(holder);
        else this.#holds.set(holder, { size, until: Date.now() + HELD_MS });
    }

    /** Holds so much, if it is there. */
    take(holder: object, size: number): boolean {
        const now = Date.now();
        let used = 0;
        for (const [other, { size, until }] of this.#holds) {
            if (until <= now) this.#holds.delete(other);
            else if (other !== holder) used += size;
        }
        // One alone may hold more than there is: nothing would ever go on.
        if (used > 0 && used + size > this.#most) return false;
        this.hold(holder, size);
        return true;
    }

    /** Holds so much, as soon as it is there. */
    async wait(holder: object, size: number): Promise<void> {
        while (!this.take(holder, size)) await pause(LOOK_MS);
    }
}
