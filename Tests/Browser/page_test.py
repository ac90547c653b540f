"""The page of crf-tune serve in a real browser, beside crf-refine. Scripts/page runs it."""
import ast
import base64
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
import unittest
import urllib.error
import urllib.request

import numpy as np
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from served import BUILD, ROOT, SAMPLE, Served, browser, rest, until


def refine(folder, *arguments):
    """The report of crf-refine."""
    run = subprocess.run(
        [os.path.join(BUILD, "crf-refine"), *arguments, "--json"], cwd=folder, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


class PageTest(unittest.TestCase):
    """One page after another over a folder with two images and a broken file between them."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp()
        for name in ["scores", "images", "truth", "presets"]:
            os.mkdir(os.path.join(cls.folder, name))
        scores = np.load(os.path.join(SAMPLE, "logits.npy"))
        for name, factor in [("a", 1), ("b", 1), ("c", 0.5)]:
            np.save(os.path.join(cls.folder, "scores", f"{name}.npy"), (scores * factor).astype(np.float16))
            shutil.copy(os.path.join(SAMPLE, "image.png"), os.path.join(cls.folder, "images", f"{name}.png"))
            shutil.copy(os.path.join(SAMPLE, "ground-truth.png"), os.path.join(cls.folder, "truth", f"{name}.png"))
        with open(os.path.join(cls.folder, "scores", "b.npy"), "r+b") as file:
            file.truncate(1000)
        cls.inputs = ["--unary", "scores", "--image", "images", "--ground-truth", "truth"]
        cls.of_a = ["--unary", "scores/a.npy", "--image", "images/a.png", "--ground-truth", "truth/a.png"]
        cls.served = Served(
            *cls.inputs, "--palette", os.path.join(SAMPLE, "palette.txt"), "--presets", "presets",
            "--preset", "deeplab-vgg", folder=cls.folder)
        cls.driver = browser()

    @classmethod
    def tearDownClass(cls):
        cls.driver.quit()
        cls.served.end()
        shutil.rmtree(cls.folder)

    def setUp(self):
        # Another address than the one that is shown, so that nothing of it stays.
        self.driver.get("about:blank")
        self.driver.get_log("browser")
        self.driver.get(self.served.address)
        rest(self.driver)

    def tearDown(self):
        severe = [entry for entry in self.driver.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]
        self.assertEqual(severe, [])

    def script(self, text, *arguments):
        return self.driver.execute_script(text, *arguments)

    def find(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def labels(self):
        """Those that the page shows after all steps."""
        text = self.script(
            "const bytes = new Uint8Array(crfTune.slots[0].result.labels.buffer); let text = '';"
            "for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));"
            "return btoa(text)")
        return np.frombuffer(base64.b64decode(text), "<u2")

    def figures(self):
        return self.script("return crfTune.slots[0].result.figures")

    def check_beside_refine(self, *arguments):
        """The labels and figures that the page shows are those of crf-refine, pixel for pixel."""
        report = refine(self.folder, *self.of_a, "--trimap", "4", *arguments, "--output", "labels.npy")
        labels = np.load(os.path.join(self.folder, "labels.npy")).ravel()
        self.assertEqual(int((self.labels() != labels).sum()), 0)
        for time_ in ["before", "after"]:
            found = self.figures()[time_]["all"]
            expected = report["evaluation"][time_]
            # Both print all digits of a double.
            self.assertEqual(found["mean"], expected["mean_iou"])
        shown = self.find("#figures tr.mean td:nth-of-type(3)").text
        self.assertEqual(shown, f"{100 * report['evaluation']['after']['mean_iou']:.1f}")

    def weight_slider(self):
        return self.find(".term:nth-of-type(2) [data-key=weight] input[type=range]")

    def weight(self):
        return float(self.find(".term:nth-of-type(2) [data-key=weight] input[type=number]").get_attribute("value"))

    def saved(self, name):
        """Saves the plan in the folder, and gives the file."""
        self.find("#open-save").click()
        field = self.find("#preset-name")
        field.clear()
        field.send_keys(name)
        self.find("#save-file").click()
        until(lambda: "Saved" in self.find("#save-result").text, "the preset")
        self.find("#save .close").click()
        return f"presets/{name}.json"

    def test_loads_with_the_labels_of_crf_refine(self):
        self.assertIn("3 images", self.driver.title)
        self.check_beside_refine("--preset", "deeplab-vgg")

    def test_a_slider_moves_picture_and_numbers_to_those_of_crf_refine(self):
        before = self.weight()
        self.weight_slider().send_keys(*[Keys.ARROW_RIGHT] * 40)
        until(lambda: self.weight() > before, "another weight")
        rest(self.driver)
        self.check_beside_refine("--preset", self.saved("slid"))

        moved = self.weight()
        # The address is written a moment later, as browsers want it.
        until(lambda: self.script("return location.hash.length > 10 && atob(location.hash.slice(1).replaceAll('-', '+')"
                                  ".replaceAll('_', '/')).includes(`\"weight\":${arguments[0]}`)", moved), "the address")
        self.driver.refresh()
        rest(self.driver)
        self.assertEqual(self.weight(), moved)
        self.check_beside_refine("--preset", "presets/slid.json")

    def test_undo_and_redo(self):
        before = self.weight()
        self.weight_slider().send_keys(*[Keys.ARROW_LEFT] * 10)
        moved = self.weight()
        self.assertLess(moved, before)
        steps = 0
        while self.find("#undo").is_enabled():
            self.find("#undo").click()
            steps += 1
        self.assertEqual(self.weight(), before)
        rest(self.driver)
        self.check_beside_refine("--preset", "deeplab-vgg")
        for _ in range(steps):
            ActionChains(self.driver).key_down(Keys.CONTROL).key_down(Keys.SHIFT).send_keys("z").key_up(Keys.SHIFT).key_up(
                Keys.CONTROL).perform()
        self.assertEqual(self.weight(), moved)

    def test_of_200_fast_moves_the_last_is_shown(self):
        self.driver.set_script_timeout(60)
        self.driver.execute_async_script("""
          const [slider, done] = arguments;
          let move = 0;
          const timer = setInterval(() => {
            slider.value = .2 + .6 * Math.abs(Math.sin(move / 9));
            slider.dispatchEvent(new Event("input"));
            move += 1;
            if (move < 200) return;
            clearInterval(timer);
            slider.dispatchEvent(new Event("change"));
            done();
          }, 4);""", self.weight_slider())
        rest(self.driver)
        self.check_beside_refine("--preset", self.saved("fast"))

    def test_steps_are_added_ordered_and_switched_off(self):
        self.script("document.getElementById('new-step').value = 'majority'")
        self.find("#add-step").click()
        self.script("document.getElementById('new-step').value = 'temperature'")
        self.find("#add-step").click()
        rest(self.driver)
        kinds = [step["kind"] for step in self.script("return crfTune.state().slots[0].steps")]
        self.assertEqual(kinds, ["crf", "temperature", "majority"])
        self.check_beside_refine("--preset", self.saved("three"))
        self.find(".step:nth-of-type(2) button[aria-label$=earlier]").click()
        self.find(".step:nth-of-type(3) > legend input").click()
        self.find(".step:nth-of-type(2) .term:nth-of-type(1) > legend input").click()
        rest(self.driver)
        preset = self.saved("less")
        with open(os.path.join(self.folder, preset)) as file:
            steps = json.load(file)["steps"]
        self.assertEqual([step["kind"] for step in steps], ["temperature", "crf"])
        self.assertEqual(len(steps[1]["model"]["terms"]), 1)
        self.check_beside_refine("--preset", preset)
        # What cannot be is said, and nothing else breaks.
        self.find(".step:nth-of-type(3) > legend input").click()
        self.find(".step:nth-of-type(3) button[aria-label$=earlier]").click()
        until(lambda: "label filter" in self.find("#problem").text, "the problem")
        self.find(".step:nth-of-type(2) button[aria-label$=later]").click()
        rest(self.driver)
        self.assertEqual(self.find("#problem").text, "")

    def test_the_command_and_the_call_do_the_same(self):
        self.find("#open-copy").click()
        until(lambda: self.find("#command").get_attribute("value"), "the command")
        command = self.find("#command").get_attribute("value")
        python = self.find("#python").get_attribute("value")
        self.find("#copy .close").click()
        ast.parse(python)
        environment = dict(os.environ, PATH=f"{BUILD}:{os.environ['PATH']}")
        subprocess.run(["bash", "-c", command], cwd=self.folder, env=environment, capture_output=True)
        from PIL import Image
        labels = np.asarray(Image.open(os.path.join(self.folder, "refined", "a.png"))).ravel()
        self.assertEqual(int((self.labels() != labels).sum()), 0)
        shutil.rmtree(os.path.join(self.folder, "refined"))

    def test_a_broken_file_leaves_the_others_alone(self):
        body = self.find("body")
        body.send_keys(Keys.ARROW_RIGHT)
        until(lambda: "b.npy" in self.find("#problem").text, "the problem of the broken file")
        body.send_keys(Keys.ARROW_RIGHT)
        rest(self.driver)
        self.assertEqual(self.find("#problem").text, "")
        self.assertEqual(self.script("return crfTune.picture().name"), "c")
        self.find("#run-folder").click()
        until(lambda: "3 of 3" in self.find("#folder-result").text, "the folder")
        self.assertIn("b.npy", self.find("#folder-result").text)
        figures = refine(self.folder, "--unary", "scores/c.npy", "--image", "images/c.png", "--ground-truth", "truth/c.png",
                         "--preset", "deeplab-vgg")["evaluation"]["after"]
        self.assertEqual(self.figures()["after"]["all"]["mean"], figures["mean_iou"])

    def test_keys(self):
        body = self.find("body")
        body.send_keys(" ")
        self.assertIn("before", self.find("figcaption").text)
        body.send_keys(" ")
        self.assertNotIn("before", self.find("figcaption").text)
        body.send_keys("2")
        rest(self.driver)
        self.assertEqual(self.script("return crfTune.state().view.layer"), "belief")
        body.send_keys("2")
        self.assertEqual(self.script("return crfTune.state().view.layer"), "labels")
        canvas = self.find("canvas")
        self.script("arguments[0].focus()", canvas)
        ActionChains(self.driver).key_down(Keys.SHIFT).send_keys(Keys.ARROW_LEFT).key_up(Keys.SHIFT).perform()
        until(lambda: "θ" in self.find("#pixel").text, "probabilities")
        ActionChains(self.driver).send_keys(Keys.ENTER).perform()
        until(lambda: self.script("return crfTune.state().view.layer") == "kernel 1", "what a pixel listens to")
        until(lambda: "listens to" in self.find("#pixel").text, "numbers of neighbours")

    def test_settings_side_by_side(self):
        self.find("#compare").click()
        rest(self.driver)
        self.weight_slider().send_keys(*[Keys.ARROW_LEFT] * 60)
        rest(self.driver)
        weights = self.script("return crfTune.state().slots.map((slot) => slot.steps[0].model.terms[1].compatibility.weight)")
        self.assertEqual(weights[0], 4)
        self.assertLess(weights[1], 4)
        self.find(".view:nth-of-type(1) figcaption button").click()
        self.check_beside_refine("--preset", "deeplab-vgg")
        self.find(".view:nth-of-type(2) figcaption button[aria-label^=Close]").click()
        self.assertEqual(self.script("return crfTune.slots.length"), 1)

    def test_beliefs_form_over_updates(self):
        slider = self.find("#update")
        slider.send_keys(Keys.HOME, *[Keys.ARROW_RIGHT] * 2)
        rest(self.driver)
        self.check_beside_refine("--preset", "deeplab-vgg", "--iterations", "2")

    def test_everything_has_a_name_and_fits_a_phone(self):
        for control in self.driver.find_elements(By.CSS_SELECTOR, "button, input:not([type=file]), select, canvas"):
            if control.is_displayed():
                self.assertTrue(control.accessible_name, control.get_attribute("outerHTML"))
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": True})
        try:
            wide = self.script("return [document.documentElement.scrollWidth, innerWidth]")
            self.assertLessEqual(wide[0], wide[1])
        finally:
            self.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})

    def status(self, address, **headers):
        try:
            return urllib.request.urlopen(urllib.request.Request(address, headers=headers), timeout=10).status
        except urllib.error.HTTPError as error:
            return error.code

    def test_strangers_are_refused(self):
        address = self.served.address
        base = address.rsplit("/", 2)[0]
        self.assertEqual(self.status(address), 200)
        self.assertEqual(self.status(base + "/"), 403)
        self.assertEqual(self.status(f"{base}/{'0' * 32}/"), 403)
        self.assertEqual(self.status(address, Host="evil.example"), 421)
        self.assertEqual(self.status(address, Origin="http://evil.example"), 403)
        self.assertEqual(self.status(address + "../../etc/passwd"), 404)

    def test_a_page_that_goes_leaves_no_work(self):
        number = self.find("[data-key=iterations] input[type=number]")
        number.clear()
        number.send_keys("900000", Keys.TAB)
        until(lambda: self.script("return crfTune.measured.isBusy()"), "work")
        self.driver.get("about:blank")
        def is_idle():
            before = self.served.processor_seconds()
            time.sleep(0.3)
            return self.served.processor_seconds() - before <= 0.02
        until(is_idle, "the end of the work")

    def test_an_interrupt_ends_it(self):
        other = Served(*self.inputs, folder=self.folder)
        try:
            self.assertEqual(self.status(other.address), 200)
            other.process.send_signal(signal.SIGINT)
            self.assertEqual(other.process.wait(timeout=20), -signal.SIGINT)
        finally:
            other.end()


if __name__ == "__main__":
    unittest.main()
