import { invalid } from "../client/input.js";

/** The end of the year 9999, in milliseconds since 1970: what is later has no date of four digits for its year. */
const MOST = 253_402_300_799_999;

/** How far another clock may be ahead of one's own, in milliseconds. */
export const AHEAD_MS = 300_000;

/**
 * A caller's clock that is looked at whenever it is read: of a time that is none, such as the promise of one, everything would be
 * expired or nothing. Then it throws a ValidationError.
 */
export function clockOf(now: () => number): () => number {
    return () => {
        const time: unknown = now();
        if (typeof time === "number" && time >= 0 && time <= MOST) return time;
        throw invalid("now", "must give milliseconds since 1970 and before the year 10000, as a number and no promise");
    };
}

/**
 * When an event was sent, by its own `timestamp`; `undefined` where that is no time. One that a clock has sent which is far ahead was
 * sent soon at the latest: else whatever comes after it would be older for as long.
 */
export function sentAt(timestamp: unknown, now: number): number | undefined {
    const at = typeof timestamp === "string" || typeof timestamp === "number" ? new Date(timestamp).getTime() : 0;
    return at > 0 ? Math.min(at, now + AHEAD_MS) : undefined;
}
