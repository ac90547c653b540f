// The plan over the whole folder.
import { element } from "./controls.js";
import { active, app, byId, on, percent, planOf, signed } from "./app.js";
import { ask, forget } from "./connection.js";

let folderNumber = null;

on("run-folder", "click", () => {
  if (folderNumber !== null) {
    ask("stop", {});
    forget(folderNumber);
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

export function nameFolderButton() {
  const count = app.site.images.length;
  byId("run-folder").textContent = count === 1 ? "Measure the image" : `Measure all ${count} images`;
}

function endFolder(words) {
  folderNumber = null;
  byId("folder-progress").hidden = true;
  nameFolderButton();
  if (words) byId("folder-result").append(element("p", {}, words));
}

function drawFolder(answer) {
  const failures = [...app.site.failures, ...answer.failures.map((failure) => failure.error)];
  const figures = answer.figures;
  const words = figures
    ? `${answer.done} of ${answer.total}: mean IOU ${percent(figures.before.all.mean)} before, ${percent(figures.after.all.mean)} after (${signed(figures.after.all.mean - figures.before.all.mean)}); within ${app.site.trimap_width} px ${percent(figures.before.near.mean)} and ${percent(figures.after.near.mean)}`
    : `${answer.done} of ${answer.total}`;
  byId("folder-result").replaceChildren(element("p", { id: "folder-words" }, words),
    ...(failures.length ? [element("p", {}, "Left out:"), element("ul", {}, ...failures.map((failure) => element("li", {}, failure)))] : []));
}
