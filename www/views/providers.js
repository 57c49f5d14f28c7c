// Payment providers: one of your own, and white-label ones on top of Authorize.net or NMI.

import { logged, payments, wasLeft } from "../account.js";
import { errorCard } from "../errors.js";
import { confirmWrite, openForm } from "../form.js";
import { day, label } from "../format.js";
import { announce, badge, button, card, cardSkeleton, empty, facts, fill, h, icon, notice, table } from "../ui.js";

const MODES = [
    ["live", "Live"],
    ["test", "Test"],
];

/** The fields stand at the top or, as integrators report, in an object of their own. */
const configOf = (answer) => ({ ...answer, ...answer?.providerConfig });

/** The keys of a mode; without them it is not connected. */
function keysOf(config, mode) {
    const { apiKey, publishableKey } = config.paymentProvider?.[mode] ?? {};
    return apiKey || publishableKey ? { apiKey, publishableKey } : undefined;
}

/** Enough of a key to recognise it. */
const masked = (key) => (key ? `•••• ${String(key).slice(-4)}` : "–");

function readConfig(options) {
    return logged(payments.customProvider.getConfig(options)).then(
        (answer) => (answer.deleted ? undefined : configOf(answer)),
        (error) => {
            // HighLevel has been seen to answer 404 and, with these words, 400.
            const none = error.code === "not_found" || error.messages?.some((text) => /no config/i.test(text));
            if (none) return undefined;
            throw error;
        },
    );
}

