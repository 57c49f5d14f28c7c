// The switches that make the sandbox fail; the page's `fetch` asks here before each request.

export const FAULTS = [
    {
        id: "429",
        fault: "status=429; retry-after=1",
        title: "429, too many requests",
        text: "The client waits as long as the server asks, then sends it again. Writes too: nothing was done.",
    },
    {
        id: "500",
        fault: "status=500",
        title: "500, the server fails",
        text: "Reads are sent again. A write is not: nobody knows how far it came.",
    },
    {
        id: "timeout",
        fault: "hang",
        title: "No answer in time",
        text: "The client gives up after 3 seconds. Reads are sent again, writes end with outcome unknown.",
    },
    {
        id: "dropped",
        fault: "applied-then=drop",
        title: "Done, then cut off",
        text: "The server does it, then the connection breaks. The form asks you to look before you send again.",
    },
    {
        id: "html",
        fault: "html=200",
        title: "A web page with status 200",
        text: "It is never taken for data: the call ends with a DecodeError.",
    },
    {
        id: "drift",
        fault: "drift=quoted",
        title: "Drift: numbers as text",
        text: "Their meaning is certain: repaired, delivered as numbers, and reported.",
    },
];

export const OFTEN = [
    ["once", "The next request"],
    ["half", "Every second request"],
    ["always", "Every request"],
];

export const WHICH = [
    ["all", "Reads and writes"],
    ["GET", "Reads only"],
    ["write", "Writes only"],
];

/** What is switched on. */
export const switches = { on: new Set(), often: "half", which: "all" };

const listeners = new Set();
let counted = 0;

/** Calls back when a switch changes; returns the way to stop that. */
export function followSwitches(listener) {
    listeners.add(listener);
    return () => listeners.delete(listener);
}

export function setSwitches(changes) {
    Object.assign(switches, changes);
    counted = 0;
    for (const listener of listeners) listener();
}

export function flip(id, on) {
    const next = new Set(switches.on);
    if (on) next.add(id);
    else next.delete(id);
    setSwitches({ on: next });
}

/** What is to go wrong with the next request of an operation, as the sandbox's header says it. Switches take turns. */
export function takeFault({ method }) {
    const { on, often, which } = switches;
    const meant = which === "all" || (which === "GET") === (method === "GET");
    if (on.size === 0 || !meant) return undefined;
    const turn = counted;
    counted += 1;
    if (often === "half" && turn % 2 === 1) return undefined;
    const ids = [...on];
    const id = ids[(often === "half" ? turn / 2 : turn) % ids.length];
    if (often === "once") flip(id, false);
    return FAULTS.find((entry) => entry.id === id).fault;
}
