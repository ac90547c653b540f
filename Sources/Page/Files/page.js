// The page: its state, its connection, and what people do with it.
import { Layer, Placement, labelsOf, paint } from "./drawing.js";
import { element, fresh, kindChoice, control, settings } from "./controls.js";

const byId = (name) => document.getElementById(name);
const mostSlots = 4;
/// How long a hand rests before the whole image is computed, in milliseconds.
const rest = 140;
/// What an answer may take while a hand moves, in seconds: 20 a second, or 8 of large images.
const budgets = { small: .04, large: .1, largeFrom: 300000 };

let site = null;
let state = null;
/// What is drawn, for each slot.
const slots = [];
const placement = new Placement();
let picture = null;
let colors = new Uint8Array(0);
let listening = null;
let mark = null;
let isBefore = false;
let past = [];
let future = [];

/// For tests and measurements: the milliseconds from a control's move to its picture, and what is under way.
const measured = { frames: [], isBusy: () => slots.some((slot) => slot.inFlight || slot.wantsCoarse || slot.wantsFull) };
window.crfTune = { measured, state: () => state, slots, picture: () => picture };

// MARK: The connection

let socket = null;
let lastNumber = 0;
const waiting = new Map();

function connect() {
  socket = new WebSocket(new URL("live", location.href).href.replace(/^http/, "ws").replace(/#.*$/, ""));
  socket.binaryType = "arraybuffer";
  socket.onopen = start;
  socket.onmessage = (event) => receive(event.data);
  socket.onclose = () => {
    waiting.clear();
    for (const slot of slots) slot.inFlight = null;
    say("The connection is lost: is crf-tune still running?");
    setTimeout(connect, 2000);
  };
}

/// Sends a request; `answered` gets the answer and its parts.
function ask(want, members, answered) {
  lastNumber += 1;
  if (answered) waiting.set(lastNumber, answered);
  if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ want, number: lastNumber, ...members }));
  return lastNumber;
}

function receive(data) {
  let answer;
  const parts = {};
  if (typeof data === "string") {
    answer = JSON.parse(data);
  } else {
    const length = new DataView(data).getUint32(0, true);
    answer = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 4, length)));
    let place = 4 + length;
    for (const part of answer.parts) {
      // Runs are numbers of two bytes, whose place must be even.
      parts[part.name] = new Uint8Array(data.slice(place, place + part.bytes));
      place += part.bytes;
    }
  }
  const answered = waiting.get(answer.number);
  if (answer.done === undefined || answer.done === answer.total) waiting.delete(answer.number);
  if (answered) answered(answer, parts);
}

function start() {
  ask("describe", {}, (answer) => {
    if (answer.error) return say(answer.error);
    site = answer.site;
    document.title = `crf-tune: ${site.images.length === 1 ? site.images[0] : `${site.images.length} images`}`;
    state = { ...initial(), ...readAddress() };
    state.view = { ...initial().view, ...state.view };
    state.image = Math.min(Math.max(0, state.image | 0), site.images.length - 1);
    drawStatic();
    drawSlots();
    drawSteps();
    openImage();
  });
}

// MARK: State

function initial() {
  return {
    image: 0, active: 0, slots: [{ steps: structuredClone(site.plan.steps) }],
    view: { opacity: .6, edges: true, swipe: 0, layer: "labels", label: null, update: null },
  };
}

/// The plan of a slot as it is sent: without what is switched off.
function planOf(slot) {
  const steps = slot.steps.filter((step) => !step.off).map((step) => {
    const made = { ...step };
    delete made.off;
    if (typeof made.model === "object") {
      const terms = made.model.terms.filter((term) => !term.off).map((term) => {
        const kept = { ...term };
        delete kept.off;
        return kept;
      });
      made.model = { ...made.model, terms };
      delete made.model.name;
      delete made.model.source;
    }
    return made;
  });
  return { steps };
}

const active = () => state.slots[state.active];

let addressTimer = 0;
function writeAddress() {
  clearTimeout(addressTimer);
  // Browsers refuse more than a few changes a second.
  addressTimer = setTimeout(() => {
    const bytes = new TextEncoder().encode(JSON.stringify(state));
    let text = "";
    for (const byte of bytes) text += String.fromCharCode(byte);
    history.replaceState(null, "", `#${btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")}`);
  }, 250);
}

function readAddress() {
  try {
    const text = atob(location.hash.slice(1).replaceAll("-", "+").replaceAll("_", "/"));
    const read = JSON.parse(new TextDecoder().decode(Uint8Array.from(text, (letter) => letter.charCodeAt(0))));
    const isWhole = Array.isArray(read.slots) && read.slots.length >= 1 && read.slots.length <= mostSlots
      && read.slots.every((slot) => Array.isArray(slot.steps)) && read.slots[read.active];
    return isWhole ? read : {};
  } catch {
    return {};
  }
}

