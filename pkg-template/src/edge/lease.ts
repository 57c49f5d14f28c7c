/** For so long, in milliseconds, a listener may be at work on a delivery. */
export const LONGEST_MS = 15 * 60_000;

/**
 * The longest claim that is believed where leases have so many milliseconds. One that ends later was written by a clock that has been
 * set back since: until then nobody would handle the delivery.
 */
export function longest(leaseMs: number): number {
    return Math.max(leaseMs, LONGEST_MS);
}
