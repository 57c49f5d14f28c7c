import { Calls } from "./calls.js";
import type { Engine } from "./engine.js";
import { Hidden } from "./hidden.js";
import { Findings, invalid } from "./input.js";
import { LastingCore } from "./instance.js";
import type { ClientOptions } from "./options.js";
import { METHODS, type Reading, type Resources } from "./resources.js";

/** What `using` calls; where the runtime does not know it, what compilers and polyfills put in its place. */
const DISPOSE: unique symbol = ((Symbol as { dispose?: symbol }).dispose ?? Symbol.for("Symbol.dispose")) as never;

const CORE = new Hidden<LastingCore>("core");

/** What a `PaymentsClient` is; each entry of the package derives its own, which starts the wasm module first. */
export class Client {
    /**
     * @internal Throws a ValidationError that says what is wrong with the options.
     *
     * @param engine The module that carries it.
     */
    constructor(options: ClientOptions, engine: Engine) {
        if (typeof options !== "object" || options === null) throw invalid("", "the options must be an object");
        const { token, fetch, onEvent, limiter, ...values } = options;
        const found = new Findings();
        found.whole(options);
        const shared = limiter === false ? undefined : sharedCore(limiter, engine, found);
        const sameOrigin = typeof location === "object" && /^https?:/.test(location?.origin ?? "");
        const text = found.options(limiter === false ? { ...values, limiter } : values) || "{}";
        const listener = found.callable("onEvent", onEvent) as ((event: never) => void) | undefined;
        let core: LastingCore;
        try {
            core = new LastingCore(engine, [text, token, found.callable("fetch", fetch), listener, sameOrigin], shared);
        } catch (error) {
            throw found.error(error);
        }
        if (found.issues.length > 0) {
            core.close();
            throw found.error();
        }
        CORE.set(this, core);
        const calls = new Calls(core, options.timeoutMs);
        for (const [resource, methods] of Object.entries(METHODS)) {
            const entries = Object.entries(methods).map(([name, reading]) => {
                return [name, calls.method(`${resource}.${name}`, reading as Reading)];
            });
            // On a prototype, as a class has them: a resource that is printed or copied is empty.
            Object.assign(this, { [resource]: Object.create(Object.fromEntries(entries)) });
        }
    }

    /**
     * Gives the client's memory back at once, as `using payments = new PaymentsClient(...)` does at the end of its block;
     * without it the garbage collector does so some time later. Calls that were made go on; later ones, and further pages of a
     * list, are rejected.
     */
    close(): void {
        CORE.get(this).close();
    }

    /** @internal */
    [DISPOSE](): void {
        this.close();
    }
}

declare global {
    /** What `using` takes, for projects whose `lib` does not know it. */
    interface Disposable {}
}
export interface Client extends Disposable, Resources {}

/** The core of the client whose limits are shared, if there is one. */
export function sharedCore(limiter: unknown, engine: Engine, found: Findings): LastingCore | undefined {
    if (limiter === undefined) return undefined;
    const core = CORE.find(limiter);
    if (core?.engine !== engine) {
        return found.add(
            "limiter",
            "must be another PaymentsClient, or false; two copies of the package in one process have each their own, and so have " +
                "ghl-payments and ghl-payments/edge",
        );
    }
    return core.closed ? found.add("limiter", "was closed") : core;
}
