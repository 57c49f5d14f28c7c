// The contact behind an order or a transaction, as it was at that time.

import { card, copyable, facts, h } from "../ui.js";

export function customer({ contactSnapshot, contactId }) {
    const contact = contactSnapshot ?? {};
    const place = [contact.postalCode, contact.city, contact.state, contact.country].filter(Boolean).join(", ");
    return card(
        "Customer",
        facts([
            ["Name", contact.name],
            [
                "E-mail",
                contact.email && h("a", { class: "wrap", href: `mailto:${contact.email}` }, breakable(contact.email)),
            ],
            ["Phone", contact.phone],
            ["Place", place],
            ["Contact id", contactId && copyable(contactId)],
        ]),
    );
}

/** Where it does not fit, it breaks behind the @. */
function breakable(email) {
    return email.split(/(?<=@)/).flatMap((part, index) => (index > 0 ? [h("wbr"), part] : [part]));
}
