/** Printable ASCII without what a JavaScript string or an inline script would have to escape; as in xtask/src/inline.rs. */
const SYMBOLS = " !#%&()*+,-./0123456789:;=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_abcdefghijklmnopqrstuvwxyz{|}~";
/** So many symbols stand for a byte; the last two shift the next one. */
const PLAIN = 87;

/**
 * A wasm module that `cargo xtask build` wrote as text.
 *
 * @param size How many bytes the module has.
 * @param frequent Bit n: the byte n is one symbol. Every other byte is two.
 * @param text The symbols.
 */
export function unpack(size: number, frequent: bigint, text: string): Uint8Array<ArrayBuffer> {
    const isRare = (byte: number) => Number(~(frequent >> BigInt(byte)) & 1n);
    const bytes = [...Array(256).keys()].sort((a, b) => isRare(a) - isRare(b));
    const places = new Uint8Array(128);
    for (let i = 0; i < SYMBOLS.length; i++) places[SYMBOLS.charCodeAt(i)] = i;
    const module = new Uint8Array(size);
    for (let i = 0, at = 0, shift = 0; i < text.length; i++) {
        const place = places[text.charCodeAt(i)]!;
        if (place < PLAIN) module[at++] = bytes[shift + place]!;
        shift = place < PLAIN ? 0 : (place - PLAIN + 1) * PLAIN;
    }
    return module;
}
