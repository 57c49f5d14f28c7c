// The answers that every way of calling is given: made up, the same for everyone, in every engine.

const LOCATION = "ve9EPM428h8vShlRW1KT";

/**
 * What is measured. `call` is the operation, `body` the bytes of the answer, `expected` what a way must deliver and
 * `repaired` what one that repairs delivers, where that is something else.
 */
export function cases() {
    const page = orderPage(100, random(7));
    const large = withItems(page, random(8));
    const drifted = withTexts(large);
    return [
        of("page", "80 KB, some accents", "list", page),
        of("ascii", "80 KB, ASCII only", "list", asciiOnly(page)),
        of("reordered", "80 KB, keys in another order", "list", reordered(page, random(9))),
        of("large", "350 KB with items", "list", large),
        of("repairs", "200 repairs in 350 KB", "list", drifted, large),
        of("one", "one order", "get", order(random(10))),
        of("empty", "empty answer", "list", { data: [], totalCount: 0 }),
    ];
}

function of(name, title, call, expected, repaired = expected) {
    return { name, title, call, body: new TextEncoder().encode(JSON.stringify(expected)), expected, repaired };
}

/** A page of the order list as HighLevel answers it: about 800 bytes each. */
export function orderPage(count, random) {
    return { data: Array.from({ length: count }, () => summary(random)), totalCount: 3463 };
}

function summary(random) {
    const { below, pick, hex, id } = random;
    const first = pick(["Ada", "Grace", "José", "Linus", "Zoë", "Margaret", "Søren", "Barbara"]);
    const last = pick(["Lovelace", "Hopper", "Álvarez", "Torvalds", "Brontë", "Hamilton", "Kierkegaard", "Liskov"]);
    const products = 1 + below(4);
    const recurring = below(products + 1);
    const subtotal = (500 + below(50_000)) / 100;
    const discount = pick([0, 0, 0, 5, 10.5]);
    const paid = below(10) < 8;
    const created = 1_706_000_000_000 + below(2 ** 31);
    return {
        _id: hex(24),
        altId: LOCATION,
        altType: "location",
        contactId: id(20),
        contactName: `${first} ${last}`,
        contactEmail: `${id(8).toLowerCase()}@example.com`,
        currency: pick(["USD", "USD", "EUR", "GBP"]),
        amount: Math.max(0, Math.round((subtotal - discount) * 100) / 100),
        subtotal,
        discount,
        status: paid ? "completed" : "pending",
        paymentStatus: paid ? "paid" : "unpaid",
        liveMode: below(10) < 9,
        totalProducts: products,
        sourceType: pick(["funnel", "website", "invoice", "payment_link"]),
        sourceSubType: pick(["two_step_order_form", "one_step_order_form", "store"]),
        sourceName: pick(['Spring "Sale" Funnel', "Main store", "Coaching programme", "Köln workshop"]),
        sourceId: id(20),
        sourceMeta: {
            stepId: `${hex(8)}-${hex(4)}-${hex(4)}-${hex(4)}-${hex(12)}`,
            pageId: id(20),
            domain: "shop.example.com",
            pageUrl: pick(["/checkout", "/order-form", "/thank-you"]),
        },
        couponCode: discount > 0 ? id(8).toUpperCase() : null,
        createdAt: new Date(created).toISOString(),
        updatedAt: new Date(created + below(90_000)).toISOString(),
        fulfillmentStatus: pick(["unfulfilled", "fulfilled"]),
        onetimeProducts: products - recurring,
        recurringProducts: recurring,
    };
}

