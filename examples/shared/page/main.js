// The page: the same client as anywhere, behind /api. It never sees a token.

import { AuthenticationError, PaymentsClient } from "ghl-payments";

const element = (id) => document.getElementById(id);
let payments;

function cell(content) {
    const td = document.createElement("td");
    td.append(content);
    return td;
}

function row(order) {
    const tr = document.createElement("tr");
    const money = new Intl.NumberFormat("en", { style: "currency", currency: order.currency ?? "USD" });
    const created = new Date(order.createdAt).toLocaleString("en");
    const texts = [created, order.contactName, money.format(order.amount), order.paymentStatus];
    tr.append(...texts.map((text) => cell(text ?? "")));
    if (order.paymentStatus === "unpaid") {
        const button = document.createElement("button");
        button.textContent = "Paid in cash";
        button.onclick = async () => {
            button.disabled = true;
            try {
                await payments.orders.recordPaymentOnce(order._id, { mode: "cash", amount: order.amount }, { reference: `cash-${order._id}` });
                await show();
            } catch (error) {
                element("state").textContent = error.message;
            }
        };
        tr.append(cell(button));
    }
    return tr;
}

async function show() {
    const inbox = await fetch("/inbox");
    const known = inbox.ok;
    element("begin").hidden = known;
    element("table").hidden = !known;
    if (!known) {
        element("state").textContent = "";
        return;
    }
    const { locationId, lines } = await inbox.json();
    element("inbox").replaceChildren(
        ...lines.map((line) => Object.assign(document.createElement("li"), { textContent: line })),
    );
    payments ??= new PaymentsClient({ baseUrl: "/api", locationId });
    try {
        const { data, totalCount } = await payments.orders.list({ limit: 10 });
        element("orders").replaceChildren(...data.map((order) => row(order)));
        element("state").textContent = `${totalCount} orders of location ${locationId}`;
    } catch (error) {
        element("state").textContent = error.message;
        element("begin").hidden = !(error instanceof AuthenticationError);
    }
}

await show();
setInterval(show, 3000);
