// UTF-8 for the glue and for parse.js, which stand beside this file. They ask for it when the module starts: jsdom has
// neither TextDecoder nor TextEncoder, and an import must not throw there.

/** What the glue needs of a TextDecoder. */
export interface Decoder {
    /** Gives the text. */
    decode(bytes?: Uint8Array): string;
}

/** What the glue needs of a TextEncoder. */
export interface Encoder {
    /** Writes the text and tells how many bytes it takes. */
    encodeInto(text: string, into: Uint8Array): { written: number };
}

/** A decoder; it is called once in advance, as wasm-bindgen does it for Safari. */
export function textDecoder(options?: TextDecoderOptions): Decoder {
    if (typeof TextDecoder !== "function") return { decode };
    const decoder = new TextDecoder("utf-8", options);
    decoder.decode();
    return decoder;
}

/** An encoder. */
export function textEncoder(): Encoder {
    return typeof TextEncoder === "function" ? new TextEncoder() : { encodeInto };
}

// Percent encoding knows UTF-8 in every JavaScript, and `escape` and `unescape` take characters below 256 for bytes.

function decode(bytes = new Uint8Array()): string {
    let characters = "";
    // In pieces: a call takes only so many arguments.
    for (let i = 0; i < bytes.length; i += 8192) characters += String.fromCharCode(...bytes.subarray(i, i + 8192));
    try {
        return decodeURIComponent(escape(characters));
    } catch {
        return characters.replace(/[\x80-\xff]+/g, "\ufffd");
    }
}

function encodeInto(text: string, into: Uint8Array): { written: number } {
    const characters = unescape(encodeURIComponent(text.replace(/\p{Surrogate}/gu, "\ufffd")));
    for (let i = 0; i < characters.length; i++) into[i] = characters.charCodeAt(i);
    return { written: characters.length };
}
