// Shows one question after the other. An answer counts as given when the server has confirmed it; until then it is
// sent again, which is harmless: the server knows a question's answer when it comes twice.
"use strict";

const NAME = "relata.name";
const LINK = "This page needs the link that was given to you: it ends with ?token= and a secret.";

const state = {
  name: "",
  // Counts the people who sat down here, so that what was asked for one of them is not shown to the next.
  sitting: 0,
  question: null,
  selected: new Set(),
  // The question of one's last answer.
  undo: null,
  // What was said about a question before it was taken back.
  before: null,
  // The group whose name is asked for.
  naming: null,
  busy: false,
};

// Does one thing at a time; what is clicked meanwhile is a double click.
async function exclusively(work) {
  if (state.busy) {
    return;
  }
  state.busy = true;
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Refused)) {
      throw error;
    }
    notice(error.status === 401 ? LINK : error.message);
    if (error.status !== 401) {
      state.question = null;
      // Said again beside what comes next, which has cleared it.
      await next().then(() => notice(error.message), failure => notice(failure.message));
    }
  } finally {
    state.busy = false;
  }
}

// A look for new questions that is under way.
let looking = null;

// Does what somebody has asked for; after the look that nobody has asked for, which must not swallow a click.
function act(action) {
  if (looking !== null) {
    looking.then(action);
  } else if (!state.busy) {
    action();
  }
}

async function next() {
  const sitting = state.sitting;
  const reply = await ask(`/api/next?annotator=${encodeURIComponent(state.name)}`);
  if (sitting !== state.sitting) {
    return;
  }
  state.undo = reply.undo;
  if (reply.naming !== undefined) {
    askName(reply.naming);
  } else if (reply.question === null) {
    rest();
  } else if (state.question === null || state.question.question !== reply.question.question) {
    show(reply.question);
  }
  byId("undo").disabled = state.undo === null;
  byId("actions").hidden = state.question === null && state.undo === null;
  progress();
}

const answer = (selected, passed) => exclusively(async () => {
  const { question, anchor } = state.question;
  await ask("/api/answer", { question, annotator: state.name, selected, passed, anchor: anchor.id });
  state.question = null;
  state.before = null;
  await next();
});

const submit = () => answer([...state.selected], false);
const pass = () => answer([], true);

const undo = () => exclusively(async () => {
  const showing = state.question === null ? null : state.question.question;
  state.before = await ask("/api/undo", { question: state.undo, annotator: state.name, showing });
  state.question = null;
  await next();
});

const finish = () => exclusively(async () => {
  await ask("/api/finish", { annotator: state.name });
  await next();
});

// Elements

function tile(card, at, range) {
  const button = make("button", { className: "tile", type: "button" }, content(card, range));
  if (at < 10) {
    const key = String((at + 1) % 10);
    button.setAttribute("aria-keyshortcuts", key);
    button.prepend(make("kbd", { ariaHidden: "true" }, key));
  }
  button.append(draw("svg", { class: "check", viewBox: "0 0 28 28", "aria-hidden": "true" }, draw("path", { d: "M8 14.5l4 4 8-9" })));
  button.addEventListener("click", () => toggle(at));
  return button;
}

// Screens

function only(id) {
  ["welcome", "rest", "naming"].forEach(section => { byId(section).hidden = section !== id; });
  ["reference", "choices"].forEach(part => { byId(part).hidden = id !== "ask"; });
  if (id !== "ask") {
    document.querySelector("main").className = "";
  }
}

