// The steps of a plan as controls.
import { control, element, fresh, kindChoice, settings } from "./controls.js";
import { active, app, byId, kindOf, letters, on } from "./app.js";
import { commit } from "./history.js";
import { moved } from "./renderings.js";
import { drawBar, drawUpdate } from "./bar.js";

let drawnShape = "";

/// Which kinds stand where: controls are drawn anew where that changes.
function shape(value) {
  return JSON.stringify(value, (key, inner) => (["kind", "off", "of", "filter", "model", "terms", "kernel", "compatibility"].includes(key) || Array.isArray(inner) || (inner && typeof inner === "object") || key === "" || /^\d+$/.test(key) ? inner : undefined));
}

/// Something of the active plan has changed.
export function changed(isDone) {
  if (shape(active().steps) !== drawnShape) drawSteps();
  drawUpdate();
  moved(app.state.active, isDone);
  if (isDone) commit();
}

export function drawSteps() {
  const steps = active().steps;
  drawnShape = shape(steps);
  const focused = focusPath();
  byId("steps").replaceChildren(...steps.map((step, index) => drawStep(steps, step, index)));
  byId("steps").setAttribute("aria-label", `Steps of ${letters[app.state.active]}`);
  if (focused) restoreFocus(focused);
  drawUpdate();
  drawBar();
}

/// Where the focus is among the controls, so that it can be there again when they are drawn anew.
function focusPath() {
  const all = [...byId("steps").querySelectorAll("input, select, button")];
  const index = all.indexOf(document.activeElement);
  return index < 0 ? null : { index, name: document.activeElement.getAttribute("aria-label") };
}

function restoreFocus(path) {
  const all = [...byId("steps").querySelectorAll("input, select, button")];
  (all[path.index]?.getAttribute("aria-label") === path.name ? all[path.index] : all.find((other) => other.getAttribute("aria-label") === path.name))?.focus();
}

function switchFor(object, name) {
  const box = element("input", { type: "checkbox", "aria-label": `${name} is made`, title: "Made, or left out", onchange: () => {
    if (box.checked) delete object.off;
    else object.off = true;
    changed(true);
  } });
  box.checked = !object.off;
  return box;
}

function drawStep(steps, step, index) {
  const kind = kindOf(step.kind);
  const name = `Step ${index + 1}, ${step.kind}`;
  const move = (by) => {
    steps.splice(index + by, 0, ...steps.splice(index, 1));
    drawSteps();
    changed(true);
  };
  const legend = element("legend", {}, switchFor(step, name), element("label", {}, step.kind),
    element("button", { type: "button", "aria-label": `${name}: earlier`, title: "Earlier", disabled: index === 0, onclick: () => move(-1) }, "↑"),
    element("button", { type: "button", "aria-label": `${name}: later`, title: "Later", disabled: index === steps.length - 1, onclick: () => move(1) }, "↓"),
    element("button", { type: "button", "aria-label": `${name}: remove`, title: "Remove", onclick: () => {
      steps.splice(index, 1);
      drawSteps();
      changed(true);
    } }, "×"));
  const body = kind === undefined ? [element("p", {}, "This kind is unknown.")]
    : step.kind === "crf" && typeof step.model === "object" ? drawModel(step)
      : settings(app.site, kind, step, (described, isDone) => {
        for (const key of Object.keys(step)) if (key !== "off" && key !== "kind") delete step[key];
        Object.assign(step, described);
        changed(isDone);
      });
  return element("fieldset", { class: step.off ? "step off" : "step" }, legend,
    element("p", { class: "about" }, kind?.summary ?? ""), ...body);
}

function drawModel(step) {
  const model = step.model;
  const preset = element("select", { class: "wide", "aria-label": "Start from a preset", onchange: () => {
    const chosen = app.site.presets.find((other) => other.name === preset.value);
    if (!chosen) return;
    step.model = structuredClone(chosen);
    drawSteps();
    changed(true);
  } }, element("option", { value: "" }, "choose one"), ...app.site.presets.map((other) => element("option", { value: other.name, title: other.source }, other.name)));
  const start = element("div", { class: "setting" }, element("label", {}, "start from"), preset);
  const set = (setting) => control(app.site, setting, model[setting.key], (value, isDone) => {
    if (value === undefined) delete model[setting.key];
    else model[setting.key] = value;
    changed(isDone);
  });
  const known = Object.fromEntries(kindOf("crf").settings.map((setting) => [setting.key, setting]));
  return [start,
    set({ ...known.iterations, maximum: 50, default: 10 }), set({ ...known.tolerance, maximum: .1, default: 0 }),
    set({ ...known.filter, required: true }),
    ...model.terms.map((term, index) => drawTerm(model, term, index)),
    element("button", { type: "button", onclick: () => {
      const kernel = app.site.kernels.find((kind) => kind.name === "gaussian") ?? app.site.kernels[0];
      model.terms.push({ kernel: fresh(kernel), compatibility: { kind: "potts", weight: 3 }, normalization: "symmetric", self: "included" });
      drawSteps();
      changed(true);
    } }, "Add a kernel")];
}

function drawTerm(model, term, index) {
  const name = `Kernel ${index + 1}`;
  const kernel = app.site.kernels.find((kind) => kind.name === term.kernel.kind);
  const compatibility = app.site.compatibilities.find((kind) => kind.name === term.compatibility.kind);
  const set = (key, words) => control(app.site, { key, label: `${name}: ${key}`, type: "choice", enum: words, required: true }, term[key], (value, isDone) => {
    term[key] = value;
    changed(isDone);
  });
  const named = (kind, part) => ({ ...kind, settings: kind.settings.map((setting) => ({ ...setting, label: `${name}: ${part}${setting.key}` })) });
  const legend = element("legend", {}, switchFor(term, name), element("label", {}, term.kernel.kind),
    element("button", { type: "button", "aria-label": `${name}: remove`, title: "Remove", onclick: () => {
      model.terms.splice(index, 1);
      drawSteps();
      changed(true);
    } }, "×"));
  return element("fieldset", { class: term.off ? "term off" : "term" }, legend,
    ...(compatibility ? settings(app.site, named(compatibility, ""), term.compatibility, (described, isDone) => {
      term.compatibility = described;
      changed(isDone);
    }) : []),
    ...(kernel ? settings(app.site, named(kernel, ""), term.kernel, (described, isDone) => {
      term.kernel = described;
      changed(isDone);
    }) : []),
    kindChoice("kernel", app.site.kernels, term.kernel.kind, (chosen) => {
      term.kernel = { ...fresh(app.site.kernels.find((kind) => kind.name === chosen)) };
      changed(true);
    }),
    kindChoice("compatibility", app.site.compatibilities, term.compatibility.kind, (chosen) => {
      term.compatibility = fresh(app.site.compatibilities.find((kind) => kind.name === chosen));
      changed(true);
    }),
    set("normalization", app.site.normalizations), set("self", app.site.self_terms));
}

on("add-step", "click", () => {
  const kind = kindOf(byId("new-step").value);
  const steps = active().steps;
  const step = kind.name === "crf" ? { kind: "crf", model: structuredClone(app.site.presets[0]) } : fresh(kind);
  // Refinements stand before label filters.
  const isRefinement = app.site.refinements.includes(kind);
  const first = steps.findIndex((other) => app.site.label_filters.some((filter) => filter.name === other.kind));
  steps.splice(isRefinement && first >= 0 ? first : steps.length, 0, step);
  drawSteps();
  changed(true);
});
