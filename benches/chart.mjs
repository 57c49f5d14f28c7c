// The page of 80 KB in every engine as bars, in an SVG that needs nothing from elsewhere.

const SHOWN = { "openapi-fetch": ["openapi-fetch", "#9aa7b5"], "hey-api-valibot": ["hey-api + valibot", "#6f8fb8"], "hey-api-zod": ["hey-api + zod", "#45628c"], official: ["official client", "#c0c0c0"], ours: ["this package", "#d9622b"] };
const [WIDTH, LEFT, BAR, GAP, HEAD] = [720, 190, 16, 22, 52];

export function chart(parts, caption) {
    const groups = parts.flatMap((part) => {
        const page = part.cases?.find(({ name }) => name === "page");
        return page ? [{ title: part.title, page }] : [];
    });
    const figures = groups.flatMap(({ page }) => Object.keys(SHOWN).map((way) => page.ways[way]?.median ?? 0));
    const scale = (WIDTH - LEFT - 60) / Math.max(1, ...figures);
    let y = HEAD;
    const shapes = [];
    const label = (x, text, more = "") => shapes.push(`<text x="${x}" y="${y + 12}" ${more}>${text}</text>`);
    for (const { title, page } of groups) {
        label(10, title, 'font-weight="bold"');
        y += GAP;
        for (const [way, [name, color]] of Object.entries(SHOWN)) {
            const { median } = page.ways[way] ?? {};
            label(LEFT - 8, name, 'text-anchor="end"');
            const width = (median ?? 0) * scale;
            shapes.push(`<rect x="${LEFT}" y="${y}" width="${width.toFixed(1)}" height="${BAR - 2}" fill="${color}"/>`);
            label(LEFT + width + 6, median?.toFixed(2) ?? "fails");
            y += BAR;
        }
        y += GAP / 2;
    }
    const one = LEFT + scale;
    const raw = `<line x1="${one.toFixed(1)}" x2="${one.toFixed(1)}" y1="${HEAD - 8}" y2="${y}" stroke="#888" stroke-dasharray="3 3"/>`;
    return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y + 10}" font-family="sans-serif" font-size="12">
<rect width="100%" height="100%" fill="#fff"/>
<text x="10" y="18" font-size="14" font-weight="bold">A page of 100 orders: time as a multiple of fetch + arrayBuffer + JSON.parse</text>
<text x="10" y="36" fill="#555">${caption}</text>
${raw}
${shapes.join("\n")}
</svg>
`;
}
