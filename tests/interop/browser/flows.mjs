// A real browser through the gateway: Debian's chromium, driven by playwright-core, with scripts on and off.
//
// Run: node flows.mjs --list          prints the cells, [row, column] a line
//      node flows.mjs SETTINGS.json   runs SETTINGS.cells; prints {row, column, outcome, seconds, why} a line
// Screenshots go to SETTINGS.screenshots. SETTINGS is written by browser.py.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const listing = process.argv[2] === "--list";
const settings = listing ? {} : JSON.parse(readFileSync(process.argv[2], "utf8"));
const require = createRequire(`${settings.tools ?? import.meta.dirname}/`);
const TIMEOUT = 15_000;

const hostOf = (url) => new URL(url).host;
const gateway = listing ? "" : hostOf(settings.gateway);

/** One tab, with a person who logs in where asked, chooses what they were told to, and presses buttons where scripts are off. */
class Tab {
  constructor(page, scripts, login) {
    Object.assign(this, { page, scripts, login, logins: 0, statuses: [] });
    page.setDefaultTimeout(TIMEOUT);
    page.on("response", (response) => {
      if (response.request().isNavigationRequest()) this.statuses.push(`${response.status()} ${response.url().split("?")[0]}`);
    });
    page.on("console", (message) => {
      if (message.type() === "error" && hostOf(page.url().startsWith("http") ? page.url() : settings.gateway) === gateway)
        this.statuses.push(`console: ${message.text()}`);
    });
  }

  /** Goes on until the page satisfies `done`; `choices` are texts to look for on the gateway's choice pages. */
  async advance(done, choices = []) {
    const deadline = Date.now() + TIMEOUT;
    while (Date.now() < deadline) {
      try {
        if (await done(this.page)) return;
        await this.step(choices);
      } catch (error) {
        // A page that goes away while it is looked at is the normal case here.
        if (!/context was destroyed|navigat|detached|closed|Target/i.test(error.message)) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, 40));
    }
    throw new Error(`did not arrive; at ${this.page.url()}: ${(await this.text()).slice(0, 400)}; way: ${this.statuses.slice(-14).join(" → ")}`);
  }

  async step(choices) {
    const { page } = this;
    const short = { timeout: 3000 };
    if (await page.locator("input[type=password]").count()) {
      this.logins += 1;
      await page.locator("input[name=username]").fill(this.login, short);
      await page.locator("input[type=password]").fill(settings.password, short);
      await page.locator("form:has(input[type=password]) :is(button, input[type=submit])").first().click(short);
      return;
    }
    const carrier = page.locator("form:has(input[name=SAMLResponse]), form:has(input[name=SAMLRequest])");
    if (!this.scripts && await carrier.count()) {
      await carrier.locator("button:visible, input[type=submit]:visible").first().click(short);
      return;
    }
    if (page.url().startsWith(settings.gateway)) {
      for (const wanted of choices) {
        const offered = page.locator("a, button").filter({ hasText: wanted });
        if (await offered.count()) return void (await offered.first().click(short));
      }
    }
  }

  text() {
    return this.page.locator("body").innerText({ timeout: 3000 }).catch((error) => `(no text: ${error.message.split("\n")[0]})`);
  }

  /** The code on the gateway's refusal page, if one is shown. */
  async refusal() {
    if (!this.page.url().startsWith(settings.gateway)) return undefined;
    const codes = this.page.locator("dl.reference code");
    return (await codes.count()) === 2 ? codes.first().innerText() : undefined;
  }

  async arrive(publisher, kind, choices) {
    await this.advance((page) => page.url() === settings.publishers[publisher].pages[kind] && page.locator("#attributes").count(), choices);
    const rows = await this.page.locator("#attributes tr").evaluateAll((all) => all.map((row) => [...row.children].map((cell) => cell.textContent)));
    const shown = Object.fromEntries(rows);
    if (!/^[0-9a-f]{128}$/.test(shown.IDO ?? "")) throw new Error(`no pseudonym among ${JSON.stringify(shown)}`);
    return shown;
  }
}

class Visit {
  constructor(context, scripts, name) {
    Object.assign(this, { context, scripts, name, shots: 0 });
  }
  async tab(login = "prof") {
    return new Tab(await this.context.newPage(), this.scripts, login);
  }
  /** The portal's own page of tiles, logged in. */
  async tiles(portal, login) {
    const tab = await this.tab(login);
    await tab.page.goto(settings.portals[portal].home);
    await tab.advance((page) => page.locator("#logout, ul a").count());
    return tab;
  }
  async shot(tab, what) {
    this.shots += 1;
    await tab.page.screenshot({ path: join(settings.screenshots, `${this.name}-${this.shots}-${what}.png`), fullPage: true });
  }
}

