// Images and what plans make of them: the smaller one first, the whole when the hand rests.
import { Layer, labelsOf } from "./drawing.js";
import { app, byId, planOf, problem, say } from "./app.js";
import { ask, isConnected } from "./connection.js";
import { writeAddress } from "./history.js";
import { drawAll, drawCaption, drawLayer, drawLayers, drawView } from "./views.js";
import { drawFigures } from "./figures.js";

/// How long a hand rests before the whole image is computed, in milliseconds.
const rest = 140;
/// What an answer may take while a hand moves, in seconds: 20 a second, or 8 of large images.
const budgets = { small: .04, large: .1, largeFrom: 300000 };
/// For tests and measurements: the milliseconds from a control's move to its picture, and what is under way.
export const measured = { frames: [], isBusy: () => app.slots.some((slot) => slot.inFlight || slot.wantsCoarse || slot.wantsFull) };

export function openImage() {
  byId("images").value = app.state.image;
  byId("previous").disabled = app.state.image === 0;
  byId("next").disabled = app.state.image === app.site.images.length - 1;
  app.listening = null;
  app.mark = null;
  say("Reading…");
  for (const slot of app.slots) clearTimeout(slot.timer);
  const wanted = app.state.image;
  ask("image", { image: wanted }, (answer, parts) => {
    if (answer.dropped || wanted !== app.state.image) return;
    if (answer.error) {
      app.picture = null;
      for (const slot of app.slots) slot.result = null;
      drawAll();
      drawFigures();
      problem(answer.error);
      return say("This image cannot be shown.");
    }
    problem("");
    const count = answer.width * answer.height;
    const before = labelsOf(parts.before, count);
    app.picture = {
      name: app.site.images[wanted], index: wanted, width: answer.width, height: answer.height, labelCount: answer.labels,
      rgb: parts.rgb, before: before.labels, countsBefore: before.counts, figures: answer.figures,
      truth: parts.truth ? labelsOf(parts.truth, count).labels : null,
    };
    app.picture.beforeLayer = new Layer(app.picture);
    app.colors = new Uint8Array(3 * Math.max(app.picture.labelCount, app.site.labels.length));
    app.site.labels.forEach((label, index) => app.colors.set(label.color, 3 * index));
    for (const slot of app.slots) {
      slot.result = null;
      slot.layer = new Layer(app.picture);
    }
    drawLayers();
    drawFigures();
    allMoved(true);
    return undefined;
  });
  writeAddress();
}

export function goTo(image) {
  if (!app.site || image < 0 || image >= app.site.images.length || image === app.state.image) return;
  app.state.image = image;
  openImage();
}

/// A control of a slot has moved; `isDone` where it rests.
export function moved(index, isDone) {
  const slot = app.slots[index];
  if (!slot || !app.picture) return;
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

/// What all slots show has changed.
export function allMoved(isDone) { app.slots.forEach((_, index) => moved(index, isDone)); }

/// Sends the next request of a slot. One answer is awaited at a time, unless a move makes it stale: the
/// server then drops it.
function pump(index) {
  const slot = app.slots[index];
  if (!slot || !app.picture || !isConnected()) return;
  if (slot.inFlight && (slot.inFlight.factor > 1 || !slot.wantsCoarse)) return;
  if (!slot.wantsCoarse && !slot.wantsFull) return;
  const factor = slot.wantsCoarse ? slot.factor : 1;
  if (slot.wantsCoarse) slot.wantsCoarse = false;
  else slot.wantsFull = false;
  const view = app.state.view;
  const request = { slot: index, image: app.picture.index, factor, plan: planOf(app.state.slots[index]) };
  if (view.update !== null) request.update = view.update;
  if (view.layer === "belief" && view.label !== null) request.belief = view.label;
  const movedAt = slot.movedAt;
  slot.movedAt = null;
  const shown = app.picture;
  const number = ask("render", request, (answer, parts) => {
    if (slot.inFlight?.number === number) slot.inFlight = null;
    // What was asked for later counts alone.
    if (slot.latest !== number) return pump(index);
    if (answer.error) {
      slot.wantsCoarse = slot.wantsFull = false;
      clearTimeout(slot.timer);
      problem(answer.error);
      say("These settings cannot be used.");
    } else if (!answer.dropped && app.picture === shown) {
      if (answer.factor > 1) adapt(slot, answer);
      // The next answer is made while this one is drawn.
      pump(index);
      return show(index, answer, parts, movedAt);
    }
    return pump(index);
  });
  slot.inFlight = { number, factor };
  slot.latest = number;
}

function show(index, answer, parts, movedAt) {
  const slot = app.slots[index];
  slot.result = {
    ...labelsOf(parts.labels, app.picture.width * app.picture.height), belief: parts.belief ?? null,
    beliefOf: app.state.view.label, figures: answer.figures, factor: answer.factor, changed: answer.changed,
  };
  problem("");
  drawLayer(index);
  drawView(index);
  if (index === app.state.active) {
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
  const budget = app.picture.rgb.length / 3 >= budgets.largeFrom ? budgets.large : budgets.small;
  const { factor, seconds } = answer;
  slot.times = [...(slot.times ?? []), { factor, seconds }].slice(-3);
  if (slot.times.length < 3 || slot.times.some((time) => time.factor !== factor)) return;
  const usual = slot.times.map((time) => time.seconds).sort((one, other) => one - other)[1];
  if (usual > budget && factor < 4) slot.factor = factor + 1;
  else if (factor > 2 && usual * (factor / (factor - 1)) ** 2 < .7 * budget) slot.factor = factor - 1;
}
