// The page of a payment provider, as a developer writes it. The address says how it opens the checkout and what the payer does.

import { closePopup, openCheckout, openPopup } from "ghl-payments/checkout";

const query = new URLSearchParams(location.search);
const options = JSON.parse(query.get("options") ?? "{}");
const act = query.get("act") ?? "hold";

/** Tells the test around it. HighLevel's checkout cannot read it, as it cannot read what extensions post. */
const tell = (what) => {
    document.title = JSON.stringify(what);
    if (parent !== window) parent.postMessage({ told: what }, "*");
};
const failure = ({ name, code, message }) => ({ name, code, message });
addEventListener("error", ({ message }) => tell({ crash: message }));
addEventListener("unhandledrejection", ({ reason }) => tell({ crash: String(reason) }));

const acts = {
    hold() {},
    succeed: (checkout) => checkout.succeed(checkout.kind === "payment" ? `ch_${checkout.amount.minor}` : undefined),
    decline: (checkout) => checkout.fail("Card declined"),
    cancel: (checkout) => checkout.cancel(),
    async twice(checkout) {
        checkout.succeed("ch_1");
        for (const again of [() => checkout.succeed("ch_2"), () => checkout.fail("x"), () => checkout.cancel()]) {
            try {
                again();
                tell({ twice: "sent" });
            } catch (error) {
                tell({ twice: error.code });
            }
        }
    },
    /** 3-D Secure: the address comes later, the page that the bank returns to hands the result over. */
    async redirect(checkout) {
        const url = new Promise((resolve) => setTimeout(resolve, 50, `/popup?act=answer&charge=ch_${checkout.amount.minor}`));
        try {
            const { charge } = await openPopup(url);
            checkout.succeed(charge);
        } catch (error) {
            tell({ popup: failure(error) });
            checkout.fail("Not confirmed");
        }
    },
    async leave(checkout) {
        const error = await openPopup("/popup?act=leave").catch((error) => error);
        tell({ popup: failure(error) });
        checkout.fail("Not confirmed");
    },
    async script(checkout) {
        const error = await openPopup("javascript:opener.crashed = true").catch((error) => error);
        tell({ popup: failure(error), crashed: window.crashed ?? false });
        checkout.cancel();
    },
};

if (location.pathname === "/popup") {
    if (act === "answer") closePopup({ charge: query.get("charge") });
    else window.close();
} else {
    openCheckout(options).then(
        (checkout) => {
            const { kind, props, amount, origin } = checkout;
            tell({ opened: { kind, props, amount, origin } });
            return acts[act](checkout);
        },
        (error) => tell({ refused: failure(error) }),
    );
}
