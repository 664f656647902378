// What is measured in the page: a scatter of many points, by each peer, and a filter that changes.
"use strict";

const WIDTH = 1400, HEIGHT = 860, POINT = 3, COLOUR = "rgba(0, 90, 160, 0.5)";

// The same points every time: x and y in 0..1, y following x, and a third value that is filtered by.
function points(count) {
    let state = 1;
    const random = () => {
        state = (state + 0x6d2b79f5) | 0;
        let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
        mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
        return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
    };
    const x = new Float64Array(count), y = new Float64Array(count), filtered = new Float64Array(count);
    for (let index = 0; index < count; index++) {
        x[index] = random();
        y[index] = 0.8 * x[index] * x[index] + 0.2 * random();
        filtered[index] = random();
    }
    return { x, y, filtered };
}

// The points whose third value lies within the filter.
function within({ x, y, filtered }, [least, most]) {
    const keptX = new Float64Array(x.length), keptY = new Float64Array(x.length);
    let kept = 0;
    for (let index = 0; index < x.length; index++) {
        if (filtered[index] >= least && filtered[index] <= most) {
            keptX[kept] = x[index];
            keptY[kept++] = y[index];
        }
    }
    return [keptX.subarray(0, kept), keptY.subarray(0, kept)];
}

// uPlot brings no scatter of its own: a path builder draws it. Squares are the fastest that a canvas has.
function squares(plot, series) {
    uPlot.orient(plot, series, (_, xs, ys, scaleX, scaleY, placeX, placeY, left, top, width, height) => {
        const size = POINT * devicePixelRatio;
        plot.ctx.fillStyle = COLOUR;
        for (let index = 0; index < xs.length; index++) {
            const across = placeX(xs[index], scaleX, width, left), down = placeY(ys[index], scaleY, height, top);
            plot.ctx.fillRect(across - size / 2, down - size / 2, size, size);
        }
    });
    return null;
}

// Each peer makes its plot, and gives the function that shows other points.
const PEERS = {
    uPlot(place, [xs, ys]) {
        const fixed = { time: false, auto: false, range: [0, 1] };
        const chart = new uPlot({
            mode: 2, width: WIDTH, height: HEIGHT, scales: { x: fixed, y: fixed }, legend: { show: false },
            series: [null, { paths: squares, facets: [{ scale: "x", auto: false }, { scale: "y", auto: false }] }],
        }, [null, [xs, ys]], place);
        return shown => chart.setData([null, shown]);
    },
    async Plotly(place, shown) {
        const traces = ([x, y]) => [{ type: "scattergl", mode: "markers", x, y, marker: { size: POINT, color: COLOUR } }];
        const layout = { width: WIDTH, height: HEIGHT, xaxis: { range: [0, 1] }, yaxis: { range: [0, 1] } };
        await Plotly.newPlot(place, traces(shown), layout);
        return shown => Plotly.react(place, traces(shown), layout);
    },
};

const frame = () => new Promise(resolve => requestAnimationFrame(resolve));

// A pixel that is read back tells that WebGL has drawn, not only been told to. Canvases are drawn when a frame is.
function finish(place) {
    for (const canvas of place.querySelectorAll(".gl-canvas canvas, canvas.gl-canvas")) {
        const gl = canvas.getContext("webgl") ?? canvas.getContext("webgl2");
        gl?.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4));
    }
}

// The plot of the peer that this page measures: how other points are shown, all points, and where it stands.
const plot = {};

// Makes the plot.
async function prepare(peer, count) {
    document.body.style.margin = 0;
    plot.place = document.body.appendChild(document.createElement("div"));
    plot.all = points(count);
    plot.show = await PEERS[peer](plot.place, within(plot.all, [0, 1]));
    await frame();
}

// Milliseconds of each redraw: from the change of the filter to the second animation frame after it was told.
async function redraws(repeats) {
    const filters = [[0, 0.9], [0.1, 1]], found = [];
    // The first two are the warm-up.
    for (let turn = 0; turn < repeats + 2; turn++) {
        await frame();
        finish(plot.place);
        const start = performance.now();
        await plot.show(within(plot.all, filters[turn % 2]));
        await frame();
        await frame();
        finish(plot.place);
        found.push(performance.now() - start);
    }
    return found.slice(2);
}
