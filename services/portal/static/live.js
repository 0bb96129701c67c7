// @ts-check
/**
 * Open pages that follow what happens, and a composer that does not leave its page. Everything here also works without it:
 * forms post and pages load again.
 */

const LOST_AFTER_MS = 4000;
const AGAIN_MS = 5000;
/** A line on which so many signs of life have not come is broken, even if the browser has not noticed. */
const SIGNS_MISSED = 2.5;
/** How long a new line may be silent: the server's first sign of life comes at once and says when the next ones do. */
const FIRST_SIGN_MS = 8000;

/** Only HTML that our own server has rendered passes through here. @type {{createHTML: (html: string) => any}} */
const ours = /** @type {any} */ (window).trustedTypes?.createPolicy("portal", { createHTML: (/** @type {string} */ html) => html })
  ?? { createHTML: (/** @type {string} */ html) => html };

/** @param {string} html @returns {HTMLElement | null} */
function parsed(html) {
  const template = document.createElement("template");
  template.innerHTML = ours.createHTML(html);
  return /** @type {HTMLElement | null} */ (template.content.firstElementChild);
}

/** @param {string} text */
function announce(text) {
  const place = document.getElementById("announce");
  if (place && text) place.textContent = text;
}

/** What is typed stays typed, and the focus stays where it is. @param {HTMLElement} old @param {HTMLElement} fresh */
function keep(old, fresh) {
  for (const control of old.querySelectorAll("input:not([type=hidden]), textarea, select")) {
    const twin = control.id && fresh.querySelector(`#${CSS.escape(control.id)}`);
    if (!(twin instanceof HTMLElement)) continue;
    if (control instanceof HTMLInputElement && control.type === "radio") /** @type {any} */ (twin).checked = control.checked;
    else /** @type {any} */ (twin).value = /** @type {any} */ (control).value;
  }
  const focused = document.activeElement;
  return focused instanceof HTMLElement && old.contains(focused) ? focused.id : "";
}

/** @param {string} html */
function panel(html) {
  const fresh = parsed(html);
  const old = fresh && document.getElementById(fresh.id);
  if (!fresh || !old || old.dataset.state === fresh.dataset.state) return;
  const focused = keep(old, fresh);
  const hadFocus = old.contains(document.activeElement);
  old.replaceWith(fresh);
  if (hadFocus) {
    const twin = focused ? document.getElementById(focused) : null;
    (twin ?? document.getElementById("main"))?.focus({ preventScroll: true });
  }
  if (fresh.dataset.say && fresh.dataset.say !== old.dataset.say) announce(fresh.dataset.say);
  count();
}

/** The number of those who wait, in the title of the tab. */
function count() {
  const waiting = document.querySelector("[data-count]")?.getAttribute("data-count");
  const title = document.title.replace(/^\(\d+\) /, "");
  document.title = waiting && waiting !== "0" ? `(${waiting}) ${title}` : title;
}

/** @param {HTMLElement} log @param {string} html */
function message(log, html) {
  const fresh = parsed(html);
  if (!fresh || document.getElementById(fresh.id)) return;
  const scrolls = log.scrollHeight > log.clientHeight + 1 && getComputedStyle(log).overflowY === "auto";
  const end = document.documentElement.scrollHeight - innerHeight - scrollY < 320;
  log.append(fresh);
  if (scrolls || getComputedStyle(log).overflowY === "auto") log.scrollTop = log.scrollHeight;
  else if (end) fresh.scrollIntoView({ block: "nearest" });
}