window.addEventListener("hashchange", () => {
  const read = readAddress();
  if (!site || !read.slots || JSON.stringify(read) === JSON.stringify(state)) return;
  state = { ...initial(), ...read };
  drawSlots();
  drawSteps();
  openImage();
});

let settled = null;
/// Notes what can be undone: the plans as they were before this change.
function commit() {
  const now = JSON.stringify(state.slots);
  if (settled !== null && settled !== now) {
    past.push(settled);
    if (past.length > 200) past.shift();
    future = [];
  }
  settled = now;
  byId("undo").disabled = past.length === 0;
  byId("redo").disabled = future.length === 0;
  writeAddress();
}

function travel(from, to) {
  if (from.length === 0) return;
  to.push(JSON.stringify(state.slots));
  state.slots = JSON.parse(from.pop());
  settled = JSON.stringify(state.slots);
  state.active = Math.min(state.active, state.slots.length - 1);
  commit();
  drawSlots();
  drawSteps();
  for (let index = 0; index < slots.length; index += 1) moved(index, true);
}

// MARK: Images

function openImage() {
  byId("images").value = state.image;
  byId("previous").disabled = state.image === 0;
  byId("next").disabled = state.image === site.images.length - 1;
  listening = null;
  mark = null;
  say("Reading…");
  for (const slot of slots) clearTimeout(slot.timer);
  const wanted = state.image;
  ask("image", { image: wanted }, (answer, parts) => {
    if (answer.dropped || wanted !== state.image) return;
    if (answer.error) {
      picture = null;
      for (const slot of slots) slot.result = null;
      drawAll();
      drawFigures();
      problem(answer.error);
      return say("This image cannot be shown.");
    }
    problem("");
    const count = answer.width * answer.height;
    picture = {
      name: site.images[wanted], index: wanted, width: answer.width, height: answer.height, labelCount: answer.labels,
      rgb: parts.rgb, before: labelsOf(parts.before, count), truth: parts.truth ? labelsOf(parts.truth, count) : null,
      figures: answer.figures,
    };
    picture.beforeLayer = new Layer(picture);
    colors = new Uint8Array(3 * Math.max(picture.labelCount, site.labels.length));
    site.labels.forEach((label, index) => colors.set(label.color, 3 * index));
    for (const slot of slots) {
      slot.result = null;
      slot.layer = new Layer(picture);
    }
    drawLayers();
    drawFigures();
    for (let index = 0; index < slots.length; index += 1) moved(index, true);
    return undefined;
  });
  writeAddress();
}

function nameOf(label) {
  return label === site.void && label >= picture.labelCount ? "void" : site.labels[label]?.name || `label ${label}`;
}

// MARK: Renderings

/// A control of a slot has moved; `isDone` where it rests.
function moved(index, isDone) {
  const slot = slots[index];
  if (!slot || !picture) return;
  slot.movedAt = slot.movedAt ?? performance.now();
  slot.wantsCoarse = true;
  slot.wantsFull = false;
  clearTimeout(slot.timer);
  slot.timer = setTimeout(() => {
    slot.wantsFull = true;
    pump(index);
  }, isDone ? 0 : rest);
  pump(index);
}

/// Sends the next request of a slot. One answer is awaited at a time, unless a move makes it stale: the
/// server then drops it.
function pump(index) {
  const slot = slots[index];
  if (!slot || !picture || socket.readyState !== WebSocket.OPEN) return;
  if (slot.inFlight && (slot.inFlight.factor > 1 || !slot.wantsCoarse)) return;
  if (!slot.wantsCoarse && !slot.wantsFull) return;
  const factor = slot.wantsCoarse ? slot.factor : 1;
  if (slot.wantsCoarse) slot.wantsCoarse = false;
  else slot.wantsFull = false;
  const view = state.view;
  const request = { slot: index, image: picture.index, factor, plan: planOf(state.slots[index]) };
  if (view.update !== null) request.update = view.update;
  if (view.layer === "belief" && view.label !== null) request.belief = view.label;
  const movedAt = slot.movedAt;
  slot.movedAt = null;
  const shown = picture;
  const number = ask("render", request, (answer, parts) => {
    if (slot.inFlight?.number === number) slot.inFlight = null;
    // What was asked for later counts alone.
    if (slot.latest !== number) return pump(index);
    if (answer.error) {
      slot.wantsCoarse = slot.wantsFull = false;
      clearTimeout(slot.timer);
      problem(answer.error);
      say("These settings cannot be used.");
    } else if (!answer.dropped && picture === shown) {
      show(index, answer, parts, movedAt);
    }
    return pump(index);
  });
  slot.inFlight = { number, factor };
  slot.latest = number;
}

