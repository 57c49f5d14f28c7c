// What the core gives as text in wasm memory, to what the facade takes.

// The build puts that file beside this one.
import { textDecoder } from "./text.js";

// Not at the import, which must not throw: see text.ts.
let decoder;

export function succeeded(body, response, info) {
    decoder ??= textDecoder();
    // The body is a view of the memory, whose size only this tells.
    return [undefined, JSON.parse(decoder.decode(body)), response, info, body.buffer.byteLength];
}

export function failed(error, cause) {
    return [error, cause];
}

/** A listener that throws, or is asynchronous and fails, must not break the call. */
export function tell(listener, event) {
    try {
        const done = listener(JSON.parse(event));
        // By its behaviour: a promise of another realm or of a patched class is one too.
        if (typeof done?.then === "function") done.then(undefined, () => {});
    } catch {}
}
