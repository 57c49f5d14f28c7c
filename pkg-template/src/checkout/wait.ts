/**
 * Waits for a message until a signal ends it. Listens before anything else happens.
 *
 * @param signal Ends it with its reason.
 * @param everyMs How often `again` is called.
 * @param again Called at once and again and again; may end it with an error.
 * @param listen Looks at each message, and ends it with a result.
 */
export function waitFor<Result>(
    signal: AbortSignal | undefined,
    everyMs: number,
    again: (reject: (error: Error) => void) => void,
    listen: (event: MessageEvent, resolve: (result: Result) => void) => void,
): Promise<Result> {
    const over = new AbortController();
    let timer: ReturnType<typeof setInterval> | undefined;
    return new Promise<Result>((resolve, reject) => {
        signal?.throwIfAborted();
        addEventListener("message", (event) => listen(event, resolve), over);
        signal?.addEventListener("abort", () => reject(signal.reason), over);
        timer = setInterval(again, everyMs, reject);
        again(reject);
    }).finally(() => {
        over.abort();
        clearInterval(timer);
    });
}
