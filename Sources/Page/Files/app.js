// What all parts of the page share, and the words for it.
import { Placement } from "./drawing.js";

/// What all parts of the page share.
export const app = {
  /// What the program says of itself: kinds, presets, images.
  site: null,
  /// What the address keeps: the image, the plans and the view.
  state: null,
  /// What is drawn, for each plan.
  slots: [],
  placement: new Placement(),
  /// The image that is open; `null` where it cannot be read.
  picture: null,
  colors: new Uint8Array(0),
  /// What a pixel listens to.
  listening: null,
  mark: null,
  isBefore: false,
};

export const mostSlots = 4;
export const letters = "ABCD";
export const byId = (name) => document.getElementById(name);

export function on(name, event, body) { byId(name).addEventListener(event, body); }

export function say(words) { byId("status").textContent = words; }

export function problem(words) { byId("problem").textContent = words; }

/// What the page begins with, where the address says nothing else.
export function initial() {
  return {
    image: 0, active: 0, slots: [{ steps: structuredClone(app.site.plan.steps) }],
    view: { opacity: .6, edges: true, swipe: 0, layer: "labels", label: null, update: null },
  };
}

/// The plan of a slot as it is sent: without what is switched off.
export function planOf(slot) {
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

export const active = () => app.state.slots[app.state.active];

export function nameOf(label) {
  return label === app.site.void && label >= app.picture.labelCount ? "void" : app.site.labels[label]?.name || `label ${label}`;
}

export function kindOf(name) {
  return app.site.refinements.find((kind) => kind.name === name) ?? app.site.label_filters.find((kind) => kind.name === name);
}

export const percent = (share) => (share === null || share === undefined ? "–" : (100 * share).toFixed(1));
export const signed = (share) => `${share >= 0 ? "+" : "−"}${Math.abs(100 * share).toFixed(1)}`;
