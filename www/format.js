// Amounts, dates and labels in the visitor's locale.

const NOTHING = "–";

const currencies = new Map();

function currencyFormat(currency) {
    const code = String(currency ?? "").toUpperCase();
    if (!currencies.has(code)) {
        let format;
        try {
            format = new Intl.NumberFormat(undefined, { style: "currency", currency: code });
        } catch {
            // An answer may hold a currency that is none; the amount is still worth reading.
            format = new Intl.NumberFormat(undefined, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
        }
        currencies.set(code, format);
    }
    return currencies.get(code);
}

export function money(amount, currency) {
    if (typeof amount === "number") return currencyFormat(currency).format(amount);
    return amount === undefined || amount === null ? NOTHING : String(amount);
}

/** An amount on an axis: `$1.2K`. */
export function shortMoney(amount, currency) {
    const style = currencyFormat(currency).resolvedOptions();
    const format = { style: style.style, currency: style.currency, notation: "compact", maximumFractionDigits: 1 };
    return new Intl.NumberFormat(undefined, format).format(amount);
}

/** Rounds to what the currency can express, so that sums of amounts have no tail. */
export function rounded(amount, currency) {
    const digits = currencyFormat(currency).resolvedOptions().maximumFractionDigits;
    return Math.round(amount * 10 ** digits) / 10 ** digits;
}

const whole = new Intl.NumberFormat();

export function count(number, one, many) {
    return `${whole.format(number)} ${number === 1 ? one : many}`;
}

export function number(value) {
    return typeof value === "number" ? whole.format(value) : String(value ?? NOTHING);
}

const percents = new Intl.NumberFormat(undefined, { style: "percent", maximumFractionDigits: 2 });

/** 12.5 as `12.5%`. */
export const percent = (value) => (typeof value === "number" ? percents.format(value / 100) : NOTHING);

const days = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
const shortDays = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric" });
const times = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });
const both = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "medium", hourCycle: "h23" });

function formatted(format, text) {
    const at = new Date(text ?? NaN);
    return Number.isNaN(at.getTime()) ? (text ?? NOTHING) : format.format(at);
}

export const day = (text) => formatted(days, text);
export const shortDay = (text) => formatted(shortDays, text);
export const time = (text) => formatted(times, text);
export const dateTime = (text) => formatted(both, text);
export const clockTime = (at) => clock.format(at);

export function fileSize(bytes) {
    const [unit, size] = bytes < 1_000_000 ? ["kilobyte", bytes / 1000] : ["megabyte", bytes / 1_000_000];
    return new Intl.NumberFormat(undefined, { style: "unit", unit, maximumFractionDigits: size < 10 ? 1 : 0 }).format(
        size,
    );
}

export function duration(ms) {
    if (ms >= 1000) return `${(ms / 1000).toFixed(1)} s`;
    return `${Math.max(1, Math.round(ms))} ms`;
}

const NAMES = {
    "authorize-net": "Authorize.net",
    nmi: "NMI",
    paypal: "PayPal",
    text2Pay: "Text2Pay",
    woocommerce: "WooCommerce",
    visa: "Visa",
    amex: "Amex",
};

/** `partially_paid` as people write it: Partially paid. */
export function label(text) {
    if (text === undefined || text === null || text === "") return NOTHING;
    const known = NAMES[text];
    if (known) return known;
    const words = String(text).replace(/[_-]+/g, " ").toLowerCase();
    return words.charAt(0).toUpperCase() + words.slice(1);
}
