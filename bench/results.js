// What is measured in the page of the results: what it tells of its drawings, and rows that nobody has computed. Runs before
// the page does.
"use strict";

const bench = globalThis.bench = {
    // When something stood in the page for the first time, in milliseconds since it was opened.
    seen: {},
    // Drawings: of what, from when to when, of how many rows.
    drawn: [],
    // When the page was busy for more than 50 ms, and for how long.
    busy: [],
    // When the pointer moved, and when the page had done what it does at once.
    moves: [],

    // Notes when the element has the text.
    awaits(name, selector, text) {
        const look = () => {
            if (!(name in this.seen) && document.querySelector(selector)?.textContent.includes(text)) {
                this.seen[name] = performance.now();
                watcher.disconnect();
            }
        };
        const watcher = new MutationObserver(look);
        watcher.observe(document, { subtree: true, childList: true, characterData: true });
    },

    // When a plot was drawn with so many rows for the first time; undefined if it wasn't yet.
    drawnAt(name, rows) {
        return this.drawn.find(drawing => drawing.name === name && drawing.rows === rows)?.end;
    },

    frame: () => new Promise(resolve => requestAnimationFrame(resolve)),

    // Leaves one plot, and gives it a size.
    alone(name, width, height) {
        for (const panel of document.querySelectorAll(".plots__one")) {
            const canvas = panel.querySelector(`canvas[data-plot="${name}"]`);
            if (canvas !== null) {
                const box = { position: "fixed", left: 0, top: 0, width: `${width}px`, height: `${height}px`, zIndex: 9 };
                Object.assign(canvas.parentElement.style, box);
            } else {
                panel.style.display = "none";
            }
        }
    },

    // Until something is so, which the page's policy lets nobody else wait for.
    async until(isSo, limitMs) {
        for (const start = performance.now(); !isSo(); await new Promise(resolve => setTimeout(resolve, 50))) {
            if (performance.now() - start > limitMs) {
                throw new Error(`not within ${limitMs} ms: ${isSo}`);
            }
        }
    },

    // As many frames as it takes until nothing is drawn any more.
    async stillness() {
        for (let still = 0, last = -1; still < 20; still++) {
            await this.frame();
            if (this.drawn.length !== last) {
                [still, last] = [0, this.drawn.length];
            }
        }
    },

    // Milliseconds of each change of the selection: `work` is what the page does for it until all is drawn, frames that it
    // waits for apart; `shown` is until the first animation frame after that.
    async selections(fragments, repeats) {
        const found = [];
        for (let turn = 0; turn < repeats + 2; turn++) {
            await this.stillness();
            // Not in an animation frame: what its end takes would be counted.
            await new Promise(resolve => setTimeout(resolve, 0));
            const before = this.drawn.length;
            history.replaceState(null, "", fragments[turn % fragments.length]);
            const start = performance.now();
            dispatchEvent(new HashChangeEvent("hashchange"));
            const told = await new Promise(afterThis);
            let frame;
            do {
                frame = await this.frame();
            } while (this.drawn.length === before || frame < this.drawn.at(-1).end);
            const shown = performance.now() - start, drawings = this.drawn.slice(before);
            const drawing = drawings.reduce((sum, { start, end }) => sum + end - start, 0);
            found.push({ work: Math.min(told, drawings[0].start) - start + drawing, drawing, shown });
        }
        // The first two are the warm-up.
        return found.slice(2);
    },

    // Milliseconds of each move of the pointer since `first`: `work` is what the page does until all that is in sight is
    // drawn, the frame that it waits for apart; `plots` are the drawings of it, and `later` those that wait until nothing
    // changes any more.
    steps(first) {
        return this.moves.slice(first).map(({ start, told }, place, moves) => {
            const until = moves[place + 1]?.start ?? Infinity;
            const drawings = this.drawn.filter(drawing => drawing.start >= start && drawing.start < until);
            const after = drawings.findIndex(({ start }, place) => place > 0 && start - drawings[place - 1].end > 20);
            const atOnce = after < 0 ? drawings : drawings.slice(0, after);
            const millis = drawings => Object.fromEntries(drawings.map(({ name, start, end }) => [name, end - start]));
            const drawing = atOnce.reduce((sum, { start, end }) => sum + end - start, 0);
            const work = atOnce.length > 0 ? Math.min(told, atOnce[0].start) - start + drawing : 0;
            return { work, plots: millis(atOnce), later: millis(drawings.slice(atOnce.length)) };
        });
    },

    // Milliseconds between frames while an element is scrolled by so many pixels in each of them.
    async scrolling(selector, pxAFrame, frames) {
        const element = document.querySelector(selector), found = [];
        let before = await this.frame();
        for (let turn = 0; turn < frames; turn++) {
            element.scrollTop += pxAFrame;
            const now = await this.frame();
            found.push(now - before);
            before = now;
        }
        return found;
    },

    // Milliseconds of each letter that is typed into a field: `work` is what the page does before it would hear the next one,
    // `busy` the longest stretch in which it hears nothing, until half a second has passed.
    async typing(selector, text) {
        const field = document.querySelector(selector), found = [];
        for (let end = 1; end <= text.length; end++) {
            const before = this.busy.length, start = performance.now();
            field.value = text.slice(0, end);
            field.dispatchEvent(new InputEvent("input", { bubbles: true }));
            const work = await new Promise(afterThis) - start;
            await new Promise(resolve => setTimeout(resolve, 500));
            const tasks = this.busy.slice(before).map(({ duration }) => duration);
            found.push({ work, busy: Math.max(work, ...tasks) });
        }
        return found;
    },

    // Milliseconds of something that is done, until it is so: `shown` is when the frame after that begins, `busy` the longest
    // stretch in which the page hears nothing, until half a second has passed.
    async acting(act, isSo) {
        await this.stillness();
        const before = this.busy.length, start = performance.now();
        act();
        const work = await new Promise(afterThis) - start;
        while (!isSo()) {
            await this.frame();
        }
        const shown = await this.frame() - start;
        await new Promise(resolve => setTimeout(resolve, 500));
        return { shown, busy: Math.max(work, ...this.busy.slice(before).map(({ duration }) => duration)) };
    },

    // Hands rows over as the worker that reads them does: `columns` are pairs of a name and its numbers, the last one is the
    // response.
    giveRows(columns, rowsAtOnce) {
        const rows = columns[0][1].length;
        globalThis.cruncherRows ??= [];
        for (let first = 0; first < rows; first += rowsAtOnce) {
            cruncherRows.push(chunkOf(columns, first, Math.min(first + rowsAtOnce, rows)));
        }
        dispatchEvent(new Event("cruncher-rows"));
    },

    // Many columns, the last of which is a response.
    giveBell(count, columns, rowsAtOnce) {
        this.giveRows(bell(count, columns - 1), rowsAtOnce);
    },

    // The points that the peers show.
    givePoints(count, rowsAtOnce) {
        const { x, y, filtered } = points(count);
        this.giveRows([["x", x], ["filtered", filtered], ["y", y]], rowsAtOnce);
    },
};

