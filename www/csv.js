// Records as lines of CSV (RFC 4180), safe to open in a spreadsheet.

/** What a spreadsheet takes for the beginning of a formula. */
const FORMULA = /^[=+\-@\t\r\n\uff0b\uff0d\uff1d\uff20]/;

function cell(value) {
    if (value === undefined || value === null) return "";
    if (typeof value === "number" || typeof value === "boolean") return String(value);
    let text = typeof value === "string" ? value : JSON.stringify(value);
    if (FORMULA.test(text)) text = `'${text}`;
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export function csvRow(values) {
    return `${values.map(cell).join(",")}\r\n`;
}

/** The fields of the first records become columns, in the order in which they appear. */
export function fieldsOf(records) {
    return [...new Set(records.flatMap(Object.keys))];
}

/** What later records hold beyond these columns, so that nothing is lost. */
export function rest(record, fields) {
    const more = Object.entries(record).filter(([name]) => !fields.includes(name));
    return more.length > 0 ? Object.fromEntries(more) : undefined;
}
