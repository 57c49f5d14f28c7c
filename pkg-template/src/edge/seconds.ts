/** How deep a value is searched for dates. */
const DEPTH = 4;

/** A value whose dates are unix seconds. */
export function seconds(value: unknown, depth = 0): unknown {
    if (typeof value !== "object" || value === null || depth > DEPTH) return value;
    if (typeof (value as Date).getTime === "function") return Math.floor((value as Date).getTime() / 1000);
    if (Array.isArray(value)) return value.map((one) => seconds(one, depth + 1));
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== null && prototype !== Object.prototype) return value;
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, seconds(one, depth + 1)]));
}
