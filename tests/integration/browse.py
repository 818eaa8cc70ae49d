"""A real browser at the pages; run as a program, because Playwright blocks.

usage: python browse.py CHROMIUM URL MESSAGE; prints what it saw as JSON.
"""

import json
import sys
from typing import Any

from playwright.sync_api import Page, sync_playwright

ORDER = 40
"""More Tabs than any page has stops."""


def visit(page: Page, url: str, message: str) -> dict[str, Any]:
    """Home, Status and Scan by keyboard, and the decision."""
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text))
    page.on("dialog", lambda said: complaints.append(f"dialog {said.message}"))
    seen: dict[str, Any] = {"complaints": complaints}
    page.goto(url)
    seen["home"] = page.inner_text("main")
    page.goto(f"{url}status")
    seen["status"] = page.inner_text("main")
    page.goto(f"{url}scan")
    page.set_input_files("#file", message)
    page.focus("#ip")
    page.keyboard.type("192.0.2.7")
    for _ in range(ORDER):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.tagName") == "BUTTON":
            break
    page.keyboard.press("Enter")
    page.wait_for_load_state()
    seen["decision"] = page.inner_text("main")
    seen["elements"] = page.locator("main img, main script").count()
    return seen


def main(chromium: str, url: str, message: str) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox"]
        )
        found = []
        for script in (True, False):
            context = browser.new_context(java_script_enabled=script)
            context.set_default_timeout(120_000)
            found.append(visit(context.new_page(), url, message))
            context.close()
        browser.close()
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
