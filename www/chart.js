// Columns over time, drawn by uPlot. Loaded only where a chart is shown.

import uPlot from "uplot";
import css from "uplot/dist/uPlot.min.css";

// Comes and stays with the charts; the page's policy takes no style in the document.
const sheet = new CSSStyleSheet();
sheet.replaceSync(css);
document.adoptedStyleSheets.push(sheet);

const GAP_PX = 3;

const rounded = (value) => Math.max(1, Math.round(value));

/**
 * Draws into `place`, which decides the width and height. `buckets` are `{ start, sum }` in order, `start` a time in
 * milliseconds; `format` writes an amount, `name` a bucket. Gives the way to take it away again.
 */
export function columns(place, { buckets, format, name }) {
    const tip = Object.assign(document.createElement("div"), { className: "chart-tip", hidden: true });
    const xs = buckets.map((_, index) => index);
    const ys = buckets.map(({ sum }) => sum);
    let chart;

    function options() {
        const style = getComputedStyle(place);
        const colour = (property) => style.getPropertyValue(property).trim();
        const font = `12px ${colour("--sans")}`;
        const axis = { stroke: colour("--muted"), font, ticks: { show: false } };
        return {
            width: rounded(place.clientWidth),
            height: rounded(place.clientHeight),
            legend: { show: false },
            padding: [12, 8, 0, 0],
            cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
            scales: {
                x: { time: false, range: () => [-0.6, xs.length - 0.4] },
                y: { range: (_, __, max) => [0, max > 0 ? max * 1.05 : 1] },
            },
            axes: [
                {
                    ...axis,
                    grid: { show: false },
                    size: 28,
                    splits: () => every(xs, Math.ceil((xs.length * 76) / place.clientWidth)),
                    values: (_, splits) => splits.map((index) => name(buckets[index], true)),
                },
                {
                    ...axis,
                    size: 64,
                    space: 44,
                    grid: { stroke: colour("--line"), width: 1 },
                    values: (_, splits) => splits.map((value) => format(value, true)),
                },
            ],
            series: [
                {},
                {
                    fill: colour("--accent"),
                    width: 0,
                    points: { show: false },
                    paths: uPlot.paths.bars({ size: [0.72, 56, GAP_PX], radius: 0.18 }),
                },
            ],
            hooks: { setCursor: [point] },
        };
    }

    function point({ cursor, valToPos, over }) {
        const { idx, left } = cursor;
        tip.hidden = idx === null || idx === undefined || left < 0;
        if (tip.hidden) return;
        tip.replaceChildren(
            Object.assign(document.createElement("strong"), { textContent: format(ys[idx]) }),
            ` ${name(buckets[idx])}`,
        );
        const x = over.offsetLeft + valToPos(idx, "x");
        tip.style.left = `${Math.min(Math.max(x, tip.offsetWidth / 2), place.clientWidth - tip.offsetWidth / 2)}px`;
    }

    function draw() {
        chart?.destroy();
        chart = new uPlot(options(), [xs, ys], place);
        place.append(tip);
    }

    const dark = matchMedia("(prefers-color-scheme: dark)");
    const sized = new ResizeObserver(() =>
        chart.setSize({ width: rounded(place.clientWidth), height: rounded(place.clientHeight) }),
    );
    draw();
    sized.observe(place);
    dark.addEventListener("change", draw);
    return () => {
        sized.disconnect();
        dark.removeEventListener("change", draw);
        chart.destroy();
        tip.remove();
    };
}

/** Every nth of them, the last one always. */
function every(list, step) {
    return list.filter((index) => (list.length - 1 - index) % Math.max(1, step) === 0);
}
