/* Keeps the counts of the researchers' page up to date, without losing what is open or typed. */
"use strict";

(() => {
  const everyMs = 10000;
  const live = document.getElementById("live");
  if (live === null) return;

  async function refresh() {
    if (document.hidden) return;
    let response;
    try {
      response = await fetch(live.dataset.address, { credentials: "same-origin" });
    } catch {
      return; /* no connection: the counts stay as they are */
    }
    if (response.redirected) location.reload(); /* the login is over */
    if (!response.ok || response.redirected) return;
    const open = [...live.querySelectorAll("details[open]")].map((details) => details.id);
    const focused = live.contains(document.activeElement)
      ? document.activeElement.closest("[id]").id : null;
    const next = new DOMParser().parseFromString(await response.text(), "text/html");
    live.replaceChildren(...next.body.childNodes);
    if (focused !== null) document.getElementById(focused)?.focus({ preventScroll: true });
    for (const id of open) document.getElementById(id)?.setAttribute("open", "");
  }

  setInterval(refresh, everyMs);
})();
