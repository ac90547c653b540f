"""Makes docs/images/page*.png, the page over the sample: .build/browser/bin/python Tests/Browser/screenshots.py,
after Scripts/page."""
import io
import os

from PIL import Image
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from served import ROOT, SAMPLE, Served, browser, rest


def shoot(driver, name):
    """In 256 colours, which keeps files small."""
    picture = Image.open(io.BytesIO(driver.get_screenshot_as_png())).convert("RGB")
    picture.quantize(256, dither=Image.Dither.NONE).save(os.path.join(ROOT, "docs", "images", name), optimize=True)


def emulate(driver, width, height, scheme, mobile=False):
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
        "width": width, "height": height, "deviceScaleFactor": 1, "mobile": mobile})
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {
        "features": [{"name": "prefers-color-scheme", "value": scheme}]})


def main():
    served = Served(
        "--unary", os.path.join(SAMPLE, "logits.npy"), "--image", os.path.join(SAMPLE, "image.png"), "--ground-truth",
        os.path.join(SAMPLE, "ground-truth.png"), "--palette", os.path.join(SAMPLE, "palette.txt"), "--preset", "deeplab-vgg")
    driver = browser()
    try:
        emulate(driver, 1180, 800, "light")
        driver.get(served.address)
        rest(driver)
        shoot(driver, "page.png")
        emulate(driver, 1180, 800, "dark")
        driver.find_element(By.ID, "compare").click()
        rest(driver)
        driver.find_element(By.CSS_SELECTOR, ".term:nth-of-type(2) [data-key=weight] input[type=range]").send_keys(
            *[Keys.ARROW_LEFT] * 180)
        rest(driver)
        driver.execute_script("document.activeElement.blur()")
        driver.find_element(By.CSS_SELECTOR, "body").send_keys("5")
        rest(driver)
        shoot(driver, "page-dark.png")
        driver.get("about:blank")
        emulate(driver, 390, 844, "light", mobile=True)
        driver.get(served.address)
        rest(driver)
        shoot(driver, "page-phone.png")
    finally:
        driver.quit()
        served.end()


if __name__ == "__main__":
    main()
