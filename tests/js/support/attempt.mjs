// One call of the matrix of outcomes. It runs in every runtime, so this imports nothing: the package comes as an argument.

/** Until a head has arrived, or half of a body. */
export const ARRIVAL_MS = 30;

/** Makes one call and gives what its client says of it. Runs in every runtime; `task` is plain data. */
export async function attempt({ PaymentsClient }, task) {
    const { name, args, abort, arrived, options } = task;
    const controller = new AbortController();
    const stop = () => controller.abort(new Error("enough"));
    const { fetch } = globalThis;
    const payments = new PaymentsClient({
        ...options,
        onEvent: (event) => event.type === "retry" && abort === "backoff" && stop(),
        ...(abort === "body" && {
            fetch: async (url, init) => {
                const response = await fetch(url, init);
                // By then the client has the head of the answer.
                setTimeout(stop, ARRIVAL_MS);
                return response;
            },
        }),
    });
    if (abort === "before") stop();
    if (abort === "arrived") void fetch(arrived).then(stop);
    const [resource, method] = name.split(".");
    try {
        await payments[resource][method](...args, { signal: controller.signal });
        return { ok: true };
    } catch (error) {
        const { name, outcome, status, attempts, message } = error;
        return { ok: false, error: name, outcome, status, attempts, message };
    }
}
