// The page: what it begins with, and its keys.
import { element } from "./controls.js";
import { active, app, byId, initial, on, say } from "./app.js";
import { ask, connect } from "./connection.js";
import { readAddress, redo, undo } from "./history.js";
import { goTo, measured, openImage } from "./renderings.js";
import { drawLayers, drawSlots, toggleBefore, zoom } from "./views.js";
import { drawFigures, toggleBelief } from "./figures.js";
import { drawSteps } from "./steps.js";
import { drawBar, setView } from "./bar.js";
import { nameFolderButton } from "./folder.js";
import "./files.js";

/// For tests and measurements.
window.crfTune = { measured, state: () => app.state, slots: app.slots, picture: () => app.picture };

function start() {
  ask("describe", {}, (answer) => {
    if (answer.error) return say(answer.error);
    app.site = answer.site;
    document.title = `crf-tune: ${app.site.images.length === 1 ? app.site.images[0] : `${app.site.images.length} images`}`;
    app.state = { ...initial(), ...readAddress() };
    app.state.view = { ...initial().view, ...app.state.view };
    app.state.image = Math.min(Math.max(0, app.state.image | 0), app.site.images.length - 1);
    drawStatic();
    drawSlots();
    drawSteps();
    openImage();
  });
}

function drawStatic() {
  byId("images").replaceChildren(...app.site.images.map((name, index) => element("option", { value: index }, name)));
  const group = (name, all) => element("optgroup", { label: name }, ...all.map((kind) => element("option", { value: kind.name, title: kind.summary }, kind.name)));
  byId("new-step").replaceChildren(group("Refinements", app.site.refinements), group("Label filters", app.site.label_filters));
  byId("save-file").hidden = !app.site.saves;
  nameFolderButton();
  const failed = app.site.failures.map((failure) => element("li", {}, failure));
  if (failed.length > 0) byId("folder-result").replaceChildren(element("p", {}, "Left out:"), element("ul", {}, ...failed));
  drawBar();
}

window.addEventListener("hashchange", () => {
  const read = readAddress();
  if (!app.site || !read.slots || JSON.stringify(read) === JSON.stringify(app.state)) return;
  app.state = { ...initial(), ...read };
  drawSlots();
  drawSteps();
  openImage();
});

on("previous", "click", () => goTo(app.state.image - 1));
on("next", "click", () => goTo(app.state.image + 1));
on("images", "change", () => goTo(Number(byId("images").value)));
on("undo", "click", () => undo());
on("redo", "click", () => redo());

on("compare", "click", () => {
  app.state.slots.push(structuredClone(active()));
  app.state.active = app.state.slots.length - 1;
  drawSlots();
  drawSteps();
});

on("open-help", "click", () => byId("help").showModal());

for (const button of document.querySelectorAll("dialog .close")) {
  button.addEventListener("click", () => button.closest("dialog").close());
}

document.addEventListener("keydown", (event) => {
  if (!app.state || document.querySelector("dialog[open]")) return;
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z") {
    const isText = event.target.matches?.("input[type=text], input[type=number], textarea");
    if (isText) return;
    event.preventDefault();
    if (event.shiftKey) redo();
    else undo();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  // Controls have their own use for most keys.
  const isControl = event.target.matches?.("input, select, textarea");
  const isButton = event.target.matches?.("button");
  if (isControl && !(event.target.type === "checkbox" && event.key !== " ")) return;
  const actions = {
    ArrowLeft: () => goTo(app.state.image - 1), ArrowRight: () => goTo(app.state.image + 1),
    "+": () => zoom(1.5), "=": () => zoom(1.5), "-": () => zoom(1 / 1.5),
    b: () => setView("edges", !app.state.view.edges),
    "?": () => byId("help").showModal(),
    Escape: () => {
      app.placement.reset();
      app.state.view.layer = "labels";
      app.state.view.label = null;
      app.mark = null;
      drawBar();
      drawFigures();
      drawLayers();
    },
  };
  if (event.key === " " && !isButton) {
    event.preventDefault();
    toggleBefore();
  } else if (/^[0-9]$/.test(event.key) && app.picture && Number(event.key) < app.picture.labelCount) {
    toggleBelief(Number(event.key));
  } else if (actions[event.key]) {
    if (!event.shiftKey || !event.key.startsWith("Arrow")) actions[event.key]();
    if (event.key === "b") drawBar();
  }
});

connect(start, () => {
  for (const slot of app.slots) slot.inFlight = null;
  say("The connection is lost: is crf-tune still running?");
});
