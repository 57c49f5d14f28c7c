/** How deep a copy goes, and how many values it has at the most; what lies behind is a text that says so. */
const MAX_DEPTH = 32;
const MAX_VALUES = 20_000;

/** What stands where a copy ends. */
const CUT = "[cut]";

/**
 * A copy of any value as plain data: JSON.stringify, structuredClone and postMessage take it, whatever the value is.
 *
 * It ends at a depth of 32 and after 20,000 values. What is no data has no place in it: functions and symbols are left out.
 */
export function snapshot(value: unknown): unknown {
    let left = MAX_VALUES;
    const copy = (value: unknown, depth: number): unknown => {
        if (typeof value === "bigint") return `${value}`;
        if (typeof value === "function" || typeof value === "symbol") return undefined;
        if (typeof value === "number" && !Number.isFinite(value)) return null;
        if (typeof value !== "object" || value === null) return value;
        if (depth === MAX_DEPTH || --left < 0) return CUT;
        try {
            if (Array.isArray(value)) return firsts(value).map((item) => copy(item, depth + 1) ?? null);
            const names = firsts(Object.keys(value));
            // An own field `__proto__` stays one.
            return Object.fromEntries(names.map((name) => [name, copy((value as Record<string, unknown>)[name], depth + 1)]));
        } catch {
            return "[unreadable]";
        }
    };
    /** As many as there is room for. */
    const firsts = <T>(items: T[]): T[] => {
        // Not as it is: a list may have holes.
        const taken = Array.from(items.slice(0, Math.max(left, 0)));
        left -= taken.length;
        return taken;
    };
    return copy(value, 0);
}
