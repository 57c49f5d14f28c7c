import { reasonOf, ValidationError, type Issue } from "./errors.js";
import type { OperationInfo } from "./events.js";

/** Headers as the core takes them: name, value, name, value. */
type FlatHeaders = string[];

/** More headers than this no server takes; an iterable without an end is refused for it. */
const MAX_HEADERS = 1000;

/** More issues nobody reads; the core lists no more either. */
const MAX_ISSUES = 100;

/** How deep a value, or the chain of its prototypes, is searched for what JSON cannot hold; the core takes far less. */
const MAX_DEPTH = 200;

const LEFT_OUT =
    "would be left out: of an object only its own enumerable properties are sent, of a list only its items. Pass a plain object of what is meant";

/** How the core begins to speak of a name that it does not know. */
const NO_FIELD = "is no field here";

/** A moment in ISO 8601 that is the same on every machine. */
const INSTANT = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/;

/** Whether there is such a day: `Date` takes the last days of a short month for the first ones of the next. */
function isDay(text: string): boolean {
    const date = new Date(text);
    return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text);
}

/** What is wrong with the input, as far as the core cannot see it: there everything arrives as JSON text. */
export class Findings {
    readonly issues: Issue[] = [];
    #cause: unknown;

    /** Something is wrong at a path. */
    add(path: string, message: string, cause?: unknown): undefined {
        if (this.issues.length < MAX_ISSUES) this.issues.push({ path, message });
        this.#cause ??= cause;
    }

