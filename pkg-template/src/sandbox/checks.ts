/** The latest time of a `Date`. */
export const MOST_MS = 8.64e15;
/** The largest number of 32 bits. */
export const MOST_COUNT = 0xffff_ffff;

/** Refuses options that are no object, or of which one is unknown. */
export function named(what: string, options: object, names: readonly string[]): void {
    if (typeof options !== "object" || options === null || Array.isArray(options)) {
        throw new TypeError(`${what} takes an object of options`);
    }
    const unknown = Object.keys(options).find((name) => !names.includes(name));
    if (unknown !== undefined) throw new TypeError(`${what} has no option "${unknown}": it takes ${names.join(", ")}`);
}

/** Refuses what is no whole number between two others. */
export function whole(what: string, value: number, least: number, most: number): void {
    if (typeof value !== "number") throw new TypeError(`${what} must be a number`);
    if (!Number.isInteger(value) || value < least || value > most) {
        throw new RangeError(`${what} must be a whole number from ${least} to ${most}`);
    }
}

/** Refuses what is no list of texts. */
export function texts(what: string, list: readonly string[]): void {
    const fine = Array.isArray(list) && list.every((text) => typeof text === "string" && text !== "");
    if (!fine) throw new TypeError(`${what} must be text that is not empty`);
}

/** Refuses what is no text, unless it is left out. */
export function maybeText(what: string, text: string | undefined): void {
    if (text !== undefined) texts(what, [text]);
}

/** Refuses what is none of these texts. */
export function choice(what: string, text: string, list: readonly string[]): void {
    if (!list.includes(text)) throw new TypeError(`${what} must be one of ${list.join(", ")}`);
}

/** The time as milliseconds since 1970. */
export function timeOf(what: string, now: number | Date): number {
    const ms = now instanceof Date ? now.getTime() : now;
    if (typeof ms !== "number" || !(Math.abs(ms) <= MOST_MS)) throw new TypeError(what);
    return ms;
}
