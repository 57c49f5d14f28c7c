import { invalid } from "../client/input.js";

/** Times that a `Date` can hold, in milliseconds. */
const MOST = 8.64e15;

/**
 * A caller's clock that is looked at whenever it is read: of a time that is none, such as the promise of one, everything would be
 * expired or nothing. Then it throws a ValidationError.
 */
export function clockOf(now: () => number): () => number {
    return () => {
        const time: unknown = now();
        if (typeof time === "number" && time >= 0 && time <= MOST) return time;
        throw invalid("now", "must give milliseconds since 1970, as a number and no promise");
    };
}
