/** Printable ASCII without what a JavaScript string or an inline script would have to escape; as in xtask/src/inline.rs. */
const SYMBOLS = " !#%&()*+,-./0123456789:;=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_abcdefghijklmnopqrstuvwxyz{|}~";

/**
 * A wasm module that `cargo xtask build` wrote as text.
 *
 * @param size How many bytes the module has.
 * @param frequent The bytes that are one symbol each; every other one is two.
 * @param text The symbols.
 */
export function unpack(size: number, frequent: number[], text: string): Uint8Array<ArrayBuffer> {
    const module = new Uint8Array(size);
    const bytes = [...new Set([...frequent, ...Array(256).keys()])];
    const places = new Uint8Array(128);
    for (let i = 0; i < SYMBOLS.length; i++) places[SYMBOLS.charCodeAt(i)] = i;
    for (let i = 0, at = 0, shift = 0; i < text.length; i++) {
        const place = places[text.charCodeAt(i)]!;
        if (place < frequent.length) {
            module[at++] = bytes[shift + place]!;
            shift = 0;
        } else {
            shift = (place - frequent.length + 1) * frequent.length;
        }
    }
    return module;
}