function show(question) {
  const cards = [question.anchor, ...question.candidates];
  const values = cards.flatMap(card => card.bars);
  const range = [Math.min(0, ...values), Math.max(0, ...values)];
  const isPair = question.candidates.length === 1;
  const isWordy = cards.some(card => card.fields.length > 0) && !(question.anchor.picture && cards.every(card => card.fields.join().length < 60));
  state.question = question;
  state.selected = new Set(state.before !== null && state.before.undone === question.question ? state.before.selected : []);
  byId("task").textContent = question.text ?? (isPair ? "Are these two the same kind?" : "Select all that are the same kind as this one");
  const kinds = { wordy: isWordy, charts: values.length > 0, pair: isPair, few: question.candidates.length <= 4 };
  document.querySelector("main").className = ["asking", ...Object.keys(kinds).filter(kind => kinds[kind])].join(" ");
  question.anchor.first = true;
  byId("anchor").replaceChildren(content(question.anchor, range, isPair ? question.candidates[0] : undefined));
  const choices = byId("choices");
  choices.classList.remove("arrive");
  choices.replaceChildren(...(isPair
    ? [make("div", { className: "tile" }, content(question.candidates[0], range, question.anchor))]
    : question.candidates.map((card, at) => tile(card, at, range))));
  // Starts the entrance again for the new elements.
  void choices.offsetWidth;
  choices.classList.add("arrive");
  byId("actions").classList.toggle("pair", isPair);
  ["submit", "all"].forEach(id => { byId(id).hidden = isPair; });
  ["same", "differ"].forEach(id => { byId(id).hidden = !isPair; });
  byId("pass").hidden = false;
  only("ask");
  label();
  window.scrollTo(0, 0);
  byId("task").focus({ preventScroll: true });
}

// A group of samples, and the question what they are.
function askName(naming) {
  if (state.naming === naming.group && !byId("naming").hidden) {
    return;
  }
  const values = naming.members.flatMap(card => card.bars);
  const range = [Math.min(0, ...values), Math.max(0, ...values)];
  Object.assign(state, { question: null, naming: naming.group });
  byId("members").replaceChildren(...naming.members.map(card => make("div", { className: "tile" }, content(card, range))));
  byId("known-names").replaceChildren(...naming.names.map(name => make("option", { value: name })));
  byId("naming-hint").textContent = `Group ${naming.done + 1} of ${naming.of}. Groups with the same name become one class.`;
  byId("group-name").value = "";
  only("naming");
  window.scrollTo(0, 0);
  byId("group-name").focus({ preventScroll: true });
}

const giveName = name => exclusively(async () => {
  await ask("/api/name", { group: state.naming, annotator: state.name, name });
  state.naming = null;
  await next();
});

function rest() {
  const wasResting = !byId("rest").hidden;
  state.question = null;
  ["pass", "all", "submit", "same", "differ"].forEach(id => { byId(id).hidden = true; });
  only("rest");
  if (!wasResting) {
    byId("rest-title").focus({ preventScroll: true });
  }
}

function label() {
  const { candidates } = state.question;
  const chosen = state.selected.size;
  const words = chosen === 0 ? "None of these" : chosen === 1 ? "This one" : chosen < candidates.length ? `These ${chosen}` : `All ${chosen}`;
  byId("submit-label").textContent = words;
  byId("all-label").textContent = chosen === candidates.length ? "Select none" : "Select all";
  if (candidates.length > 1) {
    candidates.forEach((card, at) =>
      byId("choices").children[at].setAttribute("aria-pressed", String(state.selected.has(card.id))));
  }
}

function toggle(at) {
  const { id } = state.question.candidates[at];
  if (!state.selected.delete(id)) {
    state.selected.add(id);
  }
  label();
}

function toggleAll() {
  const ids = state.question.candidates.map(card => card.id);
  state.selected = new Set(state.selected.size === ids.length ? [] : ids);
  label();
}

const same = () => answer([state.question.candidates[0].id], false);
const differ = () => answer([], false);

const many = (count, thing) => `${count.toLocaleString("en")} ${thing}${count === 1 ? "" : "s"}`;

// Shows how far the round is. It is decoration: if it fails, the next one will do.
async function progress() {
  let now;
  try {
    const reply = await fetch(`/api/progress?annotator=${encodeURIComponent(state.name)}`);
    if (!reply.ok) {
      return;
    }
    now = await reply.json();
  } catch {
    return;
  }
  const { answered, questions, number } = now.round;
  byId("progress").hidden = questions === 0;
  const bar = byId("bar");
  bar.setAttribute("aria-valuemax", questions);
  bar.setAttribute("aria-valuenow", answered);
  byId("fill").style.width = `${100 * answered / Math.max(questions, 1)}%`;
  const more = ` in round ${number} · ${now.answered} of ${now.questions} in all · ${now.yours} by you`;
  byId("counts").replaceChildren(`${answered} of ${questions}`, make("span", { className: "more" }, more));
  byId("finish").hidden = !now.finishable;
  byId("rest-text").textContent = now.finishable
    ? "Every question has an answer. More people could confirm them, or the round can end here."
    : state.before !== null
      ? "What you took back comes again with the next round. New questions appear here by themselves."
    : answered < questions
      ? "The questions that are left are with other people. If one of them comes back, it appears here by itself."
      : `Thank you: you answered ${many(now.yours, "question")}. New ones appear here by themselves.`;
  const { bought } = now;
  byId("bought").hidden = bought === null;
  if (bought !== null) {
    const known = bought.known_pairs === null ? [] : [`${many(bought.known_pairs, "pair")} known by inference`];
    byId("bought-title").textContent = `What round ${bought.round} brought`;
    byId("bought-lines").replaceChildren(...[...bought.lines, ...known].map(line => make("li", {}, line)));
  }
}

