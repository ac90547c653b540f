// The table of labels, their shares and IOUs.
import { element } from "./controls.js";
import { app, byId, nameOf, percent } from "./app.js";
import { writeAddress } from "./history.js";
import { allMoved } from "./renderings.js";
import { drawLayers } from "./views.js";
import { drawBar } from "./bar.js";

export function drawFigures() {
  const table = byId("figures");
  if (!app.picture) return table.replaceChildren();
  const result = app.slots[app.state.active]?.result;
  const before = app.picture.figures?.before;
  const after = result?.figures?.after;
  const counts = result?.counts ?? app.picture.countsBefore;
  const heads = before
    ? ["", "share", "IOU before", "after", `${app.site.trimap_width} px before`, "after"] : ["", "share"];
  const cells = (one, other) => {
    const difference = one !== null && other !== null && other !== undefined ? other - one : 0;
    const trend = difference > 5e-4 ? "better" : difference < -5e-4 ? "worse" : "";
    return [element("td", {}, percent(one)), element("td", { class: trend }, percent(other))];
  };
  const rows = [];
  for (let label = 0; label < app.picture.labelCount; label += 1) {
    const isShown = counts[label] > 0 || (before && before.all.iou[label] !== null);
    if (!isShown && app.picture.labelCount > 12) continue;
    const swatch = element("span", { class: "swatch" });
    swatch.style.background = `rgb(${[0, 1, 2].map((part) => app.colors[3 * label + part]).join(" ")})`;
    const isChosen = app.state.view.layer === "belief" && app.state.view.label === label;
    const button = element("button", { type: "button", "aria-pressed": isChosen, title: "The belief in this label", onclick: () => toggleBelief(label) }, swatch, nameOf(label));
    rows.push(element("tr", { "data-label": label }, element("th", { scope: "row" }, button),
      element("td", {}, percent(counts[label] / app.picture.before.length)),
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

export function toggleBelief(label) {
  const view = app.state.view;
  const isShown = view.layer === "belief" && view.label === label;
  view.layer = isShown ? "labels" : "belief";
  view.label = isShown ? null : label;
  drawBar();
  drawFigures();
  writeAddress();
  if (isShown) return drawLayers();
  allMoved(true);
  return undefined;
}
