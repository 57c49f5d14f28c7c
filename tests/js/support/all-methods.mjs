// Calls all methods of a client against a sandbox and looks at what comes back. Runs in every runtime, so it imports
// nothing: the package comes as an argument.

const UNKNOWN_ID = "000000000000000000000000";

/** Gives `{ method, ok, detail }` for each method. */
export async function callAllMethods({ PaymentsClient, NotFoundError, InvalidRequestError }, sandbox) {
    const { baseUrl, token, locationId } = sandbox;
    // Strict: every difference between the sandbox and the models is a failure here.
    const payments = new PaymentsClient({ baseUrl, token, locationId, strict: true });
    const results = new Map();

    async function method(name, check) {
        try {
            await check();
            results.set(name, { method: name, ok: true, detail: "" });
        } catch (error) {
            results.set(name, { method: name, ok: false, detail: String(error?.stack ?? error) });
        }
    }

    /** Reads a whole list over several pages: every record once, as many as it says. */
    async function whole(list, least) {
        const first = await list({ limit: 100 });
        check(first.totalCount >= least, `at least ${least}, found ${first.totalCount}`);
        equal(first.data.length, Math.min(100, first.totalCount));
        equal(first.hasNextPage(), first.totalCount > 100);
        const all = [];
        for await (const record of list({ limit: 100 })) all.push(record);
        equal(all.length, first.totalCount);
        equal(new Set(all.map((record) => record._id)).size, all.length);
        check(
            all.every((record) => record.altId === locationId),
            "every record belongs to the location",
        );
        equal(all[0]._id, first.data[0]._id);
        return all;
    }

    let orders = [];
    await method("orders.list", async () => {
        orders = await whole((params) => payments.orders.list(params), 250);
        check(
            orders.every((order) => typeof order.amount === "number"),
            "amounts are numbers",
        );
        const newestFirst = orders.every((order, i) => i === 0 || order.createdAt <= orders[i - 1].createdAt);
        check(newestFirst, "newest orders come first");
        const paid = await payments.orders.list({ paymentStatus: "paid", limit: 5 });
        check(paid.data.length === 5 && paid.data.every((order) => order.paymentStatus === "paid"), "a filter filters");
        check(paid.totalCount < orders.length, "a filter leaves some out");
        const products = await payments.orders.list({ funnelProductIds: [UNKNOWN_ID, UNKNOWN_ID] });
        equal(products.totalCount, 0);
    });

    await method("orders.get", async () => {
        const { data, response } = await payments.orders.get(orders[0]._id).withResponse();
        equal(data._id, orders[0]._id);
        equal(data.amount, orders[0].amount);
        check(data.items.length > 0 && typeof data.items[0].qty === "number", "the items are there");
        equal(response.status, 200);
        equal(response.attempts, 1);
        equal(response.traceId, data.traceId);
        equal(response.rateLimit.limit, 100);
        check(response.headers.get("content-type").startsWith("application/json"), "the headers are there");
        check(response.durationMs >= 0, "the time is there");
        const missing = await failure(payments.orders.get(UNKNOWN_ID));
        check(missing instanceof NotFoundError, `a NotFoundError, found ${missing}`);
        equal(missing.outcome, "rejected");
    });

    await method("orders.recordPayment", async () => {
        const order = orders.find((order) => order.paymentStatus === "unpaid");
        const before = await payments.transactions.list({ entityId: order._id });
        const cheque = { number: "129-129" };
        const half = Math.floor(order.amount * 50) / 100;
        const part = await payments.orders.recordPayment(order._id, {
            mode: "cheque",
            cheque,
            amount: half,
            isPartialPayment: true,
            notes: "by post",
            meta: { till: 3 },
        });
        equal(part.success, true);
        equal((await payments.orders.get(order._id)).paymentStatus, "partially_paid");
        const rest = await payments.orders.recordPayment(order._id, {
            mode: "card",
            card: { type: "visa", last4: "4242" },
        });
        equal(rest.success, true);
        const after = await payments.orders.get(order._id);
        equal(after.paymentStatus, "paid");
        equal(after.status, "completed");
        const recorded = await payments.transactions.list({ entityId: order._id });
        equal(recorded.totalCount, before.totalCount + 2);
        const paidByCheque = recorded.data.find((transaction) => transaction.chargeSnapshot.mode === "cheque");
        equal(paidByCheque.chargeSnapshot.cheque.number, cheque.number);
        equal(paidByCheque.amount, half);
        equal(paidByCheque.paymentProviderType, "manual");
        const again = await failure(payments.orders.recordPayment(order._id, { mode: "cash" }));
        check(again instanceof InvalidRequestError, `a paid order takes no payment, found ${again}`);
    });

    let fulfilled;
    await method("orders.createFulfillment", async () => {
        const summary = orders.find((order) => order.fulfillmentStatus === "unfulfilled");
        const order = await payments.orders.get(summary._id);
        const items = order.items.map((item) => ({ priceId: item.price._id, qty: item.qty }));
        const trackings = [{ trackingNumber: "1Z", shippingCarrier: "UPS", trackingUrl: "https://example.com/1Z" }];
        const created = await payments.orders.createFulfillment(order._id, { items, trackings, notifyCustomer: false });
        equal(created.status, true);
        equal(created.data.items.length, items.length);
        equal(created.data.trackings[0].trackingNumber, "1Z");
        equal((await payments.orders.get(order._id)).fulfillmentStatus, "fulfilled");
        fulfilled = { order, fulfillment: created.data };
    });

    await method("orders.listFulfillments", async () => {
        const list = await payments.orders.listFulfillments(fulfilled.order._id);
        equal(
            list.data.map((fulfillment) => fulfillment._id),
            [fulfilled.fulfillment._id],
        );
        const missing = await failure(payments.orders.listFulfillments(UNKNOWN_ID));
        check(missing instanceof NotFoundError, `a NotFoundError, found ${missing}`);
    });

    await method("orders.listNotes", async () => {
        let note;
        for (const order of orders.slice(0, 12)) {
            const notes = await payments.orders.listNotes(order._id);
            check(Array.isArray(notes.data), "the notes come as the server sends them");
            note = notes.data.find((note) => note.orderId === order._id);
            if (note !== undefined) break;
        }
        check(typeof note?.body === "string", "one of twelve orders has a note");
    });

    let transactions = [];
    await method("transactions.list", async () => {
        transactions = await whole((params) => payments.transactions.list(params), 300);
        const test = await payments.transactions.list({ paymentMode: "test", limit: 3 });
        check(
            test.data.every((transaction) => transaction.liveMode === false),
            "a filter filters",
        );
    });

    await method("transactions.get", async () => {
        const transaction = await payments.transactions.get(transactions[0]._id);
        equal(transaction._id, transactions[0]._id);
        equal(transaction.amount, transactions[0].amount);
        equal(transaction.status, transactions[0].status);
    });

    let subscriptions = [];
    await method("subscriptions.list", async () => {
        subscriptions = await whole((params) => payments.subscriptions.list(params), 40);
        const pages = [];
        for await (const page of payments.subscriptions.list({ limit: 15 }).pages()) pages.push(page.data.length);
        equal(
            pages.reduce((sum, count) => sum + count, 0),
            subscriptions.length,
        );
        equal(pages.length, Math.ceil(subscriptions.length / 15));
        const own = await payments.subscriptions.list({ contactId: subscriptions[0].contactId }).toArray();
        check(
            own.some((subscription) => subscription._id === subscriptions[0]._id),
            "a filter finds",
        );
    });

    await method("subscriptions.get", async () => {
        const subscription = await payments.subscriptions.get(subscriptions[0]._id);
        equal(subscription._id, subscriptions[0]._id);
        equal(subscription.amount, subscriptions[0].amount);
    });

    await method("coupons.list", async () => {
        const coupons = await whole((params) => payments.coupons.list(params), 20);
        const expired = await payments.coupons.list({ status: "expired" });
        check(expired.totalCount < coupons.length, "a filter leaves some out");
        check(
            expired.data.every((coupon) => coupon.status === "expired"),
            "a filter filters",
        );
    });

    const code = "SPRING-26";
    const body = {
        name: "Spring",
        code,
        discountType: "percentage",
        discountValue: 12.5,
        startDate: "2024-06-01T00:00:00Z",
        productIds: [UNKNOWN_ID],
        limitPerCustomer: true,
        applyToFuturePayments: true,
        applyToFuturePaymentsConfig: { type: "fixed", duration: 3, durationType: "months" },
    };
    let coupon;
    await method("coupons.create", async () => {
        coupon = await payments.coupons.create(body);
        check(typeof coupon._id === "string", "it has an id");
        equal(coupon.code, code);
        equal(coupon.discountValue, 12.5);
        // True goes in, a number comes out.
        equal(coupon.limitPerCustomer, 1);
    });

    await method("coupons.get", async () => {
        equal((await payments.coupons.get({ code }))._id, coupon._id);
        const byId = await payments.coupons.get({ id: coupon._id });
        equal(byId.productIds, [UNKNOWN_ID]);
        equal(byId.applyToFuturePaymentsConfig.duration, 3);
    });

    await method("coupons.update", async () => {
        const { productIds, ...rest } = body;
        const updated = await payments.coupons.update(coupon._id, { ...rest, name: "Late spring", discountValue: 15 });
        equal(updated._id, coupon._id);
        const read = await payments.coupons.get({ id: coupon._id });
        equal([read.name, read.discountValue, read.createdAt], ["Late spring", 15, coupon.createdAt]);
        equal(read.productIds ?? null, null);
    });

    await method("coupons.delete", async () => {
        equal((await payments.coupons.delete(coupon._id)).success, true);
        const gone = await failure(payments.coupons.get({ code }));
        check(gone instanceof NotFoundError, `a NotFoundError, found ${gone}`);
        equal(gone.status, 404);
    });

    const provider = {
        name: "Example Pay",
        description: "Cards",
        paymentsUrl: "https://example.com/pay",
        queryUrl: "https://example.com/query",
        imageUrl: "https://example.com/logo.png",
        supportsSubscriptionSchedule: true,
    };
    await method("customProvider.create", async () => {
        const created = await payments.customProvider.create(provider);
        equal([created.name, created.locationId], [provider.name, locationId]);
    });

    const keys = { apiKey: "key-of-the-test-mode", publishableKey: "publishable" };
    await method("customProvider.connect", async () => {
        const config = await payments.customProvider.connect({ test: keys });
        equal(config.paymentProvider.test.publishableKey, keys.publishableKey);
    });

    await method("customProvider.getConfig", async () => {
        const config = await payments.customProvider.getConfig();
        equal(config.queryUrl, provider.queryUrl);
        equal(config.paymentProvider.test.apiKey, keys.apiKey);
    });

    await method("customProvider.updateCapabilities", async () => {
        const changed = await payments.customProvider.updateCapabilities({ supportsSubscriptionSchedules: false });
        equal(changed.success, true);
        const config = await payments.customProvider.getConfig();
        equal(config.paymentProvider.supportsSubscriptionSchedule, false);
    });

    await method("customProvider.disconnect", async () => {
        equal((await payments.customProvider.disconnect({ liveMode: false })).success, true);
        const config = await payments.customProvider.getConfig();
        equal(config.paymentProvider.test.apiKey, undefined);
    });

    await method("customProvider.delete", async () => {
        equal((await payments.customProvider.delete()).success, true);
        const absent = await failure(payments.customProvider.getConfig());
        check(absent instanceof InvalidRequestError, `it is gone, found ${absent}`);
    });

    const integration = {
        uniqueName: "example-pay",
        title: "Example Pay",
        provider: "nmi",
        description: "Cards",
        imageUrl: "https://example.com/logo.png",
    };
    let integrations;
    await method("integrations.createWhitelabel", async () => {
        integrations = await payments.integrations.listWhitelabel().toArray();
        const created = await payments.integrations.createWhitelabel(integration);
        check(typeof created._id === "string", "it has an id");
        equal([created.title, created.provider], [integration.title, "nmi"]);
    });

    await method("integrations.listWhitelabel", async () => {
        const page = await payments.integrations.listWhitelabel();
        equal(page.data.length, integrations.length + 1);
        check(
            page.data.some((own) => own.route === integration.uniqueName),
            "the new one is there",
        );
        // HighLevel sends a single one as an object, not as a list.
        const single = await payments.integrations.listWhitelabel({ limit: 1 });
        equal(single.data.length, 1);
    });

    return [...results.values()];
}

/** What a call fails with. */
async function failure(call) {
    try {
        await call;
    } catch (error) {
        return error;
    }
    return undefined;
}

function check(holds, promise) {
    if (!holds) throw new Error(`expected that ${promise}`);
}

function equal(found, expected) {
    const [left, right] = [JSON.stringify(found), JSON.stringify(expected)];
    if (left !== right) throw new Error(`expected ${right}, found ${left}`);
}
