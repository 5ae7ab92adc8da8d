// Keeps a part of a page as the record is now: asks for it anew while somebody looks, for ten minutes and no longer, so
// that a page left open doesn't keep its session alive. Without this script the page is as it was when it was opened.
"use strict";

const EVERY = 2000, UNTIL = Date.now() + 10 * 60 * 1000;

for (const part of document.querySelectorAll("[data-live]")) {
  const told = part.querySelector("[data-live-told]");
  let stopped = false;
  const tell = words => { if (told) told.textContent = words; };
  const stop = words => { stopped = true; tell(words); };
  tell("Ao vivo.");
  const look = async () => {
    if (stopped) return;
    if (Date.now() > UNTIL) return stop("Parou de se atualizar: recarregue a página.");
    // what somebody is about to open stays where it is
    if (!document.hidden && !part.contains(document.activeElement)) {
      try {
        const answer = await fetch(part.dataset.live, { redirect: "error" });
        if (!answer.ok) return stop("Parou de se atualizar: recarregue a página.");
        part.querySelector("[data-live-part]").innerHTML = await answer.text();
      } catch { return stop("Sem resposta: recarregue a página."); }
    }
    setTimeout(look, EVERY);
  };
  setTimeout(look, EVERY);
}