function show(index, answer, parts, movedAt) {
  const slot = slots[index];
  slot.result = {
    labels: labelsOf(parts.labels, picture.width * picture.height), belief: parts.belief ?? null,
    beliefOf: state.view.label, figures: answer.figures, factor: answer.factor, changed: answer.changed,
  };
  if (answer.factor > 1) adapt(slot, answer);
  problem("");
  drawLayer(index);
  drawView(index);
  if (index === state.active) {
    drawFigures();
    say(answer.factor > 1
      ? `1/${answer.factor} size, ${Math.round(1000 * answer.seconds)} ms`
      : `${Math.round(1000 * answer.seconds)} ms, ${(100 * answer.changed / slot.result.labels.length).toFixed(1)} % of pixels changed`);
  }
  drawCaption(index);
  if (movedAt && answer.factor > 1) {
    requestAnimationFrame(() => {
      measured.frames.push(performance.now() - movedAt);
      if (measured.frames.length > 10000) measured.frames.shift();
    });
  }
}

/// Half of the size first; less where that takes too long to follow a hand.
function adapt(slot, answer) {
  const budget = picture.rgb.length / 3 >= budgets.largeFrom ? budgets.large : budgets.small;
  const { factor, seconds } = answer;
  slot.times = [...(slot.times ?? []), { factor, seconds }].slice(-3);
  if (slot.times.length < 3 || slot.times.some((time) => time.factor !== factor)) return;
  const usual = slot.times.map((time) => time.seconds).sort((one, other) => one - other)[1];
  if (usual > budget && factor < 4) slot.factor = factor + 1;
  else if (factor > 2 && usual * (factor / (factor - 1)) ** 2 < .7 * budget) slot.factor = factor - 1;
}

// MARK: Drawing

function drawLayers() {
  if (!picture) return;
  const view = state.view;
  picture.beforeCanvas = picture.beforeLayer.drawLabels(picture.before, colors, view.opacity, view.edges);
  slots.forEach((_, index) => drawLayer(index));
  drawAll();
}

function drawLayer(index) {
  const [slot, view] = [slots[index], state.view];
  if (!picture || !slot.layer) return;
  const layer = slot.layer;
  const labels = slot.result?.labels ?? picture.before;
  const kernel = /^kernel (\d+)$/.exec(view.layer);
  if (view.layer === "belief" && slot.result?.belief && slot.result.beliefOf === view.label) {
    slot.canvas = layer.drawHeat(slot.result.belief, view.opacity, 1);
  } else if (kernel && listening?.parts[view.layer]) {
    slot.canvas = layer.drawHeat(listening.parts[view.layer], view.opacity, .4);
  } else if (view.layer === "truth" && picture.truth) {
    slot.canvas = layer.drawLabels(picture.truth, colors, view.opacity, view.edges);
  } else if (view.layer === "changes") {
    slot.canvas = layer.drawMarks((point) => (labels[point] === picture.before[point] ? null
      : [colors[3 * labels[point]], colors[3 * labels[point] + 1], colors[3 * labels[point] + 2]]), view.opacity);
  } else if (view.layer === "errors" && picture.truth) {
    const [mended, spoilt, wrong] = [[40, 200, 110], [230, 60, 50], [240, 190, 40]];
    slot.canvas = layer.drawMarks((point) => {
      const truth = picture.truth[point];
      if (truth === site.void) return null;
      const isRight = labels[point] === truth;
      if ((picture.before[point] === truth) === isRight) return isRight ? null : wrong;
      return isRight ? mended : spoilt;
    }, view.opacity);
  } else {
    slot.canvas = layer.drawLabels(labels, colors, view.opacity, view.edges);
  }
}

function drawAll() { slots.forEach((_, index) => drawView(index)); }

function drawView(index) {
  const slot = slots[index];
  if (!picture || !slot.canvas) return slot.view.getContext("2d").clearRect(0, 0, slot.view.width, slot.view.height);
  const swipe = isBefore ? 1 : state.view.swipe;
  return paint(slot.view, picture, placement, picture.beforeCanvas, slot.canvas, swipe, mark);
}

const letters = "ABCD";

function drawCaption(index) {
  const slot = slots[index];
  const after = slot.result?.figures?.after.all.mean;
  const before = picture?.figures?.before.all.mean;
  const difference = after !== undefined && after !== null && before !== null ? ` mean IOU ${percent(after)} (${signed(after - before)})` : "";
  const words = slots.length > 1 ? `${letters[index]}${difference}` : difference.trim() || picture?.name || "";
  slot.words.textContent = isBefore ? `${words ? `${words}, ` : ""}before` : words;
  slot.view.setAttribute("aria-label", `${picture?.name ?? "No image"}, ${isBefore ? "labels before" : "labels after"}${difference}`);
}

