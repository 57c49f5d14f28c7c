import type { PaymentProps } from "../edge-core.js";
import { DECIMALS } from "./table.js";

/** An object of JSON, or a list by its indices. */
type Fields = Record<string, unknown>;

/** An amount of money, exact. */
export interface CheckoutAmount {
    /** Major units, as HighLevel counts: `10.5`. */
    major: number;
    /** Minor units, as most gateways count: `1050` of USD, `10` of JPY; a whole number. */
    minor: number;
    /** The currency in upper case, three letters. */
    currency: string;
}

/** What JSON text or an object says, as a value of its own; nothing where it is neither. */
export function parsed(data: unknown): unknown {
    try {
        return JSON.parse(typeof data === "string" ? data : JSON.stringify(data));
    } catch {
        // Somebody else's.
    }
}

/**
 * Compares a value with a sample of what it has to be, and gives it with what is certain repaired, as the client does with
 * answers: what is text and should be something else, whole numbers where text is promised, one object where a list is. What is
 * missing or wrong and must not be is added to `wrong`; anything else stays as it came.
 */
export function check(value: unknown, sample: unknown, wrong: string[], path = ""): unknown {
    const kind = kindOf(sample);
    const list = kind === "list";
    if (kind === "string") {
        if (Number.isSafeInteger(value)) value = `${value}`;
    } else if (typeof value === "string") {
        const inner = parsed(value);
        if (kindOf(inner) === kind) value = inner;
    }
    if (list && kindOf(value) === "object") value = [value];
    const found = kindOf(value);
    const right = found === kind;
    // In a record that is not there it is found out which of its fields must be.
    const fields = (right ? value : {}) as Fields;
    for (const key in list ? fields : kind === "object" ? (sample as Fields) : {}) {
        const wanted = (sample as Fields)[list ? 0 : key];
        const inner = check(fields[key], wanted, wrong, path + (list ? `[${key}]` : `.${key}`));
        if (inner !== undefined) fields[key] = inner;
    }
    // Loosely: the text "1" stands for text that must be there.
    if (sample == 1 && !right) wrong.push(`${path.slice(1)}: ${found} is no ${kind}`);
    return value;
}

function kindOf(value: unknown): string | null {
    return value === null ? value : Array.isArray(value) ? "list" : typeof value;
}

/** The amount in both units; nothing, and an issue, where it is none of its currency. */
export function amountOf(props: PaymentProps, wrong: string[]): CheckoutAmount | undefined {
    const { amount } = props;
    const currency = props.currency.toUpperCase();
    const place = DECIMALS.findIndex((codes) => codes.includes(currency));
    const unit = 10 ** (place < 0 ? 2 : place);
    const minor = Math.round(amount * unit);
    // The nearest number to what is meant: the noise of binary fractions, as in 0.1 + 0.2, is taken off.
    const major = minor / unit;
    // That noise is the server's: a billionth, and no digit among the first four behind the point. What is less than 0 is not
    // within it either.
    if (/^[A-Z]{3}$/.test(currency) && amount <= 1e12 && Number.isSafeInteger(minor) && Math.abs(major - amount) <= Math.min(amount / 1e9, 5e-5)) {
        return { major, minor, currency };
    }
    wrong.push(`amount: ${amount} is no ${currency}`);
    return undefined;
}
