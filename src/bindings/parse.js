// Bytes that are known to be JSON, in wasm memory, to a value.

const decoder = new TextDecoder();

export function parse(bytes) {
    return JSON.parse(decoder.decode(bytes));
}
