// The measurement itself; it runs in every engine.

import { random } from "./answers.mjs";

/** All others are compared to this way, within the round. */
export const BASE = "raw";

/**
 * Times the ways in turn. A round takes one sample of each, in an order that is drawn anew, so that none always runs right
 * after the same other one. Returns the times per call in microseconds, by way, one for each round.
 */
export async function rounds({ calls, count, warmUp, sampleMs, seed }) {
    const names = Object.keys(calls);
    const { below } = random(seed);
    let perSample = 1;
    const times = Object.fromEntries(names.map((name) => [name, []]));
    for (let round = -warmUp; round < count; round++) {
        // The clocks of browsers are coarse: a sample lasts as long as they need. Judged once the base is warm.
        if (round === -Math.ceil(warmUp / 2)) perSample = await callsPerSample(calls[BASE], sampleMs);
        for (const name of shuffled(names, below)) {
            const time = await sample(calls[name], perSample);
            if (round >= 0) times[name].push(time * 1000);
        }
    }
    return { perSample, times };
}

async function callsPerSample(call, sampleMs) {
    for (let count = 1; ; count *= 2) {
        const [one, two, three] = [await sample(call, count), await sample(call, count), await sample(call, count)];
        const total = Math.min(one, two, three) * count;
        if (total >= sampleMs || count >= 4096) return Math.max(1, Math.ceil((count * sampleMs) / Math.max(total, 0.001)));
        if (total > sampleMs / 8) return Math.ceil((count * sampleMs) / total);
    }
}

/** Milliseconds per call. */
async function sample(call, count) {
    // Garbage of the way before must not be collected on this one's time; where an engine offers that.
    globalThis.gc?.({ type: "minor" });
    const start = performance.now();
    for (let at = 0; at < count; at++) await call();
    return (performance.now() - start) / count;
}

function shuffled(names, below) {
    const order = [...names];
    for (let at = order.length - 1; at > 0; at--) {
        const other = below(at + 1);
        [order[at], order[other]] = [order[other], order[at]];
    }
    return order;
}

/** The median and the middle half. */
export function spread(values) {
    const sorted = [...values].sort((a, b) => a - b);
    const at = (part) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];
    return { median: at(0.5), low: at(0.25), high: at(0.75) };
}

/** The median is between these two with a certainty of about 95 %, whatever the times are distributed like. */
export function certainty(values) {
    const sorted = [...values].sort((a, b) => a - b);
    const half = sorted.length / 2;
    const reach = 0.98 * Math.sqrt(sorted.length);
    return { low: sorted[Math.max(0, Math.floor(half - reach))], high: sorted[Math.min(sorted.length - 1, Math.ceil(half + reach))] };
}

/** The ratios of two ways, round by round. */
export const ratios = (times, way, base = BASE) => times[way].map((time, round) => time / times[base][round]);
