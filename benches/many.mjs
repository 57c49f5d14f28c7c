// As many orders as are wanted, page by page, made when they are asked for.

import { orderPage, random } from "./answers.mjs";

const encoder = new TextEncoder();
const mark = "f".repeat(24);
const records = orderPage(100, random(7)).data.map((record) => JSON.stringify({ ...record, _id: mark }).split(mark));

/** The bytes of a page: orders from `offset` on out of `total`, each with an id of its own. */
export function page(offset, limit, total) {
    const count = Math.max(0, Math.min(limit, total - offset));
    const texts = Array.from({ length: count }, (_, at) => records[at % 100].join((offset + at).toString(16).padStart(24, "0")));
    return encoder.encode(`{"data":[${texts.join(",")}],"totalCount":${total}}`);
}

/** Answers lists out of `total`, without ever letting go of the thread. */
export const manyOrders = (total, headers) => async (url) => {
    const query = new URL(url).searchParams;
    return new Response(page(Number(query.get("offset") ?? 0), Number(query.get("limit") ?? 100), total), { headers });
};
