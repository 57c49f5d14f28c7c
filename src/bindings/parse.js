// What the core gives as text in wasm memory, to what the facade takes.

const decoder = new TextDecoder();

export function succeeded(body, response, info) {
    return [undefined, JSON.parse(decoder.decode(body)), response, info];
}

export function failed(error, cause) {
    return [error, cause];
}

/** A listener that throws, or is asynchronous and fails, must not break the call. */
export function tell(listener, event) {
    try {
        const done = listener(JSON.parse(event));
        if (done instanceof Promise) done.catch(() => {});
    } catch {}
}
