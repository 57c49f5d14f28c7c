// The view of one record: its heading, its cards, and what stands there until they are known or when they cannot be read.

import { wasLeft } from "../account.js";
import { errorCard } from "../errors.js";
import { announce, backLink, bone, button, cardSkeleton, fill, h, notice } from "../ui.js";

/**
 * `read(id, { signal })` gives what `draw(found, record)` turns into
 * `{ title, heading, badges, below, actions, main, side }`. `record` holds `id`, `signal`, `go`, `show()`, which reads
 * and draws again, and `tell(words, more)`. `bones` are the cards of the two columns before they are known.
 */
export function recordView({ list: [href, listName], one, read, draw, bones: [mainBones, sideBones] }) {
    return ({ id, signal, title, go }) => {
        const heading = h("h1", { tabindex: -1 }, bone("long"), h("span", { class: "visually-hidden" }, one));
        const badges = h("span", { class: "badges" });
        const below = h("p", { class: "muted" }, bone("long"));
        const actions = h("div", { class: "actions" });
        const notices = h("div", { class: "notices" });
        const content = h("div", { class: "columns" }, columns(mainBones.map(skeleton), sideBones.map(skeleton)));
        const element = h(
            "div",
            { class: "view" },
            backLink(href, listName),
            h(
                "div",
                { class: "head" },
                h("div", {}, h("div", { class: "head-title" }, heading, badges), below),
                actions,
            ),
            notices,
            content,
        );
        const record = { id, signal, go, show, tell };

        /** The button that asked for it goes, so the focus has to go somewhere. */
        function retry() {
            heading.focus();
            show();
        }

        async function show() {
            content.setAttribute("aria-busy", "true");
            let found;
            try {
                found = await read(id, { signal });
            } catch (error) {
                if (wasLeft(error, signal)) return undefined;
                fill(heading, one);
                fill(badges);
                fill(below, h("code", {}, id));
                fill(actions);
                const again =
                    error.code === "not_found" ? [] : [button("Try again", { kind: "primary", onclick: retry })];
                fill(content, h("div", { class: "column" }, errorCard(error, ...again)));
                announce(`${one} could not be read`);
                return undefined;
            } finally {
                content.removeAttribute("aria-busy");
            }
            if (signal.aborted) return undefined;
            const drawn = draw(found, record);
            title(drawn.title);
            fill(heading, drawn.heading);
            fill(badges, drawn.badges);
            fill(below, drawn.below.filter(Boolean).join(" · "));
            fill(actions, drawn.actions);
            fill(content, columns(drawn.main, drawn.side));
            return found;
        }

        /** Says what was done, above the record. */
        function tell(words, more) {
            const told = notice("green", words, more);
            fill(notices, told);
            told.focus();
        }

        show();
        return { title: one, element };
    };
}

function columns(main, side) {
    return [h("div", { class: "column" }, main), h("div", { class: "column column-side" }, side)];
}

function skeleton([title, lines]) {
    return cardSkeleton(title, lines);
}
