// The payment page in the frame, as a provider writes it. What it would ask its own server it asks the gateway in the page around.

import { openCheckout } from "ghl-payments/checkout";
import style from "./frame.css";

const sheet = new CSSStyleSheet();
sheet.replaceSync(style);
document.adoptedStyleSheets = [sheet];

const main = document.getElementById("pay");
const CARDS = [
    ["pays", "Visa •••• 4242", "is charged at once"],
    ["declined", "Visa •••• 0002", "is declined"],
    ["later", "Bank debit •••• 6789", "takes a while"],
];

function h(tag, properties, ...children) {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
}

/** The gateway's server, as far as this page is concerned. */
function ask(name, body) {
    const channel = new BroadcastChannel("toy-gateway");
    const id = crypto.randomUUID();
    return new Promise((resolve) => {
        channel.onmessage = ({ data }) => {
            if (data.id !== id || !("answer" in data)) return;
            channel.close();
            resolve(data.answer);
        };
        channel.postMessage({ id, ask: name, body });
    });
}

function show(checkout) {
    const { kind, amount, props } = checkout;
    const price = amount && new Intl.NumberFormat(undefined, { style: "currency", currency: amount.currency }).format(amount.major);
    const choices = CARDS.filter(([card]) => kind === "payment" || card !== "later").map(([card, name, does], index) =>
        h(
            "label",
            { className: "card" },
            h("input", { type: "radio", name: "card", value: card, checked: index === 0 }),
            h("span", {}, h("strong", {}, name), h("small", {}, does)),
        ),
    );
    const pay = h("button", { className: "primary" }, price ? `Pay ${price}` : "Save this card");
    const leave = h("button", { type: "button", className: "secondary", onclick: () => checkout.cancel() }, "Cancel");
    const form = h(
        "form",
        {},
        h("h1", {}, price ?? "Card on file"),
        h("p", { className: "muted" }, props.contact?.name ? `${props.contact.name} · no real money` : "No real money"),
        h("fieldset", {}, h("legend", {}, "Test card"), ...choices),
        h("div", { className: "actions" }, pay, leave),
    );
    form.onsubmit = async (event) => {
        event.preventDefault();
        pay.disabled = leave.disabled = true;
        const card = new FormData(form).get("card");
        const contactId = props.contact?.id ?? "";
        const { status, chargeId } =
            kind === "payment"
                ? await ask("charge", { card, amount, contactId, transactionId: props.transactionId })
                : await ask("save", { card, contactId });
        if (status === "failed") checkout.fail("Card declined");
        else if (kind === "payment") checkout.succeed(chargeId);
        else checkout.succeed();
        main.replaceChildren(h("p", { className: "muted" }, status === "failed" ? "Declined." : "Done."));
    };
    main.replaceChildren(form);
}

openCheckout({ addCardOnFile: true }).then(show, (error) => {
    main.replaceChildren(h("h1", {}, "No checkout"), h("p", { className: "muted" }, error.message));
});