const observer = new ResizeObserver(() => {
  const ratio = window.devicePixelRatio || 1;
  for (const slot of slots) {
    slot.view.width = Math.max(1, Math.round(slot.view.clientWidth * ratio));
    slot.view.height = Math.max(1, Math.round(slot.view.clientHeight * ratio));
  }
  drawAll();
});

/// Makes as many views as there are settings to compare.
function drawSlots() {
  const views = byId("views");
  while (slots.length > state.slots.length) {
    const gone = slots.pop();
    clearTimeout(gone.timer);
    observer.unobserve(gone.view);
    gone.figure.remove();
    ask("close", { slot: slots.length });
  }
  while (slots.length < state.slots.length) {
    const index = slots.length;
    const view = element("canvas", { tabindex: 0, role: "img", "aria-label": "Picture" });
    const words = element("span");
    const remove = element("button", { type: "button", "aria-label": `Close ${letters[index]}`, title: "Close", onclick: () => removeSlot(index) }, "×");
    const choose = element("button", { type: "button", title: "Set these", onclick: () => activate(index) }, letters[index]);
    const figure = element("figure", { class: "view" }, view, element("figcaption", {}, choose, words, remove));
    const slot = { view, words, figure, remove, choose, factor: 2, inFlight: null, result: null, layer: picture ? new Layer(picture) : null };
    slots.push(slot);
    views.append(figure);
    listenTo(view, index);
    observer.observe(view);
    if (picture) {
      drawLayer(index);
      moved(index, true);
    }
  }
  views.dataset.count = slots.length;
  slots.forEach((slot, index) => {
    slot.figure.classList.toggle("active", slots.length > 1 && index === state.active);
    slot.remove.hidden = slot.choose.hidden = slots.length === 1;
    slot.choose.setAttribute("aria-pressed", index === state.active);
    drawCaption(index);
  });
  byId("compare").disabled = slots.length === mostSlots;
  commit();
}

function activate(index) {
  if (index === state.active) return;
  state.active = index;
  drawSlots();
  drawSteps();
  drawFigures();
}

function removeSlot(index) {
  state.slots.splice(index, 1);
  state.active = Math.min(state.active, state.slots.length - 1);
  drawSlots();
  drawSteps();
  for (let other = index; other < slots.length; other += 1) moved(other, true);
}

// MARK: Figures

const percent = (share) => (share === null || share === undefined ? "–" : (100 * share).toFixed(1));
const signed = (share) => `${share >= 0 ? "+" : "−"}${Math.abs(100 * share).toFixed(1)}`;

function drawFigures() {
  const table = byId("figures");
  if (!picture) return table.replaceChildren();
  const result = slots[state.active]?.result;
  const before = picture.figures?.before;
  const after = result?.figures?.after;
  const labels = result?.labels ?? picture.before;
  const shares = new Uint32Array(65536);
  for (let point = 0; point < labels.length; point += 1) shares[labels[point]] += 1;
  const heads = before
    ? ["", "share", "IOU before", "after", `${site.trimap_width} px before`, "after"] : ["", "share"];
  const cells = (one, other) => {
    const difference = one !== null && other !== null && other !== undefined ? other - one : 0;
    const state = difference > 5e-4 ? "better" : difference < -5e-4 ? "worse" : "";
    return [element("td", {}, percent(one)), element("td", { class: state }, percent(other))];
  };
  const rows = [];
  for (let label = 0; label < picture.labelCount; label += 1) {
    const isShown = shares[label] > 0 || (before && before.all.iou[label] !== null);
    if (!isShown && picture.labelCount > 12) continue;
    const swatch = element("span", { class: "swatch" });
    swatch.style.background = `rgb(${[0, 1, 2].map((part) => colors[3 * label + part]).join(" ")})`;
    const isChosen = state.view.layer === "belief" && state.view.label === label;
    const button = element("button", { type: "button", "aria-pressed": isChosen, title: "The belief in this label", onclick: () => toggleBelief(label) }, swatch, nameOf(label));
    rows.push(element("tr", { "data-label": label }, element("th", { scope: "row" }, button),
      element("td", {}, percent(shares[label] / labels.length)),
      ...(before ? [...cells(before.all.iou[label], after?.all.iou[label]), ...cells(before.near.iou[label], after?.near.iou[label])] : [])));
  }
  if (before) {
    rows.push(element("tr", { class: "mean" }, element("th", { scope: "row" }, "mean"), element("td"),
      ...cells(before.all.mean, after?.all.mean), ...cells(before.near.mean, after?.near.mean)));
  }
  const focused = document.activeElement?.closest("tr[data-label]")?.dataset.label;
  table.replaceChildren(
    element("caption", { hidden: true }, "Labels, their shares and IOUs in percent"),
    element("thead", {}, element("tr", {}, ...heads.map((head) => element("th", { scope: "col" }, head)))),
    element("tbody", {}, ...rows));
  if (focused !== undefined) table.querySelector(`tr[data-label="${focused}"] button`)?.focus();
  return undefined;
}