export function providers({ signal }) {
    const notices = h("div", { class: "notices" });
    const own = h("div", {}, cardSkeleton("Your own provider", 12));
    const whitelabel = h("div", {}, cardSkeleton("White-label providers", 4));
    const heading = h("h1", { tabindex: -1 }, "Providers");
    const intro = h(
        "p",
        { class: "muted" },
        "Who takes the money: your own provider in HighLevel's checkout, and white-label ones.",
    );
    const element = h(
        "div",
        { class: "view" },
        h("div", { class: "head" }, h("div", {}, heading, intro)),
        notices,
        h("div", { class: "column" }, own, whitelabel),
    );

    /** Reads a part and draws it into its place. */
    async function show(place, name, read, draw) {
        place.setAttribute("aria-busy", "true");
        try {
            const found = await read({ signal });
            if (!signal.aborted) fill(place, draw(found));
        } catch (error) {
            if (wasLeft(error, signal)) return;
            fill(
                place,
                errorCard(
                    error,
                    button("Try again", { kind: "primary", onclick: () => show(place, name, read, draw) }),
                ),
            );
            announce(`${name} could not be read`);
        } finally {
            place.removeAttribute("aria-busy");
        }
    }

    const showOwn = () => show(own, "The provider", readConfig, (config) => (config ? configured(config) : none()));
    const listAll = (options) => logged(payments.integrations.listWhitelabel({ limit: 100 }, options));
    const showWhitelabel = () => show(whitelabel, "The white-label providers", listAll, whitelabelCard);

    async function done(words, again) {
        await again();
        const told = notice("green", words);
        fill(notices, told);
        told.focus();
    }

    function none() {
        return card(
            "Your own provider",
            empty(
                "key",
                "No provider of your own yet",
                "HighLevel loads its payment page in an iframe and asks its query URL about payments.",
                button("Create provider", { kind: "primary", onclick: () => create({}) }),
            ),
        );
    }

    function configured(config) {
        const schedule = config.paymentProvider?.supportsSubscriptionSchedule ?? false;
        return card(
            "Your own provider",
            facts([
                ["Name", config.name],
                ["Description", config.description],
                ["Payment page", h("code", {}, config.paymentsUrl)],
                ["Query URL", h("code", {}, config.queryUrl)],
                ["Logo", h("code", {}, config.imageUrl)],
                ["Scheduled charges", schedule ? "Supported" : "Not supported"],
                ["Created", day(config.createdAt)],
            ]),
            h(
                "ul",
                { class: "modes" },
                MODES.map(([mode, name]) => modeLine(config, mode, name)),
            ),
            h(
                "div",
                { class: "actions card-actions" },
                button("Change", { onclick: () => create(config) }),
                button(schedule ? "Stop scheduled charges" : "Allow scheduled charges", {
                    onclick: () => capabilities(!schedule),
                }),
                button("Delete provider", { kind: "secondary", onclick: remove }),
            ),
        );
    }

    function modeLine(config, mode, name) {
        const keys = keysOf(config, mode);
        const action = keys
            ? button("Disconnect", { "aria-label": `Disconnect ${mode}`, onclick: () => disconnect(mode, name) })
            : button("Connect", {
                  "aria-label": `Connect ${mode}`,
                  kind: "primary",
                  onclick: () => connect(mode, name),
              });
        return h(
            "li",
            { class: "mode" },
            h("strong", {}, name),
            keys ? badge("Connected", "green") : badge("Not connected"),
            h(
                "span",
                { class: "sub mode-keys" },
                keys && [
                    "API key ",
                    h("code", {}, masked(keys.apiKey)),
                    " · publishable key ",
                    h("code", {}, masked(keys.publishableKey)),
                ],
            ),
            action,
        );
    }

    function create(config) {
        const exists = Boolean(config.name);
        openForm({
            title: exists ? "Change the provider" : "Create a provider",
            intro: "For the location that this page works on.",
            action: exists ? "Save changes" : "Create provider",
            doing: "Saving …",
            subject: "The provider",
            signal,
            questions(field) {
                const url = (path, text, example) =>
                    field.input(path, text, { type: "url", value: config[path], placeholder: example });
                const inputs = [
                    field.input("name", "Name", { value: config.name }),
                    field.input("description", "Description", { value: config.description }),
                    url("paymentsUrl", "Payment page", "https://pay.example.com/checkout"),
                    url("queryUrl", "Query URL", "https://pay.example.com/query"),
                    url("imageUrl", "Logo", "https://pay.example.com/logo.png"),
                ];
                const schedule = field.tick("supportsSubscriptionSchedule", "It can charge on a schedule", {
                    checked: config.paymentProvider?.supportsSubscriptionSchedule,
                });
                return {
                    elements: [...inputs, schedule].map(({ row }) => row),
                    read: () => ({
                        ...Object.fromEntries(inputs.map(({ control, value }) => [control.name, value()])),
                        supportsSubscriptionSchedule: schedule.value(),
                    }),
                };
            },
            send: (body, options) => payments.customProvider.create(body, options),
            async check() {
                const now = await readConfig({ signal });
                return now && now.updatedAt !== config.updatedAt && "It was saved";
            },
            done: (words) => done(words ?? "Provider saved", showOwn),
        });
    }

    function connect(mode, name) {
        openForm({
            title: `Connect ${name.toLowerCase()} mode`,
            intro: "The keys with which HighLevel calls your provider. They go to the API and are kept nowhere on this page.",
            action: "Connect",
            doing: "Connecting …",
            subject: "The connection",
            signal,
            questions(field) {
                const secret = { type: "password", autocomplete: "off" };
                const apiKey = field.input(`${mode}.apiKey`, "API key", secret);
                const publishableKey = field.input(`${mode}.publishableKey`, "Publishable key", secret);
                return {
                    elements: [apiKey.row, publishableKey.row],
                    read: () => ({ [mode]: { apiKey: apiKey.value(), publishableKey: publishableKey.value() } }),
                };
            },
            send: (body, options) => payments.customProvider.connect(body, options),
            check: async () => keysOf((await readConfig({ signal })) ?? {}, mode) && "It is connected",
            done: (words) => done(words ?? `${name} mode connected`, showOwn),
        });
    }

    function disconnect(mode, name) {
        confirmWrite({
            title: `Disconnect ${name.toLowerCase()} mode?`,
            text: "HighLevel forgets its keys; nobody can pay through it in this mode until it is connected again.",
            action: "Disconnect",
            doing: "Disconnecting …",
            subject: "The change",
            signal,
            send: (_, options) => payments.customProvider.disconnect({ liveMode: mode === "live" }, options),
            check: async () => !keysOf((await readConfig({ signal })) ?? {}, mode) && "It is disconnected",
            done: (words) => done(words ?? `${name} mode disconnected`, showOwn),
        });
    }

    function capabilities(supported) {
        confirmWrite({
            kind: "primary",
            title: supported ? "Allow scheduled charges?" : "Stop scheduled charges?",
            text: "Says whether the provider can charge subscriptions on a schedule that HighLevel keeps.",
            action: supported ? "Allow" : "Stop",
            doing: "Saving …",
            subject: "The change",
            signal,
            send: (_, options) =>
                payments.customProvider.updateCapabilities({ supportsSubscriptionSchedules: supported }, options),
            async check() {
                const now = await readConfig({ signal });
                return now?.paymentProvider?.supportsSubscriptionSchedule === supported && "It was saved";
            },
            done: (words) => done(words ?? "Capabilities saved", showOwn),
        });
    }

    function remove() {
        confirmWrite({
            title: "Delete the provider?",
            text: "It disappears from the checkout, together with its keys.",
            action: "Delete provider",
            doing: "Deleting …",
            subject: "The change",
            signal,
            send: (_, options) => payments.customProvider.delete(options),
            check: async () => !(await readConfig({ signal })) && "It was deleted",
            done: (words) => done(words ?? "Provider deleted", showOwn),
        });
    }

    function whitelabelCard({ data }) {
        const add = button("Add provider", { onclick: () => createWhitelabel(data) }, icon("plus"));
        const columns = [
            {
                label: "Name",
                class: "col-main",
                cell: (entry) => [h("strong", {}, entry.title), h("span", { class: "sub" }, entry.description)],
            },
            { label: "Gateway", class: "col-badge", cell: (entry) => badge(label(entry.provider)) },
            { label: "Short name", class: "col-wider", cell: (entry) => h("code", {}, entry.route) },
            { label: "Created", class: "col-date", cell: (entry) => day(entry.createdAt) },
        ];
        const rows = data.map((entry) => (column) => column.cell(entry));
        const title = "White-label providers";
        const list =
            data.length > 0
                ? h("div", { class: "card-table" }, table(title, columns, rows))
                : empty("inbox", "No white-label providers yet", "Authorize.net or NMI under a name of your own.");
        return card(title, list, h("div", { class: "actions card-actions" }, add));
    }

    function createWhitelabel(before) {
        let sent;
        openForm({
            title: "Add a white-label provider",
            intro: "Authorize.net or NMI under a name of your own.",
            action: "Add provider",
            doing: "Saving …",
            subject: "The provider",
            signal,
            questions(field) {
                const provider = field.select("provider", "Gateway", [
                    ["authorize-net", "Authorize.net"],
                    ["nmi", "NMI"],
                ]);
                const inputs = [
                    field.input("title", "Name"),
                    field.input("uniqueName", "Short name", { hint: "Lower-case letters and hyphens; stands in URLs" }),
                    field.input("description", "Description"),
                    field.input("imageUrl", "Logo", { type: "url", placeholder: "https://" }),
                ];
                return {
                    elements: [provider, ...inputs].map(({ row }) => row),
                    read: () =>
                        Object.fromEntries([provider, ...inputs].map(({ control, value }) => [control.name, value()])),
                };
            },
            send: (body, options) => payments.integrations.createWhitelabel((sent = body), options),
            async check() {
                const { data } = await listAll({ signal });
                return data.length > before.length && data.some(({ title }) => title === sent.title) && "It was added";
            },
            done: (words) => done(words ?? `${sent.title} added`, showWhitelabel),
        });
    }

    // Both are asked at once; the second appears below the first when that has its height.
    whitelabel.hidden = true;
    showWhitelabel();
    showOwn().then(() => (whitelabel.hidden = false));
    return { title: "Providers", element };
}
