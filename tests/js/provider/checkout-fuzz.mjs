// Messages that no payment page may take: junk, and props with something wrong that must be right.

/** Numbers that follow from a seed (mulberry32). */
export class Random {
    #state;

    constructor(seed) {
        this.#state = seed >>> 0;
    }

    /** From 0 to below 1. */
    next() {
        this.#state = (this.#state + 0x6d2b79f5) >>> 0;
        let t = this.#state;
        t = Math.imul(t ^ (t >>> 15), t | 1);
        t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
        return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    }

    /** A whole number from 0 to below the limit. */
    below(limit) {
        return Math.floor(this.next() * limit);
    }

    of(list) {
        return list[this.below(list.length)];
    }
}

const REQUIRED = {
    payment_initiate_props: ["publishableKey", "amount", "currency", "mode", "transactionId", "locationId"],
    setup_initiate_props: ["publishableKey", "currency", "mode", "locationId", "contact"],
};
const TYPES = ["constructor", "__proto__", "toString", "payment_initiate_prop", "PAYMENT_INITIATE_PROPS", "", null, 7, [], {}, true, "custom_provider_ready", "custom_element_success_response"];
const JUNK = [
    undefined, null, true, 0, -1, Number.NaN, "", "{", "[]", "null", "undefined", '"payment_initiate_props"', "{}", '{"type":', "\u0000", "\ud800",
    [], {}, [[]], [null], new Date(0), new Map([["type", "payment_initiate_props"]]), new Set(["type"]), /x/, new Uint8Array(8), new ArrayBuffer(8), 10n, new Error("x"),
    { type: "webpackOk" }, { source: "react-devtools-bridge", payload: {} }, "setImmediate$0.1$1", { type: "payment_initiate_props" }, '{"type":"setup_initiate_props"}',
];
const circle = { type: "payment_initiate_props" };
circle.self = circle;
JUNK.push(circle, "[".repeat(100_000), `{"type":"payment_initiate_props","contact":${'{"a":'.repeat(5_000)}1${"}".repeat(5_000)}}`);

/** What none of the fields that must be there can be. */
const wrong = (random, name) =>
    random.of([undefined, null, [], {}, false, true, [[1]], ...(name === "amount" ? ["ten", "1,000.00", "", -1, 10.555, 1e13, "NaN"] : []), ...(name === "contact" ? ["id", 7, { id: {} }, { ID: "x" }] : [])]);

/** As many messages as asked for, of which none may be taken. */
export function* mutants(random, props, count) {
    for (let i = 0; i < count; i += 1) {
        const way = random.below(8);
        if (way === 0) {
            yield random.of(JUNK);
            continue;
        }
        const message = structuredClone(random.of(props));
        const text = JSON.stringify(message);
        if (way === 1) {
            yield text.slice(0, random.below(text.length));
        } else if (way === 2) {
            // A comma where none may be.
            const at = 1 + random.below(text.length - 2);
            yield `${text.slice(0, at)},${text.slice(at)},`;
        } else if (way === 3) {
            const type = random.of(TYPES);
            yield { ...message, type };
        } else if (way === 4) {
            yield random.of([[message], { data: message }, { type: "x", message }, JSON.stringify(text), JSON.stringify([message])]);
        } else {
            const name = random.of(REQUIRED[message.type]);
            const value = wrong(random, name);
            if (value === undefined) delete message[name];
            else message[name] = value;
            // Something else may be odd as well.
            message[random.of(["name", "contact2", "productDetails", "image"])] = random.of(JUNK.slice(0, 16));
            yield random.below(2) ? message : JSON.stringify(message);
        }
    }
}