/** One order as `orders.get` delivers it. */
function order(random) {
    const { _id, altId, altType, contactId, currency, amount, status, ...rest } = summary(random);
    const { paymentStatus, liveMode, createdAt, updatedAt, fulfillmentStatus, subtotal, discount, sourceMeta } = rest;
    return {
        _id,
        altId,
        altType,
        contactId,
        currency,
        amount,
        status,
        paymentStatus,
        liveMode,
        createdAt,
        updatedAt,
        fulfillmentStatus,
        contactSnapshot: { id: contactId, firstName: "Zoë", lastName: "Brontë", email: "zoe@example.com" },
        amountSummary: { subtotal, discount, tax: 0, shipping: 0 },
        source: { type: rest.sourceType, subType: rest.sourceSubType, id: rest.sourceId, name: rest.sourceName, meta: sourceMeta },
        items: [item(random), item(random)],
        trackingId: random.hex(24),
        fingerprint: random.hex(32),
        markAsTest: false,
        traceId: random.hex(32),
        automaticTaxesCalculated: false,
    };
}

/** A line of an order: about 900 bytes. */
function item({ below, pick, hex, id }) {
    const [product, price] = [hex(24), hex(24)];
    const name = pick(["Coaching hour", "Workbook — printed", "Membership", "Ticket, early bird"]);
    return {
        _id: hex(24),
        name: `${name} - ${pick(["once", "monthly", "Größe M"])}`,
        qty: 1 + below(3),
        product: {
            _id: product,
            name,
            description: `<p>${pick(["One hour with a coach.", "Two hundred pages.", "All courses, every month."])}</p>`,
            productType: pick(["SERVICE", "PHYSICAL", "DIGITAL"]),
            locationId: LOCATION,
            availableInStore: below(2) === 0,
            image: `https://storage.example.com/${LOCATION}/media/${hex(24)}.png`,
            medias: [{ id: id(12), title: name, url: `https://storage.example.com/${hex(24)}.jpeg`, type: "image", isFeatured: true }],
            createdAt: "2024-01-05T09:11:23.104Z",
            updatedAt: "2024-02-01T17:42:51.730Z",
        },
        price: {
            _id: price,
            product,
            name: pick(["once", "monthly"]),
            type: pick(["one_time", "recurring"]),
            currency: "USD",
            amount: (100 + below(20_000)) / 100,
            locationId: LOCATION,
            createdAt: "2024-01-05T09:12:01.551Z",
            updatedAt: "2024-01-05T09:12:01.551Z",
        },
    };
}

/** Lists carry no `items` in the published description; servers send them all the same, and nobody checks them there. */
const withItems = ({ data, totalCount }, random) => ({
    data: data.map((record) => ({ ...record, items: [item(random), item(random), item(random)] })),
    totalCount,
});

/** Two numbers of each record as texts, as HighLevel's own examples have them. */
const withTexts = ({ data, totalCount }) => ({
    data: data.map((record) => ({ ...record, amount: `${record.amount}`, totalProducts: `${record.totalProducts}` })),
    totalCount,
});

const asciiOnly = (page) => {
    // The marks are taken off their letters, what is then left outside of ASCII is one letter.
    const text = JSON.stringify(page).normalize("NFD").replace(/\p{M}/gu, "").replace(/[^\0-\x7f]/g, "o");
    return JSON.parse(text);
};

/** The keys of every record in one other order, as from a server that writes them another way. */
const reordered = ({ data, totalCount }, { below }) => {
    const keys = Object.keys(data[0]);
    for (let at = keys.length - 1; at > 0; at--) {
        const other = below(at + 1);
        [keys[at], keys[other]] = [keys[other], keys[at]];
    }
    return { data: data.map((record) => Object.fromEntries(keys.map((key) => [key, record[key]]))), totalCount };
};

/** Seeded (Mulberry32), so that every engine makes the same records. */
export function random(seed) {
    let state = seed >>> 0;
    const next = () => {
        state = (state + 0x6d2b79f5) >>> 0;
        let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
        mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
        return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    };
    const below = (limit) => Math.floor(next() * limit);
    const pick = (list) => list[below(list.length)];
    const text = (alphabet, length) => Array.from({ length }, () => alphabet[below(alphabet.length)]).join("");
    return {
        below,
        pick,
        hex: (length) => text("0123456789abcdef", length),
        id: (length) => text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", length),
    };
}
