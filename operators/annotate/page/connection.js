// The way to the server: what is asked is asked again until there is a reply.
"use strict";

const byId = id => document.getElementById(id);
const sleep = milliseconds => new Promise(done => setTimeout(done, milliseconds));

class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

// Asks the server until it replies; gives the reply, or throws Refused if it is no use to ask again.
async function ask(path, body) {
  const options = body === undefined ? {} : {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
  };
  for (let pause = 250; ; pause = Math.min(2 * pause, 4000)) {
    let trouble = "Connection lost. Your answers are safe; trying again…";
    try {
      const reply = await fetch(path, { ...options, signal: AbortSignal.timeout(20000) });
      const content = await reply.json();
      if (reply.ok) {
        notice("");
        return content;
      }
      if (reply.status < 500) {
        throw new Refused(reply.status, content.error);
      }
      trouble = `Not saved yet, trying again… (${content.error})`;
    } catch (error) {
      if (error instanceof Refused) {
        throw error;
      }
    }
    notice(trouble);
    await sleep(pause);
  }
}

function notice(text) {
  if (byId("notice").textContent !== text) {
    byId("notice").textContent = text;
  }
}