function toggleBelief(label) {
  const view = state.view;
  const isShown = view.layer === "belief" && view.label === label;
  view.layer = isShown ? "labels" : "belief";
  view.label = isShown ? null : label;
  drawBar();
  drawFigures();
  writeAddress();
  if (isShown) return drawLayers();
  for (let index = 0; index < slots.length; index += 1) moved(index, true);
  return undefined;
}

// MARK: Steps

/// Which kinds stand where: controls are drawn anew where that changes.
function shape(value) {
  return JSON.stringify(value, (key, inner) => (["kind", "off", "of", "filter", "model", "terms", "kernel", "compatibility"].includes(key) || Array.isArray(inner) || (inner && typeof inner === "object") || key === "" || /^\d+$/.test(key) ? inner : undefined));
}

let drawnShape = "";

/// Something of the active plan has changed.
function changed(isDone) {
  if (shape(active().steps) !== drawnShape) drawSteps();
  drawUpdate();
  moved(state.active, isDone);
  if (isDone) commit();
}

function kindOf(name) {
  return site.refinements.find((kind) => kind.name === name) ?? site.label_filters.find((kind) => kind.name === name);
}

function drawSteps() {
  const steps = active().steps;
  drawnShape = shape(steps);
  const focused = focusPath();
  byId("steps").replaceChildren(...steps.map((step, index) => drawStep(steps, step, index)));
  byId("steps").setAttribute("aria-label", `Steps of ${letters[state.active]}`);
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
      : settings(site, kind, step, (described, isDone) => {
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
    const chosen = site.presets.find((other) => other.name === preset.value);
    if (!chosen) return;
    step.model = structuredClone(chosen);
    drawSteps();
    changed(true);
  } }, element("option", { value: "" }, "choose one"), ...site.presets.map((other) => element("option", { value: other.name, title: other.source }, other.name)));
  const start = element("div", { class: "setting" }, element("label", {}, "start from"), preset);
  const set = (setting) => control(site, setting, model[setting.key], (value, isDone) => {
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
      const kernel = site.kernels.find((kind) => kind.name === "gaussian") ?? site.kernels[0];
      model.terms.push({ kernel: fresh(kernel), compatibility: { kind: "potts", weight: 3 }, normalization: "symmetric", self: "included" });
      drawSteps();
      changed(true);
    } }, "Add a kernel")];
}

