// What can be undone, and what the address keeps.
import { app, byId, mostSlots } from "./app.js";
import { allMoved } from "./renderings.js";
import { drawSlots } from "./views.js";
import { drawSteps } from "./steps.js";

let past = [];
let future = [];
let settled = null;
let addressTimer = 0;

export function writeAddress() {
  clearTimeout(addressTimer);
  // Browsers refuse more than a few changes a second.
  addressTimer = setTimeout(() => {
    const bytes = new TextEncoder().encode(JSON.stringify(app.state));
    let text = "";
    for (const byte of bytes) text += String.fromCharCode(byte);
    history.replaceState(null, "", `#${btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")}`);
  }, 250);
}

export function readAddress() {
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

/// Notes what can be undone: the plans as they were before this change.
export function commit() {
  const now = JSON.stringify(app.state.slots);
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
  to.push(JSON.stringify(app.state.slots));
  app.state.slots = JSON.parse(from.pop());
  settled = JSON.stringify(app.state.slots);
  app.state.active = Math.min(app.state.active, app.state.slots.length - 1);
  commit();
  drawSlots();
  drawSteps();
  allMoved(true);
}

export function undo() { travel(past, future); }

export function redo() { travel(future, past); }
