import { leftOut } from "../client/input.js";

/** How deep a value is searched for dates. */
const DEPTH = 4;

/** A value whose dates are unix seconds. */
export function seconds(value: unknown, depth = 0): unknown {
    if (typeof value !== "object" || value === null || depth > DEPTH) return value;
    if (typeof (value as Date).getTime === "function") return Math.floor((value as Date).getTime() / 1000);
    // What a copy would lack is found where the value itself is written.
    if (leftOut(value).length > 0) return value;
    if (Array.isArray(value)) return value.map((one) => seconds(one, depth + 1));
    // Of another realm, or of a class: its own fields are what counts. A map or a set has none.
    if (Object.prototype.toString.call(value) !== "[object Object]" || typeof (value as { toJSON?: unknown }).toJSON === "function") return value;
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, seconds(one, depth + 1)]));
}
