/** A wasm module as text. `cargo xtask build` writes it; xtask/src/inline.rs says in which order and why. */
export interface Packed {
    /** How many bytes the module has, those in front of its functions and those behind them; how many instructions. */
    sizes: [module: number, head: number, tail: number, instructions: number];
    /** How many numbers follow an opcode, for each that has operands; see {@link ANY}. */
    operands: Record<number, number>;
    /** Bit n: the byte n is one symbol. */
    frequent: bigint;
    text: string;
}

/** Printable ASCII without what a JavaScript string or an inline script would have to escape. */
const SYMBOLS = " !#%&()*+,-./0123456789:;=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_abcdefghijklmnopqrstuvwxyz{|}~";
/** So many symbols stand for a byte; the last two shift the next one. */
const PLAIN = 87;

/** The bytes that the symbols stand for. */
function bytes(text: string, frequent: bigint): Uint8Array {
    const order: number[] = [];
    const rare: number[] = [];
    for (let n = 0; n < 256; n++) ((frequent >> BigInt(n)) & 1n ? order : rare).push(n);
    order.push(...rare);
    const values = new Uint8Array(128);
    for (let i = 0; i < SYMBOLS.length; i++) values[SYMBOLS.charCodeAt(i)] = i;
    const out = new Uint8Array(text.length);
    for (let i = 0, at = 0, shift = 0; i < text.length; i++) {
        const value = values[text.charCodeAt(i)]!;
        if (value < PLAIN) {
            out[at++] = order[shift + value]!;
            shift = 0;
        } else {
            shift = (value - PLAIN + 1) * PLAIN;
        }
    }
    return out;
}

/** In place of a number of operands: their length in two bytes, then so many bytes. */
const ANY = 255;

/** The module. */
export function unpack({ sizes, operands, frequent, text }: Packed): Uint8Array<ArrayBuffer> {
    const [size, head, tail, instructions] = sizes;
    const data = bytes(text, frequent);
    const out = new Uint8Array(size);
    out.set(data.subarray(0, head));
    out.set(data.subarray(head, head + tail), size - tail);
    let next = head + tail;
    const end = next + instructions;
    const counts = new Uint32Array(256);
    for (let i = next; i < end; i++) counts[data[i]!]!++;
    // Where each column begins, and which is the first one of an opcode.
    const columns = new Uint32Array(256);
    const first = new Uint8Array(256);
    const places = new Uint8Array(256);
    let column = 0;
    let from = end;
    for (const opcode in operands) {
        first[opcode] = column;
        const width = (places[opcode] = operands[opcode]!);
        for (let place = width === ANY ? ANY - 1 : 0; place < width; place++) {
            columns[column++] = from;
            for (let left = counts[opcode]!; left > 0; from++) {
                if (width === ANY) from += 1 + data[from]! + 256 * data[from + 1]!;
                if (width === ANY || data[from]! < 128) left--;
            }
        }
    }
    let at = head;
    while (next < end) {
        const start = at;
        for (let left = 1 + 2 * data[from]!; left > 0; ) if ((out[at++] = data[from++]!) < 128) left--;
        for (let depth = 1; depth > 0; ) {
            const opcode = (out[at++] = data[next++]!);
            if (opcode > 1 && opcode < 5) depth++;
            if (opcode === 11) depth--;
            let i = first[opcode]!;
            if (places[opcode] === ANY) {
                const operand = columns[i]! + 2;
                const length = data[operand - 2]! + 256 * data[operand - 1]!;
                out.set(data.subarray(operand, (columns[i] = operand + length)), at);
                at += length;
                continue;
            }
            for (const last = i + places[opcode]!; i < last; i++) {
                do out[at++] = data[columns[i]!]!;
                while (data[columns[i]!++]! > 127);
            }
        }
        // In front of each function stands its length.
        let length = at - start;
        const digits = length < 128 ? 1 : length < 16384 ? 2 : 3;
        out.copyWithin(start + digits, start, at);
        at += digits;
        for (let i = 0; i < digits; i++, length >>= 7) out[start + i] = (length & 127) | (i < digits - 1 ? 128 : 0);
    }
    return out;
}
