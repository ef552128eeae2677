// Cards: a sample as elements of the page; its picture, its values, a chart of its numbers.
"use strict";

function make(tag, properties, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

function draw(tag, attributes, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  Object.entries(attributes).forEach(([name, value]) => element.setAttribute(name, value));
  element.append(...children);
  return element;
}

// Bars from zero, on the scale of all samples of the question.
function chart(card, [low, high]) {
  const height = value => 100 * (value - low) / (high - low || 1);
  const zero = height(0);
  const width = 300 / card.bars.length;
  const bars = card.bars.map((value, at) => draw("rect", {
    x: (at + 0.1) * width, width: 0.8 * width,
    y: 100 - Math.max(zero, height(value)), height: Math.abs(height(value) - zero),
  }));
  const axis = draw("line", { x1: 0, x2: 300, y1: 100 - zero, y2: 100 - zero });
  const label = `sample ${card.id}: a chart of ${card.bars.length} numbers`;
  return draw("svg", { class: "chart", viewBox: "-8 -6 316 112", preserveAspectRatio: "none", role: "img", "aria-label": label },
    axis, ...bars);
}

// A value with the words marked that the other one does not have.
function marked(value, other) {
  const words = new Set(other.toLowerCase().split(/\s+/));
  return value.split(/(\s+)/).map(word =>
    word.trim() === "" || words.has(word.toLowerCase()) ? word : make("mark", {}, word));
}

// The fields of one of two records, in lines that are the same for both: what only the other has is shown as missing.
function record(card, other) {
  const own = new Map(card.fields);
  const others = new Map(other.fields);
  const blank = value => value === undefined || value === "";
  const names = [...new Set([...(card.first ? card : other).fields, ...(card.first ? other : card).fields].map(([name]) => name))];
  return names.map(name => {
    const [value, beside] = [own.get(name), others.get(name)];
    const differs = value !== beside;
    const shown = blank(value)
      ? make("span", { className: "missing" }, "—")
      : make("span", {}, ...(blank(beside) ? [value] : marked(value, beside)));
    return make("span", { className: differs ? "row differs" : "row" }, make("span", { className: "name" }, name), shown);
  });
}

// A card; beside the other one of a pair, what differs is marked.
function content(card, range, other) {
  const parts = [];
  if (card.picture) {
    parts.push(make("img", { className: "picture", src: `/image/${card.id}.png`, alt: `sample ${card.id}`, draggable: false }));
  }
  if (other !== undefined && Math.max(card.fields.length, other.fields.length) > 1) {
    parts.push(...record(card, other));
  } else if (card.fields.length === 1) {
    const [[name, value]] = card.fields;
    const beside = other === undefined ? undefined : new Map(other.fields).get(name);
    parts.push(make("span", { className: "text" }, ...(beside === undefined ? [value] : marked(value, beside))));
  } else {
    parts.push(...card.fields.map(([name, value]) =>
      make("span", { className: "row" }, make("span", { className: "name" }, name), make("span", {}, value))));
  }
  if (card.bars.length > 0) {
    parts.push(chart(card, range));
  }
  return make("span", { className: "body" },
    ...(parts.length > 0 ? parts : [make("span", { className: "nameless" }, `sample ${card.id}`)]));
}