// People

function sit(name) {
  state.sitting += 1;
  Object.assign(state, { name, question: null, undo: null, before: null });
  localStorage.setItem(NAME, name);
  byId("who").replaceChildren(make("span", {}, name));
  byId("who").setAttribute("aria-label", `${name}: change the name`);
  byId("who").title = "Change the name";
  byId("who").hidden = false;
  exclusively(next);
}

function introduce() {
  if (state.busy) {
    return;
  }
  state.question = null;
  byId("name").value = state.name;
  ["actions", "progress", "bought", "who"].forEach(id => { byId(id).hidden = true; });
  only("welcome");
  byId("name").focus();
}

// Keys

function move(key) {
  const tiles = [...byId("choices").querySelectorAll("button")];
  if (tiles.length === 0) {
    return;
  }
  const across = tiles.filter(other => other.offsetTop === tiles[0].offsetTop).length;
  const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -across, ArrowDown: across }[key];
  const at = tiles.indexOf(document.activeElement);
  const target = at < 0 ? 0 : at + step;
  if (target >= 0 && target < tiles.length) {
    tiles[target].focus();
  }
}

function press(event) {
  if (event.ctrlKey || event.altKey || event.metaKey || !byId("welcome").hidden || !byId("naming").hidden) {
    return;
  }
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const isPair = state.question !== null && state.question.candidates.length === 1;
  const isOnButton = document.activeElement.tagName === "BUTTON" && !document.activeElement.classList.contains("tile");
  let action;
  if (key === "u" && state.undo !== null) {
    action = undo;
  } else if (state.question === null) {
    return;
  } else if (key === "p") {
    action = pass;
  } else if (isPair) {
    action = { y: same, n: differ }[key];
  } else if (key === "Enter" && !isOnButton) {
    action = submit;
  } else if (key === "a") {
    action = toggleAll;
  } else if (key.startsWith("Arrow")) {
    action = () => move(key);
  } else if (/^[0-9]$/.test(key)) {
    const at = (Number(key) + 9) % 10;
    action = at < state.question.candidates.length ? () => toggle(at) : undefined;
  }
  if (action !== undefined) {
    event.preventDefault();
    // A key that is held down moves on, but answers once.
    if (!event.repeat || key.startsWith("Arrow")) {
      act(action);
    }
  }
}

Object.entries({ submit, pass, undo, all: toggleAll, same, differ, finish, who: introduce })
  .forEach(([id, action]) => byId(id).addEventListener("click", () => act(action)));
document.addEventListener("keydown", press);
byId("introduce").addEventListener("submit", event => {
  event.preventDefault();
  const name = byId("name").value.trim();
  if (name !== "") {
    sit(name);
  }
});
byId("give-name").addEventListener("submit", event => {
  event.preventDefault();
  const name = byId("group-name").value.trim();
  if (name !== "") {
    act(() => giveName(name));
  }
});
byId("unknown").addEventListener("click", () => act(() => giveName(null)));
// An answer that is not confirmed yet would be lost with the page.
window.addEventListener("beforeunload", event => {
  if (state.busy && byId("notice").textContent !== "") {
    event.preventDefault();
  }
});
// Whoever waits is shown what comes.
setInterval(() => {
  if (!byId("rest").hidden && document.visibilityState === "visible" && !state.busy) {
    looking = exclusively(next).finally(() => { looking = null; });
  }
}, 2000);
// Whoever is invited answers under the name of the invitation.
const known = new URLSearchParams(location.search).get("name") ?? localStorage.getItem(NAME);
// The secret is a cookie by now, and should not stay where others may read it.
if (location.search !== "") {
  history.replaceState(null, "", "/");
}
if (known === null) {
  introduce();
} else {
  sit(known);
}
