// Amounts are money: binary noise is taken off, what is no amount is refused before anything is sent.

import assert from "node:assert/strict";
import test from "node:test";
import { ANY_ANSWER, ARGUMENTS, failure, ID, stub } from "../support/stub.mjs";

/** Every field of every request that is money: calls its method with this value. */
const FIELDS = {
    amount: (payments, amount) => payments.orders.recordPayment(ID, { mode: "cash", amount }),
    discountValue: (payments, discountValue) => {
        return payments.coupons.create({ ...ARGUMENTS["coupons.create"][0], discountType: "amount", discountValue });
    },
    "discountValue of an update": (payments, discountValue) => {
        return payments.coupons.update(ID, { ...ARGUMENTS["coupons.create"][0], discountType: "amount", discountValue });
    },
};

/** A client, and the text of the last body. */
function client() {
    let text;
    const { payments } = stub(async (request) => {
        text = await request.text();
        return Response.json({ ...ANY_ANSWER, success: true });
    });
    return { payments, text: () => text };
}

for (const [field, call] of Object.entries(FIELDS)) {
    const [name] = field.split(" ");

    test(`${field} leaves as the plain decimals that are meant`, async () => {
        const { payments, text } = client();
        for (const [value, expected] of [
            [0.1 + 0.2, "0.3"],
            [1.005 * 100, "100.5"],
            [19.99 * 3, "59.97"],
            [1.1 * 1.1, "1.21"],
            [0.3 - 0.1, "0.2"],
            [33.33 * 3, "99.99"],
            [59.5, "59.5"],
            [0.0001, "0.0001"],
            [1e12, "1000000000000"],
            [123456789.01, "123456789.01"],
        ]) {
            await call(payments, value);
            assert.match(text(), new RegExp(`"${name}":${expected.replace(".", "\\.")}[,}]`), String(value));
        }
    });

    test(`${field} that is no amount is refused by its name`, async () => {
        const { payments, text } = client();
        const wrong = [0, -0, -1, 1e21, 1e12 + 1, Number.MAX_VALUE, Number.MIN_VALUE, 1e-5, 1 / 3, 19.99999, 59.50001];
        for (const value of [...wrong, Number.NaN, Number.POSITIVE_INFINITY, "5", "0.3", null, 10n, [5], {}]) {
            const error = await failure(call(payments, value));
            assert.equal(error.name, "ValidationError", String(value));
            assert.deepEqual([error.issues.map(({ path }) => path), error.outcome], [[name], "not_sent"], String(value));
        }
        assert.equal(text(), undefined);
    });
}

test("percent is no amount: it may have any decimals", async () => {
    const { payments, text } = client();
    const body = { ...ARGUMENTS["coupons.create"][0], discountType: "percentage", discountValue: 100 / 3 };
    await payments.coupons.create(body);
    assert.match(text(), /"discountValue":33\.333333333333336[,}]/);
});

test("sums of cents leave as the cents they are", async () => {
    const { payments, text } = client();
    // A generator of its own, so that every run has the same numbers.
    let state = 20_261_129;
    const below = (count) => {
        state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
        return state % count;
    };
    for (let run = 0; run < 300; run += 1) {
        const cents = Array.from({ length: 1 + below(12) }, () => 1 + below(10_000_000));
        const sum = cents.reduce((all, one) => all + one / 100, 0);
        const total = cents.reduce((all, one) => all + one, 0);
        await FIELDS.amount(payments, sum);
        assert.equal(Math.round(JSON.parse(text()).amount * 100), total);
        assert.match(text(), /"amount":\d+(\.\d\d?)?[,}]/, String(sum));
    }
});
