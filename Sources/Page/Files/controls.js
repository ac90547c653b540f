// Controls, drawn from the kinds that are registered and their settings.

let numberOfControls = 0;

/// An element with attributes and children; those that begin with "on" listen.
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value === true) made.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

/// A number in few digits.
function short(number) { return String(Number(Number(number).toPrecision(4))); }

/// Sliders go by squares, so that small numbers are as easy to set as large ones.
class Scale {
  constructor(setting, value) {
    const bounds = {
      bandwidths: [.1, Infinity], number: [setting.minimum ?? setting.exclusiveMinimum ?? -Infinity, setting.maximum ?? setting.exclusiveMaximum ?? Infinity],
      count: [setting.minimum, setting.maximum ?? Infinity],
    }[setting.type];
    const usual = Math.max(Math.abs(value ?? 0), Math.abs(Number(setting.default) || 0), setting.type === "count" ? 5 : 1);
    this.isWhole = setting.type === "count";
    this.low = Number.isFinite(bounds[0]) && bounds[0] > -1e6 ? bounds[0] : (value < 0 ? 4 * value : 0);
    this.high = bounds[1] - this.low <= 10 * usual || bounds[1] <= 1 ? bounds[1] : this.low + 4 * usual;
    if (setting.exclusiveMinimum === this.low) this.low += (this.high - this.low) / 1000;
    if (setting.exclusiveMaximum === this.high) this.high -= (this.high - this.low) / 1000;
  }

  place(value) { return Math.sqrt(Math.max(0, (value - this.low) / (this.high - this.low))); }

  value(place) {
    const value = this.low + place * place * (this.high - this.low);
    return this.isWhole ? Math.round(value) : Number(value.toPrecision(3));
  }
}

/// A row: a label, and what sets the value.
function row(setting, ...controls) {
  const id = `control-${numberOfControls += 1}`;
  controls[0].id = id;
  for (const control of controls) control.setAttribute("aria-label", setting.label ?? setting.key);
  return element("div", { class: "setting", title: setting.help ?? "", "data-key": setting.key },
    element("label", { for: id }, setting.key), ...controls);
}

/// Draws the controls of one setting.
///
/// `value` is what is given; `change(value, isDone)` takes another: `undefined` for the default, `isDone`
/// where the hand has let go.
export function control(kinds, setting, value, change) {
  switch (setting.type) {
    case "number": case "count": case "bandwidths": return numeric(setting, value, change);
    case "choice": return choice(setting, setting.enum, value, change);
    case "flag": {
      const box = element("input", { type: "checkbox", onchange: () => change(box.checked, true) });
      box.checked = value ?? setting.default ?? false;
      return row(setting, box);
    }
    case "description":
      return ["filter", "solver", "refinement"].includes(setting.of)
        ? described(kinds, setting, value, change) : text(setting, value, change);
    default: return text(setting, value, change);
  }
}

function numeric(setting, value, change) {
  const shown = value ?? setting.default;
  // One number for each axis: as text.
  if (Array.isArray(shown) || typeof shown === "string") {
    return text(setting, Array.isArray(shown) ? shown.join("x") : shown, change);
  }
  const scale = new Scale(setting, shown);
  const number = element("input", { type: "number", step: setting.type === "count" ? 1 : "any", placeholder: "auto" });
  const slider = element("input", { type: "range", min: 0, max: 1, step: .002 });
  const show = (current) => {
    number.value = current === undefined || current === null ? "" : short(current);
    slider.value = scale.place(current ?? scale.low);
    slider.setAttribute("aria-valuetext", number.value || "auto");
  };
  show(shown);
  slider.addEventListener("input", () => {
    const moved = scale.value(Number(slider.value));
    number.value = short(moved);
    slider.setAttribute("aria-valuetext", number.value);
    change(moved, false);
  });
  slider.addEventListener("change", () => change(scale.value(Number(slider.value)), true));
  number.addEventListener("change", () => {
    if (number.value.trim() === "") return change(undefined, true);
    const given = Number(number.value);
    if (!Number.isFinite(given)) return show(shown);
    slider.value = scale.place(given);
    return change(given, true);
  });
  return row(setting, slider, number);
}

function choice(setting, words, value, change) {
  const select = element("select", { class: "wide", onchange: () => change(select.value || undefined, true) });
  if (setting.default === undefined && !setting.required) select.append(element("option", { value: "" }, "as usual"));
  for (const word of words) select.append(element("option", { value: word }, word));
  select.value = value ?? setting.default ?? "";
  return row(setting, select);
}

function text(setting, value, change) {
  const shown = value ?? setting.default ?? "";
  const input = element("input", {
    type: "text", class: "wide", spellcheck: "false", autocomplete: "off",
    value: typeof shown === "object" ? JSON.stringify(shown) : shown,
    onchange: () => change(input.value.trim() === "" ? undefined : input.value.trim(), true),
  });
  return row(setting, input);
}

/// Something of another registry: its kind, and the settings of that.
function described(kinds, setting, value, change) {
  const all = kinds[`${setting.of}s`];
  let given = typeof value === "string" ? { kind: value } : value;
  given = given ?? (typeof setting.default === "string" ? { kind: setting.default } : setting.default);
  const select = element("select", {
    class: "wide", onchange: () => change(select.value ? { kind: select.value } : undefined, true),
  });
  if (!setting.required && setting.default === undefined) select.append(element("option", { value: "" }, "as usual"));
  for (const kind of all) select.append(element("option", { value: kind.name, title: kind.summary }, kind.name));
  select.value = given?.kind ?? "";
  const kind = all.find((other) => other.name === select.value);
  // What a CRF has of its own is set where it stands.
  const inner = kind && kind.name !== "crf"
    ? settings(kinds, kind, given, (changed, isDone) => change(changed, isDone)) : [];
  return element("div", { class: "described" }, row(setting, select), ...inner);
}

/// The controls of all settings of a kind; `change(described, isDone)` takes the whole description.
export function settings(kinds, kind, given, change) {
  const current = { ...given };
  return kind.settings.map((setting) => control(kinds, setting, current[setting.key], (value, isDone) => {
    if (value === undefined) delete current[setting.key];
    else current[setting.key] = value;
    change({ ...current }, isDone);
  }));
}

/// A row that chooses one of several kinds.
export function kindChoice(label, all, name, change) {
  return choice({ key: label, required: true, help: all.find((kind) => kind.name === name)?.summary },
    all.map((kind) => kind.name), name, (value) => change(value));
}

/// What a new description of a kind begins with: what it cannot do without.
export function fresh(kind) {
  const described = { kind: kind.name };
  const example = kind.example.includes(":") ? kind.example.slice(kind.example.indexOf(":") + 1) : "";
  for (const part of example.split(",")) {
    const [key, value] = [part.slice(0, part.indexOf("=")), part.slice(part.indexOf("=") + 1)];
    const setting = kind.settings.find((other) => other.key === key);
    if (setting?.required) described[key] = Number.isFinite(Number(value)) ? Number(value) : value;
  }
  return described;
}
