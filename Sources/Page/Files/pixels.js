// Pixels: what they are, and what they listen to.
import { element } from "./controls.js";
import { app, byId, nameOf, percent, planOf, problem, say } from "./app.js";
import { ask } from "./connection.js";
import { activate, drawAll, drawLayers } from "./views.js";
import { drawBar } from "./bar.js";

/// The pixel of the image below a place on the screen; `null` beside the image.
function pixelAt(canvas, event) {
  const box = canvas.getBoundingClientRect();
  const place = app.placement.on(canvas, app.picture);
  const x = Math.floor(((event.clientX - box.left) * canvas.width / box.width - place.left) / place.scale);
  const y = Math.floor(((event.clientY - box.top) * canvas.height / box.height - place.top) / place.scale);
  return x >= 0 && y >= 0 && x < app.picture.width && y < app.picture.height ? [x, y] : null;
}

let pointAsked = false;
let pointWanted = null;

function askForPoint(index, pixel) {
  pointWanted = { index, pixel };
  if (pointAsked) return;
  pointAsked = true;
  const { index: slot, pixel: [x, y] } = pointWanted;
  pointWanted = null;
  ask("point", { slot, x, y }, (answer) => {
    pointAsked = false;
    if (answer.label !== undefined) drawPoint(answer);
    if (pointWanted) askForPoint(pointWanted.index, pointWanted.pixel);
  });
}

function drawPoint(answer) {
  const labels = answer.probabilities.map((share, label) => ({ label, share: share ?? 0, energy: answer.energies[label] }))
    .sort((one, other) => other.share - one.share).slice(0, 6);
  const words = `(${answer.x}, ${answer.y}): ${nameOf(answer.label)}`
    + (answer.before !== answer.label ? `, before ${nameOf(answer.before)}` : "")
    + (answer.truth !== undefined && answer.truth !== answer.label ? `, truth ${nameOf(answer.truth)}` : "");
  const bars = labels.map(({ label, share, energy }) => {
    const bar = element("span", { class: "share" });
    bar.style.width = `${100 * share}%`;
    const swatch = element("span", { class: "swatch" });
    swatch.style.background = `rgb(${[0, 1, 2].map((part) => app.colors[3 * label + part]).join(" ")})`;
    return element("div", {}, swatch, element("span", {}, nameOf(label)), bar,
      element("span", { class: "numeric" }, `${percent(share)} %  θ ${energy > 1e29 ? "∞" : energy.toFixed(2)}`));
  });
  const kernels = app.listening
    ? [element("p", { class: "hint" }, `(${app.listening.pixel.join(", ")}) listens to ` + app.listening.kernels.map((kernel) => `${kernel.neighbours.toFixed(0)} pixels by ${kernel.kernel}`).join(", "))] : [];
  byId("pixel").replaceChildren(element("div", {}, words), element("div", { class: "bars" }, ...bars), ...kernels);
}

function listenAt(index, pixel) {
  app.mark = pixel;
  drawAll();
  const [x, y] = pixel;
  ask("listen", { image: app.picture.index, plan: planOf(app.state.slots[index]), x, y }, (answer, parts) => {
    if (answer.dropped) return;
    if (answer.error) return problem(answer.error);
    if (!answer.kernels.length) return say("No kernel is there to listen with.");
    app.listening = { kernels: answer.kernels, parts, pixel };
    if (!/^kernel /.test(app.state.view.layer)) app.state.view.layer = `kernel ${answer.kernels.length - 1}`;
    drawBar();
    drawLayers();
    askForPoint(index, pixel);
    return undefined;
  });
}

export function listenTo(canvas, index) {
  const pointers = new Map();
  let travelled = 0;
  const placeOf = (event) => {
    const box = canvas.getBoundingClientRect();
    const place = app.placement.on(canvas, app.picture);
    return [
      ((event.clientX - box.left) * canvas.width / box.width - place.left) / place.scale / app.picture.width,
      ((event.clientY - box.top) * canvas.height / box.height - place.top) / place.scale / app.picture.height];
  };
  canvas.addEventListener("pointerdown", (event) => {
    if (!app.picture) return;
    canvas.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, event);
    if (pointers.size === 1) travelled = 0;
    activate(index);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!app.picture) return;
    const before = pointers.get(event.pointerId);
    if (before) {
      const ratio = canvas.width / canvas.clientWidth;
      const { scale } = app.placement.on(canvas, app.picture);
      const others = [...pointers.values()].filter((other) => other.pointerId !== event.pointerId);
      if (others.length === 1) {
        const span = (one) => Math.hypot(one.clientX - others[0].clientX, one.clientY - others[0].clientY);
        app.placement.zoomBy(span(event) / Math.max(1, span(before)), placeOf(event));
      } else {
        app.placement.center[0] -= (event.clientX - before.clientX) * ratio / scale / app.picture.width;
        app.placement.center[1] -= (event.clientY - before.clientY) * ratio / scale / app.picture.height;
        app.placement.clamp();
      }
      travelled += Math.hypot(event.clientX - before.clientX, event.clientY - before.clientY);
      pointers.set(event.pointerId, event);
      drawAll();
    }
    const pixel = pixelAt(canvas, event);
    if (pixel) askForPoint(index, pixel);
  });
  canvas.addEventListener("pointerup", (event) => {
    const isClick = pointers.delete(event.pointerId) && pointers.size === 0 && travelled < 5;
    const pixel = app.picture && isClick ? pixelAt(canvas, event) : null;
    if (pixel) listenAt(index, pixel);
  });
  canvas.addEventListener("pointercancel", (event) => pointers.delete(event.pointerId));
  canvas.addEventListener("wheel", (event) => {
    if (!app.picture) return;
    event.preventDefault();
    app.placement.zoomBy(Math.exp(-event.deltaY / 300), placeOf(event));
    drawAll();
  }, { passive: false });
  canvas.addEventListener("keydown", (event) => {
    if (!app.picture) return;
    const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    if (event.shiftKey && moves[event.key]) {
      const [x, y] = app.mark ?? [app.picture.width >> 1, app.picture.height >> 1];
      app.mark = [Math.min(app.picture.width - 1, Math.max(0, x + moves[event.key][0])), Math.min(app.picture.height - 1, Math.max(0, y + moves[event.key][1]))];
      drawAll();
      askForPoint(index, app.mark);
      event.preventDefault();
      event.stopPropagation();
    } else if (event.key === "Enter") {
      listenAt(index, app.mark ?? [app.picture.width >> 1, app.picture.height >> 1]);
    }
  });
}
