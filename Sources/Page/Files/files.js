// Settings to copy, to save and to open.
import { element } from "./controls.js";
import { active, app, byId, on, planOf, problem } from "./app.js";
import { ask } from "./connection.js";
import { changed, drawSteps } from "./steps.js";

function texts(then) {
  ask("texts", { image: app.state.image, plan: planOf(active()), name: byId("preset-name").value }, (answer) => {
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
    ask("texts", { image: app.state.image, plan: given }, (answer) => {
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