function drawTerm(model, term, index) {
  const name = `Kernel ${index + 1}`;
  const kernel = site.kernels.find((kind) => kind.name === term.kernel.kind);
  const compatibility = site.compatibilities.find((kind) => kind.name === term.compatibility.kind);
  const set = (key, words) => control(site, { key, label: `${name}: ${key}`, type: "choice", enum: words, required: true }, term[key], (value, isDone) => {
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
    ...(compatibility ? settings(site, named(compatibility, ""), term.compatibility, (described, isDone) => {
      term.compatibility = described;
      changed(isDone);
    }) : []),
    ...(kernel ? settings(site, named(kernel, ""), term.kernel, (described, isDone) => {
      term.kernel = described;
      changed(isDone);
    }) : []),
    kindChoice("kernel", site.kernels, term.kernel.kind, (chosen) => {
      term.kernel = { ...fresh(site.kernels.find((kind) => kind.name === chosen)) };
      changed(true);
    }),
    kindChoice("compatibility", site.compatibilities, term.compatibility.kind, (chosen) => {
      term.compatibility = fresh(site.compatibilities.find((kind) => kind.name === chosen));
      changed(true);
    }),
    set("normalization", site.normalizations), set("self", site.self_terms));
}

// MARK: The bar below the picture

function drawBar() {
  const view = state.view;
  const layers = [["labels", "labels after"], ["changes", "what changed"]];
  if (picture?.truth) layers.push(["truth", "true labels"], ["errors", "right and wrong"]);
  if (picture && view.label !== null) layers.push(["belief", `belief: ${nameOf(view.label)}`]);
  if (listening) listening.kernels.forEach((kernel, index) => layers.push([`kernel ${index}`, kernel.kernel]));
  byId("layer").replaceChildren(...layers.map(([value, words]) => element("option", { value }, words)));
  if (!layers.some(([value]) => value === view.layer)) view.layer = "labels";
  byId("layer").value = view.layer;
  byId("opacity").value = view.opacity;
  byId("edges").checked = view.edges;
  byId("swipe").value = view.swipe;
}

/// The slider over updates goes as far as the first CRF does.
function drawUpdate() {
  const crf = active().steps.find((step) => step.kind === "crf" && !step.off && typeof step.model === "object");
  byId("update-label").hidden = !crf;
  const most = crf?.model.iterations ?? 0;
  const slider = byId("update");
  slider.max = most;
  if (state.view.update !== null && state.view.update >= most) state.view.update = null;
  slider.value = state.view.update ?? most;
  byId("update-text").textContent = state.view.update === null ? `all ${most}` : `${state.view.update} of ${most}`;
}

function setView(key, value) {
  state.view[key] = value;
  writeAddress();
  drawLayers();
}

function drawStatic() {
  byId("images").replaceChildren(...site.images.map((name, index) => element("option", { value: index }, name)));
  const group = (name, all) => element("optgroup", { label: name }, ...all.map((kind) => element("option", { value: kind.name, title: kind.summary }, kind.name)));
  byId("new-step").replaceChildren(group("Refinements", site.refinements), group("Label filters", site.label_filters));
  byId("save-file").hidden = !site.saves;
  byId("run-folder").textContent = site.images.length === 1 ? "Measure the image" : `Measure all ${site.images.length} images`;
  const failed = site.failures.map((failure) => element("li", {}, failure));
  if (failed.length > 0) byId("folder-result").replaceChildren(element("p", {}, "Left out:"), element("ul", {}, ...failed));
  drawBar();
}

// MARK: Pixels

/// The pixel of the image below a place on the screen; `null` beside the image.
function pixelAt(canvas, event) {
  const box = canvas.getBoundingClientRect();
  const place = placement.on(canvas, picture);
  const x = Math.floor(((event.clientX - box.left) * canvas.width / box.width - place.left) / place.scale);
  const y = Math.floor(((event.clientY - box.top) * canvas.height / box.height - place.top) / place.scale);
  return x >= 0 && y >= 0 && x < picture.width && y < picture.height ? [x, y] : null;
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
    swatch.style.background = `rgb(${[0, 1, 2].map((part) => colors[3 * label + part]).join(" ")})`;
    return element("div", {}, swatch, element("span", {}, nameOf(label)), bar,
      element("span", { class: "numeric" }, `${percent(share)} %  θ ${energy > 1e29 ? "∞" : energy.toFixed(2)}`));
  });
  const kernels = listening
    ? [element("p", { class: "hint" }, `(${listening.pixel.join(", ")}) listens to ` + listening.kernels.map((kernel) => `${kernel.neighbours.toFixed(0)} pixels by ${kernel.kernel}`).join(", "))] : [];
  byId("pixel").replaceChildren(element("div", {}, words), element("div", { class: "bars" }, ...bars), ...kernels);
}

function listenAt(index, pixel) {
  mark = pixel;
  drawAll();
  const [x, y] = pixel;
  ask("listen", { image: picture.index, plan: planOf(state.slots[index]), x, y }, (answer, parts) => {
    if (answer.dropped) return;
    if (answer.error) return problem(answer.error);
    if (!answer.kernels.length) return say("No kernel is there to listen with.");
    listening = { kernels: answer.kernels, parts, pixel };
    if (!/^kernel /.test(state.view.layer)) state.view.layer = `kernel ${answer.kernels.length - 1}`;
    drawBar();
    drawLayers();
    askForPoint(index, pixel);
    return undefined;
  });
}

