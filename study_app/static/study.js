/* Answers by script: measures times from the painted image, and sends until the server has stored.
 *
 * The page works without it. An answer is written to the outbox (localStorage) before it is sent
 * and taken out when the server has confirmed; its address names the step, so the server stores
 * it once however often it arrives. The reply to an answer is the next page.
 */
"use strict";

(() => {
  const home = location.pathname; // /p/KEY, or / on the consent page
  const outboxName = `study-outbox:${home}`;
  const firstPauseMs = 400;
  const longestPauseMs = 8000;
  const requestTimeoutMs = 15000;

  let shownAt = null; // when the image was painted, by performance.now()
  let reservoirOpenedAt = null;
  let reservoirMs = [];
  let isSending = false;

  const main = () => document.querySelector("main");
  const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));

  function notice(text) {
    const box = document.querySelector(".study-notice");
    box.textContent = text;
    box.hidden = text === "";
  }

  function setButtons(enabled) {
    for (const button of main().querySelectorAll("form button")) button.disabled = !enabled;
  }

  /* Outbox: private windows may refuse storage; then the answer lives in memory alone. */
  const outbox = {
    put(entry) { try { localStorage.setItem(outboxName, JSON.stringify(entry)); } catch { /* memory */ } },
    take() { try { return JSON.parse(localStorage.getItem(outboxName)); } catch { return null; } },
    clear(entry) {
      const stored = outbox.take();
      if (stored === null || stored.url !== entry.url) return;
      try { localStorage.removeItem(outboxName); } catch { /* memory */ }
    },
  };

  async function decoded(image) {
    for (let wait = firstPauseMs; ; wait = Math.min(2 * wait, longestPauseMs)) {
      try {
        await image.decode();
        break;
      } catch {
        if (!image.isConnected) return;
        notice("The image is still loading …");
        await pause(wait);
        if (!image.complete || image.naturalWidth === 0) image.src = `${image.src}`;
      }
    }
    notice("");
  }

  /* Two frames after decoding, a picture is on the screen. */
  async function painted(images) {
    await Promise.all(images.map(decoded));
    await frame();
    await frame();
  }

  async function arm() {
    shownAt = null;
    reservoirOpenedAt = null;
    reservoirMs = [];
    const images = [...main().querySelectorAll(".trial img")]; // of the trial, and its explanation
    if (images.length > 0) {
      setButtons(false);
      await painted(images);
      if (!images[0].isConnected) return;
    }
    shownAt = performance.now();
    if (!isSending) setButtons(true);
  }

  function show(next) {
    document.title = next.title;
    const header = document.querySelector(".study-header");
    const nextHeader = next.querySelector(".study-header");
    if (header !== null && nextHeader !== null) header.replaceWith(nextHeader);
    main().replaceWith(next.querySelector("main"));
    window.scrollTo(0, 0);
    main().querySelector("h1").focus({ preventScroll: true });
    arm();
  }

  async function request(url, options) {
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), requestTimeoutMs);
    try {
      const response = await fetch(url, { ...options, signal: stop.signal, credentials: "same-origin" });
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      return { status: response.status, page };
    } finally {
      clearTimeout(timer);
    }
  }

  /* Ask again until there is an answer that is not "later". */
  async function persist(url, options) {
    for (let wait = firstPauseMs; ; wait = Math.min(2 * wait, longestPauseMs)) {
      try {
        const reply = await request(url, options);
        const isOurs = reply.page.querySelector("main[data-step]") !== null; // no hotel's page
        if (isOurs && reply.status < 500 && reply.status !== 429) {
          notice("");
          return reply;
        }
      } catch { /* no network: ask again */ }
      notice("No connection. Your answer is kept here and sent as soon as possible.");
      await pause(wait * (0.75 + Math.random() / 2));
    }
  }

  function post(entry) {
    return persist(entry.url, {
      method: "POST",
      body: new URLSearchParams(entry.fields),
      headers: { "X-Study-Script": "1" },
    });
  }

  async function send(entry) {
    isSending = true;
    outbox.put(entry);
    let reply = await post(entry);
    if (reply.status !== 200) {
      /* Refused: the cookie may be new. Take the current page's token and try once more. */
      const current = await persist(home, {});
      const token = current.page.querySelector(`form[action="${entry.url}"] [name=csrf_token]`);
      if (token !== null) {
        const fields = entry.fields.filter(([name]) => name !== "csrf_token");
        reply = await post({ url: entry.url, fields: [["csrf_token", token.value], ...fields] });
      }
      if (reply.status !== 200) reply = current;
    }
    outbox.clear(entry);
    isSending = false;
    show(reply.page);
  }

  function submit(event) {
    const form = event.target;
    const url = form.getAttribute("action");
    if (!url.startsWith(`${home}/`)) return; // consent and admin pages: plain forms
    event.preventDefault();
    if (isSending) return;
    const fields = [...new FormData(form, event.submitter)];
    if (shownAt !== null && main().dataset.trial !== undefined) {
      fields.push(["looking_ms", (event.timeStamp - shownAt).toFixed(1)]);
    }
    if (reservoirOpenedAt !== null) reservoirMs.push(performance.now() - reservoirOpenedAt);
    for (const ms of reservoirMs) fields.push(["reservoir_ms", ms.toFixed(1)]);
    setButtons(false);
    send({ url, fields });
  }

  function toggle(event) {
    if (!event.target.matches("details.reservoir")) return;
    if (event.target.open) {
      reservoirOpenedAt = performance.now();
    } else if (reservoirOpenedAt !== null) {
      reservoirMs.push(performance.now() - reservoirOpenedAt);
      reservoirOpenedAt = null;
    }
  }

  /* The number keys choose, in the order of the buttons. */
  function press(event) {
    if (event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
    const buttons = main().querySelectorAll("form.answer button[name=choice]");
    const button = buttons[Number(event.key) - 1];
    if (button !== undefined && !button.disabled) button.click();
  }

  document.addEventListener("submit", submit);
  document.addEventListener("toggle", toggle, true);
  document.addEventListener("keydown", press);
  const unsent = outbox.take();
  if (unsent !== null && home.startsWith("/p/")) {
    setButtons(false);
    send(unsent);
  } else {
    arm();
  }
})();