// Calls with the time, behind everything that is put off until the end of this event.
function afterThis(call) {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => call(performance.now());
    port2.postMessage(null);
}

// Numbers from 0 to 1, the same every time.
function uniform() {
    let state = 7;
    return () => {
        state = (state + 0x6d2b79f5) | 0;
        let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
        mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
        return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
    };
}

// Factors that are normally distributed, and a response that follows all of them.
function bell(count, factors) {
    const random = uniform(), normal = () => random() + random() + random() + random() - 2;
    const columns = Array.from({ length: factors }, (_, place) => [`f${place}`, new Float64Array(count)]);
    const response = new Float64Array(count);
    for (let row = 0; row < count; row++) {
        columns.forEach(([, numbers], place) => {
            numbers[row] = normal();
            response[row] += numbers[row] / (1 + place);
        });
        response[row] += 0.3 * normal();
    }
    return [...columns, ["response", response]];
}

// A chunk as crates/results/src/chunk/bytes.rs writes it: results of one batch, of ten workers.
function chunkOf(columns, first, last) {
    const parts = [], rows = last - first, text = new TextEncoder();
    const raw = bytes => parts.push(bytes);
    const numbers = array => raw(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
    const word = number => numbers(Uint32Array.of(number));
    const texts = all => {
        word(all.length);
        all.forEach(one => {
            const bytes = text.encode(one);
            word(bytes.length);
            raw(bytes);
        });
    };
    const same = number => {
        raw(Uint8Array.of(0));
        word(number);
    };
    const each = (Kind, of) => Kind.from({ length: rows }, (_, row) => of(first + row));
    raw(text.encode("crchnk04"));
    word(0);
    word(0);
    word(rows);
    const ids = new Uint32Array(4 * rows);
    for (let row = 0; row < rows; row++) {
        // Spread as the digests are that ids begin with.
        ids[4 * row] = Math.imul(first + row + 1, 0x9e3779b1);
        ids[4 * row + 1] = first + row;
    }
    numbers(ids);
    raw(new Uint8Array(rows).fill(1));
    numbers(each(Float64Array, row => 1.79e9 + row / 10));
    numbers(each(Float64Array, row => 1.79e9 + row / 10 + 1 + (row % 7) / 7));
    texts(["bench"]);
    texts(Array.from({ length: 10 }, (_, worker) => `worker-${worker}`));
    // Neither signatures, nor errors, nor pools.
    texts([]);
    texts([]);
    texts([]);
    same(0);
    raw(Uint8Array.of(1));
    numbers(each(Uint32Array, row => row % 10));
    // Signature, error, level, replicate, attempt, pool, and size of files.
    [0, 0, 0, 0, 1, 0, 0].forEach(same);
    word(columns.length);
    columns.forEach(([name, values], place) => {
        raw(Uint8Array.of(place === columns.length - 1 ? 1 : 0));
        const bytes = text.encode(name);
        word(bytes.length);
        raw(bytes);
        word(rows);
        numbers(values.subarray(first, last));
        // Neither integers beyond floats, nor texts, nor rows that have one, nor rows that have one cut.
        word(0);
        texts([]);
        word(0);
        word(0);
    });
    const chunk = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
    parts.reduce((at, part) => (chunk.set(part, at), at + part.length), 0);
    return chunk;
}

new PerformanceObserver(list => {
    for (const { name, startTime, duration, detail } of list.getEntries()) {
        if (name.startsWith("drawn ")) {
            bench.drawn.push({ name: name.slice("drawn ".length), start: startTime, end: startTime + duration, rows: detail });
        }
    }
}).observe({ type: "measure" });
new PerformanceObserver(list => {
    bench.busy.push(...list.getEntries().map(({ startTime, duration }) => ({ start: startTime, duration })));
}).observe({ type: "longtask" });
addEventListener("pointermove", () => {
    const move = { start: performance.now() };
    bench.moves.push(move);
    afterThis(now => { move.told = now; });
}, { capture: true });
