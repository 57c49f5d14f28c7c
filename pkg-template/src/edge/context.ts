/** What lets work go on behind an answer, as Cloudflare's `ctx`. */
export interface WaitUntil {
    /**
     * Keeps the Worker alive until then.
     *
     * @param work What it waits for.
     */
    waitUntil(work: Promise<unknown>): void;
}

/** The one among what a runtime or a router hands on beside the request that lets work go on. */
export function waiting(context: unknown[]): WaitUntil | undefined {
    return context.find((one): one is WaitUntil => {
        try {
            return typeof (one as Partial<WaitUntil> | null | undefined)?.waitUntil === "function";
        } catch {
            // A getter of a router's that has nothing here.
            return false;
        }
    });
}

/** Calls what is somebody else's: it may throw, or be asynchronous and fail, unheard. */
export function quietly(call: () => unknown): void {
    try {
        const done = call() as PromiseLike<unknown> | undefined;
        if (typeof done?.then === "function") done.then(undefined, () => {});
    } catch {}
}