/** @param {HTMLElement} page */
function follow(page) {
  const log = document.getElementById("log");
  const notice = document.getElementById("connection");
  let last = Number(page.dataset.last ?? 0);
  let lost = 0;
  let end = () => {};

  /** Says so in a while, unless a line comes about before. */
  function broken() {
    if (!lost) lost = setTimeout(() => { if (notice) notice.textContent = notice.dataset.lost ?? ""; }, LOST_AFTER_MS);
  }

  function open() {
    const address = new URL(page.dataset.live ?? "", location.href);
    address.searchParams.set("after", String(last));
    const source = new EventSource(address);
    let silent = 0;
    let patience = FIRST_SIGN_MS * (1 + Math.random() / 2); // not every page at the same moment
    const alive = () => {
      clearTimeout(silent);
      silent = setTimeout(() => { broken(); source.close(); open(); }, patience);
    };
    alive();
    source.addEventListener("here", (event) => { patience = SIGNS_MISSED * Number(event.data) * 1000; alive(); });
    source.addEventListener("open", () => {
      clearTimeout(lost);
      lost = 0;
      if (notice) notice.textContent = "";
    });
    source.addEventListener("message", (event) => {
      alive();
      last = Math.max(last, Number(event.lastEventId) || 0);
      if (log) message(log, event.data);
    });
    source.addEventListener("panel", (event) => { alive(); panel(event.data); });
    source.addEventListener("error", () => {
      broken();
      if (source.readyState !== EventSource.CLOSED) return;
      clearTimeout(silent);
      setTimeout(open, AGAIN_MS);
    });
    end = () => { clearTimeout(silent); source.close(); };
  }
  addEventListener("pagehide", () => end(), { once: true });
  open();
}

/** @param {HTMLFormElement} form */
async function send(form) {
  const words = form.querySelector("textarea");
  const key = form.querySelector("input[name=key]");
  const error = form.querySelector("[data-error]");
  const button = form.querySelector("button");
  if (!words || !(key instanceof HTMLInputElement) || !error || !words.value.trim() || form.dataset.sending) return;
  form.dataset.sending = "yes";
  button?.setAttribute("aria-disabled", "true");
  error.textContent = "";
  try {
    const body = new URLSearchParams(/** @type {any} */ (new FormData(form)));
    const answer = await fetch(form.action, { method: "POST", body, headers: { accept: "application/json" } });
    if (answer.ok) {
      words.value = "";
      key.value = crypto.randomUUID();
    } else {
      error.textContent = (await answer.json().catch(() => ({}))).detail ?? form.dataset.failed ?? "";
    }
  } catch {
    error.textContent = form.dataset.failed ?? "";
  }
  delete form.dataset.sending;
  button?.removeAttribute("aria-disabled");
  words.focus();
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement)) return;
  if (form.dataset.confirm && !confirm(form.dataset.confirm)) return event.preventDefault();
  if ("composer" in form.dataset && "randomUUID" in crypto) {
    event.preventDefault();
    void send(form);
  } else if (form.dataset.sent) {
    event.preventDefault(); // a double click is one click
  } else if (form.method === "post") {
    form.dataset.sent = "yes";
    form.querySelector("button")?.setAttribute("aria-disabled", "true");
  }
});

addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload(); // out of the browser's memory: what it shows may be long past
});

document.addEventListener("keydown", (event) => {
  const form = event.target instanceof HTMLTextAreaElement ? event.target.form : null;
  if (event.key !== "Enter" || !form || !("composer" in form.dataset) || event.isComposing) return;
  const sends = event.ctrlKey || event.metaKey || ("enter" in form.dataset && !event.shiftKey);
  if (!sends) return;
  event.preventDefault();
  form.requestSubmit();
});

// What has been changed after a failed sending is another message: it takes another key.
document.addEventListener("input", (event) => {
  const form = event.target instanceof HTMLTextAreaElement ? event.target.form : null;
  const error = form?.querySelector("[data-error]");
  const key = form?.querySelector("input[name=key]");
  if (!error?.textContent || !(key instanceof HTMLInputElement)) return;
  error.textContent = "";
  key.value = crypto.randomUUID();
});

const wrong = document.querySelector("[data-focus]");
if (wrong instanceof HTMLElement) wrong.focus();
const page = document.querySelector("[data-live]");
if (page instanceof HTMLElement) follow(page);
const shownLog = document.getElementById("log");
if (shownLog) shownLog.scrollTop = shownLog.scrollHeight;
count();