function listenTo(canvas, index) {
  const pointers = new Map();
  let travelled = 0;
  const placeOf = (event) => {
    const box = canvas.getBoundingClientRect();
    const place = placement.on(canvas, picture);
    return [
      ((event.clientX - box.left) * canvas.width / box.width - place.left) / place.scale / picture.width,
      ((event.clientY - box.top) * canvas.height / box.height - place.top) / place.scale / picture.height];
  };
  canvas.addEventListener("pointerdown", (event) => {
    if (!picture) return;
    canvas.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, event);
    if (pointers.size === 1) travelled = 0;
    activate(index);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!picture) return;
    const before = pointers.get(event.pointerId);
    if (before) {
      const ratio = canvas.width / canvas.clientWidth;
      const { scale } = placement.on(canvas, picture);
      const others = [...pointers.values()].filter((other) => other.pointerId !== event.pointerId);
      if (others.length === 1) {
        const span = (one) => Math.hypot(one.clientX - others[0].clientX, one.clientY - others[0].clientY);
        placement.zoomBy(span(event) / Math.max(1, span(before)), placeOf(event));
      } else {
        placement.center[0] -= (event.clientX - before.clientX) * ratio / scale / picture.width;
        placement.center[1] -= (event.clientY - before.clientY) * ratio / scale / picture.height;
        placement.clamp();
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
    const pixel = picture && isClick ? pixelAt(canvas, event) : null;
    if (pixel) listenAt(index, pixel);
  });
  canvas.addEventListener("pointercancel", (event) => pointers.delete(event.pointerId));
  canvas.addEventListener("wheel", (event) => {
    if (!picture) return;
    event.preventDefault();
    placement.zoomBy(Math.exp(-event.deltaY / 300), placeOf(event));
    drawAll();
  }, { passive: false });
  canvas.addEventListener("keydown", (event) => {
    if (!picture) return;
    const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    if (event.shiftKey && moves[event.key]) {
      const [x, y] = mark ?? [picture.width >> 1, picture.height >> 1];
      mark = [Math.min(picture.width - 1, Math.max(0, x + moves[event.key][0])), Math.min(picture.height - 1, Math.max(0, y + moves[event.key][1]))];
      drawAll();
      askForPoint(index, mark);
      event.preventDefault();
      event.stopPropagation();
    } else if (event.key === "Enter") {
      listenAt(index, mark ?? [picture.width >> 1, picture.height >> 1]);
    }
  });
}

// MARK: What people do

function say(words) { byId("status").textContent = words; }
function problem(words) { byId("problem").textContent = words; }

function goTo(image) {
  if (!site || image < 0 || image >= site.images.length || image === state.image) return;
  state.image = image;
  openImage();
}

function zoom(factor) {
  placement.zoomBy(factor, placement.center);
  drawAll();
}

function toggleBefore() {
  isBefore = !isBefore;
  drawAll();
  slots.forEach((_, index) => drawCaption(index));
}

function on(name, event, body) { byId(name).addEventListener(event, body); }

on("previous", "click", () => goTo(state.image - 1));
on("next", "click", () => goTo(state.image + 1));
on("images", "change", () => goTo(Number(byId("images").value)));
on("undo", "click", () => travel(past, future));
on("redo", "click", () => travel(future, past));
on("compare", "click", () => {
  state.slots.push(structuredClone(active()));
  state.active = state.slots.length - 1;
  drawSlots();
  drawSteps();
});
on("layer", "change", () => {
  setView("layer", byId("layer").value);
  if (state.view.layer === "belief") for (let index = 0; index < slots.length; index += 1) moved(index, true);
});
on("opacity", "input", () => setView("opacity", Number(byId("opacity").value)));
on("edges", "change", () => setView("edges", byId("edges").checked));
on("swipe", "input", () => {
  isBefore = false;
  state.view.swipe = Number(byId("swipe").value);
  drawAll();
  writeAddress();
});
for (const [event, isDone] of [["input", false], ["change", true]]) {
  on("update", event, () => {
    const slider = byId("update");
    state.view.update = Number(slider.value) >= Number(slider.max) ? null : Number(slider.value);
    drawUpdate();
    for (let index = 0; index < slots.length; index += 1) moved(index, isDone);
    writeAddress();
  });
}
on("zoom-in", "click", () => zoom(1.5));
on("zoom-out", "click", () => zoom(1 / 1.5));
on("zoom-fit", "click", () => {
  placement.reset();
  drawAll();
});
on("add-step", "click", () => {
  const kind = kindOf(byId("new-step").value);
  const steps = active().steps;
  const step = kind.name === "crf" ? { kind: "crf", model: structuredClone(site.presets[0]) } : fresh(kind);
  // Refinements stand before label filters.
  const isRefinement = site.refinements.includes(kind);
  const first = steps.findIndex((other) => site.label_filters.some((filter) => filter.name === other.kind));
  steps.splice(isRefinement && first >= 0 ? first : steps.length, 0, step);
  drawSteps();
  changed(true);
});

let folderNumber = null;
on("run-folder", "click", () => {
  if (folderNumber !== null) {
    ask("stop", {});
    waiting.delete(folderNumber);
    return endFolder("Stopped.");
  }
  const plan = planOf(active());
  byId("folder-progress").hidden = false;
  byId("folder-progress").removeAttribute("value");
  byId("run-folder").textContent = "Stop";
  folderNumber = ask("folder", { plan }, (answer) => {
    if (answer.error) return endFolder(answer.error);
    byId("folder-progress").max = answer.total;
    byId("folder-progress").value = answer.done;
    drawFolder(answer);
    if (answer.done === answer.total) endFolder();
    return undefined;
  });
  return undefined;
});

