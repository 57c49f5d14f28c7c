// What goes on in the locations of a sandbox while somebody reads them: things are ordered, change, and are deleted.

import { setTimeout as pause } from "node:timers/promises";
import { STREAMS } from "./agency.mjs";

/** A generator of numbers from 0 to 1, the same from the same seed (mulberry32). */
export function chance(seed) {
    let state = seed >>> 0;
    return () => {
        state = (state + 0x6d2b79f5) >>> 0;
        let z = Math.imul(state ^ (state >>> 15), 1 | state);
        z = (z + Math.imul(z ^ (z >>> 7), 61 | z)) ^ z;
        return ((z ^ (z >>> 14)) >>> 0) / 2 ** 32;
    };
}

/** The ids that each location holds now, by `location/stream`. */
export async function idsOf(sandbox, streams = STREAMS) {
    const held = new Map();
    for (const locationId of sandbox.locations) {
        for (const stream of streams) {
            const records = await sandbox.records({ stream, locationId });
            held.set(`${locationId}/${stream}`, new Set(records.map(({ _id }) => _id)));
        }
    }
    return held;
}

/**
 * Orders, changes and deletes something every `everyMs`, until `stop`; `counts` says how often each has happened. `held` is what
 * `idsOf` has given: records of it change and go.
 */
export function liveOn(sandbox, held, random, everyMs = 20) {
    const counts = { inserts: 0, changes: 0, deletions: 0 };
    const left = new Map([...held].map(([where, ids]) => [where, [...ids]]));
    const pick = (list) => list[Math.floor(random() * list.length)];
    let going = true;
    const step = async () => {
        const locationId = pick(sandbox.locations);
        const kind = random();
        if (kind < 0.4) {
            await sandbox.createOrder({ locationId, paid: random() < 0.7 });
            counts.inserts++;
            return;
        }
        // Mostly orders and transactions, of which there are many.
        const stream = pick(["orders", "orders", "orders", "transactions", "transactions", "subscriptions", "coupons"]);
        const ids = left.get(`${locationId}/${stream}`);
        if (ids.length < 5) return;
        const at = Math.floor(random() * ids.length);
        if (kind < 0.75) {
            await sandbox.changeRecord({ stream, locationId, id: ids[at] });
            counts.changes++;
        } else {
            const [id] = ids.splice(at, 1);
            await sandbox.deleteRecord({ stream, locationId, id });
            counts.deletions++;
        }
    };
    const life = (async () => {
        while (going) {
            await step();
            await pause(everyMs);
        }
    })();
    return {
        counts,
        async stop() {
            going = false;
            await life;
        },
    };
}
