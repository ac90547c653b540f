// The bar below the picture: what is shown, and how.
import { element } from "./controls.js";
import { active, app, byId, nameOf, on } from "./app.js";
import { writeAddress } from "./history.js";
import { allMoved } from "./renderings.js";
import { drawAll, drawLayers, zoom } from "./views.js";

export function drawBar() {
  const view = app.state.view;
  const layers = [["labels", "labels after"], ["changes", "what changed"]];
  if (app.picture?.truth) layers.push(["truth", "true labels"], ["errors", "right and wrong"]);
  if (app.picture && view.label !== null) layers.push(["belief", `belief: ${nameOf(view.label)}`]);
  if (app.listening) app.listening.kernels.forEach((kernel, index) => layers.push([`kernel ${index}`, kernel.kernel]));
  byId("layer").replaceChildren(...layers.map(([value, words]) => element("option", { value }, words)));
  if (!layers.some(([value]) => value === view.layer)) view.layer = "labels";
  byId("layer").value = view.layer;
  byId("opacity").value = view.opacity;
  byId("edges").checked = view.edges;
  byId("swipe").value = view.swipe;
}

/// The slider over updates goes as far as the first CRF does.
export function drawUpdate() {
  const crf = active().steps.find((step) => step.kind === "crf" && !step.off && typeof step.model === "object");
  byId("update-label").hidden = !crf;
  const most = crf?.model.iterations ?? 0;
  const slider = byId("update");
  slider.max = most;
  if (app.state.view.update !== null && app.state.view.update >= most) app.state.view.update = null;
  slider.value = app.state.view.update ?? most;
  byId("update-text").textContent = app.state.view.update === null ? `all ${most}` : `${app.state.view.update} of ${most}`;
}

export function setView(key, value) {
  app.state.view[key] = value;
  writeAddress();
  drawLayers();
}

on("layer", "change", () => {
  setView("layer", byId("layer").value);
  if (app.state.view.layer === "belief") allMoved(true);
});

on("opacity", "input", () => setView("opacity", Number(byId("opacity").value)));
on("edges", "change", () => setView("edges", byId("edges").checked));

on("swipe", "input", () => {
  app.isBefore = false;
  app.state.view.swipe = Number(byId("swipe").value);
  drawAll();
  writeAddress();
});

for (const [event, isDone] of [["input", false], ["change", true]]) {
  on("update", event, () => {
    const slider = byId("update");
    app.state.view.update = Number(slider.value) >= Number(slider.max) ? null : Number(slider.value);
    drawUpdate();
    allMoved(isDone);
    writeAddress();
  });
}

on("zoom-in", "click", () => zoom(1.5));
on("zoom-out", "click", () => zoom(1 / 1.5));

on("zoom-fit", "click", () => {
  app.placement.reset();
  drawAll();
});
