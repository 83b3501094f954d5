/* Answers by script: measures times from the painted image, and sends until the server has stored.
 *
 * The page works without it. An answer is written to the outbox (localStorage) before it is sent
 * and taken out when the server has confirmed; its address names the step, and its key the page it
 * was given on, so the server stores it once however often it arrives. The reply to an answer is
 * the next page.
 */
"use strict";

(() => {
  const home = location.pathname; // …/p/KEY, or …/ on the consent page
  const outboxPrefix = `study-outbox:${home}:`;
  const firstPauseMs = 400;
  const longestPauseMs = 8000;
  const requestTimeoutMs = 15000;
  const tooEarlyPauseMs = 500;
  const slowMs = 3000; // after which whoever waits for pictures is told so

  let nth = 0; // counts the pages shown, so that what waits for an earlier one gives up
  let shownAt = null; // when the images were painted, by performance.now()
  let chosenAt = null; // when an option was chosen last, where it is sent by another button
  let reservoirOpenedAt = null;
  let leftAt = null; // when somebody went away who is not back
  let reservoirMs = [];
  let awayMs = [];
  let isSending = false;

  const main = () => document.querySelector("main");
  const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));

  /* Say something by its name among the page's messages; "" is silence. */
  function notice(name) {
    const box = document.querySelector(".study-notice");
    box.textContent = name === "" ? "" : box.dataset[name];
    box.hidden = name === "";
    box.dataset.shown = name;
  }

  /* The pictures are there: what else is said stays. */
  function endLoading() {
    const { shown } = document.querySelector(".study-notice").dataset;
    if (shown === "loading" || shown === "slow") notice("");
  }

  function setButtons(enabled) {
    const buttons = main().querySelectorAll("form button, form.answer input[type=radio]");
    for (const button of buttons) button.disabled = !enabled;
  }

  /* Outbox: one entry of its own for each answer, so that tabs do not overwrite each other's.
   * Private windows may refuse storage; then the answer lives in memory alone. */
  const outbox = {
    put(entry) {
      try { localStorage.setItem(outboxPrefix + entry.key, JSON.stringify(entry)); } catch { /* memory */ }
    },
    all() {
      const entries = [];
      try {
        for (const name of Object.keys(localStorage)) {
          if (name.startsWith(outboxPrefix)) entries.push(JSON.parse(localStorage.getItem(name)));
        }
      } catch { /* memory */ }
      return entries.filter((entry) => entry !== null).sort((a, b) => a.at - b.at);
    },
    remove(entry) {
      try { localStorage.removeItem(outboxPrefix + entry.key); } catch { /* memory */ }
    },
  };

  async function decoded(image) {
    for (let wait = firstPauseMs; ; wait = Math.min(2 * wait, longestPauseMs)) {
      try {
        await image.decode();
        break;
      } catch {
        if (!image.isConnected) return;
        if (document.querySelector(".study-notice").hidden) notice("loading");
        await pause(wait);
        if (!image.complete || image.naturalWidth === 0) image.src = `${image.src}`;
      }
    }
  }

  /* No part of a trial is seen before the whole. Two frames after decoding, a picture is on the
   * screen. */
  async function painted(images) {
    const trial = main().querySelector(".trial");
    const isWhole = images.every((image) => image.complete && image.naturalWidth > 0);
    if (!isWhole) trial.style.visibility = "hidden";
    const timer = setTimeout(notice, slowMs, "slow");
    await Promise.all(images.map(decoded));
    clearTimeout(timer);
    trial.style.visibility = "";
    await frame();
    await frame();
  }

  /* Pictures that are no answers themselves can be made as large as the window: by a press on one,
   * or by a button at the end of the page; the arrow keys go to the next. */
  const pictures = () => [...main().querySelectorAll(".trial img, .example img")]
    .filter((image) => image.closest(".option") === null && image.offsetParent !== null);

  function offerLarger() {
    if (main().querySelector(".enlarge") !== null || pictures().length === 0) return;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn btn-link enlarge";
    button.textContent = document.querySelector(".enlarged").dataset.offer;
    main().append(button);
  }

  let enlargedNumber = 0;

  function enlarge(number) {
    const dialog = document.querySelector(".enlarged");
    const all = pictures();
    enlargedNumber = (number + all.length) % all.length;
    const larger = all[enlargedNumber].cloneNode();
    for (const name of ["class", "width", "height", "loading"]) larger.removeAttribute(name);
    if (larger.srcset !== "") larger.sizes = "100vmin";
    dialog.querySelector("img")?.remove();
    dialog.append(larger);
    if (!dialog.open) dialog.showModal();
  }

  async function arm() {
    const mine = ++nth;
    shownAt = chosenAt = reservoirOpenedAt = null;
    reservoirMs = [];
    awayMs = [];
    const images = [...main().querySelectorAll(".trial img")]; // of the trial, and its explanation
    const { minimumMs, maximumMs } = main().dataset;
    if (images.length > 0) {
      setButtons(false);
      await painted(images);
      if (mine !== nth) return;
      endLoading();
    }
    shownAt = performance.now();
    offerLarger();
    if (maximumMs !== undefined) leaveAfter(Number(maximumMs), mine);
    if (minimumMs !== undefined) {
      setButtons(false);
      await pause(Number(minimumMs));
      if (mine !== nth) return;
    }
    if (!isSending) setButtons(true);
  }

  /* The longest time on a page is over: go on, as if the button had been pressed. */
  async function leaveAfter(ms, mine) {
    await pause(ms);
    if (mine !== nth || isSending) return;
    setButtons(true);
    main().querySelector("form").requestSubmit();
  }

  function show(next) {
    document.querySelector(".enlarged").close();
    document.title = next.title;
    document.documentElement.lang = next.documentElement.lang;
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
      return { status: response.status, page, stored: response.headers.get("X-Study-Stored") };
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
        if (isOurs && reply.status === 425) { // the server's clock is behind this page's
          await pause(tooEarlyPauseMs);
          continue;
        }
        if (isOurs && reply.status < 500 && reply.status !== 429) {
          notice("");
          return reply;
        }
      } catch { /* no network: ask again */ }
      notice("offline");
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

  /* Send one answer until it is stored or refused for good; return the page to go on with. */
  async function deliver(entry) {
    let reply = await post(entry);
    if (reply.status === 400) {
      /* Refused: the cookie may be new. Take the current page's token and try once more. */
      const current = await persist(home, {});
      const token = current.page.querySelector("main form [name=csrf_token]");
      if (token !== null) {
        const fields = entry.fields.filter(([name]) => name !== "csrf_token");
        reply = await post({ ...entry, fields: [["csrf_token", token.value], ...fields] });
      }
    }
    outbox.remove(entry);
    if (reply.status === 200) {
      return { page: reply.page, said: reply.stored === "no" ? "elsewhere" : "" };
    }
    /* 409: the study is at another page; others: the answer cannot be read. Neither is stored. */
    return { page: (await persist(home, {})).page, said: "again" };
  }

  async function send(entries) {
    isSending = true;
    let last = null;
    for (const entry of entries) last = await deliver(entry);
    isSending = false;
    show(last.page);
    notice(last.said);
  }

  function times(event) {
    const end = event.timeStamp > 0 ? event.timeStamp : performance.now();
    const fields = [];
    if (shownAt !== null && main().dataset.trial !== undefined) {
      const looked = (chosenAt ?? end) - shownAt;
      fields.push(["looking_ms", Math.max(0, looked).toFixed(1)]);
    }
    closeReservoir();
    for (const ms of reservoirMs) fields.push(["reservoir_ms", ms.toFixed(1)]);
    for (const ms of awayMs) fields.push(["away_ms", ms.toFixed(1)]);
    return fields;
  }

  function submit(event) {
    const form = event.target;
    const url = form.getAttribute("action") ?? ""; // none: the large picture's
    if (!url.startsWith(`${home}/`)) return; // consent and admin pages: plain forms
    event.preventDefault();
    if (isSending) return;
    const fields = [...new FormData(form, event.submitter), ...times(event)];
    const entry = { url, fields, key: form.elements.answer_key.value, at: Date.now() };
    outbox.put(entry);
    setButtons(false);
    send([entry]);
  }

  function closeReservoir() {
    if (reservoirOpenedAt !== null) reservoirMs.push(performance.now() - reservoirOpenedAt);
    reservoirOpenedAt = null;
  }

  function toggle(event) {
    if (!event.target.matches("details.reservoir")) return;
    closeReservoir();
    if (event.target.open) reservoirOpenedAt = performance.now();
  }

  /* A picture beside the trial that did not come is asked for again. */
  function reload(event) {
    const image = event.target;
    if (!image.matches?.("details img") || image.dataset.isAskedFor !== undefined) return;
    image.dataset.isAskedFor = "";
    decoded(image).then(() => { delete image.dataset.isAskedFor; endLoading(); });
  }

  /* How long somebody was away: the page out of sight, or another window in use. Several events may
   * tell of it and count once; what takes the focus within the page, as a list does, is not away. */
  function changeSight() {
    if (document.hidden || !document.hasFocus()) {
      leftAt ??= performance.now();
    } else if (leftAt !== null) {
      awayMs.push(performance.now() - leftAt);
      leftAt = null;
    }
  }

  function choose(event) {
    if (event.target.matches("form.answer input[name=choice]")) chosenAt = event.timeStamp;
  }

  function click(event) {
    if (event.target.closest(".enlarged") !== null) {
      document.querySelector(".enlarged").close();
    } else if (shownAt === null) {
      return; // nothing of a trial is seen before the whole
    } else if (event.target.matches(".enlarge")) {
      enlarge(0);
    } else if (pictures().includes(event.target)) {
      enlarge(pictures().indexOf(event.target));
    }
  }

  /* The number keys choose, in the order of the page; arrows go from one large picture to another. */
  function press(event) {
    if (event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
    if (document.querySelector(".enlarged").open) {
      if (event.key === "ArrowRight") enlarge(enlargedNumber + 1);
      if (event.key === "ArrowLeft") enlarge(enlargedNumber - 1);
      return;
    }
    const choices = main().querySelectorAll("form.answer [name=choice]");
    const choice = choices[Number(event.key) - 1];
    if (choice === undefined || choice.disabled) return;
    choice.focus();
    choice.click();
  }

  /* Some studies ask for a larger window, before anybody begins. */
  function checkWidth() {
    const narrow = document.querySelector(".too-narrow");
    if (narrow === null) return;
    narrow.hidden = window.innerWidth >= Number(narrow.dataset.minWidthPx);
    main().querySelector("form").hidden = !narrow.hidden;
  }

  document.addEventListener("submit", submit);
  document.addEventListener("toggle", toggle, true);
  document.addEventListener("click", click);
  document.addEventListener("error", reload, true);
  document.addEventListener("keydown", press);
  document.addEventListener("change", choose);
  document.addEventListener("visibilitychange", changeSight);
  window.addEventListener("blur", changeSight);
  window.addEventListener("focus", changeSight);
  window.addEventListener("resize", checkWidth);
  window.addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
  checkWidth();
  const unsent = /\/p\/[^/]+$/.test(home) ? outbox.all() : [];
  if (unsent.length > 0) {
    setButtons(false);
    send(unsent);
  } else {
    arm();
  }
})();