const tile = (publisher, kind) => `a[id="${publisher}-${kind}"]`;

/** Accessibility of the page in view, part of the cell that shows it. axe needs scripts; the pages are the same without. */
async function accessible(tab) {
  if (!tab.scripts) return;
  await tab.page.evaluate(`${readFileSync(require.resolve("axe-core/axe.min.js"), "utf8")}; undefined`);
  const { violations } = await tab.page.evaluate("axe.run(document)");
  if (violations.length) {
    throw new Error(`axe: ${violations.map((v) => `${v.id} (${v.impact}) ${v.nodes.map((n) => n.target.join(" ")).join(", ")}`).join("; ")}`);
  }
}

const scenarios = {
  async "tile, push"(visit) {
    const tab = await visit.tiles("entcore");
    await visit.shot(tab, "tiles");
    await tab.page.click(tile("mod-shib", "push"));
    await tab.arrive("mod-shib", "push");
    await visit.shot(tab, "publisher");
  },
  async "the form by hand"(visit) {
    // The publisher does not answer the form that sent itself: the page stays, and its button works.
    const tab = await visit.tiles("entcore");
    const acs = "**/Shibboleth.sso/SAML2/POST";
    let held = false;
    await tab.page.route(acs, (route) => { held = true; return route.fulfill({ status: 204 }); });
    await tab.page.click(tile("mod-shib", "push"));
    await tab.advance(() => held);
    await visit.shot(tab, "form");
    await accessible(tab);
    await tab.page.unroute(acs);
    await tab.page.locator("form:has(input[name=SAMLResponse]) button").click();
    await tab.arrive("mod-shib", "push");
  },
  async "tile, pull"(visit) {
    const tab = await visit.tiles("simplesamlphp");
    await tab.page.click(tile("node-saml", "pull"));
    await tab.arrive("node-saml", "pull");
    await visit.shot(tab, "publisher");
  },
  async "publisher first"(visit) {
    const tab = await visit.tab();
    await tab.page.goto(settings.publishers["python3-saml"].pages.pull);
    await tab.advance((page) => page.locator("ul.choices a").count());
    await visit.shot(tab, "choice");
    await accessible(tab);
    await tab.arrive("python3-saml", "pull", [settings.portals.pysaml2.title]);
    await visit.shot(tab, "publisher");
  },
  async "two tabs at once"(visit) {
    const one = await visit.tiles("entcore");
    const two = await visit.tiles("entcore");
    await Promise.all([one.page.click(tile("mod-auth-mellon", "push")), two.page.click(tile("node-saml", "pull"))]);
    await Promise.all([one.arrive("mod-auth-mellon", "push"), two.arrive("node-saml", "pull")]);
    await visit.shot(one, "first-tab");
    await visit.shot(two, "second-tab");
  },
  async "double click"(visit) {
    const tab = await visit.tiles("simplesamlphp");
    await tab.page.dblclick(tile("python3-saml", "push"));
    await tab.arrive("python3-saml", "push");
    await visit.shot(tab, "publisher");
  },
  async "same form twice"(visit) {
    // The portal's form is sent, and sent again before the first answer was shown: what an impatient second press does.
    const tab = await visit.tiles("entcore");
    let form;
    await tab.page.route(`${settings.gateway}/saml/acs`, async (route) => {
      form ??= { headers: route.request().headers(), body: route.request().postData() };
      await route.continue();
    });
    await tab.page.click(tile("mod-shib", "push"));
    await tab.arrive("mod-shib", "push");
    await tab.page.unroute(`${settings.gateway}/saml/acs`);
    if (!form) throw new Error("no form was posted to the gateway");
    // The same form from the portal's site once more, in a new page of the same browser.
    const again = await visit.tab();
    await again.page.route(`${settings.portals.entcore.home}/again`, (route) => route.fulfill({ contentType: "text/html", body:
      `<form method="post" action="${settings.gateway}/saml/acs">${[...new URLSearchParams(form.body)].map(([name, value]) =>
        `<input type="hidden" name="${name}" value="${value.replaceAll('"', "&quot;")}">`).join("")}<button>Again</button></form>` }));
    await again.page.goto(`${settings.portals.entcore.home}/again`);
    await again.page.click("button");
    await again.arrive("mod-shib", "push");
    await visit.shot(again, "publisher");
  },
  async "back button"(visit) {
    const tab = await visit.tiles("entcore");
    await tab.page.click(tile("node-saml", "push"));
    await tab.arrive("node-saml", "push");
    // Back, as often as it takes to be at the tiles again; no page on the way may be a refusal or send itself off again.
    const home = hostOf(settings.portals.entcore.home);
    for (let step = 0; step < 4 && hostOf(tab.page.url()) !== home; step += 1) {
      const before = tab.page.url();
      await tab.page.goBack({ waitUntil: "commit" }).catch((error) => {
        // Chromium's own "Confirm Form Resubmission" page, for a POST that no-store kept out of its cache.
        if (!/ERR_CACHE_MISS/.test(error.message)) throw error;
      });
      await tab.page.waitForTimeout(600);
      await visit.shot(tab, `back-${step}`);
      if (tab.page.url().startsWith("chrome-error:") || hostOf(tab.page.url()) === gateway) {
        // Without scripts the form page is in the history, and no-store makes chromium ask whether to send again. The
        // person does: the same Response comes twice, and the way leads to the publisher once more.
        tab.statuses.length = 0;
        await tab.page.reload({ waitUntil: "commit" });
        await tab.arrive("node-saml", "push");
        const acs = `${settings.gateway}/saml/acs`;
        if (!tab.statuses.includes(`303 ${acs}`)) throw new Error(`sending again did not begin anew: ${tab.statuses.join(" → ")}`);
        await visit.shot(tab, "sent-again");
        break;
      }
      if (tab.page.url() === before) throw new Error(`back does not leave ${before}`);
      const code = await tab.refusal();
      if (code) throw new Error(`refused with ${code} after a success`);
    }
    await tab.page.goto(settings.portals.entcore.home);
    await tab.page.click(tile("node-saml", "pull"));
    await tab.arrive("node-saml", "pull");
    await visit.shot(tab, "publisher");
  },
  async logout(visit) {
    const tab = await visit.tiles("entcore");
    await tab.page.click(tile("mod-shib", "push"));
    await tab.arrive("mod-shib", "push");
    await tab.page.goto(`${settings.gateway}/logout`);
    await visit.shot(tab, "gateway-logout");
    await accessible(tab);
    await tab.page.goto(settings.portals.entcore.home);
    await tab.page.click("#logout");
    await tab.page.getByRole("heading", { name: "Logged out" }).waitFor();
    await visit.shot(tab, "portal-logout");
    const logins = tab.logins;
    await tab.page.goto(settings.portals.entcore.tiles["mod-auth-mellon-push"]);
    await tab.arrive("mod-auth-mellon", "push");
    if (tab.logins !== logins + 1) throw new Error("signed in without a log-in after the logout");
  },
  async refusal(visit) {
    const tab = await visit.tiles("pysaml2");
    await tab.page.click(tile("mod-shib", "closed"));
    await tab.advance(async () => await tab.refusal() === "no-subscription");
    await visit.shot(tab, "refusal");
    await accessible(tab);
  },
};

const cells = Object.keys(scenarios).flatMap((name) => [true, false].map((scripts) => (
  { name, scripts, row: `chromium: ${name}`, column: scripts ? "scripts on" : "scripts off" })));

/** One cell in a browser context of its own; the reason of its failure, or nothing. */
async function run(browser, { name, scripts }) {
  const context = await browser.newContext({ javaScriptEnabled: scripts, locale: scripts ? "fr-FR" : "en-GB", viewport: { width: 900, height: 700 } });
  const visit = new Visit(context, scripts, `${name.replaceAll(/[^a-z]+/g, "-")}-${scripts ? "on" : "off"}`);
  let timer;
  const late = new Promise((_, reject) => { timer = setTimeout(() => reject(new Error("not done in a minute")), 60_000); });
  try {
    await Promise.race([scenarios[name](visit), late]);
    return "";
  } catch (error) {
    for (const [index, page] of context.pages().entries())
      await page.screenshot({ path: join(settings.screenshots, `${visit.name}-failed-${index}.png`), timeout: 3000 }).catch(() => {});
    return error.message.replaceAll(/\u001b\[\d+m/g, "") || "failed without a word";
  } finally {
    clearTimeout(timer);
    await context.close();
  }
}

if (listing) {
  for (const { row, column } of cells) console.log(JSON.stringify([row, column]));
} else {
  const browser = await require("playwright-core").chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
      "--disable-component-update", "--disable-sync", `--ignore-certificate-errors-spki-list=${settings.tlsKeyHash}`],
  });
  try {
    for (const cell of cells.filter(({ row, column }) => settings.cells.some(([r, c]) => r === row && c === column))) {
      const begun = Date.now();
      const why = await run(browser, cell);
      const { row, column } = cell;
      console.log(JSON.stringify({ row, column, outcome: why ? "failed" : "passed", seconds: (Date.now() - begun) / 1000, why }));
    }
  } finally {
    await browser.close();
  }
}
