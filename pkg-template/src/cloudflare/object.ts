type Class<A extends unknown[], T> = new (...args: A) => T;

/**
 * A class of Durable Objects with the methods of `Methods`, which gets the state and the bindings of each object. Its methods can be called from
 * elsewhere only where it is derived from the runtime's own class.
 *
 * @param Base The runtime's `DurableObject`.
 * @param Methods The methods, as a class.
 */
export function durable<S, T extends object>(Base: unknown, Methods: Class<[state: S, env: unknown], T>): Class<[state: S, env: unknown], T> {
    const Object_ = Base as Class<[S, unknown], object>;
    const own = class extends Object_ {
        constructor(state: S, env: unknown) {
            super(state, env);
            INNER.set(this, new Methods(state, env));
        }
    };
    for (const name of Object.getOwnPropertyNames(Methods.prototype)) {
        if (name === "constructor") continue;
        const value = function (this: object, ...args: unknown[]): unknown {
            const inner = INNER.get(this) as Record<string, (...args: unknown[]) => unknown>;
            return inner[name]!(...args);
        };
        Object.defineProperty(own.prototype, name, { value, configurable: true, writable: true });
    }
    return own as unknown as Class<[state: S, env: unknown], T>;
}

/** What stands behind an object. */
const INNER = new WeakMap<object, object>();
