// The pictures, one for each plan that is compared.
import { Layer, paint } from "./drawing.js";
import { element } from "./controls.js";
import { app, byId, letters, mostSlots, percent, signed } from "./app.js";
import { ask } from "./connection.js";
import { commit } from "./history.js";
import { moved } from "./renderings.js";
import { drawFigures } from "./figures.js";
import { drawSteps } from "./steps.js";
import { listenTo } from "./pixels.js";

export function drawLayers() {
  if (!app.picture) return;
  const view = app.state.view;
  app.picture.beforeCanvas = app.picture.beforeLayer.drawLabels(app.picture.before, app.colors, view.opacity, view.edges);
  app.slots.forEach((_, index) => drawLayer(index));
  drawAll();
}

export function drawLayer(index) {
  const [slot, view] = [app.slots[index], app.state.view];
  if (!app.picture || !slot.layer) return;
  const layer = slot.layer;
  const labels = slot.result?.labels ?? app.picture.before;
  const kernel = /^kernel (\d+)$/.exec(view.layer);
  if (view.layer === "belief" && slot.result?.belief && slot.result.beliefOf === view.label) {
    slot.canvas = layer.drawHeat(slot.result.belief, view.opacity, 1);
  } else if (kernel && app.listening?.parts[view.layer]) {
    slot.canvas = layer.drawHeat(app.listening.parts[view.layer], view.opacity, .4);
  } else if (view.layer === "truth" && app.picture.truth) {
    slot.canvas = layer.drawLabels(app.picture.truth, app.colors, view.opacity, view.edges);
  } else if (view.layer === "changes") {
    slot.canvas = layer.drawMarks((point) => (labels[point] === app.picture.before[point] ? null
      : [app.colors[3 * labels[point]], app.colors[3 * labels[point] + 1], app.colors[3 * labels[point] + 2]]), view.opacity);
  } else if (view.layer === "errors" && app.picture.truth) {
    const [mended, spoilt, wrong] = [[40, 200, 110], [230, 60, 50], [240, 190, 40]];
    slot.canvas = layer.drawMarks((point) => {
      const truth = app.picture.truth[point];
      if (truth === app.site.void) return null;
      const isRight = labels[point] === truth;
      if ((app.picture.before[point] === truth) === isRight) return isRight ? null : wrong;
      return isRight ? mended : spoilt;
    }, view.opacity);
  } else {
    slot.canvas = layer.drawLabels(labels, app.colors, view.opacity, view.edges);
  }
}

export function drawAll() { app.slots.forEach((_, index) => drawView(index)); }

export function drawView(index) {
  const slot = app.slots[index];
  if (!app.picture || !slot.canvas) return slot.view.getContext("2d").clearRect(0, 0, slot.view.width, slot.view.height);
  const swipe = app.isBefore ? 1 : app.state.view.swipe;
  return paint(slot.view, app.picture, app.placement, app.picture.beforeCanvas, slot.canvas, swipe, app.mark);
}

export function drawCaption(index) {
  const slot = app.slots[index];
  const after = slot.result?.figures?.after.all.mean;
  const before = app.picture?.figures?.before.all.mean;
  const difference = after !== undefined && after !== null && before !== null ? ` mean IOU ${percent(after)} (${signed(after - before)})` : "";
  const words = app.slots.length > 1 ? `${letters[index]}${difference}` : difference.trim() || app.picture?.name || "";
  slot.words.textContent = app.isBefore ? `${words ? `${words}, ` : ""}before` : words;
  slot.view.setAttribute("aria-label", `${app.picture?.name ?? "No image"}, ${app.isBefore ? "labels before" : "labels after"}${difference}`);
}

export function toggleBefore() {
  app.isBefore = !app.isBefore;
  drawAll();
  app.slots.forEach((_, index) => drawCaption(index));
}

export function zoom(factor) {
  app.placement.zoomBy(factor, app.placement.center);
  drawAll();
}

const observer = new ResizeObserver(() => {
  const ratio = window.devicePixelRatio || 1;
  for (const slot of app.slots) {
    slot.view.width = Math.max(1, Math.round(slot.view.clientWidth * ratio));
    slot.view.height = Math.max(1, Math.round(slot.view.clientHeight * ratio));
  }
  drawAll();
});

/// Makes as many views as there are settings to compare.
export function drawSlots() {
  const views = byId("views");
  while (app.slots.length > app.state.slots.length) {
    const gone = app.slots.pop();
    clearTimeout(gone.timer);
    observer.unobserve(gone.view);
    gone.figure.remove();
    ask("close", { slot: app.slots.length });
  }
  while (app.slots.length < app.state.slots.length) {
    const index = app.slots.length;
    const view = element("canvas", { tabindex: 0, role: "img", "aria-label": "Picture" });
    const words = element("span");
    const remove = element("button", { type: "button", "aria-label": `Close ${letters[index]}`, title: "Close", onclick: () => removeSlot(index) }, "×");
    const choose = element("button", { type: "button", title: "Set these", onclick: () => activate(index) }, letters[index]);
    const figure = element("figure", { class: "view" }, view, element("figcaption", {}, choose, words, remove));
    const slot = { view, words, figure, remove, choose, factor: 2, inFlight: null, result: null, layer: app.picture ? new Layer(app.picture) : null };
    app.slots.push(slot);
    views.append(figure);
    listenTo(view, index);
    observer.observe(view);
    if (app.picture) {
      drawLayer(index);
      moved(index, true);
    }
  }
  views.dataset.count = app.slots.length;
  app.slots.forEach((slot, index) => {
    slot.figure.classList.toggle("active", app.slots.length > 1 && index === app.state.active);
    slot.remove.hidden = slot.choose.hidden = app.slots.length === 1;
    slot.choose.setAttribute("aria-pressed", index === app.state.active);
    drawCaption(index);
  });
  byId("compare").disabled = app.slots.length === mostSlots;
  commit();
}

export function activate(index) {
  if (index === app.state.active) return;
  app.state.active = index;
  drawSlots();
  drawSteps();
  drawFigures();
}

function removeSlot(index) {
  app.state.slots.splice(index, 1);
  app.state.active = Math.min(app.state.active, app.state.slots.length - 1);
  drawSlots();
  drawSteps();
  for (let other = index; other < app.slots.length; other += 1) moved(other, true);
}