function endFolder(words) {
  folderNumber = null;
  byId("folder-progress").hidden = true;
  byId("run-folder").textContent = site.images.length === 1 ? "Measure the image" : `Measure all ${site.images.length} images`;
  if (words) byId("folder-result").append(element("p", {}, words));
}

function drawFolder(answer) {
  const failures = [...site.failures, ...answer.failures.map((failure) => failure.error)];
  const figures = answer.figures;
  const words = figures
    ? `${answer.done} of ${answer.total}: mean IOU ${percent(figures.before.all.mean)} before, ${percent(figures.after.all.mean)} after (${signed(figures.after.all.mean - figures.before.all.mean)}); within ${site.trimap_width} px ${percent(figures.before.near.mean)} and ${percent(figures.after.near.mean)}`
    : `${answer.done} of ${answer.total}`;
  byId("folder-result").replaceChildren(element("p", { id: "folder-words" }, words),
    ...(failures.length ? [element("p", {}, "Left out:"), element("ul", {}, ...failures.map((failure) => element("li", {}, failure)))] : []));
}

function texts(then) {
  ask("texts", { image: state.image, plan: planOf(active()), name: byId("preset-name").value }, (answer) => {
    if (answer.error) return problem(answer.error);
    return then(answer);
  });
}

on("open-copy", "click", () => texts((answer) => {
  byId("command").value = answer.command;
  byId("python").value = answer.python;
  byId("copy").showModal();
}));
for (const name of ["command", "python"]) {
  on(`copy-${name}`, "click", async () => {
    byId(name).select();
    try {
      await navigator.clipboard.writeText(byId(name).value);
      byId(`copy-${name}`).textContent = "Copied";
    } catch {
      byId(`copy-${name}`).textContent = "Press Ctrl+C";
    }
  });
}
on("open-save", "click", () => {
  byId("save-result").textContent = "";
  byId("save").showModal();
});
on("download", "click", () => texts((answer) => {
  const link = element("a", { href: URL.createObjectURL(new Blob([answer.preset, "\n"], { type: "application/json" })), download: `${byId("preset-name").value || "tuned"}.json` });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  byId("save-result").textContent = `${link.download} is downloaded.`;
}));
on("save-file", "click", () => ask("save", { plan: planOf(active()), name: byId("preset-name").value }, (answer) => {
  byId("save-result").textContent = answer.error ?? `Saved as ${answer.saved}.`;
}));
on("open-preset", "click", () => byId("preset-file").click());
on("preset-file", "change", async () => {
  const file = byId("preset-file").files[0];
  if (!file) return;
  try {
    const given = JSON.parse(await file.text());
    ask("texts", { image: state.image, plan: given }, (answer) => {
      if (answer.error) {
        byId("save-result").textContent = answer.error;
        return;
      }
      active().steps = answer.plan.steps;
      drawSteps();
      changed(true);
      byId("save").close();
    });
  } catch (error) {
    byId("save-result").textContent = `${file.name} is not a preset: ${error.message}`;
  }
  byId("preset-file").value = "";
});
on("open-help", "click", () => byId("help").showModal());
for (const button of document.querySelectorAll("dialog .close")) {
  button.addEventListener("click", () => button.closest("dialog").close());
}

document.addEventListener("keydown", (event) => {
  if (!state || document.querySelector("dialog[open]")) return;
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z") {
    const isText = event.target.matches?.("input[type=text], input[type=number], textarea");
    if (isText) return;
    event.preventDefault();
    if (event.shiftKey) travel(future, past);
    else travel(past, future);
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  // Controls have their own use for most keys.
  const isControl = event.target.matches?.("input, select, textarea");
  const isButton = event.target.matches?.("button");
  if (isControl && !(event.target.type === "checkbox" && event.key !== " ")) return;
  const actions = {
    ArrowLeft: () => goTo(state.image - 1), ArrowRight: () => goTo(state.image + 1),
    "+": () => zoom(1.5), "=": () => zoom(1.5), "-": () => zoom(1 / 1.5),
    b: () => setView("edges", !state.view.edges),
    "?": () => byId("help").showModal(),
    Escape: () => {
      placement.reset();
      state.view.layer = "labels";
      state.view.label = null;
      mark = null;
      drawBar();
      drawFigures();
      drawLayers();
    },
  };
  if (event.key === " " && !isButton) {
    event.preventDefault();
    toggleBefore();
  } else if (/^[0-9]$/.test(event.key) && picture && Number(event.key) < picture.labelCount) {
    toggleBelief(Number(event.key));
  } else if (actions[event.key]) {
    if (!event.shiftKey || !event.key.startsWith("Arrow")) actions[event.key]();
    if (event.key === "b") drawBar();
  }
});

connect();