    /** The error that lists these issues, and behind them those of `error`, which the core found in the rest of the input. */
    error(error?: unknown): unknown {
        if (error !== undefined && !(error instanceof ValidationError)) return error;
        if (this.issues.length === 0) return error;
        const others = error?.issues ?? [];
        // Of a name that the core does not know it says so, with the names there are: that helps more than what its value is or holds.
        const unknown = ({ path }: Issue) => others.some((other) => covers(other.path, path) && other.message.startsWith(NO_FIELD));
        const own = this.issues.filter((issue) => !unknown(issue));
        // What was left out, or is null in its stead, is not to be called missing or null.
        const known = (issue: Issue) => own.some(({ path }) => covers(path, issue.path));
        const all = [...own, ...others.filter((issue) => !known(issue))];
        return refusal(all.slice(0, MAX_ISSUES), this.#cause, error?.operation);
    }

    /** Something to call, if it is one or is left out. */
    callable<F>(name: string, value: F | undefined): F | undefined {
        if (value === undefined || typeof value === "function") return value;
        return this.add(name, "must be a function");
    }

    /** An object, if it is one; what is left out is an empty one. */
    object<T extends object>(name: string, value: T | null | undefined): Partial<T> {
        if (value === undefined || value === null) return {};
        if (typeof value === "object") {
            // The fields of these two are named without them.
            this.whole(value, name === "options" || name === "body" ? "" : name);
            return value;
        }
        return this.add(name, `must be an object, found a ${typeof value}`) ?? {};
    }

    /** Lists what a copy of an object, or its JSON text, would lack without a word. */
    whole(value: unknown, path = ""): void {
        if (typeof value !== "object" || value === null) return;
        for (const name of leftOut(value)) this.add(within(path, name), LEFT_OUT);
    }

    /** A time as the API writes it. */
    instant(name: string, value: string | Date | undefined): string | undefined {
        if (value === undefined) return undefined;
        // Text without an offset would be another moment on another machine, and `Date` makes one of nearly anything.
        const told = typeof value === "string" ? INSTANT.test(value) && isDay(value.slice(0, 10)) : typeof value?.getTime === "function";
        const date = new Date(told ? value : Number.NaN);
        if (!Number.isNaN(date.getTime())) return date.toISOString();
        return this.add(name, "must be a Date, or a time in ISO 8601 with its offset from UTC, such as 2026-11-01T12:00:00Z");
    }

    /** Options as JSON text; empty if there are none. */
    options(values: object): string {
        if (Object.keys(values).length === 0) return "";
        const { headers } = values as { headers?: unknown };
        return this.json(headers === undefined ? values : { ...values, headers: this.#headers(headers) });
    }

    /** JSON text of a value. What JSON would drop or change without a word, or refuse without a name, is null in it. */
    json(value: unknown): string {
        try {
            return JSON.stringify(value, exact) ?? "null";
        } catch {
            try {
                return JSON.stringify(this.#plain({ "": value }, "", "", [])) ?? "null";
            } catch (cause) {
                this.add("", "cannot be written as JSON", cause);
                return "null";
            }
        }
    }

    /** The value of a field as plain data; everything in it that is none is null, and listed. */
    #plain(holder: object, name: string | number, path: string, above: object[]): unknown {
        let value: unknown;
        let problem: string | undefined;
        try {
            const given = (value = (holder as Record<string, unknown>)[name]);
            value = meant(given, `${name}`);
            problem = loss(given, value);
            if (problem === undefined) this.whole(value, path);
        } catch (cause) {
            return this.add(path, "cannot be read: a getter or toJSON threw", cause) ?? null;
        }
        if (problem !== undefined) return this.add(path, problem) ?? null;
        if (typeof value !== "object" || value === null) return value;
        if (above.includes(value)) return this.add(path, "must not hold itself") ?? null;
        if (above.length === MAX_DEPTH) return this.add(path, "is nested too deeply") ?? null;
        const holders = [...above, value];
        if (Array.isArray(value)) return Array.from(value, (_, i) => this.#plain(value, i, `${path}[${i}]`, holders));
        // A Number, String or Boolean object.
        if (/^(Number|String|Boolean)$/.test(kind(value))) return value.valueOf();
        const fields = Object.keys(value).map((name) => {
            return [name, this.#plain(value, name, within(path, name), holders)];
        });
        return Object.fromEntries(fields);
    }

    /** Headers from an object, or from whatever iterates over pairs. Names that differ only in case are one header. */
    #headers(headers: unknown): FlatHeaders | undefined {
        const known = new Map<string, [name: string, value: string]>();
        for (const [path, name, value] of this.#pairs(headers)) {
            if (typeof name !== "string") {
                this.add(path, "must be a pair of a name and a text");
            } else if (typeof value !== "string") {
                this.add(`headers.${name}`, "must be text");
            } else {
                const [spelling, before] = known.get(name.toLowerCase()) ?? [name];
                // As fetch joins the values of a header that is sent twice.
                known.set(name.toLowerCase(), [spelling, before === undefined ? value : `${before}, ${value}`]);
            }
        }
        return [...known.values()].flat();
    }

    #pairs(headers: unknown): [path: string, name: unknown, value: unknown][] {
        const expected = "must be an object of texts, or pairs of a name and a text, as a Headers, a Map or an array has them";
        try {
            if (typeof headers === "object" && headers !== null) {
                if (isIterable(headers)) return this.#listed(headers);
                if (isPlain(headers)) {
                    this.whole(headers, "headers");
                    return Object.entries(headers).map(([name, value]) => [`headers.${name}`, name, value]);
                }
            }
            this.add("headers", expected);
        } catch (cause) {
            this.add("headers", "cannot be read: it threw", cause);
        }
        return [];
    }

    #listed(headers: Iterable<unknown>): [path: string, name: unknown, value: unknown][] {
        const pairs: [string, unknown, unknown][] = [];
        for (const item of headers) {
            const path = `headers[${pairs.length}]`;
            const isPair = Array.isArray(item) && item.length === 2;
            pairs.push(isPair ? [path, item[0], item[1]] : [path, undefined, undefined]);
            if (pairs.length > MAX_HEADERS) {
                this.add("headers", `has more than ${MAX_HEADERS} headers`);
                return [];
            }
        }
        return pairs;
    }
}

/** Headers as they are now, for several requests: an iterator can be read only once, and a Map may change. */
export function kept(headers: unknown): unknown {
    try {
        if (typeof headers !== "object" || headers === null) return headers;
        if (!isIterable(headers)) return isPlain(headers) && leftOut(headers).length === 0 ? { ...headers } : headers;
        const pairs: unknown[] = [];
        for (const pair of headers) {
            // One too many is enough to be refused.
            if (pairs.push(pair) > MAX_HEADERS) break;
        }
        return pairs;
    } catch {
        // It is refused where the call is made.
        return headers;
    }
}

/** An error for input in which one thing is wrong. */
export function invalid(path: string, message: string): ValidationError {
    return refusal([{ path, message }]);
}

function refusal(issues: Issue[], cause?: unknown, operation?: OperationInfo): ValidationError {
    const texts = issues.map(({ path, message }) => (path === "" ? message : `${path} ${message}`));
    const message = `${operation === undefined ? "" : `${operation.name}: `}${texts.join("; ")}`;
    const kind = { name: "ValidationError", code: "validation_failed", outcome: "not_sent" } as const;
    const info = { ...kind, message, issues, ...reasonOf(cause) };
    return new ValidationError(operation === undefined ? info : { ...info, operation }, cause);
}

/** Whether the value at `path` is the one at `inner`, or holds it. */
function covers(path: string, inner: string): boolean {
    return inner === path || (inner.startsWith(path) && (path === "" || ".[".includes(inner.charAt(path.length))));
}

/** For JSON.stringify: throws at a value that would not come out as it is. */
function exact(this: object, name: string, value: unknown): unknown {
    const given = (this as Record<string, unknown>)[name];
    if (loss(given, value) !== undefined) throw new TypeError(name);
    if (typeof value === "object" && value !== null && leftOut(value).length > 0) throw new TypeError(name);
    return value;
}

/** What a value stands for, as JSON takes it: what its `toJSON` gives, or else itself. */
export function meant(value: unknown, name = ""): unknown {
    const writer = value as { toJSON?: unknown } | null | undefined;
    return typeof writer?.toJSON === "function" ? (writer as { toJSON(name: string): unknown }).toJSON(name) : value;
}

/** Has JSON write what was `meant` as it is: it may have a `toJSON` again, which JSON would not ask either. */
export function asIs(value: unknown): object {
    return { toJSON: () => value };
}

/**
 * The properties of an object that neither JSON nor a copy would have: those that are inherited, as the accessors of a class are,
 * or not enumerable, and of a list all but its items. Methods are none, and no field of the API is a symbol.
 */
export function leftOut(value: object): string[] {
    const isList = Array.isArray(value);
    const names = new Set<string>();
    let holder: object | null = value;
    // A proxy may name prototypes without an end.
    for (let depth = 0; holder !== null && depth < MAX_DEPTH && (depth === 0 || !isRoot(holder)); depth++) {
        for (const name of Object.getOwnPropertyNames(holder)) {
            const isSent = isList ? /^(length|\d+)$/.test(name) : Object.prototype.propertyIsEnumerable.call(value, name);
            if (isSent || (name === "length" && kind(value) === "String")) continue;
            const lost = (value as Record<string, unknown>)[name];
            if (lost !== undefined && typeof lost !== "function") names.add(name);
        }
        holder = Object.getPrototypeOf(holder) as object | null;
    }
    return [...names];
}

/** The path of a field of what stands at a path. */
function within(path: string, name: string): string {
    return path === "" ? name : `${path}.${name}`;
}

/** What JSON would do to a value without a word, or could not do; `written` is what its `toJSON` gave. */
function loss(value: unknown, written: unknown): string | undefined {
    switch (typeof written) {
        case "function":
        case "symbol":
        case "bigint":
            return `must be a value, found a ${typeof written}`;
        case "number":
            return Number.isFinite(written) ? undefined : `must be a number, found ${written}`;
        case "undefined":
            return value === undefined ? undefined : `must be a value, found ${kind(value)} without one`;
        case "object":
            if (written === null) return value === null ? undefined : `must be a value, found ${kind(value)} without one`;
            if (Array.isArray(written) || isPlain(written)) return undefined;
            if (kind(written) === "Number") return loss(value, Number(written));
            return isOpaque(written) ? `must be a value, found a ${kind(written)}` : undefined;
    }
    return undefined;
}

/** Whether JSON leaves out what an object holds, as of a Map, or spells it by index. Instances of classes have fields. */
function isOpaque(value: object): boolean {
    const name = kind(value);
    return name !== "Object" && (Object.keys(value).length === 0 || /(Array|Error)$/.test(name));
}

/** Such as `Date`. */
function kind(value: unknown): string {
    return Object.prototype.toString.call(value).slice(8, -1);
}

function isIterable(value: object): value is Iterable<unknown> {
    return typeof (value as Partial<Iterable<unknown>>)[Symbol.iterator] === "function";
}

/** Whether an object is one of no class, in whatever realm it was made. */
function isPlain(value: object): boolean {
    const prototype = Object.getPrototypeOf(value) as object | null;
    return prototype === null || isRoot(prototype);
}

/** Whether it is what all objects inherit from, in whatever realm. */
function isRoot(prototype: object): boolean {
    return prototype === Object.prototype || Object.hasOwn(prototype, "isPrototypeOf");
}
