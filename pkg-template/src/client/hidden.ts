/**
 * A value that belongs to a public object and to nobody else: no copy, no printout and no JSON text of the object shows it.
 *
 * Unlike a `#private` field or a WeakMap it is found behind a transparent Proxy too, as Vue and MobX hand one out in place
 * of the object.
 */
export class Hidden<V> {
    readonly #key: symbol;

    /** `name` is for debuggers. */
    constructor(name: string) {
        this.#key = Symbol(name);
    }

    /** Gives an object its value, once. */
    set(owner: object, value: V): void {
        // Behind a function, which such proxies leave alone: an object they would wrap as well.
        Object.defineProperty(owner, this.#key, { value: () => value });
    }

    /** The value of an object, or of the object behind a Proxy. */
    get(owner: object): V {
        return (owner as Record<symbol, () => V>)[this.#key]!();
    }

    /** As {@link Hidden.get}, of what may be no such object. */
    find(owner: unknown): V | undefined {
        const value: unknown = (owner as Partial<Record<symbol, unknown>> | null | undefined)?.[this.#key];
        return typeof value === "function" ? (value as () => V)() : undefined;
    }
}
